"""One text is said to a file or a stream: in order, whole, and the same with any number of workers."""

import io
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from tests.audio.sounds import measure_integrated_lufs
from tests.passages import SENTENCES, TEXT, Directed, LongText
from tts_assets.audio.codec import decode
from tts_assets.build.speak_text import Words, speak
from tts_assets.config.settings import Settings
from tts_assets.errors import ClipError, FatalError, UsageError
from tts_assets.model import Format

WORDS = "犬猫鳥馬牛羊虎象熊鹿魚蛇亀蜂蟻狐"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return LongText(tmp_path, monkeypatch).settings


class Pipe(io.BytesIO):
    """A stream that cannot be gone back in, and notes what had been said when it was sent on."""

    def __init__(self) -> None:
        super().__init__()
        self.said_when_sent: list[int] = []

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation

    def flush(self) -> None:
        self.said_when_sent.append(len(Directed.said))


def sound(settings: Settings, sound_format: Format) -> Settings:
    return replace(settings, sound=replace(settings.sound, format=sound_format))


async def test_a_text_becomes_a_file_at_the_loudness_of_the_whole(
    settings: Settings, tmp_path: Path
) -> None:
    spoken = await speak(settings, Words(text=TEXT), tmp_path / "text.mp3")
    samples, rate_hz = decode((tmp_path / "text.mp3").read_bytes())
    assert (spoken.segments, Directed.said) == (6, list(SENTENCES))
    assert samples.size / rate_hz == pytest.approx(spoken.seconds, abs=0.05)
    assert measure_integrated_lufs(samples, rate_hz) == pytest.approx(-19.0, abs=0.3)


async def test_a_file_is_made_of_what_an_earlier_attempt_left(
    settings: Settings, tmp_path: Path
) -> None:
    Directed.fails = {SENTENCES[3]: 9}
    with pytest.raises(ClipError, match=r"segment 4 of 6 \(馬が静かな.*told to fail"):
        await speak(settings, Words(text=TEXT), tmp_path / "text.mp3")
    assert not (tmp_path / "text.mp3").exists()
    Directed.said, Directed.fails = [], {}
    await speak(settings, Words(text=TEXT), tmp_path / "text.mp3")
    assert Directed.said == list(SENTENCES[3:])
    assert not (tmp_path / ".temp-audio").exists()


async def test_too_little_memory_ends_the_work_as_no_fault_of_the_text(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reserve(*_: object) -> None:
        bytearray(1 << 62)

    monkeypatch.setattr(Directed, "_speak", reserve)
    with pytest.raises(FatalError, match="there is not enough memory: close other programs"):
        await speak(settings, Words(text=TEXT), tmp_path / "text.mp3")


async def test_one_text_goes_to_two_files_at_once(settings: Settings, tmp_path: Path) -> None:
    files = [tmp_path / "one.mp3", tmp_path / "two.mp3"]
    async with anyio.create_task_group() as both:
        for file in files:
            both.start_soon(speak, settings, Words(text=TEXT), file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert not (tmp_path / ".temp-audio").exists()


@pytest.mark.parametrize("name", ["", "none/text.mp3"])
async def test_nothing_is_said_where_no_file_can_be_written(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    with pytest.raises(FatalError, match="cannot write"):
        await speak(settings, Words(text=TEXT), tmp_path / name)
    assert Directed.said == []


@pytest.mark.parametrize("sound_format", Format)
async def test_a_stream_is_the_same_with_many_workers_that_end_in_reverse(
    settings: Settings, sound_format: Format
) -> None:
    alone, together = Pipe(), Pipe()
    settings = sound(settings, sound_format)
    await speak(settings, Words(text=TEXT), alone)
    Directed.reverse = 3
    await speak(replace(settings, concurrency=3), Words(text=TEXT), together)
    if sound_format in {Format.OGG, Format.OPUS}:
        # Their streams have numbers that are drawn anew.
        assert (decode(alone.getvalue())[0] == decode(together.getvalue())[0]).all()
    else:
        assert alone.getvalue() == together.getvalue()


async def test_a_stream_begins_before_its_end_is_made(settings: Settings) -> None:
    pipe = Pipe()
    await speak(settings, Words(text=TEXT), pipe)
    assert pipe.said_when_sent[0] < len(SENTENCES) == Directed.said.index(SENTENCES[-1]) + 1


async def test_no_more_than_a_few_segments_are_ahead_of_the_one_that_is_waited_for(
    settings: Settings,
) -> None:
    sentences = [f"{word}が静かな庭の中をゆっくりと歩いて行きました。" for word in WORDS]
    Directed.slow = sentences[0]
    await speak(replace(settings, concurrency=2), Words(text="".join(sentences)), Pipe())
    # Four for each worker, and those that they say meanwhile.
    assert 8 <= Directed.behind <= 10
    assert len(Directed.said) == len(WORDS)


async def test_a_stream_ends_where_a_segment_cannot_be_said(settings: Settings) -> None:
    Directed.fails = {SENTENCES[3]: 9}
    pipe = Pipe()
    with pytest.raises(ClipError, match="segment 4 of 6"):
        await speak(sound(settings, Format.WAV), Words(text=TEXT), pipe)
    whole = Pipe()
    Directed.fails = {}
    await speak(sound(settings, Format.WAV), Words(text=TEXT), whole)
    assert whole.getvalue().startswith(pipe.getvalue())


async def test_a_stream_that_nobody_reads_ends_the_work(settings: Settings) -> None:
    class ClosedStream(Pipe):
        def write(self, _: object) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await speak(settings, Words(text=TEXT), ClosedStream())
    assert len(Directed.said) < len(SENTENCES)


async def test_progress_counts_segments(settings: Settings) -> None:
    told: list[tuple[int, int]] = []
    await speak(settings, Words(text=TEXT), Pipe(), on_segment=lambda *each: told.append(each))
    assert told == [(number, 6) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (Words(text="  \n"), "nothing to speak"),
        (Words(text="😀"), "nothing to speak"),
        (Words(text="犬がいます。", accent=1), "accent applies to one word"),
        (Words(text="犬", reading="dog!?犬"), "cannot be spoken|nothing to speak"),
    ],
)
async def test_words_that_cannot_be_said_are_refused(
    settings: Settings, words: Words, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        await speak(settings, words, Pipe())


def test_a_word_has_the_reading_and_the_accent_that_are_given() -> None:
    form = Words(text="箸", reading="はし", accent=1).form()
    assert (form.text, form.reading, form.accent, form.turns) == ("箸", "ハシ", 1, ())


def test_lines_with_names_are_a_dialogue() -> None:
    form = Words(text="男：こんにちは。\n女：こんにちは。").form()
    assert [turn.speaker for turn in form.turns] == ["男", "女"]
