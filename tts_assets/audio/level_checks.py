"""How loud a clip is, and whether its waveform is whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.check_rules import TOLERANCE_LU, Rule
from tts_assets.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.measure import AudioMeasurements
    from tts_assets.audio.speech_activity import SpeechActivity


#: What stays below is no speech; the pipeline that makes clips says so, too.
SILENT_PEAK = 1e-4


#: So near its ceiling a clip that is too quiet could not have been louder.
_NEAR_CEILING_DB = 1.0
_TOLERANCE_DB = 0.3


#: The mean of a clip of data/ is at most 0.03 of its effective value.
_OFFSET_SHARE = 0.1


#: Two of 10 ms, so that a period of the voice is within.
_HOPS = 2
_LOUD_DB = -10.0


#: Peak over effective value: 1.41 of a sine, which some nasals come near, 1 of a square wave. In
#: the loudest 20 ms of the clips of data/ it is 1.43 at least.
_LEAST_CREST = 1.34


def check_silence(heard: AudioMeasurements) -> Iterator[Finding]:
    """Whether there is anything to be heard."""
    if not heard.size:
        yield Finding(Rule.EMPTY, "0 samples", "1 sample", "it has no samples")
        return
    if heard.strange:
        told = f"{heard.strange} of its {heard.size} samples are no numbers"
        yield Finding(Rule.BROKEN, f"{heard.strange} samples", "0 samples", told)
    peak = float(heard.peaks.max())
    if peak < SILENT_PEAK:
        told = f"its {heard.seconds:.2f} s are silence: their peak is {peak:.2g} of full scale"
        yield Finding(Rule.SILENT, f"{peak:.2g}", f"{SILENT_PEAK:g}", told)


def wrong_level(heard: AudioMeasurements, expected: ExpectedSound) -> Iterator[Finding]:
    """Loudness and true peak, where they were to be reached."""
    yield from wrong_figures(heard.lufs, heard.peak_dbtp, expected)


def wrong_figures(lufs: float, peak_dbtp: float, expected: ExpectedSound) -> Iterator[Finding]:
    """The same, by the figures alone: loudness in LUFS, and true peak in dBTP."""
    sound = expected.sound
    over = peak_dbtp - sound.peak_dbtp
    if over > _TOLERANCE_DB:
        told = f"its true peak is {peak_dbtp:.1f} dBTP, and may be {sound.peak_dbtp:g}"
        yield _decibels(Rule.PEAK, peak_dbtp, sound.peak_dbtp, "dBTP", told)
    miss = lufs - sound.lufs
    at_ceiling = miss < 0 and over > -_NEAR_CEILING_DB
    if abs(miss) > TOLERANCE_LU and not at_ceiling:
        told = f"it has {lufs:.1f} LUFS instead of {sound.lufs:g}"
        yield _decibels(Rule.LOUDNESS, lufs, sound.lufs, "LUFS", told)


def wrong_waveform(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:  # noqa: ARG001 - as others
    """Clipping, and an offset."""
    heard = course.heard
    effective = math.sqrt(float(heard.powers.mean(dtype=np.float64)))
    share = abs(heard.mean) / effective
    if share > _OFFSET_SHARE:
        told = f"it swings around {heard.mean:+.3f} of full scale instead of around zero"
        yield Finding(Rule.DC, f"{share:.0%}", f"{_OFFSET_SHARE:.0%}", told)
    crest = _least_crest(course)
    if crest < _LEAST_CREST:
        told = f"its waveform is cut off: a peak is {crest:.2f} times its effective value"
        yield Finding(Rule.CLIPPED, f"{crest:.2f}", f"{_LEAST_CREST:g}", told)


def _least_crest(course: SpeechActivity) -> float:
    """The least ratio of peak and effective value in what is loud; inf where it is too short."""
    count = course.peaks.size // _HOPS * _HOPS
    if not count:
        return math.inf
    powers = 10 ** (course.levels_db[:count].reshape(-1, _HOPS) / 10)
    power = powers.mean(axis=1)
    loudest = float(course.heard.powers.max())
    peaks = course.peaks[:count].reshape(-1, _HOPS).max(axis=1)
    crests = peaks / np.sqrt(power * loudest)
    loud = power >= power.max() * 10 ** (_LOUD_DB / 10)
    return float(crests[loud].min())


def _decibels(rule: Rule, measured: float, limit: float, unit: str, told: str) -> Finding:
    return Finding(rule, f"{measured:.1f} {unit}", f"{limit:g} {unit}", told)
