"""Edits JSON objects and lists in the style of their document."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import TYPE_CHECKING

from tts_assets.catalogues import requested_urls
from tts_assets.catalogues.json_text import (
    JsonContainer,
    JsonLayout,
    JsonMember,
    build_path_tree,
    decode_string,
    detect_layout,
    explain_deep_nesting,
    explain_syntax_error,
    find_comma,
    format_comma,
    scan_containers,
    scan_flat_objects,
    scan_items,
)
from tts_assets.catalogues.requested_urls import (
    RequestedObjectUrls,
    RequestedUrls,
    RequestedValue,
    format_path,
    url_leaves,
)
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tts_assets.catalogues.json_text import PathTree
    from tts_assets.catalogues.requested_urls import TextEdit
    from tts_assets.model import Place

_FIRST_COLON = re.compile(r'\{[ \t\n\r]*+"(?:[^"\\]|\\.)*+"([ \t\n\r]*+:[ \t\n\r]*+)')
_FIRST_INDENT = re.compile(r"[\r\n]([ \t]+)")
_LAST_LINE_BREAK = re.compile(r"(?:\r\n?|\n)[ \t]*\Z")

# After an even number of backslashes; control characters are ignored, as JSON must escape them.
_ESCAPED_LETTER = re.compile(r"(?<!\\)(?:\\\\)*+\\u(?!00[01])")


class MemberEditor:
    """Edits members of one text; its state is the style of the document, and the last scan.

    Args:
        text: a JSON document.
        file: its path, for messages.
        line: the line of the file that the text begins on.
        beside: the key after which a missing key is added, by place.
    """

    def __init__(self, text: str, *, file: str, line: int, beside: Mapping[Place, str]) -> None:
        """Detect the style of the document."""
        self.text = text
        self._file = file
        self._first_line = line
        self._beside = beside
        # The members of one container by their keys: a container may lack thousands of keys.
        self._scanned = -1
        self._members: dict[str | int, JsonMember] = {}
        colon = _FIRST_COLON.search(text)
        self.colon = colon[1] if colon else ": "
        ascii_only = text.isascii() and _ESCAPED_LETTER.search(text) is not None
        self._encode = encode_basestring_ascii if ascii_only else encode_basestring
        self._slashes_escaped = "\\/" in text and text.count("\\/") == text.count("/")

    def find_members(
        self, container: JsonContainer, keys: Collection[str | int]
    ) -> dict[str | int, JsonMember]:
        """Find the members with these keys.

        Raises:
            InputError: the container cannot have such members, or repeats one of them.
        """
        first = self.text[container.start]
        for key in keys:
            if first != ("{" if isinstance(key, str) else "["):
                raise self.make_error(
                    f"{format_path(container.place)} is {_describe_container(first)}: there is no {format_path((key,))} in it",
                    container.start,
                )
        found: dict[str | int, JsonMember] = {}
        for member in container.members:
            if member.key in keys:
                if member.key in found:
                    raise self.make_error(
                        (
                            f"the key {format_path((member.key,))} occurs twice in one object "
                            f"(first in line {self._line_number(found[member.key].at)}); remove "
                            "one of them"
                        ),
                        member.at,
                    )
                found[member.key] = member
        return found

    def replace_url(self, place: Place, member: JsonMember, url: str) -> Iterator[TextEdit]:
        """Replace a scalar by the URL, unless it is that URL already.

        Raises:
            InputError: the member is a list or an object.
        """
        self.refuse_container(place, member)
        if self.text[member.start] != '"' or decode_string(self.text, member.start) != url:
            yield member.start, member.end, self.format_string(url)

    def refuse_container(self, place: Place, member: JsonMember) -> None:
        """Refuse to overwrite a list or an object.

        Raises:
            InputError: the member is one.
        """
        first = self.text[member.start]
        if first in {"{", "["}:
            raise self.make_error(
                (
                    f"{format_path(place)} contains {_describe_container(first)}, where a URL "
                    "is to be written; move that value to another key"
                ),
                member.start,
            )

    def add_members(
        self, container: JsonContainer, missing: Mapping[str, str]
    ) -> Iterator[TextEdit]:
        """Add members to an object, given as encoded values by key."""
        if not missing:
            return
        if not container.members:
            yield self._fill_empty_object(container, missing)
            return
        # Insert the members with a neighbour first, then those that are appended.
        for key in sorted(missing, key=lambda key: (*container.place, key) not in self._beside):
            before = self._find_neighbour((*container.place, key), container)
            yield self._add_member(container, before or container.members[-1], key, missing[key])

    def find_neighbour_list(self, place: Place, container: JsonContainer) -> JsonMember | None:
        """The list that the value at a place is added after; None if there is none."""
        found = self._find_neighbour(place, container)
        return found if found is not None and self.text[found.start] == "[" else None

    def format_string(self, url: str) -> str:
        """Encode a string in the style of the document."""
        written = self._encode(url)
        return written.replace("/", "\\/") if self._slashes_escaped else written

    def format_object(self, members: Mapping[str, str], layout: JsonLayout | None) -> str:
        """Format an object of these encoded values; without a layout, on one line."""
        layout = layout or JsonLayout("", format_comma("", self.colon), "")
        body = layout.comma.join(
            f"{self._encode(key)}{self.colon}{value}" for key, value in members.items()
        )
        return f"{{{layout.opening}{body}{layout.closing}}}"

    def make_error(self, message: str, at: int) -> InputError:
        """Make an error with the line of an offset."""
        return InputError(message, file=self._file, line=self._line_number(at))

    def _find_neighbour(self, place: Place, container: JsonContainer) -> JsonMember | None:
        """The member that the value at a place is added after; None if it is added last."""
        key = self._beside.get(place)
        if key is None:
            return None
        if self._scanned != container.start:
            self._scanned = container.start
            members = scan_items(self.text, container.start)
            self._members = {member.key: member for member in members}
        return self._members.get(key)

    def _add_member(
        self, container: JsonContainer, before: JsonMember, key: str, value: str
    ) -> TextEdit:
        """Add a member in the style of the one before it."""
        opening = self.text[before.at : before.start]
        colon = opening[opening.rindex('"') + 1 :]
        comma = find_comma(self.text, container, before, colon)
        return before.end, before.end, f"{comma}{self._encode(key)}{colon}{value}"

    def _fill_empty_object(self, container: JsonContainer, missing: Mapping[str, str]) -> TextEdit:
        """Add the first members to an empty object, on separate lines if it is on its own line."""
        line = _LAST_LINE_BREAK.search(container.around)
        closing = line[0] if line else ""
        indent = _FIRST_INDENT.search(self.text) if line else None
        opening = f"{closing}{indent[1] if indent else ''}"
        layout = JsonLayout(opening, format_comma(opening, self.colon), closing)
        return container.start, container.end, self.format_object(missing, layout)

    def _line_number(self, at: int) -> int:
        return self.text.count("\n", 0, at) + self._first_line


def _describe_container(first: str) -> str:
    """Name the type of a value by its first character."""
    return {"{": "an object", "[": "a list"}.get(first, "neither an object nor a list")


# Lists of URLs, or of objects with URLs, that are parallel to a list of texts.


def build_array(
    editor: MemberEditor,
    place: Place,
    row: RequestedUrls | RequestedObjectUrls,
    around: JsonContainer,
) -> str:
    """Format a new list, in the layout of the list beside it."""
    beside = editor.find_neighbour_list(place, around)
    layout = detect_layout(editor.text, beside, editor.colon) if beside else None
    if isinstance(row, RequestedUrls):
        return _format_url_list(editor, row, layout, [])
    model = _find_layout_beside(editor, place, around)
    written = [_format_item(editor, row, index, model) for index in range(row.length)]
    return _format_list(editor, written, layout)


def _edit_url_array(
    editor: MemberEditor,
    place: Place,
    member: JsonMember,
    row: RequestedUrls,
    around: JsonContainer,
) -> Iterator[TextEdit]:
    is_list = editor.text[member.start] == "["
    present = scan_items(editor.text, member.start) if is_list else []
    if is_list and len(present) == row.length:
        for index, url in row.urls.items():
            yield from editor.replace_url((*place, index), present[index], url)
        return
    for value in present if is_list else [member]:
        editor.refuse_container(place, value)
    if not present:
        yield member.start, member.end, build_array(editor, place, row, around)
        return
    layout = detect_layout(editor.text, member, editor.colon)
    yield member.start, member.end, _format_url_list(editor, row, layout, present)


def _edit_object_array(
    editor: MemberEditor,
    place: Place,
    member: JsonMember,
    row: RequestedObjectUrls,
    around: JsonContainer,
) -> Iterator[TextEdit]:
    is_list = editor.text[member.start] == "["
    if not is_list:
        editor.refuse_container(place, member)
    layout = detect_layout(editor.text, member, editor.colon) if is_list else None
    if layout is None:
        yield member.start, member.end, build_array(editor, place, row, around)
        return
    present = scan_items(editor.text, member.start)
    _refuse_loss(editor, place, present, row)
    model = _find_model_layout(editor, present) or _find_layout_beside(editor, place, around)
    for index, urls in row.urls.items():
        if index < len(present):
            found = JsonContainer(
                start=present[index].start,
                end=present[index].end,
                place=(*place, index),
                around=layout.opening,
            )
            yield from _edit_array_item(editor, found, urls, model)
    end = present[-1].end
    if len(present) > row.length:
        yield present[row.length - 1].end, end, ""
    for index in range(len(present), row.length):
        yield end, end, f"{layout.comma}{_format_item(editor, row, index, model)}"


def _refuse_loss(
    editor: MemberEditor, place: Place, present: list[JsonMember], row: RequestedObjectUrls
) -> None:
    """Refuse to shorten a list unless only nulls at its end are removed."""
    for lost in present[row.length :]:
        if editor.text[lost.start] != "n":
            raise editor.make_error(
                (
                    f"{format_path(place)} has {len(present)} items for a list of {row.length}; "
                    "remove the surplus"
                ),
                lost.start,
            )


def _edit_array_item(
    editor: MemberEditor, item: JsonContainer, urls: dict[str, str], model: JsonLayout | None
) -> Iterator[TextEdit]:
    """Set URLs in one object of a list; null is replaced by an object."""
    first = editor.text[item.start]
    if first == "n":
        yield item.start, item.end, _format_object(editor, urls, model)
        return
    if first != "{":
        raise editor.make_error(
            (
                f"{format_path(item.place)} must be an object or null, because its URL is "
                f"written under the key {format_path((next(iter(urls)),))}; correct it"
            ),
            item.start,
        )
    item.members = scan_items(editor.text, item.start)
    found = editor.find_members(item, urls)
    for key, url in urls.items():
        if key in found:
            yield from editor.replace_url((*item.place, key), found[key], url)
    missing = {key: editor.format_string(url) for key, url in urls.items() if key not in found}
    yield from editor.add_members(item, missing)


def _format_item(
    editor: MemberEditor, row: RequestedObjectUrls, index: int, model: JsonLayout | None
) -> str:
    return _format_object(editor, row.urls[index], model) if index in row.urls else "null"


def _format_object(editor: MemberEditor, urls: dict[str, str], model: JsonLayout | None) -> str:
    return editor.format_object(
        {key: editor.format_string(url) for key, url in urls.items()}, model
    )


def _find_model_layout(editor: MemberEditor, present: list[JsonMember]) -> JsonLayout | None:
    """The layout of the first object among items, for new objects."""
    for item in present:
        if editor.text[item.start] == "{" and (
            layout := detect_layout(editor.text, item, editor.colon)
        ):
            return layout
    return None


def _find_layout_beside(
    editor: MemberEditor, place: Place, around: JsonContainer
) -> JsonLayout | None:
    beside = editor.find_neighbour_list(place, around)
    return _find_model_layout(editor, scan_items(editor.text, beside.start)) if beside else None


def _format_url_list(
    editor: MemberEditor, row: RequestedUrls, layout: JsonLayout | None, present: list[JsonMember]
) -> str:
    """Format a list of URLs: the new URL, the present string, or null for each item."""
    written = ["null"] * row.length
    for index, item in enumerate(present[: row.length]):
        if editor.text[item.start] == '"':
            written[index] = editor.text[item.start : item.end]
    for index, url in row.urls.items():
        written[index] = editor.format_string(url)
    return _format_list(editor, written, layout)


def _format_list(editor: MemberEditor, written: list[str], layout: JsonLayout | None) -> str:
    """Format a list of encoded values; without a layout, on one line."""
    layout = layout or JsonLayout("", format_comma("", editor.colon), "")
    return f"[{layout.opening}{layout.comma.join(written)}{layout.closing}]"


# Set URLs in a JSON text without changing any other byte.


def set_json_urls(
    text: str,
    urls: Mapping[Place, str],
    *,
    file: str,
    lists: Mapping[Place, int] | None = None,
    beside: Mapping[Place, str] | None = None,
    line: int | None = None,
) -> str:
    """Return the text with these URLs at their places; the same text if all are present already.

    The URL replaces a string, number, true, false or null, unless that is the URL already, however
    it is escaped. A missing key is added to its object, in the style of its members; so are missing
    objects on the path. A URL never replaces a list or an object.

    Args:
        text: a JSON document.
        urls: the URLs by place.
        file: its path, for messages.
        lists: the required length of each list that is parallel to a list of texts. The place of
            a URL in it ends in an index, or in an index and a key for a list of objects. The items
            of a list of that length are set one by one. A missing list or a scalar is replaced by
            a new list. A list of URLs of another length is rewritten: its strings stay, and an
            item without URL is null. A list of objects keeps its items, gains nulls and objects
            at its end, and loses only nulls there.
        beside: the key of the same object after which a missing key is added; without it, or if
            it is missing too, the key is added last. A rewritten list keeps its layout; a new one
            has that of the list beside it, or is on one line.
        line: the 1-based line of the text in a JSON Lines file.

    Raises:
        InputError: a place does not exist in the text, has a repeated key on its path, or contains
            a list or an object; an item of a list of objects is neither an object nor null, or
            would be lost; or the text is not JSON. No URL is set then.
        ValueError: one place is within another, or is the root.
    """
    requested = url_leaves(urls, lists or {}, file=file)
    if not requested:
        return text
    editor = MemberEditor(text, file=file, line=line or 1, beside=beside or {})
    try:
        targets = build_path_tree(requested)
        found = _edit_flat_objects(editor, targets, requested)
        if found is None:
            found = [
                change
                for container in scan_containers(text, targets)
                for change in _edit_container(editor, container, requested)
            ]
    except json.JSONDecodeError as exc:
        raise explain_syntax_error(exc, file=file, line=line) from exc
    except RecursionError as exc:
        raise explain_deep_nesting(text, file=file, line=line) from exc
    return requested_urls.apply_edits(text, found)


def _edit_flat_objects(
    editor: MemberEditor, targets: PathTree, requested: Mapping[Place, RequestedValue]
) -> list[TextEdit] | None:
    """Edit a list of objects with one URL under the same key, the most common document, fast.

    None for all others, and for problems that are not those of one object.
    """
    key, *others = {place[1] if len(place) == 2 else None for place in requested}
    if others or not isinstance(key, str):
        return None
    found: list[TextEdit] = []
    text, seen = editor.text, 0
    try:
        for each in scan_flat_objects(text, targets, key):
            seen += 1
            if isinstance(each, JsonContainer):
                found += _edit_container(editor, each, requested)
                continue
            index, _, start, end = each
            url = requested[index, key]
            if not isinstance(url, str):
                return None
            if text[start] != '"' or text[start + 1 : end - 1] != url:
                found.append((start, end, editor.format_string(url)))
    except json.JSONDecodeError:
        return None
    return found if seen == len(targets) else None


def _edit_container(
    editor: MemberEditor, container: JsonContainer, requested: Mapping[Place, RequestedValue]
) -> Iterator[TextEdit]:
    """Edit the members of one container; nested values have containers of their own."""
    if container.place and editor.text.startswith("null", container.start):
        yield container.start, container.end, _build_object(editor, container, container, requested)
        return
    found = editor.find_members(container, container.targets)
    missing: dict[str, str] = {}
    for key, inner in container.targets.items():
        place = (*container.place, key)
        leaf = requested.get(place)
        member = found.get(key)
        if leaf is not None and inner:
            raise ValueError(f"a URL is written to {place} and also to a place inside it")
        if member is None:
            missing[str(key)] = _build_value(editor, container, place, inner, requested)
        elif isinstance(leaf, str):
            yield from editor.replace_url(place, member, leaf)
        elif isinstance(leaf, RequestedUrls):
            yield from _edit_url_array(editor, place, member, leaf, container)
        elif leaf is not None:
            yield from _edit_object_array(editor, place, member, leaf, container)
    yield from editor.add_members(container, missing)


def _build_value(
    editor: MemberEditor,
    container: JsonContainer,
    place: Place,
    inner: PathTree,
    requested: Mapping[Place, RequestedValue],
) -> str:
    """Format the value of a missing key, with all URLs in it."""
    leaf = requested.get(place)
    if isinstance(place[-1], int):
        what = f"there is no {format_path(place)} (anymore); read the file again"
        raise editor.make_error(what, container.start)
    if leaf is None:
        within = replace(container, place=place, targets=inner)
        return _build_object(editor, container, within, requested)
    if inner:
        raise ValueError(f"a URL is written to {place} and also to a place inside it")
    if isinstance(leaf, str):
        return editor.format_string(leaf)
    return build_array(editor, place, leaf, container)


def _build_object(
    editor: MemberEditor,
    container: JsonContainer,
    within: JsonContainer,
    requested: Mapping[Place, RequestedValue],
) -> str:
    """Format an object that was missing or null, on one line."""
    members = {
        str(key): _build_value(editor, container, (*within.place, key), inner, requested)
        for key, inner in within.targets.items()
    }
    return editor.format_object(members, None)
