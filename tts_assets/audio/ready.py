"""What an engine spoke, made ready to be levelled: checked, trimmed, at the rate of its asset."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soxr

from tts_assets.audio.edges import trim_with_start
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from tts_assets.model import Samples, Speech


# Full scale is 1; OpenJTalk speaks up to 3, and a broken synthesis far beyond this.
_WILD_PEAK = 64.0
_SILENT_PEAK = 1e-4
_SHORTEST_SECONDS = 0.01


class Ready(NamedTuple):
    """Speech that may wait to be joined with other.

    Args:
        samples: float32, shape (n,), their peak near 1.
        level: the peak that the engine gave them; times this they are as loud as it spoke them.
        cut_seconds: how much silence was cut away before them.
    """

    samples: Samples
    level: float
    cut_seconds: float = 0.0


def ready(speech: Speech, rate_hz: int) -> Ready:
    """Cut the silence at both ends, and bring it to a rate.

    Args:
        speech: float32 samples of shape (n,), of any scale up to 64 times full scale.
        rate_hz: samples per second of the result.

    Raises:
        ClipError: the samples are shorter than 10 ms, silent, not finite, wild, or of another shape.
    """
    level = _peak(speech)
    samples = (speech.samples / level).astype(np.float32, copy=False)
    samples, start = trim_with_start(samples, speech.rate_hz)
    return Ready(_resampled(samples, speech.rate_hz, rate_hz), level, start / speech.rate_hz)


def _peak(speech: Speech) -> float:
    """The highest magnitude of the samples, if they can be speech at all."""
    samples = speech.samples
    if samples.ndim != 1:
        raise ClipError(f"The engine returned samples of shape {samples.shape}; speech is (n,).")
    if samples.size < _SHORTEST_SECONDS * speech.rate_hz:
        raise ClipError(
            f"The engine returned {samples.size} samples, {samples.size / speech.rate_hz:.3f} s of"
            " sound: the text may hold nothing it can say."
        )
    peak = float(np.abs(samples).max())
    if not math.isfinite(peak) or peak > _WILD_PEAK:
        raise ClipError(
            f"The engine's samples reach {peak:g} times full scale, so the synthesis broke down:"
            " the text may be too long or too odd for it."
        )
    if peak < _SILENT_PEAK:
        raise ClipError(
            f"The engine returned {samples.size} samples of silence (their peak is {peak:g} of"
            " full scale): the text may hold nothing it can say."
        )
    return peak


def _resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    if from_hz == to_hz:
        return samples
    resampled: Samples = soxr.resample(samples, from_hz, to_hz)
    return resampled
