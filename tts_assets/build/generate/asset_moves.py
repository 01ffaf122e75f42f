"""Assets moved to new names, time lines rewritten, and the output folder of a shard."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from tts_assets.build.generate.build_state import iter_clips_with_url, jobs_of
from tts_assets.build.generate.clip import OutputTarget, store_asset
from tts_assets.build.plan import output_folder, planner
from tts_assets.build.plan.output_folder import bytes_of, open_ledger
from tts_assets.build.shards import shard_record
from tts_assets.build.shards.shard_record import URLS_NAME, check_name, encode_urls, patch
from tts_assets.errors import ClipError, InputError
from tts_assets.regular_files import refuse_link
from tts_assets.store import asset_file_names, atomic_files, ledger, segment_cache, timelines
from tts_assets.store.atomic_files import Storage, fatal
from tts_assets.store.ledger_line import LEDGER_NAME, Line

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from tts_assets.build.generate.build_state import BuildState


async def write_timelines(run: BuildState, store: Storage) -> None:
    """Write them, when the ledger is as a finished run leaves it.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    assets = frozenset(run.plan.untimed)
    run.timelines_written = await anyio.to_thread.run_sync(timelines.heal, store, assets)


# Clips whose sound is there already under another name get it under theirs, without an engine.


async def move_assets(run: BuildState, store: Storage) -> None:
    """Store what is held under its new names; what is not as its line says is made anew.

    Raises:
        FatalError: the disk is full, or the ledger cannot be written.
    """
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
        run.jobs = jobs_of(run)


def _move(run: BuildState, store: Storage, held: dict[str, planner.ClipPlan]) -> None:
    settings = run.settings
    target = OutputTarget(
        storage=store,
        log=atomic_files.AppendLog(store.root / LEDGER_NAME),
        rejected=run.plan.rejected,
        earlier=segment_cache.folder(settings.temp, settings.state_folder),
    )
    moves = _Moves(output_folder.open_storage(settings), target, held)
    try:
        moves.do()
    finally:
        run.moved |= moves.done
        run.aside |= set(moves.aside.values())
        target.log.close()


def _clear_away(run: BuildState, store: Storage) -> None:
    """Remove what was put aside, now or by a run that was killed, when nothing waits for it."""
    asides = {asset for asset in (*run.plan.recorded, *run.aside) if _is_aside(asset)}
    waiting = any(item.held and item.asset not in run.moved for item in run.plan.planned)
    if not asides or waiting or not run.is_whole or store.root != Path(run.settings.state_folder):
        return
    for name in asides:
        timelines.remove(asset_file_names.timelines_of(name), store)
        store.delete(name)
    lines = bytes_of(store.root / LEDGER_NAME)
    store.replace(LEDGER_NAME, ledger.without(lines, asides))


#: The end of the names of sounds that were put aside.
_ASIDE = re.compile(r"\.moving-[0-9a-f]{32}\.[a-z0-9]+\Z")


def _is_aside(asset: str) -> bool:
    # The common case first: there are a million of them.
    return ".moving-" in asset and _ASIDE.search(asset) is not None


class _Moves:
    """Moves in such an order that no sound is lost, whenever the run is killed.

    A name is given a new sound when all that want its old one have it. Names that change places go
    round in a circle: one of their sounds is put aside first, under a name of its own.
    """

    def __init__(
        self, source: Storage, target: OutputTarget, held: dict[str, planner.ClipPlan]
    ) -> None:
        """Take what is to be moved, by its new names; ``source`` is where it lies now."""
        self.done: set[str] = set()
        self.aside: dict[str, str] = {}
        self._source = source
        self._target = target
        self._store = target.storage
        self._held = held
        self._want: dict[str, dict[str, planner.ClipPlan]] = {}
        for item in held.values():
            self._want.setdefault(item.held or "", {})[item.asset] = item
        self._lines = _lines(source.root, self._want.keys())

    def do(self) -> None:
        """Move everything."""
        left = dict(self._held)
        ready = [asset for asset in left if asset not in self._want]
        while left:
            if not ready:
                ready.append(next(iter(left)))
                self._put_aside(ready[0])
            item = left.pop(ready.pop())
            self._place(item)
            source = item.held or ""
            want = self._want[source]
            del want[item.asset]
            if not want:
                del self._want[source]
                if source in left:
                    ready.append(source)

    def _put_aside(self, asset: str) -> None:
        """Put the sound of a name aside for those that want it, so that the name is free."""
        if self._store.root != self._source.root:
            # A shard writes elsewhere: nothing is lost there.
            return
        stem, _, ending = asset.rpartition(".")
        name = f"{stem}.moving-{uuid.uuid4().hex}.{ending}"
        item = next(iter(self._want[asset].values()))
        data = self._source.read(asset) or b""
        line = self._lines.get((asset, item.recipe, atomic_files.sha256(data)))
        if line is not None:
            self._store_line(line, name, data)
            self.aside[asset] = name

    def _place(self, item: planner.ClipPlan) -> None:
        source = item.held or ""
        aside = self.aside.get(source)
        data = (self._source.read(source) if aside is None else self._store.read(aside)) or b""
        line = self._lines.get((source, item.recipe, atomic_files.sha256(data)))
        if line is not None:
            if not _is_own(item):
                # Nobody has listened whether it is right for this clip, too.
                line = msgspec.structs.replace(line, review=None)
            # A folder is in its place: the clip is generated again, and fails on its own.
            with suppress(ClipError):
                self._store_line(line, item.asset, data)
                self.done.add(item.asset)

    def _store_line(self, line: Line, asset: str, data: bytes) -> None:
        moved = msgspec.structs.replace(line, asset=asset, billed=None)
        store_asset(moved, data, self._target)


