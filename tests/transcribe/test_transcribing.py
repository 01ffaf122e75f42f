"""Recordings are transcribed whole, in order and alike, whatever happens to single chunks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.recognizers import DIES, FAILS, FAILS_ONCE, HANGS, SLOW, spoken, tone, words
from tests.transcribe.conftest import Desk, silence
from tts_assets.errors import FatalError, UsageError
from tts_assets.transcribe.transcription import transcribe_recordings
from tts_assets.transcribe.transcription_events import (
    ChunkRecognized,
    ConcurrencyReduced,
    RecordingTranscribed,
    RecordingUnusable,
    Transcript,
    TranscriptGap,
    TranscriptionEvent,
    TranscriptionReport,
)

if TYPE_CHECKING:
    from tts_assets.model import Samples

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """On one backend: what differs between them is tested with the pool and the engines' contract."""
    return "asyncio"


class Told:
    """The events of a transcription, sorted."""

    def __init__(self) -> None:
        self.transcripts: dict[str, Transcript] = {}
        self.chunks: list[ChunkRecognized] = []
        self.unusable: list[str] = []

    def __call__(self, event: TranscriptionEvent) -> None:
        match event:
            case RecordingTranscribed(transcript=transcript):
                self.transcripts[transcript.name] = transcript
            case ChunkRecognized():
                self.chunks.append(event)
            case RecordingUnusable(problem=problem):
                self.unusable.append(str(problem))

    def words(self, name: str) -> list[str]:
        """What was heard, without gaps."""
        pieces = self.transcripts[name].pieces
        return "".join(each.text for each in pieces if not isinstance(each, TranscriptGap)).split()

    def gaps(self, name: str) -> list[TranscriptGap]:
        """What was not."""
        return [each for each in self.transcripts[name].pieces if isinstance(each, TranscriptGap)]


async def _run(desk: Desk, *paths: str, **table: object) -> tuple[Told, TranscriptionReport]:
    told = Told()
    return told, await transcribe_recordings(desk.settings(**table), paths, on_event=told)


async def test_every_word_is_there_once_and_in_order(desk: Desk) -> None:
    told, report = await _run(desk, desk.record("a.flac", spoken(range(40))))
    assert told.words("a") == words(range(40))
    assert (report.recordings, report.failed, report.success_rate) == (1, 0, 1.0)
    assert report.chunks == len(told.chunks) > 6
    begins = [piece.begin for piece in told.transcripts["a"].pieces]
    assert begins == pytest.approx(range(40), abs=0.15)


async def test_words_without_pauses_between_are_not_doubled_where_chunks_overlap(
    desk: Desk,
) -> None:
    told, _ = await _run(desk, desk.record("a.flac", spoken(range(40), pause=0.0)))
    assert told.words("a") == words(range(40))
    assert any(one.begin < other.end for one, other in _neighbours(told.chunks))


def _neighbours(chunks: list[ChunkRecognized]) -> list[tuple[ChunkRecognized, ChunkRecognized]]:
    ordered = sorted(chunks, key=lambda chunk: chunk.begin)
    return list(zip(ordered[1:], ordered, strict=False))


async def test_one_after_the_other_and_in_parallel_tell_the_same(desk: Desk) -> None:
    recording = desk.record("a.flac", spoken(range(30)))
    alone, _ = await _run(desk, recording, parallel=False)
    together, _ = await _run(desk, recording, concurrency=3)
    assert alone.transcripts == together.transcripts


async def test_recordings_of_any_rate_in_hand_at_once_are_not_mixed_up(desk: Desk) -> None:
    desk.record("a.flac", spoken(range(15)))
    desk.record("b.wav", spoken(range(30, 45), rate_hz=8_000), 8_000)
    six = np.stack([spoken(range(60, 75), rate_hz=48_000)] * 6, axis=1)
    desk.record("c.wav", six, 48_000)
    told, report = await _run(desk, str(desk.folder), jobs=2)
    assert {name: told.words(name) for name in told.transcripts} == {
        "a": words(range(15)),
        "b": words(range(30, 45)),
        "c": words(range(60, 75)),
    }
    assert report.recordings == 3


def _with(hertz: int) -> Samples:
    """Ten words, something that breaks the recognizer, ten more."""
    parts = [spoken(range(10)), tone(hertz, 1.0), silence(1.0), spoken(range(10, 20))]
    return np.concatenate(parts)


