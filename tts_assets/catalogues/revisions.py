"""What catalogues said at a revision of git: the one door to git, which is only asked, never told."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack
from itertools import groupby
from operator import attrgetter
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Self, TypeAlias

from tts_assets.catalogues import read
from tts_assets.catalogues.open_catalogues import parse_catalogue
from tts_assets.catalogues.overrides.changed import Changed
from tts_assets.catalogues.overrides.file import overrides_in
from tts_assets.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.catalogues.overrides.data import Override
    from tts_assets.config.sources.source import Source
    from tts_assets.model import SpokenForm


#: What an entry says: its parts, each with its form and voice.
Said: TypeAlias = frozenset[tuple[str, "SpokenForm", str | None]]


#: What the entries of an id said, wherever they stood.
SaidBy: TypeAlias = dict[str, set[Said]]


#: A hook's name the repository of a commit, and not that of a file.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")


#: Variables that make git tell what it does, on the stream of its errors.
_TRACES = "GIT_TRACE"


#: Its exit code when it cannot go on.
_DIED = 128


#: What git says is told in one line, and this much of it.
_WORDS = 300


class Revision:
    """The catalogues of a run as they were at a revision.

    Files are compared by what their entries say. One that has no counterpart under its path is held
    against all files of its format that are gone since, whatever git takes for a rename: that sees
    files that were moved and not yet added, split, joined or rewritten, and no entry is taken for
    unchanged that did not say the same under the same id.
    """

    def __init__(self, name: str, overrides: str | None = None) -> None:
        """Take a revision in any of git's spellings.

        Args:
            name: the revision.
            overrides: the file of overrides, whose changes count, too; None for none.

        Raises:
            UsageError: it can be none.
        """
        if not name.strip() or name.startswith(("-", "^")) or "\0" in name:
            raise UsageError(
                f"--since {name!r} can be no revision: give the name of a commit, such as HEAD~1, "
                "origin/main, a tag or a hash"
            )
        self.name = name
        before = self._overrides_before
        self._overrides = None if overrides is None else Changed(overrides, before)
        self.notes: list[str] = []
        self._folders: dict[str, _Repository] = {}
        self._repositories: dict[str, _Repository] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def changed(self, reader: read.Reader) -> frozenset[str]:
        """The ids of the entries of a catalogue that said something else, or were not there.

        Raises:
            UsageError: there is no git, its file lies in no repository, or the repository does not
                know the revision.
        """
        document, source = reader.document, reader.source
        file = os.path.realpath(document.file)
        repository = self._repository_of(os.path.dirname(file))  # noqa: PTH120 - as realpath gives it
        overridden = frozenset[str]()
        if self._overrides is not None:
            overridden = self._overrides.entries(document.file, source)
        path = os.path.relpath(file, repository.root)
        data = repository.bytes_of(path)
        if data == document.encode(document.text):
            return overridden
        before: SaidBy = {}
        if data is None:
            before = repository.said_by_gone(PurePath(path).suffix, source)
        else:
            try:
                _gather(read.Reader(parse_catalogue(data, document.file, source), source), before)
            except InputError as problem:
                self.notes.append(
                    f"{problem.file} as it was at {self.name!r} cannot be read, and counts as "
                    f"changed: {problem.message}"
                )
        # One of its own: a reader goes through its catalogue once.
        return overridden.union(
            entry
            for entry, said in _said(read.Reader(document, source))
            if said not in before.get(entry, ())
        )

    def _overrides_before(self, file: str) -> tuple[Override, ...]:
        """What a file of overrides said; nothing where it lies in no repository."""
        real = os.path.realpath(file)
        folder = os.path.dirname(real)  # noqa: PTH120 - as realpath gives it
        known = folder in self._folders
        if not known and (not Path(folder).is_dir() or _root(folder) is None):
            return ()
        repository = self._repository_of(folder)
        data = repository.bytes_of(os.path.relpath(real, repository.root))
        try:
            return () if data is None else overrides_in(data, file)
        except InputError as problem:
            self.notes.append(
                f"{file} as it was at {self.name!r} cannot be read: all of it counts as changed: "
                f"{problem.message}"
            )
            return ()

    def _repository_of(self, folder: str) -> _Repository:
        if folder not in self._folders:
            root = _root(folder)
            if root is None:
                raise UsageError(
                    f"--since {self.name!r}: {folder} lies in no git repository, and only those "
                    "have revisions"
                )
            if root not in self._repositories:
                repository = _Repository(root, _commit(root, self.name))
                self._repositories[root] = self._opened.enter_context(repository)
            self._folders[folder] = self._repositories[root]
        return self._folders[folder]


class _Repository:
    """The files of one repository at one commit, read by one process."""

    def __init__(self, root: str, commit: str | None) -> None:
        """Begin; without a commit the repository was not there yet, and has no file."""
        self.root = root
        self._commit = commit
        self._gone: dict[tuple[str, str, str], SaidBy] = {}
        self._opened = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def bytes_of(self, path: str) -> bytes | None:
        """A file by its path from the root; None if it was not there.

        Raises:
            UsageError: git fails.
        """
        if self._commit is None or "\n" in path:
            # A name with a line break cannot be asked for: the file counts as new.
            return None
        answers = self._asked_for(f"{self._commit}:{PurePath(path).as_posix()}\n")
        _, kind, size = (b"  " + answers.readline()).rstrip(b"\n").rsplit(b" ", 2)
        if not size.isdigit():
            # It says what is missing, or nothing at all.
            if not size:
                raise self._failure()
            return None
        # A line break follows.
        data = answers.read(int(size) + 1)[:-1]
        if len(data) != int(size):
            raise self._failure()
        return data if kind == b"blob" else None

    def said_by_gone(self, suffix: str, source: Source) -> SaidBy:
        """What the files of a format said that were there, and are not there any more."""
        key = (suffix, source.name, source.kind)
        if key not in self._gone:
            found = self._gone[key] = {}
            for path in self._gone_paths(suffix):
                data = self.bytes_of(path) or b""
                try:
                    _gather(read.Reader(parse_catalogue(data, path, source), source), found)
                except InputError:
                    # It was no catalogue of this source.
                    continue
        return self._gone[key]

    def _gone_paths(self, suffix: str) -> list[str]:
        if self._commit is None:
            return []
        command = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", self._commit)
        names = _asked(self.root, *command).stdout.split(b"\0")
        paths = [os.fsdecode(name) for name in names if name.endswith(os.fsencode(suffix))]
        return [path for path in paths if path and not Path(self.root, path).exists()]

    def _asked_for(self, line: str) -> IO[bytes]:
        """Ask the process, which is started by the first question; where it answers."""
        if self._process is None:
            # A pipe that nobody reads fills up.
            self._errors = self._opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            self._process = self._opened.enter_context(
                subprocess.Popen(
                    ["git", "-C", self.root, "cat-file", "--batch"],  # noqa: S607 - the user's own
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    env=_environment(),
                )
            )
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101 - see above
        try:
            # Past its buffer, which is left empty if git is gone.
            os.write(self._process.stdin.fileno(), os.fsencode(line))
        except BrokenPipeError:
            raise self._failure() from None
        return self._process.stdout

    def _failure(self) -> UsageError:
        self._errors.seek(0)
        return UsageError(f"git failed in {self.root}: {_words(self._errors.read())}")


def _gather(reader: read.Reader, found: SaidBy) -> None:
    for entry, said in _said(reader):
        found.setdefault(entry, set()).add(said)


def _said(reader: read.Reader) -> Iterator[tuple[str, Said]]:
    """Each entry that says something, with all that it says."""
    for entry, clips in groupby(reader.clips(), attrgetter("entry")):
        yield entry, frozenset((clip.part, clip.form, clip.voice) for clip in clips)


def _commit(root: str, name: str) -> str | None:
    """The commit that a revision names; None if this repository was not there at that time.

    A submodule is taken as its superproject had it: there a name such as ``main`` is another's.
    """
    above = _line(_asked(root, "rev-parse", "--show-superproject-working-tree").stdout)
    if above:
        commit = _commit(above, name)
        if commit is None:
            return None
        path = PurePath(os.path.relpath(root, above)).as_posix()
        recorded = _verified(above, f"{commit}:{path}")
        if recorded is None:
            return None
        name = recorded
    # What follows ``:/`` are words of a commit, to their end.
    commit = _verified(root, name if name.startswith(":/") else f"{name}^{{commit}}")
    if commit is None:
        raise UsageError(f"--since {name!r}: git knows no such commit in {root}; {_advice(root)}")
    return commit


def _verified(root: str, name: str) -> str | None:
    """The hash of the one thing that a name stands for; None where it stands for none."""
    found = _asked(root, "rev-parse", "--verify", "--quiet", name, codes=(0, 1, _DIED))
    if found.returncode == _DIED and found.stderr.strip():
        raise UsageError(f"git failed in {root}: {_words(found.stderr)}")
    return None if found.returncode else _line(found.stdout)


def _advice(root: str) -> str:
    """What to do about a revision that is not known."""
    if not _asked(root, "rev-list", "--max-count=1", "--all").stdout:
        return "it has none yet: commit first, or leave --since out"
    shallow = _line(_asked(root, "rev-parse", "--is-shallow-repository").stdout)
    if shallow == "true":
        return (
            "this clone is shallow: fetch the rest with `git fetch --unshallow`, or with "
            "`fetch-depth: 0` of actions/checkout"
        )
    return "see `git log --oneline`, or fetch it first: git fetch origin"


def _root(folder: str) -> str | None:
    """The root of the repository in which a folder lies; None where it lies in none."""
    found = _asked(folder, "rev-parse", "--show-toplevel", codes=(0, _DIED))
    if found.returncode and b"not a git repository" in found.stderr:
        return None
    if found.returncode:
        raise UsageError(f"git failed in {folder}: {_words(found.stderr)}")
    return os.path.realpath(_line(found.stdout))


def _asked(
    folder: str, *words: str, codes: tuple[int, ...] = (0,)
) -> subprocess.CompletedProcess[bytes]:
    """What git answers in a folder.

    Raises:
        UsageError: there is no git, or it ends with another code.
    """
    try:
        done = subprocess.run(
            ["git", "-C", folder, *words],  # noqa: S607 - the user's own
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=_environment(),
        )
    except OSError as exc:
        raise UsageError(
            f"--since needs git, which cannot be started here: {exc.strerror}; install it, or "
            "leave --since out"
        ) from exc
    if done.returncode not in codes:
        raise UsageError(f"git failed in {folder}: {_words(done.stderr)}")
    return done


def _environment() -> dict[str, str]:
    """The caller's own, but for what would make answers differ."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_HOOKS and not name.startswith(_TRACES)
    }
    return own | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def _line(answer: bytes) -> str:
    return os.fsdecode(answer.removesuffix(b"\n"))


def _words(errors: bytes) -> str:
    """What git said, in one line."""
    words = " ".join(os.fsdecode(errors).split()).removeprefix("fatal: ")
    return words[:_WORDS] or "it said nothing"
