"""A look-ahead limiter: holds single peaks under a ceiling, and leaves all else as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tts_assets.audio.peaks import envelope
from tts_assets.audio.waveform import Waveform, doubled, in_blocks, surrounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.model import Samples


# Short against a period of the voice: a longer reach would turn down whole vowels.
_LOOK_AHEAD_SECONDS = 0.0015


# Gains are made for so many samples at once, where there is something to turn down.
_ROW = 1024


def limited(wave: Waveform, rate_hz: int, ceiling: np.float32) -> Waveform:
    """Hold the true peak near a ceiling with a smooth gain that looks ahead and behind.

    Args:
        wave: what to limit.
        rate_hz: samples per second.
        ceiling: a magnitude.
    """
    reach = max(1, round(_LOOK_AHEAD_SECONDS / 2 * rate_hz))
    margin = 4 * reach

    def blocks() -> Iterator[Samples]:
        first, second = doubled(in_blocks(wave.blocks()))
        theirs = Waveform(size=wave.size, blocks=lambda: second)
        heights = envelope(theirs, rate_hz, floor=float(ceiling))
        pairs = zip(
            surrounded(first, margin, fill=0.0),
            surrounded(in_blocks(heights), margin, fill=0.0),
            strict=True,
        )
        for samples, window in pairs:
            yield _turned_down(samples[margin:-margin], window, reach, ceiling)

    return Waveform(size=wave.size, blocks=blocks)


def _turned_down(samples: Samples, heights: Samples, reach: int, ceiling: np.float32) -> Samples:
    """Samples below a ceiling; where nothing near rises above it, they are left as they are.

    Args:
        samples: shape (n,).
        heights: how high they reach, with four times ``reach`` more on both sides.
        reach: over how many neighbours on both sides each of the two means goes.
        ceiling: a magnitude.
    """
    padded = np.pad(heights, (0, -samples.size % _ROW))
    rows = sliding_window_view(padded, _ROW + 8 * reach)[::_ROW]
    (loud,) = np.nonzero(rows.max(axis=1) > ceiling)
    if not loud.size:
        return samples
    wanted = (ceiling / np.maximum(rows[loud], ceiling)).astype(np.float32)
    gains = np.ones((len(rows), _ROW), dtype=np.float32)
    gains[loud] = _mean_around(_mean_around(_least_around(wanted, 2 * reach), reach), reach)
    limited: Samples = samples * gains.reshape(-1)[: samples.size]
    return limited


def _least_around(gains: Samples, reach: int) -> Samples:
    """Minimum over each value and ``reach`` neighbours on both sides, by doubling windows."""
    least = gains
    width, span = 2 * reach + 1, 1
    while span < width:
        step = min(span, width - span)
        least = np.minimum(least[:, :-step], least[:, step:])
        span += step
    return least


def _mean_around(gains: Samples, reach: int) -> Samples:
    """Mean over each value and ``reach`` neighbours on both sides; the sums are exact."""
    width = 2 * reach + 1
    sums = np.cumsum(gains, axis=1, dtype=np.float64)
    sums = np.pad(sums, ((0, 0), (1, 0)))
    means: Samples = ((sums[:, width:] - sums[:, :-width]) / width).astype(np.float32)
    return means
