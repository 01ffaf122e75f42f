"""Merges shards: which assets enter the output folder, and which must not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.build.events import Waiting
from tts_assets.build.generate.clip import OutputTarget, leave_tidy, store_asset
from tts_assets.build.plan import output_folder
from tts_assets.build.shards.merge_patches import WAITING_NAME, MergedShards, readers, threads
from tts_assets.build.shards.shard_record import short_name
from tts_assets.catalogues.write_back import write_urls
from tts_assets.errors import ClipError, FatalError, InputError
from tts_assets.regular_files import read_regular
from tts_assets.store import failures, ledger_line, segment_cache
from tts_assets.store.atomic_files import AppendLog, Storage, sha256
from tts_assets.store.ledger import Provenance, compact_ledger, origins, read_ledger
from tts_assets.store.timelines import heal

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from tts_assets.build.events import Event
    from tts_assets.build.shards.merge_patches import PartLine, Readers
    from tts_assets.catalogues.write_back import ClipAddress, PendingUrl
    from tts_assets.config.settings import Settings
    from tts_assets.model import Decision


#: The hash of an empty file, which is no recording.
_EMPTY = sha256(b"")


class _Place(Enum):
    """The state of an asset's path in the output folder."""

    FREE = auto()
    RIGHT = auto()
    CHANGED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The assets of all shards."""

    wanted: list[PartLine] = field(default_factory=list)  #: the assets that the output folder lacks
    there: list[PartLine] = field(default_factory=list)  #: the assets that it already has
    #: The assets that changed there after the shard was planned.
    changed: list[PartLine] = field(default_factory=list)


def read_origins(store: Storage) -> dict[str, Provenance]:
    """The ledger lines of the output folder, by asset.

    Raises:
        InputError: it is damaged, or cannot be read.
    """
    path = store.root / ledger_line.LEDGER_NAME
    tidy = compact_ledger(output_folder.bytes_of(path), file=str(path), hash_of=store.hash_of)
    return {origin.asset: origin for origin in origins(tidy)}


def read_rejections(store: Storage) -> dict[str, Decision]:
    """The decision on each asset of the output folder whose audio a reviewer rejected.

    Raises:
        InputError: its ledger is damaged, or cannot be read.
    """
    path = store.root / ledger_line.LEDGER_NAME
    ledger = read_ledger(output_folder.bytes_of(path), file=str(path), hash_of=store.hash_of)
    return ledger.rejected


def sort_out(
    lines: Mapping[str, PartLine], store: Storage, rejected: Container[str] = ()
) -> Sorted:
    """Compare the assets of all shards with the output folder.

    Args:
        lines: the lines of all shards, by asset.
        store: the output folder.
        rejected: its assets whose audio a reviewer rejected; they may be replaced.

    Raises:
        InputError: its ledger is damaged.
        FatalError: an asset cannot be read, or its path is a folder.
    """
    recorded = read_origins(store)
    found = Sorted()
    lists = {_Place.FREE: found.wanted, _Place.RIGHT: found.there, _Place.CHANGED: found.changed}
    each_of = [lines[asset] for asset in sorted(lines)]
    with threads() as pool:
        places = pool.map(
            lambda each: _place(
                each, recorded.get(each.line.asset), store, is_rejected=each.line.asset in rejected
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
    """Copy assets into the output folder, each with its line.

    Args:
        wanted: the assets.
        store: the output folder; the caller holds its lock.
        copied: called for each copied asset.
        rejected: assets of the output folder whose audio a reviewer rejected.
        earlier: the folder that keeps the rejected audio when it is replaced.

    Raises:
        FatalError: one cannot be read or stored.
    """
    if not wanted:
        return
    log = AppendLog(store.root / ledger_line.LEDGER_NAME)
    target = OutputTarget(storage=store, log=log, rejected=rejected, earlier=earlier)
    try:
        with threads() as pool:
            # Iterate over the results, so that errors are raised.
            for _ in pool.map(lambda each: _copy(each, target), wanted):
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
    current = store.hash_of(now.asset)
    if before is None:
        # A file that is not in the ledger may be the only copy of a user's recording.
        named = now.recipe in now.asset
        free = named or current in {None, _EMPTY, now.sha256} or ("", current) in replaced
        return _Place.FREE if free else _Place.CHANGED
    if not before.recipe:
        # A run was killed while it replaced the asset.
        return _Place.FREE
    if before.recipe == now.recipe:
        if current != before.sha256:
            return _Place.FREE
        if before.sha256 == now.sha256 or not (each.part.header.forced or is_rejected):
            return _Place.RIGHT
    is_same = (before.recipe, before.sha256) in replaced
    return _Place.FREE if is_same else _Place.CHANGED


def _copy(each: PartLine, target: OutputTarget) -> None:
    path = each.part.folder / each.line.asset
    try:
        data = read_regular(path)
    except OSError as exc:
        raise FatalError(f"cannot read {path}: {exc.strerror}") from exc
    if sha256(data) != each.line.sha256:
        raise FatalError(f"{path} changed during the merge: merge again")
    store_asset(each.line, data, target)


# Merge shards into the output folder and the catalogues: check everything, then change it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The result of a merge."""

    parts: tuple[str, ...]  #: the folders of the shards, in order; they are not changed
    count: int  #: the number of shards
    missing: tuple[int, ...] = ()  #: the shards that are not merged yet
    copied: int = 0  #: assets copied into the output folder
    there: int = 0  #: assets that already existed there
    #: Assets that it keeps, because they changed after the shards were planned.
    changed: tuple[str, ...] = ()
    failed: int = 0  #: clips that failed in the shards
    left: int = 0  #: clips that the shards did not generate
    urls_written: int = 0  #: URLs written into the catalogues
    urls_missed: int = 0  #: URLs whose entry changed since, or has a foreign URL now
    urls_waiting: int = 0  #: URLs to write when the missing shards are merged
    problems: tuple[InputError, ...] = ()  #: catalogues and entries whose URLs could not be written


