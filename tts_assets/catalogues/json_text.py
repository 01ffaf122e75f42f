"""Parses and scans JSON text: ranges of values, repeated keys, line numbers, errors."""

from __future__ import annotations

import json
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, Never, TypeAlias

import msgspec

from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from tts_assets.model import Place


#: Places as a tree of steps; an empty branch is the end of a place.
PathTree: TypeAlias = "dict[str | int, PathTree]"

# Numbers stay text, so that skipping one too long for int() does not fail.
_SCAN_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_WHITESPACE = " \t\n\r"
_SPACES = re.compile(r"[ \t\n\r]*+")
_PLAIN_KEY = re.compile(r'"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:[ \t\n\r]*+')
_COLON = re.compile(r"[ \t\n\r]*+:[ \t\n\r]*+")
_COMMA = re.compile(r"[ \t\n\r]*+,[ \t\n\r]*+")
# A member whose key and value need no decoder, with its comma. Most need none, and one match is
# fastest.
_PLAIN_SCALAR = r"""
    (?: "[^"\\\x00-\x1f]*+"
    | -?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+
    | true | false | null )
"""
_PLAIN_MEMBER = re.compile(
    rf"""
    "([^"\\\x00-\x1f]*+)" [ \t\n\r]*+ : [ \t\n\r]*+
    ({_PLAIN_SCALAR})
    [ \t\n\r]*+ (,[ \t\n\r]*+)?+
    """,
    re.VERBOSE,
)
_MAX_KEYS = 8  # skip the other members of an object at once if there are no more targets than these
# After a value: a comma and another item, or the closing bracket.
_NEXT = r"(?: ,[ \t\n\r]*+(?![\]}]) | (?=[\]}]) )"
_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[\]}]', re.DOTALL)


# A tuple, not a dataclass: a large catalogue has a million of them.
class JsonMember(NamedTuple):
    """One member of an object or item of a list, with offsets in characters."""

    key: str | int  #: the decoded key, or the item's index
    at: int  #: the start of the key; for an item, of its value
    start: int  #: the start of the value
    end: int  #: the end of the value


@dataclass(slots=True, kw_only=True)
class JsonContainer:
    """A value on the path to a target: an object, a list, or a scalar without members."""

    start: int  #: its start
    end: int = 0  #: its end
    place: Place = ()  #: its place in the document
    targets: PathTree = field(default_factory=dict)  #: the places to find inside it
    #: The members with targets and the last one, in order, repeated keys included; without targets,
    #: all its members.
    members: list[JsonMember] = field(default_factory=list)
    around: str = ""  #: the white space before the first member of its parent


class JsonLayout(NamedTuple):
    """The white space and comma of a list or object: after its bracket, between items, at its end."""

    opening: str
    comma: str
    closing: str


def build_path_tree(places: Iterable[Place]) -> PathTree:
    """Build one tree of steps from places, in their order."""
    root: PathTree = {}
    for place in places:
        branch = root
        for step in place:
            branch = branch.setdefault(step, {})
    return root


def scan_containers(text: str, targets: PathTree) -> Iterator[JsonContainer]:
    """Yield every value on the path to a target, inner ones first.

    The text is read once, mostly by the C scanner of the standard library.

    Raises:
        json.JSONDecodeError: the text is not JSON.
        RecursionError: a target is nested too deeply.
    """
    start = _skip_space(text, 0)
    end = yield from _enter_container(text, JsonContainer(start=start, targets=targets))
    end = _skip_space(text, end)
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def scan_flat_objects(
    text: str, targets: PathTree, key: str
) -> Iterator[JsonMember | JsonContainer]:
    """Yield the member with this key of each targeted object in the root list.

    An object that takes more than one match is yielded as by :func:`scan_containers`. Nothing is
    yielded if the root is no list.

    Raises:
        json.JSONDecodeError: the text is not JSON.
    """
    pattern = _compile_flat_object(key)
    start = _skip_space(text, 0)
    at = _skip_space(text, start + 1)
    if text[start : start + 1] != "[":
        return
    around = text[start + 1 : at]
    for index in count():
        inner = targets.get(index)
        match = pattern.match(text, at) if inner else None
        if match is not None:
            yield JsonMember(index, at, *match.span(1))
            at = match.end()
            if text[at] == "]":
                break
            continue
        item = JsonContainer(start=at, place=(index,), targets=inner or {}, around=around)
        end = (yield from _enter_container(text, item)) if inner else _skip_value(text, at)
        comma = _COMMA.match(text, end)
        at = comma.end() if comma else _skip_space(text, end)
        if comma is None:
            break
    if text[at : at + 1] != "]" or _skip_space(text, at + 1) < len(text):
        raise json.JSONDecodeError("Extra data", text, at)


