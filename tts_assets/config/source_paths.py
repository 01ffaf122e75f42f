"""Paths to values of a record: the part of JSONPath (RFC 9535) that names single steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from tts_assets.errors import show_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.model import Place


class PathStep(Enum):
    """Steps that are neither a key nor an index."""

    #: ``[*]`` or ``.*``: every item of a list, every value of an object.
    EVERY = "*"
    #: ``[#]``: the item at the index or key of the spoken text; not in RFC 9535.
    SAME = "#"


PathSteps: TypeAlias = tuple[str | int | PathStep, ...]
_SEGMENT = re.compile(
    r"""\.?\[(?:(?P<index>\d{1,9})|(?P<sign>[*\#])|'(?P<single>(?:[^'\\]|\\.)*)'
        |"(?P<double>(?:[^"\\]|\\.)*)")\]
        |(?:^|(?<=[^.])\.)(?:(?P<every>\*)|(?P<name>[^.\[\]'"*\#@$()\s]+))""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")


class PathError(ValueError):
    """A text is not a path."""


class ShapeError(ValueError):
    """A value does not have the shape that a path requires; ``place`` leads to it."""

    def __init__(self, value: object, expected: str, place: Place) -> None:
        """Create the error from the value found, the expected type and the place."""
        self.wrong = f"is {describe_type(value)}, but must be {expected}"
        super().__init__(f"{quote_path(place)} {self.wrong}")
        self.place = place


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A path from an item, or from the whole record."""

    text: str  #: the path as written, for messages
    steps: PathSteps  #: keys, indices and :class:`PathStep`
    #: True if the path begins with ``$``; otherwise it begins at the item.
    from_record: bool = False


#: The last key that a ``*`` matched on the way to an item; it has no steps and is not in RFC 9535.
KEY_PATH = FieldPath("key()", ())


def parse_path(text: str) -> FieldPath:
    """Read a path such as ``reading``, ``examples[*].japanese``, ``$.kanji`` or ``['odd key']``.

    Raises:
        PathError: the text is not a path; the message gives examples.
    """
    start = 1 if text[:1] in {"$", "@"} else 0
    body = text[start:].removeprefix(".") if start else text
    steps: list[str | int | PathStep] = []
    offset = 0
    while offset < len(body):
        found = _SEGMENT.match(body, offset)
        if found is None or found.end() == offset:
            raise PathError(
                f"{show_value(text)} is not a path: cannot read {show_value(body[offset:])}; "
                "write name, list[*], list[0], object.name, or ['a key with spaces or "
                "dots']"
            )
        steps.append(_parse_step(found))
        offset = found.end()
    if not steps and not start:
        raise PathError("a path is empty; write @ for the value itself")
    return FieldPath(text, tuple(steps), from_record=text[:1] == "$")


def _parse_step(found: re.Match[str]) -> str | int | PathStep:
    if found["index"] is not None:
        return int(found["index"])
    if found["sign"] or found["every"]:
        return PathStep(found["sign"] or found["every"])
    if found["name"] is not None:
        return found["name"]
    quoted = found["single"] if found["single"] is not None else found["double"]
    return _ESCAPED.sub(r"\1", quoted)


def format_steps(steps: PathSteps) -> str:
    """The shortest text that :func:`parse_path` reads as these steps."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            plain = re.fullmatch(r"[^.\[\]'\"*#@$()\s\\]+", step)
            escaped = step.replace("\\", "\\\\").replace("'", "\\'")
            text += (f".{step}" if text else step) if plain else f"['{escaped}']"
        else:
            text += f"[{step.value if isinstance(step, PathStep) else step}]"
    return text or "@"


def find_values(value: Any, steps: PathSteps, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value that the steps lead to, with its place; nothing if a key is absent or null.

    Raises:
        ShapeError: a value on the way is neither null nor of the type that the next step needs.
    """
    if not steps:
        yield place, value
        return
    step, rest = steps[0], steps[1:]
    for key, inner in _step_into(value, step, place):
        yield from find_values(inner, rest, (*place, key))


def _step_into(
    value: Any, step: str | int | PathStep, place: Place
) -> Iterable[tuple[str | int, Any]]:
    """The members of a value that one step leads to."""
    if value is None:
        return ()
    if step is PathStep.EVERY and isinstance(value, dict):
        return value.items()
    if isinstance(step, str):
        if not isinstance(value, dict):
            raise ShapeError(value, "an object", place)
        return [(step, value[step])] if step in value else ()
    if not isinstance(value, list):
        raise ShapeError(value, "a list", place)
    if isinstance(step, int):
        return [(step, value[step])] if step < len(value) else ()
    return enumerate(value)


def quote_path(place: Place) -> str:
    """A place as shown in messages."""
    return repr(format_steps(place)) if place else "it"


_TYPE_NAMES = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    type(None): "null",
}


def describe_type(value: object) -> str:
    """The JSON type of a value, with its article."""
    return _TYPE_NAMES.get(type(value), "a number")
