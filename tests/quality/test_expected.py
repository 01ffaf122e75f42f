"""What is expected of an asset, read out of its line of the ledger."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.test_speaking_rates import lines
from tts_assets import Settings
from tts_assets.build.plan import recipes
from tts_assets.model import Cue, Format, Phrase, Sound
from tts_assets.quality.assets_to_verify import ExpectationBuilder, SpeakingRates, parse_sound
from tts_assets.store.ledger_line import Line

LINE = Line(
    asset="vocabulary/0.mp3",
    recipe="0",
    text="橋",
    reading=None,
    spoken="ハシ↓",
    basis="spelling",
    voice="openjtalk/mei",
    speed=1.25,
    sound=recipes.sound_words(Sound(format=Format.FLAC, rate_hz=48_000)),
    engine="",
    sha256="",
    bytes=1,
    seconds=1.0,
    lufs=-19.0,
    peak_dbtp=-3.0,
)
SOUNDS = st.builds(
    Sound,
    format=st.sampled_from(Format),
    rate_hz=st.integers(8_000, 48_000),
    lufs=st.sampled_from([-19.0, -16.5, -23.0]),
    lead_ms=st.integers(0, 500),
    vorbis_quality=st.sampled_from([0.5, 0.1]),
)


@given(SOUNDS)
def test_the_words_of_a_sound_are_read_back(sound: Sound) -> None:
    assert parse_sound(recipes.sound_words(sound), Sound()) == sound


def test_what_the_words_do_not_tell_is_as_in_the_settings() -> None:
    own = Sound(rate_hz=16_000)
    assert parse_sound("", own) == own
    assert parse_sound("lead=5 pause-turn=500 tomorrow=1", own).lead_ms == 5


def test_a_line_tells_what_its_asset_should_be() -> None:
    expected = ExpectationBuilder(Settings(), SpeakingRates()).build_expected(LINE)
    assert expected.sound == Sound(format=Format.FLAC, rate_hz=48_000)
    assert expected.pronunciation is not None
    assert expected.pronunciation.phrases == (Phrase("ハシ", 2),)
    assert (expected.speed, expected.voice, expected.says_accents) == (1.25, "openjtalk/mei", True)


def test_what_an_engine_did_not_tell_is_not_expected() -> None:
    assert (
        ExpectationBuilder(Settings(), SpeakingRates())
        .build_expected(_changed(spoken=""))
        .pronunciation
        is None
    )


@pytest.mark.parametrize("voice", ["gone/anna", "", "say/"])
def test_of_an_engine_that_is_not_here_or_has_its_own_no_accents_are_expected(voice: str) -> None:
    assert (
        not ExpectationBuilder(Settings(), SpeakingRates())
        .build_expected(_changed(voice=voice))
        .says_accents
    )


def test_a_voice_is_held_against_its_own_pace() -> None:
    paces = SpeakingRates(lines())
    anna = _changed(voice="a/anna", engine="a=1", speed=1.0)
    expected = ExpectationBuilder(Settings(), paces).build_expected(anna)
    assert expected.pace is paces.find_rate("a/anna", "a=1", 1.0) is not None
    assert ExpectationBuilder(Settings(), paces).build_expected(LINE).pace is None


@pytest.mark.parametrize("speed", [0.0, -1.0])
def test_a_speed_that_is_none_is_the_voices_own(speed: float) -> None:
    assert (
        ExpectationBuilder(Settings(), SpeakingRates()).build_expected(_changed(speed=speed)).speed
        == 1.0
    )


def test_a_passage_is_held_against_the_pauses_of_its_time_line() -> None:
    cues = (Cue(0.1, 1.0, "", "一。"), Cue(1.35, 2.0, "", "二。"), Cue(2.8, 3.0, "", "三。"))
    expected = ExpectationBuilder(Settings(), SpeakingRates()).build_expected(_changed(cues=cues))
    assert expected.pauses_ms == (350, 800)
    assert (expected.says_accents, expected.is_segment) == (False, False)
    assert expected.pronunciation is not None


@pytest.mark.parametrize(
    ("others", "voice"),
    [
        ((), "openjtalk/mei"),
        ((("A", "openjtalk/mei", 1.25),), "openjtalk/mei"),
        ((("A", "openjtalk/mei", 1.25), ("B", "openjtalk/mei-low", 1.25)), ""),
        ((("A", "openjtalk/mei", 1.25), ("B", "openjtalk/mei", 0.9)), ""),
    ],
)
def test_a_dialogue_of_several_voices_is_held_against_none_of_them(
    others: tuple[tuple[str, str, float], ...], voice: str
) -> None:
    line = msgspec.structs.replace(LINE, speakers=others)
    assert ExpectationBuilder(Settings(), SpeakingRates(())).build_expected(line).voice == voice


def test_without_a_line_a_sound_is_only_to_be_one() -> None:
    expected = ExpectationBuilder(
        Settings(sound=Sound(rate_hz=8_000)), SpeakingRates()
    ).build_expected(None)
    assert (expected.sound.rate_hz, expected.pronunciation) == (8_000, None)
    assert not expected.says_accents


def _changed(**changes: object) -> Line:
    return msgspec.structs.replace(LINE, **changes)
