"""The right level for a clip: one gain to its loudness, and a limiter where peaks stand in the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.loudness import block_powers, gated_lufs
from tts_assets.audio.peaks import envelope, true_peak_dbtp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tts_assets.domain import Samples

# Short against a period of the voice: a longer reach would turn down whole vowels.
_LOOK_AHEAD_SECONDS = 0.0015

# A limiter driven further shapes the sound more than it holds its peaks.
_MOST_LIMITING_DB = 20.0
_TOLERANCE_LU = 0.05
_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Levelled:
    """Samples of shape (n,) with their loudness and true peak."""

    samples: Samples
    lufs: float
    peak_dbtp: float


def level(samples: Samples, rate_hz: int, *, lufs: float, peak_dbtp: float) -> Samples:
    """Bring a clip to a loudness with its true peak under a ceiling; the ceiling wins.

    A gain alone does it for nine words of ten. For the rest a look-ahead limiter holds single
    peaks, and the gain rises by what that took from the loudness.

    Args:
        samples: shape (n,), peak near 1.
        rate_hz: samples per second.
        lufs: integrated loudness to reach (ITU-R BS.1770-4).
        peak_dbtp: true-peak ceiling.

    Returns:
        Samples of the same shape.
    """
    powers = _audible_powers(samples, rate_hz)
    gain_db = _gain_db(powers, lufs)
    peak = true_peak_dbtp(samples, rate_hz, over_dbtp=peak_dbtp - gain_db)
    if peak + gain_db > peak_dbtp:
        gains_db = (gain_db, peak_dbtp - peak + _MOST_LIMITING_DB)
        return _driven(samples, rate_hz, lufs=lufs, peak_dbtp=peak_dbtp, gains_db=gains_db)
    return _amplified(samples, gain_db)


def measured(samples: Samples, rate_hz: int) -> Levelled:
    """The same samples, shape (n,), with their loudness and true peak."""
    return Levelled(
        samples=samples,
        lufs=gated_lufs(_audible_powers(samples, rate_hz)),
        peak_dbtp=true_peak_dbtp(samples, rate_hz),
    )


def _audible_powers(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """Block powers; with silence after a clip that ends before a block of it is complete.

    A sound shorter than 100 ms after a long lead would otherwise count for nothing.
    """
    powers = block_powers(samples, rate_hz)
    if gated_lufs(powers) == -math.inf:
        powers = block_powers(np.pad(samples, (0, rate_hz)), rate_hz)
    return powers


def _gain_db(powers: NDArray[np.float64], lufs: float) -> float:
    """Gain to a loudness; more than one step only where it moves blocks across the gate."""
    gain_db = 0.0
    for _ in range(_ROUNDS):
        miss = lufs - gated_lufs(powers * 10.0 ** (gain_db / 10.0))
        gain_db += miss
        if abs(miss) < _TOLERANCE_LU / 10.0:
            break
    # Noise in the last bits of a measurement must not reach the samples.
    return round(gain_db, 2)


def _driven(
    samples: Samples,
    rate_hz: int,
    *,
    lufs: float,
    peak_dbtp: float,
    gains_db: tuple[float, float],
) -> Samples:
    """Limit after the first gain or a higher one, up to the second, as the loudness demands."""
    least_db, most_db = gains_db
    gain_db = min(least_db, most_db)
    tried: list[tuple[float, float]] = []
    while True:
        limited = measured(_limited(_amplified(samples, gain_db), rate_hz, peak_dbtp), rate_hz)
        limited = _lowered(limited, limited.peak_dbtp - peak_dbtp)
        tried.append((gain_db, limited.lufs))
        miss = lufs - limited.lufs
        exhausted = gain_db == most_db and miss > 0.0
        if abs(miss) <= _TOLERANCE_LU or exhausted or len(tried) == _ROUNDS:
            return limited.samples
        gain_db = min(most_db, round(gain_db + miss / _slope(tried), 2))


def _slope(tried: list[tuple[float, float]]) -> float:
    """How much loudness one decibel of gain brought, within sane bounds (secant method)."""
    if len(tried) < 2 or tried[-1][0] == tried[-2][0]:
        return 1.0
    (gain_before, lufs_before), (gain, lufs) = tried[-2:]
    return min(1.0, max(0.15, (lufs - lufs_before) / (gain - gain_before)))


def _lowered(levelled: Levelled, over_db: float) -> Levelled:
    """Take away the hundredths by which the limiter's own slope lifted a peak."""
    if over_db <= 0.0:
        return levelled
    return Levelled(
        samples=_amplified(levelled.samples, -over_db),
        lufs=levelled.lufs - over_db,
        peak_dbtp=levelled.peak_dbtp - over_db,
    )


def _amplified(samples: Samples, gain_db: float) -> Samples:
    return samples * np.float32(10.0 ** (gain_db / 20.0))


def _limited(samples: Samples, rate_hz: int, peak_dbtp: float) -> Samples:
    """Hold the true peak near the ceiling with a smooth gain that looks ahead and behind."""
    ceiling = np.float32(10.0 ** (peak_dbtp / 20.0))
    heights = envelope(samples, rate_hz, floor=float(ceiling))
    reach = max(1, round(_LOOK_AHEAD_SECONDS / 2 * rate_hz))
    wanted = (ceiling / np.maximum(heights, ceiling)).astype(np.float32)
    gain = _mean_around(_mean_around(_least_around(wanted, 2 * reach), reach), reach)
    return samples * gain


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
