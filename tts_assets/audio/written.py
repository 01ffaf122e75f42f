"""Files that libsndfile writes, whose errors it would swallow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Told:
    """A file as libsndfile uses it, which remembers the first error of writing.

    libsndfile calls it from C, where no exception passes: it would be printed, and lost.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell

    def write(self, data: bytes) -> int:
        try:
            if self.error is None:
                self._file.write(data)
        except OSError as exc:
            self.error = exc
        # Whoever is told less goes on all the same, or stops at an assertion.
        return len(data)


@contextmanager
def writing(file: BinaryIO) -> Iterator[_Told]:
    """A file to hand to libsndfile for writing.

    Raises:
        OSError: it could not be written.
    """
    told = _Told(file)
    yield told
    if told.error is not None:
        raise told.error