def merge(
    settings: Settings,
    folders: Sequence[Path] = (),
    *,
    on_event: Callable[[Event], None] | None = None,
    on_copied: Callable[[int, int], None] | None = None,
) -> Merged:
    """Merge any number of shards in any order; merging a shard again is allowed.

    Everything is checked before anything is changed. An intact asset of the same recipe in the
    output folder is kept, unless its shard ran with ``--force``. An asset that changed there after
    its shard was planned is kept, too. All URLs are written at once when the last shard of a plan
    is merged, so that new keys are in the same order as after a single run. Until then they are
    stored in the output folder.

    Args:
        settings: the output folder, and how to read catalogues.
        folders: the folders of the shards; empty for all next to the output folder.
        on_event: called while another run holds the lock of the output folder or a catalogue.
        on_copied: called for each copied asset, with the number copied and the total.

    Raises:
        UsageError: there are no shards, or a catalogue is missing.
        InputError: a folder is no shard, is damaged or belongs to another plan; shards contradict
            each other or the stored URLs; or the ledger of the output folder or its record of
            failures is damaged.
        FatalError: the output folder cannot be written to.
    """
    tell = on_event or (lambda _: None)
    store = output_folder.open_storage(settings)
    joined = MergedShards(settings, folders)
    catalogues = readers(settings, joined.urls)
    read_origins(store)
    _failures(store)
    store.prepare()
    with store.lock(lambda: tell(Waiting(path=str(store.root)))):
        earlier = segment_cache.folder(settings.temp, settings.state_folder)
        merged = _store(joined, store, on_copied or (lambda *_: None), earlier)
        if joined.missing:
            known = sum(each.known for each in catalogues.values())
            if not (merged.copied or merged.changed) and joined.is_known(known):
                return replace(merged, missing=())
            store.replace(WAITING_NAME, joined.encode_waiting())
            return replace(merged, urls_waiting=sum(map(len, joined.urls.values())))
        for file, urls in joined.urls.items():
            merged = _write(merged, catalogues[file], urls, tell)
        if not merged.problems:
            store.remove(WAITING_NAME)
    return merged


def _store(
    joined: MergedShards, store: Storage, copied: Callable[[int, int], None], earlier: Path
) -> Merged:
    """Merge assets, ledger and failures into the output folder."""
    failed_before = _failures(store)
    rejected = read_rejections(store)
    found = sort_out(joined.lines, store, rejected)
    folders = sorted({asset.rpartition("/")[0] for asset in joined.lines})
    store.refuse_links(folders)
    store.sweep(folders)
    numbers = count(1)

    def one_more() -> None:
        copied(next(numbers), len(found.wanted))

    copy(found.wanted, store, one_more, rejected=rejected, earlier=earlier)
    leave_tidy(store)
    # Existing assets may come from an interrupted merge, and lack their time lines.
    heal(store, {each.line.asset for each in found.there if each.line.cues})
    return Merged(
        parts=tuple(str(part.folder) for part in joined.parts),
        count=joined.count,
        missing=joined.missing,
        copied=len(found.wanted),
        there=len(found.there),
        changed=tuple(each.line.asset for each in found.changed),
        failed=_remember(joined, [*found.wanted, *found.there], failed_before, store),
        left=joined.left,
    )


def _failures(store: Storage) -> bytes:
    """The record of failures of the output folder, without a truncated last line.

    Raises:
        InputError: it is damaged, or cannot be read.
    """
    path = store.root / failures.NAME
    data = output_folder.bytes_of(path)
    failures.read_failures(data, file=str(path))
    return data[: data.rfind(b"\n") + 1]


def _remember(joined: MergedShards, made: Iterable[PartLine], before: bytes, store: Storage) -> int:
    """Merge the records of failures; returns the number of failed clips."""
    path = store.root / failures.NAME
    record = b"".join(part.failures for part in joined.parts)
    after = failures.update_failures(
        before + record,
        file=str(path),
        made={each.line.recipe for each in made},
        failed={},
    )
    store.leave(failures.NAME, after, before=before)
    return len(failures.read_failures(record, file=str(path)))


def _write(
    merged: Merged,
    catalogue: Readers,
    urls: Mapping[ClipAddress, PendingUrl],
    tell: Callable[[Event], None],
) -> Merged:
    """Write the URLs of one catalogue."""
    names = {short_name(source.name): source.name for source in catalogue.sources}
    wanted = {
        (names.get(source, source), entry, part, form): url
        for (source, entry, part, form), url in urls.items()
    }
    file = catalogue.file
    try:
        waiting = partial(tell, Waiting(path=file))
        written = write_urls(file, catalogue.sources, wanted, waiting, catalogue.overrides)
    except InputError as problem:
        return replace(merged, problems=(*merged.problems, problem))
    return replace(
        merged,
        urls_written=merged.urls_written + written.urls,
        urls_missed=merged.urls_missed + written.missed,
        problems=(*merged.problems, *dict.fromkeys(written.problems)),
    )
