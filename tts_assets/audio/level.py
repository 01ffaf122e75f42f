"""The right level for a clip: one gain to its loudness, and a limiter where peaks stand in the way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.loudness import block_powers, gated_lufs
from tts_assets.audio.peaks import envelope, true_peak_dbtp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tts_assets.domain import Samples

# Short against a period of the voice, so that a limited vowel does not just become quieter.
_LOOK_AHEAD_SECONDS = 0.0015

# Beyond this a limiter would shape the sound more than hold its peaks.
_MOST_LIMITING_DB = 20.0
_TOLERANCE_LU = 0.05
_ROUNDS = 8


def level(samples: Samples, rate_hz: int, *, lufs: float, peak_dbtp: float) -> Samples:
    """Bring a clip to a loudness with its true peak under a ceiling; the ceiling wins.

    A gain alone does it for nine words of ten. For the rest a look-ahead limiter holds single
    peaks, and the gain rises by what that took from the loudness.

    Args:
        samples: shape (n,), peak near 1, not silent.
        rate_hz: samples per second.
        lufs: integrated loudness to reach (ITU-R BS.1770-4).
        peak_dbtp: true-peak ceiling.
    """
    drive = _gain_db(audible_powers(samples, rate_hz), lufs)
    over = true_peak_dbtp(samples, rate_hz) + drive - peak_dbtp
    if over <= 0.0:
        return _amplified(samples, drive)
    most = drive - over + _MOST_LIMITING_DB
    earlier: tuple[float, float] | None = None
    for _ in range(_ROUNDS):
        drive = min(drive, most)
        limited = _limited(_amplified(samples, drive), rate_hz, peak_dbtp)
        reached = gated_lufs(audible_powers(limited, rate_hz))
        if abs(lufs - reached) <= _TOLERANCE_LU or (drive == most and reached < lufs):
            break
        slope = _slope(earlier, (drive, reached))
        earlier = (drive, reached)
        drive += (lufs - reached) / slope
    return limited


def audible_powers(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """Block powers; with a block of silence after a clip that ends before one is complete.

    A sound shorter than 100 ms after a long lead would otherwise count for nothing.
    """
    powers = block_powers(samples, rate_hz)
    if gated_lufs(powers) == -math.inf:
        powers = block_powers(np.pad(samples, (0, rate_hz)), rate_hz)
    return powers


def _gain_db(powers: NDArray[np.float64], lufs: float) -> float:
    """Gain to a loudness; more than one step only where it moves blocks across the gate."""
    gain = 0.0
    for _ in range(_ROUNDS):
        miss = lufs - gated_lufs(powers * 10.0 ** (gain / 10.0))
        gain += miss
        if abs(miss) < _TOLERANCE_LU / 10.0:
            break
    return gain


def _slope(earlier: tuple[float, float] | None, now: tuple[float, float]) -> float:
    """How much loudness a decibel of drive brought, within sane bounds (secant method)."""
    if earlier is None or now[0] == earlier[0]:
        return 1.0
    return min(1.0, max(0.15, (now[1] - earlier[1]) / (now[0] - earlier[0])))


def _amplified(samples: Samples, gain_db: float) -> Samples:
    # Whole millibels: noise in the last bit of a measurement cannot reach the samples.
    return samples * np.float32(10.0 ** (round(gain_db, 2) / 20.0))


def _limited(samples: Samples, rate_hz: int, peak_dbtp: float) -> Samples:
    """Hold the true peak under the ceiling with a smooth gain that looks ahead and behind."""
    ceiling = 10.0 ** (peak_dbtp / 20.0)
    heights = envelope(samples, rate_hz, floor=ceiling)
    reach = max(2, round(_LOOK_AHEAD_SECONDS * rate_hz))
    gain = _least_around(np.float32(ceiling) / np.maximum(heights, np.float32(ceiling)), reach)
    limited = samples * _mean_around(_mean_around(gain, reach // 2), reach // 2)
    # The gain's own slope can lift a peak between two samples by some hundredths.
    over = true_peak_dbtp(limited, rate_hz) - peak_dbtp
    return limited if over <= 0.0 else _amplified(limited, -over - 0.005)


def _least_around(gain: Samples, reach: int) -> Samples:
    """Minimum over each value and ``reach`` neighbours on both sides, by doubling windows."""
    least = np.pad(gain, reach, constant_values=1.0)
    width, span = 2 * reach + 1, 1
    while span < width:
        step = min(span, width - span)
        least = np.minimum(least[:-step], least[step:])
        span += step
    return least


def _mean_around(gain: Samples, reach: int) -> Samples:
    """Mean over each value and ``reach`` neighbours on both sides."""
    sums = np.cumsum(np.pad(gain, (reach + 1, reach), constant_values=1.0), dtype=np.float64)
    width = 2 * reach + 1
    return ((sums[width:] - sums[:-width]) / width).astype(np.float32)
