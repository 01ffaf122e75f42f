"""JSON Lines: one JSON value on each line, blank lines between them allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tts_assets.catalogues import edit
from tts_assets.catalogues.asked import shown
from tts_assets.catalogues.json_text import value_of
from tts_assets.catalogues.repeated import repeated_keys
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.catalogues.repeated import RepeatedKey
    from tts_assets.model import Place

T = TypeVar("T")


# White space of JSON only: a line of ideographic spaces is a mistake.
_SPACE = " \t\r"


def values_of(text: str, *, file: str) -> list[Any]:
    """The values of all lines that are not blank.

    Raises:
        InputError: a line is not one JSON value.
    """
    return [
        value_of(line, file=file, line=number)
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip(_SPACE)
    ]


def lines_of(text: str, places: Iterable[Place]) -> dict[Place, int]:
    """The 1-based lines of these places; those of records that are not there are left out."""
    filled = [number for number, line in enumerate(text.split("\n"), 1) if line.strip(_SPACE)]
    lines: dict[Place, int] = {}
    for place in places:
        index = place[0] if place else 0
        if not place:
            lines[place] = 1
        elif isinstance(index, int) and 0 <= index < len(filled):
            lines[place] = filled[index]
    return lines


def repeated_keys_of(text: str) -> list[RepeatedKey]:
    """Keys that stand twice in one object, with the lines of the file."""
    return [
        each
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip(_SPACE)
        for each in repeated_keys(line, number)
    ]


def set_urls(
    text: str,
    urls: Mapping[Place, str],
    *,
    file: str,
    lists: Mapping[Place, int],
    beside: Mapping[Place, str],
) -> str:
    """The text with these URLs at their places; a place begins with the index of its line.

    Blank lines are not counted. See :func:`tts_assets.catalogues.edit.set_urls` for the rest.

    Raises:
        InputError: as there, with the line of the file.
        ValueError: as there; and a URL would take the place of a whole line.
    """
    lists_of, beside_of = _by_record(lists), _by_record(beside)
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip(_SPACE)]
    for index, wanted in _by_record(urls).items():
        if not isinstance(index, int) or not 0 <= index < len(filled):
            what = f"there is no {shown((index,))} (any more); read the file again"
            raise InputError(what, file=file)
        number = filled[index]
        lines[number] = edit.set_urls(
            lines[number],
            wanted,
            file=file,
            lists=lists_of.get(index),
            beside=beside_of.get(index),
            line=number + 1,
        )
    return "\n".join(lines)


def _by_record(values: Mapping[Place, T]) -> dict[str | int, dict[Place, T]]:
    """Values by their place within a record, by record."""
    found: dict[str | int, dict[Place, T]] = {}
    for place, value in values.items():
        if len(place) < 2:
            raise ValueError(f"{place} is a whole line or the document, and takes no URL")
        found.setdefault(place[0], {})[place[1:]] = value
    return found
