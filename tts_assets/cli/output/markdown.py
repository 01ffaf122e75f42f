"""Tables in Markdown, in which no text means more than it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


#: GitHub refuses a summary of more than 1 MiB; the rest of the step's may need some of it.
_BYTES = 900_000
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Text that means nothing to Markdown."""
    return _MARKUP.sub(r"\\\1", text)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table; each cell is shown as it is."""
    titles = list(headings)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(map(plain, row))} |"


def fitting(lines: Iterable[str], rows: int) -> Iterator[str]:
    """As many lines of a table as a summary can hold, and how many of its rows are left out."""
    size = 0
    for index, line in enumerate(lines):
        size += len(line.encode()) + 1
        if size > _BYTES:
            yield from ("", f"+{rows - (index - 2):,} more")
            return
        yield line
