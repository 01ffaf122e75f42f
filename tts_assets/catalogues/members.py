"""Members of JSON objects and lists, replaced and added in the style of their document."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tts_assets.catalogues.asked import shown
from tts_assets.catalogues.scan import Container, Layout, Member, decoded, new_comma
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tts_assets.catalogues.changes import Change
    from tts_assets.model import Place

_FIRST_COLON = re.compile(r'\{[ \t\n\r]*+"(?:[^"\\]|\\.)*+"([ \t\n\r]*+:[ \t\n\r]*+)')
_FIRST_INDENT = re.compile(r"[\r\n]([ \t]+)")
_LAST_LINE_BREAK = re.compile(r"(?:\r\n?|\n)[ \t]*\Z")


# After an even number of backslashes; control characters are escaped in every document.
_ESCAPED_LETTER = re.compile(r"(?<!\\)(?:\\\\)*+\\u(?!00[01])")


class MemberEditor:
    """Changes members of one text; all it remembers is how the document writes.

    Args:
        text: a JSON document.
        file: its path, for messages.
        line: the line of the file where the text begins.
        beside: for a key that may be missing, the key after which it is added.
    """

    def __init__(self, text: str, *, file: str, line: int, beside: Mapping[Place, str]) -> None:
        """Look at the document's style."""
        self.text = text
        self._file = file
        self._first_line = line
        self._beside = beside
        colon = _FIRST_COLON.search(text)
        self.colon = colon[1] if colon else ": "
        ascii_only = text.isascii() and _ESCAPED_LETTER.search(text) is not None
        self._encode = json.JSONEncoder(ensure_ascii=ascii_only).encode
        self._slashes_escaped = "\\/" in text and text.count("\\/") == text.count("/")

    def found(self, container: Container, wanted: Collection[str | int]) -> dict[str | int, Member]:
        """The members that are looked for, each of them once.

        Raises:
            InputError: the container cannot have such members, or has one of them twice.
        """
        first = self.text[container.start]
        for key in wanted:
            if first != ("{" if isinstance(key, str) else "["):
                raise self.error(
                    f"{shown(container.place)} is {_a(first)}: there is no {shown((key,))} in it",
                    container.start,
                )
        found: dict[str | int, Member] = {}
        for member in container.members:
            if member.key in wanted:
                if member.key in found:
                    raise self.error(
                        f"the key {shown((member.key,))} stands twice in one object "
                        f"(first in line {self._line(found[member.key].at)}); remove one of them",
                        member.at,
                    )
                found[member.key] = member
        return found

    def url_change(self, place: Place, member: Member, url: str) -> Iterator[Change]:
        """The URL in place of a scalar that is not the URL already.

        Raises:
            InputError: the member holds a list or an object.
        """
        self.refuse_container(place, member)
        if self.text[member.start] != '"' or decoded(self.text, member.start) != url:
            yield member.start, member.end, self.string(url)

    def refuse_container(self, place: Place, member: Member) -> None:
        """Refuse to overwrite a list or an object.

        Raises:
            InputError: the member is one.
        """
        first = self.text[member.start]
        if first in {"{", "["}:
            raise self.error(
                f"{shown(place)} holds {_a(first)} where a URL belongs; "
                "move what it holds to another key",
                member.start,
            )

    def additions(self, container: Container, missing: Mapping[str, str]) -> Iterator[Change]:
        """New members of an object, given as written values by key."""
        if not missing:
            return
        if not container.members:
            yield self._filled(container, missing)
            return
        index_of = {member.key: index for index, member in enumerate(container.members)}
        # What goes beside a member comes before what only goes last.
        for key in sorted(missing, key=lambda key: (*container.place, key) not in self._beside):
            neighbour = self._beside.get((*container.place, key), key)
            index = index_of.get(neighbour, len(container.members) - 1)
            yield self._addition(container, index, key, missing[key])

    def neighbour(self, place: Place, container: Container) -> Member | None:
        """The list of the container that the value at a place stands beside."""
        key = self._beside.get(place)
        for member in container.members:
            if member.key == key and self.text[member.start] == "[":
                return member
        return None

    def string(self, url: str) -> str:
        """A string as this document writes strings."""
        written = self._encode(url)
        return written.replace("/", "\\/") if self._slashes_escaped else written

    def object_of(self, members: Mapping[str, str], layout: Layout | None) -> str:
        """An object of these written values; without a layout it stands on one line."""
        layout = layout or Layout("", new_comma("", self.colon), "")
        body = layout.comma.join(
            f"{self._encode(key)}{self.colon}{value}" for key, value in members.items()
        )
        return f"{{{layout.opening}{body}{layout.closing}}}"

    def error(self, message: str, at: int) -> InputError:
        """An error that names the line of an offset."""
        return InputError(message, file=self._file, line=self._line(at))

    def _addition(self, container: Container, index: int, key: str, value: str) -> Change:
        """A new member like the one that it comes after."""
        members = container.members
        before = members[index]
        opening = self.text[before.at : before.start]
        colon = opening[opening.rindex('"') + 1 :]
        if len(members) == 1:
            comma = new_comma(self.text[container.start + 1 : before.at], colon)
        else:
            left = max(index - 1, 0)
            comma = self.text[members[left].end : members[left + 1].at]
        return before.end, before.end, f"{comma}{self._encode(key)}{colon}{value}"

    def _filled(self, container: Container, missing: Mapping[str, str]) -> Change:
        """An empty object with its first members: on lines of their own if it stands on one."""
        line = _LAST_LINE_BREAK.search(container.around)
        closing = line[0] if line else ""
        indent = _FIRST_INDENT.search(self.text) if line else None
        opening = f"{closing}{indent[1] if indent else ''}"
        layout = Layout(opening, new_comma(opening, self.colon), closing)
        return container.start, container.end, self.object_of(missing, layout)

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + self._first_line


def _a(first: str) -> str:
    """What JSON calls a value that begins so, with its article."""
    return {"{": "an object", "[": "a list"}.get(first, "neither an object nor a list")
