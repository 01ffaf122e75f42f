"""The use case `generate`: load, plan, estimate, execute, store, write back, report."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.build.context import check_ready
from tts_assets.build.generate.build_state import BuildState, refresh_plan, report_of, to_write
from tts_assets.build.generate.cost import CostTracker
from tts_assets.build.generate.executor import BusyError, make_missing, reckon, wait
from tts_assets.build.generate.time_limits import Limits
from tts_assets.build.generate.work_items import most_pieces
from tts_assets.build.plan import planner
from tts_assets.build.pool import Stop
from tts_assets.catalogues.write_back import (
    ClipAddress,
    PendingUrl,
    has_unfinished_write,
    make_clip_address,
    make_pending_url,
    write_urls,
)
from tts_assets.engines import engine_choice, machine, protocol
from tts_assets.errors import FatalError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.build.events import Event, Report
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider


async def generate(
    settings: Settings,
    *,
    dry_run: bool = False,
    on_event: Callable[[Event], None] | None = None,
    stop: Stop | None = None,
) -> Report:
    """Make every clip that is missing or stale, and write all URLs into the catalogues.

    Args:
        settings: what to do; ``Settings()`` is what the command line does without options.
        dry_run: only find out what would be made; nothing is changed.
        on_event: called in the event loop with everything that happens.
        stop: lets somebody else ask the run to stop.

    Returns:
        What was done. Failed clips and unusable entries are in it; they do not raise.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged.
        FatalError: the engine is missing, or the output folder cannot be used.
    """
    provider, reason = engine_choice.choose(settings)
    # Who may make nothing only moves sounds and writes URLs.
    check_ready(settings, provider, needs_engine=not dry_run and settings.max_clips != 0)
    books = CostTracker(settings, provider) if isinstance(provider, protocol.Priced) else None
    run = BuildState(
        settings=settings,
        provider=provider,
        chosen=reason,
        tell=on_event or (lambda _: None),
        stop=stop or Stop(),
        limits=Limits(settings) if books is None else books.limits,
        books=books,
    )
    run.stop.report = partial(report_of, run, dry_run=dry_run)
    await refresh_plan(run)
    run.states = dict(run.survey.states)
    run.to_make = len(run.jobs)
    run.to_move = len({item.asset for item in run.survey.planned if item.held})
    fresh = [item for item in run.survey.planned if item.state is planner.State.FRESH]
    run.urls_to_write = sum(len(list(planner.urls_due(item))) for item in fresh)
    run.timelines_to_write = len(run.survey.untimed)
    run.workers = _workers(run)
    if dry_run:
        run.survey.trouble.notes += _unready(provider)
        await _estimate_cost(run)
    else:
        try:
            await make_missing(run)
        except BusyError:
            if not run.stop.requested:
                # It waited for longer than it may take: all is left.
                await reckon(run)
                run.limits.bound = run.limits.bound or run.limits.late()
        except FatalError as exc:
            # What is there gets its URLs all the same.
            run.fatal = run.fatal or str(exc)
        await _write_back(run)
    return report_of(run, dry_run=dry_run)


def _unready(provider: Provider) -> list[str]:
    """What keeps a planned run from being begun here; its recipes may be others elsewhere."""
    problem = provider.problem()
    told = f"{provider.name} cannot be used here, and may plan otherwise where it can: {problem}"
    return [] if problem is None else [told]


async def _estimate_cost(run: BuildState) -> None:
    await reckon(run)
    if run.books is not None and run.settings.max_clips != 0:
        await run.books.ask_balance()


def _workers(run: BuildState) -> int:
    wanted = run.settings.concurrency
    engine = run.provider
    if isinstance(engine, protocol.Remote):
        most = engine.max_concurrent
        run.too_many = 0 if wanted is None or wanted <= most else wanted
        wanted = most if wanted is None else min(wanted, most)
    elif wanted is None:
        one = run.settings.batch_mode
        wanted = 1 if one else machine.workers(engine.base_mib, engine.footprint_mib)
    return max(1, min(wanted, most_pieces(run.jobs)))


async def _write_back(run: BuildState) -> None:
    """Give every catalogue the URLs of its clips, made now or long ago."""
    # A shard leaves its URLs beside its assets, for the merge.
    if not run.settings.update_json or run.settings.shard:
        return
    urls: dict[str, dict[ClipAddress, PendingUrl]] = {}
    for item in to_write(run):
        for clip, url in planner.urls_due(item):
            urls.setdefault(clip.file, {})[make_clip_address(clip)] = make_pending_url(clip, url)
    sources: dict[str, list[Source]] = {}
    for each in run.survey.catalogues:
        sources.setdefault(each.file, []).append(each.source)
    for file, readers in sources.items():
        # A catalogue whose last writer was killed is visited, too, to clear up after it.
        if file not in urls and not has_unfinished_write(file):
            continue
        due = urls.get(file, {})
        waiting = partial(wait, run, file)
        try:
            written = await anyio.to_thread.run_sync(
                write_urls, file, readers, due, waiting, run.survey.overrides
            )
        except InputError as problem:
            run.survey.trouble.problems.append(problem)
        except FatalError as problem:
            run.fatal = run.fatal or str(problem)
        else:
            run.urls_written += written.urls
            run.urls_missed += written.missed
            run.survey.trouble.problems.extend(dict.fromkeys(written.problems))
