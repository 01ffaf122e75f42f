"""Accents as they are heard, in the sound of the real voice."""

import itertools
from typing import Any

import numpy as np
import pytest

from tests.engines.pitch import Melody, accents, difference, melody, pitch
from tts_assets.engines.openjtalk_engine import HALF_TONES
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.model import SpokenForm

LEAST_SEMITONES = 1.0


@pytest.fixture(scope="module")
def synthesiser() -> Any:
    from pyopenjtalk import DEFAULT_HTS_VOICE
    from pyopenjtalk.htsengine import HTSEngine

    return HTSEngine(DEFAULT_HTS_VOICE)


@pytest.mark.parametrize(
    "words",
    [
        [("箸", "ハシ", 1), ("橋", "ハシ", 2), ("端", "ハシ", 0)],
        [("雨", "アメ", 1), ("飴", "アメ", 0)],
        [("牡蠣", "カキ", 1), ("垣", "カキ", 2), ("柿", "カキ", 0)],
        [("命", "イノチ", 1), ("命", "イノチ", 2), ("命", "イノチ", 3), ("命", "イノチ", 0)],
    ],
    ids=lambda words: words[0][1],
)
def test_words_that_only_their_accent_tells_apart_are_heard_apart(
    words: list[tuple[str, str, int]], synthesiser: Any
) -> None:
    dictionary = Dictionary()
    melodies = [
        melody(SpokenForm(text=text, reading=reading, accent=accent), dictionary, synthesiser)
        for text, reading, accent in words
    ]
    for one, other in itertools.combinations(melodies, 2):
        assert difference(one, other) > LEAST_SEMITONES


@pytest.mark.parametrize("voice", ["mei-low", "mei-high"])
def test_a_voice_of_another_pitch_keeps_the_accents(voice: str, synthesiser: Any) -> None:
    dictionary, half_tones = Dictionary(), HALF_TONES[voice]
    melodies = []
    for accent in (0, 1, 2):
        form = SpokenForm(text="箸", reading="ハシ", accent=accent)
        synthesiser.add_half_tone(half_tones)
        melodies.append(melody(form, dictionary, synthesiser, half_tones=half_tones))
    synthesiser.add_half_tone(0.0)
    for one, other in itertools.combinations(melodies, 2):
        assert difference(one, other) > LEAST_SEMITONES


def test_melodies_the_wrong_way_round_differ_by_less_than_nothing() -> None:
    high = Melody(morae=("ハ", "シ"), accent=0, hertz=(400.0, 380.0, 300.0))
    low = Melody(morae=("ハ", "シ"), accent=1, hertz=(270.0, 380.0, 400.0))
    assert difference(high, low) == difference(low, high) < -LEAST_SEMITONES


def test_special_morae_carry_no_accent() -> None:
    assert accents("テンキ") == [0, 1, 3]
    assert accents("コーヒー") == [0, 1, 3]


@pytest.mark.parametrize("hertz", [150.0, 220.0, 400.0, 650.0])
def test_pitch_is_that_of_a_tone_and_none_where_it_is_quiet(hertz: float) -> None:
    rate_hz = 48_000
    times = np.arange(rate_hz // 2) / rate_hz
    tone = sum(np.sin(2 * np.pi * hertz * times * number) / number for number in (1, 2, 3, 4))
    track = pitch(np.concatenate([tone, np.zeros(rate_hz // 2)]), rate_hz)
    assert np.nanmedian(track[:90]) == pytest.approx(hertz, rel=0.01)
    assert np.isnan(track[110:]).all()
