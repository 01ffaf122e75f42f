"""Finds the catalogues of a run, and holds the content of one catalogue."""

from __future__ import annotations

import glob
import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.config.command_options import is_part, is_report
from tts_assets.errors import InputError, UsageError, format_command, suggest
from tts_assets.regular_files import find_files
from tts_assets.store import decisions, failures
from tts_assets.store.ledger_line import LEDGER_NAME
from tts_assets.store.portable_names import ENDINGS, TIMELINE_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.model import Clip, Unspoken


DEFAULT_PATH = "data"  #: the default folder of catalogues
_SKIPPED_FOLDERS = {"node_modules", "__pycache__"}  #: folders that are never searched

#: The suffixes that are found in a folder; other files are read if named or if a source lists them.
_CATALOGUE_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv")

#: Other files of the output folder.
NAMES_BESIDE_CLIPS = (LEDGER_NAME, decisions.JOURNAL_NAME, failures.NAME)

_LEDGER_START = b'{"asset":'  #: how every line of a ledger begins

#: How the names of time lines end: with that of a clip before their own ending.
_CLIP_TIMELINE_ENDINGS = tuple(clip + each for clip in ENDINGS for each in TIMELINE_ENDINGS)

#: A table in a folder is a catalogue only if its name or folder names a kind.
TABLE_ENDINGS = (".csv", ".tsv")


@dataclass(slots=True, kw_only=True)
class LoadProblems:
    """Problems and notes from opening catalogues."""

    problems: list[InputError] = field(default_factory=list)  #: the files that cannot be used
    notes: list[str] = field(default_factory=list)  #: all notes, such as those on skipped files
    #: The notes on skipped files, by path.
    passed_over: dict[str, str] = field(default_factory=dict)

    def skip_file(self, file: str, note: str) -> None:
        """Skip a file that may be no catalogue."""
        self.notes.append(note)
        self.passed_over[file] = note


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """The content that one source reads from one file."""

    file: str  #: its path as given
    source: Source  #: the source that reads it
    entries: int = 0  #: the number of records
    clips: list[Clip] = field(default_factory=list)  #: all clips, in the order of the file
    #: The texts that yield no clip, with the reason.
    unspoken: list[Unspoken] = field(default_factory=list)
    #: The entries and values that cannot be used.
    problems: list[InputError] = field(default_factory=list)
    digest: bytes = b""  #: the SHA-256 of the file's bytes; b"" if it was not read


class CatalogueFile(NamedTuple):
    """A file that may be read."""

    path: str  #: its path as named or found
    named: bool  #: whether it was named, not found in a folder
    readers: tuple[int, ...]  #: the indexes of the sources in the settings that read it


def list_catalogue_files(
    settings: Settings, load_problems: LoadProblems
) -> Iterator[CatalogueFile]:
    """List all files that `open_catalogues` may read.

    Args:
        settings: the settings that select the catalogues.
        load_problems: collects the folders that cannot be listed.

    Raises:
        UsageError: a path does not exist, or a source's pattern matches no file.
    """
    sources = group_sources_by_file(settings)
    readers = {real: tuple(map(settings.sources.index, each)) for real, each in sources.items()}
    rest = dict(readers)
    for path, named in iter_files(settings, sources, load_problems):
        real = os.path.realpath(path)
        rest.pop(real, None)
        yield CatalogueFile(path, named, readers.get(real, ()))
    for real, numbers in rest.items():
        yield CatalogueFile(real, named=False, readers=numbers)


def group_sources_by_file(settings: Settings) -> dict[str, list[Source]]:
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
    """Require that all sources of a file parse it in the same way."""
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
    # An existing file whose name has brackets is no pattern.
    # Path.is_file() raises if a name is too long.
    if os.path.isfile(pattern):  # noqa: PTH113
        return [pattern]
    try:
        return [path for path in find_files(pattern) if not is_report(path)]
    except OSError as exc:
        raise UsageError(f"{exc.filename}: the folder cannot be listed: {exc.strerror}") from exc


def _is_own_file(path: str, settings: Settings) -> bool:
    """Whether this tool or a reviewer wrote a file, so it is no catalogue."""
    return _is_in_output(path, settings.state_folder) or _is_same_file(path, settings.overrides)


