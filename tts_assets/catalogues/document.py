"""The bytes of a catalogue as a document: exact text, parsed value, and URLs set in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues import csv_edit, csv_table, edit, json_lines, json_text
from tts_assets.catalogues.repeated import repeated_keys
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tts_assets.catalogues.csv_table import Table
    from tts_assets.catalogues.repeated import RepeatedKey
    from tts_assets.model import Place


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


class DocumentFormat(StrEnum):
    """How the text of a catalogue is written."""

    JSON = "JSON"
    #: One JSON value on each line; blank lines do not count.
    JSON_LINES = "JSON Lines"
    #: A table: RFC 4180, whatever its delimiter, and the text files of Anki.
    CSV = "CSV"


#: The formats of files whose names end so.
SUFFIXES = {
    ".json": DocumentFormat.JSON,
    ".jsonl": DocumentFormat.JSON_LINES,
    ".ndjson": DocumentFormat.JSON_LINES,
    ".csv": DocumentFormat.CSV,
    ".tsv": DocumentFormat.CSV,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A catalogue as it was read.

    The place of a value is the same in every format: its steps from the root.

    Args:
        file: its path as the user gave it.
        text: all of it but the byte order mark, line ends as they are.
        bom: the UTF-8 byte order mark, or nothing.
        root: the parsed value: of JSON Lines the list of their values, of CSV the list of its
            rows as objects of texts.
        format: how the text is written.
        columns: the names of a CSV file's columns, if its first line does not name them.
        delimiter: what parts a CSV file's fields; None to find out.
    """

    file: str
    text: str = field(repr=False)
    bom: bytes
    root: Any = field(repr=False)
    format: DocumentFormat = DocumentFormat.JSON
    columns: tuple[str, ...] | None = None
    delimiter: str | None = None

    def encode(self, text: str) -> bytes:
        """The bytes of a text that takes the place of this one's."""
        return self.bom + text.encode("utf-8")

    def lines_of(self, places: Iterable[Place]) -> dict[Place, int]:
        """The 1-based lines where the values at these places begin, found in one pass.

        A place that is not there is left out, or has the line of its record.
        """
        if self.format is DocumentFormat.CSV:
            return csv_table.lines_of(self.text, places, self.table(), file=self.file)
        if self.format is DocumentFormat.JSON_LINES:
            return json_lines.lines_of(self.text, places)
        return json_text.lines_of(self.text, places)

    def repeated_keys(self) -> list[RepeatedKey]:
        """Keys that stand twice in one object; the value of the first is lost in ``root``."""
        if self.format is DocumentFormat.CSV:
            return []
        if self.format is DocumentFormat.JSON_LINES:
            return json_lines.repeated_keys_of(self.text)
        return repeated_keys(self.text)

    def set_urls(
        self,
        urls: Mapping[Place, str],
        *,
        lists: Mapping[Place, int] | None = None,
        beside: Mapping[Place, str] | None = None,
    ) -> str:
        """The text with these URLs at their places, and every byte around them as it was.

        Args:
            urls: the URLs by place.
            lists: lists that run parallel to a list of texts; see
                :func:`tts_assets.catalogues.edit.set_urls`. A table has none.
            beside: the key after which a missing one is added; a new column comes last.

        Raises:
            InputError: a URL cannot be set at its place. Nothing is set then.
            ValueError: one place lies within another, or is that of a whole document or record.
        """
        if self.format is DocumentFormat.CSV:
            return csv_edit.set_urls(self.text, urls, self.table(), file=self.file)
        set_them = (
            json_lines.set_urls if self.format is DocumentFormat.JSON_LINES else edit.set_urls
        )
        return set_them(self.text, urls, file=self.file, lists=lists or {}, beside=beside or {})

    def table(self) -> Table:
        """Delimiter, columns and rows of a CSV file."""
        return csv_table.table_of(
            self.text, file=self.file, columns=self.columns, delimiter=self.delimiter
        )


def parse(
    data: bytes,
    *,
    file: str,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
) -> Document:
    """Read a catalogue, as JSON, JSON Lines or CSV; see :data:`SUFFIXES`.

    A file of another name is CSV if columns or a delimiter are given or Anki wrote it, else JSON;
    a ``.txt`` file is CSV unless it begins as JSON does.

    Args:
        data: all of the file.
        file: its path as the user gave it.
        columns: the names of a CSV file's columns, if it has no line that names them.
        delimiter: what parts a CSV file's fields; None to find out.

    Raises:
        InputError: the bytes are not UTF-8, not of the format, too many, or nested too deeply.
    """
    if len(data) > LIMIT_BYTES:
        raise InputError(
            f"{len(data):,} bytes are too many: a catalogue may have {LIMIT_BYTES:,}; "
            "split it into several files",
            file=file,
        )
    bom = _BOM if data.startswith(_BOM) else b""
    text = _text(data, len(bom), file)
    form = SUFFIXES.get(PurePath(file).suffix.lower())
    if form is None:
        is_table = columns is not None or delimiter is not None or csv_table.is_anki(text)
        is_table = is_table or (file.lower().endswith(".txt") and not _may_be_json(text))
        form = DocumentFormat.CSV if is_table else DocumentFormat.JSON
    root: Any
    if form is DocumentFormat.CSV:
        table = csv_table.table_of(text, file=file, columns=columns, delimiter=delimiter)
        root = csv_table.rows_of(text, table, file=file)
    elif form is DocumentFormat.JSON_LINES:
        root = json_lines.values_of(text, file=file)
    else:
        root = json_text.value_of(text, file=file)
    return Document(
        file=file,
        text=text,
        bom=bom,
        root=root,
        format=form,
        columns=None if columns is None else tuple(columns),
        delimiter=delimiter,
    )


def _may_be_json(text: str) -> bool:
    """Whether a text begins with a list or an object; so does a row with ``[sound:...]`` and a tab."""
    first = text.lstrip().partition("\n")[0]
    return first.startswith(("[", "{")) and "\t" not in first


def _text(data: bytes, skip: int, file: str) -> str:
    save = "save it as UTF-8"
    if SUFFIXES.get(PurePath(file).suffix.lower()) is DocumentFormat.CSV:
        save += ' (in Excel: "CSV UTF-8")'
    for mark, encoding in _FOREIGN_MARKS.items():
        if data.startswith(mark):
            raise InputError(
                f"the file is {encoding}: it begins with the bytes {mark.hex(' ').upper()}; {save}",
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
            f"byte 0x{data[at]:02X} at offset {at:,} {reason}; the file may be in Shift_JIS or "
            f"another old encoding: {save}",
            file=file,
            line=data.count(b"\n", 0, at) + 1,
        ) from exc
