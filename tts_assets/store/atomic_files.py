"""Atomic file writes, locks, append-only logs, and the asset store."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tts_assets.errors import ClipError, FatalError, InputError
from tts_assets.regular_files import (
    NotRegularError,
    open_regular,
    open_to_append,
    open_to_lock,
    read_regular,
    refuse_link,
    refuse_linked_folders,
    refuse_shared,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


with contextlib.suppress(ImportError):
    import fcntl


#: The names of unfinished files; the writer of each holds a lock on it while it runs.
_PART_PREFIX, _PART = ".tts-assets-", ".part"
_LOCK = ".tts-assets.lock"

#: The lock of the journal of decisions: separate, so votes and runs do not block each other.
DECISIONS_LOCK = ".tts-assets-decisions.lock"

#: Whether an open, locked file can still be renamed and removed.
_HAS_LOCKS = os.name == "posix"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

_BATCH = 64  #: a folder is synced after this many new names in it
_COPY_BYTES = 1 << 20  #: bytes copied at once

#: Seconds to wait for a lock that another process holds before `on_wait` is called.
_LOCK_POLL_SECONDS = 0.2

#: The exceptions that decoding invalid JSON raises; RecursionError if it is nested too deeply.
NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

T = TypeVar("T")


class Storage:
    """The output folder: assets under ``kind/recipe.ext``, and the ledger beside them.

    All methods block, and raise FatalError if the folder or the service fails; several threads may
    call `put` at once.
    """

    #: Whether cluster workers can write into it directly.
    is_shared = False

    def __init__(self, root: Path) -> None:
        """Use the folder; it is created only when something is stored."""
        self.root = root
        self._guard = threading.Lock()
        self._new_names: dict[Path, int] = {}

    def sizes(self, folders: list[str]) -> dict[str, int]:
        """The size in bytes of every file in these folders and their subfolders, by relative path."""
        return dict(self.iter_sizes(folders))

    def iter_sizes(self, folders: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Yield the same, file by file, in file system order."""
        for folder in folders:
            yield from self._list(folder, set())

    def _list(self, folder: str, seen: set[str]) -> Iterator[tuple[str, int]]:
        """The files of a folder; each real folder is listed once, so circular links end."""
        real = os.path.realpath(self.root / folder)
        if real in seen:
            return
        seen.add(real)
        prefix = f"{folder}/" if folder else ""
        subfolders = []
        try:
            with _scan_folder(real) as entries:
                for entry in entries:
                    try:
                        status = entry.stat()
                    except FileNotFoundError:
                        # Deleted meanwhile, or a dangling link.
                        continue
                    if stat.S_ISREG(status.st_mode):
                        yield prefix + entry.name, status.st_size
                    elif stat.S_ISDIR(status.st_mode) and entry.name[0] != ".":
                        subfolders.append(prefix + entry.name)
        except FileNotFoundError:
            return
        except OSError as exc:
            if self.root.exists() and not self.root.is_dir():
                raise FatalError(f"the output folder {self.root} is a file: move it away") from exc
            raise FatalError(f"cannot list {self.root / folder}: {exc.strerror}") from exc
        for subfolder in subfolders:
            yield from self._list(subfolder, seen)

    def prepare(self) -> None:
        """Create the root, and check that it is writable."""
        with translate_os_errors(f"cannot write to the output folder {self.root}"):
            self.root.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.root).close()

    def put(self, asset: str, data: bytes | Path) -> None:
        """Store an asset atomically.

        Args:
            asset: its path, relative to the root.
            data: its bytes, or the file that contains them.

        Raises:
            ClipError: a folder has its name.
        """
        self.refuse_folder(asset)
        path = self.root / asset
        with translate_os_errors(f"cannot write {path}"):
            self._make_folders(asset)
            atomic_write(path, data)
            with self._guard:
                names = self._new_names.get(path.parent, 0) + 1
                self._new_names[path.parent] = names % _BATCH
            if names == _BATCH:
                sync_folder(path.parent)

    def _make_folders(self, asset: str) -> None:
        """Create the folders of an asset below the root, but not a root deleted meanwhile."""
        folder = self.root
        for name in asset.split("/")[:-1]:
            folder /= name
            try:
                folder.mkdir()
            except FileExistsError:
                refuse_link(folder)
                continue
            sync_folder(folder.parent)

    def refuse_folder(self, asset: str) -> None:
        """Refuse an asset whose name a folder has; other assets can still be stored.

        Raises:
            ClipError: a folder has its name.
        """
        path = self.root / asset
        if path.is_dir() and not path.is_symlink():
            raise ClipError(f"{path} is a folder: move it away, then run again")

    def refuse_links(self, folders: Iterable[str]) -> None:
        """Refuse folders reached through a link: files would be written outside the root."""
        try:
            refuse_linked_folders(self.root, folders)
        except NotRegularError as exc:
            raise FatalError(f"cannot write into {self.root}: {exc.strerror}") from exc

    def replace(self, name: str, data: bytes) -> None:
        """Replace a file in the root atomically, and sync it."""
        with translate_os_errors(f"cannot write {self.root / name}"):
            atomic_write(self.root / name, data)
            sync_folder(self.root)

    def update(self, name: str, data: bytes, *, before: bytes) -> None:
        """Write a file in the root if its bytes changed; delete it if they are empty."""
        if not data:
            self.remove(name)
        elif data != before:
            self.replace(name, data)

    def remove(self, name: str) -> None:
        """Delete a file in the root, if it exists."""
        with translate_os_errors(f"cannot delete {self.root / name}"):
            refuse_linked_folders(self.root, [name.rpartition("/")[0]])
            try:
                (self.root / name).unlink()
            except FileNotFoundError:
                return
            sync_folder(self.root)

    def locate(self, asset: str) -> str:
        """The location of an asset, for messages."""
        return str(self.root / asset)

    def read(self, asset: str) -> bytes | None:
        """The bytes of an asset, or of a file beside one; None if there is no readable file."""
        try:
            return read_regular(self.root / asset)
        except OSError:
            return None

    def is_new(self, asset: str) -> bool:
        """Whether an asset's name is still unused."""
        return not (self.root / asset).exists()

    def size_of(self, asset: str) -> int | None:
        """The size of an asset in bytes; None if it cannot be found."""
        try:
            return (self.root / asset).stat().st_size
        except OSError:
            return None

    def delete(self, asset: str) -> None:
        """Delete an asset, or a file beside one, if it exists."""
        path = self.root / asset
        with translate_os_errors(f"cannot delete {path}"):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
            sync_folder(path.parent)

    def fetch(self, asset: str, folder: Path) -> Path:
        """A local file with an asset's bytes, which may not exist; downloads go into ``folder``."""
        del folder
        return self.root / asset

    def fetch_known(self, asset: str, sha256_hex: str, folder: Path) -> Path:
        """Like ``fetch``, but reuse an earlier download with this hash."""
        del sha256_hex
        return self.fetch(asset, folder)

    def find_link(self, asset: str) -> str | None:
        """Why an asset must not be deleted although we generated its bytes; None if it may be."""
        path = self.root / asset
        if os.path.realpath(path.parent) != str(Path(os.path.realpath(self.root), asset).parent):
            return "it is reached through a link, which may leave the folder"
        with translate_os_errors(f"cannot read {path}"):
            try:
                return None if stat.S_ISREG(path.lstat().st_mode) else "it is a link, not a file"
            except (FileNotFoundError, NotADirectoryError):
                return None

    def hash_of(self, asset: str) -> str | None:
        """The SHA-256 of an asset's bytes, in hex; None if it is not a regular file."""
        path = self.root / asset
        with translate_os_errors(f"cannot read {path}"):
            try:
                return sha256(path)
            except (FileNotFoundError, IsADirectoryError, NotRegularError):
                return None

    def has_leftovers(self) -> bool:
        """Whether a command is running on this folder, or was killed."""
        return any((self.root / name).exists() for name in (_LOCK, DECISIONS_LOCK))

    def sync_new_names(self) -> None:
        """Sync the folders of all new names."""
        with translate_os_errors(f"cannot write to {self.root}"):
            for folder, names in self._new_names.items():
                if names:
                    sync_folder(folder)
            self._new_names.clear()

    def sweep(self, folders: list[str]) -> None:
        """Remove the unfinished files of killed runs from the root and these folders."""
        for folder in (self.root, *(self.root / name for name in folders)):
            sweep(folder)

    @contextlib.contextmanager
    def lock(self, on_wait: Callable[[], None]) -> Iterator[None]:
        """Lock this folder for writing; ``on_wait`` is called while another run holds the lock."""
        has_leftovers = self.has_leftovers()
        with contextlib.ExitStack() as stack:
            with translate_os_errors(f"cannot lock {self.root}"):
                stack.enter_context(lock(self.root / _LOCK, on_wait))
            if has_leftovers:
                self._sweep_all()
            yield

    def _sweep_all(self) -> None:
        """Remove the unfinished files of killed commands from all folders below the root."""
        for folder, _, names in os.walk(self.root):
            for name in filter(_is_part, names):
                _remove_dead(Path(folder, name))
        with contextlib.suppress(OSError, _BusyError):
            if (self.root / DECISIONS_LOCK).exists():
                with lock(self.root / DECISIONS_LOCK, _give_up):
                    pass