def _is_same_file(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _is_in_output(path: str, output: str) -> bool:
    """Whether a file is in the output folder, or in that of a shard."""
    real, folder = Path(os.path.realpath(path)), os.path.realpath(output)
    return real.is_relative_to(folder) or any(is_part(str(each), output) for each in real.parents)


def iter_files(
    settings: Settings, sources: dict[str, list[Source]], load_problems: LoadProblems
) -> Iterator[tuple[str, bool]]:
    """Yield every catalogue file once, and whether it was named, not found in a folder."""
    seen: set[str] = set()
    for file, named in _iter_candidates(settings, sources, load_problems):
        real = os.path.realpath(file)
        if real not in seen:
            seen.add(real)
            yield file, named


def _iter_candidates(
    settings: Settings, sources: dict[str, list[Source]], load_problems: LoadProblems
) -> Iterator[tuple[str, bool]]:
    if not settings.paths and settings.sources:
        patterns = [pattern for source in settings.sources for pattern in source.files]
        for pattern in patterns:
            yield from (
                (path, True) for path in _find_matches(pattern) if not _is_own_file(path, settings)
            )
        return
    for name in settings.paths or (DEFAULT_PATH,):
        path = Path(name)
        # Path.exists() raises if a name is too long.
        if not os.path.exists(name):  # noqa: PTH110
            if not settings.paths:
                raise UsageError(
                    f"there are no catalogues: there is no folder {name}; for files elsewhere, type "
                    f"{format_command('init', 'PATH')}, or name them: tts-assets COMMAND PATH"
                )
            raise UsageError(f"{name}: {explain_missing_path(path)}{_suggest_file(path)}")
        if path.is_dir():
            for file in _walk_folder(path, settings.state_folder, sources, load_problems):
                if not _is_same_file(file, settings.overrides):
                    yield file, False
        elif _is_same_file(name, settings.overrides):
            raise UsageError(f"{name}: it contains overrides and is not a catalogue: leave it out")
        else:
            yield str(path), True


def explain_missing_path(path: Path) -> str:
    """Why nothing is at a path."""
    # The name may be too long or invalid.
    with suppress(OSError, ValueError):
        return f"it is a link to {os.readlink(path)}, which leads nowhere"  # noqa: PTH115
    return "there is no such file or folder"


def _suggest_file(path: Path) -> str:
    if glob.has_magic(str(path)):
        return "; name a folder or a file: patterns are for `files` of a [[source]] table"
    names: list[str] = []
    # The folder may not exist, or its name may be invalid.
    with suppress(OSError, ValueError):
        names = [each.name for each in path.parent.iterdir() if each.exists()]
    return suggest(path.name, names)


def _walk_folder(
    folder: Path, output: str, sources: dict[str, list[Source]], load_problems: LoadProblems
) -> Iterator[str]:
    real_output = os.path.realpath(output)
    for root, folders, names in os.walk(
        folder, onerror=partial(_report_unlisted_folder, load_problems)
    ):
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
            if name.startswith(".") or is_report(path) or _is_kept_beside_clips(path, real_output):
                continue
            if name.lower().endswith(_CATALOGUE_ENDINGS) or os.path.realpath(path) in sources:
                yield path


def _is_kept_beside_clips(path: str, real_output: str) -> bool:
    """Whether a file belongs to the clips of this output folder, or of that of another command."""
    if path.endswith(TIMELINE_ENDINGS):
        is_of_clip = path.endswith(_CLIP_TIMELINE_ENDINGS)
        return is_of_clip or Path(os.path.realpath(path)).is_relative_to(real_output)
    folder, name = os.path.split(path)
    return name in NAMES_BESIDE_CLIPS and (
        os.path.realpath(folder) == real_output or _has_ledger(folder)
    )


def _has_ledger(folder: str) -> bool:
    """Whether a folder has a ledger, not a catalogue with that name."""
    ledger = Path(folder, LEDGER_NAME)
    # A ledger that cannot be read is reported where it is needed.
    with suppress(OSError):
        if ledger.is_file():
            with ledger.open("rb") as file:
                return file.read(len(_LEDGER_START)) == _LEDGER_START
    return False


def _report_unlisted_folder(load_problems: LoadProblems, error: OSError) -> None:
    """Report a folder that cannot be listed, because assets of its catalogues would seem unused."""
    reason = f"the folder cannot be listed: {error.strerror}"
    load_problems.problems.append(InputError(reason, file=os.fspath(error.filename)))
