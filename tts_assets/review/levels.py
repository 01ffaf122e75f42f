"""How far learners are whom an entry is for: its level of the JLPT, from N5 to N1."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.domain import Place

#: The keys under which records tell it, in lower case and without signs between their words.
_LEVEL_KEYS = ("level", "jlptlevel", "jlpt", "tags", "tag")
#: Numbers alone are those of many scales: only these keys tell that it is the JLPT's.
_JLPT_KEYS = frozenset({"jlpt", "jlptlevel"})

_LEVEL_PATTERN = re.compile(
    r"(?<![a-z0-9])(?:jlpt[\s_:.-]*n?|n[\s_-]?)([1-5])(?![a-z0-9])", re.IGNORECASE | re.ASCII
)
_BARE_LEVEL_PATTERN = re.compile(r"\s*n?([1-5])\s*", re.IGNORECASE | re.ASCII)
#: What is longer tells something else.
_MAX_TEXT_LENGTH = 200


def find_jlpt_level(root: Any, at: Place, file: str) -> str:
    """The level of what lies at a place, such as ``N5``; "" where nothing tells.

    The innermost that tells it counts: the item, its record, the objects and keys around, and at last
    the names of the file and of its folder.

    Args:
        root: the value of the document.
        at: the place.
        file: the path of the document.
    """
    path = PurePath(file)
    for value in _list_ancestors(root, at):
        found = _find_in_text(value) if isinstance(value, str) else _find_in_object(value)
        if found:
            return found
    return _find_in_text(path.stem) or _find_in_text(path.parent.name)


def _list_ancestors(root: Any, at: Place) -> list[Any]:
    """The objects on the way to a place, and the keys that led there, the innermost first."""
    found, value = [root], root
    for step in at:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            # Somebody has changed the file meanwhile.
            break
        found += [step, value] if isinstance(step, str) else [value]
    return [each for each in reversed(found) if isinstance(each, dict | str)]


def _find_in_object(value: dict[str, Any]) -> str:
    known = {re.sub(r"[\s_-]", "", key).lower(): inner for key, inner in value.items()}
    for key in _LEVEL_KEYS:
        for each in _iter_texts(known.get(key)):
            alone = (
                _BARE_LEVEL_PATTERN.fullmatch(_normalise_text(each)) if key in _JLPT_KEYS else None
            )
            found = f"N{alone[1]}" if alone else _find_in_text(each)
            if found:
                return found
    return ""


def _iter_texts(value: Any) -> Iterator[str]:
    """What is told under a key, as texts."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str | int) and not isinstance(each, bool):
            yield str(each)


def _find_in_text(text: str) -> str:
    named = _LEVEL_PATTERN.search(_normalise_text(text))
    return f"N{named[1]}" if named else ""


def _normalise_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text) if len(text) <= _MAX_TEXT_LENGTH else ""
