"""Readings of parts of a text from the data, checked against the dictionary."""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.alignment import AlignableWord, ReadingSpan, align_words, map_positions
from tts_assets.japanese.analysis import (
    INFLECTED,
    PARTICLES,
    ResolvedReading,
    expand_small_kana,
    find_word_starts,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_text,
)
from tts_assets.japanese.homographs import read_in_context
from tts_assets.japanese.kana import kana_to_hiragana, parse_kana, pronunciation_key
from tts_assets.japanese.reading_override import (
    ReadingChange,
    build_changed_key,
    describe_changes,
    find_agreeing_analysis,
    find_changes,
    override_reading,
    to_alignable_words,
)
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.japanese.word_boundaries import remove_boundaries
from tts_assets.model import Basis, is_katakana, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tts_assets.japanese.analysis import DictionaryEntry, Node, Nodes
    from tts_assets.japanese.dictionary import Dictionary

_KANJI = compile_lazy("[\u3400-\u9fff々〆〇]")
_WORD = compile_lazy(r"[\u3400-\u9fff々〆〇0-9A-Za-z]")

#: Up to the length of the longest okurigana of a word with one kanji, such as 抱きしめる.
_TAIL = compile_lazy("[ぁ-ゖ]{0,5}")

#: How many analyses of a word to search, as many as for words with a reading.
_MAX_WORD_ANALYSES = 30

#: Numerals, which change the sound of the counter behind them: 三本 is サンボン, but its furigana may be ほん.
NUMERALS = frozenset("0123456789０１２３４５６７８９〇一二三四五六七八九十百千万億兆何数")

_VERB_ENDINGS = frozenset("ウクグスツヌブムルイ")  #: the last kana of verbs and adjectives


class _KanjiWithKana(NamedTuple):
    """Kanji with one kana behind each: 開(あ) of 開(あ)く.

    ``opened`` is the spelling with the kana as okurigana, ``pattern`` matches its reading.
    """

    kanji: str
    kana: str
    opened: str
    pattern: str


def group_adjacent(spans: Sequence[ReadingSpan]) -> Iterator[Sequence[ReadingSpan]]:
    """Group spans that are directly adjacent."""
    first = 0
    for place, span in enumerate(spans, 1):
        if place == len(spans) or spans[place].start != span.end:
            yield spans[first:place]
            first = place


def may_be_okurigana(spelled: str, group: Sequence[ReadingSpan]) -> bool:
    """Whether each span is one kana on one kanji, and no word goes on before the group."""
    start = group[0].start
    begins = start == 0 or not _WORD.match(spelled, start - 1)
    return begins and all(each.end - each.start == len(each.reading) == 1 for each in group)


def join_ending(
    nodes: Nodes, group: Sequence[ReadingSpan], dictionary: Dictionary
) -> Sequence[ReadingSpan]:
    """Merge a group whose first span may be an ending: 飲(む)人(ひと)."""
    first, others = group[:1], "".join(each.reading for each in group[1:])
    spelled = nodes_to_text(nodes)
    if first[0].reading not in _VERB_ENDINGS or not may_be_okurigana(spelled, first):
        return group
    resolved_span = resolve_okurigana(nodes, first, dictionary)
    whole = (
        resolved_span is not None
        and resolved_span.end == group[-1].end
        and resolved_span.reading.endswith(others)
    )
    return [resolved_span] if resolved_span is not None and whole else group


def resolve_okurigana(
    nodes: Nodes, group: Sequence[ReadingSpan], dictionary: Dictionary
) -> ReadingSpan | None:
    """Resolve kanji with one kana behind each: are the kana their reading, or okurigana?

    開(あ)く: a reading, because アク is a reading of 開く. 祝(い) and 食(べ)物: イワイ and タベモノ,
    because 祝い and 食べ物 are words. 終(わ)る: an empty reading, because 終る is read with ワ anyway.
    None if the dictionary has no such word.
    """
    spelled = nodes_to_text(nodes)
    start, end = group[0].start, group[-1].end
    begins = find_word_starts(nodes)
    number = bisect_right(begins, start)
    rest = spelled[end : begins[number]]
    shown = _KanjiWithKana(
        kanji=spelled[start:end],
        kana="".join(each.reading for each in group),
        opened="".join(spelled[each.start] + kana_to_hiragana(each.reading) for each in group),
        pattern="".join(f".+{each.reading}" for each in group),
    )
    if _KANJI.search(rest):
        found = _resolve_in_compound(group[0], shown, nodes[number - 1], rest, dictionary)
        return found or _resolve_in_text(nodes, group, shown, dictionary)
    endings = _list_endings(spelled, end)
    found = _resolve_before_kana(start, shown, endings, dictionary)
    if found is None and len(group) == 1 and _has_full_okurigana(shown.kanji, endings, dictionary):
        return group[0]
    return found or _resolve_in_text(nodes, group, shown, dictionary)


