"""How long a clip should be, by what it says; check names and calibrated voices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tts_assets.model import split_morae

if TYPE_CHECKING:
    from tts_assets.model import Pronunciation, Sound


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

# How long OpenJTalk's voice Mei takes for what it says, sound by sound.


#: Seconds of each consonant, and the kana that begin with it. Like all figures here they are those
#: with the least error, relative to the length, over the 850 clips of data/ of up to 80 morae.
_CONSONANTS = {
    "アイウエオ": -0.016,
    "カキクケコ": 0.044,
    "サスセソ": 0.068,
    "シ": 0.091,
    "タテト": 0.020,
    "チ": 0.070,
    "ツ": 0.054,
    "ナニヌネノ": 0.005,
    "ハヒヘホ": 0.037,
    "フ": 0.032,
    "マミムメモ": 0.008,
    "ヤユヨ": 0.020,
    "ラリルレロ": -0.005,
    "ワ": 0.009,
    "ガギグゲゴ": 0.016,
    "ザズゼゾ": 0.043,
    "ジ": 0.040,
    "ダデド": 0.002,
    "バビブベボヴ": 0.002,
    "パピプペポ": 0.025,
}
_CONSONANT = {kana: seconds for row, seconds in _CONSONANTS.items() for kana in row}
_VOWELS = {
    "アカサタナハマヤラワガザダバパァャ": 0.109,
    "イキシチニヒミリギジビピィ": 0.083,
    "ウクスツヌフムユルグズブプゥュヴ": 0.085,
    "エケセテネヘメレゲゼデベペェ": 0.117,
    "オコソトノホモヨロゴゾドボポォョ": 0.108,
}
_VOWEL = {kana: seconds for row, seconds in _VOWELS.items() for kana in row}
_SPECIAL = {"ッ": 0.099, "ン": 0.035, "ー": 0.095}

#: ッ before a fricative (デッサン, けっせい): of 10 such words the mean.
_HISSING_CLOSURE, _HISSING = 0.030, frozenset("サシスセソ")

#: What whispers between two of these: an i or u without voice, which is shorter.
_VOICELESS = frozenset("カキクケコサスセソシタテトチツハヒヘホフパピプペポ")
_CLOSE = frozenset("キシチヒピクスツフプュ")
_WHISPERED = 0.062
_PAUSE = 0.563

#: Beside its sounds, whatever is said.
_ONCE = 0.060

#: What of it does not change with the speed: so much, and a part of the whole.
_STEADY, _STEADY_SHARE = 0.14, 0.07


def mei_seconds(said: Pronunciation, speed: float) -> float:
    """How long it takes, from the first sound to the last."""
    own = _ONCE + sound_seconds(said) + _PAUSE * (len(breaths(said)) - 1)
    steady = _STEADY + _STEADY_SHARE * own
    return max(0.05, steady + (own - steady) / speed)


def sound_seconds(said: Pronunciation) -> float:
    """How long its sounds take at a speed of 1, without the pauses between them."""
    groups = breaths(said)
    sounds = sum(sum(map(_of_mora, group, [*group[1:], ""])) for group in groups)
    # An utterance that ends in ッ ends before it.
    silent = _SPECIAL["ッ"] if groups and groups[-1][-1:] == ["ッ"] else 0.0
    return sounds - silent


def mora_seconds(kana: str) -> list[float]:
    """How long it takes for each mora of what is said in one breath, in seconds."""
    said = split_morae(kana)
    return [
        max(0.02, _of_mora(mora, after)) for mora, after in zip(said, [*said[1:], ""], strict=True)
    ]


def is_whispered(mora: str, after: str) -> bool:
    """Whether a mora is said without voice before another one; "" for the end."""
    voiceless_after = after == "ッ" or after[:1] in _VOICELESS
    return mora[0] in _VOICELESS and mora[-1] in _CLOSE and after != "" and voiceless_after


def _of_mora(mora: str, after: str) -> float:
    if mora == "ッ" and after[:1] in _HISSING:
        return _HISSING_CLOSURE
    if mora in _SPECIAL:
        return _SPECIAL[mora]
    vowel = _WHISPERED if is_whispered(mora, after) else _VOWEL.get(mora[-1], 0.1)
    return _CONSONANT.get(mora[0], 0.02) + vowel


def breaths(said: Pronunciation) -> list[list[str]]:
    """The morae of what is said from one pause to the next."""
    groups: list[list[str]] = [[]]
    for phrase in said.phrases:
        groups[-1] += split_morae(phrase.kana)
        if phrase.pause:
            groups.append([])
    return groups if groups[-1] or len(groups) == 1 else groups[:-1]


# What the sound of a clip is held against.


class LengthModel(Protocol):
    """How long a voice takes, as :class:`tts_assets.audio.speech_activity.SpeakingRate` learns it."""

    def bounds(self, said: Pronunciation) -> Bounds:
        """The shortest and the longest that a clip may be, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSound:
    """What a clip should be.

    Args:
        sound: how it was to sound and to be stored.
        pronunciation: what it should say; None where that is not known, as of a whole passage.
        speed: how fast it was to be said; 1.0 is the voice's own pace.
        voice: provider and name of the voice, as ``openjtalk/mei``.
        says_accents: whether the voice says the accents that it is told.
        is_segment: it is a part of a passage as the engine said it: not levelled, not padded and
            not encoded yet.
        pauses_ms: of a passage, the silences between its segments.
        pace: how long the voice takes at this speed, where that was learned; not asked for a voice
            that is known.
    """

    sound: Sound
    pronunciation: Pronunciation | None
    speed: float
    voice: str
    says_accents: bool
    is_segment: bool = False
    pauses_ms: tuple[int, ...] = ()
    pace: LengthModel | None = None