@contextlib.contextmanager
def _scan_folder(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """The entries of a folder, opened by descriptor where the system supports it.

    The system then resolves the folder's path once, not once for each of a million files.
    """
    if os.scandir not in os.supports_fd:
        with os.scandir(folder) as entries:
            yield entries
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(number) as entries:
            yield entries
    finally:
        os.close(number)


class AppendLog:
    """An append-only file of whole records; thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open for appending; a last record that a killed run left incomplete is cut off."""
        self._path = path
        self._guard = threading.Lock()
        with translate_os_errors(f"cannot open {path}"):
            self._number = open_to_append(path)
            try:
                self._cut_torn_record()
            except BaseException:
                os.close(self._number)
                raise

    def _cut_torn_record(self) -> None:
        with os.fdopen(self._number, "rb", closefd=False) as file:
            data = file.read()
        if (whole := data.rfind(b"\n") + 1) < len(data):
            os.ftruncate(self._number, whole)

    def append(self, record: bytes) -> None:
        """Append a whole record, or nothing."""
        with translate_os_errors(f"cannot write to {self._path}"), self._guard:
            before = os.fstat(self._number).st_size
            if os.write(self._number, record) != len(record):
                # A partial record would also damage the next one.
                os.ftruncate(self._number, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """Sync the file and close it."""
        with translate_os_errors(f"cannot write to {self._path}"):
            try:
                os.fsync(self._number)
            finally:
                os.close(self._number)


def decode_lines(
    data: bytes, decoder: msgspec.json.Decoder[T], *, file: str, problem: str
) -> Iterator[tuple[int, T]]:
    """The records of an append-only file, a JSON object each, with the numbers of their lines.

    A last line without its line feed was torn by a killed run and is ignored.

    Args:
        data: all of the file's bytes.
        decoder: decodes a line.
        file: its path, for messages.
        problem: the message about an invalid line; ``{}`` is replaced by the cause.

    Raises:
        InputError: a whole line is invalid.
    """
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1):
        if line.strip():
            try:
                yield number, decoder.decode(line)
            except NOT_JSON as exc:
                raise InputError(problem.format(exc), file=file, line=number) from exc


def check_target(path: Path) -> None:
    """Check that a file can be written, before its content is generated.

    Raises:
        FatalError: its folder does not exist or is not writable, or it is a folder itself.
    """
    with translate_os_errors(f"cannot write {path}"):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        tempfile.TemporaryFile(dir=path.parent).close()


def atomic_write(
    path: Path,
    data: bytes | Path,
    *,
    like: os.stat_result | None = None,
    still_right: Callable[[], bool] = lambda: True,
    sync: bool = True,
) -> bool:
    """Write a file atomically: to a temporary name beside it, synced, then renamed.

    The folder is not synced: the caller does that once for many files.

    Args:
        path: the final name; an existing file is replaced.
        data: all its bytes, or the file that contains them.
        like: the file whose permissions and owner the new one gets.
        still_right: called just before the rename; False cancels it.
        sync: sync the bytes before the rename; without it, a power failure may leave an incomplete
            file.

    Returns:
        Whether the file was written.

    Raises:
        OSError: it could not be written; the old file is unchanged.
    """
    part, number = _create_part(path)
    with _keep_locked(number):
        try:
            with open(number, "wb") as file:  # noqa: PTH123 - by number, which Path cannot
                if like is not None:
                    _copy_mode(number, like)
                if isinstance(data, bytes):
                    file.write(data)
                else:
                    with open_regular(data) as source:
                        shutil.copyfileobj(source, file, _COPY_BYTES)
                file.flush()
                if sync:
                    os.fsync(number)
            may_rename = still_right()
            if may_rename:
                os.replace(part, path)  # noqa: PTH105 - the one place that renames
            else:
                part.unlink()
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    return may_rename


def _part_of(path: Path) -> Path:
    """A new temporary name beside a file."""
    return path.parent / f"{_PART_PREFIX}{_tag(path.name)}-{uuid.uuid4().hex}{_PART}"


def _create_part(path: Path) -> tuple[Path, int]:
    """Create a temporary file beside another, open and locked: a sweep removes unlocked ones."""
    while True:
        part = _part_of(path)
        number = os.open(part, _NEW, 0o666)
        if not _HAS_LOCKS:
            return part, number
        # Some network disks have no locks; there, a sweep removes nothing either.
        with contextlib.suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_EX)
        if part.exists():
            return part, number
        # A sweep removed it before it was locked.
        os.close(number)