def _resolve_in_compound(
    first: ReadingSpan, shown: _KanjiWithKana, word: Node, rest: str, dictionary: Dictionary
) -> ReadingSpan | None:
    """手(て)紙, 受(け)付, 食(べ)物."""
    word_reading = word["read"]
    end = first.start + len(shown.kanji)
    if word_reading.startswith(shown.kana):
        return ReadingSpan(first.start, end, shown.kana)
    if re.match(f"{shown.pattern}.", word_reading):
        return ReadingSpan(first.start, end, "")
    for each in _list_readings(dictionary, shown.opened + rest):
        if re.match(shown.pattern, each):
            return ReadingSpan(first.start, end + len(rest), each)
    return None


def _resolve_before_kana(
    start: int, shown: _KanjiWithKana, endings: Sequence[str], dictionary: Dictionary
) -> ReadingSpan | None:
    """開(あ)く, 祝(い), 終(わ)る; the longest word decides: 若しくは, not シク for 若く."""
    close = start + len(shown.kanji)
    may_omit_kana = False
    for end in endings:
        readings = _list_readings(dictionary, shown.kanji + end)
        if any(_has_same_key(each, shown.kana + kana_to_katakana(end)) for each in readings):
            return ReadingSpan(start, close, shown.kana)
        opened = _list_readings(dictionary, shown.opened + end, inflected=bool(end))
        pattern = re.compile(f"({shown.pattern}){kana_to_katakana(end)}")
        for found in filter(None, map(pattern.fullmatch, opened)):
            return ReadingSpan(start, close, found[1])
        may_omit_kana |= any(map(pattern.fullmatch, readings))
    return ReadingSpan(start, close, "") if may_omit_kana else None


def _has_full_okurigana(kanji: str, endings: Sequence[str], dictionary: Dictionary) -> bool:
    """Whether a kanji has all its okurigana: 外れる lacks no kana before れ."""
    return any(
        entry.grammar[0] in INFLECTED
        for end in endings
        if end
        for entry in dictionary.find_entries(kanji + end)
    )


def _resolve_in_text(
    nodes: Nodes, group: Sequence[ReadingSpan], shown: _KanjiWithKana, dictionary: Dictionary
) -> ReadingSpan | None:
    """飲(む)人, 聞(い)た, 見(て)いる: read the text with the kana in it.

    None if the kana neither belong to the word before them nor are a particle.
    """
    spelled = nodes_to_text(nodes)
    start, end = group[0].start, group[-1].end
    written = spelled[:start] + shown.opened + spelled[end:]
    best = dictionary.analyze_best(written)
    if nodes_to_text(best) != written:
        return None
    begins, best_begins = find_word_starts(nodes), find_word_starts(best)
    if (
        start not in begins
        or start not in best_begins
        or not _continues_word(best, best_begins, group)
    ):
        return None
    longer = len(shown.kana)
    ours = {at: node["read"] for at, node in zip(begins, nodes, strict=False)}
    theirs = {at: node["read"] for at, node in zip(best_begins, best, strict=False)}
    # 人 is a suffix in 飲人, but not in 飲む人.
    close = next(
        at
        for at in begins
        if at >= end and at + longer in best_begins and ours.get(at) == theirs.get(at + longer)
    )
    words = best[best_begins.index(start) : best_begins.index(close + longer)]
    return ReadingSpan(start, close, nodes_to_kana(words))


