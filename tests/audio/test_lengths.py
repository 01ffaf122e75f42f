"""How long a clip may be."""

import pytest

from tests.audio.conftest import SENTENCE, WORD, Say, expected
from tests.audio.defects import SOUND
from tts_assets.audio.audio_checks import check_bytes
from tts_assets.audio.expected_length import (
    compute_bounds,
    compute_longest_seconds,
    compute_shortest_seconds,
    estimate_sound_seconds,
)
from tts_assets.audio.render import finish
from tts_assets.model import AccentBasis, Basis, Phrase, Pronunciation, SpokenForm


def said(*phrases: Phrase) -> Pronunciation:
    return Pronunciation(phrases=phrases, basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY)


FIVE = said(Phrase("ガッコー", 0), Phrase("ワ", 0))


def test_no_voice_says_a_mora_in_a_twentieth_of_a_second_nor_in_two() -> None:
    assert compute_shortest_seconds(FIVE, 1.0) == pytest.approx(0.25)
    assert compute_shortest_seconds(FIVE, 2.0) == pytest.approx(0.125)
    assert (
        compute_longest_seconds(FIVE, 1.0)
        == compute_longest_seconds(FIVE, 2.0)
        == pytest.approx(7.5)
    )
    assert compute_longest_seconds(FIVE, 0.5) == pytest.approx(15.0)


@pytest.mark.parametrize("form", [WORD, SENTENCE], ids=lambda form: form.text)
def test_half_or_twice_a_clip_of_a_known_voice_is_out_of_bounds(form: SpokenForm, say: Say) -> None:
    speech = say(form)
    assert speech.pronunciation is not None
    least, most = compute_bounds(speech.pronunciation, expected(speech))
    (loud,) = (abs(speech.samples) > 0.005 * abs(speech.samples).max()).nonzero()
    seconds = (loud[-1] - loud[0]) / speech.rate_hz
    assert seconds / 2 < least < seconds < most < seconds * 2


@pytest.mark.parametrize(
    "text",
    [
        "今日は雨です。",
        "静かにします。",
        "コーヒーがほしいです。",
        "食べ物を美味しくします。",
        "もう宿題をしました。",
        "映画は時間がない。じゃ、また今度行こう。",
    ],
)
def test_devoiced_sounds_and_many_phrases_are_no_defect(text: str, say: Say) -> None:
    speech = say(SpokenForm(text=text, sentence=True))
    assert not check_bytes(finish(speech, SOUND).data, expected(speech))


def test_a_slow_clip_is_longer_and_its_bounds_are_wider(say: Say) -> None:
    speech = say(WORD)
    assert speech.pronunciation is not None
    usual = compute_bounds(speech.pronunciation, expected(speech))
    slow = compute_bounds(speech.pronunciation, expected(speech, speed=0.7))
    assert slow.most - slow.least > usual.most - usual.least
    assert sum(slow) > sum(usual)


def test_pauses_between_segments_are_added(say: Say) -> None:
    wanted = expected(say(WORD), voice="another/voice")
    with_pauses = expected(say(WORD), voice="another/voice", pauses_ms=(500, 800))
    assert compute_bounds(FIVE, with_pauses).most - compute_bounds(
        FIVE, wanted
    ).most == pytest.approx(1.3)


@pytest.mark.parametrize("voice", ["openjtalk/mei-low", "openjtalk/mei-high"])
def test_mei_takes_as_long_at_every_height(voice: str, say: Say) -> None:
    speech = say(WORD)
    assert speech.pronunciation is not None
    own = compute_bounds(speech.pronunciation, expected(speech))
    assert compute_bounds(speech.pronunciation, expected(speech, voice=voice)) == own


@pytest.mark.parametrize("speed", [0.5, 0.7, 1.0])
def test_a_nasal_alone_may_be_as_short_at_any_speed(speed: float, say: Say) -> None:
    wanted = expected(say(WORD), voice="another/voice", speed=speed)
    assert compute_bounds(said(Phrase("ン", 0)), wanted).least < 0.04


def test_a_long_consonant_is_shorter_where_it_hisses() -> None:
    kana = ("デッサン", "デッタン")
    seconds = [
        estimate_sound_seconds(said(Phrase(each, 0))) for each in (*kana, "デサン", "デタン")
    ]
    assert seconds[0] - seconds[2] < 0.5 * (seconds[1] - seconds[3])
