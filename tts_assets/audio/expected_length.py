"""The expected length of a clip from its text; names of checks, and calibrated voices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.model import split_morae

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.audio.speech_activity import SpeakingRate
    from tts_assets.model import Phrase, Pronunciation, Sound


#: The allowed error of the level. Clips are within 0.25 LU; players' codecs differ by some tenths.
TOLERANCE_LU = 1.0


class Rule(StrEnum):
    """The checks of a clip's sound."""

    #: It cannot be decoded.
    UNDECODABLE = "undecodable"
    #: It has the wrong encoding.
    FORMAT = "format"
    #: It has the wrong sampling rate.
    RATE = "rate"
    #: It has more than one channel.
    CHANNELS = "channels"
    #: It has no samples, or less than 10 ms of them.
    EMPTY = "empty"
    #: It has samples that are not finite, or far over full scale.
    BROKEN = "broken"
    #: It is silent.
    SILENT = "silent"
    #: Its waveform is clipped.
    CLIPPED = "clipped"
    #: Its true peak exceeds the ceiling.
    PEAK = "peak"
    #: It is too loud or too quiet.
    LOUDNESS = "loudness"
    #: The silence before it has the wrong length.
    LEAD = "lead"
    #: The silence after it has the wrong length.
    TRAIL = "trail"
    #: Its waveform has an offset.
    DC = "dc"
    #: It is too short for its text.
    SHORT = "short"
    #: It is too long for its text.
    LONG = "long"
    #: It ends or begins in the middle of a sound.
    CUT = "cut"
    #: It has a misplaced pause.
    PAUSE = "pause"
    #: There is a noise after its end.
    TAIL = "tail"
    #: It has the same sound twice.
    REPEAT = "repeat"
    #: It is not speech.
    NO_SPEECH = "no-speech"
    #: Its pitch is out of the range of its voice.
    PITCH = "pitch"
    #: Its pitch contradicts the accent.
    ACCENT = "accent"


class KnownVoice(NamedTuple):
    """The calibration of a voice."""

    lowest_hz: float  #: the lowest median pitch of a clip
    highest_hz: float  #: the highest median pitch
    still_seconds: float  #: an upper bound of digital silence in a closure at a speed of 1
    still_pause_seconds: float  #: the same in a pause
    middle_hz: float  #: phrases accented on the first mora usually begin above it, others below


#: Measured on all clips of data/, at speeds of 0.7, 1 and 1.3.
KNOWN = {
    "openjtalk/mei": KnownVoice(
        lowest_hz=235.0,
        highest_hz=455.0,
        still_seconds=0.10,
        still_pause_seconds=0.24,
        middle_hz=300.0,
    )
}

#: Seconds of each consonant of OpenJTalk's voice Mei, by the kana that begin with it. These and the
#: following figures minimise the relative error over the 850 clips of data/ of up to 80 morae.
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

#: ッ before a fricative (デッサン, けっせい): the mean of 10 such words.
_HISSING_CLOSURE, _HISSING = 0.030, frozenset("サシスセソ")

#: Between two of these an i or u is devoiced, and shorter.
VOICELESS = frozenset("カキクケコサスセソシタテトチツハヒヘホフパピプペポ")
_CLOSE = frozenset("キシチヒピクスツフプュ")
_WHISPERED = 0.070
#: The vowel of a devoiced シ, シュ or ス is a part of its fricative.
_HISSED_VOWEL, _HISSED_MORAE = 0.008, frozenset(("シ", "シュ", "ス"))
#: A sentence that ends in です or ます ends in the fricative alone.
_POLITE_ENDS, _UNSPOKEN_VOWEL = (["デ", "ス"], ["マ", "ス"]), 0.072
_PAUSE = 0.563
_NEXT_PHRASE = 0.018  #: added for each phrase that follows another without a pause

_ONCE = 0.066  #: added once for each text

#: The seconds, and the share of the length, that do not depend on the speed.
_STEADY, _STEADY_SHARE = 0.14, 0.07