def _continues_word(nodes: Nodes, begins: Sequence[int], group: Sequence[ReadingSpan]) -> bool:
    """Whether each kana is part of the word of its kanji, or a particle or ending behind it."""
    is_counted = len(group) == 1 and nodes[begins.index(group[0].start)]["string"] in NUMERALS
    for number, each in enumerate(group, 1):
        word = nodes[bisect_right(begins, each.start + number) - 1]
        is_whole_word = word["string"] == kana_to_hiragana(each.reading)
        is_particle = is_whole_word and word["pos"] in PARTICLES and not is_counted
        if word["string"][:1] == kana_to_hiragana(each.reading) and not is_particle:
            return False
    return True


def has_dictionary_reading(spelled: str, span: ReadingSpan, dictionary: Dictionary) -> bool:
    """Whether any analysis of the words of a span has its reading.

    ボネ of 骨 does not count: it is ホネ, voiced behind other words.
    """
    key = pronunciation_key(span.reading)
    analyses = dictionary.list_alternatives(spelled[span.start : span.end], _MAX_WORD_ANALYSES)
    keys = {nodes_to_key(nodes) for nodes in analyses}
    unvoiced = unicodedata.normalize("NFD", key)[:1] + key[1:]
    return key in keys and (unvoiced == key or unvoiced not in keys)


def is_word_beginning(nodes: Nodes, span: ReadingSpan) -> bool:
    """Whether the word at a span is longer and its reading begins with the span's: ヨ of 四つ."""
    return any(
        begin == span.start
        and len(node["string"]) > span.end - span.start
        and node["read"].startswith(span.reading)
        for begin, node in zip(find_word_starts(nodes), nodes, strict=False)
    )


def is_last_word_reading(nodes: Nodes, span: ReadingSpan, dictionary: Dictionary) -> bool:
    """Whether a reading is that of the last word of a span only: 東京大学(だいがく)."""
    spelled = nodes_to_text(nodes)
    base = spelled[span.start : span.end]
    if len(_KANJI.findall(base)) == 1:
        return False
    begins = find_word_starts(nodes)
    first, last = bisect_right(begins, span.start) - 1, bisect_left(begins, span.end)
    after = kana_to_katakana(spelled[span.end : begins[last]])
    key, whole_key = pronunciation_key(span.reading + after), nodes_to_key(nodes[first:last])
    if key == whole_key or not whole_key.endswith(key) or not is_katakana(after or "ー"):
        return False
    return not any(_has_same_key(each, span.reading) for each in _list_readings(dictionary, base))


def _list_readings(dictionary: Dictionary, surface: str, *, inflected: bool = True) -> list[str]:
    entries: list[DictionaryEntry] = dictionary.find_entries(surface)
    return [
        each.reading
        for each in entries
        if each.reading and (inflected or each.grammar[0] not in INFLECTED)
    ]


def _has_same_key(one: str, other: str) -> bool:
    return pronunciation_key(one) == pronunciation_key(other)


def _list_endings(spelled: str, at: int) -> list[str]:
    found = _TAIL.match(spelled, at)
    kana = found.group() if found else ""
    return [kana[:size] for size in range(len(kana), -1, -1)]


# Readings of spans of a text, without a reading of the whole.
_FAMILIES = (
    "カガ", "キギ", "クグ", "ケゲ", "コゴ", "サザ", "シジ", "スズ", "セゼ", "ソゾ", "タダ", "チジ",
    "ツズ", "テデ", "トド", "ハバパ", "ヒビピ", "フブプ", "ヘベペ", "ホボポ",
)  # fmt: skip


class _SpanGroup(NamedTuple):
    """Spans in the same words of an analysis, from ``first`` up to ``last``."""

    first: int
    last: int
    spans: tuple[ReadingSpan, ...]


