"""The bytes of a catalogue as a document: exact text, parsed value, errors that name the line."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Never

from tts_assets.catalogue.scan import containers, deepest, wanted_tree
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.domain import Place

#: The largest catalogue that is read, in bytes; larger ones belong in several files.
LIMIT_BYTES = 1 << 30

_BOM = b"\xef\xbb\xbf"
# UTF-32 stands first: its little-endian mark begins with that of UTF-16.
_FOREIGN_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}

#: What the standard library says is wrong, in the words of somebody who mends a file.
_FAULTS = {
    "Expecting value": "a value is missing",
    "Expecting property name": "a key in double quotes is missing",
    "Expecting ':'": "a colon is missing after the key",
    "Expecting ','": "a comma or a closing bracket is missing",
    "Illegal trailing comma": "a comma stands before the closing bracket",
    "Unterminated string": "a string begins that never ends",
    "Invalid control character": (
        "a string holds a line break, a tab or another control character; "
        "end the string, or write the character as an escape such as \\n"
    ),
    "Invalid \\uXXXX": "\\u must be followed by four hexadecimal digits",
    "Invalid \\escape": "a backslash in a string is followed by a character that is no escape",
    "Extra data": "more text follows the end of the document; keep one JSON value in a file",
    "Unexpected UTF-8 BOM": "the file begins with more than one byte order mark; remove it",
}
_ADVICE = {
    "'": "strings and keys stand in double quotes",
    "/": "JSON has no comments",
    "#": "JSON has no comments",
    "}": "remove the comma before it",
    "]": "remove the comma before it",
}
_MISSING = ("Expecting value", "Expecting property name")

_NUMBER_OR_STRING = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?(?P<whole>\d++)(?![.eE])|-?\d++[.eE\d+-]*+'
    r"|(?P<constant>-?Infinity|NaN)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A catalogue as it was read.

    Args:
        file: its path as the user gave it.
        text: all of it but the byte order mark, line ends as they are.
        bom: the UTF-8 byte order mark, or nothing.
        root: the parsed value.
    """

    file: str
    text: str = field(repr=False)
    bom: bytes
    root: Any = field(repr=False)

    def encode(self, text: str) -> bytes:
        """The bytes of a text that takes the place of this one's."""
        return self.bom + text.encode("utf-8")


def parse(data: bytes, *, file: str) -> Document:
    """Read a catalogue.

    A number beyond the range of a double, such as 1e999, is accepted: it is JSON (RFC 8259,
    section 6), and nothing here ever writes a parsed number back.

    Raises:
        InputError: the bytes are not UTF-8, not JSON, too many, or nested too deeply.
    """
    if len(data) > LIMIT_BYTES:
        raise InputError(
            f"{len(data):,} bytes are too many: a catalogue may have {LIMIT_BYTES:,}; "
            "split it into several files",
            file=file,
        )
    bom = _BOM if data.startswith(_BOM) else b""
    text = _text(data, len(bom), file)
    return Document(file=file, text=text, bom=bom, root=_root(text, file))


def line_of(text: str, place: Place) -> int | None:
    """The 1-based line where the value at a place begins; None where there is no such value."""
    return lines_of(text, [place]).get(place)


def lines_of(text: str, places: Iterable[Place]) -> dict[Place, int]:
    """The 1-based lines where the values at these places begin, found in one pass.

    It serves messages about a document that was parsed, and so never fails: a place that is not
    there is left out.
    """
    asked = set(places)
    starts: dict[Place, int] = {}
    try:
        for container in containers(text, wanted_tree(asked)):
            if container.place == () and () in asked:
                starts[()] = container.start
            for member in container.members:
                place = (*container.place, member.key)
                if member.key in container.wanted and place in asked:
                    starts[place] = member.start
    except (json.JSONDecodeError, RecursionError):
        pass
    lines: dict[Place, int] = {}
    line, before = 1, 0
    for place, start in sorted(starts.items(), key=lambda found: found[1]):
        line += text.count("\n", before, start)
        lines[place], before = line, start
    return lines


def not_json(error: json.JSONDecodeError, *, file: str) -> InputError:
    """The error of the standard library in words that say what to do."""
    text, at = error.doc, error.pos
    if not text.strip():
        return InputError("the file is empty; a catalogue holds a list or an object", file=file)
    fault = next(
        (words for start, words in _FAULTS.items() if error.msg.startswith(start)), error.msg
    )
    if at >= len(text.rstrip()):
        found = "the file ends here: it may be cut off, so restore it or save it again"
    else:
        advice = _ADVICE.get(text[at], "") if error.msg.startswith(_MISSING) else ""
        if text[at] in "]}" and not text[:at].rstrip().endswith(","):
            advice = ""
        found = f"found {text[at : at + 12].splitlines()[0]!r}{advice and '; '}{advice}"
    return InputError(
        f"this is not JSON: line {error.lineno}, column {error.colno}: {fault}; {found}",
        file=file,
        line=error.lineno,
    )


def too_deep(text: str, *, file: str) -> InputError:
    """What to say of a document whose nesting is too much for this Python."""
    levels, where = deepest(text)
    return InputError(
        f"lists and objects are nested {levels:,} levels deep, which is more than can be read; "
        "remove that value",
        file=file,
        line=text.count("\n", 0, where) + 1,
    )


def _text(data: bytes, skip: int, file: str) -> str:
    for mark, encoding in _FOREIGN_MARKS.items():
        if data.startswith(mark):
            raise InputError(
                f"the file is {encoding}: it begins with the bytes {mark.hex(' ').upper()}; "
                "save it as UTF-8",
                file=file,
                line=1,
            )
    try:
        return str(memoryview(data)[skip:], "utf-8")
    except UnicodeDecodeError as exc:
        at = skip + exc.start
        cut_off = exc.reason == "unexpected end of data"
        reason = "begins a character that is cut off" if cut_off else "is not UTF-8"
        raise InputError(
            f"byte 0x{data[at]:02X} at offset {at:,} {reason}; "
            "save the file as UTF-8 (it may be in Shift_JIS or another old encoding)",
            file=file,
            line=data.count(b"\n", 0, at) + 1,
        ) from exc


def _root(text: str, file: str) -> Any:
    try:
        return json.loads(text, parse_constant=partial(_refused_constant, text, file))
    except json.JSONDecodeError as exc:
        raise not_json(exc, file=file) from exc
    except RecursionError as exc:
        raise too_deep(text, file=file) from exc
    except ValueError as exc:
        raise _long_number(text, file) from exc


def _refused_constant(text: str, file: str, name: str) -> Never:
    at = next(token.start() for token in _NUMBER_OR_STRING.finditer(text) if token["constant"])
    raise InputError(
        f"{name} is not JSON; write null or a number", file=file, line=text.count("\n", 0, at) + 1
    )


def _long_number(text: str, file: str) -> InputError:
    """What to say when int() refused a number: the first one with more digits than it takes."""
    limit = sys.get_int_max_str_digits()
    for token in _NUMBER_OR_STRING.finditer(text):
        digits = len(token["whole"] or "")
        if digits > limit:
            return InputError(
                f"a number has {digits:,} digits, more than the {limit:,} that can be read; "
                "shorten it, or write it as a string",
                file=file,
                line=text.count("\n", 0, token.start()) + 1,
            )
    return InputError("a number cannot be read; write it as a string", file=file)
