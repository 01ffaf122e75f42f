"""Finds the catalogues of a run, and opens each with every source that reads it."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.catalogues.catalogue_document import Document, parse_document
from tts_assets.catalogues.catalogue_reader import (
    CatalogueReader,
    UnusedPaths,
    guess_catalogue_kind,
)
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.config.command_options import is_part, is_report
from tts_assets.errors import InputError, UsageError, format_command, suggest
from tts_assets.model import Kind
from tts_assets.regular_files import find_files, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings


#: Where catalogues lie when nobody says where.
DEFAULT_PATH = "data"

#: Folders in which nobody keeps catalogues.
_SKIPPED_FOLDERS = {"node_modules", "__pycache__"}

#: What is looked at in a folder; other formats are named, or belong to a source.
_CATALOGUE_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv")

#: Tables are many things: in a folder, only names make them catalogues.
_TABLE_ENDINGS = (".csv", ".tsv")


@dataclass(slots=True, kw_only=True)
class LoadProblems:
    """What kept files from being opened.

    Args:
        problems: files that cannot be used.
        notes: what else is to be told, as of files that were passed over.
        passed_over: the notes on these, by their paths.
    """

    problems: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)

    def skip_file(self, file: str, note: str) -> None:
        """Leave a file that is perhaps no catalogue."""
        self.notes.append(note)
        self.passed_over[file] = note


def open_catalogues(
    settings: Settings, trouble: LoadProblems, overrides: OverrideSet | None = None
) -> Iterator[CatalogueReader]:
    """A reader for every file and every source that reads it; the rest goes into ``trouble``.

    Args:
        settings: which catalogues.
        trouble: takes what keeps files from being opened.
        overrides: what is said instead of entries; None for what the settings name, without its
            voices and speeds.

    Raises:
        UsageError: a path is not there, or a source's pattern matches no file.
        InputError: the file of overrides cannot be used.
    """
    overrides = OverrideSet(settings.overrides) if overrides is None else overrides
    sources = _group_sources_by_file(settings)
    looked, opened = _UnusedPathCheck(sources), 0
    for path, named in _iter_files(settings, sources, trouble):
        mapped = sources.get(os.path.realpath(path))
        if mapped is None:
            for reader in _open_by_kind(path, settings, trouble, overrides, named=named):
                opened += 1
                yield reader
                # Or two documents are in memory while the next is read.
                del reader
            continue
        for source in mapped:
            if not settings.kinds or source.kind in settings.kinds:
                for reader in _open_file(path, source, trouble, overrides):
                    opened += 1
                    yield reader
                    looked.check_reader(reader)
                    del reader
    # Of many problems only the first are shown, and these are what the others come from.
    trouble.problems[:0] = looked.list_problems()
    trouble.notes.extend(looked.list_notes())
    unread = [problem.file for problem in trouble.problems]
    whole = not (settings.partial or settings.kinds)
    trouble.notes.extend(overrides.list_notes(whole=whole, unread=unread))
    if not (opened or trouble.problems):
        trouble.notes.append(_explain_no_catalogues(settings))


class CatalogueFile(NamedTuple):
    """A file that may be read.

    Args:
        path: as it was named or found.
        named: whether it was named rather than found in a folder.
        readers: the numbers of the sources in the settings that read it.
    """

    path: str
    named: bool
    readers: tuple[int, ...]


def list_catalogue_files(settings: Settings, trouble: LoadProblems) -> Iterator[CatalogueFile]:
    """All files that `open_catalogues` may read, also for a look at what their sources contain.

    Args:
        settings: which catalogues.
        trouble: takes the folders that cannot be listed.

    Raises:
        UsageError: a path is not there, or a source's pattern matches no file.
    """
    sources = _group_sources_by_file(settings)
    readers = {real: tuple(map(settings.sources.index, each)) for real, each in sources.items()}
    rest = dict(readers)
    for path, named in _iter_files(settings, sources, trouble):
        real = os.path.realpath(path)
        rest.pop(real, None)
        yield CatalogueFile(path, named, readers.get(real, ()))
    for real, numbers in rest.items():
        yield CatalogueFile(real, named=False, readers=numbers)


def _explain_no_catalogues(settings: Settings) -> str:
    """What to say where there is no catalogue."""
    kinds = f" of the kind {' or '.join(settings.kinds)}" if settings.kinds else ""
    if settings.sources and not settings.paths:
        return f"there is no catalogue{kinds} among the files of the sources"
    return f"there is no catalogue{kinds} in {', '.join(settings.paths or (DEFAULT_PATH,))}"


def parse_catalogue(data: bytes, file: str, source: Source) -> Document:
    """A file's bytes as its source reads them.

    Raises:
        InputError: they are not in the file's format.
    """
    return parse_document(data, file=file, columns=source.columns, delimiter=source.delimiter)


class _UnusedPathCheck:
    """Which paths of each source have led somewhere, in the files that were read."""

    def __init__(self, sources: dict[str, list[Source]]) -> None:
        self._sources = sources
        self._unused: list[tuple[Source, UnusedPaths, set[str]]] = []

    def check_reader(self, reader: CatalogueReader) -> None:
        """Look at what was read."""
        mine = next((row for row in self._unused if row[0] is reader.source), None)
        if mine is None:
            mine = (reader.source, UnusedPaths(reader.source), set())
            self._unused.append(mine)
        mine[1].check_records(reader)
        mine[2].add(os.path.realpath(reader.document.file))

    def list_notes(self) -> Iterator[str]:
        """What looks like a typing error in the field for a URL."""
        return (note for _, unused, _ in self._unused for note in unused.list_notes())

    def list_problems(self) -> Iterator[InputError]:
        """One for each path that leads nowhere in all files of its source."""
        for source, unused, seen in self._unused:
            for path, sources in self._sources.items():
                # A run for one file must not blame what only the others have.
                if path not in seen and source in sources and unused.list_problems():
                    with suppress(InputError):
                        unused.check_records(CatalogueReader(read_document(path, source), source))
            yield from unused.list_problems()


def read_document(path: str, source: Source = BUILT_IN[Kind.VOCABULARY]) -> Document:
    """A file as its source reads it, or as one does that tells nothing of its format.

    Raises:
        InputError: it cannot be read, or is not in the file's format.
    """
    try:
        data = read_regular(path)
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=path) from exc
    return parse_catalogue(data, path, source)


def _group_sources_by_file(settings: Settings) -> dict[str, list[Source]]:
    """The sources of each file, by its real path, in the order of the configuration."""
    found: dict[str, list[Source]] = {}
    for source in settings.sources:
        for pattern in source.files:
            matching = _find_matches(pattern)
            paths = [path for path in matching if not _is_own_file(path, settings)]
            if not paths:
                raise UsageError(
                    f"{source.name}: files = {pattern!r} {_explain_no_match(matching, settings)}"
                )
            for path in paths:
                readers = found.setdefault(os.path.realpath(path), [])
                _check_same_format(path, source, readers)
                if source not in readers:
                    readers.append(source)
    return found


def _check_same_format(path: str, source: Source, readers: list[Source]) -> None:
    """A file is parsed in one way, whoever reads it."""
    for other in readers:
        for key in ("columns", "delimiter"):
            if getattr(source, key) != getattr(other, key):
                raise UsageError(
                    f"{source.name} and {other.name} read {path} with different {key}: give both "
                    "the same"
                )


def _explain_no_match(matching: list[str], settings: Settings) -> str:
    if not matching:
        return "matches no file"
    output = settings.state_folder
    if not _is_in_output(matching[0], output):
        return f"matches only {matching[0]}, which contains overrides"
    return (
        f"matches {matching[0]}, which is in the output folder ({output}): set `output` to "
        "a separate folder for the clips"
    )


def _find_matches(pattern: str) -> list[str]:
    # A name with brackets that is there is meant as it stands.
    # Path.is_file() raises where a name is too long.
    if os.path.isfile(pattern):  # noqa: PTH113
        return [pattern]
    try:
        return [path for path in find_files(pattern) if not is_report(path)]
    except OSError as exc:
        raise UsageError(f"{exc.filename}: the folder cannot be listed: {exc.strerror}") from exc


def _is_own_file(path: str, settings: Settings) -> bool:
    """Whether a file is none of the catalogues, but what this tool or a reviewer wrote."""
    return _is_in_output(path, settings.state_folder) or _is_same_file(path, settings.overrides)


def _is_same_file(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _is_in_output(path: str, output: str) -> bool:
    """Whether a file lies in the output folder, or in that of a shard."""
    real, folder = Path(os.path.realpath(path)), os.path.realpath(output)
    return real.is_relative_to(folder) or any(is_part(str(each), output) for each in real.parents)


def _iter_files(
    settings: Settings, sources: dict[str, list[Source]], trouble: LoadProblems
) -> Iterator[tuple[str, bool]]:
    """Every catalogue file once, and whether it was named itself rather than found in a folder."""
    seen: set[str] = set()
    for file, named in _iter_candidates(settings, sources, trouble):
        real = os.path.realpath(file)
        if real not in seen:
            seen.add(real)
            yield file, named


def _iter_candidates(
    settings: Settings, sources: dict[str, list[Source]], trouble: LoadProblems
) -> Iterator[tuple[str, bool]]:
    if not settings.paths and settings.sources:
        patterns = [pattern for source in settings.sources for pattern in source.files]
        for pattern in patterns:
            yield from (
                (path, True) for path in _find_matches(pattern) if not _is_own_file(path, settings)
            )
        return
    for given in settings.paths or (DEFAULT_PATH,):
        path = Path(given)
        # Path.exists() raises where a name is too long.
        if not os.path.exists(given):  # noqa: PTH110
            if not settings.paths:
                raise UsageError(
                    f"there are no catalogues: there is no folder {given}; for files elsewhere, type "
                    f"{format_command('init', 'PATH')}, or name them: tts-assets COMMAND PATH"
                )
            raise UsageError(f"{given}: there is no such file or folder{_suggest_file(path)}")
        if path.is_dir():
            for file in _walk_folder(path, settings.state_folder, sources, trouble):
                if not _is_same_file(file, settings.overrides):
                    yield file, False
        elif _is_same_file(given, settings.overrides):
            raise UsageError(f"{given}: it contains overrides and is not a catalogue: leave it out")
        else:
            yield str(path), True


def _suggest_file(path: Path) -> str:
    names: list[str] = []
    # The folder may be missing, too, or its name impossible.
    with suppress(OSError, ValueError):
        names = [each.name for each in path.parent.iterdir()]
    return suggest(path.name, names)


def _walk_folder(
    folder: Path, output: str, sources: dict[str, list[Source]], trouble: LoadProblems
) -> Iterator[str]:
    real_output = os.path.realpath(output)
    for root, folders, names in os.walk(folder, onerror=partial(_report_unlisted_folder, trouble)):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED_FOLDERS
            and (real := os.path.realpath(Path(root, name))) != real_output
            and not is_part(real, output)
        )
        for name in sorted(names):
            path = str(Path(root, name))
            if name.startswith(".") or is_report(path):
                continue
            if name.endswith(_CATALOGUE_ENDINGS) or os.path.realpath(path) in sources:
                yield path


def _report_unlisted_folder(trouble: LoadProblems, error: OSError) -> None:
    """A folder that cannot be listed may hold catalogues: without them assets seem unused."""
    reason = f"the folder cannot be listed: {error.strerror}"
    trouble.problems.append(InputError(reason, file=os.fspath(error.filename)))


def _open_file(
    path: str, source: Source, trouble: LoadProblems, overrides: OverrideSet
) -> Iterator[CatalogueReader]:
    try:
        yield CatalogueReader(
            read_document(path, source), source, overrides.make_amender(path, source.name)
        )
    except InputError as problem:
        trouble.problems.append(problem)


def _open_by_kind(
    path: str, settings: Settings, trouble: LoadProblems, overrides: OverrideSet, *, named: bool
) -> Iterator[CatalogueReader]:
    """A reader of a file that no source names, if it is a catalogue of a wanted kind."""
    kind = guess_catalogue_kind(path, None)
    if kind is not None and settings.kinds and kind not in settings.kinds:
        return
    if kind is None and not named and path.lower().endswith(_TABLE_ENDINGS):
        _skip_unrecognised(path, trouble, named=False)
        return
    try:
        document = read_document(path)
        kind = kind or guess_catalogue_kind(path, document.root)
        if kind is None:
            _skip_unrecognised(path, trouble, named=named)
        elif not settings.kinds or kind in settings.kinds:
            source = BUILT_IN[kind]
            yield CatalogueReader(document, source, overrides.make_amender(path, source.name))
    except InputError as problem:
        if named or kind is not None:
            trouble.problems.append(problem)
        else:
            trouble.skip_file(path, f"{problem}: passed over")


def _skip_unrecognised(path: str, trouble: LoadProblems, *, named: bool) -> None:
    """A file that cannot be told to be a catalogue is a problem only if it was asked for by name."""
    message = (
        f"its kind of content is unknown: put one of {', '.join(Kind)} into its name or its "
        "folder's name, or describe it in a [[source]] table (`tts-assets init` writes one)"
    )
    if named:
        trouble.problems.append(InputError(message, file=path))
    else:
        trouble.skip_file(path, f"{path}: skipped, {message}")


@contextmanager
def pause_garbage_collector() -> Iterator[None]:
    """Keep the garbage collector from looking again and again at what grows here, and stays."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
