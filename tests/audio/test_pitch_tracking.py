"""The pitch that a check hears."""

import numpy as np
import pytest

from tts_assets.audio.measure import pitch


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 44_100])
@pytest.mark.parametrize("hertz", [90.0, 150.0, 220.0, 400.0])
def test_pitch_is_that_of_a_voice_and_none_where_it_is_quiet(hertz: float, rate_hz: int) -> None:
    times = np.arange(rate_hz // 2) / rate_hz
    voice = sum(np.sin(2 * np.pi * hertz * times * number) / number for number in (1, 2, 3, 4))
    sound = np.concatenate([np.asarray(voice), np.zeros(rate_hz // 2)]).astype(np.float32)
    track = pitch(sound, rate_hz)
    assert np.nanmedian(track[:45]) == pytest.approx(hertz, rel=0.01)
    assert np.isnan(track[55:]).all()


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, 16_000).astype(np.float32)
    assert np.isnan(pitch(noise, 16_000)).mean() > 0.98


@pytest.mark.parametrize(("hertz", "is_found"), [(110.0, True), (250.0, False)])
def test_creak_of_50_hz_is_searched_where_a_voice_is_low(*, hertz: float, is_found: bool) -> None:
    times = np.arange(4_000) / 8_000
    parts = [
        sum(np.sin(2 * np.pi * low * times * number) / number for number in range(1, 9))
        for low in (hertz, 50.0)
    ]
    found = pitch(np.concatenate(parts).astype(np.float32), 8_000)[60:90]
    assert np.isfinite(found).all() == is_found
    if is_found:
        assert np.median(found) == pytest.approx(50.0, rel=0.01)