def _is_own(item: planner.ClipPlan) -> bool:
    """Whether what is moved was made for the same clip, and only has an earlier name."""
    return any(change.what is planner.Aspect.TEMPLATE for change in item.changes)


def _lines(folder: Path, assets: Container[str]) -> dict[tuple[str, str, str], Line]:
    """The lines of these assets, by asset, recipe and hash: one that git merged may have several."""
    found: dict[tuple[str, str, str], Line] = {}
    with open_ledger(folder) as stream:
        for line in ledger.whole_lines(stream.read()):
            if line.asset in assets:
                key = (line.asset, line.recipe, line.sha256)
                other = found.get(key, line)
                review = ledger.latest((other.review, line.review))
                found[key] = msgspec.structs.replace(line, review=review)
    return found


# What a shard leaves in its folder beside its assets: a header for the merge, and its clips' URLs.


def refuse_link_to(folder: Path) -> None:
    """Refuse the folder of a shard if it is a link: its name is made up, so no user linked it.

    Raises:
        FatalError: it is one.
    """
    with fatal(f"cannot write to {folder}"):
        refuse_link(folder)


def write_shard_header(run: BuildState, store: Storage) -> None:
    """Say what plan this is a shard of, before anything is made for it.

    Raises:
        InputError: the folder has what was made for another plan, or the merge could not find a
            catalogue.
        FatalError: the folder cannot be written to.
    """
    for each in run.plan.catalogues:
        check_name(each.file, run.settings.state_folder)
    now = _header(run, finished=False)
    before = shard_record.read_header(store.root)
    if before is not None:
        different = before.differs(now)
        if different is not None:
            raise InputError(
                (
                    f"it belongs to another plan ({different}): merge or delete it, then run "
                    "this shard again"
                ),
                file=str(store.root),
            )
        now = msgspec.structs.replace(now, forced=now.forced or before.forced)
    _write_replaced(run, store)
    store.replace(shard_record.HEADER_NAME, shard_record.encode_header(now))


def write_shard_footer(run: BuildState, store: Storage) -> None:
    """Leave the URLs, and then say that all is there.

    Raises:
        FatalError: the folder cannot be written to.
    """
    urls = [
        patch(clip, url, run.settings.state_folder)
        for item in iter_clips_with_url(run)
        for clip, url in planner.urls_due(item)
    ]
    store.replace(URLS_NAME, encode_urls(urls))
    run.urls_written = len(urls)
    told = shard_record.read_header(store.root) or _header(run, finished=True)
    told = msgspec.structs.replace(told, finished=True, left=_count_left(run))
    store.replace(shard_record.HEADER_NAME, shard_record.encode_header(told))


def _count_left(run: BuildState) -> int:
    """The clips that were neither made nor failed: the run was stopped, or came to a bound."""
    return sum(
        item.recipe not in run.made
        and item.asset not in run.moved
        and item.recipe not in run.failures
        for item in run.plan.planned
        if item.state in planner.TO_MAKE
    )


def _write_replaced(run: BuildState, store: Storage) -> None:
    """Say what the output folder has under the names of what is to be made; the rest stays told."""
    assets = {item.asset for item in run.plan.planned if item.state in planner.TO_MAKE}
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
    # Even what nobody knows is remade then.
    output = output_folder.open_storage(run.settings)
    for asset in unknown:
        found = output.hash_of(asset)
        if found is not None:
            yield shard_record.Replaced(asset=asset, recipe="", sha256=found)


def _header(run: BuildState, *, finished: bool) -> shard_record.Header:
    sums = run.plan.sums
    assert sums is not None  # noqa: S101 - the survey of a shard has them
    return shard_record.header(run.settings, run.provider, sums, finished=finished)
