"""Prepare raw speech for levelling: check, trim, resample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soxr

from tts_assets.errors import ClipError
from tts_assets.model import MAX_PEAK, SHORTEST_SOUND_SECONDS, SILENT_PEAK

if TYPE_CHECKING:
    from tts_assets.model import Samples, Speech


# Measured on OpenJTalk: its pauses lie 60 dB below the loudest 10 ms of a word (median),
# the [f] of ふっ begins at -47 dB, the [s] that ends です fades through -50 dB.
_SILENCE_DB = -50.0
_HOP_SECONDS = 0.005

# Noise in OpenJTalk's pauses exceeds the silence for up to 30 ms, with up to -45 dB if a word is soft
# (チ, ハ, ゼ); clicks of Kokoro for 40 ms, with up to -44 dB, up to 0.3 s from the word. Whispered morae
# at an edge (the フ of 福) have -40 dB and more for 60 ms.
_CLICK_DB = -42.0
_CLICK_SECONDS = 0.040

_BRIDGE_SECONDS = 0.010  # shorter silences do not separate a weak edge from the speech
_MARGIN_SECONDS = 0.020
_FADE_SECONDS = 0.003
_STEP_SECONDS = 0.1  # the step of gating blocks: 400 ms that overlap by 75 %
_COUNTED_SHARE = 0.49  # slightly below the half at which meters round up


def trim(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
    """Cut silence at both ends of samples, n > 0, never inside, and fade the cuts over 3 ms.

    Silence is 50 dB below the clip's loudest 10 ms; 20 ms of it are kept, so that weak onsets
    (h, f, s) and devoiced endings (です, ます) stay whole. An isolated click of up to 40 ms and 42 dB
    below counts as silence.

    Returns:
        The trimmed samples, and the number of samples cut at the beginning.
    """
    hop = max(1, round(_HOP_SECONDS * rate_hz))
    frames = np.zeros((max(2, -(-samples.size // hop)), hop), dtype=np.float32)
    frames.reshape(-1)[: samples.size] = samples
    energies = np.einsum("ij,ij->i", frames, frames)
    windows = energies[:-1] + energies[1:]
    first, last = _find_speech(windows / windows.max())
    margin = round(_MARGIN_SECONDS * rate_hz)
    start = max(0, first * hop - margin)
    return _fade(samples[start : (last + 2) * hop + margin], rate_hz), start


def _find_speech(powers: Samples) -> tuple[int, int]:
    """The first and the last window of speech, from the relative powers of 10 ms every 5 ms."""
    (loud,) = np.nonzero(powers >= 10.0 ** (_SILENCE_DB / 10.0))
    (gaps,) = np.nonzero(np.diff(loud) > round(_BRIDGE_SECONDS / _HOP_SECONDS) + 1)
    begins = loud[np.concatenate(([0], gaps + 1))]
    ends = loud[np.concatenate((gaps, [loud.size - 1]))]
    is_long = ends - begins >= round(_CLICK_SECONDS / _HOP_SECONDS)
    is_strong = np.maximum.reduceat(powers, begins) >= 10.0 ** (_CLICK_DB / 10.0)
    (speech,) = np.nonzero(is_long | is_strong)
    return int(begins[speech[0]]), int(ends[speech[-1]])


def compute_silences(size: int, rate_hz: int, *, lead_ms: int, trail_ms: int) -> tuple[int, int]:
    """The number of silent samples to add before and after so many samples.

    The trail is extended by up to 50 ms to a whole number of loudness steps: some meters count an
    incomplete last gating block, which BS.1770-4 excludes, and show up to 1.3 LU less.
    """
    lead, trail = (round(ms * rate_hz / 1000) for ms in (lead_ms, trail_ms))
    padded = lead + size + trail
    steps = padded / (_STEP_SECONDS * rate_hz)
    if trail and steps % 1 >= _COUNTED_SHARE:
        trail += round(math.ceil(steps) * _STEP_SECONDS * rate_hz) - padded
    return lead, trail


def _fade(samples: Samples, rate_hz: int) -> Samples:
    length = min(round(_FADE_SECONDS * rate_hz), samples.size // 2)
    # Points between 0 and 1, so that no sample becomes exactly zero.
    rise = (np.arange(length, dtype=np.float32) + 0.5) / max(1, length)
    faded = samples.copy()
    faded[:length] *= rise
    faded[samples.size - length :] *= rise[::-1]
    return faded


class PreparedSpeech(NamedTuple):
    """Trimmed speech at the rate of its asset."""

    samples: Samples  #: float32, shape (n,), their peak near 1
    level: float  #: the original peak; samples times this have the original loudness
    cut_seconds: float = 0.0  #: the silence cut at the beginning


def prepare_speech(speech: Speech, rate_hz: int) -> PreparedSpeech:
    """Check, normalise, trim and resample speech of any scale up to 64 times full scale.

    Raises:
        ClipError: the samples are shorter than 10 ms, silent, not finite, too loud, or of another
            shape.
    """
    level = _peak(speech)
    samples = (speech.samples / level).astype(np.float32, copy=False)
    samples, start = trim(samples, speech.rate_hz)
    if speech.rate_hz != rate_hz:
        samples = soxr.resample(samples, speech.rate_hz, rate_hz)
    return PreparedSpeech(samples, level, start / speech.rate_hz)


def _peak(speech: Speech) -> float:
    """The peak of samples; raises ClipError if they cannot be speech."""
    samples = speech.samples
    if samples.ndim != 1:
        raise ClipError(f"The engine returned samples of shape {samples.shape}; speech is (n,).")
    if samples.size < SHORTEST_SOUND_SECONDS * speech.rate_hz:
        raise ClipError(
            f"The engine returned {samples.size} samples, "
            f"{samples.size / speech.rate_hz:.3f} s of sound: the text may contain nothing "
            "it can speak."
        )
    peak = float(np.abs(samples).max())
    if not math.isfinite(peak) or peak > MAX_PEAK:
        raise ClipError(
            f"The engine's samples reach {peak:g} times full scale, so the synthesis broke "
            "down: the text may be too long or too unusual for it."
        )
    if peak < SILENT_PEAK:
        raise ClipError(
            f"The engine returned {samples.size} samples of silence (their peak is {peak:g} "
            "of full scale): the text may contain nothing it can speak."
        )
    return peak
