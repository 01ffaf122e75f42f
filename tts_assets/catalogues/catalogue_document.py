"""Parses a catalogue into a document with its exact text, and writes URLs into that text."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tts_assets.catalogues import csv_table, json_editor, json_text
from tts_assets.catalogues.json_text import find_repeated_keys, parse_json
from tts_assets.catalogues.requested_urls import format_path
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tts_assets.catalogues.csv_table import CsvTable
    from tts_assets.catalogues.json_text import RepeatedKey
    from tts_assets.model import Place


#: The largest catalogue that is read, in bytes.
MAX_CATALOGUE_BYTES = 1 << 30
_BOM = b"\xef\xbb\xbf"

# The marks of UTF-32 and UTF-16, or an ASCII character in them.
_FOREIGN_BEGINNING = re.compile(
    rb"(?P<UTF32>\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0])"
    rb"|\xff\xfe|\xfe\xff|[^\0]\0|\0[^\0]"
)


class DocumentFormat(StrEnum):
    """How the text of a catalogue is written."""

    JSON = "JSON"
    #: One JSON value on each line; blank lines are ignored.
    JSON_LINES = "JSON Lines"
    #: A table: RFC 4180 with any delimiter, or a text file of Anki.
    CSV = "CSV"


#: The format of a file by its suffix.
FORMATS_BY_SUFFIX = {
    ".json": DocumentFormat.JSON,
    ".jsonl": DocumentFormat.JSON_LINES,
    ".ndjson": DocumentFormat.JSON_LINES,
    ".csv": DocumentFormat.CSV,
    ".tsv": DocumentFormat.CSV,
}


@dataclass(frozen=True, kw_only=True)
class Document:
    """A catalogue, decoded and parsed when its text and its root are first used.

    The place of a value is its steps from the root, in every format.
    """

    file: str  #: its path as the user gave it
    data: bytes = field(repr=False)  #: the file's bytes
    columns: tuple[str, ...] | None = None  #: a CSV file's columns, if it has no header
    delimiter: str | None = None  #: the delimiter of a CSV file; None to detect it

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the file's bytes."""
        return hashlib.sha256(self.data).digest()

    @cached_property
    def text(self) -> str:
        """The whole text without the byte order mark, with its original line ends.

        Raises:
            InputError: the content is not UTF-8.
        """
        return _decode_text(self.data, len(self.bom), self.file)

    @cached_property
    def format(self) -> DocumentFormat:
        """How the text is written; see :data:`FORMATS_BY_SUFFIX`.

        A file with another suffix is CSV if columns or a delimiter are given or Anki wrote it, else
        JSON. A ``.txt`` file is CSV unless it begins like JSON.
        """
        form = FORMATS_BY_SUFFIX.get(PurePath(self.file).suffix.lower())
        if form is not None:
            return form
        is_table = self.columns is not None or self.delimiter is not None
        is_table = is_table or csv_table.is_anki_export(self.text)
        is_table = is_table or (self.file.lower().endswith(".txt") and not may_be_json(self.text))
        return DocumentFormat.CSV if is_table else DocumentFormat.JSON

    @cached_property
    def root(self) -> Any:
        """The parsed value: of JSON Lines the list of its values, of CSV the list of its rows.

        Raises:
            InputError: the text is not UTF-8 or not of the format, or nested too deeply.
        """
        if self.format is DocumentFormat.CSV:
            return csv_table.parse_csv_rows(self.text, self.detect_table(), file=self.file)
        if self.format is DocumentFormat.JSON_LINES:
            return parse_json_lines(self.text, file=self.file)
        # Without decoding the whole text; what is refused is explained by the text.
        with suppress(msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return msgspec.json.decode(memoryview(self.data)[len(self.bom) :])
        return json_text.parse_json(self.text, file=self.file)

    def take_sample(self, count: int) -> Document:
        """The same document with only the first values of its root, which is a list."""
        sample = replace(self)
        # A cached value, which a frozen document computes otherwise.
        vars(sample)["root"] = self.root[:count]
        return sample

    @property
    def bom(self) -> bytes:
        """The UTF-8 byte order mark, or nothing."""
        return _BOM if self.data.startswith(_BOM) else b""

    def encode(self, text: str) -> bytes:
        """Encode a new text, with the byte order mark of this document."""
        return self.bom + text.encode("utf-8")

    def find_lines(self, places: Iterable[Place]) -> dict[Place, int]:
        """The 1-based lines where the values at these places begin, found in one pass.

        A missing place is left out, or has the line of its record.
        """
        if self.format is DocumentFormat.CSV:
            return csv_table.find_field_lines(
                self.text, places, self.detect_table(), file=self.file
            )
        if self.format is DocumentFormat.JSON_LINES:
            return find_jsonl_lines(self.text, places)
        places = set(places)
        # Whole records, as of most clips, are found faster.
        if all(len(place) == 1 and isinstance(place[0], int) for place in places):
            with suppress(msgspec.MsgspecError, RecursionError):
                lines = json_text.find_item_lines(self.data[len(self.bom) :])
                return {place: line for place, line in lines.items() if place in places}
        return json_text.find_value_lines(self.text, places)

    def list_repeated_keys(self) -> list[RepeatedKey]:
        """Keys that an object repeats; ``root`` lacks the first value."""
        if self.format is DocumentFormat.CSV:
            return []
        if self.format is DocumentFormat.JSON_LINES:
            return find_repeats_by_line(self.text)
        return find_repeated_keys(self.text)

    def set_urls(
        self,
        urls: Mapping[Place, str],
        *,
        lists: Mapping[Place, int] | None = None,
        beside: Mapping[Place, str] | None = None,
    ) -> str:
        """Return the text with these URLs at their places; all other bytes stay as they are.

        Args:
            urls: the URLs by place.
            lists: lists that run parallel to a list of texts; see
                :func:`tts_assets.catalogues.json_editor.set_json_urls`. A table has none.
            beside: the key after which a missing one is added; a new column is added last.

        Raises:
            InputError: a URL cannot be set at its place; no URL is set then.
            ValueError: one place is within another, or is a whole document or record.
        """
        if self.format is DocumentFormat.CSV:
            return csv_table.set_csv_urls(self.text, urls, self.detect_table(), file=self.file)
        edit_text = (
            set_json_lines_urls
            if self.format is DocumentFormat.JSON_LINES
            else json_editor.set_json_urls
        )
        return edit_text(self.text, urls, file=self.file, lists=lists or {}, beside=beside or {})

    def detect_table(self) -> CsvTable:
        """Detect the delimiter and the columns of a CSV file."""
        return csv_table.detect_table(
            self.text, file=self.file, columns=self.columns, delimiter=self.delimiter
        )


def parse_document(
    data: bytes,
    *,
    file: str,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
) -> Document:
    """Parse a catalogue, as JSON, JSON Lines or CSV; see :func:`open_document`.

    Raises:
        InputError: the content is not UTF-8, not of the format, too large, or nested too deeply.
    """
    document = open_document(data, file=file, columns=columns, delimiter=delimiter)
    _ = document.root
    return document


def open_document(
    data: bytes,
    *,
    file: str,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
) -> Document:
    """Make a document of the content of a file, without decoding or parsing it.

    Args:
        data: the content of the file.
        file: its path as the user gave it.
        columns: the names of a CSV file's columns, if it has no header.
        delimiter: the delimiter of a CSV file; None to detect it.

    Raises:
        InputError: the content is too large.
    """
    if len(data) > MAX_CATALOGUE_BYTES:
        raise InputError(
            (
                f"its {len(data):,} bytes exceed the limit of {MAX_CATALOGUE_BYTES:,} for a "
                "catalogue: split it into several files"
            ),
            file=file,
        )
    return Document(
        file=file,
        data=data,
        columns=None if columns is None else tuple(columns),
        delimiter=delimiter,
    )


def may_be_json(text: str) -> bool:
    """Whether a text begins with a list or object, not with a row such as ``[sound:...]``, tab."""
    first = text.lstrip().partition("\n")[0]
    return first.startswith(("[", "{")) and "\t" not in first


def _decode_text(data: bytes, skip: int, file: str) -> str:
    save = "save it as UTF-8"
    if FORMATS_BY_SUFFIX.get(PurePath(file).suffix.lower()) is DocumentFormat.CSV:
        save += ' (in Excel: "CSV UTF-8")'
    if beginning := _FOREIGN_BEGINNING.match(data):
        encoding = "UTF-32" if beginning["UTF32"] else "UTF-16"
        raise InputError(
            f"the file is {encoding}: it begins with the bytes "
            f"{beginning.group().hex(' ').upper()}; {save}",
            file=file,
            line=1,
        )
    try:
        return str(memoryview(data)[skip:], "utf-8")
    except UnicodeDecodeError as exc:
        at = skip + exc.start
        cut_off = exc.reason == "unexpected end of data"
        reason = "begins a truncated character" if cut_off else "is not UTF-8"
        raise InputError(
            f"byte 0x{data[at]:02X} at offset {at:,} {reason}; the file may be in Shift_JIS or "
            f"another old encoding: {save}",
            file=file,
            line=data.count(b"\n", 0, at) + 1,
        ) from exc


# JSON Lines: one JSON value on each line, with optional blank lines.
T = TypeVar("T")
_LINE_SPACE = " \t\r"  # the white space of JSON only; a line of ideographic spaces is an error


def parse_json_lines(text: str, *, file: str) -> list[Any]:
    """Parse all lines that are not blank.

    Raises:
        InputError: a line is not one JSON value.
    """
    return [parse_json(line, file=file, line=number) for number, line in _iter_filled_lines(text)]


def _iter_filled_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, numbered from 1."""
    return (
        (number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip(_LINE_SPACE)
    )


def find_jsonl_lines(text: str, places: Iterable[Place]) -> dict[Place, int]:
    """The 1-based lines of these places; missing records are left out."""
    filled = [number for number, _ in _iter_filled_lines(text)]
    lines: dict[Place, int] = {}
    for place in places:
        index = place[0] if place else 0
        if not place:
            lines[place] = 1
        elif isinstance(index, int) and 0 <= index < len(filled):
            lines[place] = filled[index]
    return lines


def find_repeats_by_line(text: str) -> list[RepeatedKey]:
    """Keys that an object repeats, with the lines of the file."""
    return [
        each
        for number, line in _iter_filled_lines(text)
        for each in find_repeated_keys(line, number)
    ]


def set_json_lines_urls(
    text: str,
    urls: Mapping[Place, str],
    *,
    file: str,
    lists: Mapping[Place, int],
    beside: Mapping[Place, str],
) -> str:
    """Return the text with these URLs at their places; a place begins with the index of its line.

    Blank lines are not counted. See :func:`tts_assets.catalogues.json_editor.set_json_urls` for the
    rest.

    Raises:
        InputError: as for set_json_urls, with the line of the file.
        ValueError: as for set_json_urls, or a URL would replace a whole line.
    """
    lists_of, beside_of = _group_by_record(lists), _group_by_record(beside)
    lines = text.split("\n")
    filled = [number for number, _ in _iter_filled_lines(text)]
    for index, row_urls in _group_by_record(urls).items():
        if not isinstance(index, int) or not 0 <= index < len(filled):
            what = f"there is no {format_path((index,))} (anymore); read the file again"
            raise InputError(what, file=file)
        number = filled[index]
        lines[number - 1] = json_editor.set_json_urls(
            lines[number - 1],
            row_urls,
            file=file,
            lists=lists_of.get(index),
            beside=beside_of.get(index),
            line=number,
        )
    return "\n".join(lines)


def _group_by_record(values: Mapping[Place, T]) -> dict[str | int, dict[Place, T]]:
    """Group values by record, with their places within it."""
    found: dict[str | int, dict[Place, T]] = {}
    for place, value in values.items():
        if len(place) < 2:
            raise ValueError(
                f"{place} is a whole line or the document, which cannot be replaced by a URL"
            )
        found.setdefault(place[0], {})[place[1:]] = value
    return found