def scan_items(text: str, start: int) -> list[JsonMember]:
    """The members of the list or object that begins at ``start``."""
    row = JsonContainer(start=start)
    for _ in _enter_container(text, row):
        pass
    return row.members


def detect_layout(text: str, member: JsonMember, colon: str) -> JsonLayout | None:
    """The layout of a list or object, in the document's style of colons; None if it is empty."""
    if text[member.start] not in {"[", "{"} or not (present := scan_items(text, member.start)):
        return None
    opening = text[member.start + 1 : present[0].at]
    closing = text[present[-1].end : member.end - 1]
    if len(present) == 1:
        return JsonLayout(opening, format_comma(opening, colon), closing)
    return JsonLayout(opening, text[present[0].end : present[1].at], closing)


def find_comma(text: str, container: JsonContainer, member: JsonMember, colon: str) -> str:
    """The comma beside a member with the space around it; if there is none, one in its style."""
    left = _find_space(text, member.at)
    if text[left - 1] == ",":
        return text[_find_space(text, left - 1) : member.at]
    right = _COMMA.match(text, member.end)
    return right[0] if right else format_comma(text[container.start + 1 : member.at], colon)


def _find_space(text: str, end: int) -> int:
    """The start of the white space that ends at this offset."""
    while text[end - 1] in _WHITESPACE:
        end -= 1
    return end


def format_comma(opening: str, colon: str) -> str:
    """A comma if there is none to copy: with a line break, or a space if the colon has one."""
    if "\n" in opening or "\r" in opening:
        return f",{opening}"
    return "," if colon.endswith(":") else ", "


def decode_string(text: str, start: int) -> str:
    """Decode the string that begins at ``start``."""
    value: str = _SCAN_DECODER.raw_decode(text, start)[0]
    return value


def measure_depth(text: str) -> tuple[int, int]:
    """The maximum nesting of objects and lists, and the offset where it is first reached."""
    level = most = where = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[0] in {"[", "{"}:
            level += 1
            if level > most:
                most, where = level, bracket.start()
        elif bracket[0] in {"]", "}"}:
            level -= 1
    return most, where


def _enter_container(text: str, container: JsonContainer) -> Generator[JsonContainer, None, int]:
    """Yield the containers on target paths within this one, then itself; return its end."""
    start = container.start
    first = text[start : start + 1]
    if first not in {"{", "["}:
        container.end = _skip_value(text, start)
    else:
        closing = "}" if first == "{" else "]"
        at = _skip_space(text, start + 1)
        if text[at : at + 1] != closing:
            at = yield from _scan_members(text, container, at)
            if text[at : at + 1] != closing:
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        container.end = at + 1
    yield container
    return container.end


def _scan_members(
    text: str, container: JsonContainer, at: int
) -> Generator[JsonContainer, None, int]:
    """Fill the container's members; return the expected offset of its closing bracket."""
    around = text[container.start + 1 : at]
    is_object = text[container.start] == "{"
    targets, members = container.targets, container.members
    is_skipping = is_object and 0 < len(targets) <= _MAX_KEYS
    others = _compile_other_members(tuple(map(str, targets))) if is_skipping else None
    while True:
        if others is not None and (run := others.match(text, at)):
            at = run.end()
            if text[at : at + 1] in {"}", "]"}:
                members.append(JsonMember(run[1], run.start(1) - 1, *run.span(2)))
                return at
        plain = _PLAIN_MEMBER.match(text, at) if is_object else None
        if plain is not None and not targets.get(plain[1]):
            members.append(JsonMember(plain[1], at, *plain.span(2)))
            at = plain.end()
            if plain[3] is None:
                return at
            continue
        key, start = _scan_key(text, at) if is_object else (len(members), at)
        inner = targets.get(key)
        if inner:
            place = (*container.place, key)
            end = yield from _enter_container(
                text, JsonContainer(start=start, place=place, targets=inner, around=around)
            )
        else:
            end = _skip_value(text, start)
        members.append(JsonMember(key, at, start, end))
        comma = _COMMA.match(text, end)
        if comma is None:
            return _skip_space(text, end)
        at = comma.end()


