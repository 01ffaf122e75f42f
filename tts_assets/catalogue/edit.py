"""URLs set in the text of a catalogue, with every byte around them left as it was."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from tts_assets.catalogue.document import not_json, too_deep
from tts_assets.catalogue.scan import (
    Container,
    Layout,
    Member,
    containers,
    decoded,
    items,
    layout_of,
    new_comma,
    wanted_tree,
)
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tts_assets.domain import Place

#: The text that takes the place of what stands between two offsets.
_Change: TypeAlias = tuple[int, int, str]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_FIRST_COLON = re.compile(r'\{[ \t\n\r]*+"(?:[^"\\]|\\.)*+"([ \t\n\r]*+:[ \t\n\r]*+)')
_FIRST_INDENT = re.compile(r"[\r\n]([ \t]+)")
_LAST_LINE_BREAK = re.compile(r"(?:\r\n?|\n)[ \t]*\Z")
# After an even number of backslashes; control characters are escaped in every document.
_ESCAPED_LETTER = re.compile(r"(?<!\\)(?:\\\\)*+\\u(?!00[01])")


def set_urls(
    text: str,
    urls: Mapping[Place, str],
    *,
    file: str,
    lists: Mapping[Place, int] | None = None,
    beside: Mapping[Place, str] | None = None,
) -> str:
    """The text with these URLs at their places; the very same text when all are there already.

    A string, number, true, false or null that stands at a place gives way to the URL, unless it
    is the URL already, however it is escaped. A missing key is added to its object, in the style
    of the members there. A list or an object never gives way to a URL.

    Args:
        text: a JSON document.
        urls: the URLs by place.
        file: its path, for messages.
        lists: the lists of URLs that run parallel to a list of texts, and how many items each
            must have. One that exists with that length has its items set one by one. One that
            is missing, a scalar, or of another length is written anew: strings that were in it
            stay, and an item without URL is null.
        beside: for a key that may be missing, the key of the same object after which it is
            added; without it, or where that is missing too, it is added last. A list written
            anew is laid out as it was, else as the list beside it, else on one line.

    Raises:
        InputError: a place does not exist in the text, leads through a key that its object has
            twice, or holds a list or an object; or the text is not JSON. Nothing is set then.
        ValueError: one place lies within another, or is the root.
    """
    leaves = _leaves(urls, lists or {}, file)
    if not leaves:
        return text
    wanted = wanted_tree(leaves)
    editor = _Editor(text, file, leaves, beside or {})
    try:
        changes = [change for found in containers(text, wanted) for change in editor.changes(found)]
    except json.JSONDecodeError as exc:
        raise not_json(exc, file=file) from exc
    except RecursionError as exc:
        raise too_deep(text, file=file) from exc
    return _spliced(text, changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What is set in one parallel list: URLs by index, and how many items it must have."""

    urls: dict[int, str]
    length: int


def _leaves(
    urls: Mapping[Place, str], lists: Mapping[Place, int], file: str
) -> dict[Place, str | _Row]:
    """What is written as one: a URL, or all that is set in one parallel list."""
    leaves: dict[Place, str | _Row] = {}
    rows: dict[Place, _Row] = {}
    for place, url in urls.items():
        if not place or place in lists:
            raise ValueError(f"a URL cannot take the place of the list or the root at {place}")
        if not url.isascii() and _LONE_SURROGATE.search(url):
            raise InputError(
                f"the URL for {_shown(place)} holds half a character (a lone surrogate); "
                "mend the text that it is made from",
                file=file,
            )
        length = lists.get(place[:-1])
        if length is None:
            leaves[place] = url
            continue
        index = place[-1]
        if not isinstance(index, int) or not 0 <= index < length:
            raise InputError(f"{_shown(place)} is no item of a list of {length}", file=file)
        row = rows.get(place[:-1])
        if row is None:
            row = rows[place[:-1]] = leaves[place[:-1]] = _Row(urls={}, length=length)
        row.urls[index] = url
    return leaves


