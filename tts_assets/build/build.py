"""The use case `generate`: load, plan, estimate, execute, store, write back, report."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.build.generate.asset_moves import move_assets
from tts_assets.build.generate.build_state import (
    BuildState,
    create_report,
    iter_clips_with_url,
    refresh_plan,
)
from tts_assets.build.generate.clip import check_ready
from tts_assets.build.generate.cost import CostTracker, Limits
from tts_assets.build.generate.executor import (
    BusyError,
    estimate_build,
    execute_jobs,
    is_idle,
    lock_output_folder,
    prepare_folders,
    report_waiting,
    store_records,
)
from tts_assets.build.generate.work_items import most_pieces
from tts_assets.build.plan import planner
from tts_assets.build.plan.plan_memory import PlanMemory
from tts_assets.build.pool import Stop
from tts_assets.catalogues.write_back import (
    ClipAddress,
    PendingUrl,
    has_unfinished_write,
    make_clip_address,
    make_pending_url,
    write_urls,
)
from tts_assets.engines import machine, protocol, registry
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
    """Generate every clip that is missing or stale, and write all URLs into the catalogues.

    Args:
        settings: what to do; ``Settings()`` is what the command line does without options.
        dry_run: only find out what would be generated; nothing is changed.
        on_event: called in the event loop with everything that happens.
        stop: lets other code ask the run to stop.

    Returns:
        What was done. Failed clips and unusable entries are in it; they do not raise.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged.
        FatalError: the engine is missing, or the output folder cannot be used.
    """
    run = load_build(settings, dry_run=dry_run, on_event=on_event, stop=stop)
    await plan_build(run)
    if dry_run:
        await estimate_dry_run(run)
    else:
        await execute_build(run)
        await write_back(run)
    return create_report(run, dry_run=dry_run)


def load_build(
    settings: Settings,
    *,
    dry_run: bool,
    on_event: Callable[[Event], None] | None,
    stop: Stop | None,
) -> BuildState:
    """Choose the engine, check that it is ready, and begin an empty state."""
    provider, reason = registry.choose_engine(settings)
    # A run that may generate nothing only moves assets and writes URLs.
    check_ready(settings, provider, needs_engine=not dry_run and settings.max_clips != 0)
    costs = CostTracker(settings, provider) if isinstance(provider, protocol.Priced) else None
    run = BuildState(
        settings=settings,
        provider=provider,
        chosen=reason,
        tell=on_event or (lambda _: None),
        stop=stop or Stop(),
        limits=Limits(settings) if costs is None else costs.limits,
        books=costs,
    )
    run.stop.report = partial(create_report, run, dry_run=dry_run)
    return run


async def plan_build(run: BuildState) -> None:
    """Plan, and count what is to be done: the report shows these numbers whatever happens later."""
    memory = PlanMemory(run.settings, run.provider)
    await refresh_plan(run, memory)
    if not run.survey.recalled:
        await anyio.to_thread.run_sync(memory.remember, run.survey)
    elif not is_idle(run) or any(has_unfinished_write(each.file) for each in run.survey.catalogues):
        # An earlier run left something to clear away, for which each asset must be known.
        await refresh_plan(run)
    run.states = dict(run.survey.states)
    run.to_make = len(run.jobs)
    run.to_move = len({item.asset for item in run.survey.planned if item.held})
    fresh = [item for item in run.survey.planned if item.state is planner.State.FRESH]
    run.urls_to_write = sum(len(list(planner.urls_due(item))) for item in fresh)
    run.timelines_to_write = len(run.survey.untimed)
    run.workers = _count_workers(run)


async def estimate_dry_run(run: BuildState) -> None:
    """What the run would cost, and what keeps it from being started on this machine."""
    run.survey.trouble.notes += _describe_unready(run.provider)
    await estimate_build(run)
    if run.books is not None and run.settings.max_clips != 0:
        await run.books.ask_balance()


async def execute_build(run: BuildState) -> None:
    """Generate what is missing, as the only run that writes into the output folder."""
    try:
        if run.stop.requested or is_idle(run):
            return
        async with lock_output_folder(run) as store:
            # Another run may have generated what was missing while this one waited.
            await refresh_plan(run)
            await prepare_folders(run, store)
            await move_assets(run, store)
            await estimate_build(run)
            if run.jobs and not run.stop.requested:
                await execute_jobs(run, store)
            await store_records(run, store)
    except BusyError:
        if not run.stop.requested:
            # It waited for longer than its limit allows: everything is left to another run.
            await estimate_build(run)
            run.limits.bound = run.limits.bound or run.limits.late()
    except FatalError as exc:
        # Assets that exist get their URLs all the same.
        run.fatal = run.fatal or str(exc)


def _describe_unready(provider: Provider) -> list[str]:
    """What keeps a planned run from being begun here; its recipes may be others elsewhere."""
    problem = provider.problem()
    told = (
        f"{provider.name} cannot be used on this machine, so the plan may differ where it can: "
        f"{problem}"
    )
    return [] if problem is None else [told]


def _count_workers(run: BuildState) -> int:
    wanted = run.settings.concurrency
    engine = run.provider
    if isinstance(engine, protocol.Remote):
        most = engine.max_concurrent
        run.too_many = 0 if wanted is None or wanted <= most else wanted
        wanted = most if wanted is None else min(wanted, most)
    elif run.settings.cluster is not None:
        # The cluster knows how many workers it has.
        wanted = wanted or sys.maxsize
    elif wanted is None:
        one = run.settings.batch_mode
        wanted = 1 if one else machine.default_worker_count(engine.base_mib, engine.footprint_mib)
    return max(1, min(wanted, most_pieces(run.jobs)))


async def write_back(run: BuildState) -> None:
    """Give every catalogue the URLs of its clips, made now or long ago."""
    # A shard leaves its URLs beside its assets, for the merge.
    if not run.settings.update_json or run.settings.shard:
        return
    urls: dict[str, dict[ClipAddress, PendingUrl]] = {}
    for item in iter_clips_with_url(run):
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
        waiting = partial(report_waiting, run, file)
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
