"""From what an engine returned to a finished clip: the whole pipeline on one screen."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import soxr

from tts_assets.audio.codec import LOSSLESS, decode, encode
from tts_assets.audio.edges import pad, trim
from tts_assets.audio.level import audible_powers, level
from tts_assets.audio.loudness import gated_lufs
from tts_assets.audio.peaks import true_peak_dbtp
from tts_assets.domain import Recording
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from tts_assets.domain import Samples, Sound, Speech

# Full scale is 1; OpenJTalk speaks up to 3, and a broken synthesis far beyond this.
_WILD_PEAK = 64.0
_SILENT_PEAK = 1e-4

# True-peak meters differ by some hundredths, and codecs lift a peak by 0.3 dB as a rule.
_METER_ERROR_DB = 0.05
_PEAK_MARGIN_DB = 0.1
_LOSSY_PEAK_MARGIN_DB = 0.3

_TOLERANCE_LU = 0.25
_ATTEMPTS = 6


def finish(speech: Speech, sound: Sound) -> Recording:
    """Trim, resample, level and encode what an engine spoke; equal input gives equal bytes.

    Loudness and true peak hold for the file as players decode it: a lossy file is decoded,
    measured, and where the codec moved them too far, levelled again.

    Args:
        speech: float32 samples of shape (n,), of any scale up to 64 times full scale.
        sound: settings that ``problem_with`` finds nothing wrong with.

    Returns:
        The encoded file, its length without the codec's padding, and its loudness and true peak
        (ITU-R BS.1770-4) as decoded.

    Raises:
        ClipError: the samples are empty, silent, not finite, wild, or of another shape.
    """
    samples = _normalised(speech.samples)
    samples = trim(samples, speech.rate_hz)
    samples = _resampled(samples, speech.rate_hz, sound.rate_hz)
    samples = pad(samples, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms)
    return _recorded(samples, sound)


def _normalised(samples: Samples) -> Samples:
    if samples.ndim != 1:
        raise ClipError(f"The engine returned samples of shape {samples.shape}; speech is (n,).")
    if not samples.size:
        raise ClipError("The engine returned no samples: the text may hold nothing it can say.")
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
    return (samples / peak).astype(np.float32, copy=False)


def _resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    if from_hz == to_hz:
        return samples
    return soxr.resample(samples, from_hz, to_hz)


def _recorded(samples: Samples, sound: Sound) -> Recording:
    """Level and encode; again with corrected aims while the decoded file misses the settings."""
    margin = _PEAK_MARGIN_DB if sound.format in LOSSLESS else _LOSSY_PEAK_MARGIN_DB
    lufs, ceiling = sound.lufs, sound.peak_dbtp - margin
    takes: list[Recording] = []
    levelled = samples
    for attempt in range(1, _ATTEMPTS + 1):
        before = levelled
        levelled = level(samples, sound.rate_hz, lufs=lufs, peak_dbtp=ceiling)
        if takes and np.array_equal(levelled, before):
            break
        takes.append(_take(levelled, sound))
        miss = sound.lufs - takes[-1].lufs
        over = takes[-1].peak_dbtp - sound.peak_dbtp + _METER_ERROR_DB
        if sound.format in LOSSLESS or (over <= 0.0 and abs(miss) <= _TOLERANCE_LU):
            break
        lufs += miss
        ceiling -= max(0.0, over) * attempt
    best = min(takes, key=lambda take: _shortfall(take, sound))
    return replace(best, lufs=round(best.lufs, 2), peak_dbtp=round(best.peak_dbtp, 2))


def _take(levelled: Samples, sound: Sound) -> Recording:
    data = encode(levelled, sound)
    heard = levelled if sound.format in LOSSLESS else decode(data)[0]
    lufs = gated_lufs(audible_powers(heard, sound.rate_hz))
    if not math.isfinite(lufs):
        raise ClipError(
            f"Nothing audible is left of the clip as {sound.format} at {sound.lufs:g} LUFS:"
            " raise bitrate_kbps or lufs."
        )
    return Recording(
        data=data,
        seconds=round(levelled.size / sound.rate_hz, 3),
        lufs=lufs,
        peak_dbtp=true_peak_dbtp(heard, sound.rate_hz),
    )


def _shortfall(take: Recording, sound: Sound) -> tuple[float, float]:
    """What a take lacks, the ceiling before the loudness; less is better."""
    return max(0.0, take.peak_dbtp - sound.peak_dbtp), abs(sound.lufs - take.lufs)
