"""How long a clip may be: what no voice says faster or more slowly, and what a known voice does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets.checks.mei import mei_seconds
from tts_assets.japanese.kana import morae

if TYPE_CHECKING:
    from tts_assets.checks.expected import Expected
    from tts_assets.domain import Pronunciation

#: Japanese is read aloud with 7 to 9 morae a second, so that one takes about an eighth of it. No
#: voice says one in two fifths of that, and what has twelve times as long is said again or babble.
_LEAST_SECONDS = 0.05
_MOST_SECONDS = 1.5
#: Beside what is said: breath and noise at both ends.
_AROUND_SECONDS = 0.5
#: What lies below silence of a weak beginning and end.
_EDGE_SECONDS = 0.02

_MEI = "openjtalk/mei"
#: So much more or less than foreseen a clip may have: a part of it, and so much beside. None of
#: the clips of data/ is shorter, and one is longer.
_LESS_SHARE, _LESS_SECONDS = 0.06, 0.06
_MORE_SHARE, _MORE_SECONDS = 0.10, 0.10
#: At another speed what is foreseen is less sure, by so much for each part that it is longer.
_UNSURE = 2.5


class Bounds(NamedTuple):
    """How long a clip takes at least and at most, from its first sound to its last, in seconds."""

    least: float
    most: float


def bounds(said: Pronunciation, expected: Expected) -> Bounds:
    """What the sound of a clip may have."""
    speed = expected.speed
    if expected.voice != _MEI:
        least = shortest_seconds(said, speed) - _EDGE_SECONDS
        most = longest_seconds(said, speed) + _AROUND_SECONDS
        return Bounds(least, most + sum(expected.pauses_ms) / 1000)
    foreseen = mei_seconds(said, speed)
    unsure = 1 + _UNSURE * abs(1 - 1 / speed)
    return Bounds(
        foreseen - unsure * (_LESS_SECONDS + _LESS_SHARE * foreseen),
        foreseen
        + unsure * (_MORE_SECONDS + _MORE_SHARE * foreseen)
        + sum(expected.pauses_ms) / 1000,
    )


def shortest_seconds(said: Pronunciation, speed: float) -> float:
    """What no voice says faster: a twentieth of a second for a mora, at a speed of 1."""
    return _LEAST_SECONDS * _mora_count(said) / speed


def longest_seconds(said: Pronunciation, speed: float) -> float:
    """What no voice says more slowly: a second and a half for a mora, without the silence around.

    Whoever is told to be fast may be not; slower than 1, it is as many times longer.
    """
    return _MOST_SECONDS * _mora_count(said) / min(1.0, speed)


def _mora_count(said: Pronunciation) -> int:
    return sum(len(morae(phrase.kana)) for phrase in said.phrases)
