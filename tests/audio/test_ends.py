"""A clip ends with its last sound, be it voiced or whispered."""

import pytest

from tests.audio.conftest import Say, expected
from tests.audio.defects import SOUND, add_puff
from tts_assets.audio.audio_checks import check_bytes
from tts_assets.audio.expected_length import Rule
from tts_assets.audio.render import finish
from tts_assets.model import Finding, Speech, SpokenForm

#: Words that end in closures, whispered vowels and hisses, in ッ with one of them, and in none.
WORDS = ("きっぷ", "がっき", "つき", "きく", "つくし", "はち", "ねこ", "うまかった", "りんご", "え")
SENTENCES = ("本です。", "行きます。", "見ました。")
FORMS = [
    *(SpokenForm(text=each, reading=each) for each in WORDS),
    *(SpokenForm(text=each, sentence=True) for each in SENTENCES),
]


def find_tails(speech: Speech, voice: str) -> list[Finding]:
    clip = finish(speech, SOUND).data
    found = check_bytes(clip, expected(speech, voice=voice, says_accents=False))
    return [each for each in found if each.rule == Rule.TAIL]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.text)
def test_nothing_follows_a_word_as_the_voice_says_it(form: SpokenForm, say: Say) -> None:
    for voice in ("openjtalk/mei", "another/voice"):
        assert find_tails(say(form), voice) == []


@pytest.mark.parametrize("gap", [0.13, 0.2, 0.3, 0.4])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.text)
def test_a_puff_after_a_word_is_found(form: SpokenForm, gap: float, say: Say) -> None:
    speech = add_puff(say(form), seconds=0.06, level_db=-20, gap_seconds=gap)
    # After a ッ that may be whispered, a puff is no different from the mora.
    if "っ" not in form.text or gap > 0.25:
        assert len(find_tails(speech, "another/voice")) == 1


@pytest.mark.parametrize(("level_db", "seconds"), [(-40, 0.06), (-20, 0.01)])
def test_what_is_soft_or_a_click_is_no_puff(level_db: float, seconds: float, say: Say) -> None:
    form = SpokenForm(text="りんご", reading="リンゴ")
    speech = add_puff(say(form), seconds=seconds, level_db=level_db, gap_seconds=0.13)
    assert find_tails(speech, "another/voice") == []


def test_a_finding_states_the_distance_and_the_level(say: Say) -> None:
    form = SpokenForm(text="りんご", reading="リンゴ")
    speech = add_puff(say(form), seconds=0.06, level_db=-20, gap_seconds=0.2)
    (found,) = find_tails(speech, "another/voice")
    assert found.message.endswith("s after its end")
    assert found.limit == "-33 dB"
    assert -21 < float(found.measured.removesuffix(" dB")) < -15
