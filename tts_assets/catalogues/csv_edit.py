"""URLs set in the text of a CSV file, with every byte around their fields left as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.catalogues import changes
from tts_assets.catalogues.asked import refuse_half_characters, shown
from tts_assets.catalogues.csv_table import DELIMITERS
from tts_assets.catalogues.csv_text import Span, fields, records, value
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tts_assets.catalogues.changes import Change
    from tts_assets.catalogues.csv_table import Table
    from tts_assets.model import Place

_SPECIAL = frozenset(f'"\r\n{DELIMITERS}')


def set_urls(text: str, urls: Mapping[Place, str], table: Table, *, file: str) -> str:
    """The text with these URLs in their fields.

    A field keeps its quotes, and gets some only if its URL needs them. A column that is missing
    is added last: to the line that names the columns, and to every record, so that all stay
    as long as each other; its fields are in quotes if all of the first line are.

    Args:
        text: all of the file.
        urls: the URLs by row and column.
        table: how the file is written.
        file: its path, for messages.

    Raises:
        InputError: a place is no field of the table.
    """
    columns = list(table.columns)
    cells = _cells(urls, columns, table, file)
    return changes.made(text, _changes(text, cells, columns, table, file)) if cells else text


def _cells(
    urls: Mapping[Place, str], columns: list[str], table: Table, file: str
) -> dict[int, dict[int, str]]:
    """The URLs by the index of their row and column; new columns are appended to ``columns``."""
    index_of = {name: index for index, name in enumerate(columns)}
    cells: dict[int, dict[int, str]] = {}
    for place, url in urls.items():
        row, column = place if len(place) == 2 else (None, None)
        why = table.why_no_field(column if isinstance(row, int) else None)
        if why is not None:
            raise InputError(f"{shown(place)} {why}", file=file)
        refuse_half_characters(url, place, file=file)
        name = str(column)
        if name not in index_of:
            index_of[name] = len(columns)
            columns.append(name)
        cells.setdefault(int(place[0]), {})[index_of[name]] = url
    return cells


def _changes(
    text: str, cells: dict[int, dict[int, str]], columns: list[str], table: Table, file: str
) -> Iterator[Change]:
    delimiter = table.delimiter
    first = table.names or next(records(text, delimiter, table.start, file=file), Span(0, 0))
    lead = fields(text[first.start : first.end], delimiter)
    quoted = all(field.startswith('"') for field in lead)
    width = 1 + max(column for row in cells.values() for column in row)
    if width <= len(lead):
        width = 0
    elif table.names:
        added = (_written(name, delimiter, quoted=quoted) for name in columns[len(lead) :])
        yield first.end, first.end, delimiter + delimiter.join(added)
    empty = '""' if quoted else ""
    for index, (start, end) in enumerate(records(text, delimiter, table.start, file=file)):
        row = cells.pop(index, {})
        if not row and not width:
            continue
        record = fields(text[start:end], delimiter)
        record += [empty] * (max([width, *(column + 1 for column in row)]) - len(record))
        for column, url in row.items():
            if value(record[column]) != url:
                record[column] = _written(url, delimiter, quoted=record[column].startswith('"'))
        # A record of one empty field must not become an empty line.
        yield start, end, delimiter.join(record) or '""'
    if cells:
        what = f"there is no row {min(cells) + 1} (any more); read the file again"
        raise InputError(what, file=file)


def _written(text: str, delimiter: str, *, quoted: bool) -> str:
    """A field; in quotes if it needs them, or would lead astray who guesses the delimiter."""
    if quoted or not _SPECIAL.isdisjoint(text) or delimiter in text:
        return '"' + text.replace('"', '""') + '"'
    return text
