"""What a GitHub workflow is told: annotations at lines of files, and the summary of its step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.cli.output.items import Level
from tts_assets.cli.output.text import safe
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.cli.output.items import Item


#: GitHub shows this many annotations of a sort for one step.
_ANNOTATIONS = 10


#: Where GitHub Actions takes the summary of a step.
_SUMMARY = "GITHUB_STEP_SUMMARY"
_PLURALS = {Level.ERROR: "errors", Level.WARNING: "warnings", Level.NOTICE: "notes"}


def annotation_lines(items: Iterable[Item]) -> Iterator[str]:
    """Workflow commands for the first items of each level, and how many more there are.

    Their syntax and escapes are those of GitHub's toolkit, ``packages/core/src/command.ts``.
    """
    first: dict[Level, list[Item]] = {level: [] for level in Level}
    counts = dict.fromkeys(Level, 0)
    for item in items:
        counts[item.level] += 1
        if counts[item.level] <= _ANNOTATIONS:
            first[item.level].append(item)
    for level, some in first.items():
        yield from map(_annotation, some)
        if counts[level] > _ANNOTATIONS:
            yield f"+{counts[level] - _ANNOTATIONS:,} more {_PLURALS[level]}"


def append_summary(text: str) -> None:
    """Add Markdown to the summary of the workflow's step; nothing where there is none.

    Raises:
        UsageError: the file that the environment names cannot be written.
    """
    path = os.environ.get(_SUMMARY)
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as exc:
        raise UsageError(f"{_SUMMARY}: {path} cannot be written: {exc.strerror}") from exc


def _annotation(item: Item) -> str:
    where = {"file": item.file, "line": item.line, "title": item.sort}
    properties = ",".join(
        f"{name}={_property(str(value))}" for name, value in where.items() if value
    )
    return f"::{item.level} {properties}::{_escaped(item.told)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(safe(text)).replace(":", "%3A").replace(",", "%2C")
