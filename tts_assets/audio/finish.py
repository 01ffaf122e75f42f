"""From what an engine returned to a finished clip: the whole pipeline on one screen."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import soxr

from tts_assets.audio.codec import LOSSLESS, decode, encode
from tts_assets.audio.edges import pad, trim
from tts_assets.audio.level import level, measured
from tts_assets.domain import Recording
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from tts_assets.domain import Samples, Sound, Speech

# Full scale is 1; OpenJTalk speaks up to 3, and a broken synthesis far beyond this.
_WILD_PEAK = 64.0
_SILENT_PEAK = 1e-4
_SHORTEST_SECONDS = 0.01

# True-peak meters differ by some hundredths, and codecs lift a peak by 0.3 dB as a rule.
_METER_ERROR_DB = 0.05
_PEAK_MARGIN_DB = 0.1
_LOSSY_PEAK_MARGIN_DB = 0.3

_TOLERANCE_LU = 0.25
_ATTEMPTS = 6


def finish(speech: Speech, sound: Sound) -> Recording:
    """Trim, resample, level and encode what an engine spoke; equal input gives equal bytes.

    Loudness and true peak hold for the file as players decode it: it is decoded and measured, and
    where a lossy codec moved them too far, levelled again.

    Args:
        speech: float32 samples of shape (n,), of any scale up to 64 times full scale.
        sound: settings that ``formats.problem_with`` finds nothing wrong with.

    Returns:
        The encoded file, its length without the codec's padding, and its loudness and true peak
        (ITU-R BS.1770-4) as decoded.

    Raises:
        ClipError: the samples are shorter than 10 ms, silent, not finite, wild, or of another shape;
            or the encoder left nothing audible of them.
    """
    samples = _normalised(speech)
    samples = trim(samples, speech.rate_hz)
    samples = _resampled(samples, speech.rate_hz, sound.rate_hz)
    samples = pad(samples, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms)
    return _recorded(samples, sound)


def _normalised(speech: Speech) -> Samples:
    """The samples with their peak at 1, if they can be speech at all."""
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
    return (samples / peak).astype(np.float32, copy=False)


def _resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    if from_hz == to_hz:
        return samples
    resampled: Samples = soxr.resample(samples, from_hz, to_hz)
    return resampled


def _recorded(samples: Samples, sound: Sound) -> Recording:
    """Level and encode; again with corrected aims while the decoded file misses the settings."""
    lossless = sound.format in LOSSLESS
    lufs = sound.lufs
    ceiling = sound.peak_dbtp - (_PEAK_MARGIN_DB if lossless else _LOSSY_PEAK_MARGIN_DB)
    takes: list[Recording] = []
    before = samples
    for attempt in range(1, _ATTEMPTS + 1):
        levelled = level(samples, sound.rate_hz, lufs=lufs, peak_dbtp=ceiling)
        if takes and np.array_equal(levelled, before):
            break
        before = levelled
        takes.append(_take(levelled, sound))
        miss = sound.lufs - takes[-1].lufs
        over = takes[-1].peak_dbtp - sound.peak_dbtp + _METER_ERROR_DB
        if lossless or (over <= 0.0 and abs(miss) <= _TOLERANCE_LU):
            break
        lufs += miss
        ceiling -= max(0.0, over) * attempt
    best = min(takes, key=lambda take: _shortfall(take, sound))
    return replace(best, lufs=round(best.lufs, 2), peak_dbtp=round(best.peak_dbtp, 2))


def _take(levelled: Samples, sound: Sound) -> Recording:
    """Encode, and measure what players will hear."""
    data = encode(levelled, sound)
    heard = measured(decode(data)[0], sound.rate_hz)
    if not math.isfinite(heard.lufs):
        raise ClipError(
            f"Nothing audible is left of the clip as {sound.format} at {sound.lufs:g} LUFS:"
            " raise bitrate_kbps or lufs."
        )
    seconds = round(levelled.size / sound.rate_hz, 3)
    return Recording(data=data, seconds=seconds, lufs=heard.lufs, peak_dbtp=heard.peak_dbtp)


def _shortfall(take: Recording, sound: Sound) -> tuple[float, float]:
    """What a take lacks, the ceiling before the loudness; less is better."""
    return max(0.0, take.peak_dbtp - sound.peak_dbtp), abs(sound.lufs - take.lufs)