@lru_cache
def _compile_other_members(keys: tuple[str, ...]) -> re.Pattern[str]:
    """Compile a pattern of successive members without these keys; its groups are the last one's."""
    return re.compile(f"{_write_other_members(keys)}+", re.VERBOSE)


@lru_cache
def _compile_flat_object(key: str) -> re.Pattern[str]:
    """Compile a pattern of an item that has this key once, for a scalar, which is its group."""
    others = _write_other_members((key,), group="?:")
    return re.compile(
        rf"""\{{ [ \t\n\r]*+ {others}* "{re.escape(key)}" [ \t\n\r]*+ : [ \t\n\r]*+
        ({_PLAIN_SCALAR}) [ \t\n\r]*+ {_NEXT} {others}* \}} [ \t\n\r]*+ {_NEXT}""",
        re.VERBOSE,
    )


# Not possessive: before Python 3.11.5, a possessive repeat of alternatives matches wrongly.
def _write_other_members(keys: tuple[str, ...], group: str = "") -> str:
    """The pattern of a member without these keys; ``group`` begins its groups, key and value."""
    value = _allow_containers(_allow_containers(_PLAIN_SCALAR))
    return rf"""(?: "(?!(?:{"|".join(map(re.escape, keys))})")({group}[^"\\\x00-\x1f]*+)"
        [ \t\n\r]*+ : [ \t\n\r]*+ ({group}{value}) [ \t\n\r]*+ {_NEXT} )"""


def _allow_containers(value: str) -> str:
    """The pattern of a value, or of a list or object of such values."""
    items = rf"(?:{value} [ \t\n\r]*+ {_NEXT} )*"
    key = r'"[^"\\\x00-\x1f]*+" [ \t\n\r]*+ : [ \t\n\r]*+'
    members = rf"(?:{key} {value} [ \t\n\r]*+ {_NEXT} )*"
    return rf"""(?: {_PLAIN_SCALAR}
        | \[ [ \t\n\r]*+ {items} \] | \{{ [ \t\n\r]*+ {members} \}} )"""


def _scan_key(text: str, at: int) -> tuple[str, int]:
    """The key at this offset, and the start of its value."""
    plain = _PLAIN_KEY.match(text, at)
    if plain is not None:
        return plain[1], plain.end()
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
    key, end = _SCAN_DECODER.raw_decode(text, at)
    colon = _COLON.match(text, end)
    if colon is None:
        raise json.JSONDecodeError("Expecting ':' delimiter", text, end)
    return key, colon.end()


def _skip_value(text: str, start: int) -> int:
    """The end of the value at this offset."""
    try:
        return _SCAN_DECODER.raw_decode(text, start)[1]
    except RecursionError:
        return _skip_deep_value(text, start)


def _skip_deep_value(text: str, start: int) -> int:
    level = 0
    for bracket in _BRACKET.finditer(text, start):
        if bracket[0] in {"[", "{"}:
            level += 1
        elif bracket[0] in {"]", "}"}:
            level -= 1
            if level == 0:
                return bracket.end()
    raise json.JSONDecodeError("Expecting ',' delimiter", text, len(text))


def _skip_space(text: str, at: int) -> int:
    space = _SPACES.match(text, at)
    return at if space is None else space.end()


# Repeated keys of an object, of which a parser keeps only the last.
_FIRST_CHARACTER = re.compile(r"[^ \t\n\r]")


class RepeatedKey(NamedTuple):
    """A repeated key, and its 1-based line."""

    key: str
    line: int


