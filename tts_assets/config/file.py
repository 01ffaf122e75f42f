"""The file with the settings of a project: where it is, and its table."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from tts_assets.errors import UsageError
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from pathlib import Path


#: The project's own file; a ``pyproject.toml`` with a ``[tool.tts-assets]`` table serves as well.
FILE = "tts-assets.toml"
_BRACKET = re.compile(r"[\[\]{}]")


def find(folder: Path) -> Path | None:
    """The file with the settings for a folder: in it or above; None where there is none."""
    for place in (folder, *folder.parents):
        # A pipe in its place is refused when it is read, and not passed over.
        if _is_there(path := place / FILE):
            return path
        pyproject = place / "pyproject.toml"
        if _is_there(pyproject) and _own_table(pyproject) is not None:
            return pyproject
    return None


def _is_there(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def table_in(path: Path) -> dict[str, Any]:
    """The settings that a file holds.

    Raises:
        UsageError: it cannot be read, or is not TOML.
    """
    return (_own_table(path) or {}) if path.name == "pyproject.toml" else _toml(path)


def _own_table(pyproject: Path) -> dict[str, Any] | None:
    """``[tool.tts-assets]``; None when the project has nothing to say to us."""
    tool = _toml(pyproject).get("tool")
    table = tool.get("tts-assets") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(
            f"{pyproject}: tool.tts-assets is a {type(table).__name__}, and must be a table"
        )
    return table


def _toml(path: Path) -> dict[str, Any]:
    try:
        data = read_regular(path)
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror}") from exc
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise UsageError(f"{path}:{line}: is not UTF-8: save it in UTF-8") from exc
    try:
        return tomllib.loads(text)
    except ValueError as exc:
        raise UsageError(f"{path}: is not valid TOML: {exc}") from exc
    except RecursionError as exc:
        line, levels = _deepest_line(text)
        raise UsageError(
            f"{path}:{line}: lists and tables are nested {levels:,} levels deep, which is more than "
            "can be read; remove that value"
        ) from exc


def _deepest_line(text: str) -> tuple[int, int]:
    """The line with the deepest nesting, and its levels; brackets in strings count, too."""
    level, found = 0, (1, 0)
    for number, line in enumerate(text.splitlines(), 1):
        for bracket in _BRACKET.findall(line):
            level = level + 1 if bracket in "[{" else max(0, level - 1)
            if level > found[1]:
                found = (number, level)
    return found
