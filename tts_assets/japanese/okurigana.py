"""Furigana that only a dictionary can tell: readings, optional okurigana, readings of a last word."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.accent_guess import INFLECTED
from tts_assets.japanese.alignment import ReadingSpan
from tts_assets.japanese.kana import (
    is_katakana,
    kana_to_hiragana,
    kana_to_katakana,
    pronunciation_key,
)
from tts_assets.japanese.nodes import find_word_starts, nodes_to_kana, nodes_to_key, nodes_to_text
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.japanese.analyses import JapaneseAnalyzer
    from tts_assets.japanese.entries import DictionaryEntry
    from tts_assets.japanese.nodes import Node, Nodes

_KANJI = compile_lazy("[\u3400-\u9fff々〆〇]")
_WORD = compile_lazy(r"[\u3400-\u9fff々〆〇0-9A-Za-z]")
#: As long as the longest okurigana that make a word with one kanji, as in 抱きしめる.
_TAIL = compile_lazy("[ぁ-ゖ]{0,5}")
#: Analyses of a word to look through, as for words with a reading.
_MAX_WORD_ANALYSES = 30
#: Behind these a counter changes its sound: 三本 is サンボン, and its furigana may still say ほん.
NUMERALS = frozenset("0123456789０１２３４５６７８９〇一二三四五六七八九十百千万億兆何数")
#: What verbs and adjectives end in.
_VERB_ENDINGS = frozenset("ウクグスツヌブムルイ")
#: Parts of speech of what only stands behind words.
_BOUND = frozenset({"助詞", "助動詞"})


class _KanjiWithKana(NamedTuple):
    """Kanji behind each of which one kana stands.

    Args:
        kanji: the kanji.
        kana: what stands behind them.
        opened: the two as one word, the kana as okurigana.
        pattern: of its reading.
    """

    kanji: str
    kana: str
    opened: str
    pattern: str


def group_adjacent(stretches: Sequence[ReadingSpan]) -> Iterator[Sequence[ReadingSpan]]:
    """Stretches in groups that have nothing between them."""
    first = 0
    for place, stretch in enumerate(stretches, 1):
        if place == len(stretches) or stretches[place].start != stretch.end:
            yield stretches[first:place]
            first = place


def may_be_okurigana(spelled: str, group: Sequence[ReadingSpan]) -> bool:
    """Whether each of these is one kana of one kanji, and they are all there is of a word."""
    start = group[0].start
    begins = start == 0 or not _WORD.match(spelled, start - 1)
    return begins and all(each.end - each.start == len(each.reading) == 1 for each in group)


def join_ending(
    nodes: Nodes, group: Sequence[ReadingSpan], dictionary: JapaneseAnalyzer
) -> Sequence[ReadingSpan]:
    """Stretches of which the first may be an ending: 飲(む)人(ひと)."""
    first, others = group[:1], "".join(each.reading for each in group[1:])
    spelled = nodes_to_text(nodes)
    if first[0].reading not in _VERB_ENDINGS or not may_be_okurigana(spelled, first):
        return group
    told = resolve_okurigana(nodes, first, dictionary)
    whole = told is not None and told.end == group[-1].end and told.reading.endswith(others)
    return [told] if told is not None and whole else group


def resolve_okurigana(
    nodes: Nodes, group: Sequence[ReadingSpan], dictionary: JapaneseAnalyzer
) -> ReadingSpan | None:
    """What is told of kanji behind each of which one kana stands.

    These kana of 開(あ)く, as アク is a reading of 開く; イワイ of 祝(い) and タベモノ of 食(べ)物, as
    祝い and 食べ物 are words; no reading of 終(わ)る, as 終る is read with ワ in it: the kana tell
    nothing. None where the dictionary has no such word.
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
    first: ReadingSpan, shown: _KanjiWithKana, word: Node, rest: str, dictionary: JapaneseAnalyzer
) -> ReadingSpan | None:
    """手(て)紙, 受(け)付, 食(べ)物."""
    read = word["read"]
    end = first.start + len(shown.kanji)
    if read.startswith(shown.kana):
        return ReadingSpan(first.start, end, shown.kana)
    if re.match(f"{shown.pattern}.", read):
        return ReadingSpan(first.start, end, "")
    for each in _list_readings(dictionary, shown.opened + rest):
        if re.match(shown.pattern, each):
            return ReadingSpan(first.start, end + len(rest), each)
    return None


def _resolve_before_kana(
    start: int, shown: _KanjiWithKana, endings: Sequence[str], dictionary: JapaneseAnalyzer
) -> ReadingSpan | None:
    """開(あ)く, 祝(い), 終(わ)る; the longer word decides: 若しくは, not シク for 若く."""
    close = start + len(shown.kanji)
    left_out = False
    for end in endings:
        known = _list_readings(dictionary, shown.kanji + end)
        if any(_has_same_key(each, shown.kana + kana_to_katakana(end)) for each in known):
            return ReadingSpan(start, close, shown.kana)
        opened = _list_readings(dictionary, shown.opened + end, inflected=bool(end))
        pattern = re.compile(f"({shown.pattern}){kana_to_katakana(end)}")
        for found in filter(None, map(pattern.fullmatch, opened)):
            return ReadingSpan(start, close, found[1])
        left_out |= any(map(pattern.fullmatch, known))
    return ReadingSpan(start, close, "") if left_out else None


