"""Pieces of a line, none too long to be said at once, and few that are too short to sound well."""

from __future__ import annotations

import itertools
import operator
import unicodedata
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tts_assets.japanese.normalise.silence import find_empty_reason
from tts_assets.japanese.normalise.turns import LONGEST_SENTENCE
from tts_assets.japanese.segments.edges import EdgeMark, TextEdge, find_edges
from tts_assets.japanese.segments.phrases import CONTEXT_CHARS, find_phrase_edges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tts_assets.japanese.analyses import JapaneseAnalyzer

    #: Where a window of the text, by its begin and end, may be cut; the best first.
    Levels: TypeAlias = Callable[[int, int], Iterator[Sequence[int]]]

#: Shorter ones are joined: 15 characters are about two seconds of speech.
MIN_SEGMENT_CHARS = 15
#: Characters that every engine takes at once. Kokoro's limit is the narrowest, with 510 phonemes:
#: 100 characters of usual text without any mark have 230 to 285 (measured over what the
#: repository's example data say), the longest readings, which numbers have, 450. Only letters such
#: as W and numbers with a comma in every few digits have more, up to 820: that engine parts them
#: once more at its own words.
MAX_SEGMENT_CHARS = LONGEST_SENTENCE
#: What no piece begins with, as it belongs to the character before it.
_JOINED = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー々ゝゞヽヾ゛゜、。，．！？…」』）")


class SegmentSpan(NamedTuple):
    """A piece of a text, from ``begin`` up to ``end``, and the mark at its end."""

    begin: int
    end: int
    mark: EdgeMark


class _CutPlaces(NamedTuple):
    """Where a line may be cut, and how it was cut.

    Args:
        text: the whole text.
        levels: places by marks, the best first.
        marks: the mark at each.
        kept: what is never cut, by begin and end.
        dictionary: what knows phrases and words.
    """

    text: str
    levels: tuple[list[int], ...]
    marks: dict[int, EdgeMark]
    kept: Sequence[tuple[int, int]]
    dictionary: JapaneseAnalyzer | None


def split_turn(
    text: str,
    begin: int,
    end: int,
    kept: Sequence[tuple[int, int]],
    dictionary: JapaneseAnalyzer | None,
) -> list[SegmentSpan] | None:
    """The pieces of a line.

    Args:
        text: the text that it lies in.
        begin: where it begins there.
        end: where it ends.
        kept: parts of the text that are never cut, by begin and end, in order.
        dictionary: what knows phrases and words.

    Returns:
        None where a dictionary is needed and not given.
    """
    there = [
        TextEdge(edge.at + begin, edge.mark, edge.inside)
        for edge in find_edges(text[begin:end], MAX_SEGMENT_CHARS)
        if not _is_protected(edge.at + begin, kept)
    ]
    marked = [edge for edge in there if edge.mark is not EdgeMark.NONE]
    cuts = _CutPlaces(
        text=text,
        levels=(
            [edge.at for edge in marked if not edge.inside],
            [edge.at for edge in marked if edge.inside],
            [edge.at for edge in there if edge.mark is EdgeMark.NONE],
        ),
        marks={edge.at: edge.mark for edge in there},
        kept=kept,
        dictionary=dictionary,
    )
    stops = [edge.at for edge in marked if edge.mark is EdgeMark.STOP and not edge.inside]
    found: list[SegmentSpan] = []
    for first, last in itertools.pairwise([begin, *stops, end]):
        ends = _find_span_ends(first, last, cuts)
        if ends is None:
            return None
        found += [
            SegmentSpan(start, stop, cuts.marks.get(stop, EdgeMark.NONE))
            for start, stop in itertools.pairwise([first, *ends])
        ]
    return [piece for piece in _join_short_spans(text, found) if _is_speakable(text, piece)]


def _join_short_spans(text: str, pieces: Sequence[SegmentSpan]) -> list[SegmentSpan]:
    """Short pieces joined with the next, or with the one before where that does not fit."""
    found: list[SegmentSpan] = []
    for piece in pieces:
        if found and _is_short(text, found[-1]):
            if piece.end - found[-1].begin <= MAX_SEGMENT_CHARS:
                piece = piece._replace(begin=found.pop().begin)  # noqa: PLW2901 - it has grown
            else:
                _join_last_span(found)
        found.append(piece)
    if found and _is_short(text, found[-1]):
        _join_last_span(found)
    return found


def _join_last_span(pieces: list[SegmentSpan]) -> None:
    """The last piece joined with the one before, if they fit."""
    if len(pieces) > 1 and pieces[-1].end - pieces[-2].begin <= MAX_SEGMENT_CHARS:
        last = pieces.pop()
        pieces[-1] = last._replace(begin=pieces[-1].begin)


def _is_short(text: str, piece: SegmentSpan) -> bool:
    return piece.end - piece.begin < MIN_SEGMENT_CHARS or not _is_speakable(text, piece)


def _is_speakable(text: str, piece: SegmentSpan) -> bool:
    return find_empty_reason(text[piece.begin : piece.end]) is None


def _find_span_ends(begin: int, end: int, cuts: _CutPlaces) -> list[int] | None:
    """Where the pieces of a sentence end; None where only a dictionary knows."""
    ends = []
    while end - begin > MAX_SEGMENT_CHARS:
        at = _choose_cut(begin, end, cuts)
        if at is None:
            return None
        ends.append(at)
        begin = at
    return [*ends, end]


def _choose_cut(begin: int, end: int, cuts: _CutPlaces) -> int | None:
    """The best place to end the first piece: that which leaves pieces of one size."""
    count = -(-(end - begin) // MAX_SEGMENT_CHARS)
    middle = begin + (end - begin) // count
    first, last = begin + MIN_SEGMENT_CHARS, min(begin + MAX_SEGMENT_CHARS, end - MIN_SEGMENT_CHARS)
    for level in (*cuts.levels, *_find_unmarked_cuts(begin, end, cuts)):
        low, high = bisect_left(level, first), bisect_right(level, last)
        if low < high:
            near = bisect_left(level, middle, low, high)
            return min(
                level[max(low, near - 1) : min(near + 1, high)], key=lambda at: abs(at - middle)
            )
    return None


def _find_unmarked_cuts(begin: int, end: int, cuts: _CutPlaces) -> Iterator[list[int]]:
    """Where a text without marks may be cut, the best first; in the end anywhere."""
    if cuts.dictionary is None:
        return
    window = cuts.text[begin : min(end, begin + MAX_SEGMENT_CHARS + CONTEXT_CHARS)]
    levels = [*find_phrase_edges(window, cuts.dictionary), _find_character_edges(window)]
    places = [[begin + at for at in level] for level in levels]
    for level in places:
        yield [at for at in level if not _is_protected(at, cuts.kept)]
    # Only what is too long itself is torn.
    yield from places
    yield list(range(begin + 1, begin + len(window)))


def _find_character_edges(text: str) -> list[int]:
    return [
        at
        for at in range(1, len(text))
        if text[at] not in _JOINED and not unicodedata.combining(text[at])
    ]


def _is_protected(at: int, kept: Sequence[tuple[int, int]]) -> bool:
    """Whether a place lies inside of what is never cut."""
    number = bisect_left(kept, at, key=operator.itemgetter(1))
    return number < len(kept) and kept[number][0] < at < kept[number][1]
