"""Stretches of a text whose reading the data give, though not the reading of the whole."""

from __future__ import annotations

import itertools
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.domain import AccentBasis, Basis
from tts_assets.japanese.alignment import AlignableWord, ReadingSpan, align_words, map_positions
from tts_assets.japanese.analyses import ResolvedReading, accept_unchecked
from tts_assets.japanese.forcing import (
    ReadingChange,
    describe_changes,
    find_changes,
    override_reading,
    to_alignable_words,
)
from tts_assets.japanese.kana import is_katakana, kana_to_katakana, pronunciation_key
from tts_assets.japanese.nodes import (
    expand_small_kana,
    find_word_starts,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_text,
)
from tts_assets.japanese.okurigana import (
    NUMERALS,
    group_adjacent,
    has_dictionary_reading,
    is_last_word_reading,
    is_word_beginning,
    join_ending,
    may_be_okurigana,
    resolve_okurigana,
)
from tts_assets.japanese.second_opinion import read_in_context
from tts_assets.japanese.spaced_text import remove_boundaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tts_assets.japanese.analyses import JapaneseAnalyzer
    from tts_assets.japanese.nodes import Nodes

#: Next analyses to look through, as for sentences with a kana line.
_MAX_TEXT_ANALYSES = 60
_FAMILIES = (
    "カガ", "キギ", "クグ", "ケゲ", "コゴ", "サザ", "シジ", "スズ", "セゼ", "ソゾ", "タダ", "チジ",
    "ツズ", "テデ", "トド", "ハバパ", "ヒビピ", "フブプ", "ヘベペ", "ホボポ",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _SpanGroup:
    """Stretches that lie in the same words of an analysis.

    Args:
        first: the first of the words.
        last: the one behind the last.
        stretches: where they lie in what the words spell.
    """

    first: int
    last: int
    stretches: tuple[ReadingSpan, ...]


class _GroupMatch(NamedTuple):
    """What has to be read otherwise so that words agree with their stretches; or what is wrong."""

    wanted: tuple[ReadingChange, ...] = ()
    doubt: str | None = None


def locate_spans(text: str, readings: Iterable[tuple[str, str]]) -> list[ReadingSpan]:
    """Where the stretches of a spoken form lie in its text."""
    found: list[ReadingSpan] = []
    at = 0
    for spelling, reading in readings:
        start = text.find(spelling, at)
        if start < 0:
            continue
        at = start + len(spelling)
        if reading:
            kana = kana_to_katakana(reading)
            found.append(ReadingSpan(start, at, expand_small_kana(kana), perhaps=kana != reading))
    return found


def resolve_spans(
    text: str, stretches: Sequence[ReadingSpan], dictionary: JapaneseAnalyzer
) -> ResolvedReading:
    """How a text is said of which the data give the reading of some stretches.

    It is the dictionary's best analysis, with what its context decides, where that agrees with
    all stretches; else a next analysis that does, and says the rest as the best; else the words
    that differ are forced. A stretch that does not fit the words there is told, and not followed.

    Args:
        text: the text, with its boundaries.
        stretches: where they lie in the text without boundaries.
        dictionary: tells words and readings.

    Raises:
        ClipError: the text is too long.
    """
    best, ambiguous = read_in_context(text, dictionary)
    if not stretches:
        return accept_unchecked(best, ambiguous=tuple(each.word for each in ambiguous))
    spelled, given = nodes_to_text(best), remove_boundaries(text)
    # The dictionary writes 20日 as 二十日.
    starts, ends = map_positions(_to_narrow(given), _to_narrow(spelled))
    found = [
        each for each in stretches if starts.get(each.start, len(spelled)) < ends.get(each.end, 0)
    ]
    lost = [
        describe_misfit(given[each.start : each.end], each.reading)
        for each in stretches
        if each not in found
    ]
    places = [each._replace(start=starts[each.start], end=ends[each.end]) for each in found]
    open_words = tuple(
        each.word
        for each in ambiguous
        if not any(place.start < each.end and each.start < place.end for place in places)
    )
    places, unknown = _select_spans(best, places, dictionary)
    lost += unknown
    fitted = [_match_group(best, group, dictionary) for group in _group_spans(best, places)]
    wanted = [change for each in fitted for change in each.wanted]
    doubts = lost + [each.doubt for each in fitted if each.doubt is not None]
    if not wanted:
        return accept_unchecked(best, "; ".join(doubts) or None, open_words)
    settled = _apply_changes(text, best, wanted, dictionary)
    told = [each for each in (settled.doubt, *doubts) if each is not None]
    return settled._replace(
        basis=Basis.UNCHECKED if doubts else settled.basis,
        doubt="; ".join(told),
        ambiguous=open_words,
    )


def _select_spans(
    nodes: Nodes, stretches: Sequence[ReadingSpan], dictionary: JapaneseAnalyzer
) -> tuple[list[ReadingSpan], list[str]]:
    """The stretches that tell how something is read, and what to say of those that seem not to."""
    spelled = nodes_to_text(nodes)
    own = [
        each
        for each in stretches
        if not is_last_word_reading(nodes, each, dictionary)
        and (not each.perhaps or has_dictionary_reading(spelled, each, dictionary))
    ]
    kept: list[ReadingSpan] = []
    doubts: list[str] = []
    for group in group_adjacent(own):
        start, end = group[0].start, group[-1].end
        if not may_be_okurigana(spelled, group):
            kept += join_ending(nodes, group, dictionary)
        elif (told := resolve_okurigana(nodes, group, dictionary)) is not None:
            kept += [told] if told.reading else []
        elif (
            len(group) > 1
            or spelled[start:end] in NUMERALS
            or has_dictionary_reading(spelled, group[0], dictionary)
        ):
            kept += [] if is_word_beginning(nodes, group[0]) else group
        else:
            doubts.append(
                describe_misfit(spelled[start:end], "".join(each.reading for each in group))
            )
    return kept, doubts


def describe_misfit(spelling: str, reading: str) -> str:
    """What to say of a stretch that is not followed."""
    return (
        f"the entry reads {spelling} as {reading}, which does not fit the words there, and is not "
        "followed: mend it, or give the whole reading"
    )


def _apply_changes(
    text: str, best: Nodes, wanted: Sequence[ReadingChange], dictionary: JapaneseAnalyzer
) -> ResolvedReading:
    """The likeliest analysis with these words read otherwise, and all others as they were."""
    key = pronunciation_key(_build_reading(best, wanted))
    differs = describe_changes(best, wanted)
    for nodes in dictionary.list_alternatives(text, _MAX_TEXT_ANALYSES):
        if nodes_to_key(nodes) == key:
            return ResolvedReading(
                nodes=dictionary.refine_accents(text, nodes),
                basis=Basis.NBEST,
                accent_basis=AccentBasis.DICTIONARY,
                doubt=f"{differs}; one of its next analyses agrees",
            )
    found = override_reading(text, best, wanted, dictionary)
    if nodes_to_key(found.nodes) != key:
        return accept_unchecked(best, f"{differs}, and cannot be made to say that")
    return ResolvedReading(
        nodes=found.nodes,
        basis=Basis.FORCED,
        accent_basis=found.accent_basis,
        doubt=f"{differs}, and no analysis agrees",
    )


def _build_reading(nodes: Nodes, wanted: Sequence[ReadingChange]) -> str:
    """What an analysis says with some words of it read otherwise."""
    line, done = "", 0
    for change in wanted:
        line += nodes_to_kana(nodes[done : change.first]) + change.reading
        done = change.last
    return line + nodes_to_kana(nodes[done:])


def _to_narrow(text: str) -> str:
    """The text in narrow letters and digits, character by character."""
    return "".join(
        plain if len(plain := unicodedata.normalize("NFKC", each)) == 1 else each for each in text
    )


def _group_spans(nodes: Nodes, stretches: Iterable[ReadingSpan]) -> list[_SpanGroup]:
    """The words that each stretch lies in; stretches that touch or share a word are together."""
    ends = find_word_starts(nodes)[1:]
    found: list[_SpanGroup] = []
    for stretch in stretches:
        first = bisect_right(ends, stretch.start)
        last = bisect_left(ends, stretch.end) + 1
        before = found[-1] if found else None
        if before and (first < before.last or before.stretches[-1].end == stretch.start):
            together = (*before.stretches, stretch)
            found[-1] = _SpanGroup(first=before.first, last=last, stretches=together)
        else:
            found.append(_SpanGroup(first=first, last=last, stretches=(stretch,)))
    return found


def _match_group(nodes: Nodes, group: _SpanGroup, dictionary: JapaneseAnalyzer) -> _GroupMatch:
    """What of the words has to be read otherwise, and what cannot be."""
    spelled = nodes_to_text(nodes)
    own = nodes[group.first : group.last]
    begin = sum(len(node["string"]) for node in nodes[: group.first])
    end = begin + sum(len(node["string"]) for node in own)
    start, stop = group.stretches[0].start, group.stretches[-1].end
    head, tail = _find_spelled_kana(spelled[begin:start]), _find_spelled_kana(spelled[stop:end])
    inside = _join_span_readings(spelled, group.stretches)
    counts = start > 0 and spelled[start - 1] in NUMERALS
    found = _loosen_words(
        to_alignable_words(own, dictionary), counts=counts, cut=(head is None, tail is None)
    )
    whole = f"{head or ''}{inside or ''}{tail or ''}"
    parts = None if inside is None else align_words(found, pronunciation_key(whole))
    if inside is None and _contains_all_readings(nodes_to_key(own), group.stretches):
        return _GroupMatch()
    if parts is None:
        given = inside or "".join(each.reading for each in group.stretches)
        return _GroupMatch(doubt=describe_misfit(spelled[start:stop], given))
    # A part of a word, and a counter, are only held against how the dictionary reads them.
    held = {0} if counts or head is None else set()
    held |= {len(own) - 1} if tail is None else set()
    wanted, doubts = [], []
    for first, last, reading in find_changes(parts, whole):
        if held.isdisjoint(range(first, last)):
            wanted.append(ReadingChange(group.first + first, group.first + last, reading))
        else:
            doubts.append(describe_misfit(nodes_to_text(own[first:last]), reading))
    return _GroupMatch(tuple(wanted), "; ".join(doubts) or None)


def _loosen_words(
    found: list[AlignableWord], *, counts: bool, cut: tuple[bool, bool]
) -> list[AlignableWord]:
    """The words of a group, with what may be heard of the first and the last of them.

    Args:
        found: the words.
        counts: whether a numeral stands before what has a reading.
        cut: whether what has a reading begins inside the first, and ends inside the last.
    """
    at_start, at_end = cut
    if at_end:
        found[-1] = _shorten_word(found[-1], at_end=True)
    if at_start:
        found[0] = _shorten_word(found[0], at_end=False)
    if counts or at_start:
        found[0] = _expand_counter(found[0])
    return found


def _find_spelled_kana(spelling: str) -> str | None:
    """Kana as they are spelled; None for what is not kana, whose sound is not known."""
    kana = kana_to_katakana(spelling)
    return kana if not kana or is_katakana(kana) else None


def _join_span_readings(spelled: str, stretches: Sequence[ReadingSpan]) -> str | None:
    """The sound from the first stretch to the end of the last; None if some of it is not known."""
    line = stretches[0].reading
    for before, after in itertools.pairwise(stretches):
        between = _find_spelled_kana(spelled[before.end : after.start])
        if between is None:
            return None
        line += between + after.reading
    return line


def _contains_all_readings(key: str, stretches: Sequence[ReadingSpan]) -> bool:
    """Whether all readings are in what is said, one behind the other, with more between them."""
    at = 0
    for stretch in stretches:
        own = pronunciation_key(stretch.reading)
        found = key.find(own, at)
        if found < 0:
            return False
        at = found + len(own)
    return True


def _shorten_word(word: AlignableWord, *, at_end: bool) -> AlignableWord:
    """The word without some of its sound at one end."""
    sounds = [
        sound[:cut] if at_end else sound[cut:]
        for sound in word.sounds
        for cut in range(1, len(sound))
    ]
    return replace(word, sounds=tuple(sounds) or word.sounds, known=())


def _expand_counter(word: AlignableWord) -> AlignableWord:
    """The word with all sounds that it may have behind numerals: ホン, ボン, ポン, ッポン."""
    heard = [sound for sound in word.sounds if sound]
    heard += [first + sound[1:] for sound in heard for first in _find_sound_family(sound[0])]
    return replace(word, sounds=(*word.sounds, *heard, *(f"ッ{each}" for each in heard)), known=())


def _find_sound_family(kana: str) -> str:
    return "".join(family for family in _FAMILIES if kana in family)
