"""How long a voice takes is learned from what it has said."""

import numpy as np
import pytest

from tests.audio.conftest import WORD, Say, expected
from tts_assets.audio.expected_length import compute_bounds
from tts_assets.audio.speech_activity import LEAST_CLIPS, Example, learn_pace
from tts_assets.model import AccentBasis, Basis, Phrase, Pronunciation

WORDS = (
    "ハシ",
    "ガッコー",
    "ニンゲン",
    "ネコ",
    "オトコノコ",
    "キシャ",
    "ミョージ",
    "クツ",
    "セ",
    "ドーブツエン",
)


def said(*kana: str) -> Pronunciation:
    phrases = tuple(Phrase(each, 0, pause=True) for each in kana)
    return Pronunciation(phrases=phrases, basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY)


def seconds(of: Pronunciation, pace: float = 1.0) -> float:
    """A voice that has 0.15 s for each kana, ー with them, and 0.4 s for each pause."""
    kana = sum(len(phrase.kana) for phrase in of.phrases)
    return 0.1 + pace * (0.15 * kana + 0.4 * (len(of.phrases) - 1))


def examples(count: int, pace: float = 1.0) -> list[Example]:
    """Words and sentences of a voice that is not quite steady."""
    chance = np.random.default_rng(1)
    texts = [said(*chance.choice(WORDS, 1 + number % 3)) for number in range(count)]
    return [Example(text, seconds(text, pace) * chance.normal(1, 0.02)) for text in texts]


@pytest.mark.parametrize("pace", [0.7, 1.0, 1.5])
def test_what_a_voice_says_at_its_pace_is_in_bounds_and_half_or_twice_of_it_is_not(
    pace: float,
) -> None:
    own = learn_pace(examples(200, pace))
    assert own is not None
    for text in (said("サカナ"), said("ニンゲンワ", "コーコーセー")):
        least, most = own.bounds(text)
        assert (
            seconds(text, pace) / 2 < least < seconds(text, pace) < most < seconds(text, pace) * 2
        )


def test_from_a_few_clips_nothing_is_learned() -> None:
    assert learn_pace(examples(LEAST_CLIPS - 1)) is None
    assert learn_pace(examples(LEAST_CLIPS)) is not None


def test_one_clip_in_ten_may_be_wrong() -> None:
    clean = examples(200)
    bad = [each._replace(seconds=each.seconds / 2) for each in clean[:20]]
    own = learn_pace([*bad, *clean[20:]])
    assert own is not None
    for text in (said("サカナ"), said("ニンゲンワ", "コーコーセー")):
        least, most = own.bounds(text)
        assert seconds(text) / 2 < least < seconds(text) < most < 1.5 * seconds(text)


def test_bounds_are_wider_where_a_voice_was_not_heard() -> None:
    words = [each for each in examples(300) if len(each.spoken.phrases) == 1]
    own, of_words = learn_pace(examples(300)), learn_pace(words)
    assert own is not None
    assert of_words is not None
    text = said("ニンゲンワ", "コーコーセー", "ネコ")
    widths = [most - least for least, most in (own.bounds(text), of_words.bounds(text))]
    assert widths[1] > 2 * widths[0]
    least, most = of_words.bounds(text)
    assert least < seconds(text) < most


def test_a_mora_alone_may_have_half_of_what_words_have_or_half_as_much_more() -> None:
    of_words = learn_pace([each for each in examples(300) if len(each.spoken.phrases) > 1])
    assert of_words is not None
    for mora in ("チュ", "ニョ", "ン"):
        least, most = of_words.bounds(said(mora))
        middle = (least + most) / 2
        assert least < middle / 2 < 1.5 * middle < most


def test_a_clip_may_never_have_less_room_than_one_of_a_known_voice() -> None:
    text = said("ハシ")
    steady = learn_pace([Example(each.spoken, seconds(each.spoken)) for each in examples(200)])
    assert steady is not None
    least, most = steady.bounds(text)
    assert least < seconds(text) - 0.06
    assert most > seconds(text) + 0.10


def test_an_unknown_voice_is_held_against_its_pace(say: Say) -> None:
    own = learn_pace(examples(200))
    wanted = expected(say(WORD), voice="another/voice", pace=own)
    text = said("サカナ")
    assert own is not None
    assert compute_bounds(text, wanted) == own.bounds(text)
    assert (
        compute_bounds(text, expected(say(WORD), voice="another/voice")).least
        < own.bounds(text).least
    )
