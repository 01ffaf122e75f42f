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
from tts_assets.build.generate.work_items import limit_workers
from tts_assets.build.plan import planner
from tts_assets.build.plan.plan_memory import PlanMemory
from tts_assets.build.pool import Stop, is_loop_running, run_async
from tts_assets.catalogues.open_catalogues import pause_garbage_collector
from tts_assets.catalogues.write_back import (
    ClipAddress,
    PendingUrl,
    has_unfinished_write,
    make_clip_address,
    make_pending_url,
    write_urls,
)
from tts_assets.config.settings import Settings
from tts_assets.engines import machine, protocol, registry
from tts_assets.errors import FatalError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.build.events import Event, Report
    from tts_assets.catalogues.catalogue_files import Catalogue
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
        settings: the settings; ``Settings()`` is the same as the command line without options.
        dry_run: only report what would be generated; change nothing.
        on_event: called in the event loop with each event.
        stop: lets other code ask the run to stop.

    Returns:
        The report of the run. It lists failed clips and unusable entries; they do not raise.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged.
        FatalError: the engine is missing, or the output folder cannot be used.
    """
    run = load_build(settings, dry_run=dry_run, on_event=on_event, stop=stop)
    await plan_build(run, dry_run=dry_run)
    if dry_run:
        await estimate_dry_run(run)
    else:
        await execute_build(run)
        await write_back(run)
    return create_report(run, dry_run=dry_run)


def generate_sync(
    settings: Settings | None = None,
    *,
    dry_run: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Report:
    """The same as :func:`generate`, for programs without an event loop.

    Args:
        settings: the settings; None is the same as the command line without options.
        dry_run: only report what would be generated.
        on_event: called with each event.

    Raises:
        UsageError: the settings are wrong, or an event loop is running, as in a notebook.
        InputError: the ledger is damaged.
        FatalError: the engine is missing, or the output folder cannot be used.
    """
    if is_loop_running():
        raise UsageError("an event loop is running, as in a notebook: use `await generate(...)`")
    work = partial(generate, settings or Settings(), dry_run=dry_run, on_event=on_event)
    return run_async(work)


def load_build(
    settings: Settings,
    *,
    dry_run: bool,
    on_event: Callable[[Event], None] | None,
    stop: Stop | None,
) -> BuildState:
    """Choose the engine, check that it is ready, and create an empty state."""
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
        costs=costs,
    )
    run.stop.report = partial(create_report, run, dry_run=dry_run)
    return run


async def plan_build(run: BuildState, *, dry_run: bool) -> None:
    """Make the plan and count its work; the report shows these counts however the run ends."""
    memory = PlanMemory(run.settings, run.provider)
    # Writing URLs moves lines, so find them before.
    await refresh_plan(run, memory, lines=not dry_run)
    if not run.plan.recalled:
        await anyio.to_thread.run_sync(memory.remember, run.plan)
    elif not is_idle(run) or any(has_unfinished_write(each.file) for each in run.plan.catalogues):
        # The cleanup after an interrupted run needs the assets, which a recalled plan lacks.
        await refresh_plan(run)
    run.states = dict(run.plan.states)
    run.to_make = len(run.jobs)
    run.to_move = len({item.asset for item in run.plan.planned if item.held})
    fresh = [item for item in run.plan.planned if item.state is planner.State.FRESH]
    run.urls_to_write = sum(len(planner.urls_due(item)) for item in fresh)
    run.timelines_to_write = len(run.plan.untimed)
    run.workers = _count_workers(run)


async def estimate_dry_run(run: BuildState) -> None:
    """Estimate the cost of the run, and note why it could not start on this machine."""
    run.plan.trouble.notes += _describe_unready(run.provider)
    await estimate_build(run)
    if run.costs is not None and run.settings.max_clips != 0:
        await run.costs.ask_balance()


async def execute_build(run: BuildState) -> None:
    """Generate the missing clips while holding the lock of the output folder."""
    try:
        if run.stop.requested or is_idle(run):
            return
        async with lock_output_folder(run) as store:
            # Another run may have generated what was missing while this one waited.
            await refresh_plan(run)
            await anyio.to_thread.run_sync(prepare_folders, run, store)
            await move_assets(run, store)
            await estimate_build(run)
            if run.jobs and not run.stop.requested:
                await execute_jobs(run, store)
            await anyio.to_thread.run_sync(store_records, run, store)
    except BusyError:
        if not run.stop.requested:
            # The wait for the lock exceeded --max-duration: leave all work to another run.
            await estimate_build(run)
            run.limits.bound = run.limits.bound or run.limits.late()
    except FatalError as exc:
        # Still write the URLs of the assets that exist.
        run.fatal = run.fatal or str(exc)


def _describe_unready(provider: Provider) -> list[str]:
    """Note why the engine cannot run on this machine; another machine's recipes may differ."""
    problem = provider.problem()
    note = (
        f"{provider.name} cannot be used on this machine, so the plan may differ where it can: "
        f"{problem}"
    )
    return [] if problem is None else [note]


def _count_workers(run: BuildState) -> int:
    workers = run.settings.concurrency
    engine = run.provider
    if isinstance(engine, protocol.Remote):
        most = engine.max_concurrent
        run.too_many = 0 if workers is None or workers <= most else workers
        workers = most if workers is None else min(workers, most)
    elif run.settings.cluster is not None:
        # The cluster limits the number itself.
        workers = workers or sys.maxsize
    elif not run.jobs:
        # No worker is needed, so the machine is not measured.
        workers = 1
    elif workers is None:
        one = run.settings.batch_mode
        workers = 1 if one else machine.default_worker_count(engine.base_mib, engine.footprint_mib)
    return limit_workers(workers, run.jobs)


async def write_back(run: BuildState) -> None:
    """Write the URLs of all existing clips into their catalogues."""
    # A shard stores its URLs next to its assets, for the merge.
    if not run.settings.update_json or run.settings.shard:
        return
    urls = _collect_due_urls(run)
    catalogues: dict[str, list[Catalogue]] = {}
    for each in run.plan.catalogues:
        catalogues.setdefault(each.file, []).append(each)
    for file, read in catalogues.items():
        # Also visit catalogues with an interrupted write, to clean up.
        if file not in urls and not has_unfinished_write(file):
            continue
        due = urls.get(file, {})
        waiting = partial(report_waiting, run, file)
        digests = {each.digest for each in read}
        planned = digests.pop() if len(digests) == 1 else b""
        sources = [each.source for each in read]
        try:
            written = await anyio.to_thread.run_sync(
                write_urls, file, sources, due, waiting, run.plan.overrides, planned
            )
        except InputError as problem:
            run.plan.trouble.problems.append(problem)
        except FatalError as problem:
            run.fatal = run.fatal or str(problem)
        else:
            run.urls_written += written.urls
            run.urls_missed += written.missed
            run.plan.trouble.problems.extend(dict.fromkeys(written.problems))


@pause_garbage_collector()
def _collect_due_urls(run: BuildState) -> dict[str, dict[ClipAddress, PendingUrl]]:
    """The URLs to write, by the file of their clips."""
    urls: dict[str, dict[ClipAddress, PendingUrl]] = {}
    for item in iter_clips_with_url(run):
        for clip, url in planner.urls_due(item):
            urls.setdefault(clip.file, {})[make_clip_address(clip)] = make_pending_url(clip, url)
    return urls
