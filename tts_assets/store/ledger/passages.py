"""The lines of passages, found among those of a large ledger without reading the others."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tts_assets.store.ledger.line import Line
from tts_assets.store.ledger.pieces import lines_of, pieces
from tts_assets.store.ledger.rows import NO_LINE

if TYPE_CHECKING:
    from collections.abc import Container, Iterator


#: What only the line of a passage has; in a text its quotation marks would be escaped.
_CUES = b'"cues"'
_decoder = msgspec.json.Decoder(Line)


def passages(data: bytes | BinaryIO, assets: Container[str]) -> Iterator[Line]:
    """The lines of those of these assets that have a time line, in their order."""
    for piece in pieces(io.BytesIO(data) if isinstance(data, bytes) else data):
        if _CUES in piece:
            yield from _in_piece(piece, assets)


def _in_piece(piece: bytes, assets: Container[str]) -> Iterator[Line]:
    for raw in lines_of(piece):
        if _CUES in raw:
            with contextlib.suppress(*NO_LINE):
                line = _decoder.decode(raw)
                if line.cues and line.asset in assets:
                    yield line
