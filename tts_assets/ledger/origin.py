"""Where assets came from, as far as their lines say."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from tts_assets.ledger.line import Line

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
    words: tuple[str, ...] = ()
    voice: str = ""
    speed: float = 1.0
    sound: str = ""
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
    for line in data.splitlines():
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            found.append(_decoder.decode(line))
    return found


def whole_lines(data: bytes) -> Iterator[Line]:
    """All lines that say all of an asset, in their order."""
    for line in data.splitlines():
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            yield _line_decoder.decode(line)


def origins_of(data: bytes, names: Container[str]) -> Iterator[Origin]:
    """The origins of those whose asset, recipe or brief is among these names."""
    for line in data.splitlines():
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            name = _name_decoder.decode(line)
            if name.asset in names or name.brief in names or name.recipe in names:
                yield _decoder.decode(line)
