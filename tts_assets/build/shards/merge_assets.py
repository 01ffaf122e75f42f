"""Assets of parts that go into the output folder, and those that must not."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.build.generate.clip import OutputTarget, store_asset
from tts_assets.build.plan import output_folder
from tts_assets.build.shards.merge_patches import threads
from tts_assets.errors import ClipError, FatalError
from tts_assets.regular_files import read_regular
from tts_assets.store import ledger_line
from tts_assets.store.atomic_files import AppendLog, sha256
from tts_assets.store.ledger import Provenance, compact_ledger, origins, read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from tts_assets.build.shards.merge_patches import PartLine
    from tts_assets.model import Decision
    from tts_assets.store.atomic_files import Storage


#: Nobody's recording.
_EMPTY = sha256(b"")


class _Place(Enum):
    """What the output folder has where an asset of a part goes."""

    FREE = auto()
    RIGHT = auto()
    CHANGED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The assets of all parts.

    Args:
        wanted: what the output folder lacks.
        there: what it has already.
        changed: where it has something that came after the shard was planned.
    """

    wanted: list[PartLine] = field(default_factory=list)
    there: list[PartLine] = field(default_factory=list)
    changed: list[PartLine] = field(default_factory=list)


def read_origins(store: Storage) -> dict[str, Provenance]:
    """What the ledger of the output folder says of its assets.

    Raises:
        InputError: it is damaged, or cannot be read.
    """
    path = store.root / ledger_line.LEDGER_NAME
    tidy = compact_ledger(output_folder.bytes_of(path), file=str(path), hash_of=store.hash_of)
    return {origin.asset: origin for origin in origins(tidy)}


def read_rejections(store: Storage) -> dict[str, Decision]:
    """The decision on each asset of the output folder whose sound somebody rejected.

    Raises:
        InputError: its ledger is damaged, or cannot be read.
    """
    path = store.root / ledger_line.LEDGER_NAME
    known = read_ledger(output_folder.bytes_of(path), file=str(path), hash_of=store.hash_of)
    return known.rejected


def sort_out(
    lines: Mapping[str, PartLine], store: Storage, rejected: Container[str] = ()
) -> Sorted:
    """Hold the assets of all parts against the output folder.

    Args:
        lines: those of all parts, by their assets.
        store: the output folder.
        rejected: its assets whose sounds somebody rejected: others take their place.

    Raises:
        InputError: its ledger is damaged.
        FatalError: an asset cannot be read, or a folder lies in its place.
    """
    known = read_origins(store)
    found = Sorted()
    lists = {_Place.FREE: found.wanted, _Place.RIGHT: found.there, _Place.CHANGED: found.changed}
    each_of = [lines[asset] for asset in sorted(lines)]
    with threads() as pool:
        places = pool.map(
            lambda each: _place(
                each, known.get(each.line.asset), store, is_rejected=each.line.asset in rejected
            ),
            each_of,
        )
        for each, place in zip(each_of, places, strict=True):
            lists[place].append(each)
    return found


def copy(
    wanted: Sequence[PartLine],
    store: Storage,
    copied: Callable[[], None],
    *,
    rejected: Container[str] = (),
    earlier: Path = Path(),
) -> None:
    """Bring assets into the output folder, each with its line.

    Args:
        wanted: the assets.
        store: the output folder; only under its lock.
        copied: called for each that is there.
        rejected: assets of the output folder whose sounds somebody rejected.
        earlier: where these are kept when others take their names.

    Raises:
        FatalError: one cannot be read or stored.
    """
    if not wanted:
        return
    log = AppendLog(store.root / ledger_line.LEDGER_NAME)
    shelf = OutputTarget(storage=store, log=log, rejected=rejected, earlier=earlier)
    try:
        with threads() as pool:
            # Gone through, or nothing that went wrong would be raised.
            for _ in pool.map(lambda each: _copy(each, shelf), wanted):
                copied()
    finally:
        log.close()


def _place(
    each: PartLine, before: Provenance | None, store: Storage, *, is_rejected: bool
) -> _Place:
    now = each.line
    try:
        store.refuse_folder(now.asset)
    except ClipError as exc:
        raise FatalError(str(exc)) from exc
    replaced = each.part.replaced.get(now.asset, set())
    there = store.hash_of(now.asset)
    if before is None:
        # What the ledger does not know may be the only copy of somebody's recording.
        named = now.recipe in now.asset
        free = named or there in {None, _EMPTY, now.sha256} or ("", there) in replaced
        return _Place.FREE if free else _Place.CHANGED
    if not before.recipe:
        # A run was killed while it was replaced.
        return _Place.FREE
    if before.recipe == now.recipe:
        if there != before.sha256:
            return _Place.FREE
        if before.sha256 == now.sha256 or not (each.part.header.forced or is_rejected):
            return _Place.RIGHT
    is_same = (before.recipe, before.sha256) in replaced
    return _Place.FREE if is_same else _Place.CHANGED


def _copy(each: PartLine, shelf: OutputTarget) -> None:
    path = each.part.folder / each.line.asset
    try:
        data = read_regular(path)
    except OSError as exc:
        raise FatalError(f"cannot read {path}: {exc.strerror}") from exc
    if sha256(data) != each.line.sha256:
        raise FatalError(f"{path} was changed while it was merged: merge again")
    store_asset(each.line, data, shelf)
