"""The rules that the sound of a clip is held against, by their names."""

from __future__ import annotations

from enum import StrEnum

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
