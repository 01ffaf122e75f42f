"""The two streams of a command: results, which have to arrive, and words that nobody has to read."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

from tts_assets.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def results() -> Iterator[None]:
    """Whatever is written to standard output in here has to arrive there.

    Raises:
        BrokenPipeError: nobody reads it any more.
        FatalError: it cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise FatalError(
            f"standard output cannot be written: {exc.strerror}; send it to where there is room, "
            "and run the command again"
        ) from exc


def send(data: str) -> None:
    """Write data for programs, which are UTF-8 whatever the terminal takes.

    Raises:
        OSError: they cannot be written.
        ValueError: standard output is closed.
    """
    if sys.stdout is not None:
        # What was written before comes first.
        sys.stdout.flush()
        sys.stdout.buffer.write(data.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def errors() -> IO[str]:
    """Standard error; that nobody hears what is said there stops nothing."""
    return cast("IO[str]", _Errors())


class _Errors:
    """As much of a stream as a console needs; what cannot be written is left out."""

    @property
    def encoding(self) -> str:
        return getattr(sys.stderr, "encoding", None) or "utf-8"

    def fileno(self) -> int:
        return sys.stderr.fileno()

    def isatty(self) -> bool:
        return sys.stderr is not None and sys.stderr.isatty()

    def write(self, text: str) -> int:
        if sys.stderr is not None:
            # It may be full, closed, or a pipe that nobody reads.
            with suppress(OSError, ValueError):
                sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.flush()
