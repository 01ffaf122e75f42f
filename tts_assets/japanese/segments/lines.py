"""The kana line of a passage, cut where its text is cut."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from typing import TYPE_CHECKING

from tts_assets.japanese.alignment import align_words, matches_reading, to_key_kana
from tts_assets.japanese.forcing import to_alignable_words
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.normalise.stretches import find_pauses, find_stops
from tts_assets.japanese.normalise.turns import add_turn_stops
from tts_assets.japanese.regex import compile_lazy
from tts_assets.japanese.spaced_text import insert_boundaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.domain import SpokenForm
    from tts_assets.japanese.analyses import JapaneseAnalyzer

_MARKED = compile_lazy(r"[^、。]+[、。]?")
_SILENT = compile_lazy(r"[^\w]*")


def split_kana_line(
    form: SpokenForm, pieces: Sequence[tuple[int, int]], dictionary: JapaneseAnalyzer | None
) -> Sequence[str | None] | None:
    """The part of a form's reading that belongs to each piece of its text.

    Args:
        form: what is said; it has turns.
        pieces: where each begins and ends.
        dictionary: what knows how words are read.

    Returns:
        None for each piece where there is no reading, or one that contradicts the text's own
        kana, which the dictionary is then followed in; None where it is needed and not given.
    """
    if form.reading is None or len(pieces) == 1:
        return [form.reading] * len(pieces)
    found = _split_by_marks(form, form.reading, [end for _, end in pieces[:-1]])
    if found is not None or dictionary is None:
        return found
    texts = [_slice_with_boundaries(form, begin, end) for begin, end in pieces]
    return _split_by_words(texts, form.reading, dictionary)


def _slice_with_boundaries(form: SpokenForm, begin: int, end: int) -> str:
    """A piece of the text with its boundaries."""
    inside = [each - begin for each in form.boundaries if begin < each < end]
    return insert_boundaries(form.text[begin:end], inside).strip()


def _split_by_marks(form: SpokenForm, reading: str, ends: Sequence[int]) -> list[str] | None:
    """The line cut at the marks that it has of the text; None where some cut is at none."""
    text, put = add_turn_stops(form.text, form.turns)
    kana = _MARKED.findall(reading)
    marks = find_pauses(text) if "、" in reading else find_stops(text)
    if len(kana) != len(marks) + 1:
        return None
    behind = [mark.end() for mark in marks]
    cuts = [0]
    for end in ends:
        # Stops that stand only behind the lines of a reading come before it.
        place = end + bisect_right(put, end)
        count = bisect_right(behind, place)
        if not count or _SILENT.fullmatch(text, behind[count - 1], place) is None:
            return None
        cuts.append(count)
    cuts.append(len(kana))
    return ["".join(kana[begin:end]).rstrip("、。") for begin, end in itertools.pairwise(cuts)]


def _split_by_words(
    texts: Sequence[str], reading: str, dictionary: JapaneseAnalyzer
) -> list[str] | list[None]:
    """The line cut by what each word of the text may be read as."""
    analyses = [dictionary.analyze_best(text) for text in texts]
    whole = [node for nodes in analyses for node in nodes]
    key, kana = pronunciation_key(reading), to_key_kana(reading)
    agrees = matches_reading(to_alignable_words(whole), key)
    parts = align_words(to_alignable_words(whole, None if agrees else dictionary), key)
    if parts is None:
        return [None] * len(texts)
    stops = itertools.accumulate(len(nodes) for nodes in analyses)
    ends = [0, *(parts[stop - 1].end for stop in stops)]
    return [kana[begin:end] for begin, end in itertools.pairwise(ends)]
