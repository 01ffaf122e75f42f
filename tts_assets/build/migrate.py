"""The use case `migrate`: assets under the names of a new template, and URLs to them; no sound is made."""

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
    """An asset's name, and the one that it is to have."""

    before: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What became of the assets whose names changed.

    Args:
        dry_run: whether nothing was changed.
        moves: the names that change; in a dry run, or when it ended early, those that would.
        unmoved: assets that have other bytes than were made, and stay where they are.
        report: what was done under the new names.
        pruned: what became of the earlier names; None where it was not looked at them.
    """

    dry_run: bool
    moves: tuple[Move, ...]
    unmoved: int
    report: Report
    pruned: Pruned | None


async def migrate(
    settings: Settings,
    *,
    dry_run: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Migrated:
    """Give every asset the name that its clip has by now, where nothing else changed.

    First all sounds are stored under their new names, then the catalogues get the URLs, and last the
    earlier names go, each only if nothing refers to it and its sound is there under another name.
    When that is interrupted, at any moment, the next call does the rest.

    Args:
        settings: which catalogues, what sound, which folder; what they select among clips and
            kinds is not heeded.
        dry_run: only find out what would be moved; nothing is changed.
        on_event: called in the event loop with everything that happens.

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
            # Or another run moved them, while this one waited for it.
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
    """Those orphans whose sound is there under a name that is in use, too."""
    unused = {each.asset for each in orphans if each.ours}
    earlier = {each.asset: each for each in ledger.origins_of(lines, unused)}
    recipes = {each.recipe for each in earlier.values() if each.recipe}
    used = {
        (each.recipe, each.sha256)
        for each in ledger.origins_of(lines, recipes)
        if each.asset not in unused and storage.size_of(each.asset) == each.bytes
    }
    return (asset for asset, each in earlier.items() if (each.recipe, each.sha256) in used)
