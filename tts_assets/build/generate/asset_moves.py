"""Assets moved to new names, time lines rewritten, and the output folder of a shard."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from tts_assets.build.generate.build_state import iter_clips_with_url, list_run_jobs
from tts_assets.build.generate.clip import OutputTarget, store_asset
from tts_assets.build.plan import output_folder, planner
from tts_assets.build.plan.output_folder import bytes_of, open_ledger
from tts_assets.build.shards import shard_record
from tts_assets.build.shards.shard_record import URLS_NAME, check_name, encode_urls, patch
from tts_assets.errors import ClipError, InputError
from tts_assets.store import atomic_files, ledger, portable_names, timelines
from tts_assets.store.ledger_line import LEDGER_NAME, Line

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from tts_assets.build.generate.build_state import BuildState
    from tts_assets.store.atomic_files import Storage


# Move assets whose audio exists under another name, without an engine.


async def move_assets(run: BuildState, store: Storage) -> None:
    """Store existing audio under its new names; regenerate assets that differ from their lines."""
    held = {item.asset: item for item in run.plan.planned if item.held is not None}
    if run.stop.requested:
        return
    if held:
        await anyio.to_thread.run_sync(_move, run, store, held)
    await anyio.to_thread.run_sync(_clear_away, run, store)
    if held.keys() - run.moved:
        run.plan.planned = [
            item if item.asset in run.moved else item.instead or item for item in run.plan.planned
        ]
        run.jobs = list_run_jobs(run)


def _move(run: BuildState, store: Storage, held: dict[str, planner.ClipPlan]) -> None:
    settings = run.settings
    target = OutputTarget(
        storage=store,
        log=atomic_files.AppendLog(store.root / LEDGER_NAME),
        rejected=run.plan.rejected,
        earlier=run.rejected_audio,
    )
    moves = _Moves(output_folder.open_storage(settings), target, held)
    try:
        moves.do()
    finally:
        run.moved |= moves.done
        run.temporary |= set(moves.temporary.values())
        target.log.close()


def _clear_away(run: BuildState, store: Storage) -> None:
    """Delete temporary assets of this and interrupted runs, once no clip needs them."""
    asides = {asset for asset in (*run.plan.recorded, *run.temporary) if _is_aside(asset)}
    unmoved = any(item.held and item.asset not in run.moved for item in run.plan.planned)
    if not asides or unmoved or not run.is_whole or store.root != Path(run.settings.state_folder):
        return
    for name in asides:
        timelines.delete_files(portable_names.timelines_of(name), store)
        store.delete(name)
    lines = bytes_of(store.root / LEDGER_NAME)
    store.replace(LEDGER_NAME, ledger.without(lines, asides))


#: The suffix of the names of temporary assets.
_ASIDE = re.compile(r"\.moving-[0-9a-f]{32}\.[a-z0-9]+\Z")


def _is_aside(asset: str) -> bool:
    # A fast path for the common case: there may be a million assets.
    return ".moving-" in asset and _ASIDE.search(asset) is not None


class _Moves:
    """Moves assets in an order that loses no audio if the run is killed.

    Overwrite an asset only after all clips that need its audio have it. In a cycle of names, first
    copy one of the assets to a temporary name.
    """

    def __init__(
        self, source: Storage, target: OutputTarget, held: dict[str, planner.ClipPlan]
    ) -> None:
        """Take the moves by their new names; ``source`` is the current storage."""
        self.done: set[str] = set()
        self.temporary: dict[str, str] = {}
        self._source = source
        self._target = target
        self._store = target.storage
        self._held = held
        self._by_source: dict[str, dict[str, planner.ClipPlan]] = {}
        for item in held.values():
            self._by_source.setdefault(item.held or "", {})[item.asset] = item
        self._lines = _lines(source.root, self._by_source.keys())

    def do(self) -> None:
        """Move everything."""
        left = dict(self._held)
        ready = [asset for asset in left if asset not in self._by_source]
        while left:
            if not ready:
                ready.append(next(iter(left)))
                self._put_aside(ready[0])
            item = left.pop(ready.pop())
            self._place(item)
            source = item.held or ""
            dependents = self._by_source[source]
            del dependents[item.asset]
            if not dependents:
                del self._by_source[source]
                if source in left:
                    ready.append(source)

    def _put_aside(self, asset: str) -> None:
        """Copy the audio of a name to a temporary name, so that the name can be overwritten."""
        if self._store.root != self._source.root:
            # A shard writes into its own folder, so it overwrites nothing.
            return
        stem, _, ending = asset.rpartition(".")
        name = f"{stem}.moving-{uuid.uuid4().hex}.{ending}"
        item = next(iter(self._by_source[asset].values()))
        data = self._source.read(asset) or b""
        line = self._lines.get((asset, item.recipe, atomic_files.sha256(data)))
        if line is not None:
            self._store_line(line, name, data)
            self.temporary[asset] = name

    def _place(self, item: planner.ClipPlan) -> None:
        source = item.held or ""
        aside = self.temporary.get(source)
        data = (self._source.read(source) if aside is None else self._store.read(aside)) or b""
        line = self._lines.get((source, item.recipe, atomic_files.sha256(data)))
        if line is not None:
            if not _is_own(item):
                # No reviewer has decided whether it suits this clip.
                line = msgspec.structs.replace(line, review=None)
            # If its path is a folder, the clip is regenerated and fails on its own.
            with suppress(ClipError):
                self._store_line(line, item.asset, data)
                self.done.add(item.asset)

    def _store_line(self, line: Line, asset: str, data: bytes) -> None:
        moved = msgspec.structs.replace(line, asset=asset, billed=None)
        store_asset(moved, data, self._target)


def _is_own(item: planner.ClipPlan) -> bool:
    """Whether the moved asset belongs to the same clip under an earlier name."""
    return any(change.what is planner.Aspect.TEMPLATE for change in item.changes)


def _lines(folder: Path, assets: Container[str]) -> dict[tuple[str, str, str], Line]:
    """The lines of assets by asset, recipe and hash; a ledger merged by git may have several."""
    found: dict[tuple[str, str, str], Line] = {}
    with open_ledger(folder) as stream:
        for line in ledger.whole_lines(stream.read()):
            if line.asset in assets:
                key = (line.asset, line.recipe, line.sha256)
                other = found.get(key, line)
                review = ledger.latest((other.review, line.review))
                found[key] = msgspec.structs.replace(line, review=review)
    return found


# The files of a shard next to its assets: a header for the merge, and the URLs of its clips.


def write_shard_header(run: BuildState, store: Storage) -> None:
    """Write the header, which identifies the plan, before any asset of the shard.

    Raises:
        InputError: the folder belongs to another plan, or the merge could not find a catalogue.
    """
    for each in run.plan.catalogues:
        check_name(each.file, run.settings.state_folder)
    now = _header(run, finished=False)
    before = shard_record.read_header(store.root)
    if before is not None:
        different = before.differs(now)
        if different is not None:
            raise InputError(
                f"it belongs to another plan ({different}): merge or delete it, then run "
                "this shard again",
                file=str(store.root),
            )
        now = msgspec.structs.replace(now, forced=now.forced or before.forced)
    _write_replaced(run, store)
    store.replace(shard_record.HEADER_NAME, shard_record.encode_header(now))


def write_shard_footer(run: BuildState, store: Storage) -> None:
    """Write the URLs, and then mark the shard as finished."""
    urls = [
        patch(clip, url, run.settings.state_folder)
        for item in iter_clips_with_url(run)
        for clip, url in planner.urls_due(item)
    ]
    store.replace(URLS_NAME, encode_urls(urls))
    run.urls_written = len(urls)
    header = shard_record.read_header(store.root) or _header(run, finished=True)
    lines = shard_record.count_lines(store.root)
    header = msgspec.structs.replace(header, finished=True, left=_count_left(run), lines=lines)
    store.replace(shard_record.HEADER_NAME, shard_record.encode_header(header))


def _count_left(run: BuildState) -> int:
    """Count the clips neither generated nor failed: the run stopped or reached a limit."""
    return sum(
        item.recipe not in run.generated
        and item.asset not in run.moved
        and item.recipe not in run.failures
        for item in run.plan.planned
        if item.state in planner.TO_GENERATE
    )


def _write_replaced(run: BuildState, store: Storage) -> None:
    """Record the existing assets that the shard will replace; keep the other records."""
    assets = {item.asset for item in run.plan.planned if item.state in planner.TO_GENERATE}
    before = [each for each in shard_record.read_replaced(store.root) if each.asset not in assets]
    data = shard_record.encode_replaced([*before, *_find_replaced(run, assets)])
    if data:
        store.replace(shard_record.REPLACED_NAME, data)
    else:
        store.remove(shard_record.REPLACED_NAME)


def _find_replaced(run: BuildState, assets: set[str]) -> Iterator[shard_record.Replaced]:
    unknown = set(assets)
    for each in ledger.origins_of(output_folder.ledger_bytes(run.settings), assets):
        if each.asset in assets and each.recipe:
            unknown.discard(each.asset)
            yield shard_record.Replaced(asset=each.asset, recipe=each.recipe, sha256=each.sha256)
    if not run.settings.force:
        return
    # --force also regenerates files that the ledger does not contain.
    output = output_folder.open_storage(run.settings)
    for asset in unknown:
        found = output.hash_of(asset)
        if found is not None:
            yield shard_record.Replaced(asset=asset, recipe="", sha256=found)


def _header(run: BuildState, *, finished: bool) -> shard_record.Header:
    hashes = run.plan.hashes
    assert hashes is not None  # noqa: S101 - the plan of a shard has them
    return shard_record.header(run.settings, run.provider, hashes, finished=finished)
