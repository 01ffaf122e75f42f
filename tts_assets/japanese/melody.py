"""The melody of standard Japanese: the pitch of each mora of an accent phrase over time.

Heights follow the description of Tokyo Japanese by J. Pierrehumbert and M. Beckman (Japanese Tone
Structure, 1988): a low begin, a high tone on the second mora or on an accented first one, a fall
behind the accent, lower peaks behind an accented phrase (downstep), and a high end of a question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.japanese.engine_notation import find_devoiced_morae
from tts_assets.model import split_morae

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from tts_assets.model import Phrase

#: Semitones relative to the middle of the voice. Accented peaks are higher than unaccented ones.
_LOW_BEGIN, _ACCENTED, _HIGH, _LOW = -3.5, 4.0, 2.5, -4.5

#: A low first mora is almost high before a mora that ends its syllable, such as ん.
_HALF_LOW_BEGIN = -0.5
_BOUND = frozenset("ンッー")

#: The fall from mora to mora in high and in low stretches.
_HIGH_SLOPE, _LOW_SLOPE = 0.2, 0.4
_LOWEST = -6.5

_CLIMB, _MOST_CLIMB = 0.4, 1.2  #: the rise of high morae to the accented one, which is the highest

#: The range of a phrase behind an accented one, relative to that one's; a pause restores half of the
#: loss.
_DOWNSTEP = 0.8
_LEAST_RANGE = 0.6

#: The largest distance of the begin of a phrase below its peak if nothing falls before it.
_DIP = 3.0

#: The moment of a mora at which its tone is reached: late, as in Tokyo (M. Sugito's ososagari).
_HIGH_AT, _LOW_AT = 0.6, 0.7

_HIGH_TO = 0.95  #: the last mora of an unaccented phrase stays high to here before another phrase

#: A low first mora rises at its end, by this part of the way to the peak; before a voiceless sound it
#: stays low.
_LOW_TO, _RISEN = 0.95, 0.35

_LAST_LOW_AT = 0.3  #: the last mora of an utterance fades early

#: The accented mora: moments, and semitones relative to its peak. It stays high to its end. Before a
#: devoiced mora, it is higher and begins to fall, because voices creak there and sink below the melody.
#: It falls alone where it is the only one.
_LATE_FALL = ((_HIGH_AT, 0.0), (1.0, 0.0))
_EARLY_FALL = ((0.5, 1.0), (1.0, -0.3))
_ONLY_FALL = ((0.25, 0.0), (1.0, -7.0))

_EARLY_CLIMB = 0.8  #: by how much the high morae before such a mora are lower

_ASKING = 5.0  #: the last mora of a question rises to this


class Tone(NamedTuple):
    """The pitch of a mora at a moment."""

    at: float  #: the moment, as a fraction of the mora's length
    semitones: float  #: relative to the middle of the voice


class MoraTones(NamedTuple):
    """The tones of a mora in order, at least one, and whether its vowel is devoiced."""

    tones: Sequence[Tone]
    devoiced: bool


def compute_tones(phrases: Sequence[Phrase], asking: Collection[int] = ()) -> list[MoraTones]:
    """Compute the tones of the morae of an utterance.

    Args:
        phrases: its accent phrases.
        asking: the indices of the phrases that end as a question.

    Returns:
        The tones of each mora of all phrases.
    """
    found: list[MoraTones] = []
    size = 1.0
    before: float | None = None
    for place, (phrase, after) in enumerate(zip(phrases, [*phrases[1:], None], strict=True)):
        following = "" if after is None or phrase.pause else after.kana
        asks = place in asking
        tones = _compute_phrase(phrase, following, size=size, before=before, asks=asks)
        found += tones
        before = None if phrase.pause else tones[-1].tones[-1].semitones
        if phrase.accent:
            size = max(_LEAST_RANGE, size * _DOWNSTEP)
        if phrase.pause:
            size = (1.0 + size) / 2
    return found


def _compute_phrase(
    phrase: Phrase, following: str, *, size: float, before: float | None, asks: bool
) -> list[MoraTones]:
    """Compute the tones of one phrase.

    Args:
        phrase: its morae and its accent.
        following: the kana of the next phrase; "" if a pause follows.
        size: its range relative to that of the first phrase.
        before: the last pitch of the previous phrase; None behind a pause.
        asks: whether its last mora rises.
    """
    morae, accent = split_morae(phrase.kana), phrase.accent
    peak = _LOW + ((_ACCENTED if accent else _HIGH) - _LOW) * size
    begin = _HALF_LOW_BEGIN if len(morae) > 1 and morae[1] in _BOUND else _LOW_BEGIN
    if before is not None:
        begin = max(min(before, peak - _DIP), begin)
    begin = min(begin, peak - 1.0)
    devoiced = find_devoiced_morae(morae, accent, following, asks=asks)
    tones: list[list[Tone]] = []
    for place in range(1, len(morae) + 1):
        if accent and place > accent:
            height = _LOW - _LOW_SLOPE * (place - accent - 1)
            is_last = place == len(morae) and not following
            tones.append([Tone(_LAST_LOW_AT if is_last else _LOW_AT, max(_LOWEST, height))])
        elif place == 1 and accent != 1 and len(morae) > 1:
            tones.append([Tone(_LOW_AT, begin), Tone(_LOW_TO, begin + _RISEN * (peak - begin))])
        elif not accent:
            high = Tone(_HIGH_AT, peak - _HIGH_SLOPE * (place - 2))
            is_held = place == len(morae) and bool(following)
            tones.append([high, high._replace(at=_HIGH_TO)] if is_held else [high])
        else:
            climb = min(_MOST_CLIMB, _CLIMB * (accent - place))
            if accent in devoiced:
                climb += _EARLY_CLIMB
            tones.append([Tone(_HIGH_AT, peak - climb)])
    if accent:
        falls = _ONLY_FALL if len(morae) == 1 else _LATE_FALL
        if accent in devoiced:
            falls = _EARLY_FALL
        tones[accent - 1] = [Tone(at, peak + by) for at, by in falls]
    if asks:
        tones[-1] = [tones[-1][0]._replace(at=0.3), Tone(1.0, _ASKING)]
    return [MoraTones(own, at in devoiced or morae[at] == "ッ") for at, own in enumerate(tones)]


def place_tones(
    tones: Sequence[Sequence[Tone]], spans: Sequence[tuple[float, float]], count: int
) -> NDArray[np.float64]:
    """Interpolate the melody as a curve.

    Args:
        tones: the tones of each mora, from `compute_tones`.
        spans: begin and end of each mora, in frames.
        count: the number of frames.

    Returns:
        Semitones relative to the middle of the voice, shape (count,).
    """
    points = [
        (begin + tone.at * (end - begin), tone.semitones)
        for mora, (begin, end) in zip(tones, spans, strict=True)
        for tone in mora
    ]
    times, heights = zip(*points, strict=True)
    curve: NDArray[np.float64] = np.interp(np.arange(count) + 0.5, times, heights)
    return curve
