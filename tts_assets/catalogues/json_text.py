"""A JSON text: its value, what is wrong with it in plain words, and the lines of its values."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any, Never

from tts_assets.catalogues.scan import containers, deepest, wanted_tree
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.model import Place


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
}
_ADVICE = {
    "'": "strings and keys stand in double quotes",
    "/": "JSON has no comments",
    "#": "JSON has no comments",
    "}": "remove the comma before it",
    "]": "remove the comma before it",
}
_SPACE = " \t\n\r"
_MISSING = ("Expecting value", "Expecting property name")
_NUMBER_OR_STRING = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?(?P<whole>\d++)(?![.eE])|-?\d++[.eE\d+-]*+'
    r"|(?P<constant>-?Infinity|NaN)",
    re.DOTALL,
)


class _ConstantError(ValueError):
    """NaN or an infinity, which JSON does not have."""


def _refused(name: str) -> Never:
    raise _ConstantError(name)


_DECODER = json.JSONDecoder(parse_constant=_refused)


def value_of(text: str, *, file: str, line: int | None = None) -> Any:
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
        return _DECODER.decode(text)
    except json.JSONDecodeError as exc:
        raise not_json(exc, file=file, line=line) from exc
    except RecursionError as exc:
        raise too_deep(text, file=file, line=line) from exc
    except _ConstantError as exc:
        found = (token.start() for token in _NUMBER_OR_STRING.finditer(text) if token["constant"])
        raise InputError(
            f"{exc} is not JSON; write null or a number",
            file=file,
            line=_line(text, next(found), line),
        ) from exc
    except ValueError as exc:
        raise _long_number(text, file, line) from exc


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


def not_json(error: json.JSONDecodeError, *, file: str, line: int | None = None) -> InputError:
    """The error of the standard library in words that say what to do; ``line`` as above."""
    text, at = error.doc, error.pos
    if not text.strip(_SPACE):
        return InputError("the file is empty; a catalogue holds a list or an object", file=file)
    whole = "file" if line is None else "line"
    if at >= len(text.rstrip(_SPACE)):
        found = f"the {whole} ends here: it may be cut off, so restore it or save it again"
        found += "" if line is None else "; each value of JSON Lines stands on one line"
    else:
        found = f"found {text[at : at + 12].splitlines()[0]!r}{_advice(error)}"
    where = _line(text, at, line)
    return InputError(
        f"this is not JSON: line {where}, column {error.colno}: {_fault(error, whole)}; {found}",
        file=file,
        line=where,
    )


def too_deep(text: str, *, file: str, line: int | None = None) -> InputError:
    """What to say of a text whose nesting is too much for this Python; ``line`` as above."""
    levels, where = deepest(text)
    return InputError(
        f"lists and objects are nested {levels:,} levels deep, which is more than can be read; "
        "remove that value",
        file=file,
        line=_line(text, where, line),
    )


def _fault(error: json.JSONDecodeError, whole: str) -> str:
    if error.msg.startswith("Extra data"):
        return f"more text follows the end of the document; keep one JSON value in a {whole}"
    return next(
        (words for start, words in _FAULTS.items() if error.msg.startswith(start)), error.msg
    )


def _advice(error: json.JSONDecodeError) -> str:
    text, at = error.doc, error.pos
    if not error.msg.startswith(_MISSING) or text[at] not in _ADVICE:
        return ""
    if text[at] in "]}" and not text[:at].rstrip().endswith(","):
        return ""
    return f"; {_ADVICE[text[at]]}"


def _long_number(text: str, file: str, line: int | None) -> InputError:
    """What to say when int() refused a number: the first one with more digits than it takes."""
    limit = sys.get_int_max_str_digits()
    for token in _NUMBER_OR_STRING.finditer(text):
        digits = len(token["whole"] or "")
        if digits > limit:
            return InputError(
                f"a number has {digits:,} digits, more than the {limit:,} that can be read; "
                "shorten it, or write it as a string",
                file=file,
                line=_line(text, token.start(), line),
            )
    return InputError("a number cannot be read; write it as a string", file=file, line=line)


def _line(text: str, at: int, first: int | None) -> int:
    """The 1-based line of the file in which this offset lies."""
    return text.count("\n", 0, at) + (first or 1)
