"""True peak: the signals of EBU Tech 3341, and what lies between samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.audio.sounds import spoken, tone, true_peak_dbtp
from tts_assets.audio.limiter import (
    _KERNEL_GAIN,
    _interpolator,
    compute_envelope,
    measure_true_peak,
)
from tts_assets.audio.waveform import whole

if TYPE_CHECKING:
    from tts_assets.model import Samples


def _tapered(samples: Samples) -> Samples:
    """Without the steps at the ends, which overshoot."""
    rise = np.linspace(0.0, 1.0, 1000, dtype=np.float32)
    shape: Samples = np.ones(samples.size, dtype=np.float32)
    shape[:1000] = rise
    shape[-1000:] = rise[::-1]
    return samples * shape


@pytest.mark.parametrize(
    ("part", "degrees", "dbfs"),
    [(4, 0, -6.0), (4, 45, -6.0), (6, 60, -6.0), (8, 67.5, -6.0), (4, 45, 3.0)],
)
def test_the_sines_of_ebu_tech_3341(part: int, degrees: float, dbfs: float) -> None:
    samples = _tapered(tone(48_000 / part, 0.5, dbfs=dbfs, degrees=degrees))
    assert true_peak_dbtp(samples, 48_000) == pytest.approx(dbfs, abs=0.05)


def test_a_peak_between_two_samples_is_found() -> None:
    samples = _tapered(tone(12_000, 0.5, degrees=45))
    assert 20 * math.log10(np.abs(samples).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(samples, 48_000) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000, 96_000])
@pytest.mark.parametrize("share", [0.05, 0.21, 0.33, 0.44])
def test_a_sine_peaks_at_its_amplitude_at_every_rate(rate_hz: int, share: float) -> None:
    samples = _tapered(tone(share * rate_hz, 8_000 / rate_hz, rate_hz=rate_hz, degrees=17))
    assert true_peak_dbtp(samples, rate_hz) == pytest.approx(0.0, abs=0.06)


def test_a_lone_peak_in_quiet_surroundings_is_found() -> None:
    samples = np.full(10_000, 0.01, dtype=np.float32)
    samples[5_000:5_002] = 0.9
    assert true_peak_dbtp(samples, 24_000) > 20 * math.log10(1.05)


def test_speech_peaks_where_a_much_finer_interpolation_says() -> None:
    samples = spoken("学校").samples
    finer = np.fft.irfft(np.fft.rfft(samples), samples.size * 16) * 16
    assert true_peak_dbtp(samples, 48_000) == pytest.approx(
        20 * math.log10(np.abs(finer).max()), abs=0.05
    )


@pytest.mark.parametrize("size", [0, 1, 50_000])
def test_silence_has_no_peak(size: int) -> None:
    assert true_peak_dbtp(np.zeros(size, dtype=np.float32), 24_000) == -math.inf


def test_the_envelope_covers_every_sample_and_reaches_the_true_peak() -> None:
    samples = spoken("円").samples
    (heights,) = compute_envelope(whole(samples), 48_000, floor=0.1)
    assert np.all(heights >= np.abs(samples))
    assert 20 * math.log10(heights.max()) == true_peak_dbtp(samples, 48_000)


@pytest.mark.parametrize("factor", [8, 9, 24])
def test_no_interpolated_value_can_escape_the_bound(factor: int) -> None:
    assert np.abs(_interpolator(factor)).sum(axis=0).max() < _KERNEL_GAIN


@pytest.mark.parametrize("text", ["円", "学校", "です"])
def test_a_peak_over_what_is_asked_is_exact_and_no_other_is_told_over_it(text: str) -> None:
    samples = spoken(text).samples / np.float32(4.0)
    exact = true_peak_dbtp(samples, 48_000)
    # Processors multiply matrices of other sizes in another order: the last digits differ.
    for over in (-60.0, exact - 3.0, exact - 0.001):
        assert measure_true_peak(whole(samples), 48_000, over_dbtp=over) == pytest.approx(
            exact, abs=1e-5
        )
    for over in (exact + 0.001, exact + 3.0, exact + 20.0):
        assert measure_true_peak(whole(samples), 48_000, over_dbtp=over) <= exact + 1e-5


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 96_000])
@pytest.mark.parametrize("hz_per_rate", [0.01, 0.1, 0.25, 0.45])
def test_no_frame_above_a_floor_is_missed(rate_hz: int, hz_per_rate: float) -> None:
    rng = np.random.default_rng(3)
    steps = np.arange(60_000) * 2 * np.pi * hz_per_rate
    sound = np.sin(steps + rng.normal(0, 0.05, 60_000).cumsum()) * rng.uniform(0, 1, 60_000)
    sound = np.concatenate((sound, np.sin(steps))).astype(np.float32)
    (every,) = compute_envelope(whole(sound), rate_hz, floor=0.0)
    for floor in (0.2, 0.7, 0.99):
        (some,) = compute_envelope(whole(sound), rate_hz, floor=floor)
        high = every > floor
        assert np.array_equal(some > floor, high)
        assert np.allclose(some[high], every[high], atol=1e-5)
