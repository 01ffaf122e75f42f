"""Measure the true peak (ITU-R BS.1770-4), and limit it to a ceiling."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tts_assets.audio.waveform import Waveform, iter_windows, regroup_blocks, tee_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.model import Samples


# The standard requires four times 48 kHz; eight times reduces its largest error to a quarter at most.
_OVERSAMPLED_HZ = 192_000
_LEAST_FACTOR = 8

# A Kaiser-windowed sinc of 48 taps, flat within 0.04 dB up to 0.46 of the sampling rate.
_REACH = 24
_KAISER_BETA = 5.0

# No weighted sum of its taps exceeds the largest sample in reach by more than this.
_KERNEL_GAIN = 2.9

# The interpolated value differs from the line between two samples by no more than these shares of the
# largest sample and of the largest second difference in reach (its taps less the line's, summed twice).
_LINE_GAIN = 1.0025
_BEND_GAIN = 0.56

_FRAME = 32  # frames are longer than the kernel's reach: one neighbour on each side is enough
_TERMS_AT_ONCE = 1 << 18  # for products of more terms than this, OpenBLAS starts threads that spin


def measure_true_peak(wave: Waveform, rate_hz: int, *, over_dbtp: float = -math.inf) -> float:
    """Measure the true peak in dBTP (ITU-R BS.1770-4, annex 2), -inf for silence.

    A peak above ``over_dbtp`` is exact; a lower one is a lower bound.
    """
    *_, highest = iter_true_peaks(wave, rate_hz, over_dbtp=over_dbtp)
    return highest


def iter_true_peaks(
    wave: Waveform, rate_hz: int, *, over_dbtp: float = -math.inf
) -> Iterator[float]:
    """Yield the result of :func:`measure_true_peak` before the first block and after each."""
    yield -math.inf
    matrix = _interpolator(_factor(rate_hz))
    highest, over = 0.0, 10.0 ** (over_dbtp / 20.0)
    for window in _windows(wave):
        heights = np.abs(window).reshape(-1, _FRAME)
        highest = max(highest, float(heights[1:-1].max()))
        for _, values in _between(window, heights, matrix, floor=max(highest, over)):
            highest = max(highest, float(values.max()))
        yield 20.0 * math.log10(highest) if highest else -math.inf


def compute_envelope(wave: Waveform, rate_hz: int, *, floor: float) -> Iterator[Samples]:
    """The highest magnitude between each sample and the next, in blocks.

    Frames that cannot exceed ``floor`` are not interpolated: they get the samples' magnitudes.
    """
    matrix = _interpolator(_factor(rate_hz))
    left = wave.size
    for window in _windows(wave):
        heights = np.abs(window).reshape(-1, _FRAME)
        result = heights[1:-1].copy()
        for some, values in _between(window, heights, matrix, floor=floor):
            tops = values.reshape(some.size, -1, _FRAME).max(axis=1)
            result[some] = np.maximum(result[some], tops)
        yield result.reshape(-1)[:left]
        left -= result.size


def _factor(rate_hz: int) -> int:
    return max(_LEAST_FACTOR, math.ceil(_OVERSAMPLED_HZ / rate_hz))


def _windows(wave: Waveform) -> Iterator[Samples]:
    return iter_windows(regroup_blocks(wave.blocks()), _FRAME, fill=0.0, multiple=_FRAME)


def _between(
    window: Samples, heights: Samples, matrix: Samples, *, floor: float
) -> Iterator[tuple[NDArray[np.intp], Samples]]:
    """Magnitudes between the samples of the frames that can exceed a floor.

    Args:
        window: whole frames with one more on both sides.
        heights: its magnitudes, shape (frames + 2, frame).
        matrix: the result of _interpolator.
        floor: a magnitude.

    Returns:
        Indices of some frames, and their magnitudes, shape (some, (factor - 1) * frame).
    """
    tops = _in_reach(heights)
    (high,) = np.nonzero(tops * _KERNEL_GAIN > floor)
    if high.size:
        bends = np.zeros(window.size, dtype=np.float32)
        np.abs(np.diff(window, 2), out=bends[1:-1])
        reachable = tops * _LINE_GAIN + _in_reach(bends.reshape(-1, _FRAME)) * _BEND_GAIN
        high = high[reachable[high] > floor]
    surroundings = _surroundings(window, len(heights) - 2)
    at_once = max(1, _TERMS_AT_ONCE // matrix.size)
    groups = (high[start : start + at_once] for start in range(0, high.size, at_once))
    return ((some, np.abs(surroundings[some] @ matrix)) for some in groups)


def _in_reach(frames: Samples) -> Samples:
    """The highest value of each inner frame and its neighbours."""
    tops = frames.max(axis=1)
    highest: Samples = np.maximum(np.maximum(tops[:-2], tops[1:-1]), tops[2:])
    return highest


def _surroundings(padded: Samples, frames: int) -> Samples:
    """A view of each frame with its neighbours in reach, shape (frames, frame + 2 * reach - 1)."""
    shape = (frames, _FRAME + 2 * _REACH - 1)
    first = (_FRAME - _REACH + 1) * padded.itemsize
    strides = (_FRAME * padded.itemsize, padded.itemsize)
    # sliding_window_view would take longer than the interpolation of some clips.
    windows: Samples = np.ndarray(shape, padded.dtype, padded, first, strides)
    windows.flags.writeable = False
    return windows


@lru_cache(maxsize=8)
def _interpolator(factor: int) -> Samples:
    """The matrix from a frame and its neighbours to all points between its samples.

    Shape (frame + 2 * reach - 1, (factor - 1) * frame), phase by phase.
    """
    width = _FRAME + 2 * _REACH - 1
    taps = np.arange(width)[:, None, None] - (_REACH - 1)
    phases = np.arange(1, factor)[None, :, None] / factor
    distance = np.arange(_FRAME)[None, None, :] + phases - taps
    inside = np.clip(1.0 - (distance / _REACH) ** 2, 0.0, None)
    window = np.i0(_KAISER_BETA * np.sqrt(inside)) / np.i0(_KAISER_BETA)
    kernel = np.where(np.abs(distance) < _REACH, np.sinc(distance) * window, 0.0)
    return kernel.reshape(width, -1).astype(np.float32)


# Shorter than a period of the voice: a longer look-ahead would attenuate whole vowels.
_LOOK_AHEAD_SECONDS = 0.0015

_ROW = 1024  # the number of samples to compute gains for at once


def limit(wave: Waveform, rate_hz: int, ceiling: np.float32) -> Waveform:
    """Hold the true peak near a ceiling, a magnitude, with a smooth symmetric gain."""
    reach = max(1, round(_LOOK_AHEAD_SECONDS / 2 * rate_hz))
    margin = 4 * reach

    def blocks() -> Iterator[Samples]:
        first, second = tee_blocks(regroup_blocks(wave.blocks()))
        theirs = Waveform(size=wave.size, blocks=lambda: second)
        heights = compute_envelope(theirs, rate_hz, floor=float(ceiling))
        pairs = zip(
            iter_windows(first, margin, fill=0.0),
            iter_windows(regroup_blocks(heights), margin, fill=0.0),
            strict=True,
        )
        for samples, window in pairs:
            yield _attenuate(samples[margin:-margin], window, reach, ceiling)

    return Waveform(size=wave.size, blocks=blocks)


def _attenuate(samples: Samples, heights: Samples, reach: int, ceiling: np.float32) -> Samples:
    """Attenuate samples near peaks above a ceiling.

    Args:
        samples: shape (n,).
        heights: their envelope, extended by four times ``reach`` on both sides.
        reach: the number of neighbours on both sides in each of the two means.
        ceiling: a magnitude.
    """
    padded = np.pad(heights, (0, -samples.size % _ROW))
    rows = sliding_window_view(padded, _ROW + 8 * reach)[::_ROW]
    (loud,) = np.nonzero(rows.max(axis=1) > ceiling)
    if not loud.size:
        return samples
    targets = (ceiling / np.maximum(rows[loud], ceiling)).astype(np.float32)
    gains = np.ones((len(rows), _ROW), dtype=np.float32)
    gains[loud] = _mean_around(_mean_around(_least_around(targets, 2 * reach), reach), reach)
    limited: Samples = samples * gains.reshape(-1)[: samples.size]
    return limited


def _least_around(gains: Samples, reach: int) -> Samples:
    """The minimum over each value and its neighbours on both sides, by doubling windows."""
    least = gains
    width, span = 2 * reach + 1, 1
    while span < width:
        step = min(span, width - span)
        least = np.minimum(least[:, :-step], least[:, step:])
        span += step
    return least


def _mean_around(gains: Samples, reach: int) -> Samples:
    """The mean over each value and its neighbours on both sides, with exact sums."""
    width = 2 * reach + 1
    sums = np.cumsum(gains, axis=1, dtype=np.float64)
    sums = np.pad(sums, ((0, 0), (1, 0)))
    means: Samples = ((sums[:, width:] - sums[:, :-width]) / width).astype(np.float32)
    return means
