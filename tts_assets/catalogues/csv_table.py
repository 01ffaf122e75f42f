"""Parses CSV, and edits its fields without changing any other byte."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.catalogues import requested_urls
from tts_assets.catalogues.json_text import CONFLICT_MARKER
from tts_assets.catalogues.requested_urls import format_path, refuse_lone_surrogates
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tts_assets.catalogues.requested_urls import TextEdit
    from tts_assets.model import Place


#: Pattern of a field: quoted, with any text after the quotes; plain; or empty.
FIELD_PATTERN = (
    r"""(?>"[^"]*+(?:""[^"]*+)*+"[^%(mark)s\r\n]*+|[^"%(mark)s\r\n][^%(mark)s\r\n]*+|)"""
)
_QUOTED_FIELD = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"(.*)', re.DOTALL)


class TextSpan(NamedTuple):
    """A range of the text."""

    start: int
    end: int


def split_records(text: str, delimiter: str, start: int, *, file: str) -> Iterator[TextSpan]:
    """Yield the ranges of the records after an offset, without their line ends.

    Empty lines are skipped. Quotes follow RFC 4180; otherwise they are read as by
    :func:`csv.reader`: a quote within a plain field is an ordinary character.

    Raises:
        InputError: a quote is never closed.
    """
    for found in _compile_record(delimiter).finditer(text, start):
        if found[2] is None:
            raise InputError(
                "a double quote opens a field and is never closed; close it, or double each "
                'quote of the field and quote the field: "a ""b"""',
                file=file,
                line=find_line_number(text, found.end()),
            )
        if found[1]:
            yield TextSpan(*found.span(1))


def split_fields(record: str, delimiter: str) -> list[str]:
    """The raw fields of a record; joined by the delimiter they are the record."""
    if '"' not in record:
        return record.split(delimiter)
    return _compile_field(delimiter).findall(record)


def split_values(record: str, delimiter: str) -> list[str]:
    """The values of the fields of a record."""
    if '"' not in record:
        return record.split(delimiter)
    return [unquote_field(field) for field in _compile_field(delimiter).findall(record)]


def unquote_field(field: str) -> str:
    """The value of a field: without its quotes, if it has any."""
    if not field.startswith('"'):
        return field
    inner = field[1:-1]
    if '"' not in inner and field.endswith('"'):
        return inner
    quoted = _QUOTED_FIELD.fullmatch(field)
    return quoted[1].replace('""', '"') + quoted[2] if quoted else field


def find_line_number(text: str, at: int) -> int:
    """The 1-based line of an offset."""
    return count_line_breaks(text, 0, at) + 1


def count_line_breaks(text: str, start: int, end: int) -> int:
    """The number of line ends between two offsets: CR LF, LF or CR."""
    lone = text.count("\r", start, end) - text.count("\r\n", start, end)
    return text.count("\n", start, end) + lone


@lru_cache
def _compile_record(delimiter: str) -> re.Pattern[str]:
    field, mark = FIELD_PATTERN % {"mark": re.escape(delimiter)}, re.escape(delimiter)
    return re.compile(rf"({field}(?:{mark}{field})*+)(\r\n?|\n|\Z)?")


@lru_cache
def _compile_field(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf"(?:\A|{mark})({FIELD_PATTERN % {'mark': mark}})")


# A CSV file as a table: its delimiter, columns and rows.


DELIMITERS = ",;\t|"  #: the delimiters that are detected, the likeliest first

# Anki writes such lines above its notes: https://docs.ankiweb.net/importing/text-files.html
_ANKI_COMMENTS = re.compile(r"(?:#[^\r\n]*+(?:\r\n?|\n|\Z))++")
_ANKI_HEADER = re.compile(
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

# Excel reads the delimiter from such a first line, and hides the line.
_EXCEL_SEPARATOR = re.compile(rf'"?sep=([{DELIMITERS}])"?(?:\r\n?|\n|\Z)', re.IGNORECASE)
_CONFLICT = re.compile(f"^{CONFLICT_MARKER}", re.MULTILINE)
_NOT_LINE_BREAK = re.compile(r"[^\r\n]")
_FIRST_LINE = re.compile(r"[^\r\n]+")
_DELIMITED_FIELD = re.compile(rf"{FIELD_PATTERN % {'mark': DELIMITERS}}([{DELIMITERS}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """The layout of a CSV file."""

    delimiter: str  #: the character between fields
    columns: tuple[str, ...]  #: the names of the columns
    names: TextSpan | None  #: the range of the header; None if the file has none
    start: int  #: the offset of the first record

    def find_column_problem(self, column: object) -> str | None:
        """Explain why a column cannot exist or be added; None if it can."""
        if not isinstance(column, str) or not column:
            return "is not a column of a table; give the URL a separate column"
        if column not in self.columns and self.names is None:
            return "is not a named column; add it to `columns` of the source"
        return None


def is_anki_export(text: str) -> bool:
    """Whether the text begins with a line that only Anki's exports have."""
    return bool(_parse_anki_header(text)[0])


def detect_table(
    text: str, *, file: str, columns: Sequence[str] | None = None, delimiter: str | None = None
) -> CsvTable:
    """Detect the layout of a CSV file.

    Args:
        text: the text of the file.
        file: its path; ``.tsv`` implies tabs, and so does ``.txt`` if the first record has one.
        columns: the names of its columns, if it has no header.
        delimiter: the character between fields; None to detect it.

    Raises:
        InputError: the delimiter is invalid, the columns have no names or duplicate ones, or the
            text contains a conflict of git, whose sides and markers would be read as records.
    """
    conflict = _CONFLICT.search(text) if CONFLICT_MARKER in text else None
    if conflict is not None:
        raise InputError(
            "this is a conflict marker of git: edit the file so that it has the records of one "
            "side or of both, without the markers",
            file=file,
            line=find_line_number(text, conflict.start()),
        )
    anki, start = _parse_anki_header(text)
    excel = _EXCEL_SEPARATOR.match(text)
    if excel is not None:
        start = excel.end()
        delimiter = delimiter or excel[1]
    delimiter = delimiter or _read_anki_separator(anki, text, file)
    if delimiter is None:
        delimiter = _detect_tab(text, start, file) or _guess_delimiter(text, start, columns)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputError(f"{delimiter!r} cannot be a delimiter; use one character", file=file)
    names = None if columns is not None else _find_header(text, anki, delimiter, start, file)
    if names is not None:
        start = max(start, names.end)
        columns = [name.strip() for name in split_values(text[names.start : names.end], delimiter)]
    _refuse_duplicate_columns(
        columns or (), file, find_line_number(text, names.start) if names else None
    )
    return CsvTable(delimiter=delimiter, columns=tuple(columns or ()), names=names, start=start)


def parse_csv_rows(text: str, table: CsvTable, *, file: str) -> list[dict[str, str]]:
    """Parse the records as rows; a short record lacks its last columns.

    Columns without a name are dropped.

    Raises:
        InputError: a record has more fields than there are columns.
    """
    rows = []
    width = len(table.columns)
    for start, end in split_records(text, table.delimiter, table.start, file=file):
        found = split_values(text[start:end], table.delimiter)
        if len(found) > width:
            raise InputError(
                (
                    f"the record has {len(found)} fields, but the table has {width} columns; "
                    f"put fields that contain the delimiter {table.delimiter!r} into double "
                    "quotes, or name the missing column"
                ),
                file=file,
                line=find_line_number(text, start),
            )
        row = dict(zip(table.columns, found, strict=False))
        row.pop("", None)
        rows.append(row)
    return rows


def find_field_lines(
    text: str, places: Iterable[Place], table: CsvTable, *, file: str
) -> dict[Place, int]:
    """The 1-based lines where these fields begin, or their records where a field is absent."""
    places_by_row: dict[str | int, list[Place]] = {}
    starts: list[tuple[int, Place]] = []
    for place in places:
        if place:
            places_by_row.setdefault(place[0], []).append(place)
        else:
            starts.append((0, place))
    for index, (start, end) in enumerate(
        split_records(text, table.delimiter, table.start, file=file)
    ):
        for place in places_by_row.get(index, ()):
            before = 0
            if len(place) > 1 and place[1] in table.columns:
                present = split_fields(text[start:end], table.delimiter)
                column = table.columns.index(str(place[1]))
                before = sum(len(each) + 1 for each in present[:column])
                before = before if column < len(present) else 0
            starts.append((start + before, place))
    lines: dict[Place, int] = {}
    line, at = 1, 0
    for start, place in sorted(starts, key=itemgetter(0)):
        line += count_line_breaks(text, at, start)
        lines[place], at = line, start
    return lines


def _parse_anki_header(text: str) -> tuple[dict[str, re.Match[str]], int]:
    """Parse the import headers at the top of an Anki export, by key; return where they end."""
    comments = _ANKI_COMMENTS.match(text)
    if comments is None:
        return {}, 0
    found = {each["key"].lower(): each for each in _ANKI_HEADER.finditer(text, 0, comments.end())}
    return found, comments.end() if found else 0


def _find_header(
    text: str, anki: dict[str, re.Match[str]], delimiter: str, start: int, file: str
) -> TextSpan:
    """Find the range of the header."""
    if "columns" in anki:
        return TextSpan(*anki["columns"].span("value"))
    if anki:
        raise InputError(
            (
                f"this Anki export does not name its columns; add a line such as #columns:{delimiter.join(('word', 'reading'))} "
                "below its first line, or set `columns` in a [[source]] table"
            ),
            file=file,
            line=1,
        )
    first = next(split_records(text, delimiter, start, file=file), None)
    if first is None:
        raise InputError("the file is empty; its first line must name the columns", file=file)
    return first


def _read_anki_separator(anki: dict[str, re.Match[str]], text: str, file: str) -> str | None:
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
            line=find_line_number(text, anki["separator"].start()),
        )
    return _ANKI_SEPARATORS[name]


def _detect_tab(text: str, start: int, file: str) -> str | None:
    """Return a tab for a ``.tsv`` file, and for a ``.txt`` file whose first record has one."""
    if file.lower().endswith(".txt"):
        first = _FIRST_LINE.search(text, start)
        return "\t" if first and "\t" in first[0] else None
    return "\t" if file.lower().endswith(".tsv") else None


def _guess_delimiter(text: str, start: int, columns: Sequence[str] | None) -> str:
    """The delimiter that splits the first record into the expected or the most fields."""
    first = _NOT_LINE_BREAK.search(text, start)
    at = first.start() if first else start
    counts = Counter[str]()
    while found := _DELIMITED_FIELD.match(text, at):
        counts[found[1]] += 1
        at = found.end()
    expected = len(columns or ()) - 1
    return max(DELIMITERS, key=lambda each: (counts[each] == expected, counts[each]))


def _refuse_duplicate_columns(columns: Sequence[str], file: str, line: int | None) -> None:
    seen: set[str] = set()
    for name in columns:
        if name in seen:
            message = f"two columns are called {name!r}; rename one of them"
            raise InputError(message, file=file, line=line)
        if name:
            seen.add(name)


# Set URLs in the text of a CSV file without changing any other byte.
_QUOTED_CHARACTERS = frozenset(f'"\r\n{DELIMITERS}')


def set_csv_urls(text: str, urls: Mapping[Place, str], table: CsvTable, *, file: str) -> str:
    """Return the text with these URLs in their fields.

    A field keeps its quotes, and gets quotes only if its URL needs them. A missing column is added
    last, to the header and to every record that is not too short already. Its fields are quoted
    if all fields of the first line are.

    Args:
        text: the text of the file.
        urls: the URLs by row and column.
        table: the layout of the file.
        file: its path, for messages.

    Raises:
        InputError: a place is not a field of the table.
    """
    columns = list(table.columns)
    cells = _collect_cells(urls, columns, table, file)
    return (
        requested_urls.apply_edits(text, _edit_records(text, cells, columns, table, file))
        if cells
        else text
    )


def _collect_cells(
    urls: Mapping[Place, str], columns: list[str], table: CsvTable, file: str
) -> dict[int, dict[int, str]]:
    """Group the URLs by row and column index; append new columns to ``columns``."""
    index_of = {name: index for index, name in enumerate(columns)}
    cells: dict[int, dict[int, str]] = {}
    for place, url in urls.items():
        row, column = place if len(place) == 2 else (None, None)
        why = table.find_column_problem(column if isinstance(row, int) else None)
        if why is not None:
            raise InputError(f"{format_path(place)} {why}", file=file)
        refuse_lone_surrogates(url, place, file=file)
        name = str(column)
        if name not in index_of:
            index_of[name] = len(columns)
            columns.append(name)
        cells.setdefault(int(place[0]), {})[index_of[name]] = url
    return cells


def _edit_records(
    text: str, cells: dict[int, dict[int, str]], columns: list[str], table: CsvTable, file: str
) -> Iterator[TextEdit]:
    delimiter = table.delimiter
    first = table.names or next(
        split_records(text, delimiter, table.start, file=file), TextSpan(0, 0)
    )
    lead = split_fields(text[first.start : first.end], delimiter)
    quoted = all(field.startswith('"') for field in lead)
    width = 1 + max(column for row in cells.values() for column in row)
    if width <= len(lead):
        width = 0
    elif table.names:
        added = (_quote_field(name, delimiter, quoted=quoted) for name in columns[len(lead) :])
        yield first.end, first.end, delimiter + delimiter.join(added)
    empty = '""' if quoted else ""
    for index, (start, end) in enumerate(split_records(text, delimiter, table.start, file=file)):
        row = cells.pop(index, {})
        if not row and not width:
            continue
        record = split_fields(text[start:end], delimiter)
        if not row and len(record) < len(lead):
            continue
        record += [empty] * (max([width, *(column + 1 for column in row)]) - len(record))
        for column, url in row.items():
            if unquote_field(record[column]) != url:
                record[column] = _quote_field(url, delimiter, quoted=record[column].startswith('"'))
        # Quote the only field of a record if it is empty: empty lines are skipped.
        yield start, end, delimiter.join(record) or '""'
    if cells:
        what = f"there is no row {min(cells) + 1} (anymore); read the file again"
        raise InputError(what, file=file)


def _quote_field(text: str, delimiter: str, *, quoted: bool) -> str:
    """Quote a field if it needs quotes, or could mislead the detection of the delimiter."""
    if quoted or not _QUOTED_CHARACTERS.isdisjoint(text) or delimiter in text:
        return '"' + text.replace('"', '""') + '"'
    return text
