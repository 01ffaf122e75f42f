"""A look-ahead limiter: holds single peaks under a ceiling, and leaves all else as it is."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.peaks import envelope
from tts_assets.audio.waveform import Waveform, in_blocks, surrounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.domain import Samples

# Short against a period of the voice: a longer reach would turn down whole vowels.
_LOOK_AHEAD_SECONDS = 0.0015


def limited(wave: Waveform, rate_hz: int, ceiling: np.float32) -> Waveform:
    """Hold the true peak near a ceiling with a smooth gain that looks ahead and behind.

    Args:
        wave: what to limit.
        rate_hz: samples per second.
        ceiling: a magnitude.
    """

    def blocks() -> Iterator[Samples]:
        pairs = zip(in_blocks(wave.blocks()), in_blocks(_gain(wave, rate_hz, ceiling)), strict=True)
        for samples, gain in pairs:
            yield samples * gain

    return Waveform(size=wave.size, blocks=blocks)


def _gain(wave: Waveform, rate_hz: int, ceiling: np.float32) -> Iterator[Samples]:
    reach = max(1, round(_LOOK_AHEAD_SECONDS / 2 * rate_hz))
    wanted = (
        (ceiling / np.maximum(heights, ceiling)).astype(np.float32)
        for heights in envelope(wave, rate_hz, floor=float(ceiling))
    )
    return _mean_around(_mean_around(_least_around(wanted, 2 * reach), reach), reach)


def _least_around(gains: Iterator[Samples], reach: int) -> Iterator[Samples]:
    """Minimum over each value and ``reach`` neighbours on both sides, by doubling windows."""
    for window in surrounded(gains, reach, fill=1.0):
        least = window
        width, span = 2 * reach + 1, 1
        while span < width:
            step = min(span, width - span)
            least = np.minimum(least[:-step], least[step:])
            span += step
        yield least


def _mean_around(gains: Iterator[Samples], reach: int) -> Iterator[Samples]:
    """Mean over each value and ``reach`` neighbours on both sides.

    The sums go on from block to block, so that they are rounded as those of the whole would be.
    """
    width = 2 * reach + 1
    sums = np.arange(1.0, reach + 2.0)
    for block in chain(gains, (np.ones(reach, dtype=np.float32),)):
        further = np.cumsum(np.concatenate((sums[-1:], block)), dtype=np.float64)[1:]
        sums = np.concatenate((sums, further))
        yield ((sums[width:] - sums[:-width]) / width).astype(np.float32)
        sums = sums[-width:]