# How long a clip may be: what no voice says faster or more slowly, and what its own voice does not.


#: Japanese is read aloud with 7 to 9 morae a second, so that one takes about an eighth of it. No
#: voice says one in two fifths of that, and what has twelve times as long is said again or babble.
_LEAST_SECONDS = 0.05
_MOST_SECONDS = 1.5

#: Beside what is said: breath and noise at both ends.
_AROUND_SECONDS = 0.5

#: What lies below silence of a weak beginning and end.
_EDGE_SECONDS = 0.02

#: A single mora may be a nasal of 0.04 s at any speed, as ン by OpenJTalk.
_LEAST_ALONE_SECONDS = 0.02

#: Beside an ordinary voice, pauses left out: over 880 words and sentences of OpenJTalk's voices and
#: Kokoro's, the shortest took 0.93 of it, and sentences cut at 35 to 65 % of their bytes 0.92 at most.
LEAST_SPOKEN_SHARE = 0.75

#: What is shorter than two morae or so has any length.
LEAST_SPOKEN_SECONDS = 0.15

#: The same voice at three heights: what it says takes equally long.
MEI = frozenset({"openjtalk/mei", "openjtalk/mei-low", "openjtalk/mei-high"})

#: So much more or less than foreseen a clip may have: so much beside, a part of it, and less by
#: another part of what is beyond a second. None of the clips of data/ is shorter or longer, and one
#: of 600 words and sentences from elsewhere.
_LESS_SECONDS, _LESS_SHARE, _LESS_LONG_SHARE = 0.06, 0.06, 0.06
_MORE_SECONDS, _MORE_SHARE = 0.10, 0.10

#: At another speed what is foreseen is less sure, by so much for each part that it is longer.
_UNSURE = 2.5


class Bounds(NamedTuple):
    """How long a clip takes at least and at most, from its first sound to its last, in seconds."""

    least: float
    most: float


def bounds(said: Pronunciation, expected: ExpectedSound) -> Bounds:
    """What the sound of a clip may have."""
    found = _of_any(said, expected.speed)
    if expected.voice in MEI:
        found = _of_mei(said, expected.speed)
    elif expected.pace is not None:
        own = expected.pace.bounds(said)
        found = Bounds(max(own.least, found.least), min(own.most, found.most))
    return Bounds(found.least, found.most + sum(expected.pauses_ms) / 1000)


def margins(foreseen: float) -> tuple[float, float]:
    """How much less and more a clip of a known voice may have at a speed of 1, in seconds."""
    less = _LESS_SECONDS + _LESS_SHARE * foreseen + _LESS_LONG_SHARE * max(0.0, foreseen - 1.0)
    return less, _MORE_SECONDS + _MORE_SHARE * foreseen


def shortest_seconds(said: Pronunciation, speed: float) -> float:
    """What no voice says faster: a twentieth of a second for a mora, at a speed of 1."""
    return _LEAST_SECONDS * _mora_count(said) / speed


def longest_seconds(said: Pronunciation, speed: float) -> float:
    """What no voice says more slowly: a second and a half for a mora, without the silence around.

    Whoever is told to be fast may be not; slower than 1, it is as many times longer.
    """
    return _MOST_SECONDS * _mora_count(said) / min(1.0, speed)


def estimate_speech_seconds(said: Pronunciation, speed: float) -> float:
    """How long an ordinary voice speaks, pauses left out: as OpenJTalk's, with nine morae a second.

    A speed below 1 counts as 1, for some services ignore it.
    """
    return sound_seconds(said) / max(1.0, speed)


def _of_any(said: Pronunciation, speed: float) -> Bounds:
    least = shortest_seconds(said, speed) - _EDGE_SECONDS
    if _mora_count(said) == 1:
        least = min(least, _LEAST_ALONE_SECONDS)
    return Bounds(least, longest_seconds(said, speed) + _AROUND_SECONDS)


def _of_mei(said: Pronunciation, speed: float) -> Bounds:
    foreseen = mei_seconds(said, speed)
    less, more = margins(foreseen)
    unsure = 1 + _UNSURE * abs(1 - 1 / speed)
    return Bounds(foreseen - unsure * less, foreseen + unsure * more)


def _mora_count(said: Pronunciation) -> int:
    return sum(len(split_morae(phrase.kana)) for phrase in said.phrases)