class _Editor:
    """Decides what changes in a text; all it remembers is how the document writes."""

    def __init__(
        self, text: str, file: str, leaves: Mapping[Place, str | _Row], beside: Mapping[Place, str]
    ) -> None:
        self._text = text
        self._file = file
        self._leaves = leaves
        self._beside = beside
        colon = _FIRST_COLON.search(text)
        self._colon = colon[1] if colon else ": "
        ascii_only = text.isascii() and _ESCAPED_LETTER.search(text) is not None
        self._encode = json.JSONEncoder(ensure_ascii=ascii_only).encode
        self._slashes_escaped = "\\/" in text and text.count("\\/") == text.count("/")

    def changes(self, container: Container) -> Iterator[_Change]:
        """What changes in this container itself; what lies deeper has a container of its own."""
        found = self._found(container)
        missing: dict[str, str | _Row] = {}
        for key, inner in container.wanted.items():
            place = (*container.place, key)
            leaf = self._leaves.get(place)
            if leaf is not None and inner:
                raise ValueError(f"{place} is given a URL, and so is a place within it")
            member = found.get(key)
            if member is None:
                if leaf is None or isinstance(key, int):
                    what = f"there is no {_shown(place)} (any more); read the file again"
                    raise self._error(what, container.start)
                missing[key] = leaf
            elif isinstance(leaf, str):
                yield from self._url_change(place, member, leaf)
            elif leaf is not None:
                yield from self._row_changes(place, member, leaf, container)
        if missing and container.members:
            yield from self._additions(container, missing)
        elif missing:
            yield self._filled(container, missing)

    def _found(self, container: Container) -> dict[str | int, Member]:
        """The members that are looked for, each of them once."""
        first = self._text[container.start]
        for key in container.wanted:
            if first != ("{" if isinstance(key, str) else "["):
                here, there = _shown(container.place), _shown((key,))
                raise self._error(
                    f"{here} is {_a(first)}: there is no {there} in it", container.start
                )
        found: dict[str | int, Member] = {}
        for member in container.members:
            if member.key in container.wanted:
                if member.key in found:
                    raise self._error(
                        f"the key {_shown((member.key,))} stands twice in one object "
                        f"(first in line {self._line(found[member.key].at)}); remove one of them",
                        member.at,
                    )
                found[member.key] = member
        return found

    def _url_change(self, place: Place, member: Member, url: str) -> Iterator[_Change]:
        self._refuse_container(place, member)
        if self._text[member.start] != '"' or decoded(self._text, member.start) != url:
            yield member.start, member.end, self._string(url)

    def _refuse_container(self, place: Place, member: Member) -> None:
        first = self._text[member.start]
        if first in {"{", "["}:
            raise self._error(
                f"{_shown(place)} holds {_a(first)} where a URL belongs; "
                "move what it holds to another key",
                member.start,
            )

    def _row_changes(
        self, place: Place, member: Member, row: _Row, container: Container
    ) -> Iterator[_Change]:
        first = self._text[member.start]
        present = items(self._text, member.start) if first == "[" else []
        if first == "[" and len(present) == row.length:
            for index, url in row.urls.items():
                yield from self._url_change((*place, index), present[index], url)
            return
        for value in present if first == "[" else [member]:
            self._refuse_container(place, value)
        layout = layout_of(self._text, member, self._colon)
        layout = layout or self._layout_beside(place, container)
        yield member.start, member.end, self._list(row, layout, present)

    def _additions(self, container: Container, missing: dict[str, str | _Row]) -> Iterator[_Change]:
        """New members of an object that has some, each like the member it comes after."""
        members = container.members
        index_of = {member.key: index for index, member in enumerate(members)}
        # What goes beside a member comes before what only goes last.
        for key in sorted(missing, key=lambda key: (*container.place, key) not in self._beside):
            place = (*container.place, key)
            index = index_of.get(self._beside.get(place, key), len(members) - 1)
            before = members[index]
            opening = self._text[before.at : before.start]
            colon = opening[opening.rindex('"') + 1 :]
            if len(members) == 1:
                comma = new_comma(self._text[container.start + 1 : before.at], colon)
            else:
                left = max(index - 1, 0)
                comma = self._text[members[left].end : members[left + 1].at]
            value = self._value(place, missing[key], container)
            yield before.end, before.end, f"{comma}{self._encode(key)}{colon}{value}"

    def _filled(self, container: Container, missing: dict[str, str | _Row]) -> _Change:
        """An empty object with its first members: on lines of their own if it stands on one."""
        written = [
            f"{self._encode(key)}{self._colon}{self._value((*container.place, key), leaf, container)}"
            for key, leaf in missing.items()
        ]
        line = _LAST_LINE_BREAK.search(container.around)
        closing = line[0] if line else ""
        indent = _FIRST_INDENT.search(self._text) if line else None
        opening = f"{closing}{indent[1] if indent else ''}"
        body = new_comma(opening, self._colon).join(written)
        return container.start, container.end, f"{{{opening}{body}{closing}}}"

    def _value(self, place: Place, leaf: str | _Row, container: Container) -> str:
        if isinstance(leaf, str):
            return self._string(leaf)
        return self._list(leaf, self._layout_beside(place, container), [])

    def _list(self, row: _Row, layout: Layout, present: list[Member]) -> str:
        """A whole list: its new URLs, else the strings it has, else null."""
        written = ["null"] * row.length
        for index, item in enumerate(present[: row.length]):
            if self._text[item.start] == '"':
                written[index] = self._text[item.start : item.end]
        for index, url in row.urls.items():
            written[index] = self._string(url)
        return f"[{layout.opening}{layout.comma.join(written)}{layout.closing}]"

    def _layout_beside(self, place: Place, container: Container) -> Layout:
        neighbour = self._beside.get(place)
        for member in container.members:
            if member.key == neighbour and (layout := layout_of(self._text, member, self._colon)):
                return layout
        return Layout(opening="", comma=new_comma("", self._colon), closing="")

    def _string(self, url: str) -> str:
        written = self._encode(url)
        return written.replace("/", "\\/") if self._slashes_escaped else written

    def _error(self, message: str, at: int) -> InputError:
        return InputError(message, file=self._file, line=self._line(at))

    def _line(self, at: int) -> int:
        return self._text.count("\n", 0, at) + 1


def _spliced(text: str, changes: list[_Change]) -> str:
    """The text with all changes made; what is added at one offset keeps its order."""
    if not changes:
        return text
    parts: list[str] = []
    done = 0
    for start, end, written in sorted(changes, key=itemgetter(0)):
        parts += (text[done:start], written)
        done = end
    parts.append(text[done:])
    return "".join(parts)


def _shown(place: Place) -> str:
    """A place as people read it; the broken halves of characters as escapes."""
    steps = " > ".join(json.dumps(step, ensure_ascii=False) for step in place)
    return steps.encode("utf-8", "backslashreplace").decode("utf-8") or "the document"


def _a(first: str) -> str:
    """What JSON calls a value that begins so, with its article."""
    return {"{": "an object", "[": "a list"}.get(first, "neither an object nor a list")