def _has_full_okurigana(kanji: str, endings: Sequence[str], dictionary: JapaneseAnalyzer) -> bool:
    """Whether a kanji has all its okurigana: 外れる, before whose れ no kana is missing."""
    return any(
        entry.grammar[0] in INFLECTED
        for end in endings
        if end
        for entry in dictionary.find_entries(kanji + end)
    )


def _resolve_in_text(
    nodes: Nodes, group: Sequence[ReadingSpan], shown: _KanjiWithKana, dictionary: JapaneseAnalyzer
) -> ReadingSpan | None:
    """飲(む)人, 聞(い)た, 見(て)いる: as the text is read with the kana in it.

    None where these do not belong to the word before them, and are no particle either.
    """
    spelled = nodes_to_text(nodes)
    start, end = group[0].start, group[-1].end
    written = spelled[:start] + shown.opened + spelled[end:]
    best = dictionary.analyze_best(written)
    if nodes_to_text(best) != written:
        return None
    begins, there = find_word_starts(nodes), find_word_starts(best)
    if start not in begins or start not in there or not _continues_word(best, there, group):
        return None
    longer = len(shown.kana)
    # Of 飲む人 the last is no suffix, as it is in 飲人.
    close = next(
        at
        for at in begins
        if at >= end
        and at + longer in there
        and _find_reading_at(nodes, at) == _find_reading_at(best, at + longer)
    )
    words = best[there.index(start) : there.index(close + longer)]
    return ReadingSpan(start, close, nodes_to_kana(words))


def _find_reading_at(nodes: Nodes, at: int) -> str | None:
    """How the word that begins there is read."""
    return next(
        (
            node["read"]
            for begin, node in zip(find_word_starts(nodes), nodes, strict=False)
            if begin == at
        ),
        None,
    )


def _continues_word(nodes: Nodes, begins: Sequence[int], group: Sequence[ReadingSpan]) -> bool:
    """Whether each kana is in one word with its kanji, or a particle or ending behind it."""
    counts = len(group) == 1 and nodes[begins.index(group[0].start)]["string"] in NUMERALS
    for number, each in enumerate(group, 1):
        word = nodes[bisect_right(begins, each.start + number) - 1]
        alone = word["string"] == kana_to_hiragana(each.reading)
        bound = alone and word["pos"] in _BOUND and not counts
        if word["string"][:1] == kana_to_hiragana(each.reading) and not bound:
            return False
    return True


def has_dictionary_reading(
    spelled: str, stretch: ReadingSpan, dictionary: JapaneseAnalyzer
) -> bool:
    """Whether any analysis of the words of a stretch has its reading.

    ボネ of 骨 is none: it is how ホネ begins behind other words.
    """
    key = pronunciation_key(stretch.reading)
    analyses = dictionary.list_alternatives(
        spelled[stretch.start : stretch.end], _MAX_WORD_ANALYSES
    )
    known = {nodes_to_key(nodes) for nodes in analyses}
    unvoiced = unicodedata.normalize("NFD", key)[:1] + key[1:]
    return key in known and (unvoiced == key or unvoiced not in known)


def is_word_beginning(nodes: Nodes, stretch: ReadingSpan) -> bool:
    """Whether the word that begins there is longer, and begins with that reading: ヨ of 四つ."""
    return any(
        begin == stretch.start
        and len(node["string"]) > stretch.end - stretch.start
        and node["read"].startswith(stretch.reading)
        for begin, node in zip(find_word_starts(nodes), nodes, strict=False)
    )


def is_last_word_reading(nodes: Nodes, stretch: ReadingSpan, dictionary: JapaneseAnalyzer) -> bool:
    """Whether a reading is of the last word of a stretch only, and said there: 東京大学(だいがく)."""
    spelled = nodes_to_text(nodes)
    base = spelled[stretch.start : stretch.end]
    if len(_KANJI.findall(base)) == 1:
        return False
    begins = find_word_starts(nodes)
    first, last = bisect_right(begins, stretch.start) - 1, bisect_left(begins, stretch.end)
    after = kana_to_katakana(spelled[stretch.end : begins[last]])
    key, heard = pronunciation_key(stretch.reading + after), nodes_to_key(nodes[first:last])
    if key == heard or not heard.endswith(key) or not is_katakana(after or "ー"):
        return False
    return not any(
        _has_same_key(each, stretch.reading) for each in _list_readings(dictionary, base)
    )


def _list_readings(
    dictionary: JapaneseAnalyzer, surface: str, *, inflected: bool = True
) -> list[str]:
    """How the dictionary reads a spelling, the likeliest first."""
    entries: list[DictionaryEntry] = dictionary.find_entries(surface)
    return [
        each.reading
        for each in entries
        if each.reading and (inflected or each.grammar[0] not in INFLECTED)
    ]


def _has_same_key(one: str, other: str) -> bool:
    return pronunciation_key(one) == pronunciation_key(other)


def _list_endings(spelled: str, at: int) -> list[str]:
    """The hiragana that may belong to a word, the longest first."""
    found = _TAIL.match(spelled, at)
    kana = found.group() if found else ""
    return [kana[:size] for size in range(len(kana), -1, -1)]
