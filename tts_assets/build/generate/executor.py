"""Executes the jobs of a plan while holding the lock of the output folder."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.build.events import Estimated, Started, Waiting
from tts_assets.build.generate import asset_moves
from tts_assets.build.generate.asset_moves import write_timelines
from tts_assets.build.generate.build_state import longest_first
from tts_assets.build.generate.clip import (
    ClipExecutor,
    OutputTarget,
    create_context,
    leave_tidy,
    write_git_attributes,
)
from tts_assets.build.generate.results import SLACK, Results, ServiceWaits
from tts_assets.build.generate.work_items import WorkQueue, cuts_of, most_pieces
from tts_assets.build.plan import output_folder, plan_types, planner
from tts_assets.build.pool import FailureRules, Pool, start_time_limit
from tts_assets.config import keys
from tts_assets.engines.protocol import Bounded, Paced, Recorder, Remote
from tts_assets.errors import ClipError, FatalError, InputError, StoppedError
from tts_assets.store import atomic_files, failures, ledger_line, segment_cache
from tts_assets.store.decisions import read_journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from tts_assets.build.generate.build_state import BuildState
    from tts_assets.build.generate.clip import BuildContext, FinishedClip
    from tts_assets.build.generate.work_items import WorkItem
    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.engines.protocol import Speaker


#: The attempts for a segment: one that fails loses its whole passage. The client of a service
#: decides itself which requests to retry.
_ATTEMPTS = 3

#: The errors that fail one clip, and those that end the run; any other is a bug and propagates.
_RULES = FailureRules(
    failures=(ClipError,),
    fatal=(FatalError,),
    dropped=(StoppedError,),
    retry=lambda item, _: item.is_segment_to_say,
    counted_as=lambda item: item.job.recipe,
)


def is_idle(run: BuildState) -> bool:
    """Whether a run has nothing to write; a shard always writes its header."""
    return not (run.has_work or run.plan.untidy or run.settings.shard or _has_old_records(run))


@contextlib.asynccontextmanager
async def lock_output_folder(run: BuildState) -> AsyncIterator[atomic_files.Storage]:
    """Lock the output folder, so that no other run writes into it.

    Raises:
        BusyError: another run holds the lock, and this one need not wait for it.
        FatalError: the folder cannot be used.
    """
    store = output_folder.open_run_storage(run.settings)
    if run.settings.shard is not None:
        await anyio.to_thread.run_sync(asset_moves.refuse_link_to, store.root)
    await anyio.to_thread.run_sync(store.prepare)
    # Wait only if there is work: the run that holds the lock cleans up itself.
    in_turn = partial(_wait_for_turn, run, str(store.root))
    async with _in_threads(store.lock(in_turn)):
        yield store


async def prepare_folders(run: BuildState, store: atomic_files.Storage) -> None:
    """Write a shard's header, refuse links, and delete the leftovers of earlier runs."""
    temp = _temp_folder(run)
    if run.settings.shard is not None:
        await anyio.to_thread.run_sync(asset_moves.write_shard_header, run, store)
    folders = _folders(run)
    await anyio.to_thread.run_sync(store.refuse_links, folders)
    await anyio.to_thread.run_sync(segment_cache.refuse_links, temp)
    await anyio.to_thread.run_sync(store.sweep, folders)
    if run.is_whole or run.is_whole_shard:
        await anyio.to_thread.run_sync(segment_cache.sweep_segments, temp, _to_make(run))
    if run.is_whole:
        await anyio.to_thread.run_sync(_sweep_earlier, run)
    await anyio.to_thread.run_sync(_sweep_takes, run)


async def estimate_build(run: BuildState) -> None:
    """Estimate the cost of the clips, and drop those that exceed a limit of this run."""
    if not run.jobs or run.stop.requested:
        return
    if run.costs is None:
        run.jobs = run.limits.take(run.jobs)
    else:
        run.jobs = await run.costs.estimate(run.jobs)
        run.tell(Estimated(cost=run.costs.cost()))
    run.workers = max(1, min(run.workers, most_pieces(run.jobs)))


def _has_old_records(run: BuildState) -> bool:
    """Whether there are failures or paid recordings of clips that no entry requests any more."""
    recipes = _recipes_to_keep(run)
    if recipes is None:
        return False
    path = Path(run.settings.folder) / failures.NAME
    recorded = failures.read_failures(output_folder.bytes_of(path), file=str(path))
    has_takes = run.takes is not None and run.takes.has_others(recipes)
    return has_takes or not recorded.keys() <= recipes


