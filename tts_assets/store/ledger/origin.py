"""Where assets came from, as far as their lines say."""

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


class Origin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an asset was made from, as far as its line says; an empty text says nothing."""

    asset: str = ""
    recipe: str
    brief: str = ""
    text: str = ""
    reading: str | None = None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    words: tuple[str, ...] = ()
    voice: str = ""
    speed: float = 1.0
    sound: str = ""
    speakers: tuple[tuple[str, str, float], ...] = ()
    engine: str = ""
    sha256: str = ""
    bytes: int = 0


class _Name(msgspec.Struct, gc=False):
    """As much of a line as tells whether it is asked for."""

    asset: str
    recipe: str
    brief: str = ""


_decoder = msgspec.json.Decoder(Origin)
_line_decoder = msgspec.json.Decoder(Line)
_name_decoder = msgspec.json.Decoder(_Name)


def origins(data: bytes) -> list[Origin]:
    """What all lines say of where assets came from, in their order; what is no line is left out."""
    found = []
    for line in lines_of(data):
        with contextlib.suppress(*NO_LINE):
            found.append(_decoder.decode(line))
    return found


def whole_lines(data: bytes) -> Iterator[Line]:
    """All lines that say all of an asset, in their order."""
    for line in lines_of(data):
        with contextlib.suppress(*NO_LINE):
            yield _line_decoder.decode(line)


def asset_of(line: bytes) -> str | None:
    """The asset of one line; None where it is none."""
    try:
        return _name_decoder.decode(line).asset
    except NO_LINE:
        return None


def without(data: bytes, assets: Container[str]) -> bytes:
    """A ledger without the lines of these assets."""
    # Line by line: of a million lines there need not be one more copy.
    return b"".join(line for line in io.BytesIO(data) if asset_of(line) not in assets)


def origins_of(data: bytes | BinaryIO, names: Container[str]) -> Iterator[Origin]:
    """The origins of those whose asset, recipe or brief is among these names."""
    for piece in pieces(io.BytesIO(data) if isinstance(data, bytes) else data):
        if _may_have(piece, names):
            yield from _origins_in(piece, names)


def _may_have(lines: bytes, names: Container[str]) -> bool:
    """Whether a look at each of these lines is worth it: of a million, few are asked for."""
    try:
        found = _name_decoder.decode_lines(lines)
    except NO_LINE:
        return True
    return any(name.asset in names or name.brief in names or name.recipe in names for name in found)


def _origins_in(lines: bytes, names: Container[str]) -> Iterator[Origin]:
    for line in lines_of(lines):
        with contextlib.suppress(*NO_LINE):
            name = _name_decoder.decode(line)
            if name.asset in names or name.brief in names or name.recipe in names:
                yield _decoder.decode(line)
