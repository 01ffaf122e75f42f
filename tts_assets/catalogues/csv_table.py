"""A CSV file as a table: its delimiter, its columns and its rows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from tts_assets.catalogues.csv_text import (
    FIELD,
    Span,
    fields,
    line_breaks,
    line_of,
    records,
    values,
)
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tts_assets.model import Place


#: The delimiters that are looked for, the likeliest first.
DELIMITERS = ",;\t|"


# Anki writes such lines above its notes: https://docs.ankiweb.net/importing/text-files.html
_COMMENTS = re.compile(r"(?:#[^\r\n]*+(?:\r\n?|\n|\Z))++")
_ANKI = re.compile(
    r"^#(?P<key>separator|html|tags|columns|notetype|deck|guid|if matches)(?: column)?:"
    r"(?P<value>[^\r\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
_ANKI_SEPARATORS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "space": " ",
    "pipe": "|",
    "colon": ":",
}


# Excel takes such a first line for the delimiter, and shows it to nobody.
_EXCEL = re.compile(rf'"?sep=([{DELIMITERS}])"?(?:\r\n?|\n|\Z)', re.IGNORECASE)
_FILLED = re.compile(r"[^\r\n]")
_FIRST_LINE = re.compile(r"[^\r\n]+")
_DELIMITED = re.compile(rf"{FIELD % {'mark': DELIMITERS}}([{DELIMITERS}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How a CSV file is written.

    Args:
        delimiter: the character between fields.
        columns: their names.
        names: where the file itself names its columns; None where it does not.
        start: where the records begin.
    """

    delimiter: str
    columns: tuple[str, ...]
    names: Span | None
    start: int

    def why_no_field(self, column: object) -> str | None:
        """Why no field of a record can have this column; None where it can, be it a new one."""
        if not isinstance(column, str) or not column:
            return "is no field of a table; give the URL a column of its own"
        if column not in self.columns and self.names is None:
            return "is no column that has a name; add it to `columns` of the source"
        return None


def is_anki(text: str) -> bool:
    """Whether the text begins with a line that only Anki's exports have."""
    return bool(_anki_lines(text)[0])


def table_of(
    text: str, *, file: str, columns: Sequence[str] | None = None, delimiter: str | None = None
) -> Table:
    """Find out how a CSV file is written.

    Args:
        text: all of the file.
        file: its path; ``.tsv`` stands for tabs, and ``.txt`` where its first record has any.
        columns: the names of its columns, if its first line does not name them.
        delimiter: the character between fields; None to find out.

    Raises:
        InputError: the delimiter is none, or the columns have no names or the same.
    """
    anki, start = _anki_lines(text)
    excel = _EXCEL.match(text)
    if excel is not None:
        start = excel.end()
        delimiter = delimiter or excel[1]
    delimiter = delimiter or _separator(anki, text, file)
    if delimiter is None:
        delimiter = _tab(text, start, file) or _likeliest(text, start, columns)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputError(f"{delimiter!r} cannot be a delimiter; use one character", file=file)
    names = None if columns is not None else _names(text, anki, delimiter, start, file)
    if names is not None:
        start = max(start, names.end)
        columns = [name.strip() for name in values(text[names.start : names.end], delimiter)]
    _refuse_repeated(columns or (), file, line_of(text, names.start) if names else None)
    return Table(delimiter=delimiter, columns=tuple(columns or ()), names=names, start=start)


def rows_of(text: str, table: Table, *, file: str) -> list[dict[str, str]]:
    """The records as rows; one that is too short lacks its last columns.

    What stands in a column without a name is in no row.

    Raises:
        InputError: a record has more fields than there are columns.
    """
    rows = []
    width = len(table.columns)
    for start, end in records(text, table.delimiter, table.start, file=file):
        found = values(text[start:end], table.delimiter)
        if len(found) > width:
            raise InputError(
                f"the record has {len(found)} fields, and the table {width} columns; put a field "
                f"that holds the delimiter {table.delimiter!r} into double quotes, or name the "
                "column that is missing",
                file=file,
                line=line_of(text, start),
            )
        row = dict(zip(table.columns, found, strict=False))
        row.pop("", None)
        rows.append(row)
    return rows


