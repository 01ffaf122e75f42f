"""Proposes `[[source]]` tables for files, and names the columns of CSV files without a header."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import PurePath
from typing import TYPE_CHECKING

from tts_assets.catalogues.catalogue_document import (
    DocumentFormat,
    may_be_json,
    parse_document,
)
from tts_assets.catalogues.csv_table import (
    detect_table,
    is_anki_export,
    split_records,
    split_values,
)
from tts_assets.catalogues.detect.field_names import Role, parse_field_name
from tts_assets.catalogues.detect.field_roles import MOST_SHARE
from tts_assets.catalogues.detect.record_rules import NEW_COLUMN
from tts_assets.catalogues.detect.source_draft import (
    SourceDraft,
    draft_sources,
    explain_no_catalogue,
    find_builtin_match,
)
from tts_assets.catalogues.detect.value_shapes import (
    clean_text,
    has_japanese,
    is_japanese_text,
    measure_content,
    measure_fit,
)
from tts_assets.config.catalogue_sources import BUILT_IN, IdOrigin, IdRule
from tts_assets.config.source_paths import KEY_PATH
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.catalogues.detect.value_shapes import ContentShares
    from tts_assets.model import Kind

_SAMPLE_LINES = 400
_COLUMN_SHARE = 0.9
_HALF = 0.5
_NOT_COLUMN_NAME = re.compile(r"[\d.,:/-]+|.*[/\\[].*")

# Anki's own columns: https://docs.ankiweb.net/importing/text-files.html
_ANKI_COLUMN = re.compile(r"^#(guid|notetype|deck|tags) column:(\d+)", re.MULTILINE | re.IGNORECASE)


def guess_columns(text: str, *, file: str) -> tuple[tuple[str, ...], str] | None:
    """Guess names for the columns of a table, and its delimiter; None if it has a header.

    Raises:
        InputError: the text is no table.
    """
    table = detect_table(text, file=file, columns=())
    if re.match(r"(?:#[^\n]*\n)*#columns:", text, re.IGNORECASE):
        return None
    rows: list[list[str]] = []
    for start, end in split_records(text, table.delimiter, table.start, file=file):
        rows.append(split_values(text[start:end], table.delimiter))
        if len(rows) > _SAMPLE_LINES:
            break
    if not rows or (not is_anki_export(text) and _is_header_row(*rows)):
        return None
    width = max(map(len, rows))
    columns = [[row[at] for row in rows if at < len(row)] for at in range(width)]
    anki = _ANKI_COLUMN.finditer(text[: table.start])
    names = _name_columns(columns, {int(found[2]) - 1: found[1].lower() for found in anki})
    return tuple(names if NEW_COLUMN in names else [*names, NEW_COLUMN]), table.delimiter


def has_tab_rows(text: str) -> bool:
    """Whether most lines of a text file have a tab, as rows of a table do."""
    lines = [line for line in text.splitlines() if line.strip()][:_SAMPLE_LINES]
    return sum("\t" in line.strip() for line in lines) > _COLUMN_SHARE * len(lines)


def _is_header_row(row: Sequence[str], *below: Sequence[str]) -> bool:
    """Whether a row is a header, not a record."""
    filled = [cell.strip() for cell in row if cell.strip()]
    if not filled or any(_NOT_COLUMN_NAME.fullmatch(cell) for cell in filled):
        return False
    named = sum(_is_column_name(cell) for cell in filled)
    if named >= len(filled) / 2 or not any(map(is_japanese_text, filled)):
        return True
    # Of 意味 above a column in another language, the rest of the row is a header, too.
    return any(
        _is_column_name(cell) and is_japanese_text(cell) and not any(map(is_japanese_text, column))
        for cell, *column in zip(row, *below, strict=False)
        if any(column)
    )


def _is_column_name(cell: str) -> bool:
    return bool(set(parse_field_name((cell,)).roles) - {Role.FORM})


def _name_columns(columns: Sequence[Sequence[str]], fixed_roles: dict[int, str]) -> list[str]:
    contents = [measure_content(column) for column in columns]
    roles = [fixed_roles.get(at) or _guess_role(content) for at, content in enumerate(contents)]
    spelled = [at for at, role in enumerate(roles) if role in {"word", "sentence"}]
    for at, content in enumerate(contents):
        if roles[at] not in {"kana", "word"} or content.kana <= _HALF:
            continue
        # The spelling has less kana than its reading; a few invalid readings are reported later.
        own = next(
            (
                one
                for one in spelled
                if contents[one].kana < content.kana and _is_reading_of(columns[one], columns[at])
            ),
            None,
        )
        roles[at] = "word" if own is None else "reading" if roles[own] == "word" else "kana"
    sounds = [at for at, role in enumerate(roles) if role == NEW_COLUMN]
    for at, own in list(zip(sounds, spelled, strict=False))[1:]:
        roles[at] = f"{roles[own]}_{NEW_COLUMN}"
    numbered = [at for at, column in enumerate(columns) if not roles[at] and _are_ids(column)]
    if numbered:
        roles[numbered[0]] = "id"
    named: list[str] = []
    for at, role in enumerate(roles):
        name = role or f"column{at + 1}"
        named.append(name if name not in named else f"{name}{at + 1}")
    return named


def _are_ids(texts: Sequence[str]) -> bool:
    """Whether they are whole numbers, all different."""
    return all(text.isdecimal() for text in texts) and len({*texts}) == len(texts)


def _guess_role(content: ContentShares) -> str:
    if content.sound > MOST_SHARE:
        return NEW_COLUMN
    if content.language:
        return "lang"
    if content.kana > _COLUMN_SHARE:
        return "kana"
    if content.japanese > MOST_SHARE and content.distinct > 1 - MOST_SHARE:
        return "sentence" if content.running > MOST_SHARE else "word"
    return ""


def _is_reading_of(texts: Sequence[str], kana: Sequence[str]) -> bool:
    pairs = [
        (clean_text(text), clean_text(reading))
        for text, reading in zip(texts, kana, strict=False)
        if text and reading
    ]
    return measure_fit(pairs) > MOST_SHARE


# Find the catalogues among files, and propose sources for them.


_MIN_FOLDERS = 2  #: up to this many files are listed by name if no folder pattern matches them

#: How much text of files of one shape is kept as a sample, in characters.
_MAX_CHARACTERS_KEPT = 8_000_000
_TABLE_SUFFIXES = {".csv", ".tsv", ".txt"}
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NO_DATA = "it is text without tabs; a table with another separator must end in .csv"
_NO_KNOWN_FIELD = (
    "it contains Japanese, but no field was recognized as spoken text; describe it in a "
    "[[source]] table"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The proposed sources for some files."""

    #: One for each group of records, with file patterns and a named source.
    drafts: tuple[SourceDraft, ...] = ()
    #: The files that need no source, with their kinds.
    built_in: Mapping[str, Kind] = field(default_factory=dict)
    paths: tuple[str, ...] = ()  #: the shortest list of paths for these files
    #: The skipped files that contain Japanese, with the reason.
    passed: Mapping[str, str] = field(default_factory=dict)
    foreign: int = 0  #: the number of files without Japanese


