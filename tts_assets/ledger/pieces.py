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
