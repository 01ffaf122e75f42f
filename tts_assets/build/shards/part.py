"""All of a part, read once its run came to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tts_assets.build.shards.files import AGAIN, data_of, whole_lines_of
from tts_assets.build.shards.header import HEADER_NAME, Header, read_header
from tts_assets.build.shards.replaced import read_replaced
from tts_assets.build.shards.urls import URLS_NAME, Patch
from tts_assets.errors import InputError
from tts_assets.store.failures import NAME, read_failures
from tts_assets.store.ledger import known, origin
from tts_assets.store.ledger.line import LEDGER_NAME, Line
from tts_assets.store.names import is_asset_name

if TYPE_CHECKING:
    from pathlib import Path


class Told(NamedTuple):
    """Where a line of a part stands."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All that a shard left in its folder.

    Args:
        folder: where it is.
        header: what it was told.
        lines: what its ledger says of its assets, by their paths, and where.
        replaced: the recipes and hashes that the output folder had for an asset, by its path, when
            its shard was planned.
        urls: the URLs of its clips, and where they stand.
        failures: the bytes of its record of failures.
    """

    folder: Path
    header: Header
    lines: dict[str, tuple[Line, Told]]
    replaced: dict[str, set[tuple[str, str]]]
    urls: list[tuple[Patch, Told]]
    failures: bytes


def read_shard(folder: Path) -> Part:
    """All of a part that came to its end.

    Raises:
        InputError: it is none, did not come to its end, or is damaged.
    """
    told = read_header(folder)
    if told is None:
        what = "there is no such folder" if not folder.is_dir() else f"it has no {HEADER_NAME}"
        raise InputError(
            f"this is no part that a run with --shard made: {what}; name the parts, or leave it out",
            file=str(folder),
        )
    if not told.finished:
        raise InputError(
            f"the run of {told.name} was killed, or is still at work: {AGAIN}", file=str(folder)
        )
    path = folder / NAME
    record = data_of(path) or b""
    read_failures(record, file=str(path))
    return Part(
        folder=folder,
        header=told,
        lines=_lines(folder / LEDGER_NAME),
        replaced=_replaced(folder),
        urls=_urls(folder / URLS_NAME),
        failures=record,
    )


def _lines(path: Path) -> dict[str, tuple[Line, Told]]:
    data = whole_lines_of(path)
    # Refuses what is no line at all, is newer, or leads out of the folder.
    known.read_ledger(data, file=str(path))
    found: dict[str, tuple[Line, Told]] = {}
    for number, raw in enumerate(data.splitlines(), 1):
        if not raw.strip():
            continue
        line = next(origin.whole_lines(raw), None)
        if line is None or not line.recipe or line.asset in found:
            raise InputError(
                f"no run that came to its end leaves such a line: {AGAIN}",
                file=str(path),
                line=number,
            )
        if not is_asset_name(line.asset):
            raise InputError(
                f"{line.asset!r} is no name of an asset, so no run made this line: leave this part "
                "out, or run its shard again in an empty folder",
                file=str(path),
                line=number,
            )
        found[line.asset] = line, Told(str(path), number)
    return found


def _replaced(folder: Path) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for each in read_replaced(folder):
        found.setdefault(each.asset, set()).add((each.recipe, each.sha256))
    return found


def _urls(path: Path) -> list[tuple[Patch, Told]]:
    data = whole_lines_of(path)
    decoder = msgspec.json.Decoder(Patch)
    found = []
    for number, raw in enumerate(data.splitlines(), 1):
        try:
            found.append((decoder.decode(raw), Told(str(path), number)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise InputError(
                f"this is no URL of a shard ({exc}): {AGAIN}", file=str(path), line=number
            ) from exc
    return found
