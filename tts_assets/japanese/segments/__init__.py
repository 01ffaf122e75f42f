"""Passages in segments: pieces that any engine says in one call, and the pauses between them.

A segment ends at the end of a sentence. Sentences of under LEAST characters are joined with the
next, as engines give very short texts an odd melody and every call has a cost of its own. Those of
over MOST are cut at their clauses, then at the edges of phrases that a dictionary finds.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tts_assets.domain import Segment
from tts_assets.japanese.kana import kana_to_hiragana
from tts_assets.japanese.normalise.stretches import order_readings
from tts_assets.japanese.segments.edges import EdgeMark, merge_spans
from tts_assets.japanese.segments.lines import split_kana_line
from tts_assets.japanese.segments.phrases import split_phrases
from tts_assets.japanese.segments.pieces import (
    MAX_SEGMENT_CHARS,
    MIN_SEGMENT_CHARS,
    SegmentSpan,
    split_turn,
)
from tts_assets.japanese.stretches import locate_spans

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.domain import Pauses, SpokenForm, Turn
    from tts_assets.japanese.alignment import ReadingSpan
    from tts_assets.japanese.analyses import JapaneseAnalyzer

__all__ = ["MAX_SEGMENT_CHARS", "MIN_SEGMENT_CHARS", "split_phrases", "split_segments"]


def split_segments(
    form: SpokenForm, pauses: Pauses, dictionary: JapaneseAnalyzer | None = None
) -> tuple[Segment, ...] | None:
    """The segments of a passage, in order; each says at most MOST characters of one turn.

    Their texts together are that of the form, without the blanks around them, and without what
    nobody can say where it is too long to be said with its neighbour. A pause is that of a clause
    or a sentence by the mark before it, and none where there is no mark; that of a paragraph
    behind a line, and that of a turn where another speaker follows.

    Args:
        form: what is said; it has turns.
        pauses: how long they are.
        dictionary: what tells words and phrases. Where it is not needed it changes nothing.

    Returns:
        None where it is needed and not given: a sentence is too long and has no marks, or its
        kana line cannot be cut by the marks that both have.
    """
    stretches = locate_spans(form.text, form.readings)
    names = () if dictionary is None else dictionary.find_names(form.text)
    kept = merge_spans(
        [
            *((each.start, each.end) for each in stretches),
            # What stands behind the stop of モーニング娘。 goes on with the sentence.
            *((begin, end + 1) for begin, end in names),
        ]
    )
    turns: list[tuple[Turn, list[SegmentSpan]]] = []
    at = 0
    for turn in form.turns:
        found = split_turn(form.text, at, at + turn.size, kept, dictionary)
        if found is None:
            return None
        turns.append((turn, found))
        at += turn.size
    pieces = [piece for _, found in turns for piece in found]
    lines = split_kana_line(form, [(piece.begin, piece.end) for piece in pieces], dictionary)
    if lines is None:
        return None
    readings = _split_readings(form, pieces, stretches)
    said = [
        form._replace(
            text=form.text[piece.begin : piece.end].strip(),
            reading=line,
            readings=own,
            turns=(),
            boundaries=_shift_boundaries(form, piece),
        )
        for piece, line, own in zip(pieces, lines, readings, strict=True)
    ]
    told = _assign_pauses([each for each in turns if each[1]], pauses)
    return tuple(
        Segment(each, turn.speaker, turn.voice, pause)
        for each, (turn, pause) in zip(said, told, strict=True)
    )


def _assign_pauses(
    turns: Sequence[tuple[Turn, Sequence[SegmentSpan]]], pauses: Pauses
) -> Iterator[tuple[Turn, int]]:
    """The turn and the pause of each piece."""
    behind = {
        EdgeMark.STOP: pauses.sentence_ms,
        EdgeMark.CLAUSE: pauses.clause_ms,
        EdgeMark.NONE: 0,
    }
    for (turn, pieces), after in itertools.zip_longest(turns, turns[1:]):
        for piece in pieces[:-1]:
            yield turn, behind[piece.mark]
        if after is None:
            yield turn, 0
        else:
            other = after[0].speaker != turn.speaker
            yield turn, pauses.turn_ms if other else pauses.paragraph_ms


def _split_readings(
    form: SpokenForm, pieces: Sequence[SegmentSpan], stretches: Sequence[ReadingSpan]
) -> Iterator[tuple[tuple[str, str], ...]]:
    """The readings of stretches that each piece has."""
    left = 0
    for begin, end, _ in pieces:
        while left < len(stretches) and stretches[left].start < begin:
            left += 1
        first = left
        while left < len(stretches) and stretches[left].end <= end:
            left += 1
        text = form.text[begin:end]
        start = begin + len(text) - len(text.lstrip())
        yield order_readings(
            text.strip(),
            [
                (each.start - start, each.end - start, _to_given_kana(each))
                for each in stretches[first:left]
            ],
        )


def _shift_boundaries(form: SpokenForm, piece: SegmentSpan) -> tuple[int, ...]:
    """The boundaries of a piece, as seen from where its text begins."""
    text = form.text[piece.begin : piece.end]
    start = piece.begin + len(text) - len(text.lstrip())
    return tuple(each - start for each in form.boundaries if start < each < piece.end)


def _to_given_kana(stretch: ReadingSpan) -> str:
    return kana_to_hiragana(stretch.reading) if stretch.perhaps else stretch.reading