def lines_of(text: str, places: Iterable[Place], table: Table, *, file: str) -> dict[Place, int]:
    """The 1-based lines where these fields begin, or their records where a field is absent."""
    asked: dict[str | int, list[Place]] = {}
    starts: list[tuple[int, Place]] = []
    for place in places:
        if place:
            asked.setdefault(place[0], []).append(place)
        else:
            starts.append((0, place))
    for index, (start, end) in enumerate(records(text, table.delimiter, table.start, file=file)):
        for place in asked.get(index, ()):
            before = 0
            if len(place) > 1 and place[1] in table.columns:
                present = fields(text[start:end], table.delimiter)
                column = table.columns.index(str(place[1]))
                before = sum(len(each) + 1 for each in present[:column])
                before = before if column < len(present) else 0
            starts.append((start + before, place))
    lines: dict[Place, int] = {}
    line, at = 1, 0
    for start, place in sorted(starts, key=itemgetter(0)):
        line += line_breaks(text, at, start)
        lines[place], at = line, start
    return lines


def _anki_lines(text: str) -> tuple[dict[str, re.Match[str]], int]:
    """The lines at the top that tell Anki how to import, by key; and where they end."""
    comments = _COMMENTS.match(text)
    if comments is None:
        return {}, 0
    found = {each["key"].lower(): each for each in _ANKI.finditer(text, 0, comments.end())}
    return found, comments.end() if found else 0


def _names(
    text: str, anki: dict[str, re.Match[str]], delimiter: str, start: int, file: str
) -> Span:
    """Where the file names its columns."""
    if "columns" in anki:
        return Span(*anki["columns"].span("value"))
    if anki:
        raise InputError(
            "an export of Anki does not name its columns; add a line such as "
            f"#columns:{delimiter.join(('word', 'reading'))} below its first, or name them with "
            "`columns` of a [[source]] table",
            file=file,
            line=1,
        )
    first = next(records(text, delimiter, start, file=file), None)
    if first is None:
        raise InputError("the file is empty; its first line names the columns", file=file)
    return first


def _separator(anki: dict[str, re.Match[str]], text: str, file: str) -> str | None:
    if "separator" not in anki:
        return None
    written = anki["separator"]["value"]
    if len(written) == 1:
        return written
    name = written.strip().lower()
    if name not in _ANKI_SEPARATORS:
        raise InputError(
            f"#separator:{written} is unknown; write one of {', '.join(_ANKI_SEPARATORS)}",
            file=file,
            line=line_of(text, anki["separator"].start()),
        )
    return _ANKI_SEPARATORS[name]


def _tab(text: str, start: int, file: str) -> str | None:
    """A tab for a ``.tsv`` file, and for a ``.txt`` file whose first record has one."""
    if file.lower().endswith(".txt"):
        first = _FIRST_LINE.search(text, start)
        return "\t" if first and "\t" in first[0] else None
    return "\t" if file.lower().endswith(".tsv") else None


def _likeliest(text: str, start: int, columns: Sequence[str] | None) -> str:
    """The delimiter that parts the first record into as many fields as columns, or into most."""
    first = _FILLED.search(text, start)
    at = first.start() if first else start
    counts = Counter[str]()
    while found := _DELIMITED.match(text, at):
        counts[found[1]] += 1
        at = found.end()
    wanted = len(columns or ()) - 1
    return max(DELIMITERS, key=lambda each: (counts[each] == wanted, counts[each]))


def _refuse_repeated(columns: Sequence[str], file: str, line: int | None) -> None:
    seen: set[str] = set()
    for name in columns:
        if name in seen:
            message = f"two columns are called {name!r}; rename one of them"
            raise InputError(message, file=file, line=line)
        if name:
            seen.add(name)
