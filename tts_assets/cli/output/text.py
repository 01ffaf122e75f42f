"""Text out of catalogues made safe for terminals, for the logs of workflows, and for JSON."""

from __future__ import annotations

import json
import re
from typing import Any

#: Control characters, and marks that turn the direction of text: both can rewrite a screen. And
#: how older commands of a GitHub workflow begin: the runner obeys them anywhere in a line.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    r"|#(?=#\[)"
)


#: How its commands begin now: the runner obeys them at the beginning of a line, or behind spaces.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_UNSAFE_IN_JSON = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|#(?=#\[)")


def safe(text: str) -> str:
    """The text with all that could act on a terminal or a workflow shown as an escape instead."""
    shown = _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    return _COMMAND.sub(r"\1\\u003a", shown) if "::" in shown else shown


def escaped(document: str) -> str:
    """A JSON document in which such characters are written as escapes, which mean the same."""
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", document)


def one_line(text: str) -> str:
    """A text on one line, safe to show."""
    return safe(" ".join(text.split()))


def short(text: str, most: int = 40) -> str:
    """The beginning of a text on one line, safe to show."""
    line = " ".join(text.split())
    return safe(line if len(line) <= most else f"{line[: most - 1]}…")


def many(count: int, noun: str, plural: str | None = None) -> str:
    """How many there are of something; ``plural`` where that is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def document(value: Any) -> str:
    """Nested data as a JSON document with its line feed."""
    return escaped(json.dumps(encodable(value), ensure_ascii=False, indent=2)) + "\n"


def json_line(value: Any) -> str:
    """Nested data as one line of JSON Lines."""
    return escaped(json.dumps(encodable(value), ensure_ascii=False)) + "\n"


def encodable(value: Any) -> Any:
    """Nested data with every text in it safe to show; for JSON, where escapes do the rest."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(each) for each in value]
    return value