def find_repeated_keys(text: str, line: int = 1) -> list[RepeatedKey]:
    """Find every repeated key of an object, in the order of the text.

    Args:
        text: a valid JSON text.
        line: the line of the file that the text begins on.
    """
    if not _has_repeated_key(text):
        return []
    found: list[tuple[int, str]] = []
    start = _FIRST_CHARACTER.search(text)
    below = [] if start is None else [start.start()]
    while below:
        at = below.pop()
        seen: set[str | int] = set()
        for member in scan_items(text, at):
            if member.key in seen:
                found.append((member.at, str(member.key)))
            seen.add(member.key)
            if text[member.start] in "{[":
                below.append(member.start)
    return [RepeatedKey(key, line + text.count("\n", 0, at)) for at, key in sorted(found)]


def _has_repeated_key(text: str) -> bool:
    """Check quickly, with the C scanner of the standard library, whether any key is repeated."""
    found = False

    def check_pairs(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)

    json.loads(text, object_pairs_hook=check_pairs)
    return found


# Parse JSON, explain its errors, and find the lines of values.


#: How a conflict begins that git could not merge: https://git-scm.com/docs/git-merge
CONFLICT_MARKER = "<<<<<<< "

#: Messages of the standard library, reworded for people who edit the file.
_FAULTS = {
    "Expecting value": "a value is missing",
    "Expecting property name": "a key in double quotes is missing",
    "Expecting ':'": "a colon is missing after the key",
    "Expecting ','": "a comma or a closing bracket is missing",
    "Illegal trailing comma": "there is a comma before the closing bracket",
    "Unterminated string": "a string is not terminated",
    "Invalid control character": (
        "a string contains a line break, a tab or another control character; end the "
        "string, or write the character as an escape such as \\n"
    ),
    "Invalid \\uXXXX": "\\u must be followed by four hexadecimal digits",
    "Invalid \\escape": "a backslash in a string is followed by an invalid escape",
}
_FIXES = {
    "'": "strings and keys must be in double quotes",
    "/": "JSON has no comments",
    "#": "JSON has no comments",
    "}": "remove the comma before it",
    "]": "remove the comma before it",
}
_MISSING_FAULTS = ("Expecting value", "Expecting property name")
_NUMBER_OR_STRING = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?(?P<whole>\d++)(?![.eE])|-?\d++[.eE\d+-]*+'
    r"|(?P<constant>-?Infinity|NaN)",
    re.DOTALL,
)


class _ConstantError(ValueError):
    """NaN or an infinity, which JSON does not have."""


def _refuse_constant(name: str) -> Never:
    raise _ConstantError(name)


