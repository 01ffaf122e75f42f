"""The names of the audio checks, and the voices they are calibrated for."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

#: How far from its level a clip may be. It is made to 0.25 LU; players' codecs differ by some tenths.
TOLERANCE_LU = 1.0


class Rule(StrEnum):
    """What can be wrong with how a clip sounds."""

    #: It cannot be read as sound.
    UNDECODABLE = "undecodable"
    #: It is stored in another encoding than it should be.
    FORMAT = "format"
    #: It has another sampling rate than it should have.
    RATE = "rate"
    #: It has more than one channel.
    CHANNELS = "channels"
    #: It has no samples.
    EMPTY = "empty"
    #: Its samples hold numbers that are none, or are far beyond full scale.
    BROKEN = "broken"
    #: Nothing is heard.
    SILENT = "silent"
    #: Its waveform is cut off at a level.
    CLIPPED = "clipped"
    #: Its true peak is over the ceiling.
    PEAK = "peak"
    #: It is louder or quieter than it should be.
    LOUDNESS = "loudness"
    #: The silence before it is of another length than it should be.
    LEAD = "lead"
    #: The silence behind it is of another length than it should be.
    TRAIL = "trail"
    #: Its waveform does not swing around zero.
    DC = "dc"
    #: It is shorter than what it should say can be.
    SHORT = "short"
    #: It is longer than what it should say can be.
    LONG = "long"
    #: It ends or begins in the middle of a sound.
    CUT = "cut"
    #: There is a pause in it where none belongs.
    PAUSE = "pause"
    #: Something is heard behind its end.
    TAIL = "tail"
    #: It says the same twice.
    REPEAT = "repeat"
    #: It is no speech.
    NO_SPEECH = "no-speech"
    #: It is higher or lower than its voice speaks.
    PITCH = "pitch"
    #: The pitch falls at another mora than the accent says.
    ACCENT = "accent"


# What is known of voices: how high they speak, and how still their silences are.


class KnownVoice(NamedTuple):
    """What clips of a voice have in common.

    Args:
        lowest_hz: the median of their pitch is not lower.
        highest_hz: nor higher.
        still_seconds: no closure of theirs is this long without any sound, at a speed of 1.
        still_pause_seconds: nor is the middle of a pause.
        middle_hz: what accents on the first mora begin above, and others below, as a rule.
    """

    lowest_hz: float
    highest_hz: float
    still_seconds: float
    still_pause_seconds: float
    middle_hz: float


#: Measured on all clips of data/, at speeds of 0.7, 1 and 1.3.
KNOWN = {
    "openjtalk/mei": KnownVoice(
        lowest_hz=235.0,
        highest_hz=455.0,
        still_seconds=0.10,
        still_pause_seconds=0.16,
        middle_hz=300.0,
    )
}
