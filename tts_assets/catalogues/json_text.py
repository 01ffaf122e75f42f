"""Scans JSON text: where values begin and end, repeated keys, line numbers."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Never, TypeAlias

from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from tts_assets.model import Place


#: What is looked for, as a tree of steps; an empty branch is a place itself.
PathTree: TypeAlias = "dict[str | int, PathTree]"

# Numbers stay text: a number too long for int() is no reason to fail while passing it by.
_SCAN_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_SPACES = re.compile(r"[ \t\n\r]*+")
_PLAIN_KEY = re.compile(r'"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:[ \t\n\r]*+')
_COLON = re.compile(r"[ \t\n\r]*+:[ \t\n\r]*+")
_COMMA = re.compile(r"[ \t\n\r]*+,[ \t\n\r]*+")
# A member whose key and value need no decoder, with its comma: most are, and one match is the fastest.
_PLAIN_MEMBER = re.compile(
    r"""
    "([^"\\\x00-\x1f]*+)" [ \t\n\r]*+ : [ \t\n\r]*+
    ( "[^"\\\x00-\x1f]*+"
    | -?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+
    | true | false | null )
    [ \t\n\r]*+ (,[ \t\n\r]*+)?+
    """,
    re.VERBOSE,
)
_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[\]}]', re.DOTALL)


# A tuple, not a dataclass: there are a million of them in a large catalogue.
class JsonMember(NamedTuple):
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
class JsonContainer:
    """A value on the way to what is wanted: an object, a list, or a scalar without members.

    Args:
        start: where it begins.
        end: where it ends.
        place: where it lies in the document.
        targets: what is looked for inside.
        members: all that is in it, in order, repeated keys included.
        around: the white space before the first member of the value that holds it.
    """

    start: int
    end: int = 0
    place: Place = ()
    targets: PathTree = field(default_factory=dict)
    members: list[JsonMember] = field(default_factory=list)
    around: str = ""


class JsonLayout(NamedTuple):
    """White space and commas of a list or object: behind its bracket, between items, at its end."""

    opening: str
    comma: str
    closing: str


def build_path_tree(places: Iterable[Place]) -> PathTree:
    """The places as one tree of steps, in the order given."""
    root: PathTree = {}
    for place in places:
        branch = root
        for step in place:
            branch = branch.setdefault(step, {})
    return root


def scan_containers(text: str, targets: PathTree) -> Iterator[JsonContainer]:
    """Every value that has to be entered to reach what is wanted, inner ones first.

    All of the text is read once, most of it by the C scanner of the standard library.

    Raises:
        json.JSONDecodeError: the text is not JSON.
        RecursionError: what is wanted lies too deep.
    """
    start = _skip_space(text, 0)
    end = yield from _enter_container(text, JsonContainer(start=start, targets=targets))
    end = _skip_space(text, end)
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def scan_items(text: str, start: int) -> list[JsonMember]:
    """What is in the list or object that begins at ``start``."""
    row = JsonContainer(start=start)
    for _ in _enter_container(text, row):
        pass
    return row.members


def detect_layout(text: str, member: JsonMember, colon: str) -> JsonLayout | None:
    """The layout of a value that has items or members, where objects write such colons."""
    if text[member.start] not in {"[", "{"} or not (present := scan_items(text, member.start)):
        return None
    opening = text[member.start + 1 : present[0].at]
    closing = text[present[-1].end : member.end - 1]
    if len(present) == 1:
        return JsonLayout(opening, format_comma(opening, colon), closing)
    return JsonLayout(opening, text[present[0].end : present[1].at], closing)


def format_comma(opening: str, colon: str) -> str:
    """A comma where there is none to copy: before a line of its own, or as airy as a colon."""
    if "\n" in opening or "\r" in opening:
        return f",{opening}"
    return "," if colon.endswith(":") else ", "


def decode_string(text: str, start: int) -> str:
    """The string that begins at ``start``."""
    value: str = _SCAN_DECODER.raw_decode(text, start)[0]
    return value


def measure_depth(text: str) -> tuple[int, int]:
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


def _enter_container(text: str, container: JsonContainer) -> Generator[JsonContainer, None, int]:
    """Yield the wanted containers within this one, then itself; return its end."""
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
    """Fill the container's members; return where its closing bracket ought to be."""
    around = text[container.start + 1 : at]
    is_object = text[container.start] == "{"
    targets, members = container.targets, container.members
    while True:
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


def _scan_key(text: str, at: int) -> tuple[str, int]:
    """The key that begins here, and where its value begins."""
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
    """Where the value that begins here ends."""
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


# Keys that stand twice in one object of a JSON text: a parser keeps the last, and loses the others.
_FIRST_CHARACTER = re.compile(r"[^ \t\n\r]")


class RepeatedKey(NamedTuple):
    """A key, and the 1-based line where it stands again."""

    key: str
    line: int


def find_repeated_keys(text: str, line: int = 1) -> list[RepeatedKey]:
    """Every key that its object has already, in the order of the text.

    Args:
        text: a JSON text that was parsed.
        line: the line of the file in which it begins.
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
    """Whether there is one at all: the C scanner of the standard library tells it quickly."""
    found = False

    def check_pairs(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)

    json.loads(text, object_pairs_hook=check_pairs)
    return found


# A JSON text: its value, what is wrong with it in plain words, and the lines of its values.


#: What the standard library says is wrong, in the words of somebody who mends a file.
_FAULTS = {
    "Expecting value": "a value is missing",
    "Expecting property name": "a key in double quotes is missing",
    "Expecting ':'": "a colon is missing after the key",
    "Expecting ','": "a comma or a closing bracket is missing",
    "Illegal trailing comma": "a comma stands before the closing bracket",
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
_WHITESPACE = " \t\n\r"
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
    """The value of a JSON text.

    A number beyond the range of a double, such as 1e999, is accepted: it is JSON (RFC 8259,
    section 6), and nothing here ever writes a parsed number back.

    Args:
        text: all of a file, or one line of it.
        file: its path, for messages.
        line: the 1-based line of the file that the text is; None when it is all of the file.

    Raises:
        InputError: the text is not JSON, or nested too deeply.
    """
    if text.startswith("\ufeff"):
        what = "the file begins with more than one byte order mark"
        what = what if line is None else "the line begins with a byte order mark"
        message = f"this is not JSON: line {line or 1}, column 1: {what}; remove it"
        raise InputError(message, file=file, line=line or 1)
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

    It serves messages about a document that was parsed, and so never fails: a place that is not
    there is left out.
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


def explain_syntax_error(
    error: json.JSONDecodeError, *, file: str, line: int | None = None
) -> InputError:
    """The error of the standard library in words that say what to do; ``line`` as above."""
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
    """What to say of a text whose nesting is too much for this Python; ``line`` as above."""
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
    if not error.msg.startswith(_MISSING_FAULTS) or text[at] not in _FIXES:
        return ""
    if text[at] in "]}" and not text[:at].rstrip().endswith(","):
        return ""
    return f"; {_FIXES[text[at]]}"


def _explain_long_number(text: str, file: str, line: int | None) -> InputError:
    """What to say when int() refused a number: the first one with more digits than it takes."""
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
    """The 1-based line of the file in which this offset lies."""
    return text.count("\n", 0, at) + (first or 1)