@contextlib.contextmanager
def _keep_locked(number: int) -> Iterator[None]:
    """Keep the lock of an open file when its descriptor is closed.

    Windows needs no lock: it neither removes nor renames open files.
    """
    if not _HAS_LOCKS:
        yield
        return
    duplicate = os.dup(number)
    try:
        yield
    finally:
        os.close(duplicate)


def atomic_link(path: Path, source: Path) -> None:
    """Hard-link a file to a name atomically, or copy it where that fails.

    Replacing the file later leaves the source unchanged, because all writes rename. Neither the
    folder nor a copy is synced.

    Args:
        path: the final name; an existing file is replaced.
        source: the file that contains the bytes; links are followed.

    Raises:
        OSError: it could not be written; the old file is unchanged.
    """
    # A relative symbolic link would dangle in another folder.
    source = source.resolve(strict=True)
    part = _part_of(path)
    try:
        os.link(source, part)
    except OSError:
        # Another disk, a file of another user, or a system without links.
        atomic_write(path, source, sync=False)
        return
    try:
        os.replace(part, path)  # noqa: PTH105 - the one place that renames
    except FileNotFoundError:
        # A sweep removed it: a link has no lock of its own.
        atomic_write(path, source, sync=False)
    finally:
        # If both names already were one file, os.replace succeeds and leaves both.
        part.unlink(missing_ok=True)


