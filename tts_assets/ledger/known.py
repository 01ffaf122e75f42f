"""What a ledger says as a whole: read, held against itself, and made tidy."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from tts_assets.errors import InputError
from tts_assets.ledger.line import VERSION, being_replaced
from tts_assets.ledger.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CONFLICT = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


class Recorded(NamedTuple):
    """As much of a line as planning needs; an empty recipe vouches for nothing.

    A tuple, as every run makes one for each asset there is.
    """

    recipe: str
    bytes: int


class _Key(msgspec.Struct, gc=False):
    """The same as it is read."""

    asset: str
    recipe: str
    bytes: int
    version: int = 1


class _Sum(msgspec.Struct, gc=False):
    """What tells lines for one asset apart."""

    asset: str
    recipe: str
    sha256: str = ""


_key_decoder = msgspec.json.Decoder(_Key)
_sum_decoder = msgspec.json.Decoder(_Sum)


def _recorded(key: _Key) -> Recorded:
    return Recorded(key.recipe, key.bytes)


def _nothing(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a ledger says.

    Args:
        recorded: what each asset was made from and its size, by its path.
        tidy: it is as a finished run leaves it: whole, sorted, one line each.
    """

    recorded: dict[str, Recorded] = field(default_factory=dict)
    tidy: bool = True


def read(data: bytes, *, file: str, hash_of: Callable[[str], str | None] = _nothing) -> Known:
    """Read a ledger; of several lines for one asset the last wins.

    A last line without its line feed was torn by a killed run and is left out. Where git took the
    lines of two branches for one asset, the one with the hash of its file counts; without such a
    file, none.

    Args:
        data: all of its bytes.
        file: its path, for messages.
        hash_of: the SHA-256 of an asset's file in hex, None where there is none; hardly ever asked.

    Raises:
        InputError: a whole line is not a ledger line, as after a merge with conflicts, or one of a
            newer version.
    """
    return read_from(io.BytesIO(data), file=file, hash_of=hash_of)


def read_from(
    stream: BinaryIO, *, file: str, hash_of: Callable[[str], str | None] = _nothing
) -> Known:
    """The same for an open file: of a ledger in order, only one piece at a time is in memory."""
    recorded: dict[str, Recorded] = {}
    count, last, is_whole = 0, "", True
    for piece in pieces(stream):
        whole = piece.rfind(b"\n") + 1
        is_whole = whole == len(piece)
        keys = _sound_keys(piece[:whole]) if whole else []
        assets = [key.asset for key in keys or ()]
        recorded.update(zip(assets, map(_recorded, keys or ()), strict=True))
        count += len(assets)
        in_order = keys is not None and assets == sorted(assets) and [last] < assets[:1]
        if whole and not (in_order and len(recorded) == count):
            stream.seek(0)
            return _disordered(stream.read(), file=file, hash_of=hash_of)
        last = assets[-1] if assets else last
    return Known(recorded=recorded, tidy=is_whole)


def _sound_keys(lines: bytes) -> list[_Key] | None:
    """What planning needs of each line; None where one of them has to be looked at for itself."""
    try:
        keys = _key_decoder.decode_lines(lines)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    # All at once: there are a million of them.
    assets = "\n".join(["", *[key.asset for key in keys], ""])
    doubtful = any(sign in assets for sign in ("..", "\0", "\n/", "\n\\", "\n\n"))
    newest = max([key.version for key in keys], default=VERSION)
    return None if doubtful or newest > VERSION else keys


def _disordered(data: bytes, *, file: str, hash_of: Callable[[str], str | None]) -> Known:
    """What a ledger says whose lines are not in order, or in which one is wrong; see :func:`read`."""
    whole = data.rfind(b"\n") + 1
    keys = _keys(data[:whole], file)
    recorded = {key.asset: _recorded(key) for key in keys}
    if all(one.asset < other.asset for one, other in pairwise(keys)):
        return Known(recorded=recorded, tidy=whole == len(data))
    chosen = _chosen(_lines(data[:whole]), hash_of)
    for asset, number in chosen.items():
        recorded[asset] = Recorded("", 0) if number is None else _recorded(keys[number])
    return Known(recorded=recorded, tidy=False)