_STRICT_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_json(text: str, *, file: str, line: int | None = None) -> Any:
    """Parse a JSON text.

    A number beyond the range of a double, such as 1e999, is accepted: it is JSON (RFC 8259,
    section 6), and parsed numbers are never written back.

    Args:
        text: the text of a file, or one line of it.
        file: its path, for messages.
        line: the 1-based line of the text in the file; None if it is the whole file.

    Raises:
        InputError: the text is not JSON, or nested too deeply.
    """
    if text.startswith("\ufeff"):
        what = "the file begins with more than one byte order mark"
        what = what if line is None else "the line begins with a byte order mark"
        message = f"this is not JSON: line {line or 1}, column 1: {what}; remove it"
        raise InputError(message, file=file, line=line or 1)
    # Faster; the standard library accepts or explains what it refuses.
    with suppress(msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return msgspec.json.decode(text)
    try:
        return _STRICT_DECODER.decode(text)
    except json.JSONDecodeError as exc:
        raise explain_syntax_error(exc, file=file, line=line) from exc
    except RecursionError as exc:
        raise explain_deep_nesting(text, file=file, line=line) from exc
    except _ConstantError as exc:
        found = (token.start() for token in _NUMBER_OR_STRING.finditer(text) if token["constant"])
        raise InputError(
            f"{exc} is not JSON; write null or a number",
            file=file,
            line=_line_number_at(text, next(found), line),
        ) from exc
    except ValueError as exc:
        raise _explain_long_number(text, file, line) from exc


def find_value_lines(text: str, places: Iterable[Place]) -> dict[Place, int]:
    """The 1-based lines where the values at these places begin, found in one pass.

    It is used in error messages, and so never fails: a missing place is left out.
    """
    requested = set(places)
    starts: dict[Place, int] = {}
    try:
        for container in scan_containers(text, build_path_tree(requested)):
            if container.place == () and () in requested:
                starts[()] = container.start
            for member in container.members:
                place = (*container.place, member.key)
                if member.key in container.targets and place in requested:
                    starts[place] = member.start
    except (json.JSONDecodeError, RecursionError):
        pass
    lines: dict[Place, int] = {}
    line, before = 1, 0
    for place, start in sorted(starts.items(), key=lambda found: found[1]):
        line += text.count("\n", before, start)
        lines[place], before = line, start
    return lines


def find_item_lines(data: bytes) -> dict[Place, int]:
    """The 1-based lines where the items of a root list begin, by place.

    Raises:
        msgspec.MsgspecError: the root is no list, or the data are not JSON.
    """
    lines: dict[Place, int] = {}
    line, before, end = 1, 0, 0
    for index, item in enumerate(msgspec.json.decode(data, type=list[msgspec.Raw])):
        # Only white space and a comma can stand before it.
        start = data.index(item, end)
        line += data.count(b"\n", before, start)
        lines[index,] = line
        before, end = start, start + len(item)
    return lines


def explain_syntax_error(
    error: json.JSONDecodeError, *, file: str, line: int | None = None
) -> InputError:
    """Explain an error of the standard library; ``line`` as in :func:`parse_json`."""
    text, at = error.doc, error.pos
    if not text.strip(_WHITESPACE):
        return InputError("the file is empty; a catalogue is a list or an object", file=file)
    whole = "file" if line is None else "line"
    if at >= len(text.rstrip(_WHITESPACE)):
        found = f"the {whole} ends early: it may be truncated, so restore it or save it again"
        found += "" if line is None else "; in JSON Lines, each value must be on one line"
    else:
        found = f"found {text[at : at + 12].splitlines()[0]!r}{_suggest_fix(error)}"
    where = _line_number_at(text, at, line)
    return InputError(
        f"this is not JSON: line {where}, column {error.colno}: {_describe_fault(error, whole)}; {found}",
        file=file,
        line=where,
    )


def explain_deep_nesting(text: str, *, file: str, line: int | None = None) -> InputError:
    """Explain that a text is nested too deeply; ``line`` as in :func:`parse_json`."""
    levels, where = measure_depth(text)
    return InputError(
        (
            f"lists and objects are nested {levels:,} levels deep, which exceeds the limit; "
            "remove that value"
        ),
        file=file,
        line=_line_number_at(text, where, line),
    )


def _describe_fault(error: json.JSONDecodeError, whole: str) -> str:
    if error.msg.startswith("Extra data"):
        return f"more text follows the end of the document; keep one JSON value in a {whole}"
    return next(
        (words for start, words in _FAULTS.items() if error.msg.startswith(start)), error.msg
    )


def _suggest_fix(error: json.JSONDecodeError) -> str:
    text, at = error.doc, error.pos
    if text.startswith(CONFLICT_MARKER, at):
        return (
            ", a conflict marker of git; edit the file so that it has the values of one side or "
            "of both, without the markers"
        )
    if not error.msg.startswith(_MISSING_FAULTS) or text[at] not in _FIXES:
        return ""
    if text[at] in "]}" and not text[:at].rstrip().endswith(","):
        return ""
    return f"; {_FIXES[text[at]]}"


def _explain_long_number(text: str, file: str, line: int | None) -> InputError:
    """Explain that int() refused a number: the first one with more digits than its limit."""
    limit = sys.get_int_max_str_digits()
    for token in _NUMBER_OR_STRING.finditer(text):
        digits = len(token["whole"] or "")
        if digits > limit:
            return InputError(
                (
                    f"a number has {digits:,} digits; the limit is {limit:,}: shorten it, or "
                    "write it as a string"
                ),
                file=file,
                line=_line_number_at(text, token.start(), line),
            )
    return InputError("a number cannot be read; write it as a string", file=file, line=line)


def _line_number_at(text: str, at: int, first: int | None) -> int:
    """The 1-based line of an offset in the file."""
    return text.count("\n", 0, at) + (first or 1)
