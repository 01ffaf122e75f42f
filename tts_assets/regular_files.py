"""Finds and opens project files: regular files only, and no link where the tool writes.

A repository may hold links, and archives may hold named pipes. A pipe blocks whoever opens it, a
device may never end, and a link leads a write out of the project.
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


#: What users write for nothing, for standard input, and for a pipe of their shell: ``<(command)`` is
#: /dev/fd/63.
_STREAM = re.compile(r"/dev/(null|stdin|fd/[0-9]+)|/proc/self/fd/[0-9]+")
_SEPARATORS = r"[/\\]" if os.sep == "\\" else "/"

#: Windows lacks most of these; there the check before the open has to do.
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
    """Something else than a regular file with one name lies where a file is read or written."""

    def __init__(self, reason: str, path: str | Path) -> None:
        """Say what it is and what to do, as ``strerror``."""
        super().__init__(errno.EINVAL, reason, str(path))


def find_files(pattern: str) -> list[str]:
    """The files that a glob matches, in the order of their paths; it may begin at the root.

    As `glob.glob` with ``recursive``, but ``**`` goes into each folder once: links may form loops.

    Raises:
        OSError: a folder cannot be listed; `glob` would pass over all that it holds.
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
    before, behind = "/".join(parts[:number]), parts[number + 1 :]
    if number and not before:
        before = "/"
    bases = glob.glob(os.path.join(before, "")) if number else [""]  # noqa: PTH118, PTH207
    bases.sort(key=lambda base: (Path(base).is_symlink(), base))
    seen: set[str] = set()
    for folder in chain.from_iterable(_folders_in(base, seen) for base in bases):
        yield from _expand(os.path.join(glob.escape(folder), *(behind or ["*"])))  # noqa: PTH118


def _list_folders(pattern: str) -> None:
    """Open each folder whose names a glob goes through."""
    above, name = os.path.split(pattern)
    if glob.has_magic(name):
        for folder in filter(os.path.isdir, glob.iglob(above) if above else [os.curdir]):  # noqa: PTH207
            os.scandir(folder).close()
    if glob.has_magic(above):
        _list_folders(above)


def _raise(error: OSError) -> None:
    raise error


def _folders_in(base: str, seen: set[str]) -> Iterator[str]:
    """A folder and all below it but hidden ones; what a link leads to comes last, and once."""
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
            found = (Path(folder, name) for name in names)
            links += [str(each) for each in found if each.is_symlink()]


def open_regular(path: str | Path, *, follow_links: bool = True) -> BufferedReader:
    """Open a file for reading; a pipe, a device or a socket is refused, and never waited for.

    Standard input and pipes of the shell are read as they are where their own paths are given.

    Args:
        path: the file.
        follow_links: False for the tool's own files, in whose place no link belongs.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    if _STREAM.fullmatch(os.fspath(path)):
        return Path(path).open("rb")
    # Before it is opened: opening alone makes some devices act.
    _refuse_irregular(Path(path).stat(follow_symlinks=follow_links), path)
    number = os.open(path, os.O_RDONLY | _SAFE | (0 if follow_links else _NO_FOLLOW))
    try:
        _refuse_irregular(os.fstat(number), path)
    except OSError:
        os.close(number)
        raise
    return os.fdopen(number, "rb")


def read_regular(path: str | Path, *, follow_links: bool = True) -> bytes:
    """All bytes of a file; see :func:`open_regular`.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with open_regular(path, follow_links=follow_links) as file:
        return file.read()


def open_to_append(path: Path) -> int:
    """Open a file for reading and appending; it is created if it is not there.

    Returns:
        The number of the open file.

    Raises:
        OSError: it cannot be opened, is no regular file, or other names lead to the same bytes.
    """
    with contextlib.suppress(FileNotFoundError):
        _refuse_shared(os.lstat(path), path)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | _NO_FOLLOW | _SAFE
    number = os.open(path, flags, 0o666)
    try:
        _refuse_shared(os.fstat(number), path)
    except OSError:
        os.close(number)
        raise
    return number


def open_to_lock(path: Path) -> BufferedReader:
    """Open a file to lock it; network disks lock only what may be written.

    Raises:
        OSError: it cannot be opened, or is a link.
    """
    try:
        number = os.open(path, os.O_RDWR | _NO_FOLLOW | _SAFE)
    except PermissionError:
        number = os.open(path, os.O_RDONLY | _NO_FOLLOW | _SAFE)
    return os.fdopen(number, "rb")


def create_file(path: Path) -> BinaryIO:
    """Open an empty new file for writing and reading, in place of one that is there.

    Raises:
        OSError: it cannot be created.
    """
    path.unlink(missing_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, 0o666)
    return os.fdopen(number, "w+b")


def refuse_shared(path: Path) -> None:
    """Refuse a path that may be written only if it is missing or a regular file with one name.

    Raises:
        NotRegularError: it is a link, no regular file, or has several names.
        OSError: it is a folder, or cannot be looked up.
    """
    with contextlib.suppress(FileNotFoundError):
        _refuse_shared(os.lstat(path), path, name=str(path))


def refuse_linked_folders(root: Path, names: Iterable[str] = ("",)) -> None:
    """Refuse folders below a root that are links, or lie in one; the root itself may be one.

    Args:
        root: a folder that a user named.
        names: paths of folders below it, with ``/``; they need not be there.

    Raises:
        NotRegularError: one is a link.
    """
    folders = {part for name in names for part in _with_parents(name)}
    for folder in sorted(folders):
        refuse_link(root / folder)


def refuse_link(path: Path) -> None:
    """Refuse a path that is a symbolic link.

    Raises:
        NotRegularError: it is one.
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
