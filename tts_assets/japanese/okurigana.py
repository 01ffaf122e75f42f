"""Furigana that only a dictionary can tell: readings, optional okurigana, readings of a last word."""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.accent_guess import INFLECTED
from tts_assets.japanese.alignment import Stretch
from tts_assets.japanese.kana import hiragana, is_katakana, katakana, pronunciation_key
from tts_assets.japanese.nodes import said_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.japanese.analyses import Analyses
    from tts_assets.japanese.entries import Entry
    from tts_assets.japanese.nodes import Node, Nodes

_KANJI = re.compile("[\u3400-\u9fff々〆〇]")
_WORD = re.compile(r"[\u3400-\u9fff々〆〇0-9A-Za-z]")
#: As long as the longest okurigana that make a word with one kanji, as in 抱きしめる.
_TAIL = re.compile("[ぁ-ゖ]{0,5}")
#: Analyses of a word to look through, as for words with a reading.
_MOST = 30


class _Shown(NamedTuple):
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


def side_by_side(stretches: Sequence[Stretch]) -> Iterator[Sequence[Stretch]]:
    """Stretches in groups that have nothing between them."""
    first = 0
    for place, stretch in enumerate(stretches, 1):
        if place == len(stretches) or stretches[place].start != stretch.end:
            yield stretches[first:place]
            first = place


def may_be_okurigana(spelled: str, group: Sequence[Stretch]) -> bool:
    """Whether each of these is one kana of one kanji, and they are all there is of a word."""
    start = group[0].start
    begins = start == 0 or not _WORD.match(spelled, start - 1)
    return begins and all(each.end - each.start == len(each.reading) == 1 for each in group)


def meant(nodes: Nodes, group: Sequence[Stretch], dictionary: Analyses) -> Stretch | None:
    """What is told of kanji behind each of which one kana stands.

    These kana of 開(あ)く, as アク is a reading of 開く; イワイ of 祝(い) and タベモノ of 食(べ)物, as
    祝い and 食べ物 are words; no reading of 終(わ)る, as 終る is read with ワ in it: the kana tell
    nothing. None where the dictionary has no such word.
    """
    spelled = "".join(node["string"] for node in nodes)
    start, end = group[0].start, group[-1].end
    begins = _begins(nodes)
    number = bisect_right(begins, start)
    rest = spelled[end : begins[number]]
    shown = _Shown(
        kanji=spelled[start:end],
        kana="".join(each.reading for each in group),
        opened="".join(spelled[each.start] + hiragana(each.reading) for each in group),
        pattern="".join(f".+{each.reading}" for each in group),
    )
    if _KANJI.search(rest):
        return _in_compound(group[0], shown, nodes[number - 1], rest, dictionary)
    reading = _before_kana(shown, _endings(spelled, end), dictionary)
    return None if reading is None else Stretch(start, end, reading)


def _in_compound(
    first: Stretch, shown: _Shown, word: Node, rest: str, dictionary: Analyses
) -> Stretch | None:
    """手(て)紙, 受(け)付, 食(べ)物."""
    read = word["read"]
    end = first.start + len(shown.kanji)
    if read.startswith(shown.kana):
        return Stretch(first.start, end, shown.kana)
    for each in _read(dictionary, shown.opened + rest):
        if re.match(shown.pattern, each):
            return Stretch(first.start, end + len(rest), each)
    return Stretch(first.start, end, "") if re.match(f"{shown.pattern}.", read) else None


def _before_kana(shown: _Shown, endings: Sequence[str], dictionary: Analyses) -> str | None:
    """開(あ)く, 祝(い), 終(わ)る."""
    known = [(end, each) for end in endings for each in _read(dictionary, shown.kanji + end)]
    if any(_same(each, shown.kana + katakana(end)) for end, each in known):
        return shown.kana
    for end in endings:
        for each in _read(dictionary, shown.opened + end, inflected=bool(end)):
            found = re.fullmatch(f"({shown.pattern}){katakana(end)}", each)
            if found is not None:
                return found[1]
    left_out = any(re.fullmatch(shown.pattern + katakana(end), each) for end, each in known)
    return "" if left_out else None


def is_known(spelled: str, stretch: Stretch, dictionary: Analyses) -> bool:
    """Whether any analysis of the words of a stretch has its reading.

    ボネ of 骨 is none: it is how ホネ begins behind other words.
    """
    key = pronunciation_key(stretch.reading)
    analyses = dictionary.alternatives(spelled[stretch.start : stretch.end], _MOST)
    known = {said_key(nodes) for nodes in analyses}
    unvoiced = unicodedata.normalize("NFD", key)[:1] + key[1:]
    return key in known and (unvoiced == key or unvoiced not in known)


def is_heard_at_end(nodes: Nodes, stretch: Stretch, dictionary: Analyses) -> bool:
    """Whether a reading is of the last word of a stretch only, and said there: 東京大学(だいがく)."""
    spelled = "".join(node["string"] for node in nodes)
    base = spelled[stretch.start : stretch.end]
    if len(_KANJI.findall(base)) == 1:
        return False
    begins = _begins(nodes)
    first, last = bisect_right(begins, stretch.start) - 1, bisect_left(begins, stretch.end)
    after = katakana(spelled[stretch.end : begins[last]])
    key, heard = pronunciation_key(stretch.reading + after), said_key(nodes[first:last])
    if key == heard or not heard.endswith(key) or not is_katakana(after or "ー"):
        return False
    return not any(_same(each, stretch.reading) for each in _read(dictionary, base))


def _read(dictionary: Analyses, surface: str, *, inflected: bool = True) -> list[str]:
    """How the dictionary reads a spelling, the likeliest first."""
    entries: list[Entry] = dictionary.entries(surface)
    return [
        each.reading
        for each in entries
        if each.reading and (inflected or each.grammar[0] not in INFLECTED)
    ]


def _same(one: str, other: str) -> bool:
    return pronunciation_key(one) == pronunciation_key(other)


def _endings(spelled: str, at: int) -> list[str]:
    """The hiragana that may belong to a word, the longest first."""
    found = _TAIL.match(spelled, at)
    kana = found.group() if found else ""
    return [kana[:size] for size in range(len(kana), -1, -1)]


def _begins(nodes: Nodes) -> list[int]:
    """Where each word begins, and where the last ends."""
    return list(itertools.accumulate((len(node["string"]) for node in nodes), initial=0))