def estimate_mei_seconds(spoken: Pronunciation, speed: float) -> float:
    """The length of speech by Mei, from the first sound to the last."""
    own = _ONCE + estimate_sound_seconds(spoken) + _PAUSE * (len(split_breaths(spoken)) - 1)
    steady = _STEADY + _STEADY_SHARE * own
    return max(0.05, steady + (own - steady) / speed)


def estimate_sound_seconds(spoken: Pronunciation) -> float:
    """The length of speech by Mei at a speed of 1, without pauses."""
    groups = split_breaths(spoken)
    sounds = sum(sum(map(_of_mora, group, [*group[1:], ""])) for group in groups)
    sounds += _NEXT_PHRASE * sum(len(group) - 1 for group in split_at_pauses(spoken.phrases))
    return sounds - _estimate_silent_end(groups[-1] if groups else [])


def _estimate_silent_end(morae: list[str]) -> float:
    """The seconds that the last mora of an utterance lacks."""
    if morae[-1:] == ["ッ"]:
        return _SPECIAL["ッ"]
    is_polite = len(morae) > len(_POLITE_ENDS[0]) and morae[-2:] in _POLITE_ENDS
    return _UNSPOKEN_VOWEL if is_polite else 0.0


def estimate_mora_seconds(kana: str) -> list[float]:
    """The length of each mora of a breath group by Mei, in seconds."""
    morae = split_morae(kana)
    return [
        max(0.02, _of_mora(mora, after))
        for mora, after in zip(morae, [*morae[1:], ""], strict=True)
    ]


def is_whispered(mora: str, after: str) -> bool:
    """Whether a mora is devoiced before the next one; "" for the end."""
    voiceless_after = after == "ッ" or after[:1] in VOICELESS
    return mora[0] in VOICELESS and mora[-1] in _CLOSE and after != "" and voiceless_after


def _of_mora(mora: str, after: str) -> float:
    if mora == "ッ" and after[:1] in _HISSING:
        return _HISSING_CLOSURE
    if mora in _SPECIAL:
        return _SPECIAL[mora]
    vowel = _VOWEL.get(mora[-1], 0.1)
    if is_whispered(mora, after):
        vowel = _HISSED_VOWEL if mora in _HISSED_MORAE else _WHISPERED
    return _CONSONANT.get(mora[0], 0.02) + vowel


