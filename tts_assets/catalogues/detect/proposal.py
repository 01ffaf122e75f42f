"""From files to a proposal: which of them are catalogues, and how each is read."""

from __future__ import annotations

import glob
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import PurePath
from typing import TYPE_CHECKING

from tts_assets.catalogues.csv_table import is_anki
from tts_assets.catalogues.detect.columns import columns_of, has_tabs
from tts_assets.catalogues.detect.draft import Draft, built_in, drafts_of, no_catalogue
from tts_assets.catalogues.detect.values import has_japanese
from tts_assets.catalogues.document import parse
from tts_assets.config.sources.builtin import BUILT_IN
from tts_assets.config.sources.source import Id, IdFrom
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tts_assets.catalogues.document import Document
    from tts_assets.model import Kind


#: So few files are named one by one, where they do not fill a folder.
_FEW = 2


#: So much text of files of one shape is kept to look at, in characters.
_KEPT = 8_000_000
_TABLES = {".csv", ".tsv", ".txt"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UNKNOWN = (
    "it has Japanese in it, but no field is known to be what is said; describe it in a [[source]] "
    "table"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How the catalogues among some files are read.

    Args:
        drafts: one for each sort of records, its files as patterns, its source with a name.
        built_in: files that are read without a word, and what they teach.
        paths: the same, as short as it can be said.
        passed: files with Japanese in them that are passed over, and why.
        foreign: how many files have no Japanese in them.
    """

    drafts: tuple[Draft, ...] = ()
    built_in: Mapping[str, Kind] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    passed: Mapping[str, str] = field(default_factory=dict)
    foreign: int = 0


@dataclass(slots=True, kw_only=True)
class _Alike:
    """Files of one shape."""

    files: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    size: int = 0
    found: list[list[Draft]] = field(default_factory=list)

    def add(self, document: Document, drafts: list[Draft]) -> None:
        self.files.append(document.file)
        self.found.append(drafts)
        if not self.documents or self.size + len(document.text) <= _KEPT:
            self.documents.append(document)
            self.size += len(document.text)

    def drafts(self) -> list[Draft]:
        """The sources that read all of them."""
        first = self.documents[0]
        drafts = self.found[0]
        if len(self.files) > 1:
            drafts = drafts_of(self.documents, is_table=_is_table(first.file))
        agreed = [draft if self._agree(draft) else _hashed(draft) for draft in drafts]
        return [
            replace(
                draft,
                source=replace(draft.source, columns=first.columns, delimiter=first.delimiter),
            )
            for draft in agreed
        ]

    def _agree(self, draft: Draft) -> bool:
        """Whether every file, those that were not kept included, can have these ids."""
        ids = [{each.source.id for each in drafts} for drafts in self.found]
        return all(draft.source.id in each for each in ids)


def _hashed(draft: Draft) -> Draft:
    source = replace(draft.source, id=Id(of=IdFrom.HASH))
    return replace(draft, source=source, id_reason="a hash of what is said: no id fits all files")


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What was found so far."""

    alike: dict[object, _Alike] = field(default_factory=dict)
    built_in: dict[str, Kind] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)


def propose(files: Iterable[tuple[str, bytes]], *, only_tables: bool = False) -> Proposal:
    """Find the catalogues among some files, and how each is read.

    Args:
        files: the path of each, as a configuration would name it, and its bytes; taken one by one.
        only_tables: the built-in shapes have sources, too, which can stand beside other ones.
    """
    seen = _Seen()
    for path, data in files:
        _look_at(path, data, seen)
    mapped = [path for one in seen.alike.values() for path in one.files]
    every = {*mapped, *seen.built_in, *seen.passed, *seen.foreign}
    drafts = [
        _for(draft, one.files, every) for one in seen.alike.values() for draft in one.drafts()
    ]
    if drafts or only_tables:
        # Sources are read without `paths`: so the built-in shapes are sources, too.
        drafts += [_for(draft, files, every) for draft, files in _built_in_drafts(seen.built_in)]
    return Proposal(
        drafts=tuple(_named(draft, number) for number, draft in enumerate(drafts, 1)),
        built_in=seen.built_in,
        paths=() if drafts else _folders_of(seen.built_in, every - {*seen.built_in}),
        passed=seen.passed,
        foreign=len(seen.foreign),
    )


def _for(draft: Draft, files: Collection[str], every: set[str]) -> Draft:
    """The draft for these files and no others."""
    patterns = _patterns_of(files, every - {*files})
    return replace(draft, source=replace(draft.source, files=patterns))


def _named(draft: Draft, number: int) -> Draft:
    """The draft with a name, by which its clips are known."""
    return replace(draft, source=replace(draft.source, name=f"source {number}"))


def _built_in_drafts(files: Mapping[str, Kind]) -> list[tuple[Draft, list[str]]]:
    return [
        (
            Draft(source=BUILT_IN[kind], is_built_in=True),
            [file for file, other in files.items() if other is kind],
        )
        for kind in dict.fromkeys(files.values())
    ]


def _look_at(path: str, data: bytes, seen: _Seen) -> None:
    text = data.decode("utf-8-sig", "replace")
    broken = "\ufffd" in text or data.startswith(_UTF_16)
    prose = path.lower().endswith(".txt") and not (is_anki(text) or has_tabs(text))
    if not (broken or has_japanese(text)) or prose:
        seen.foreign.add(path)
        return
    try:
        document = _document(path, data, text)
        reason = no_catalogue(document)
        drafts = [] if reason else drafts_of([document], is_table=_is_table(path))
    except InputError as problem:
        seen.passed[path] = str(problem).removeprefix(f"{path}: ")
        return
    if not drafts:
        seen.passed[path] = reason or _UNKNOWN
    elif kind := built_in(document, drafts):
        seen.built_in[path] = kind
    else:
        seen.alike.setdefault(_shape_key(document, drafts), _Alike()).add(document, drafts)


def _document(path: str, data: bytes, text: str) -> Document:
    if not _is_table(path):
        return parse(data, file=path)
    guessed = columns_of(text, file=path)
    columns, delimiter = guessed or (None, None)
    return parse(data, file=path, columns=columns, delimiter=delimiter)


def _is_table(path: str) -> bool:
    return PurePath(path).suffix.lower() in _TABLES


def _shape_key(document: Document, drafts: list[Draft]) -> object:
    """What files of one shape have in common: where the records are, and what is said first."""
    rows = []
    for draft in drafts:
        source, first = draft.source, draft.source.clips[0]
        each = first.each.text if first.each else ""
        rows.append((source.kind, source.records.text, each, first.text, first.to))
    return document.format, document.columns, document.delimiter, tuple(rows)


def _patterns_of(files: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The shortest patterns that match these files and none of the others.

    Args:
        files: their paths, as a configuration names them.
        others: the paths of all other files that are known.
    """
    if len(files) == 1:
        return tuple(files)
    for pattern in _candidates(sorted(files)):
        if not any(_is_match(other, pattern) for other in others):
            return (pattern,)
    folders: dict[tuple[str, str], list[str]] = {}
    for file in sorted(files):
        folders.setdefault((str(PurePath(file).parent), PurePath(file).suffix), []).append(file)
    if len(folders) > 1:
        rows = [_patterns_of(row, {*others, *files} - {*row}) for row in folders.values()]
        return tuple(pattern for row in rows for pattern in row)
    return tuple(sorted(files))


def _folders_of(files: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The files, or instead of all of a folder's files the folder, if no other is in it."""
    taken = [folder for file in others for folder in PurePath(file).parents]
    found: dict[str, None] = {}
    for file in sorted(files):
        folders = [folder for folder in PurePath(file).parents if folder not in taken]
        whole = [folder for folder in folders if str(folder) not in {".", "/"}]
        found[whole[0].as_posix() if whole else file] = None
    return tuple(found)


def _candidates(files: list[str]) -> Iterator[str]:
    """Patterns that match all of the files, the narrowest kind first."""
    paths = [PurePath(file) for file in files]
    endings = {path.suffix for path in paths}
    if len(endings) > 1:
        return
    ending = endings.pop()
    folders = [path.parent for path in paths]
    if len(set(folders)) == 1:
        # In the project's own folder other files of any sort may turn up.
        if str(folders[0]) != ".":
            yield _joined(folders[0], f"*{ending}")
        if len(files) > _FEW:
            start = "".join(_common([path.name for path in paths]))
            end = "".join(_common([path.stem[::-1] for path in paths]))[::-1]
            if start:
                yield _joined(folders[0], f"{glob.escape(start)}*{ending}")
            if end:
                yield _joined(folders[0], f"*{glob.escape(end)}{ending}")
        return
    names = {path.name for path in paths}
    above = PurePath(*_common([folder.parts for folder in folders]))
    depths = {len(folder.parts) - len(above.parts) for folder in folders}
    middle = "/".join(["*"] * depths.pop()) if len(depths) == 1 else "**"
    if str(above) != "." or middle != "**":
        if len(names) == 1:
            yield _joined(above, f"{middle}/{glob.escape(names.pop())}")
        yield _joined(above, f"{middle}/*{ending}")


def _joined(folder: PurePath, name: str) -> str:
    return name if str(folder) == "." else f"{glob.escape(folder.as_posix())}/{name}"


def _common(rows: Sequence[Sequence[str]]) -> list[str]:
    """What all rows begin with."""
    columns = zip(*rows, strict=False)
    return [column[0] for column in takewhile(lambda column: len({*column}) == 1, columns)]


def _is_match(path: str, pattern: str) -> bool:
    """Whether ``glob`` would find this path with this pattern."""
    return _match(PurePath(path).parts, PurePath(pattern).parts)


def _match(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_match(path[at:], pattern[1:]) for at in range(len(path)))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _match(path[1:], pattern[1:])
