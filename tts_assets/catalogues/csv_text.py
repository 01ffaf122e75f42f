"""CSV as text: where its records and fields begin and end, and what they say."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


#: Pattern of a field: in quotes, with what may follow them; plain; or empty.
FIELD = r"""(?>"[^"]*+(?:""[^"]*+)*+"[^%(mark)s\r\n]*+|[^"%(mark)s\r\n][^%(mark)s\r\n]*+|)"""
_UNQUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"(.*)', re.DOTALL)


class Span(NamedTuple):
    """A stretch of the text."""

    start: int
    end: int


def records(text: str, delimiter: str, start: int, *, file: str) -> Iterator[Span]:
    """Where the records from an offset on begin and end, without their line ends.

    Empty lines are passed over. Quotes are read as RFC 4180 says, and else as
    :func:`csv.reader` reads them: a quote within a plain field is a character like others.

    Raises:
        InputError: a quote is opened and never closed.
    """
    for found in _record(delimiter).finditer(text, start):
        if found[2] is None:
            raise InputError(
                "a double quote opens a field here and is never closed; close it, or double "
                'each quote of the field and put it into quotes: "a ""b"""',
                file=file,
                line=line_of(text, found.end()),
            )
        if found[1]:
            yield Span(*found.span(1))


def fields(record: str, delimiter: str) -> list[str]:
    """The fields of a record as they are written; joined by the delimiter they are the record."""
    if '"' not in record:
        return record.split(delimiter)
    return _field(delimiter).findall(record)


def values(record: str, delimiter: str) -> list[str]:
    """What the fields of a record say."""
    if '"' not in record:
        return record.split(delimiter)
    return [value(field) for field in _field(delimiter).findall(record)]


def value(field: str) -> str:
    """What a field says: itself, or what stands between its quotes."""
    if not field.startswith('"'):
        return field
    inner = field[1:-1]
    if '"' not in inner and field.endswith('"'):
        return inner
    quoted = _UNQUOTED.fullmatch(field)
    return quoted[1].replace('""', '"') + quoted[2] if quoted else field


def line_of(text: str, at: int) -> int:
    """The 1-based line in which an offset lies."""
    return line_breaks(text, 0, at) + 1


def line_breaks(text: str, start: int, end: int) -> int:
    """How many lines end between two offsets, whether with CR LF, LF or CR."""
    lone = text.count("\r", start, end) - text.count("\r\n", start, end)
    return text.count("\n", start, end) + lone


@lru_cache
def _record(delimiter: str) -> re.Pattern[str]:
    field, mark = FIELD % {"mark": re.escape(delimiter)}, re.escape(delimiter)
    return re.compile(rf"({field}(?:{mark}{field})*+)(\r\n?|\n|\Z)?")


@lru_cache
def _field(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf"(?:\A|{mark})({FIELD % {'mark': mark}})")
