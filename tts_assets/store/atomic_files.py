"""Files written whole or not at all: atomic renames, locks, append logs, the asset store."""

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
from typing import TYPE_CHECKING

from tts_assets.errors import ClipError, FatalError
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


#: Files of this shape are unfinished; their writer holds a lock on each for as long as it lives.
_BEGINNING, _PART = ".tts-assets-", ".part"
_LOCK = ".tts-assets.lock"

#: The lock of the journal of decisions: votes and runs do not wait for each other.
DECISIONS_LOCK = ".tts-assets-decisions.lock"

#: Whether an open file can be locked, and be renamed and removed all the same.
_HAS_LOCKS = os.name == "posix"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

#: After that many new names in a folder, the folder itself is brought to the disk.
_BATCH = 64

#: Bytes of a file that are copied at once.
_AT_ONCE = 1 << 20

#: How long one look at a lock that somebody else holds may take, in seconds.
_PATIENCE_SECONDS = 0.2


class Storage:
    """The output folder: assets under ``kind/recipe.ext``, and the ledger beside them.

    All methods block; several threads may put at once.
    """

    #: Whether workers of a cluster can write into it themselves.
    is_shared = False

    def __init__(self, root: Path) -> None:
        """Use the folder; nothing is made before something is put."""
        self.root = root
        self._guard = threading.Lock()
        self._new_names: dict[Path, int] = {}

    def sizes(self, folders: list[str]) -> dict[str, int]:
        """The size in bytes of every file in these folders and below, by its path below the root.

        Raises:
            FatalError: a folder cannot be listed, or is a file.
        """
        return dict(self.iter_sizes(folders))

    def iter_sizes(self, folders: Iterable[str]) -> Iterator[tuple[str, int]]:
        """The same, one file after the other, in the order of the file system."""
        for folder in folders:
            yield from self._list(folder, set())

    def _list(self, folder: str, seen: set[str]) -> Iterator[tuple[str, int]]:
        """The files of a folder; a link that leads back up is gone into once."""
        real = os.path.realpath(self.root / folder)
        if real in seen:
            return
        seen.add(real)
        before = f"{folder}/" if folder else ""
        deeper = []
        try:
            with _scan_folder(real) as entries:
                for entry in entries:
                    try:
                        status = entry.stat()
                    except FileNotFoundError:
                        # Not there any more, a dangling link: no asset, and no reason to stop.
                        continue
                    if stat.S_ISREG(status.st_mode):
                        yield before + entry.name, status.st_size
                    elif stat.S_ISDIR(status.st_mode) and entry.name[0] != ".":
                        deeper.append(before + entry.name)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise FatalError(f"cannot list {self.root / folder}: {exc.strerror}") from exc
        for inner in deeper:
            yield from self._list(inner, seen)

    def prepare(self) -> None:
        """Make the root, and show that it can be written to.

        Raises:
            FatalError: it cannot.
        """
        with fatal(f"cannot write to the output folder {self.root}"):
            self.root.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.root).close()

    def put(self, asset: str, data: bytes | Path) -> None:
        """Store an asset: whole under its name, or not at all.

        Args:
            asset: its path below the root.
            data: its bytes, or the file that has them.

        Raises:
            ClipError: a folder lies in its place.
            FatalError: the disk is full, gone or read-only, or a link leads to its folder.
        """
        self.refuse_folder(asset)
        path = self.root / asset
        with fatal(f"cannot write {path}"):
            self._make_folders(asset)
            write_whole(path, data)
            with self._guard:
                names = self._new_names.get(path.parent, 0) + 1
                self._new_names[path.parent] = names % _BATCH
            if names == _BATCH:
                sync_folder(path.parent)

    def _make_folders(self, asset: str) -> None:
        """Make the folders of an asset, below the root: one that is gone by now is not made again."""
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
        """Refuse an asset in whose place a folder lies; others can be stored all the same.

        Raises:
            ClipError: one does.
        """
        path = self.root / asset
        if path.is_dir() and not path.is_symlink():
            raise ClipError(f"{path} is a folder: move it away, then run again")

    def refuse_links(self, folders: Iterable[str]) -> None:
        """Refuse folders below the root that a link leads to: files would be written elsewhere.

        Raises:
            FatalError: a link leads to one.
        """
        try:
            refuse_linked_folders(self.root, folders)
        except NotRegularError as exc:
            raise FatalError(f"cannot write into {self.root}: {exc.strerror}") from exc

    def replace(self, name: str, data: bytes) -> None:
        """Give a file in the root new bytes, in one step, and bring it to the disk.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        with fatal(f"cannot write {self.root / name}"):
            write_whole(self.root / name, data)
            sync_folder(self.root)

    def leave(self, name: str, data: bytes, *, before: bytes) -> None:
        """Leave a file in the root with these bytes; without any there is none.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        if not data:
            self.remove(name)
        elif data != before:
            self.replace(name, data)

    def remove(self, name: str) -> None:
        """Delete a file in the root, if it is there.

        Raises:
            FatalError: that fails.
        """
        with fatal(f"cannot delete {self.root / name}"):
            refuse_linked_folders(self.root, [name.rpartition("/")[0]])
            try:
                (self.root / name).unlink()
            except FileNotFoundError:
                return
            sync_folder(self.root)

    def locate(self, asset: str) -> str:
        """Where an asset is, for messages."""
        return str(self.root / asset)

    def read(self, asset: str) -> bytes | None:
        """The bytes of an asset, or of a file beside one; None if there is no readable file.

        Raises:
            FatalError: the service cannot be asked.
        """
        try:
            return read_regular(self.root / asset)
        except OSError:
            return None

    def is_new(self, asset: str) -> bool:
        """Whether there is nothing under an asset's name yet.

        Raises:
            FatalError: the service cannot be asked.
        """
        return not (self.root / asset).exists()

    def size_of(self, asset: str) -> int | None:
        """The size of an asset in bytes; None if it cannot be found.

        Raises:
            FatalError: the service cannot be asked.
        """
        try:
            return (self.root / asset).stat().st_size
        except OSError:
            return None

    def delete(self, asset: str) -> None:
        """Delete an asset, or a file beside one, if it exists.

        Raises:
            FatalError: that fails.
        """
        path = self.root / asset
        with fatal(f"cannot delete {path}"):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
            sync_folder(path.parent)

    def fetch(self, asset: str, folder: Path) -> Path:
        """A local file with an asset's bytes, which may not exist; ``folder`` takes downloads.

        Raises:
            FatalError: it cannot be downloaded.
        """
        del folder
        return self.root / asset

    def fetch_known(self, asset: str, sha256_hex: str, folder: Path) -> Path:
        """As ``fetch``, but an earlier download of the bytes with this hash is used again.

        Raises:
            FatalError: it cannot be downloaded.
        """
        del sha256_hex
        return self.fetch(asset, folder)

    def find_link(self, asset: str) -> str | None:
        """Why an asset must not be deleted, although its bytes are ours; None if it may be.

        Raises:
            FatalError: its file cannot be examined.
        """
        path = self.root / asset
        if os.path.realpath(path.parent) != str(Path(os.path.realpath(self.root), asset).parent):
            return "it is reached through a link, which may leave the folder"
        with fatal(f"cannot read {path}"):
            try:
                return None if stat.S_ISREG(path.lstat().st_mode) else "it is a link, not a file"
            except (FileNotFoundError, NotADirectoryError):
                return None

    def hash_of(self, asset: str) -> str | None:
        """The SHA-256 of an asset's bytes, in hex; None where there is no such regular file.

        Raises:
            FatalError: it cannot be read.
        """
        path = self.root / asset
        with fatal(f"cannot read {path}"):
            try:
                return sha256(path)
            except (FileNotFoundError, IsADirectoryError, NotRegularError):
                return None

    def has_leftovers(self) -> bool:
        """Whether a command was killed here, or is at work."""
        return any((self.root / name).exists() for name in (_LOCK, DECISIONS_LOCK))

    def settle(self) -> None:
        """Bring every new name to the disk.

        Raises:
            FatalError: that fails.
        """
        with fatal(f"cannot write to {self.root}"):
            for folder, names in self._new_names.items():
                if names:
                    sync_folder(folder)
            self._new_names.clear()

    def sweep(self, folders: list[str]) -> None:
        """Remove what killed runs left unfinished in the root and in these folders."""
        for folder in (self.root, *(self.root / name for name in folders)):
            sweep(folder)

    @contextlib.contextmanager
    def lock(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Be the only run that writes into this folder; ``waiting`` is called while another is.

        Raises:
            FatalError: the lock cannot be made.
        """
        has_leftovers = self.has_leftovers()
        with contextlib.ExitStack() as held:
            with fatal(f"cannot lock {self.root}"):
                held.enter_context(lock(self.root / _LOCK, waiting))
            if has_leftovers:
                self._sweep_all()
            yield

    def _sweep_all(self) -> None:
        """Remove what killed commands left anywhere below the root."""
        for folder, _, names in os.walk(self.root):
            for name in filter(_is_part, names):
                _remove_dead(Path(folder, name))
        with contextlib.suppress(OSError, _BusyError):
            if (self.root / DECISIONS_LOCK).exists():
                with lock(self.root / DECISIONS_LOCK, _give_up):
                    pass


@contextlib.contextmanager
def _scan_folder(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """The entries of a folder; where the system can, they are looked at from within it.

    The way to the folder is then gone once, not once for each of a million files.
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
    """A file that only grows, one whole record at a time; safe for several threads."""

    def __init__(self, path: Path) -> None:
        """Open for appending; what a killed run left of its last record is cut off.

        Raises:
            FatalError: it cannot be opened.
        """
        self._path = path
        self._guard = threading.Lock()
        with fatal(f"cannot open {path}"):
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
        """Add a whole record, or nothing.

        Raises:
            FatalError: the disk is full or gone.
        """
        with fatal(f"cannot write to {self._path}"), self._guard:
            before = os.fstat(self._number).st_size
            if os.write(self._number, record) != len(record):
                # Half a record would spoil the next one, too.
                os.ftruncate(self._number, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """Bring everything to the disk and close.

        Raises:
            FatalError: that fails.
        """
        with fatal(f"cannot write to {self._path}"):
            try:
                os.fsync(self._number)
            finally:
                os.close(self._number)


def check_target(path: Path) -> None:
    """See that a file can be written, before what goes into it is made.

    Raises:
        FatalError: its folder is not there or cannot be written to, or it is no file.
    """
    with fatal(f"cannot write {path}"):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        tempfile.TemporaryFile(dir=path.parent).close()


def write_whole(
    path: Path,
    data: bytes | Path,
    *,
    like: os.stat_result | None = None,
    still_right: Callable[[], bool] = lambda: True,
    sync: bool = True,
) -> bool:
    """Give a file new bytes in one step: written beside under a name of its own, synced, renamed.

    The folder is not synced: the caller does that once for many files.

    Args:
        path: the final name; an existing file is replaced.
        data: all its bytes, or the file that has them.
        like: the file whose permissions and owner the new one gets.
        still_right: asked just before the rename; False leaves everything as it was.
        sync: whether the bytes are on the disk before the name is; else a loss of power may leave
            a file that is not whole.

    Returns:
        Whether the file has the new bytes now.

    Raises:
        OSError: it could not be written; the old file is as it was.
    """
    part, number = _create_part(path)
    with _keep_locked(number):
        try:
            with open(number, "wb") as file:  # noqa: PTH123 - by number, which Path cannot
                if like is not None:
                    _imitate(number, like)
                if isinstance(data, bytes):
                    file.write(data)
                else:
                    with open_regular(data) as source:
                        shutil.copyfileobj(source, file, _AT_ONCE)
                file.flush()
                if sync:
                    os.fsync(number)
            right = still_right()
            if right:
                os.replace(part, path)  # noqa: PTH105 - the one place that renames
            else:
                part.unlink()
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    return right


def _part_of(path: Path) -> Path:
    """A new name beside a file for what is not finished."""
    return path.parent / f"{_BEGINNING}{_tag(path.name)}-{uuid.uuid4().hex}{_PART}"


def _create_part(path: Path) -> tuple[Path, int]:
    """A new unfinished file beside another, open and locked: a sweep removes only unlocked ones."""
    while True:
        part = _part_of(path)
        number = os.open(part, _NEW, 0o666)
        if not _HAS_LOCKS:
            return part, number
        # Without locks, as on some network disks, no sweep removes it either.
        with contextlib.suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_EX)
        if part.exists():
            return part, number
        # A sweep came between the two lines.
        os.close(number)


@contextlib.contextmanager
def _keep_locked(number: int) -> Iterator[None]:
    """Keep the lock of an open file when its number is closed.

    Windows needs no lock, as it removes no open file, and renames none either.
    """
    if not _HAS_LOCKS:
        yield
        return
    again = os.dup(number)
    try:
        yield
    finally:
        os.close(again)


def link_whole(path: Path, source: Path) -> None:
    """Give a file the bytes of another in one step: as a second name of it, or else as a copy.

    What takes its place later, as all here do, leaves the other name as it was. The folder is not
    synced, nor is a copy.

    Args:
        path: the final name; an existing file is replaced.
        source: the file that has the bytes; what a link leads to.

    Raises:
        OSError: it could not be written; the old file is as it was.
    """
    # A link to a link would be one that leads nowhere from another folder.
    source = source.resolve(strict=True)
    part = _part_of(path)
    try:
        os.link(source, part)
    except OSError:
        # Another disk, somebody else's file, or a system without links.
        write_whole(path, source, sync=False)
        return
    try:
        os.replace(part, path)  # noqa: PTH105 - the one place that renames
    except FileNotFoundError:
        # A sweep took it, as a link cannot be locked for itself.
        write_whole(path, source, sync=False)
    finally:
        # Two names of one file are left as they are by the system, and told as a success.
        part.unlink(missing_ok=True)


def _imitate(number: int, like: os.stat_result) -> None:
    if os.name == "posix":
        os.fchmod(number, stat.S_IMODE(like.st_mode))
        # Only root may give files away; everybody else owns what they write anyway.
        with contextlib.suppress(PermissionError):
            os.fchown(number, like.st_uid, like.st_gid)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove the unfinished files of killed processes, of one final name or of all."""
    beginning = _BEGINNING if name is None else f"{_BEGINNING}{_tag(name)}-"
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _is_part(entry.name) and entry.name.startswith(beginning):
                _remove_dead(Path(entry.path))


def _is_part(name: str) -> bool:
    return name.startswith(_BEGINNING) and name.endswith(_PART)


def _remove_dead(part: Path) -> None:
    """Remove an unfinished file unless its writer is still alive."""
    with contextlib.suppress(OSError):
        if not _HAS_LOCKS or not stat.S_ISREG(part.lstat().st_mode):
            part.unlink()
            return
        with open_to_lock(part) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def _tag(name: str) -> str:
    """A short stand-in for a name that may be too long, or too strange, to be part of another."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where the system can.

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
    """Another process holds a lock that is not worth waiting for."""


def _give_up() -> None:
    raise _BusyError


@contextlib.contextmanager
def lock(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock file; it ends with the process, however that ends.

    Args:
        path: the lock file; removed again at the end.
        waiting: called now and then while somebody else holds it; may raise to give up.

    Raises:
        OSError: the lock file cannot be made, or a link lies in its place.
    """
    # Heavy, and not needed by what only reads.
    from filelock import FileLock, Timeout  # noqa: PLC0415

    held = FileLock(path, thread_local=False)
    while True:
        refuse_shared(path)
        try:
            held.acquire(timeout=_PATIENCE_SECONDS)
            break
        except Timeout:
            waiting()
    try:
        yield
    finally:
        # While it is held: who waits for this file finds it gone, and makes a new one.
        with contextlib.suppress(OSError):
            path.unlink()
        # Nothing depends on it: the lock file has no name any more, and the process lets go of it.
        with contextlib.suppress(OSError):
            held.release()


def sha256(data: bytes | Path) -> str:
    """The hash of a file's bytes, in hex.

    Args:
        data: the bytes, or the file that has them.
    """
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with open_regular(data) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_full(error: OSError) -> bool:
    """Whether the disk, or somebody's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def fatal(what: str) -> Iterator[None]:
    """Make of an error of the system one that ends the run.

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