@dataclass(slots=True, kw_only=True)
class _ShapeGroup:
    """Files of one shape."""

    files: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    size: int = 0
    found: list[list[SourceDraft]] = field(default_factory=list)

    def add_document(self, document: Document, drafts: list[SourceDraft]) -> None:
        self.files.append(document.file)
        self.found.append(drafts)
        if not self.documents or self.size + len(document.text) <= _MAX_CHARACTERS_KEPT:
            self.documents.append(document)
            self.size += len(document.text)

    def build_drafts(self) -> list[SourceDraft]:
        """Draft the sources that read all files of the group."""
        first = self.documents[0]
        drafts = self.found[0]
        if len(self.files) > 1:
            drafts = draft_sources(self.documents, is_table=_is_table(first))
        # The ids must work in every file, including those whose text was not kept.
        ids = [{each.source.id for each in found} for found in self.found]
        agreed = []
        for draft in drafts:
            source = replace(draft.source, columns=first.columns, delimiter=first.delimiter)
            reason = draft.id_reason
            if not all(source.id in each for each in ids):
                source = replace(source, id=IdRule(of=IdOrigin.HASH))
                reason = "a hash of the spoken text, because no id exists in all files"
            agreed.append(replace(draft, source=source, id_reason=reason))
        return agreed


