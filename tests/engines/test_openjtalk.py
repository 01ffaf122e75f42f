"""The embedded engine, through its real library, dictionary and voice."""

import math
from dataclasses import replace

import anyio
import numpy as np
import pytest

from tests.engines.pitch import pitch
from tests.japanese.accents import ACCENTED
from tts_assets.config.settings import Settings
from tts_assets.engines.openjtalk_engine import HALF_TONES, OpenJTalkEngine
from tts_assets.engines.process.supervisor import EngineHost
from tts_assets.engines.protocol import Recorder
from tts_assets.engines.registry import load_engine
from tts_assets.errors import ClipError
from tts_assets.model import DictionaryWord, Sound, Speech, SpokenForm, Voice, WordKind

MEI = Voice(provider="openjtalk", name="mei")
FORMS = [
    SpokenForm(text="食べる", reading="タベル"),
    SpokenForm(text="開く", reading="アク"),
    SpokenForm(text="ハ", reading="ハ"),
    SpokenForm(text="これは何ですか。"),
    SpokenForm(text="明日は晴れるでしょう。それから、友達と駅へ行きます。"),
    SpokenForm(text="トウキョウ", reading="トウキョウ"),
]


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough here: the host's own tests run on both, and the engine knows of neither."""
    return str(request.param)


@pytest.fixture(scope="module")
def engine() -> OpenJTalkEngine:
    return OpenJTalkEngine()


def test_it_is_ready_and_names_all_its_parts() -> None:
    provider = load_engine("openjtalk", Settings())
    assert provider.problem() is None
    assert [part.split("=")[0] for part in provider.engine("mei").split()] == [
        "pyopenjtalk-plus",
        "sudachidict-core",
        "unidic-lite",
        "onnxruntime",
    ]
    assert "None" not in provider.engine("mei")


def test_its_voices_are_a_woman_s_a_man_s_and_a_child_s_of_one_credit() -> None:
    voices = load_engine("openjtalk", Settings()).voices()
    assert [(each.name, each.gender) for each in voices] == [
        ("mei", "female"),
        ("mei-low", "male"),
        ("mei-high", "female"),
    ]
    assert len({each.credit for each in voices}) == 1
    assert {each.name for each in voices} == HALF_TONES.keys()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.text)
def test_it_speaks_words_kana_and_sentences(engine: OpenJTalkEngine, form: SpokenForm) -> None:
    speech = engine.speak(form, MEI)
    assert speech.rate_hz == 48_000
    assert speech.samples.dtype == np.float32
    # Mei's own silence alone is 0.6 s.
    assert len(speech.samples) / 48_000 > 0.7
    assert 0.05 < np.abs(speech.samples).max() < 4


def test_a_slower_voice_takes_longer(engine: OpenJTalkEngine) -> None:
    form = SpokenForm(text="ありがとうございます。")
    fast, slow = (
        len(engine.speak(form, Voice(provider="openjtalk", name="mei", speed=speed)).samples)
        for speed in (1.2, 0.8)
    )
    assert slow > 1.3 * fast


def test_speed_does_not_leak_into_the_next_clip(engine: OpenJTalkEngine) -> None:
    form = SpokenForm(text="犬", reading="イヌ")
    before = engine.speak(form, MEI).samples
    engine.speak(form, Voice(provider="openjtalk", name="mei", speed=0.5))
    assert np.array_equal(engine.speak(form, MEI).samples, before)


def test_its_voices_are_clearly_apart_in_pitch_and_equally_long(engine: OpenJTalkEngine) -> None:
    form = SpokenForm(text="母の誕生日に、かばんを贈りたいんです。", sentence=True)
    said = {name: engine.speak(form, replace(MEI, name=name)) for name in HALF_TONES}
    mei, low, high = (
        np.nanmedian(pitch(said[name].samples, said[name].rate_hz, half_tones=half_tones))
        for name, half_tones in HALF_TONES.items()
    )
    assert 10 < 12 * math.log2(mei / low) < 13
    assert 4 < 12 * math.log2(high / mei) < 6
    assert len({len(speech.samples) for speech in said.values()}) == 1


