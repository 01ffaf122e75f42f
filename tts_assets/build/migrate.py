"""The use case `migrate`: rename assets by a new template and update their URLs, without an engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread

from tts_assets.build.build import generate
from tts_assets.build.cleanup import Pruned, prune
from tts_assets.build.plan.output_folder import open_storage
from tts_assets.store import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tts_assets.build.events import Event, Orphan, Report
    from tts_assets.config.settings import Settings
    from tts_assets.store.atomic_files import Storage


class Move(NamedTuple):
    """An asset's name before and after the migration."""

    before: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The result of a migration."""

    dry_run: bool  #: whether nothing was changed
    #: The names that changed; in a dry run, or if it ended early, those that would.
    moves: tuple[Move, ...]
    unmoved: int  #: assets that stay where they are because their bytes differ from the ledger
    report: Report  #: the report of the run that stored the new names
    pruned: Pruned | None  #: the cleanup of the earlier names; None if there was none


async def migrate(
    settings: Settings,
    *,
    dry_run: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Migrated:
    """Rename every asset whose name is all that changed.

    First store all audio under its new names, then write the URLs into the catalogues, and last
    delete the earlier names. Delete a name only if nothing refers to it and its audio exists under
    another name. If the migration is interrupted, the next call completes it.

    Args:
        settings: the catalogues, the sound and the output folder; selections of clips and kinds
            are ignored.
        dry_run: only report what would be moved; change nothing.
        on_event: called in the event loop with each event.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be used.
    """
    settings = replace(
        settings,
        kinds=(), only=(), ids=(), since=None, shard=None, force=False,
        max_clips=0, max_duration_seconds=None,
    )  # fmt: skip
    report = await generate(settings, dry_run=dry_run, on_event=on_event)
    unmoved, pruned = 0, None
    if not (dry_run or report.fatal):
        if report.moved < report.to_move:
            # Count again: another run may have moved them while this one waited.
            unmoved = (await generate(settings, dry_run=True)).to_move
        pruned = await anyio.to_thread.run_sync(_prune, settings, on_event or (lambda _: None))
    return Migrated(
        dry_run=dry_run,
        moves=tuple(sorted({Move(each.held, each.asset) for each in report.planned if each.held})),
        unmoved=unmoved,
        report=report,
        pruned=pruned,
    )


def _prune(settings: Settings, tell: Callable[[Event], None]) -> Pruned:
    """Delete the earlier names, in a thread."""

    def report_event(event: Event) -> None:
        anyio.from_thread.check_cancelled()
        anyio.from_thread.run_sync(tell, event)

    among = partial(_find_stored_twice, open_storage(settings))
    return prune(settings, delete=True, on_event=report_event, among=among)


def _find_stored_twice(storage: Storage, orphans: Sequence[Orphan], lines: bytes) -> Iterator[str]:
    """The orphans whose audio also exists under a name in use."""
    unused = {each.asset for each in orphans if each.ours}
    earlier = {each.asset: each for each in ledger.origins_of(lines, unused)}
    recipes = {each.recipe for each in earlier.values() if each.recipe}
    used = {
        (each.recipe, each.sha256)
        for each in ledger.origins_of(lines, recipes)
        if each.asset not in unused and storage.size_of(each.asset) == each.bytes
    }
    return (asset for asset, each in earlier.items() if (each.recipe, each.sha256) in used)
