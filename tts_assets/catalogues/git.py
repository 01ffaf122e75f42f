"""Reads catalogues at a git revision. No other module runs git."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Self, TypeAlias

from tts_assets.catalogues import catalogue_reader
from tts_assets.catalogues.open_catalogues import parse_catalogue
from tts_assets.catalogues.override_file import parse_overrides, read_overrides
from tts_assets.catalogues.review_edits import resolve_catalogue_path
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.catalogues.review_edits import Override
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.model import SpokenForm


#: The spoken content of an entry: its parts, each with its form and voice.
SpokenEntry: TypeAlias = frozenset[tuple[str, "SpokenForm", str | None]]

#: The spoken contents of all entries with an id, in any file.
SpokenEntries: TypeAlias = dict[str, set[SpokenEntry]]

#: Git sets these in hooks, for the repository of the commit instead of that of a file.
_HOOK_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")

_TRACE_PREFIX = "GIT_TRACE"  #: prefix of the variables that make git write traces to standard error
_FATAL_EXIT = 128  #: the exit code of git after a fatal error
_MAX_ERROR_LENGTH = 300  #: the longest error of git that is reported, in characters


class GitRevision:
    """The catalogues of a run at a revision.

    Files are compared by the spoken content of their entries. A file that did not exist under its
    path is compared with all deleted files of its format, independently of git's rename detection.
    This covers files that were moved and not yet added, split, joined or rewritten. An entry counts
    as unchanged only if it had the same content under the same id.
    """

    def __init__(self, name: str, overrides: str | None = None) -> None:
        """Accept a revision in any notation of git.

        Args:
            name: the revision.
            overrides: the file of overrides, whose changes count, too; None for none.

        Raises:
            UsageError: the name cannot be a revision.
        """
        if not name.strip() or name.startswith(("-", "^")) or "\0" in name:
            raise UsageError(
                f"--since {name!r} is not a valid revision: name a commit, such as HEAD~1, "
                "origin/main, a tag or a hash"
            )
        self.name = name
        self._overrides = overrides
        self.notes: list[str] = []
        self._folders: dict[str, _GitRepository] = {}
        self._repositories: dict[str, _GitRepository] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def find_changed_entries(self, reader: catalogue_reader.CatalogueReader) -> frozenset[str]:
        """The ids of the entries of a catalogue that are new or whose spoken content changed.

        Raises:
            UsageError: git is missing, the file is in no repository, or the repository does not
                have the revision.
        """
        document, source = reader.document, reader.source
        file = os.path.realpath(document.file)
        repository = self._open_repository(os.path.dirname(file))  # noqa: PTH120 - as realpath gives it
        overridden = frozenset(
            entry
            for *of, entry in self._changed_overrides
            if of == [file, shorten_source_name(source.name)]
        )
        path = os.path.relpath(file, repository.root)
        data = repository.read_blob(path)
        if data == document.data:
            return overridden
        before: SpokenEntries = {}
        if data is None:
            before = repository.read_deleted_files(PurePath(path).suffix, source)
        else:
            try:
                _collect_entries(data, document.file, source, before)
            except InputError as problem:
                self.notes.append(
                    f"{problem.file} cannot be read at {self.name!r} and counts as changed: "
                    f"{problem.message}"
                )
        # A separate reader, because each reads its catalogue only once.
        return overridden.union(
            entry
            for entry, content in _read_entries(catalogue_reader.CatalogueReader(document, source))
            if content not in before.get(entry, ())
        )

    @cached_property
    def _changed_overrides(self) -> frozenset[tuple[str, str, str]]:
        """The catalogue, source and entry of each override that was added, removed or changed."""
        path = self._overrides
        if path is None:
            return frozenset()
        now, then = (
            {(each.key, each.signature) for each in overrides}
            for overrides in (read_overrides(path), self._read_old_overrides(path))
        )
        return frozenset(
            (resolve_catalogue_path(key.file, path), key.source, key.entry) for key, _ in now ^ then
        )

    def _read_old_overrides(self, file: str) -> tuple[Override, ...]:
        """The overrides of a file at the revision; none if the file is in no repository."""
        real = os.path.realpath(file)
        folder = os.path.dirname(real)  # noqa: PTH120 - as realpath gives it
        is_open = folder in self._folders
        if not is_open and (not Path(folder).is_dir() or _find_root(folder) is None):
            return ()
        repository = self._open_repository(folder)
        data = repository.read_blob(os.path.relpath(real, repository.root))
        try:
            return () if data is None else parse_overrides(data, file)
        except InputError as problem:
            self.notes.append(
                f"{file} cannot be read at {self.name!r}, so all of it counts as changed: "
                f"{problem.message}"
            )
            return ()

    def _open_repository(self, folder: str) -> _GitRepository:
        if folder not in self._folders:
            root = _find_root(folder)
            if root is None:
                raise UsageError(f"--since {self.name!r}: {folder} is not in a git repository")
            if root not in self._repositories:
                repository = _GitRepository(root, _resolve_commit(root, self.name))
                self._repositories[root] = self._opened.enter_context(repository)
            self._folders[folder] = self._repositories[root]
        return self._folders[folder]


class _GitRepository:
    """The files of one repository at one commit, read by one process."""

    def __init__(self, root: str, commit: str | None) -> None:
        """Without a commit, the repository did not exist yet and has no files."""
        self.root = root
        self._commit = commit
        self._deleted: dict[tuple[str, str, str], SpokenEntries] = {}
        self._opened = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read_blob(self, path: str) -> bytes | None:
        """Read a file by its path from the root; None if it did not exist.

        Raises:
            UsageError: git fails.
        """
        if self._commit is None or "\n" in path:
            # cat-file --batch takes one name per line, so a name with a line break counts as new.
            return None
        answers = self._request_blob(f"{self._commit}:{PurePath(path).as_posix()}\n")
        _, kind, size = (b"  " + answers.readline()).rstrip(b"\n").rsplit(b" ", 2)
        if not size.isdigit():
            # git reports a missing object, or has ended.
            if not size:
                raise self._make_error()
            return None
        # A line break follows.
        data = answers.read(int(size) + 1)[:-1]
        if len(data) != int(size):
            raise self._make_error()
        return data if kind == b"blob" else None

    def read_deleted_files(self, suffix: str, source: Source) -> SpokenEntries:
        """The spoken content of all deleted files of a format."""
        key = (suffix, source.name, source.kind)
        if key not in self._deleted:
            found = self._deleted[key] = {}
            for path in self._list_deleted_paths(suffix):
                data = self.read_blob(path) or b""
                try:
                    _collect_entries(data, path, source, found)
                except InputError:
                    # It was no catalogue of this source.
                    continue
        return self._deleted[key]

    def _list_deleted_paths(self, suffix: str) -> list[str]:
        if self._commit is None:
            return []
        command = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", self._commit)
        names = _run_git(self.root, *command).stdout.split(b"\0")
        paths = [os.fsdecode(name) for name in names if name.endswith(os.fsencode(suffix))]
        return [path for path in paths if path and not Path(self.root, path).exists()]

    def _request_blob(self, line: str) -> IO[bytes]:
        """Send a request to the process, started on the first one; return its standard output."""
        if self._process is None:
            # A file, because an unread pipe would fill up.
            self._errors = self._opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            self._process = self._opened.enter_context(
                subprocess.Popen(
                    ["git", "-C", self.root, "cat-file", "--batch"],  # noqa: S607 - the user's own
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    env=_build_environment(),
                )
            )
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101 - see above
        try:
            # Unbuffered, so that closing the pipe does not fail if git has ended.
            os.write(self._process.stdin.fileno(), os.fsencode(line))
        except BrokenPipeError:
            raise self._make_error() from None
        return self._process.stdout

    def _make_error(self) -> UsageError:
        self._errors.seek(0)
        return UsageError(f"git failed in {self.root}: {_summarize_errors(self._errors.read())}")


def _collect_entries(data: bytes, file: str, source: Source, found: SpokenEntries) -> None:
    document = parse_catalogue(data, file, source)
    for entry, content in _read_entries(catalogue_reader.CatalogueReader(document, source)):
        found.setdefault(entry, set()).add(content)


def _read_entries(reader: catalogue_reader.CatalogueReader) -> Iterator[tuple[str, SpokenEntry]]:
    """Yield each entry that has clips, with its spoken content."""
    for entry, clips in groupby(reader.iter_clips(), attrgetter("entry")):
        yield entry, frozenset((clip.part, clip.form, clip.voice) for clip in clips)


def _resolve_commit(root: str, name: str) -> str | None:
    """The commit that a revision names; None if this repository did not exist then.

    A submodule is read at the commit that its superproject recorded, because a name such as
    ``main`` belongs to the superproject.
    """
    superproject = _decode_line(
        _run_git(root, "rev-parse", "--show-superproject-working-tree").stdout
    )
    if superproject:
        commit = _resolve_commit(superproject, name)
        if commit is None:
            return None
        path = PurePath(os.path.relpath(root, superproject)).as_posix()
        recorded = _verify_name(superproject, f"{commit}:{path}")
        if recorded is None:
            return None
        name = recorded
    # All text after ``:/`` is a search in commit messages.
    commit = _verify_name(root, name if name.startswith(":/") else f"{name}^{{commit}}")
    if commit is None:
        raise UsageError(
            f"--since {name!r}: git finds no such commit in {root}; {_suggest_remedy(root)}"
        )
    return commit


def _verify_name(root: str, name: str) -> str | None:
    """The hash of the object that a name denotes; None if there is none."""
    found = _run_git(root, "rev-parse", "--verify", "--quiet", name, codes=(0, 1, _FATAL_EXIT))
    if found.returncode == _FATAL_EXIT and found.stderr.strip():
        raise UsageError(f"git failed in {root}: {_summarize_errors(found.stderr)}")
    return None if found.returncode else _decode_line(found.stdout)


def _suggest_remedy(root: str) -> str:
    """Suggest what to do about an unknown revision."""
    if not _run_git(root, "rev-list", "--max-count=1", "--all").stdout:
        return "it has none yet: commit first, or omit --since"
    shallow = _decode_line(_run_git(root, "rev-parse", "--is-shallow-repository").stdout)
    if shallow == "true":
        return (
            "this clone is shallow: fetch the rest with `git fetch --unshallow`, or with "
            "`fetch-depth: 0` of actions/checkout"
        )
    return "see `git log --oneline`, or fetch it first: git fetch origin"


def _find_root(folder: str) -> str | None:
    """The root of the repository of a folder; None if the folder is in none."""
    found = _run_git(folder, "rev-parse", "--show-toplevel", codes=(0, _FATAL_EXIT))
    if found.returncode and b"not a git repository" in found.stderr:
        return None
    if found.returncode:
        raise UsageError(f"git failed in {folder}: {_summarize_errors(found.stderr)}")
    return os.path.realpath(_decode_line(found.stdout))


def _run_git(
    folder: str, *words: str, codes: tuple[int, ...] = (0,)
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder.

    Raises:
        UsageError: git is missing, or exits with another code.
    """
    try:
        result = subprocess.run(
            ["git", "-C", folder, *words],  # noqa: S607 - the user's own
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=_build_environment(),
        )
    except OSError as exc:
        raise UsageError(
            f"--since needs git, which cannot be started: {exc.strerror}; install it, or "
            "omit --since"
        ) from exc
    if result.returncode not in codes:
        raise UsageError(f"git failed in {folder}: {_summarize_errors(result.stderr)}")
    return result


def _build_environment() -> dict[str, str]:
    """The environment without variables that would change the output of git."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in _HOOK_VARIABLES and not name.startswith(_TRACE_PREFIX)
    }
    return own | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def _decode_line(answer: bytes) -> str:
    return os.fsdecode(answer.removesuffix(b"\n"))


def _summarize_errors(errors: bytes) -> str:
    """The errors of git, on one line."""
    words = " ".join(os.fsdecode(errors).split()).removeprefix("fatal: ")
    return words[:_MAX_ERROR_LENGTH] or "no message"
