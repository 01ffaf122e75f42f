"""A ledger in pieces of whole lines, so that all of a large one is never in memory at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator


#: About as long is a piece.
_PIECE_BYTES = 1 << 18


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """All bytes from here on, each piece up to the end of a line, and the last to that of the file."""
    while piece := stream.read(_PIECE_BYTES) + stream.readline():
        yield piece


def lines_of(data: bytes) -> list[bytes]:
    """The lines without their ends, empty ones, too.

    Only a line feed ends one, as it does for :func:`pieces`; a carriage return before it counts to it.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    lines = data.split(b"\n")
    # What ends with a line feed has no line behind it.
    return lines if lines[-1] else lines[:-1]
