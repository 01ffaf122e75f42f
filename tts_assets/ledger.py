"""The ledger: one line of JSON for each asset, saying what it was made from and what it is.

Lines are appended while a run goes on. An asset whose name carries its recipe gets its name after
its line, so that an asset without a line means that the ledger was lost, never that a run was
killed. One named by an id takes new bytes under an old name: before that comes a line without
recipe, and after it the line of the new bytes, so that no line ever vouches for other bytes than its
own. At the end lines are sorted, one for each asset, without totals or times: two branches that add
different clips merge without conflict.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import msgspec

from tts_assets.errors import InputError

#: The ledger's name inside the output folder.
NAME = "ledger.jsonl"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one asset was made from, and what it is; what is not known is left out.

    Args:
        asset: its path below the output folder.
        recipe: the hash of everything that can change its sound.
        text: the spelling that was to be said.
        reading: the reading that was to be heard, in katakana; None where none was given.
        accent: the accent nucleus that was given; None where none was.
        spoken: how the engine said it, in accent notation such as ハ↓シ.
        basis: how the engine came by that reading.
        voice: provider and name of the voice.
        speed: the voice's speed.
        engine: the engine's parts with their versions.
        sha256: hash of the file's bytes.
        bytes: the file's size.
        seconds: its length.
        lufs: its integrated loudness.
        peak_dbtp: its true peak.
        billed: what a service charged for it, in its own credits.
        credit: the line that the voice's licence asks for, where a service told it.
    """

    asset: str
    recipe: str
    text: str
    reading: str | None
    accent: int | None = None
    spoken: str = ""
    basis: str = ""
    voice: str
    speed: float
    engine: str
    sha256: str
    bytes: int
    seconds: float
    lufs: float
    peak_dbtp: float
    billed: float | None = None
    credit: str = ""


class Recorded(NamedTuple):
    """As much of a line as planning needs; an empty recipe vouches for nothing.

    A tuple, as every run makes one for each asset there is.
    """

    recipe: str
    bytes: int


class _Key(msgspec.Struct, gc=False):
    """The same as it is read and written."""

    asset: str
    recipe: str
    bytes: int


_key_decoder = msgspec.json.Decoder(_Key)


class Origin(msgspec.Struct, frozen=True, gc=False):
    """What an asset was made from, as far as its line says; an empty text says nothing."""

    recipe: str
    text: str = ""
    reading: str | None = None
    accent: int | None = None
    voice: str = ""
    speed: float = 1.0
    engine: str = ""


_origin_decoder = msgspec.json.Decoder(Origin)


def encode(line: Line) -> bytes:
    """The line with its line feed."""
    return msgspec.json.encode(line) + b"\n"


def being_replaced(asset: str) -> bytes:
    """A line that takes back what earlier ones say of an asset, until the next one."""
    return msgspec.json.encode(_Key(asset=asset, recipe="", bytes=0)) + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a ledger says.

    Args:
        recorded: what each asset was made from and its size, by its path.
        tidy: it is as a finished run leaves it: whole, sorted, one line each.
    """

    recorded: dict[str, Recorded] = field(default_factory=dict)
    tidy: bool = True


def read(data: bytes, *, file: str) -> Known:
    """Read a ledger; of two lines for one asset the last wins.

    A last line without its line feed was torn by a killed run and is left out.

    Raises:
        InputError: a whole line is not a ledger line, as after a merge with conflicts.
    """
    whole = data.rfind(b"\n") + 1
    keys = _keys(data[:whole], file)
    tidy = whole == len(data) and all(one.asset < next_.asset for one, next_ in pairwise(keys))
    return Known(recorded={key.asset: Recorded(key.recipe, key.bytes) for key in keys}, tidy=tidy)


def origins(data: bytes) -> list[Origin]:
    """What all lines say of where assets came from, in their order; what is no line is left out."""
    found = []
    for line in data.splitlines():
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            found.append(_origin_decoder.decode(line))
    return found


def _keys(data: bytes, file: str) -> list[_Key]:
    """What planning needs of each line."""
    try:
        return _key_decoder.decode_lines(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    # Only now, for the message: which line it is.
    for number, line in enumerate(data.splitlines(), 1):
        try:
            _key_decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise InputError(
                "this is no line of a ledger: settle the merge, or delete the line, and its asset "
                "is trusted by its name alone",
                file=file,
                line=number,
            ) from exc
    return []


def compacted(data: bytes, *, file: str) -> bytes:
    """The same ledger as a finished run leaves it."""
    lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
    by_asset = {
        key.asset: line for key, line in zip(_keys(b"".join(lines), file), lines, strict=True)
    }
    return b"".join(by_asset[asset] for asset in sorted(by_asset))