def locate_spans(text: str, readings: Iterable[tuple[str, str]]) -> list[ReadingSpan]:
    """Find the spans of a spoken form in its text."""
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
    text: str, spans: Sequence[ReadingSpan], dictionary: Dictionary
) -> ResolvedReading:
    """Resolve the reading of a text of which the data give the readings of some spans.

    1. The dictionary's best analysis, after the context rules, if it agrees with all spans.
    2. Else another analysis that does, and reads all other words like the best.
    3. Else the words that differ are forced.

    A span that does not fit its words is reported and ignored.

    Raises:
        ClipError: the text is too long.
    """
    best, ambiguous = read_in_context(text, dictionary)
    if not spans:
        return ResolvedReading(best, ambiguous=tuple(each.word for each in ambiguous))
    spelled, plain = nodes_to_text(best), remove_boundaries(text)
    # The dictionary writes 20日 as 二十日.
    starts, ends = map_positions(_to_narrow(plain), _to_narrow(spelled))
    mappable = [
        each for each in spans if starts.get(each.start, len(spelled)) < ends.get(each.end, 0)
    ]
    unmapped = [
        describe_misfit(plain[each.start : each.end], each.reading)
        for each in spans
        if each not in mappable
    ]
    places = [each._replace(start=starts[each.start], end=ends[each.end]) for each in mappable]
    open_words = tuple(
        each.word
        for each in ambiguous
        if not any(place.start < each.end and each.start < place.end for place in places)
    )
    places, unknown = _select_spans(best, places, dictionary)
    changes: list[ReadingChange] = []
    doubts = unmapped + unknown
    for group in _group_spans(best, places):
        needed, misfits = _match_group(best, group, dictionary)
        changes += needed
        doubts += misfits
    if not changes:
        return ResolvedReading(best, doubt="; ".join(doubts) or None, ambiguous=open_words)
    resolved = _apply_changes(text, best, changes, dictionary)
    return resolved._replace(
        basis=Basis.UNCHECKED if doubts else resolved.basis,
        doubt="; ".join(filter(None, (resolved.doubt, *doubts))),
        ambiguous=open_words,
    )


def _select_spans(
    nodes: Nodes, spans: Sequence[ReadingSpan], dictionary: Dictionary
) -> tuple[list[ReadingSpan], list[str]]:
    """Select the spans that are readings; return doubts about the others."""
    spelled = nodes_to_text(nodes)
    plausible = [
        each
        for each in spans
        if not is_last_word_reading(nodes, each, dictionary)
        and (not each.perhaps or has_dictionary_reading(spelled, each, dictionary))
    ]
    kept: list[ReadingSpan] = []
    doubts: list[str] = []
    for group in group_adjacent(plausible):
        start, end = group[0].start, group[-1].end
        if not may_be_okurigana(spelled, group):
            kept += join_ending(nodes, group, dictionary)
        elif (resolved_span := resolve_okurigana(nodes, group, dictionary)) is not None:
            kept += [resolved_span] if resolved_span.reading else []
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
    """Describe a span whose reading is ignored."""
    return (
        f"the entry reads {spelling} as {reading}, which does not fit the words there and "
        "is ignored: correct it, or give the whole reading"
    )


def _apply_changes(
    text: str, best: Nodes, changes: Sequence[ReadingChange], dictionary: Dictionary
) -> ResolvedReading:
    """Return the likeliest analysis that changes these words only, or force their readings."""
    key = build_changed_key(best, changes)
    differs = describe_changes(best, changes)
    likely = find_agreeing_analysis(text, lambda nodes: nodes_to_key(nodes) == key, dictionary)
    if likely is not None:
        doubt = f"{differs}; another of its analyses agrees"
        return ResolvedReading(likely, Basis.NBEST, doubt=doubt)
    forced = override_reading(text, best, changes, dictionary)
    if nodes_to_key(forced.nodes) != key:
        return ResolvedReading(best, doubt=f"{differs} and cannot be forced to that reading")
    return forced._replace(doubt=f"{differs}; no analysis agrees")


def _to_narrow(text: str) -> str:
    """Convert each character to its narrow form, if that is one character."""
    return "".join(
        plain if len(plain := unicodedata.normalize("NFKC", each)) == 1 else each for each in text
    )


