"""Opens the catalogues of a run: each file with every source that reads it."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_assets.catalogues.catalogue_document import Document, open_document, parse_document
from tts_assets.catalogues.catalogue_files import (
    DEFAULT_PATH,
    TABLE_ENDINGS,
    LoadProblems,
    group_sources_by_file,
    iter_files,
)
from tts_assets.catalogues.catalogue_reader import (
    CatalogueReader,
    UnusedPaths,
    guess_catalogue_kind,
)
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.errors import InputError
from tts_assets.model import Kind
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.model import Place


def open_catalogues(
    settings: Settings, load_problems: LoadProblems, overrides: OverrideSet | None = None
) -> Iterator[CatalogueReader]:
    """Yield a reader for every file and every source that reads it.

    Args:
        settings: the settings that select the catalogues.
        load_problems: collects the problems and notes.
        overrides: the overrides of the run; None for those of the settings, without their voices
            and speeds.

    Raises:
        UsageError: a path does not exist, or a source's pattern matches no file.
        InputError: the file of overrides cannot be used.
    """
    overrides = OverrideSet(settings.overrides) if overrides is None else overrides
    sources = group_sources_by_file(settings)
    path_check, opened = _UnusedPathCheck(sources), 0
    for path, named in iter_files(settings, sources, load_problems):
        mapped = sources.get(os.path.realpath(path))
        if mapped is None:
            for reader in _open_by_kind(path, settings, load_problems, overrides, named=named):
                opened += 1
                yield reader
                # Free this document before the next one is read.
                del reader
            continue
        for source in mapped:
            if not settings.kinds or source.kind in settings.kinds:
                for reader in _open_file(path, source, load_problems, overrides):
                    opened += 1
                    yield reader
                    path_check.check_reader(reader)
                    del reader
    # Put these first, because they cause others, and only the first problems are shown.
    load_problems.problems[:0] = path_check.list_problems()
    load_problems.notes.extend(path_check.list_notes())
    unread = [problem.file for problem in load_problems.problems]
    whole = not (settings.partial or settings.kinds)
    load_problems.notes.extend(overrides.list_notes(whole=whole, unread=unread))
    if not (opened or load_problems.problems):
        load_problems.notes.append(_explain_no_catalogues(settings))


def _explain_no_catalogues(settings: Settings) -> str:
    """The note if there is no catalogue."""
    kinds = f" of the kind {' or '.join(settings.kinds)}" if settings.kinds else ""
    if settings.sources and not settings.paths:
        return f"there is no catalogue{kinds} among the files of the sources"
    return f"there is no catalogue{kinds} in {', '.join(settings.paths or (DEFAULT_PATH,))}"


def open_catalogue(data: bytes, file: str, source: Source) -> Document:
    """Make a document of the content of a file with the options of its source, without parsing it.

    Raises:
        InputError: the content is too large.
    """
    return open_document(data, file=file, columns=source.columns, delimiter=source.delimiter)


def parse_catalogue(data: bytes, file: str, source: Source) -> Document:
    """Parse the content of a file with the options of its source.

    Raises:
        InputError: the content is not in the file's format.
    """
    return parse_document(data, file=file, columns=source.columns, delimiter=source.delimiter)


class _UnusedPathCheck:
    """Finds the paths of each source that match nothing in all files."""

    def __init__(self, sources: dict[str, list[Source]]) -> None:
        self._sources = sources
        self._unused: list[tuple[Source, UnusedPaths, set[str]]] = []

    def check_reader(self, reader: CatalogueReader) -> None:
        """Check the records of a reader."""
        row = next((row for row in self._unused if row[0] is reader.source), None)
        if row is None:
            row = (reader.source, UnusedPaths(reader.source), set())
            self._unused.append(row)
        row[1].check_records(reader)
        row[2].add(os.path.realpath(reader.document.file))

    def list_notes(self) -> Iterator[str]:
        """Notes on possible typos in fields for URLs."""
        return (note for _, unused, _ in self._unused for note in unused.list_notes())

    def list_problems(self) -> Iterator[InputError]:
        """A problem for each path that matches nothing in all files of its source."""
        for source, unused, seen in self._unused:
            for path, sources in self._sources.items():
                # A run for one file must not report paths that match only in other files.
                if path not in seen and source in sources and unused.list_problems():
                    with suppress(InputError):
                        unused.check_records(CatalogueReader(read_document(path, source), source))
            yield from unused.list_problems()


def read_document(path: str, source: Source = BUILT_IN[Kind.VOCABULARY]) -> Document:
    """Read a file with the options of its source; by default, one without format options.

    Raises:
        InputError: the file cannot be read, or is not in its format.
    """
    try:
        data = read_regular(path)
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=path) from exc
    return parse_catalogue(data, path, source)


@dataclass(slots=True, unsafe_hash=True)
class RecordLines:
    """The lines of a catalogue's records, found when the first one is requested: few are shown."""

    file: str  #: the catalogue
    digest: bytes  #: the SHA-256 of its bytes
    source: Source = field(compare=False)  #: a source that reads it
    #: The places whose lines may be requested.
    places: Sequence[Place] = field(default=(), compare=False, repr=False)
    _found: dict[Place, int] | None = field(default=None, init=False, compare=False, repr=False)

    def find(self, document: Document) -> None:
        """Find the lines of all these places."""
        self._found = document.find_lines(self.places) if self.places else {}

    def get(self, place: Place) -> int | None:
        """The 1-based line of a record; None if it is missing, or if the file has changed."""
        if self._found is None:
            with suppress(OSError, InputError):
                document = open_catalogue(read_regular(self.file), self.file, self.source)
                if document.digest == self.digest:
                    self.find(document)
            if self._found is None:
                self._found = {}
        return self._found.get(place)


