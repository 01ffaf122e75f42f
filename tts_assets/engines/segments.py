"""A text in parts that a service takes, cut where a speaker would draw breath."""

from __future__ import annotations

import re
import unicodedata

#: Where a text is cut, the best places first: behind a sentence, behind a clause, behind a word.
_PLACES = (
    re.compile(r"[。．！？!?\n…]+[」』）)\]】〉》”’\"]*\s*|\.\s+"),
    re.compile(r"[、，,;；：:]\s*"),
    re.compile(r"\s+"),
)


#: What belongs to the sign before it, beside what Unicode says is combining.
_CLINGING = frozenset("ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々\u200d")
_JOINER = "\u200d"


def segments(text: str, most: int) -> list[str]:
    """The parts of a text in their order, which put together are the text again.

    Args:
        text: what is to be said.
        most: how many code points a part may have; at least 1.
    """
    parts = []
    while len(text) > most:
        at = _cut(text, most)
        parts.append(text[:at])
        text = text[at:]
    return [*parts, text]


def _cut(text: str, most: int) -> int:
    """Where the first part of a text that is too long ends."""
    for place in _PLACES:
        ends = [found.end() for found in place.finditer(text, 0, most)]
        if ends:
            return ends[-1]
    # One sign that is longer than a part is cut all the same.
    return next((at for at in range(most, 0, -1) if not _clings(text, at)), most)


def _clings(text: str, at: int) -> bool:
    sign = text[at]
    marks = unicodedata.category(sign).startswith("M") or "\U0001f3fb" <= sign <= "\U0001f3ff"
    return marks or sign in _CLINGING or text[at - 1] == _JOINER
