"""When each mora of a sound is heard, and how high it should be: as predicted, not as measured."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.accent import format_pitch_line
from tts_assets.japanese.kana import split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.domain import Phrase
    from tts_assets.review.pictures import SoundPreview


class TimedMora(NamedTuple):
    """A mora as it is drawn above a sound.

    Args:
        kana: in katakana.
        begin: when it should begin, in seconds.
        end: when it should end.
        high: 1 for a high one, 0 for a low one.
    """

    kana: str
    begin: float
    end: float
    high: int


def predict_morae(phrases: Sequence[Phrase], picture: SoundPreview) -> tuple[TimedMora, ...]:
    """The morae of a word or a sentence, one after the other.

    What is said in one breath fills what is heard between two silences; within that, sounds are as
    long beside each other as OpenJTalk's Mei says them. Other voices differ in pace more than in this.

    Args:
        phrases: how it is said, high and low by the rules of Tokyo: from the second mora, or on the
            first alone, up to the accent.
        picture: where its sound begins, pauses and ends.
    """
    from tts_assets.checks.course import Gap, stretches  # noqa: PLC0415 - heavy: it has numpy

    breaths = list(_split_breaths(phrases))
    gaps = [Gap(*gap) for gap in picture.gaps]
    heard = stretches(picture.begin, picture.end, gaps, len(breaths))
    if breaths and not heard:
        # Its pauses are others than those that were expected: all is as one breath.
        breaths = [[phrase for breath in breaths for phrase in breath]]
        heard = [Gap(picture.begin, picture.end)]
    return tuple(
        mora
        for breath, stretch in zip(breaths, heard, strict=True)
        for mora in _place_morae(breath, stretch.begin, stretch.end)
    )


def _split_breaths(phrases: Sequence[Phrase]) -> Iterator[list[Phrase]]:
    """The phrases from one pause to the next."""
    breath: list[Phrase] = []
    for phrase in phrases:
        if split_morae(phrase.kana):
            breath.append(phrase)
        if phrase.pause and breath:
            yield breath
            breath = []
    if breath:
        yield breath


def _place_morae(breath: Sequence[Phrase], begin: float, end: float) -> Iterator[TimedMora]:
    from tts_assets.checks.mei import mora_seconds  # noqa: PLC0415 - see predicted

    said = [mora for phrase in breath for mora in split_morae(phrase.kana)]
    high = [tone == "H" for phrase in breath for tone in format_pitch_line([phrase])]
    lengths = mora_seconds("".join(said))
    if len(lengths) != len(said):
        # Somebody may have written into the ledger: a small kana at the beginning of a phrase.
        lengths = [1.0] * len(said)
    pace = (end - begin) / sum(lengths)
    times = [round(begin + pace * each, 3) for each in accumulate(lengths, initial=0.0)]
    for mora, (one, two), is_high in zip(said, pairwise(times), high, strict=True):
        yield TimedMora(mora, one, two, int(is_high))