def compacted(data: bytes, *, file: str, hash_of: Callable[[str], str | None] = _nothing) -> bytes:
    """The same ledger as a finished run leaves it; the arguments are those of :func:`read`."""
    whole = data[: data.rfind(b"\n") + 1]
    lines = [line + b"\n" for line in _lines(whole)]
    keys = _keys(whole, file)
    by_asset = {key.asset: line for key, line in zip(keys, lines, strict=True)}
    if len(by_asset) < len(lines):
        for asset, number in _chosen(lines, hash_of).items():
            by_asset[asset] = being_replaced(asset) if number is None else lines[number]
    return b"".join(by_asset[asset] for asset in sorted(by_asset))


def _lines(data: bytes) -> list[bytes]:
    """The lines that say something, without their ends."""
    return [line for line in data.splitlines() if line.strip()]


def _chosen(lines: Sequence[bytes], hash_of: Callable[[str], str | None]) -> dict[str, int | None]:
    """Which line counts for each asset of which two say different things; None where none does."""
    said: dict[str, list[tuple[int, _Sum]]] = {}
    for number, line in enumerate(lines):
        one = _sum_decoder.decode(line)
        if not one.recipe:
            # What was said before is taken back.
            said[one.asset] = []
        else:
            said.setdefault(one.asset, []).append((number, one))
    found: dict[str, int | None] = {}
    for asset, rows in said.items():
        if len({(each.recipe, each.sha256) for _, each in rows}) > 1:
            there = hash_of(asset)
            right = [number for number, each in rows if each.sha256 == there]
            found[asset] = right[-1] if right else _last_of_one(rows)
    return found


def _last_of_one(rows: Sequence[tuple[int, _Sum]]) -> int | None:
    """The last line, where all are takes of one recipe; None where they are not."""
    return rows[-1][0] if len({each.recipe for _, each in rows}) == 1 else None


def _keys(data: bytes, file: str) -> list[_Key]:
    """What planning needs of each line."""
    try:
        keys = _key_decoder.decode_lines(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise _no_line(data, file) from exc
    _refuse_outside(keys, data, file)
    newest = max((key.version for key in keys), default=VERSION)
    if newest > VERSION:
        number = next(number for number, key in enumerate(keys) if key.version > VERSION)
        raise InputError(
            f"a newer tts-assets wrote this line (version {newest} of ledgers, and this one knows "
            f"them up to {VERSION}): upgrade tts-assets here",
            file=file,
            line=_line_number(data, number),
        )
    return keys


def _line_number(data: bytes, key: int) -> int:
    """The 1-based line of a key, by its place among the keys: empty lines have none."""
    lines = enumerate(data.splitlines(), 1)
    return next(islice((number for number, line in lines if line.strip()), key, None))


def _refuse_outside(keys: Sequence[_Key], data: bytes, file: str) -> None:
    """A path that leads out of the output folder is none of ours: nothing may be done by it."""
    for number, key in enumerate(keys):
        asset = key.asset
        if ".." in asset or asset[:1] in {"", "/", "\\"} or "\0" in asset:
            steps = asset.replace("\\", "/").split("/")
            if ".." in steps or asset[:1] in {"", "/", "\\"} or "\0" in asset:
                raise InputError(
                    f"the asset {asset!r} would lie outside of the output folder: delete the line",
                    file=file,
                    line=_line_number(data, number),
                )


def _no_line(data: bytes, file: str) -> InputError:
    """Which line is none, and what to do about it."""
    for number, line in enumerate(data.splitlines(), 1):
        try:
            if line.strip():
                _key_decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            what = (
                "git left the mark of a conflict here: take the lines of both sides, and let "
                "`.gitattributes` say `ledger.jsonl merge=union`"
                if line.startswith(_CONFLICT)
                else "this is no line of a ledger: settle the merge, or delete the line, and its "
                "asset is trusted by its name alone"
            )
            return InputError(what, file=file, line=number)
    raise AssertionError(file)