def _group_spans(nodes: Nodes, spans: Iterable[ReadingSpan]) -> list[_SpanGroup]:
    """Find the words of each span; spans that touch or share a word form one group."""
    ends = find_word_starts(nodes)[1:]
    found: list[_SpanGroup] = []
    for span in spans:
        first = bisect_right(ends, span.start)
        last = bisect_left(ends, span.end) + 1
        before = found[-1] if found else None
        if before and (first < before.last or before.spans[-1].end == span.start):
            together = (*before.spans, span)
            found[-1] = _SpanGroup(before.first, last, together)
        else:
            found.append(_SpanGroup(first, last, (span,)))
    return found


def _match_group(
    nodes: Nodes, group: _SpanGroup, dictionary: Dictionary
) -> tuple[list[ReadingChange], list[str]]:
    """Find the changes that make a group's words agree with its spans, and doubts about the rest."""
    spelled = nodes_to_text(nodes)
    words = nodes[group.first : group.last]
    begin = sum(len(node["string"]) for node in nodes[: group.first])
    end = begin + sum(len(node["string"]) for node in words)
    start, stop = group.spans[0].start, group.spans[-1].end
    head, tail = _find_spelled_kana(spelled[begin:start]), _find_spelled_kana(spelled[stop:end])
    inner_reading = _join_span_readings(spelled, group.spans)
    counts = start > 0 and spelled[start - 1] in NUMERALS
    found = _loosen_words(
        to_alignable_words(words, dictionary), counts=counts, cut=(head is None, tail is None)
    )
    whole = f"{head or ''}{inner_reading or ''}{tail or ''}"
    parts = None if inner_reading is None else align_words(found, pronunciation_key(whole))
    if inner_reading is None and _contains_all_readings(nodes_to_key(words), group.spans):
        return [], []
    if parts is None:
        reading_of_spans = inner_reading or "".join(each.reading for each in group.spans)
        return [], [describe_misfit(spelled[start:stop], reading_of_spans)]
    # Partly covered words and counters are checked, but never changed.
    protected = {0} if counts or head is None else set()
    protected |= {len(words) - 1} if tail is None else set()
    changes, doubts = [], []
    for first, last, reading in find_changes(parts, whole):
        if protected.isdisjoint(range(first, last)):
            changes.append(ReadingChange(group.first + first, group.first + last, reading))
        else:
            doubts.append(describe_misfit(nodes_to_text(words[first:last]), reading))
    return changes, doubts


def _loosen_words(
    found: list[AlignableWord], *, counts: bool, cut: tuple[bool, bool]
) -> list[AlignableWord]:
    """Add the sounds that the first and the last word of a group may have.

    ``cut`` holds whether the spans begin inside the first word, and whether they end inside the last.
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
    """Return the katakana of a text in kana; None for other text, whose sound is unknown."""
    return parse_kana(spelling) if spelling else ""


def _join_span_readings(spelled: str, spans: Sequence[ReadingSpan]) -> str | None:
    """Join the readings of spans with the kana between them; None if other text is between."""
    line = spans[0].reading
    for before, after in itertools.pairwise(spans):
        between = _find_spelled_kana(spelled[before.end : after.start])
        if between is None:
            return None
        line += between + after.reading
    return line


def _contains_all_readings(key: str, spans: Sequence[ReadingSpan]) -> bool:
    """Whether a pronunciation contains all readings in order, with any sounds between them."""
    at = 0
    for span in spans:
        span_key = pronunciation_key(span.reading)
        found = key.find(span_key, at)
        if found < 0:
            return False
        at = found + len(span_key)
    return True


def _shorten_word(word: AlignableWord, *, at_end: bool) -> AlignableWord:
    """Return the word with all shorter sounds, cut at one end."""
    sounds = [
        sound[:cut] if at_end else sound[cut:]
        for sound in word.sounds
        for cut in range(1, len(sound))
    ]
    return word._replace(sounds=tuple(sounds) or word.sounds, listed=())


def _expand_counter(word: AlignableWord) -> AlignableWord:
    """Add all sounds that a word may have behind numerals: ホン, ボン, ポン, ッポン."""
    sounds = [sound for sound in word.sounds if sound]
    sounds += [
        first + sound[1:]
        for sound in sounds
        for family in _FAMILIES
        if sound[0] in family
        for first in family
    ]
    return word._replace(
        sounds=(*word.sounds, *sounds, *(f"ッ{each}" for each in sounds)), listed=()
    )
