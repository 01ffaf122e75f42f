"""Whether a clip is speech at all, and its voice's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio import speech_activity
from tts_assets.audio.check_rules import KNOWN, Rule
from tts_assets.audio.measure import HOP_SECONDS
from tts_assets.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.speech_activity import SpeechActivity


#: Of shorter sounds nobody can tell: ン of 50 ms, a whispered シ.
_LEAST_SECONDS = 0.3


#: The middle of a word moves by 1 dB at least (校, one long vowel); hum and noise stay as they are.
_LEAST_MOVEMENT_DB = 0.6


#: Words without any voice are short: 0.3 s of 月 have 50 ms of it.
_VOICELESS_SECONDS = 0.45


#: So many frames of pitch tell how high a voice is.
_LEAST_FRAMES = 15


#: What speech does: nine in ten clips of data/ have voice in 44 to 89 of 100 frames, their pitch
#: moves by 0.11 to 0.75 semitones from one to the next, and nine tenths of them have a range of 6.2
#: semitones. A model is asked about others only.
_LEAST_VOICED, _MOST_VOICED = 0.5, 0.92
_LEAST_STEP, _MOST_STEP = 0.1, 0.75
_LEAST_RANGE = 5.0


#: Silero's probability for the likeliest 32 ms of clips of data/ is 0.55 and more.
_LEAST_PROBABILITY = 0.15


#: Nobody speaks for longer without a sound that is like speech.
_ASKED_SECONDS = 5.0


def no_speech(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:  # noqa: ARG001 - as others
    """Hum, tones and noise; and what a model of speech says, where one is installed."""
    if course.seconds < _LEAST_SECONDS:
        return
    levels = course.levels_db
    middle = levels[levels.size // 5 : levels.size - levels.size // 5]
    movement = float(middle.std())
    voiced = int(np.count_nonzero(~np.isnan(course.hertz))) * HOP_SECONDS
    if movement < _LEAST_MOVEMENT_DB:
        told = f"it is no speech: its level moves by {movement:.1f} dB only, as hum and noise do"
        measured, limit = f"{movement:.1f} dB", f"{_LEAST_MOVEMENT_DB:g} dB"
        yield Finding(Rule.NO_SPEECH, measured, limit, told)
    elif not voiced and course.seconds > _VOICELESS_SECONDS:
        told = f"it is no speech: no voice is heard in {course.seconds:.2f} s"
        yield Finding(Rule.NO_SPEECH, "0 s", f"{HOP_SECONDS:g} s", told)
    elif not _is_like_speech(course):
        yield from _unlike_speech(course)


def _is_like_speech(course: SpeechActivity) -> bool:
    """Whether voice and none take turns in it, and its pitch glides far: no tone nor noise does so."""
    semitones = 12 * np.log2(course.hertz)
    voiced = ~np.isnan(semitones)
    steps = np.abs(np.diff(semitones))[voiced[1:] & voiced[:-1]]
    if not steps.size or not _LEAST_VOICED <= voiced.mean() <= _MOST_VOICED:
        return False
    low, high = np.quantile(semitones[voiced], [0.1, 0.9])
    return bool(_LEAST_STEP <= np.median(steps) <= _MOST_STEP and high - low >= _LEAST_RANGE)


def _unlike_speech(course: SpeechActivity) -> Iterator[Finding]:
    heard = course.heard
    begin = round(course.begin * heard.rate_hz)
    asked = heard.beginning[begin : begin + round(_ASKED_SECONDS * heard.rate_hz)]
    likeliest = speech_activity.likeliest(asked, heard.rate_hz)
    if likeliest is not None and likeliest < _LEAST_PROBABILITY:
        told = f"it is no speech: Silero VAD is sure of it by {1 - likeliest:.0%}"
        yield Finding(Rule.NO_SPEECH, f"{likeliest:.2f}", f"{_LEAST_PROBABILITY:g}", told)


def wrong_pitch(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Whether it is as high as its voice: played at another rate it is not."""
    known = KNOWN.get(expected.voice)
    hertz = course.hertz[~np.isnan(course.hertz)]
    if known is None or hertz.size < _LEAST_FRAMES:
        return
    found = float(np.median(hertz))
    if not known.lowest_hz <= found <= known.highest_hz:
        nearest = known.lowest_hz if found < known.lowest_hz else known.highest_hz
        told = (
            f"its voice is at {found:.0f} Hz, and {expected.voice} speaks"
            f" at {known.lowest_hz:.0f} to {known.highest_hz:.0f}"
        )
        yield Finding(Rule.PITCH, f"{found:.0f} Hz", f"{nearest:.0f} Hz", told)
