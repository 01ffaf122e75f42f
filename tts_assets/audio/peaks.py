"""How high a waveform rises between its samples: true peak as ITU-R BS.1770-4 defines it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.waveform import Waveform, in_blocks, surrounded, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.model import Samples


# The standard asks for four times 48 kHz; eight times at least quarters its worst error.
_OVERSAMPLED_HZ = 192_000
_LEAST_FACTOR = 8


# A Kaiser-windowed sinc of 48 taps, flat within 0.04 dB up to 0.46 of the sampling rate.
_REACH = 24
_KAISER_BETA = 5.0


# No weighted sum of its taps exceeds the largest sample in reach by more than this.
_KERNEL_GAIN = 2.9


# It is near the line between two samples: off it by no more than these shares of the largest sample
# and of the largest second difference in reach (its taps less the line's, summed up twice).
_LINE_GAIN = 1.0025
_BEND_GAIN = 0.56


# Frames are longer than the kernel's reach: one neighbour on each side is enough.
_FRAME = 32


# OpenBLAS starts threads, which spin, for products of more than this many terms.
_TERMS_AT_ONCE = 1 << 18


def true_peak_dbtp(samples: Samples, rate_hz: int) -> float:
    """Measure the true peak of a clip (ITU-R BS.1770-4, annex 2).

    Args:
        samples: shape (n,), full scale at -1..1.
        rate_hz: samples per second.

    Returns:
        The highest magnitude of the interpolated waveform in dBTP, ``-inf`` for silence.
    """
    return highest_dbtp(whole(samples), rate_hz)


def highest_dbtp(wave: Waveform, rate_hz: int, *, over_dbtp: float = -math.inf) -> float:
    """True peak of a sound of any length, as :func:`true_peak_dbtp` tells that of a clip.

    Args:
        wave: what to measure.
        rate_hz: samples per second.
        over_dbtp: a peak above this is told exactly; of another only how high it is at least.
    """
    *_, highest = rising_dbtp(wave, rate_hz, over_dbtp=over_dbtp)
    return highest


def rising_dbtp(wave: Waveform, rate_hz: int, *, over_dbtp: float = -math.inf) -> Iterator[float]:
    """What :func:`highest_dbtp` would tell before the first block, and after each."""
    yield -math.inf
    matrix = _interpolator(_factor(rate_hz))
    highest, over = 0.0, 10.0 ** (over_dbtp / 20.0)
    for window in _windows(wave):
        heights = np.abs(window).reshape(-1, _FRAME)
        highest = max(highest, float(heights[1:-1].max()))
        for _, values in _between(window, heights, matrix, floor=max(highest, over)):
            highest = max(highest, float(values.max()))
        yield 20.0 * math.log10(highest) if highest else -math.inf


def envelope(wave: Waveform, rate_hz: int, *, floor: float) -> Iterator[Samples]:
    """Magnitude the waveform reaches between each sample and the next, in blocks.

    Only frames that can rise above ``floor`` are interpolated, and none of those is missed;
    in all others it is the magnitude of the sample alone.
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
    """Whole frames, with one more on both sides."""
    return surrounded(in_blocks(wave.blocks()), _FRAME, fill=0.0, multiple=_FRAME)


def _between(
    window: Samples, heights: Samples, matrix: Samples, *, floor: float
) -> Iterator[tuple[NDArray[np.intp], Samples]]:
    """Magnitudes between the samples of those frames that can rise above a floor.

    Args:
        window: whole frames, of which the first and the last only surround the others.
        heights: its magnitudes, shape (frames + 2, frame).
        matrix: as _interpolator makes it.
        floor: how high a frame must be able to rise.

    Returns:
        Of some frames at a time their numbers, and magnitudes of shape (some, (factor - 1) * frame),
        phase by phase.
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
    """The highest value of each frame and its neighbours, but for the first and the last."""
    tops = frames.max(axis=1)
    highest: Samples = np.maximum(np.maximum(tops[:-2], tops[1:-1]), tops[2:])
    return highest


def _surroundings(padded: Samples, frames: int) -> Samples:
    """Each frame with as much of its neighbours as the kernel reaches, a view without a copy.

    Shape (frames, frame + 2 * reach - 1).
    """
    shape = (frames, _FRAME + 2 * _REACH - 1)
    first = (_FRAME - _REACH + 1) * padded.itemsize
    strides = (_FRAME * padded.itemsize, padded.itemsize)
    # As sliding_window_view makes it, which takes longer than some clips' interpolation.
    windows: Samples = np.ndarray(shape, padded.dtype, padded, first, strides)
    windows.flags.writeable = False
    return windows


@lru_cache(maxsize=8)
def _interpolator(factor: int) -> Samples:
    """Matrix from one frame and its surroundings to all points between its samples.

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
