"""The pitch of voiced stretches is changed; all else keeps its samples."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_assets.audio.measure import pitch
from tts_assets.engines.imposed_accents import change_pitch

RATE_HZ = 24_000
SECONDS = 0.6


def _make_voice(hertz: float) -> NDArray[np.float32]:
    """Harmonics that become weaker, between two silences with noise."""
    time = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * hertz * each * time) / each**2 for each in range(1, 12))
    noise = 0.001 * np.random.default_rng(1).standard_normal(round(0.2 * RATE_HZ))
    return np.concatenate([noise, 0.3 * voice, noise]).astype(np.float32)


def _measure(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    hertz = pitch(samples, RATE_HZ)
    return hertz[~np.isnan(hertz)][4:-4]


@pytest.mark.parametrize("own", [90.0, 220.0])
@pytest.mark.parametrize("semitones", [-6.0, -1.0, 2.0, 7.0])
def test_the_sound_has_the_pitch_that_it_is_given(own: float, semitones: float) -> None:
    samples = _make_voice(own)
    hertz = pitch(samples, RATE_HZ)
    target = own * 2 ** (semitones / 12)
    changed = change_pitch(samples, RATE_HZ, hertz, np.full(hertz.size, target))
    assert np.abs(12 * np.log2(_measure(changed) / target)).max() < 0.3


def test_a_glide_is_followed() -> None:
    samples = _make_voice(200.0)
    hertz = pitch(samples, RATE_HZ)
    changed = change_pitch(samples, RATE_HZ, hertz, np.linspace(280.0, 140.0, hertz.size))
    found = _measure(changed)
    assert found[0] > 1.4 * found[-1]
    assert (np.diff(found) < 1.0).all()


def test_the_length_and_what_is_not_voiced_stay_as_they_are() -> None:
    samples = _make_voice(200.0)
    hertz = pitch(samples, RATE_HZ)
    changed = change_pitch(samples, RATE_HZ, hertz, np.full(hertz.size, 150.0))
    silence = round(0.19 * RATE_HZ)
    assert changed.shape == samples.shape
    assert changed.dtype == np.float32
    assert changed[:silence].tobytes() == samples[:silence].tobytes()
    assert changed[-silence:].tobytes() == samples[-silence:].tobytes()


def test_no_seam_jumps() -> None:
    samples = _make_voice(200.0)
    hertz = pitch(samples, RATE_HZ)
    changed = change_pitch(samples, RATE_HZ, hertz, np.full(hertz.size, 130.0))
    assert np.abs(np.diff(changed)).max() < 1.2 * np.abs(np.diff(samples)).max()


def test_a_sound_without_a_voice_is_unchanged() -> None:
    noise = np.random.default_rng(2).standard_normal(RATE_HZ // 2).astype(np.float32)
    hertz = np.full(50, np.nan, dtype=np.float32)
    assert change_pitch(noise, RATE_HZ, hertz, np.full(50, 200.0)).tobytes() == noise.tobytes()


def test_a_voice_up_to_both_ends_of_its_sound_is_changed() -> None:
    samples = _make_voice(200.0)[round(0.25 * RATE_HZ) : round(0.7 * RATE_HZ)]
    hertz = pitch(samples, RATE_HZ)
    changed = change_pitch(samples, RATE_HZ, hertz, np.full(hertz.size, 250.0))
    assert np.median(_measure(changed)) == pytest.approx(250.0, rel=0.02)
