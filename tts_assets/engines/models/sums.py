"""The SHA-256 of big files: computed once, remembered for as long as the file stays as it is."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from typing import TYPE_CHECKING

import msgspec

from tts_assets.regular_files import open_regular, read_regular, refuse_link
from tts_assets.store import storage

if TYPE_CHECKING:
    from pathlib import Path


#: Where sums are remembered, below the cache folder.
_FOLDER = ".sums"


#: A file changed so lately may change again within one tick of its clock: FAT's has two seconds.
_TICK_NS = 2_000_000_000


class _Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a file, and what tells that it is still that file.

    Args:
        path: its bytes in hex; not every path is UTF-8.
    """

    path: str
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str = ""


def sha256_of(path: Path, cache: Path) -> str:
    """The SHA-256 of a file, in hex; read only if the file is not as it was the last time.

    It is remembered by path, inode, size and times. A file that was changed within the last two
    seconds is read each time, because its next change might not show in its times.

    Args:
        path: the file.
        cache: a folder for what is remembered; nothing is, where it cannot be written to.

    Raises:
        OSError: the file cannot be read.
    """
    # Before it is read: what changes meanwhile has another time afterwards.
    begun = time.time_ns()
    with open_regular(path) as file:
        now = _unsummed(path, os.fstat(file.fileno()))
        place = cache / _FOLDER / f"{storage.sha256(now.path.encode())[:16]}.json"
        known = _remembered(place)
        if known is not None and msgspec.structs.replace(known, sha256="") == now:
            return known.sha256
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if begun - max(now.mtime_ns, now.ctime_ns) > _TICK_NS:
        _remember(place, msgspec.structs.replace(now, sha256=digest))
    return digest


def _unsummed(path: Path, status: os.stat_result) -> _Sum:
    return _Sum(
        path=os.fsencode(os.path.realpath(path)).hex(),
        inode=status.st_ino,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        # Unlike the time of its content, nobody can set this one back.
        ctime_ns=status.st_ctime_ns,
    )


def _remembered(place: Path) -> _Sum | None:
    try:
        return msgspec.json.decode(read_regular(place, follow_links=False), type=_Sum)
    except (OSError, ValueError, RecursionError):
        return None


def _remember(place: Path, found: _Sum) -> None:
    # Only time is lost where this fails.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        refuse_link(place.parent)
        storage.sweep(place.parent)
        storage.write_whole(place, msgspec.json.encode(found))