def _copy_mode(number: int, like: os.stat_result) -> None:
    if os.name == "posix":
        os.fchmod(number, stat.S_IMODE(like.st_mode))
        # Only root may change the owner; other users own the files that they write.
        with contextlib.suppress(PermissionError):
            os.fchown(number, like.st_uid, like.st_gid)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove the unfinished files of killed processes, for one final name or for all."""
    prefix = _PART_PREFIX if name is None else f"{_PART_PREFIX}{_tag(name)}-"
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _is_part(entry.name) and entry.name.startswith(prefix):
                _remove_dead(Path(entry.path))


def _is_part(name: str) -> bool:
    return name.startswith(_PART_PREFIX) and name.endswith(_PART)


def _remove_dead(part: Path) -> None:
    """Remove an unfinished file unless its writer is still running."""
    with contextlib.suppress(OSError):
        if not _HAS_LOCKS or not stat.S_ISREG(part.lstat().st_mode):
            part.unlink()
            return
        with open_to_lock(part) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def _tag(name: str) -> str:
    """A short hash of a name, which may be too long or too strange to be part of another."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def sync_folder(folder: Path) -> None:
    """Sync a folder, where the system supports it.

    Raises:
        OSError: the disk failed.
    """
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class _BusyError(Exception):
    """Another process holds a lock that we do not wait for."""


def _give_up() -> None:
    raise _BusyError


@contextlib.contextmanager
def lock(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock file; the system releases the lock when the process ends in any way.

    Args:
        path: the lock file, deleted at the end.
        on_wait: called regularly while another process holds it; may raise to give up.

    Raises:
        OSError: the lock file cannot be created, or is a link.
    """
    # Heavy, and not needed to read.
    from filelock import FileLock, Timeout  # noqa: PLC0415

    file_lock = FileLock(path, thread_local=False)
    while True:
        refuse_shared(path)
        try:
            file_lock.acquire(timeout=_LOCK_POLL_SECONDS)
            break
        except Timeout:
            on_wait()
    try:
        yield
    finally:
        # Delete it while locked: a waiting process finds it gone, and creates a new one.
        with contextlib.suppress(OSError):
            path.unlink()
        # Failing is harmless: the file is deleted, and the process's end releases the lock.
        with contextlib.suppress(OSError):
            file_lock.release()


def sha256(data: bytes | Path) -> str:
    """The hash of bytes, or of the file that contains them, in hex."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with open_regular(data) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_full(error: OSError) -> bool:
    """Whether the disk, or the user's quota on it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def translate_os_errors(what: str) -> Iterator[None]:
    """Turn an OS error into one that ends the run.

    Raises:
        FatalError: the block failed.
    """
    try:
        yield
    except OSError as exc:
        advice = (
            ": free some disk space, then run again; finished work is kept" if is_full(exc) else ""
        )
        raise FatalError(f"{what}: {exc.strerror or exc}{advice}") from exc
