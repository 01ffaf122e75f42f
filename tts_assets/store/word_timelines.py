"""Words of a segment with their times, from the times of its characters."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from tts_assets.model import WordTime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.model import Cue


#: A ledger and a time line have milliseconds.
_DIGITS = 3


def time_words(
    phrases: Sequence[str],
    character_times: Sequence[tuple[float, float]],
    *,
    cut_seconds: float,
    seconds: float,
) -> tuple[WordTime, ...]:
    """When each phrase of a text is spoken.

    Args:
        phrases: together they are the text.
        character_times: where each of its characters begins and ends, in seconds of the sound as
            it was spoken.
        cut_seconds: how much of the beginning of that was cut away.
        seconds: how long it is now; no time lies outside.

    Returns:
        The phrases in their order, none before the end of the one before it; empty where the times
        are not those of this text.
    """
    ends = list(accumulate(map(len, phrases)))
    if not ends or ends[-1] != len(character_times):
        return ()
    found: list[WordTime] = []
    least = 0.0
    for phrase, end in zip(phrases, ends, strict=True):
        times = character_times[end - len(phrase) : end]
        # Marks last as long as the pause that they stand for.
        said = [span for sign, span in zip(phrase, times, strict=True) if sign.isalnum()] or times
        times_of_said = (min(span[0] for span in said), max(span[1] for span in said))
        first, last = (min(max(time - cut_seconds, least), seconds) for time in times_of_said)
        least = max(first, last)
        found.append(WordTime(phrase.strip(), first, least))
    return tuple(found)


def place_words(words: Sequence[WordTime], segment: Cue, start: float) -> list[Cue]:
    """The cues of the words of a segment, which begin and end with its sound.

    Args:
        words: as `time_words` returns them.
        segment: the cue of the whole segment.
        start: where its sound begins in the asset, in seconds.
    """
    found = []
    for text, *times in words:
        begin, end = (min(max(start + time, segment.begin), segment.end) for time in times)
        found.append(
            segment._replace(begin=round(begin, _DIGITS), end=round(end, _DIGITS), text=text)
        )
    return found
