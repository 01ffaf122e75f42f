"""Settings: what no encoder can do is said beforehand, with what to do."""

import math

import pytest

from tts_assets.audio.formats import find_sound_problem
from tts_assets.model import Format, Sound


@pytest.mark.parametrize("format_", Format)
def test_the_defaults_fit_every_format(format_: Format) -> None:
    assert find_sound_problem(Sound(format=format_)) is None


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (Sound(format=Format.OPUS, rate_hz=22_050), "24000"),
        (Sound(format=Format.OPUS, bitrate_kbps=300), "6 to 256"),
        (Sound(rate_hz=44_000), "44100"),
        (Sound(rate_hz=96_000), "48000"),
        (Sound(bitrate_kbps=100), "96, 112"),
        (Sound(rate_hz=8_000, bitrate_kbps=96), "56, 64"),
        (Sound(rate_hz=44_100, bitrate_kbps=144), "128, 160"),
        (Sound(format=Format.WAV, rate_hz=4_000), "8000"),
        (Sound(format=Format.FLAC, rate_hz=192_000), "96000"),
        (Sound(lufs=-4.0), "-50 to -5"),
        (Sound(lufs=math.nan), "-50 to -5"),
        (Sound(lufs=-math.inf), "-50 to -5"),
        (Sound(peak_dbtp=0.1), "-50 to 0"),
        (Sound(peak_dbtp=math.inf), "-50 to 0"),
        (Sound(lead_ms=-1), "0 to 5000"),
        (Sound(trail_ms=5_001), "0 to 5000"),
        (Sound(format=Format.OGG, vorbis_quality=1.1), "0 to 1"),
        (Sound(vorbis_quality=math.nan), "0 to 1"),
    ],
)
def test_a_problem_names_the_setting_its_value_and_what_to_choose(sound: Sound, words: str) -> None:
    problem = find_sound_problem(sound)
    assert problem is not None
    assert words in problem
    assert any(problem.startswith(f"{name} is {getattr(sound, name)}") for name in Sound.__slots__)


def test_a_bit_rate_matters_only_where_there_is_one() -> None:
    assert find_sound_problem(Sound(format=Format.FLAC, bitrate_kbps=1)) is None
