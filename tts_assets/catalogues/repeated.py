"""Keys that stand twice in one object of a JSON text: a parser keeps the last, and loses the others."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from tts_assets.catalogues.scan import items

_START = re.compile(r"[^ \t\n\r]")


class RepeatedKey(NamedTuple):
    """A key, and the 1-based line where it stands again."""

    key: str
    line: int


def repeated_keys(text: str, line: int = 1) -> list[RepeatedKey]:
    """Every key that its object has already, in the order of the text.

    Args:
        text: a JSON text that was parsed.
        line: the line of the file in which it begins.
    """
    if not _has_any(text):
        return []
    found: list[tuple[int, str]] = []
    start = _START.search(text)
    below = [] if start is None else [start.start()]
    while below:
        at = below.pop()
        seen: set[str | int] = set()
        for member in items(text, at):
            if member.key in seen:
                found.append((member.at, str(member.key)))
            seen.add(member.key)
            if text[member.start] in "{[":
                below.append(member.start)
    return [RepeatedKey(key, line + text.count("\n", 0, at)) for at, key in sorted(found)]


def _has_any(text: str) -> bool:
    """Whether there is one at all: the C scanner of the standard library tells it quickly."""
    found = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)

    json.loads(text, object_pairs_hook=look)
    return found