def _open_file(
    path: str, source: Source, load_problems: LoadProblems, overrides: OverrideSet
) -> Iterator[CatalogueReader]:
    try:
        yield CatalogueReader(
            read_document(path, source), source, overrides.make_amender(path, source.name)
        )
    except InputError as problem:
        load_problems.problems.append(problem)


def _open_by_kind(
    path: str,
    settings: Settings,
    load_problems: LoadProblems,
    overrides: OverrideSet,
    *,
    named: bool,
) -> Iterator[CatalogueReader]:
    """Yield a reader of a file that no source lists, if it is a catalogue of a selected kind."""
    kind = guess_catalogue_kind(path, None)
    if kind is not None and settings.kinds and kind not in settings.kinds:
        return
    if kind is None and not named and path.lower().endswith(TABLE_ENDINGS):
        _skip_unrecognised(path, load_problems, named=False)
        return
    try:
        document = read_document(path)
        kind = kind or guess_catalogue_kind(path, document.root)
        if kind is None:
            _skip_unrecognised(path, load_problems, named=named)
        elif not settings.kinds or kind in settings.kinds:
            source = BUILT_IN[kind]
            yield CatalogueReader(document, source, overrides.make_amender(path, source.name))
    except InputError as problem:
        if named or kind is not None:
            load_problems.problems.append(problem)
        else:
            load_problems.skip_file(path, f"{problem}: passed over")


def _skip_unrecognised(path: str, load_problems: LoadProblems, *, named: bool) -> None:
    """Report a file of unknown kind: as a problem if it was named, else as a note."""
    message = (
        f"its kind of content is unknown: put one of {', '.join(Kind)} into its name or its "
        "folder's name, or describe it in a [[source]] table (`tts-assets init` writes one)"
    )
    if named:
        load_problems.problems.append(InputError(message, file=path))
    else:
        load_problems.skip_file(path, f"{path}: skipped, {message}")


#: Fewer new objects are traversed in less time than frozen ones may take to count.
_MANY_OBJECTS = 100_000


@contextmanager
def pause_garbage_collector() -> Iterator[None]:
    """Pause the garbage collector, which would repeatedly scan growing data that is all alive."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # Make many new objects old at once: traversing a million of them takes longer than this.
            # Not if some are frozen already, because `unfreeze` would release them.
            if gc.get_count()[0] > _MANY_OBJECTS and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