@pytest.mark.parametrize(
    ("hertz", "reason"),
    [(HANGS, "after 0.8 s"), (DIES, "crashed on this clip")],
)
async def test_a_chunk_that_cannot_be_heard_is_a_gap_between_the_others(
    desk: Desk, hertz: int, reason: str
) -> None:
    told, report = await _run(desk, desk.record("a.flac", _with(hertz)), chunk_timeout_seconds=0.8)
    (gap,) = told.gaps("a")
    assert reason in gap.reason
    assert gap.begin <= 10 <= gap.end
    heard = told.words("a")
    assert heard == [
        word
        for at, word in enumerate(words(range(20)))
        if not gap.begin <= (at if at < 10 else at + 2) + 0.3 <= gap.end
    ]
    assert (report.failed, told.transcripts["a"].failed) == (1, 1)


async def test_a_chunk_that_fails_once_is_tried_again(desk: Desk, engine_log: Path) -> None:
    del engine_log
    told, report = await _run(desk, desk.record("a.flac", _with(FAILS_ONCE)))
    assert told.words("a") == words(range(20))
    assert sorted(chunk.attempts for chunk in told.chunks)[-2:] == [1, 2]
    assert report.failed == 0


async def test_chunks_that_are_ready_out_of_order_are_joined_in_order(desk: Desk) -> None:
    sound = np.concatenate([tone(SLOW, 1.0), silence(1.0), spoken(range(30))])
    told, _ = await _run(desk, desk.record("a.flac", sound))
    assert told.chunks[0].begin > 0
    assert told.words("a") == words(range(30))


async def test_where_much_fails_fewer_are_heard_at_once(desk: Desk) -> None:
    eased: list[int] = []
    sound = np.concatenate([np.concatenate([tone(FAILS, 5.0), silence(1.0)])] * 6)

    def tell(event: TranscriptionEvent) -> None:
        if isinstance(event, ConcurrencyReduced):
            eased.append(event.workers)

    report = await transcribe_recordings(
        desk.settings(), [desk.record("a.flac", sound)], on_event=tell
    )
    assert report.failed >= report.chunks - 1
    assert eased == [1]


async def test_silence_is_an_empty_transcript_and_asks_nobody(desk: Desk, engine_log: Path) -> None:
    told, report = await _run(desk, desk.record("a.flac", silence(20.0)))
    assert told.transcripts["a"].pieces == ()
    assert (report.chunks, report.failed) == (4, 0)
    assert _lines(engine_log) == []


async def test_files_that_are_no_recordings_are_told_and_the_rest_is_done(
    desk: Desk, tmp_path: Path
) -> None:
    good = desk.record("good.flac", spoken(range(5)))
    empty = desk.record("empty.wav", silence(0.0))
    fake = tmp_path / "fake.mp3"
    fake.write_bytes(b"no sound at all" * 100)
    told, report = await _run(desk, empty, str(fake), str(tmp_path / "gone.wav"), good)
    assert told.words("good") == words(range(5))
    assert report.problems[0].file == empty
    assert [line.partition(": ")[2].partition(":")[0] for line in told.unusable] == [
        "it contains no sound",
        "its audio format is unknown",
        "there is no such file",
    ]


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


def _cut_off(file: str) -> str:
    """The same without its second half."""
    data = Path(file).read_bytes()
    Path(file).write_bytes(data[: len(data) // 2])
    return file


async def test_a_file_that_is_cut_off_is_heard_as_far_as_it_goes(desk: Desk) -> None:
    told, report = await _run(desk, _cut_off(desk.record("cut.wav", spoken(range(20)))))
    heard = told.words("cut")
    assert heard == words(range(len(heard)))
    assert 9 <= len(heard) <= 10
    assert report.problems == () or "cut off" in str(report.problems[0])


async def test_without_its_model_a_recognizer_hears_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ENGINE_PROBLEM", "its scale is missing: fetch it")
    with pytest.raises(FatalError, match="tones: its scale is missing"):
        await transcribe_recordings(desk.settings(), [desk.record("a.flac", spoken([1]))])


async def test_a_language_that_it_does_not_understand_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match=r"does not support 'tlh'.* ja"):
        await transcribe_recordings(desk.settings(language="tlh"), [])