def _temp_folder(run: BuildState) -> Path:
    return segment_cache.place_for(run.settings.temp, run.settings.folder)


def _earlier(run: BuildState) -> Path:
    """The folder that keeps rejected audio for comparison."""
    return segment_cache.folder(run.settings.temp, run.settings.state_folder)


def _sweep_earlier(run: BuildState) -> None:
    """Delete the rejected audio that is no longer needed for a comparison."""
    # The commands that need the journal report a damaged one.
    if _earlier(run).is_dir() and run.settings.shard is None:
        with contextlib.suppress(InputError):
            journal = read_journal(Path(run.settings.state_folder))
            segment_cache.sweep_rejected_audio(_earlier(run), journal, run.plan.approved)


def _sweep_takes(run: BuildState) -> None:
    """Delete the paid recordings whose clips are stored or no longer requested."""
    if run.takes is not None:
        is_all = run.is_whole or run.is_whole_shard
        clips = (item.clip for item in run.plan.planned if item.state in planner.TO_MAKE)
        places = {(clip.file, clip.entry, clip.part) for clip in clips}
        run.takes.delete_settled(_to_make(run) if is_all else None, places)


def _folders(run: BuildState) -> list[str]:
    """Every folder in which an interrupted run may have left files."""
    missing = (asset for job in run.jobs for asset in job.assets)
    assets = (*run.plan.present, *missing)
    return sorted({asset.rpartition("/")[0] for asset in assets})


@contextlib.asynccontextmanager
async def _in_threads(manager: AbstractContextManager[None]) -> AsyncIterator[None]:
    """Enter a blocking context manager without blocking the event loop."""
    # A limiter of its own: a long wait must not use up the threads that could end it.
    await anyio.to_thread.run_sync(manager.__enter__, limiter=anyio.CapacityLimiter(1))
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(manager.__exit__, None, None, None)


class BusyError(Exception):
    """Another run holds the lock of the folder."""


def report_waiting(run: BuildState, path: str) -> None:
    """Report from a thread that another run holds a lock; raise if this run was cancelled."""
    anyio.from_thread.check_cancelled()
    anyio.from_thread.run_sync(run.tell, Waiting(path=path))


def _wait_for_turn(run: BuildState, path: str) -> None:
    if run.stop.requested or run.limits.late() or not run.has_work:
        raise BusyError
    report_waiting(run, path)


async def execute_jobs(run: BuildState, store: atomic_files.Storage) -> None:
    log = await anyio.to_thread.run_sync(
        atomic_files.AppendLog, store.root / ledger_line.LEDGER_NAME
    )
    try:
        async with _open_speaker(run) as speaker:
            if isinstance(speaker, Bounded) and speaker.workers < run.workers:
                run.too_many, run.workers = run.workers, speaker.workers
            if isinstance(speaker, Paced):
                run.limiter = speaker.limiter
            context = replace(
                create_context(run.settings, run.provider, speaker, run.workers), takes=run.takes
            )
            target = OutputTarget(
                storage=store,
                log=log,
                rejected=run.plan.rejected,
                earlier=_earlier(run),
            )
            # Write .gitattributes first, so an interrupted run leaves nothing to repair.
            await anyio.to_thread.run_sync(write_git_attributes, store)
            await _run_pool(run, context, target)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(log.close)
            await anyio.to_thread.run_sync(_sweep_takes, run)


def _open_speaker(
    run: BuildState,
) -> AbstractAsyncContextManager[Speaker | ClipExecutor]:
    """Open the engine on this machine, or on the workers of a cluster."""
    # Call services from this machine only: their rate limits, key and costs stay in one place.
    if run.settings.cluster is None or isinstance(run.provider, Remote):
        return run.provider.open(
            workers=run.workers,
            timeout_seconds=run.settings.timeout_seconds,
            words=run.settings.words,
        )
    from tts_assets.build.generate.cluster import open_cluster  # noqa: PLC0415 - rarely needed

    return open_cluster(run.settings, run.provider, run.workers)


