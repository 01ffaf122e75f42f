"""Changes of a text, made all at once."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable


#: The text that takes the place of what stands between two offsets.
Change: TypeAlias = tuple[int, int, str]


def made(text: str, changes: Iterable[Change]) -> str:
    """The text with all changes; what is added at one offset keeps its order."""
    parts: list[str] = []
    done = 0
    for start, end, written in sorted(changes, key=itemgetter(0)):
        parts += (text[done:start], written)
        done = end
    if not parts:
        return text
    parts.append(text[done:])
    return "".join(parts)
