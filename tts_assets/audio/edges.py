"""Where a clip begins and ends: its own silence cut away, the wanted silence put around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tts_assets.domain import Samples

# Measured on OpenJTalk: its pauses lie 60 dB below the loudest 10 ms of a word (median),
# the [f] of ふっ begins at -47 dB, the [s] that ends です fades through -50 dB.
_SILENCE_DB = -50.0
_HOP_SECONDS = 0.005
_MARGIN_SECONDS = 0.020
_FADE_SECONDS = 0.003

# Between gating blocks of 400 ms that overlap by 75 %.
_STEP_SECONDS = 0.1
# A little under the half at which meters round up.
_COUNTED_SHARE = 0.49


def trim(samples: Samples, rate_hz: int) -> Samples:
    """Cut silence at both ends, never inside, and fade the cuts over 3 ms.

    Silent is what stays 50 dB below the clip's loudest 10 ms; 20 ms of it are kept, so that
    weak onsets (h, f, s) and devoiced endings (です, ます) stay whole.

    Args:
        samples: shape (n,), n > 0, any scale.
        rate_hz: samples per second.
    """
    return trim_with_start(samples, rate_hz)[0]


def trim_with_start(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
    """The same, and how many samples were cut away at the beginning."""
    hop = max(1, round(_HOP_SECONDS * rate_hz))
    frames = np.zeros((max(2, -(-samples.size // hop)), hop), dtype=np.float32)
    frames.reshape(-1)[: samples.size] = samples
    energies = np.einsum("ij,ij->i", frames, frames)
    windows = energies[:-1] + energies[1:]
    (loud,) = np.nonzero(windows >= windows.max() * 10.0 ** (_SILENCE_DB / 10.0))
    margin = round(_MARGIN_SECONDS * rate_hz)
    start = max(0, int(loud[0]) * hop - margin)
    return _faded(samples[start : (loud[-1] + 2) * hop + margin], rate_hz), start


def pad(samples: Samples, rate_hz: int, *, lead_ms: int, trail_ms: int) -> Samples:
    """Put silence before and after, as long as :func:`silences` says."""
    return np.pad(samples, silences(samples.size, rate_hz, lead_ms=lead_ms, trail_ms=trail_ms))


def silences(size: int, rate_hz: int, *, lead_ms: int, trail_ms: int) -> tuple[int, int]:
    """How much silence goes before and after so many samples, in whole samples.

    A trail, where there is one, grows by up to 50 ms to a whole number of loudness steps: what the
    standard leaves out at the end (BS.1770-4, incomplete gating blocks) some meters count when it
    is more than half a step, and show up to 1.3 LU less.
    """
    lead, trail = (round(ms * rate_hz / 1000) for ms in (lead_ms, trail_ms))
    padded = lead + size + trail
    steps = padded / (_STEP_SECONDS * rate_hz)
    if trail and steps % 1 >= _COUNTED_SHARE:
        trail += round(math.ceil(steps) * _STEP_SECONDS * rate_hz) - padded
    return lead, trail


def _faded(samples: Samples, rate_hz: int) -> Samples:
    length = min(round(_FADE_SECONDS * rate_hz), samples.size // 2)
    # Points between 0 and 1, so that no sample is lost to an exact zero.
    rise = (np.arange(length, dtype=np.float32) + 0.5) / max(1, length)
    faded = samples.copy()
    faded[:length] *= rise
    faded[samples.size - length :] *= rise[::-1]
    return faded
