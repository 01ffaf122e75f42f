"""The records of a shard: URLs to write, assets that it replaced, and its ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tts_assets.build.plan import shared_sounds
from tts_assets.build.shards.shard_header import (
    AGAIN,
    HEADER_NAME,
    Header,
    data_of,
    read_header,
    whole_lines_of,
)
from tts_assets.catalogues.write_back import PendingUrl, make_pending_url
from tts_assets.errors import InputError
from tts_assets.model import SpokenForm, Turn
from tts_assets.store import ledger
from tts_assets.store.asset_file_names import is_asset_name
from tts_assets.store.failures import NAME, read_failures
from tts_assets.store.ledger_line import LEDGER_NAME, Line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tts_assets.catalogues.write_back import ClipAddress
    from tts_assets.model import Clip


#: The name of its file; there is none where the output folder had nothing.
REPLACED_NAME = "replaced.jsonl"


class Replaced(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What may be replaced: anything else under that name came since.

    Args:
        asset: its path below the output folder.
        recipe: what the ledger said that it was made from; empty where it did not know the file.
        sha256: hash of its bytes, as the ledger said; or of the file that it did not know.
    """

    asset: str
    recipe: str
    sha256: str


def encode_replaced(found: Iterable[Replaced]) -> bytes:
    """All of it as it is written: a line each."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in sorted(set(found)))


def read_replaced(folder: Path) -> list[Replaced]:
    """All of it, as the folder of a shard tells it.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    path = folder / REPLACED_NAME
    decoder = msgspec.json.Decoder(Replaced)
    found = []
    for number, raw in enumerate(whole_lines_of(path).splitlines(), 1):
        try:
            found.append(decoder.decode(raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise InputError(
                f"this does not tell what a shard replaces ({exc}): {AGAIN}",
                file=str(path),
                line=number,
            ) from exc
    return found


# The URLs of a shard's clips, a line each, for the merge to write into the catalogues.


#: The name of their file.
URLS_NAME = "urls.jsonl"


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The URL of a clip, and what it belongs to.

    Args:
        file: the catalogue, as seen from the output folder.
        source: the short name of the source that found it.
        entry: the entry's id.
        part: which of its clips, or the time line of which.
        text: what is said, with the rest of the spoken form.
        url: the address.
        instead_of: what stood in its place when its shard was planned, and gives way to it.
    """

    file: str
    source: str
    entry: str
    part: str
    text: str
    reading: str | None = None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    turns: tuple[Turn, ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    url: str
    instead_of: tuple[str, ...] = ()

    @property
    def address(self) -> ClipAddress:
        """What the URL belongs to, with the short name of its source."""
        form = SpokenForm(*(getattr(self, name) for name in SpokenForm._fields))
        return self.source, self.entry, self.part, form

    @property
    def pending_url(self) -> PendingUrl:
        """What is to be written."""
        return PendingUrl(self.url, self.instead_of)


def short_name(source: str) -> str:
    """The name of a source without the configuration's file, which lies elsewhere elsewhere."""
    return source.rpartition(": ")[2]


def patch(clip: Clip, url: str, output: str) -> Patch:
    """The URL of a clip."""
    return Patch(
        file=shared_sounds.from_output(clip.file, output),
        source=short_name(clip.source),
        entry=clip.entry,
        part=clip.part,
        url=url,
        # What is not UTF-8 cannot be told, and then gives way only where everything does.
        instead_of=tuple(filter(_is_utf8, make_pending_url(clip, url).instead_of)),
        **clip.form._asdict(),
    )


def check_name(file: str, output: str) -> None:
    """See that a merge can be told which catalogue is meant.

    Raises:
        InputError: its path cannot be written down.
    """
    try:
        shared_sounds.from_output(file, output).encode()
    except UnicodeEncodeError as exc:
        raise InputError(
            "its path is not UTF-8, so no shard can tell the merge where its URLs go: rename it, "
            "or leave --shard out",
            file=file,
        ) from exc


def _is_utf8(text: str) -> bool:
    return text.encode(errors="ignore").decode() == text


def encode_urls(patches: Iterable[Patch]) -> bytes:
    """URLs as they are written: a line each."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in patches)


# All of a part, read once its run came to its end.


class ShardRecord(NamedTuple):
    """Where a line of a part stands."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOutput:
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
    lines: dict[str, tuple[Line, ShardRecord]]
    replaced: dict[str, set[tuple[str, str]]]
    urls: list[tuple[Patch, ShardRecord]]
    failures: bytes


def read_shard(folder: Path) -> ShardOutput:
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
    return ShardOutput(
        folder=folder,
        header=told,
        lines=_lines(folder / LEDGER_NAME),
        replaced=_read_replaced(folder),
        urls=_urls(folder / URLS_NAME),
        failures=record,
    )


def _lines(path: Path) -> dict[str, tuple[Line, ShardRecord]]:
    data = whole_lines_of(path)
    # Refuses what is no line at all, is newer, or leads out of the folder.
    ledger.read_ledger(data, file=str(path))
    found: dict[str, tuple[Line, ShardRecord]] = {}
    for number, raw in enumerate(data.splitlines(), 1):
        if not raw.strip():
            continue
        line = next(ledger.whole_lines(raw), None)
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
        found[line.asset] = line, ShardRecord(str(path), number)
    return found


def _read_replaced(folder: Path) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for each in read_replaced(folder):
        found.setdefault(each.asset, set()).add((each.recipe, each.sha256))
    return found


def _urls(path: Path) -> list[tuple[Patch, ShardRecord]]:
    data = whole_lines_of(path)
    decoder = msgspec.json.Decoder(Patch)
    found = []
    for number, raw in enumerate(data.splitlines(), 1):
        try:
            found.append((decoder.decode(raw), ShardRecord(str(path), number)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise InputError(
                f"this is no URL of a shard ({exc}): {AGAIN}", file=str(path), line=number
            ) from exc
    return found