def split_at_pauses(phrases: Iterable[Phrase]) -> list[list[Phrase]]:
    """The phrases of each breath group, without those that have no mora; no group is empty."""
    groups: list[list[Phrase]] = [[]]
    for phrase in phrases:
        if split_morae(phrase.kana):
            groups[-1].append(phrase)
        if phrase.pause and groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def split_breaths(spoken: Pronunciation) -> list[list[str]]:
    """The morae of each breath group; one empty group for no phrases."""
    groups = split_at_pauses(spoken.phrases)
    return [
        [mora for phrase in group for mora in split_morae(phrase.kana)] for group in groups
    ] or [[]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSound:
    """The expected properties of a clip."""

    sound: Sound  #: its sound settings
    #: The pronunciation of its text; None if unknown, as for a whole passage.
    pronunciation: Pronunciation | None
    speed: float  #: the requested speed; 1.0 is the voice's natural speed
    voice: str  #: provider and name of the voice, as ``openjtalk/mei``
    says_accents: bool  #: whether the voice follows accents
    is_imposed: bool = False  #: whether its melody was imposed on the finished sound
    #: The clip is a segment of a passage from the engine: not levelled, padded or encoded.
    is_segment: bool = False
    pauses_ms: tuple[int, ...] = ()  #: the silences between the segments of a passage
    #: The learned speaking rate at this speed; ignored for a calibrated voice.
    pace: SpeakingRate | None = None


#: Japanese is read aloud at 7 to 9 morae per second. No voice takes less than two fifths of that time;
#: twelve times as long is repetition or babble.
_LEAST_SECONDS = 0.05
_MOST_SECONDS = 1.5

_AROUND_SECONDS = 0.5  #: breath and noise at both ends
_EDGE_SECONDS = 0.02  #: the part of a weak start and end below the level of silence

#: A single mora may be a nasal of 0.04 s at any speed, as ン by OpenJTalk.
_LEAST_ALONE_SECONDS = 0.02

#: Relative to an ordinary voice, without pauses: of 880 words and sentences of OpenJTalk's voices and
#: Kokoro's, the shortest had 0.93, and sentences cut at 35 to 65 % of their bytes 0.92 at most.
LEAST_SPOKEN_SHARE = 0.75

LEAST_SPOKEN_SECONDS = 0.15  #: texts of less than about two morae are not checked

#: The same voice at three pitches, with equal lengths.
MEI = frozenset({"openjtalk/mei", "openjtalk/mei-low", "openjtalk/mei-high"})

#: The margins of the expected length: a constant, a share of it, and another share of the part above one
#: second. Outside are no clip of data/, and 2 of 2,862 words and sentences from other sources.
_LESS_SECONDS, _LESS_SHARE, _LESS_LONG_SHARE = 0.07, 0.07, 0.06
_MORE_SECONDS, _MORE_SHARE = 0.10, 0.125

_UNSURE = 2.5  #: the margins grow with the deviation from a speed of 1


class Bounds(NamedTuple):
    """The least and greatest length from the first sound to the last, in seconds."""

    least: float
    most: float


def compute_bounds(spoken: Pronunciation, expected: ExpectedSound) -> Bounds:
    """The bounds of the length of a clip."""
    found = _of_any(spoken, expected.speed)
    if expected.voice in MEI:
        found = _of_mei(spoken, expected.speed)
    elif expected.pace is not None:
        own = expected.pace.bounds(spoken)
        found = Bounds(max(own.least, found.least), min(own.most, found.most))
    return Bounds(found.least, found.most + sum(expected.pauses_ms) / 1000)


def compute_margins(foreseen: float) -> tuple[float, float]:
    """The margins below and above the length of a calibrated voice at a speed of 1, in seconds."""
    less = _LESS_SECONDS + _LESS_SHARE * foreseen + _LESS_LONG_SHARE * max(0.0, foreseen - 1.0)
    return less, _MORE_SECONDS + _MORE_SHARE * foreseen


def compute_shortest_seconds(spoken: Pronunciation, speed: float) -> float:
    """The shortest plausible length: a twentieth of a second for a mora at a speed of 1."""
    return _LEAST_SECONDS * _mora_count(spoken) / speed


def compute_longest_seconds(spoken: Pronunciation, speed: float) -> float:
    """The longest plausible length: one and a half seconds for a mora, without surrounding silence.

    A speed above 1 counts as 1, as some voices ignore it.
    """
    return _MOST_SECONDS * _mora_count(spoken) / min(1.0, speed)


def estimate_speech_seconds(spoken: Pronunciation, speed: float) -> float:
    """The length of speech by an ordinary voice, without pauses, at OpenJTalk's nine morae per second.

    A speed below 1 counts as 1, as some services ignore it.
    """
    return estimate_sound_seconds(spoken) / max(1.0, speed)


def _of_any(spoken: Pronunciation, speed: float) -> Bounds:
    least = compute_shortest_seconds(spoken, speed) - _EDGE_SECONDS
    if _mora_count(spoken) == 1:
        least = min(least, _LEAST_ALONE_SECONDS)
    return Bounds(least, compute_longest_seconds(spoken, speed) + _AROUND_SECONDS)


def _of_mei(spoken: Pronunciation, speed: float) -> Bounds:
    foreseen = estimate_mei_seconds(spoken, speed)
    less, more = compute_margins(foreseen)
    unsure = 1 + _UNSURE * abs(1 - 1 / speed)
    return Bounds(foreseen - unsure * less, foreseen + unsure * more)


def _mora_count(spoken: Pronunciation) -> int:
    return sum(len(split_morae(phrase.kana)) for phrase in spoken.phrases)
