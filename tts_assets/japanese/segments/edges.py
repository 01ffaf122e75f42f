"""Edges of running text that its marks tell: ends of sentences, clauses and words."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OPENING, _CLOSING = "「『（(“〈《【〔［[｛{", "」』）)”〉》】〕］]｝}"
#: What belongs to what follows: no piece ends with it.
_BEFORE_NEXT = f"{OPENING} \u3000\t\n"
_PARTNER = dict(zip(_CLOSING, OPENING, strict=True))
_QUOTE = compile_lazy(r"[「『（(“〈《【〔［\[｛{」』）)”〉》】〕］\]｝}]")
#: Marks in a row, and the blanks around them; not the signs that are said, as % and ○.
_MARKS = compile_lazy(r"[^\w%％&＆@＠+＋÷×○△◎℃♂♀〒¥￥$＄€£]+")
_QUOTE_END = compile_lazy(r"[」』）)”〉》】〕］\]｝}]")
_STOP = compile_lazy(r"[。！？!?]")
#: A stop in Japanese; in numbers and Latin letters it may belong to a word.
_DOT = compile_lazy(r"[.．]")
_CLAUSE = compile_lazy(r"[、，；：;:…‥―—」』）)”〉》】〕］\]｝}]|[,.．]\s")
_IN_NUMBER = compile_lazy(r"[.,:、，．：/／・’'-]")
_NUMERALS = frozenset("一二三四五六七八九十百千万億兆〇零")


class EdgeMark(Enum):
    """What stands before an edge."""

    STOP = "stop"
    CLAUSE = "clause"
    #: A blank, or nothing.
    NONE = "none"


class TextEdge(NamedTuple):
    """Where a text may be cut.

    Args:
        at: the first character behind it.
        mark: what stands before it.
        inside: whether it lies in a quotation that may be kept whole.
    """

    at: int
    mark: EdgeMark
    inside: bool


def find_edges(text: str, longest: int) -> Iterator[TextEdge]:
    """The edges of a line.

    Args:
        text: the line.
        longest: how many characters a quotation may have that is kept whole.
    """
    quotations = _find_quotations(text, longest)
    passed = 0
    for marks in _MARKS.finditer(text):
        begin, end = marks.span()
        if not begin or end == len(text):
            continue
        at = begin + len(marks.group().rstrip(_BEFORE_NEXT))
        mark = _classify_mark(text, begin, at, end)
        if mark is None:
            continue
        while passed < len(quotations) and quotations[passed][1] < at:
            passed += 1
        inside = passed < len(quotations) and quotations[passed][0] < at
        yield TextEdge(at, mark, inside)


def _classify_mark(text: str, begin: int, at: int, end: int) -> EdgeMark | None:
    """What marks tell; None where they are within a word.

    Args:
        text: the line.
        begin: where the marks begin.
        at: where those begin that open what follows.
        end: where what follows begins.
    """
    before, after = text[begin - 1], text[end]
    marks, opening = text[begin:at], text[at:end].strip() != ""
    if end - begin == 1 and _is_within_word(before, text[begin], after):
        return None
    last = marks if opening else _QUOTE_END.split(marks)[-1]
    japanese = not before.isascii()
    if _STOP.search(last) or (japanese and _DOT.search(last)):
        return EdgeMark.STOP
    if opening or _STOP.search(marks) or _CLAUSE.search(text[begin:end]):
        return EdgeMark.CLAUSE
    return EdgeMark.NONE if not text[begin:end].strip() else None


def _is_within_word(before: str, mark: str, after: str) -> bool:
    """Whether a mark belongs to what stands around it: 3.5, 二、三, Yahoo!ニュース."""
    if _IN_NUMBER.match(mark):
        return _is_digit(before) and _is_digit(after)
    return mark in "!?" and before.isascii()


def _is_digit(character: str) -> bool:
    return character.isdigit() or character in _NUMERALS


def _find_quotations(text: str, longest: int) -> list[tuple[int, int]]:
    """Where quotations open and close, in order; those that overlap are one."""
    opened: dict[str, list[int]] = {mark: [] for mark in OPENING}
    found = []
    for quote in _QUOTE.finditer(text):
        mark, at = quote.group(), quote.start()
        if mark in opened:
            opened[mark].append(at)
        elif opened[_PARTNER[mark]]:
            begin = opened[_PARTNER[mark]].pop()
            if at + 1 - begin <= longest:
                found.append((begin, at))
    return merge_spans(found)


def merge_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order; those that overlap are one."""
    whole: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if whole and begin < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((begin, end))
    return whole
