"""The unfinished file of a download: what is here of it, and of which version on the server."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import msgspec

from tts_assets.engines.models.model_cache import NOTE, PART, beside
from tts_assets.errors import FatalError
from tts_assets.regular_files import open_to_append, read_regular
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


#: A strong validator (RFC 9110, section 8.8.3), without what no header may say again.
ETAG = r'^"[!#-~]*"\Z'


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of a file a server has.

    Args:
        etag: its strong validator; None where the server gives none.
        bytes: its size; None where the server does not say.
    """

    etag: Annotated[str, msgspec.Meta(pattern=ETAG)] | None
    bytes: int | None


class PartialFile:
    """``NAME.part``, and beside it what is known of the whole; methods block.

    What an ended run leaves is gone on with; a full disk does not cost what is here.
    """

    def __init__(self, final: Path) -> None:
        """Name it; nothing is made yet."""
        self.path = beside(final, PART)
        self._note = beside(final, NOTE)
        self._is_pieced = True

    @property
    def size(self) -> int:
        """How many bytes are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def is_pieced(self) -> bool:
        """Whether its bytes may be of several answers, which need not fit together."""
        return self._is_pieced

    def version(self) -> Version | None:
        """Of which version the bytes are; None where nobody can tell."""
        try:
            return msgspec.json.decode(read_regular(self._note), type=Version)
        except (OSError, ValueError, RecursionError):
            return None

    def begin(self, version: Version) -> None:
        """Start anew, with nothing.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        with translate_write_errors(self.path):
            self.drop()
            atomic_files.write_whole(self._note, msgspec.json.encode(version))

    def drop(self) -> None:
        """Forget it all."""
        self._is_pieced = False
        # The note first: bytes without a note are never gone on with.
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    @contextmanager
    def open(self) -> Iterator[Callable[[bytes], None]]:
        """Yield what adds bytes at its end; they are on the disk when this ends well.

        Raises:
            FatalError: the disk is full, gone or read-only; from what is yielded, too.
        """
        with translate_write_errors(self.path):
            # Without a buffer: what was taken is in the file, whatever happens next.
            file = os.fdopen(open_to_append(self.path), "ab", buffering=0)
            self._is_pieced = self._is_pieced or self.size > 0

        def append(data: bytes) -> None:
            rest = memoryview(data)
            with translate_write_errors(self.path):
                while rest:
                    rest = rest[file.write(rest) :]

        with file:
            yield append
            with translate_write_errors(self.path):
                os.fsync(file.fileno())

    def place(self, final: Path) -> None:
        """Give it its final name, in one step.

        Raises:
            FatalError: the disk is gone or read-only.
        """
        with translate_write_errors(final):
            self.path.replace(final)
            self._note.unlink(missing_ok=True)
            atomic_files.sync_folder(final.parent)


@contextmanager
def translate_write_errors(path: Path) -> Iterator[None]:
    """Say what cannot be written, and what to do.

    Raises:
        FatalError: instead of an OSError.
    """
    try:
        yield
    except OSError as exc:
        advice = (
            ": make room, then run again; what is here is kept" if atomic_files.is_full(exc) else ""
        )
        raise FatalError(f"cannot write {path}: {exc.strerror or exc}{advice}") from exc


def refuse_lack_of_space(folder: Path, needed: int) -> None:
    """Refuse to begin what cannot be stored.

    Args:
        folder: where it goes; it need not exist yet.
        needed: bytes.

    Raises:
        FatalError: the disk has less.
    """
    while not folder.exists():
        folder = folder.parent
    with translate_write_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise FatalError(
            f"{folder} has {free / 1e6:,.1f} MB left and {needed / 1e6:,.1f} MB are needed: make "
            "room, or name another folder in models.folder"
        )