async def _run_pool(run: BuildState, context: BuildContext, target: OutputTarget) -> None:
    """Execute all jobs, and handle the results as they arrive."""
    paced = isinstance(context.speaker, Paced)
    slack = SLACK if paced else 1
    queue = WorkQueue(context, target, await cuts_of(run.jobs, run.settings, run.provider))

    async def work(item: WorkItem) -> FinishedClip | None:
        restart = start_time_limit(slack * item.time_limits)
        return await queue.make(item, on_start=restart)

    bound = run.settings.max_failures
    pool = Pool(
        work,
        limit=slot_count(run.workers, context.speaker),
        timeout=None if isinstance(context.speaker, ClipExecutor) else run.settings.timeout_seconds,
        rules=replace(_RULES, attempts=1 if paced else _ATTEMPTS, most_failures=bound),
    )
    run.stop.attach(pool.stop)
    if isinstance(context.speaker, ClipExecutor):
        run.stop.attach(context.speaker.stop)
        _let_pace(pool, context.speaker)
    if isinstance(context.speaker, Paced):
        run.stop.attach(context.speaker.limiter.stop)
        _let_pace(pool, context.speaker.limiter)
        context.speaker.limiter.on_rest = ServiceWaits(run.tell).take
    states = dict(run.plan.states)
    run.tell(
        Started(
            jobs=len(run.jobs),
            workers=run.workers,
            states=states,
            places=sum(len(job.clips) for job in run.jobs),
            characters=sum(len(job.form.text) for job in run.jobs),
            provider=run.provider.name,
            voice=plan_types.find_voice(run.settings, run.provider).name,
        )
    )
    jobs = longest_first(run.jobs)
    costs = run.costs
    due = run.limits.dispatch(jobs) if costs is None else costs.dispatch(jobs, context.speaker)
    results = Results(run, queue, pool)
    async with pool:
        async for result in pool.run(queue.of(due), total=len(jobs)):
            results.take(result)
            if pool.is_stopped:
                # Too many failures or a fatal error: send no more requests.
                if run.limiter is not None:
                    run.limiter.stop()
                if isinstance(context.speaker, ClipExecutor):
                    context.speaker.stop()
    at_bound = bound is not None and len(run.failures) >= bound
    run.stopped = run.stopped or at_bound


def _let_pace(pool: Pool[WorkItem, FinishedClip | None], limiter: Limiter | ClipExecutor) -> None:
    """Keep the limit of the pool at the number of clips that a service or cluster asks for."""

    def follow() -> None:
        pool.limit = limiter.target_clips

    limiter.on_change = follow
    follow()


def slot_count(workers: int, speaker: Speaker | ClipExecutor) -> int:
    """The number of clips in progress at once: with some engines, one more than the workers.

    The extra clip waits in line, so that no worker is idle while a finished clip is stored.
    """
    return workers + (workers > 1 and isinstance(speaker, Recorder))


async def store_records(run: BuildState, store: atomic_files.Storage) -> None:
    """Sort the ledger, record failures, and write the time lines and the shard's footer."""
    await anyio.to_thread.run_sync(_store_ledger_and_failures, run, store)
    await anyio.to_thread.run_sync(segment_cache.leave, _temp_folder(run))
    await write_timelines(run, store)
    if run.settings.shard is not None:
        await anyio.to_thread.run_sync(asset_moves.write_shard_footer, run, store)


def _store_ledger_and_failures(run: BuildState, store: atomic_files.Storage) -> None:
    """Sync the assets to disk, sort the ledger, and record the failures."""
    leave_tidy(store)
    path = store.root / failures.NAME
    before = output_folder.bytes_of(path)
    texts = {job.recipe: job.form.text for job in run.jobs}
    # A run that ended early has not reported all clips that await a decision.
    undecided = {} if run.takes is None else run.takes.find_undecided()
    reasons = {recipe: undecided[recipe] for recipe in undecided.keys() & texts.keys()}
    failed = {
        recipe: (texts[recipe], reason) for recipe, reason in (reasons | run.failures).items()
    }
    after = failures.update_failures(
        before,
        file=str(path),
        made=run.made,
        failed=failed,
        wanted=_recipes_to_keep(run),
        redact=partial(keys.redact, secrets=tuple(run.settings.keys.values())),
    )
    store.leave(failures.NAME, after, before=before)


def _recipes_to_keep(run: BuildState) -> set[str] | None:
    """The recipes to generate; None if the plan does not cover all clips."""
    return _to_make(run) if run.is_whole else None


def _to_make(run: BuildState) -> set[str]:
    """The recipes to generate among the clips of the plan."""
    return {item.recipe for item in run.plan.planned if item.state in planner.TO_MAKE}