@dataclass(slots=True, kw_only=True)
class _ScanState:
    """The results of the scan so far."""

    groups: dict[object, _ShapeGroup] = field(default_factory=dict)
    built_in: dict[str, Kind] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)


def propose_sources(files: Iterable[tuple[str, bytes]], *, only_tables: bool = False) -> Proposal:
    """Find the catalogues among some files, and propose sources for them.

    Args:
        files: the path of each, as in a configuration, and its content; consumed lazily.
        only_tables: propose sources for built-in shapes, too, which can be added to others.
    """
    state = _ScanState()
    for path, data in files:
        _inspect_file(path, data, state)
    mapped = [path for one in state.groups.values() for path in one.files]
    every = {*mapped, *state.built_in, *state.passed, *state.foreign}
    drafts = [
        _limit_to_files(draft, one.files, every)
        for one in state.groups.values()
        for draft in one.build_drafts()
    ]
    if drafts or only_tables:
        # With sources, `paths` is not set, so the built-in shapes need sources, too.
        drafts += [
            _limit_to_files(
                SourceDraft(source=BUILT_IN[kind]),
                [file for file, other in state.built_in.items() if other is kind],
                every,
            )
            for kind in dict.fromkeys(state.built_in.values())
        ]
    return Proposal(
        drafts=tuple(
            replace(draft, source=replace(draft.source, name=f"source {number}"))
            for number, draft in enumerate(drafts, 1)
        ),
        built_in=state.built_in,
        paths=() if drafts else _find_folders(state.built_in, every - {*state.built_in}),
        passed=state.passed,
        foreign=len(state.foreign),
    )


def _limit_to_files(draft: SourceDraft, files: Collection[str], every: set[str]) -> SourceDraft:
    """Restrict a draft to these files."""
    patterns = _find_patterns(files, every - {*files})
    return replace(draft, source=replace(draft.source, files=patterns))


def _inspect_file(path: str, data: bytes, state: _ScanState) -> None:
    text = data.decode("utf-8-sig", "replace")
    broken = "\ufffd" in text or data.startswith(_UTF_16_MARKS)
    if not (broken or has_japanese(text)):
        state.foreign.add(path)
        return
    if path.lower().endswith(".txt") and not _is_data(text):
        state.passed[path] = _NO_DATA
        return
    try:
        document = _parse_file(path, data, text)
        reason = explain_no_catalogue(document)
        drafts = [] if reason else draft_sources([document], is_table=_is_table(document))
    except InputError as problem:
        at = "" if problem.line is None else f"line {problem.line}"
        where = f"{at}: " if at and at not in problem.message else ""
        state.passed[path] = f"{where}{problem.message}"
        return
    if not drafts:
        state.passed[path] = reason or _NO_KNOWN_FIELD
    elif kind := find_builtin_match(document, drafts):
        state.built_in[path] = kind
    else:
        state.groups.setdefault(_make_shape_key(document, drafts), _ShapeGroup()).add_document(
            document, drafts
        )


def _is_data(text: str) -> bool:
    """Whether a text file is an export, a table or JSON, not prose."""
    return is_anki_export(text) or has_tab_rows(text) or may_be_json(text)


def _parse_file(path: str, data: bytes, text: str) -> Document:
    if not _is_table_file(path) or (path.lower().endswith(".txt") and may_be_json(text)):
        return parse_document(data, file=path)
    guessed = guess_columns(text, file=path)
    columns, delimiter = guessed or (None, None)
    return parse_document(data, file=path, columns=columns, delimiter=delimiter)


def _is_table_file(path: str) -> bool:
    return PurePath(path).suffix.lower() in _TABLE_SUFFIXES


