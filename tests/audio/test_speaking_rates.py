"""Whose pace is learned from the lines of a ledger."""

from typing import Any

import msgspec
import pytest

from tests.audio.test_speaking_rate_model import examples
from tts_assets.build.plan import recipes
from tts_assets.japanese.accent_notation import format_accent_phrases
from tts_assets.model import Cue, Finding, Sound
from tts_assets.quality.assets_to_verify import SpeakingRates
from tts_assets.store import ledger_line

#: Silence of its own that is left around a clip.
OWN_SILENCE = 0.04


def lines(count: int = 60, pace: float = 1.0, **changes: Any) -> list[ledger_line.Line]:
    sound = Sound(lead_ms=300, trail_ms=500)
    return [
        msgspec.structs.replace(
            ledger_line.Line(
                asset=f"vocabulary/{number}.mp3",
                recipe=str(number),
                text="",
                reading=None,
                spoken=format_accent_phrases(each.spoken.phrases),
                voice="a/anna",
                speed=1.0,
                sound=recipes.sound_words(sound),
                engine="a=1",
                sha256="",
                bytes=1,
                seconds=each.seconds + 0.8 + OWN_SILENCE,
                lufs=-19.0,
                peak_dbtp=-3.0,
            ),
            **changes,
        )
        for number, each in enumerate(examples(count, pace))
    ]


def test_a_voice_is_learned_from_its_clips_without_the_silence_around_them() -> None:
    pace = SpeakingRates(lines()).find_rate("a/anna", "a=1", 1.0)
    assert pace is not None
    each = examples(1)[0]
    least, most = pace.bounds(each.spoken)
    assert (least + most) / 2 == pytest.approx(each.seconds, abs=0.06)


def test_every_voice_version_and_speed_has_a_pace_of_its_own() -> None:
    slow = [msgspec.structs.replace(each, seconds=2 * each.seconds, speed=0.5) for each in lines()]
    paces = SpeakingRates([*lines(), *slow])
    text = examples(1)[0].spoken
    usual, slower = paces.find_rate("a/anna", "a=1", 1.0), paces.find_rate("a/anna", "a=1", 0.5)
    assert usual is not None
    assert slower is not None
    assert usual.bounds(text).most < slower.bounds(text).least
    assert paces.find_rate("a/anna", "a=1", 1.0) is usual
    assert paces.find_rate("a/berta", "a=1", 1.0) is paces.find_rate("a/anna", "a=2", 1.0) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"cues": (Cue(0.1, 1.0, "", "一。"),)},
        {"findings": (Finding("short", "", "", ""),)},
        {"spoken": ""},
        {"spoken": "//"},
        {"sound": "format=mp3"},
        {"sound": "lead=100 trail=99999999999999999999"},
        {"seconds": -1.0},
        {"seconds": 0.0},
        {"voice": "openjtalk/mei-low"},
    ],
    ids=str,
)
def test_passages_bad_clips_and_lines_that_tell_too_little_teach_nothing(
    changes: dict[str, Any],
) -> None:
    voice = str(changes.get("voice", "a/anna"))
    assert SpeakingRates(lines(**changes)).find_rate(voice, "a=1", 1.0) is None


def test_of_very_many_clips_the_same_are_kept_in_any_order() -> None:
    many = lines(2_500)
    text = examples(1)[0].spoken
    one, other = (
        SpeakingRates(some).find_rate("a/anna", "a=1", 1.0) for some in (many, many[::-1])
    )
    assert one is not None
    assert other is not None
    assert one.bounds(text) == pytest.approx(other.bounds(text))
    few = SpeakingRates(lines(500)).find_rate("a/anna", "a=1", 1.0)
    assert few is not None
    assert few.bounds(text) != pytest.approx(one.bounds(text))
