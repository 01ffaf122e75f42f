"""Where the values of a JSON text begin and end, found without touching the text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from tts_assets.model import Place


#: What is looked for, as a tree of steps; an empty branch is a place itself.
Wanted: TypeAlias = "dict[str | int, Wanted]"


# Numbers stay text: a number too long for int() is no reason to fail while passing it by.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_SPACE = re.compile(r"[ \t\n\r]*+")
_PLAIN_KEY = re.compile(r'"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:[ \t\n\r]*+')
_COLON = re.compile(r"[ \t\n\r]*+:[ \t\n\r]*+")
_COMMA = re.compile(r"[ \t\n\r]*+,[ \t\n\r]*+")
_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[\]}]', re.DOTALL)


# A tuple, not a dataclass: there are a million of them in a large catalogue.
class Member(NamedTuple):
    """One member of an object or item of a list, in characters from the start of the text.

    Args:
        key: the decoded key, or the item's index.
        at: where the key begins; for an item, where its value does.
        start: where the value begins.
        end: where the value ends.
    """

    key: str | int
    at: int
    start: int
    end: int


@dataclass(slots=True, kw_only=True)
class Container:
    """A value on the way to what is wanted: an object, a list, or a scalar without members.

    Args:
        place: where it lies in the document.
        wanted: what is looked for inside.
        start: where it begins.
        end: where it ends.
        members: all that is in it, in order, repeated keys included.
        around: the white space before the first member of the value that holds it.
    """

    place: Place
    wanted: Wanted
    start: int
    end: int
    members: list[Member]
    around: str = ""


class Layout(NamedTuple):
    """White space and commas of a list or object: behind its bracket, between items, at its end."""

    opening: str
    comma: str
    closing: str


def wanted_tree(places: Iterable[Place]) -> Wanted:
    """The places as one tree of steps, in the order given."""
    root: Wanted = {}
    for place in places:
        branch = root
        for step in place:
            branch = branch.setdefault(step, {})
    return root


def containers(text: str, wanted: Wanted) -> Iterator[Container]:
    """Every value that has to be entered to reach what is wanted, inner ones first.

    All of the text is read once, most of it by the C scanner of the standard library.

    Raises:
        json.JSONDecodeError: the text is not JSON.
        RecursionError: what is wanted lies too deep.
    """
    start = _past_space(text, 0)
    end = yield from _entered(
        text, Container(place=(), wanted=wanted, start=start, end=0, members=[])
    )
    end = _past_space(text, end)
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def items(text: str, start: int) -> list[Member]:
    """What is in the list or object that begins at ``start``."""
    row = Container(place=(), wanted={}, start=start, end=0, members=[])
    for _ in _entered(text, row):
        pass
    return row.members


def layout_of(text: str, member: Member, colon: str) -> Layout | None:
    """The layout of a value that has items or members, where objects write such colons."""
    if text[member.start] not in {"[", "{"} or not (present := items(text, member.start)):
        return None
    opening = text[member.start + 1 : present[0].at]
    closing = text[present[-1].end : member.end - 1]
    if len(present) == 1:
        return Layout(opening, new_comma(opening, colon), closing)
    return Layout(opening, text[present[0].end : present[1].at], closing)


def new_comma(opening: str, colon: str) -> str:
    """A comma where there is none to copy: before a line of its own, or as airy as a colon."""
    if "\n" in opening or "\r" in opening:
        return f",{opening}"
    return "," if colon.endswith(":") else ", "


def decoded(text: str, start: int) -> str:
    """The string that begins at ``start``."""
    value: str = _DECODER.raw_decode(text, start)[0]
    return value


def deepest(text: str) -> tuple[int, int]:
    """How many levels of objects and lists the text has at most, and where it first has them."""
    level = most = where = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[0] in {"[", "{"}:
            level += 1
            if level > most:
                most, where = level, bracket.start()
        elif bracket[0] in {"]", "}"}:
            level -= 1
    return most, where


def _entered(text: str, container: Container) -> Generator[Container, None, int]:
    """Yield the wanted containers within this one, then itself; return its end."""
    start = container.start
    first = text[start : start + 1]
    if first not in {"{", "["}:
        container.end = _skipped(text, start)
    else:
        closing = "}" if first == "{" else "]"
        at = _past_space(text, start + 1)
        if text[at : at + 1] != closing:
            at = yield from _members(text, container, at)
            if text[at : at + 1] != closing:
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        container.end = at + 1
    yield container
    return container.end


def _members(text: str, container: Container, at: int) -> Generator[Container, None, int]:
    """Fill the container's members; return where its closing bracket ought to be."""
    around = text[container.start + 1 : at]
    is_object = text[container.start] == "{"
    wanted, members = container.wanted, container.members
    while True:
        key, start = _key(text, at) if is_object else (len(members), at)
        inner = wanted.get(key)
        if inner:
            place = (*container.place, key)
            end = yield from _entered(
                text,
                Container(place=place, wanted=inner, start=start, end=0, members=[], around=around),
            )
        else:
            end = _skipped(text, start)
        members.append(Member(key, at, start, end))
        comma = _COMMA.match(text, end)
        if comma is None:
            return _past_space(text, end)
        at = comma.end()


def _key(text: str, at: int) -> tuple[str, int]:
    """The key that begins here, and where its value begins."""
    plain = _PLAIN_KEY.match(text, at)
    if plain is not None:
        return plain[1], plain.end()
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
    key, end = _DECODER.raw_decode(text, at)
    colon = _COLON.match(text, end)
    if colon is None:
        raise json.JSONDecodeError("Expecting ':' delimiter", text, end)
    return key, colon.end()


def _skipped(text: str, start: int) -> int:
    """Where the value that begins here ends."""
    try:
        return _DECODER.raw_decode(text, start)[1]
    except RecursionError:
        return _skipped_deep(text, start)


def _skipped_deep(text: str, start: int) -> int:
    level = 0
    for bracket in _BRACKET.finditer(text, start):
        if bracket[0] in {"[", "{"}:
            level += 1
        elif bracket[0] in {"]", "}"}:
            level -= 1
            if level == 0:
                return bracket.end()
    raise json.JSONDecodeError("Expecting ',' delimiter", text, len(text))


def _past_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()