def _is_table(document: Document) -> bool:
    return document.format is DocumentFormat.CSV


def _make_shape_key(document: Document, drafts: list[SourceDraft]) -> object:
    """The key of a shape: its format, the paths of the records, and the first texts."""
    rows = []
    for draft in drafts:
        source, first = draft.source, draft.source.clips[0]
        each = first.each.text if first.each else ""
        # Keys are the text in files of any shape.
        reading = first.reading if KEY_PATH in first.text else ()
        rows.append((source.kind, source.records.text, each, first.text, reading, first.to))
    return document.format, document.columns, document.delimiter, tuple(rows)


def _find_patterns(files: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The shortest patterns that match these files and none of the others.

    Args:
        files: their paths, as in a configuration.
        others: the paths of all other files that are known.
    """
    if len(files) == 1:
        return tuple(files)
    for pattern in _list_patterns(sorted(files)):
        parts = PurePath(pattern).parts
        if not any(_match_parts(PurePath(other).parts, parts) for other in others):
            return (pattern,)
    folders: dict[tuple[str, str], list[str]] = {}
    for file in sorted(files):
        folders.setdefault((str(PurePath(file).parent), PurePath(file).suffix), []).append(file)
    if len(folders) > 1:
        rows = [_find_patterns(row, {*others, *files} - {*row}) for row in folders.values()]
        return tuple(pattern for row in rows for pattern in row)
    return tuple(sorted(files))


def _find_folders(files: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The files, with each folder in place of its files if it contains no others."""
    # Of a folder, a run reads no text files.
    unread = [file for file in files if file.lower().endswith(".txt")]
    excluded = [folder for file in (*others, *unread) for folder in PurePath(file).parents]
    found: dict[str, None] = {}
    for file in sorted(files):
        folders = [folder for folder in PurePath(file).parents if folder not in excluded]
        whole = [folder for folder in folders if str(folder) not in {".", "/"}]
        found[whole[0].as_posix() if whole else file] = None
    return tuple(found)


def _list_patterns(files: list[str]) -> Iterator[str]:
    """Patterns that match all of the files, the narrowest kind first."""
    paths = [PurePath(file) for file in files]
    endings = {path.suffix for path in paths}
    if len(endings) > 1:
        return
    ending = endings.pop()
    folders = [path.parent for path in paths]
    if len(set(folders)) == 1:
        # The project folder may get other files of any kind.
        if str(folders[0]) != ".":
            yield _join_pattern(folders[0], f"*{ending}")
        if len(files) > _MIN_FOLDERS:
            start = "".join(_find_common_prefix([path.name for path in paths]))
            end = "".join(_find_common_prefix([path.stem[::-1] for path in paths]))[::-1]
            if start:
                yield _join_pattern(folders[0], f"{glob.escape(start)}*{ending}")
            if end:
                yield _join_pattern(folders[0], f"*{glob.escape(end)}{ending}")
        return
    names = {path.name for path in paths}
    above = PurePath(*_find_common_prefix([folder.parts for folder in folders]))
    depths = {len(folder.parts) - len(above.parts) for folder in folders}
    middle = "/".join(["*"] * depths.pop()) if len(depths) == 1 else "**"
    if str(above) != "." or middle != "**":
        if len(names) == 1:
            yield _join_pattern(above, f"{middle}/{glob.escape(names.pop())}")
        yield _join_pattern(above, f"{middle}/*{ending}")


def _join_pattern(folder: PurePath, name: str) -> str:
    return name if str(folder) == "." else f"{glob.escape(folder.as_posix())}/{name}"


def _find_common_prefix(rows: Sequence[Sequence[str]]) -> list[str]:
    """The common prefix of all rows."""
    columns = zip(*rows, strict=False)
    return [column[0] for column in takewhile(lambda column: len({*column}) == 1, columns)]


def _match_parts(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether ``glob`` would match a path with a pattern."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_match_parts(path[at:], pattern[1:]) for at in range(len(path)))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _match_parts(path[1:], pattern[1:])
