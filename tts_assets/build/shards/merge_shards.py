"""Merges shards, once `MergedShards` has checked them all, into the output folder and the catalogues."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from tts_assets.build.events import Waiting
from tts_assets.build.generate.clip import OutputTarget, leave_tidy, store_asset
from tts_assets.build.plan import output_folder
from tts_assets.build.shards.merge_patches import (
    WAITING_NAME,
    MergedShards,
    find_readers,
    open_threads,
)
from tts_assets.catalogues.write_back import write_urls
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.errors import ClipError, FatalError, InputError
from tts_assets.regular_files import read_regular
from tts_assets.store import failures, segment_cache
from tts_assets.store.atomic_files import AppendLog, Storage, sha256
from tts_assets.store.ledger import Provenance, compact_ledger, origins
from tts_assets.store.ledger_line import LEDGER_NAME
from tts_assets.store.timelines import write_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from tts_assets.build.events import Event
    from tts_assets.build.shards.merge_patches import Readers, ShardAsset
    from tts_assets.catalogues.write_back import ClipAddress, PendingUrl
    from tts_assets.config.settings import Settings


_EMPTY = sha256(b"")  #: the hash of an empty file, which is not a recording


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
    catalogues = find_readers(settings, joined.urls)
    _read_origins(store)
    _read_failures(store)
    store.prepare()
    with store.lock(lambda: tell(Waiting(path=str(store.root)))):
        if not joined.is_current():
            joined = MergedShards(settings, folders)
            catalogues = find_readers(settings, joined.urls)
        earlier = segment_cache.rejected_audio_dir_for(settings.temp, settings.state_folder)
        merged = _store_assets(joined, store, on_copied or (lambda *_: None), earlier)
        if joined.missing:
            known = sum(each.known for each in catalogues.values())
            if not (merged.copied or merged.changed) and joined.is_known(known):
                return replace(merged, missing=())
            store.replace(WAITING_NAME, joined.encode_waiting())
            return replace(merged, urls_waiting=sum(map(len, joined.urls.values())))
        for file, urls in joined.urls.items():
            merged = _write_catalogue(merged, catalogues[file], urls, tell)
        if not merged.problems:
            store.remove(WAITING_NAME)
    return merged


def _store_assets(
    joined: MergedShards, store: Storage, copied: Callable[[int, int], None], earlier: Path
) -> Merged:
    """Merge assets, ledger and failures into the output folder."""
    failed_before = _read_failures(store)
    rejected = output_folder.read_known_ledger(store).rejected
    missing, present, changed = _compare_assets(joined.assets, store, rejected)
    folders = sorted({asset.rpartition("/")[0] for asset in joined.assets})
    store.refuse_links(folders)
    store.sweep(folders)
    if missing:
        log = AppendLog(store.root / LEDGER_NAME)
        target = OutputTarget(storage=store, log=log, rejected=rejected, earlier=earlier)
        with closing(log), open_threads() as pool:
            # Iterate over the results, so that errors are raised.
            results = pool.map(partial(_copy_asset, target=target), missing)
            for number, _ in enumerate(results, 1):
                copied(number, len(missing))
    leave_tidy(store)
    # Existing assets may come from an interrupted merge, and lack their time lines.
    write_missing(store, {each.line.asset for each in present if each.line.cues})
    return Merged(
        parts=tuple(str(shard.folder) for shard in joined.shards),
        count=joined.count,
        missing=joined.missing,
        copied=len(missing),
        there=len(present),
        changed=tuple(each.line.asset for each in changed),
        failed=_store_failures(joined, [*missing, *present], failed_before, store),
        left=joined.left,
    )


def _read_origins(store: Storage) -> dict[str, Provenance]:
    """The ledger lines of the output folder, by asset."""
    path = store.root / LEDGER_NAME
    tidy = compact_ledger(output_folder.bytes_of(path), file=str(path), hash_of=store.hash_of)
    return {origin.asset: origin for origin in origins(tidy)}


def _compare_assets(
    assets: Mapping[str, ShardAsset], store: Storage, rejected: Container[str]
) -> tuple[list[ShardAsset], list[ShardAsset], list[ShardAsset]]:
    """The assets that the output folder lacks, those that it has, and those that changed there.

    An asset whose audio a reviewer rejected may be replaced.
    """
    recorded = _read_origins(store)

    def compare(each: ShardAsset) -> str:
        asset = each.line.asset
        return _compare_asset(each, recorded.get(asset), store, is_rejected=asset in rejected)

    every = [assets[asset] for asset in sorted(assets)]
    with open_threads() as pool:
        states = list(zip(every, pool.map(compare, every), strict=True))
    missing, present, changed = (
        [each for each, state in states if state == which]
        for which in ("missing", "present", "changed")
    )
    return missing, present, changed


def _compare_asset(
    each: ShardAsset, before: Provenance | None, store: Storage, *, is_rejected: bool
) -> Literal["missing", "present", "changed"]:
    """Whether the output folder lacks an asset or has it, or it changed there since the plan."""
    now = each.line
    try:
        store.refuse_folder(now.asset)
    except ClipError as exc:
        raise FatalError(str(exc)) from exc
    replaced = each.shard.replaced.get(now.asset, set())
    current = store.hash_of(now.asset)
    if before is None:
        # A file that is not in the ledger may be the only copy of a user's recording.
        named = now.recipe in now.asset
        is_free = named or current in {None, _EMPTY, now.sha256} or ("", current) in replaced
        return "missing" if is_free else "changed"
    if not before.recipe:
        # A run was killed while it replaced the asset.
        return "missing"
    if before.recipe == now.recipe:
        if current != before.sha256:
            return "missing"
        if before.sha256 == now.sha256 or not (each.shard.header.forced or is_rejected):
            return "present"
    return "missing" if (before.recipe, before.sha256) in replaced else "changed"


def _copy_asset(each: ShardAsset, target: OutputTarget) -> None:
    path = each.shard.folder / each.line.asset
    try:
        data = read_regular(path)
    except OSError as exc:
        raise FatalError(f"cannot read {path}: {exc.strerror}") from exc
    if sha256(data) != each.line.sha256:
        raise FatalError(f"{path} changed during the merge: merge again")
    store_asset(each.line, data, target)


def _read_failures(store: Storage) -> bytes:
    """The record of failures of the output folder, without a truncated last line."""
    path = store.root / failures.NAME
    data = output_folder.bytes_of(path)
    failures.read_failures(data, file=str(path))
    return data[: data.rfind(b"\n") + 1]


def _store_failures(
    joined: MergedShards, made: Iterable[ShardAsset], before: bytes, store: Storage
) -> int:
    """Merge the records of failures; returns the number of failed clips."""
    path = store.root / failures.NAME
    record = b"".join(shard.failures for shard in joined.shards)
    after = failures.update_failures(
        before + record,
        file=str(path),
        made={each.line.recipe for each in made},
        failed={},
    )
    store.update(failures.NAME, after, before=before)
    return len(failures.read_failures(record, file=str(path)))


def _write_catalogue(
    merged: Merged,
    catalogue: Readers,
    urls: Mapping[ClipAddress, PendingUrl],
    tell: Callable[[Event], None],
) -> Merged:
    """Write the URLs of one catalogue."""
    names = {shorten_source_name(source.name): source.name for source in catalogue.sources}
    due = {
        (names.get(source, source), entry, part, form): url
        for (source, entry, part, form), url in urls.items()
    }
    file = catalogue.file
    try:
        waiting = partial(tell, Waiting(path=file))
        written = write_urls(file, catalogue.sources, due, waiting, catalogue.overrides)
    except InputError as problem:
        return replace(merged, problems=(*merged.problems, problem))
    return replace(
        merged,
        urls_written=merged.urls_written + written.urls,
        urls_missed=merged.urls_missed + written.missed,
        problems=(*merged.problems, *dict.fromkeys(written.problems)),
    )
