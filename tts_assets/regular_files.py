"""Finds and opens project files: regular files only, and no link where the tool writes.

Repositories may contain links, and archives may contain named pipes. Opening a pipe blocks, reading
a device may never end, and writing to a link may change files outside the project.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
import stat
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedReader


#: The paths of /dev/null, of standard input, and of pipes of a shell: ``<(command)`` is /dev/fd/63.
_STREAM = re.compile(r"/dev/(null|stdin|fd/[0-9]+)|/proc/self/fd/[0-9]+")
_SEPARATORS = r"[/\\]" if os.sep == "\\" else "/"

#: Windows lacks most of these flags; there, the check before opening has to suffice.
_SAFE = (
    getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_ADVICE = "delete it or put a regular file in its place, then run again"


class NotRegularError(OSError):
    """A path to read or write is not a regular file with one name."""

    def __init__(self, reason: str, path: str | Path) -> None:
        """Create the error; ``reason`` becomes ``strerror``."""
        super().__init__(errno.EINVAL, reason, str(path))


def find_files(pattern: str) -> list[str]:
    """The files that a glob matches, sorted by path; the glob may begin at the root.

    It works as `glob.glob` with ``recursive``, but ``**`` enters each folder once: links may form loops.

    Raises:
        OSError: a folder cannot be listed; `glob` would skip it silently.
    """
    return sorted({path for path in _expand(pattern) if Path(path).is_file()})


def _expand(pattern: str) -> Iterator[str]:
    parts = re.split(_SEPARATORS, pattern)
    if "**" not in parts:
        _list_folders(pattern)
        # Path.glob refuses patterns that begin at the root.
        yield from glob.iglob(pattern)  # noqa: PTH207
        return
    number = parts.index("**")
    above, below = "/".join(parts[:number]), parts[number + 1 :]
    if number and not above:
        above = "/"
    bases = glob.glob(os.path.join(above, "")) if number else [""]  # noqa: PTH118, PTH207
    bases.sort(key=lambda base: (Path(base).is_symlink(), base))
    seen: set[str] = set()
    for folder in chain.from_iterable(_walk_folders(base, seen) for base in bases):
        yield from _expand(os.path.join(glob.escape(folder), *(below or ["*"])))  # noqa: PTH118


def _list_folders(pattern: str) -> None:
    """List each folder that a glob searches, to raise an error if that fails."""
    above, name = os.path.split(pattern)
    if glob.has_magic(name):
        for folder in filter(os.path.isdir, glob.iglob(above) if above else [os.curdir]):  # noqa: PTH207
            os.scandir(folder).close()
    if glob.has_magic(above):
        _list_folders(above)


def _raise(error: OSError) -> None:
    raise error


def _walk_folders(base: str, seen: set[str]) -> Iterator[str]:
    """A folder and all folders below it except hidden ones; targets of links come last, each once."""
    links = [base]
    while links:
        start = links.pop()
        for folder, names, _ in os.walk(start or os.curdir, onerror=_raise):
            real = os.path.realpath(folder)
            if real in seen:
                names.clear()
                continue
            seen.add(real)
            yield folder if start else os.path.relpath(folder)
            names[:] = [name for name in sorted(names) if not name.startswith(".")]
            paths = (Path(folder, name) for name in names)
            links += [str(each) for each in paths if each.is_symlink()]


def open_regular(path: str | Path, *, follow_links: bool = True) -> BufferedReader:
    """Open a file for reading; pipes, devices and sockets are refused without blocking.

    Standard input and pipes of the shell are accepted if their own paths are given.

    Args:
        path: the file.
        follow_links: False for the tool's own files, which must not be links.

    Raises:
        OSError: the file cannot be read, or is not a regular file.
    """
    if _STREAM.fullmatch(os.fspath(path)):
        return Path(path).open("rb")
    # Check before opening: opening alone triggers some devices.
    _refuse_irregular(Path(path).stat(follow_symlinks=follow_links), path)
    descriptor = os.open(path, os.O_RDONLY | _SAFE | (0 if follow_links else _NO_FOLLOW))
    try:
        _refuse_irregular(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_regular(path: str | Path, *, follow_links: bool = True) -> bytes:
    """All bytes of a file; see :func:`open_regular`.

    Raises:
        OSError: the file cannot be read, or is not a regular file.
    """
    with open_regular(path, follow_links=follow_links) as file:
        return file.read()


def open_to_append(path: Path) -> int:
    """Open a file for reading and appending; it is created if it is missing.

    Returns:
        The file descriptor.

    Raises:
        OSError: the file cannot be opened, is not a regular file, or has other hard links.
    """
    with contextlib.suppress(FileNotFoundError):
        _refuse_shared(os.lstat(path), path)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | _NO_FOLLOW | _SAFE
    descriptor = os.open(path, flags, 0o666)
    try:
        _refuse_shared(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_to_lock(path: Path) -> BufferedReader:
    """Open a file to lock it; network disks lock only writable files.

    Raises:
        OSError: the file cannot be opened, or is a link.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | _NO_FOLLOW | _SAFE)
    except PermissionError:
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | _SAFE)
    return os.fdopen(descriptor, "rb")


def create_file(path: Path) -> BinaryIO:
    """Open a new, empty file for writing and reading; an existing one is replaced.

    Raises:
        OSError: the file cannot be created.
    """
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, 0o666)
    return os.fdopen(descriptor, "w+b")


def refuse_shared(path: Path) -> None:
    """Refuse a path to write unless it is missing or a regular file with one name.

    Raises:
        NotRegularError: it is a link, is not a regular file, or has several names.
        OSError: it is a folder, or its status cannot be read.
    """
    with contextlib.suppress(FileNotFoundError):
        _refuse_shared(os.lstat(path), path, name=str(path))


def refuse_linked_folders(root: Path, names: Iterable[str] = ("",)) -> None:
    """Refuse folders below a root that are links or inside one; the root itself may be a link.

    Args:
        root: a folder that the user named.
        names: paths of folders below it, with ``/``; they need not exist.

    Raises:
        NotRegularError: one is a link.
    """
    folders = {part for name in names for part in _with_parents(name)}
    for folder in sorted(folders):
        refuse_link(root / folder)


def refuse_link(path: Path) -> None:
    """Refuse a path that is a symbolic link.

    Raises:
        NotRegularError: the path is a symbolic link.
    """
    if path.is_symlink():
        raise NotRegularError(
            (
                f"{path} is a symbolic link, which may leave the project: replace it with a "
                "folder, then run again"
            ),
            path,
        )


def _with_parents(name: str) -> Iterable[str]:
    parts = [part for part in name.split("/") if part]
    return ("/".join(parts[: count + 1]) for count in range(len(parts)))


def _refuse_shared(status: os.stat_result, path: Path, *, name: str = "it") -> None:
    _refuse_irregular(status, path, name=name)
    if status.st_nlink > 1:
        raise NotRegularError(
            (
                f"{name} has {status.st_nlink} hard links, which would all change: replace it "
                "with a copy, then run again"
            ),
            path,
        )


def _refuse_irregular(status: os.stat_result, path: str | Path, *, name: str = "it") -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if kind != stat.S_IFREG:
        what = _KINDS.get(kind, "no regular file")
        raise NotRegularError(f"{name} is {what}: {_ADVICE}", path)
