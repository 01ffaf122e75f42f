"""Accents imposed on finished speech: of the embedded voice, which says other ones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_assets.audio.measure import pitch
from tts_assets.engines.imposed_accents import AccentImposer
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.japanese.analysis import Nodes
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import Speech, SpokenForm, Voice

MEI = Voice(provider="openjtalk", name="mei")
HASHI = {accent: SpokenForm("はし", "ハシ", accent) for accent in (0, 1)}
SENTENCE = SpokenForm("この本はとても面白かったです。", sentence=True)
OTHER = SpokenForm("明るい部屋には大きな机が二つあります。", sentence=True)


@pytest.fixture(scope="module")
def voice() -> OpenJTalkEngine:
    return OpenJTalkEngine()


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return Dictionary()


@pytest.fixture(scope="module")
def imposer(dictionary: Dictionary) -> AccentImposer:
    return AccentImposer(dictionary)


def _read(form: SpokenForm, dictionary: Dictionary) -> tuple[Nodes, ...]:
    return resolve_reading(form, dictionary).parts


def _measure_rise(speech: Speech, samples: NDArray[np.float32]) -> float:
    """Semitones from the first voiced steps to the last but one."""
    hertz = pitch(samples, speech.rate_hz)
    voiced = hertz[~np.isnan(hertz)]
    return float(12 * np.log2(np.median(voiced[-6:-1]) / np.median(voiced[:5])))


def test_a_word_gets_the_melody_of_another_accent(
    voice: OpenJTalkEngine, imposer: AccentImposer, dictionary: Dictionary
) -> None:
    flat, falling = (voice.speak(HASHI[accent], MEI) for accent in (0, 1))
    changed = imposer.impose(flat.samples, flat.rate_hz, _read(HASHI[1], dictionary))
    other = imposer.impose(falling.samples, falling.rate_hz, _read(HASHI[0], dictionary))
    assert changed is not None
    assert other is not None
    assert changed.size == flat.samples.size
    assert _measure_rise(flat, changed) < -4
    assert _measure_rise(falling, other) > 2


def test_a_question_rises_at_its_end_with_a_mark_or_without(
    voice: OpenJTalkEngine, imposer: AccentImposer, dictionary: Dictionary
) -> None:
    sound = voice.speak(SpokenForm("行く", "イク", 0), MEI)
    plain, asked = (
        imposer.impose(
            sound.samples,
            sound.rate_hz,
            _read(SpokenForm("行く", "イク", 0), dictionary),
            asks=asks,
        )
        for asks in (False, True)
    )
    assert plain is not None
    assert asked is not None
    assert _measure_rise(sound, asked) > _measure_rise(sound, plain) + 1


def test_a_sentence_that_was_read_otherwise_stays_as_it_is(
    voice: OpenJTalkEngine, imposer: AccentImposer, dictionary: Dictionary
) -> None:
    spoken = voice.speak(OTHER, MEI)
    assert imposer.impose(spoken.samples, spoken.rate_hz, _read(SENTENCE, dictionary)) is None
    assert imposer.impose(spoken.samples, spoken.rate_hz, _read(OTHER, dictionary)) is not None


def test_silence_and_sounds_that_are_too_long_stay_as_they_are(
    imposer: AccentImposer, dictionary: Dictionary
) -> None:
    for seconds in (0, 1, 21):
        silence = np.zeros(16_000 * seconds, dtype=np.float32)
        assert imposer.impose(silence, 16_000, _read(SENTENCE, dictionary)) is None


def test_several_sentences_in_one_sound_are_imposed_together(
    voice: OpenJTalkEngine, imposer: AccentImposer, dictionary: Dictionary
) -> None:
    form = SpokenForm("昨日は雨でした。今日は晴れています。", sentence=True)
    spoken = voice.speak(form, MEI)
    changed = imposer.impose(spoken.samples, spoken.rate_hz, _read(form, dictionary))
    assert changed is not None
    assert changed.size == spoken.samples.size
    assert changed.tobytes() != spoken.samples.tobytes()
