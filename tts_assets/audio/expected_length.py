"""What the sound of a clip is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tts_assets.audio.openjtalk_durations import mei_seconds, sound_seconds
from tts_assets.model import split_morae

if TYPE_CHECKING:
    from tts_assets.model import Pronunciation, Sound


class LengthModel(Protocol):
    """How long a voice takes, as :class:`tts_assets.audio.speaking_rate.SpeakingRate` learns it."""

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