@pytest.mark.parametrize("other", HALF_TONES)
def test_pitch_does_not_leak_into_the_next_clip(engine: OpenJTalkEngine, other: str) -> None:
    form = SpokenForm(text="犬", reading="イヌ")
    before = engine.speak(form, MEI).samples
    engine.speak(form, replace(MEI, name=other))
    assert np.array_equal(engine.speak(form, MEI).samples, before)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (SpokenForm(text="😀"), "nothing to speak"),
        (SpokenForm(text="。"), "nothing to speak"),
        (SpokenForm(text="a" * 3000), "3000 characters exceeds"),
        (SpokenForm(text="あ" * 401 + "。"), "end sentences with"),
    ],
)
def test_what_it_cannot_say_is_an_error_of_the_clip(
    engine: OpenJTalkEngine, form: SpokenForm, message: str
) -> None:
    with pytest.raises(ClipError, match=message):
        engine.speak(form, MEI)


@pytest.mark.anyio
async def test_any_number_of_workers_gives_the_same_samples(engine: OpenJTalkEngine) -> None:
    voices = [replace(MEI, name=name) for name in (*HALF_TONES, *HALF_TONES)]
    alone = [engine.speak(*each) for each in zip(FORMS, voices, strict=True)]
    together: dict[int, Speech] = {}
    async with load_engine("openjtalk", Settings()).open(
        workers=3, timeout_seconds=60.0
    ) as speaker:

        async def one(number: int) -> None:
            together[number] = await speaker.speak(FORMS[number], voices[number])

        async with anyio.create_task_group() as tasks:
            for number in range(len(FORMS)):
                tasks.start_soon(one, number)
    for number, speech in enumerate(alone):
        assert together[number].samples.tobytes() == speech.samples.tobytes()


@pytest.mark.anyio
async def test_recording_is_speaking_and_finishing(engine: OpenJTalkEngine) -> None:
    from tts_assets.audio.render import finish

    async with load_engine("openjtalk", Settings()).open(
        workers=1, timeout_seconds=60.0
    ) as speaker:
        assert isinstance(speaker, Recorder)
        recording = await speaker.record(FORMS[0], MEI, Sound())
    speech = engine.speak(FORMS[0], MEI)
    assert recording == replace(finish(speech, Sound()), pronunciation=speech.pronunciation)


def test_it_tells_how_it_said_a_form_and_how_it_would(engine: OpenJTalkEngine) -> None:
    said = engine.speak(FORMS[3], MEI).pronunciation
    assert said is not None
    assert [phrase.kana for phrase in said.phrases] == ["コレワ", "ナンデスカ"]
    assert engine.read(FORMS[3]) == said


def test_an_accent_of_the_data_is_heard(engine: OpenJTalkEngine) -> None:
    one, other = (
        engine.speak(SpokenForm(text="箸", reading="ハシ", accent=accent), MEI).samples
        for accent in (1, 2)
    )
    assert one.tobytes() != other.tobytes()


@pytest.mark.anyio
async def test_any_number_of_workers_reads_the_same(engine: OpenJTalkEngine) -> None:
    forms = [
        SpokenForm(text=text, reading=reading, accent=chosen)
        for text, reading, accent in ACCENTED
        for chosen in (None, accent)
    ]
    async with load_engine("openjtalk", Settings()).open(
        workers=3, timeout_seconds=60.0
    ) as speaker:
        assert isinstance(speaker, EngineHost)
        assert await speaker.read_forms(forms) == [engine.read(form) for form in forms]


@pytest.mark.anyio
async def test_the_words_of_the_user_are_spoken_in_words_and_sentences() -> None:
    words = (
        DictionaryWord(surface="東京", reading="トンキン", accent=1),
        DictionaryWord(surface="東京塔", reading="アカイトウ", accent=3, kind=WordKind.NAME),
        DictionaryWord(surface="ググる", reading="ググル", accent=2, kind=WordKind.VERB),
    )
    forms = [
        SpokenForm(text="東京"),
        SpokenForm(text="東京", reading="トウキョウ"),
        SpokenForm(text="東京塔と東京都をググる。", sentence=True),
    ]
    async with load_engine("openjtalk", Settings()).open(
        workers=2, timeout_seconds=60.0, words=words
    ) as speaker:
        speeches = [await speaker.speak(form, MEI) for form in forms]
    said = [each.pronunciation.phrases for each in speeches if each.pronunciation is not None]
    assert [[phrase.kana for phrase in phrases] for phrases in said] == [
        ["トンキン"],
        ["トーキョー"],
        ["アカイトート", "トンキントヲ", "ググル"],
    ]
    assert said[0][0].accent == 1
    assert said[2][0].accent == 3
