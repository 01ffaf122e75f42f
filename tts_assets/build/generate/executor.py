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
from tts_assets.build.generate.build_state import sort_longest_first
from tts_assets.build.generate.clip import (
    ClipExecutor,
    OutputTarget,
    create_context,
    leave_tidy,
    write_git_attributes,
)
from tts_assets.build.generate.results import SLACK, Results, ServiceWaits
from tts_assets.build.generate.work_items import WorkQueue, cuts_of, limit_workers
from tts_assets.build.plan import output_folder, planner, voice_selection
from tts_assets.build.pool import FailureRules, Pool, restart_time_limit
from tts_assets.config import keys
from tts_assets.engines.protocol import Bounded, Paced, Recorder, Remote
from tts_assets.errors import ClipError, FatalError, InputError, StoppedError
from tts_assets.regular_files import refuse_link
from tts_assets.store import failures, segment_cache, timelines
from tts_assets.store.atomic_files import AppendLog, translate_os_errors
from tts_assets.store.decisions import read_journal
from tts_assets.store.ledger_line import LEDGER_NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from tts_assets.build.generate.build_state import BuildState
    from tts_assets.build.generate.clip import BuildContext, FinishedClip
    from tts_assets.build.generate.work_items import WorkItem
    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.engines.protocol import Speaker
    from tts_assets.store.atomic_files import Storage


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
async def lock_output_folder(run: BuildState) -> AsyncIterator[Storage]:
    """Lock the output folder, so that no other run writes into it.

    Raises:
        BusyError: another run holds the lock, and this one need not wait for it.
        FatalError: the folder cannot be used.
    """
    store = output_folder.open_run_storage(run.settings)
    if run.settings.shard is not None:
        # The name of the folder is generated, so no user linked it.
        with translate_os_errors(f"cannot write to {store.root}"):
            refuse_link(store.root)
    await anyio.to_thread.run_sync(store.prepare)
    # Wait only if there is work: the run that holds the lock cleans up itself.
    in_turn = partial(_wait_for_turn, run, str(store.root))
    async with _in_threads(store.lock(in_turn)):
        yield store


def prepare_folders(run: BuildState, store: Storage) -> None:
    """Write a shard's header, refuse links, and delete the leftovers of earlier runs; blocks."""
    if run.settings.shard is not None:
        asset_moves.write_shard_header(run, store)
    missing = (asset for job in run.jobs for asset in job.assets)
    # Every folder in which an interrupted run may have left files.
    folders = sorted({asset.rpartition("/")[0] for asset in (*run.plan.present, *missing)})
    store.refuse_links(folders)
    segment_cache.refuse_links(run.temp)
    store.sweep(folders)
    if run.is_whole or run.is_whole_shard:
        segment_cache.sweep_segments(run.temp, run.recipes_to_generate)
    if run.is_whole:
        _sweep_rejected_audio(run)
    _sweep_takes(run)


async def estimate_build(run: BuildState) -> None:
    """Estimate the cost of the clips, and drop those that exceed a limit of this run."""
    if not run.jobs or run.stop.requested:
        return
    if run.costs is None:
        run.jobs = run.limits.take(run.jobs)
    else:
        run.jobs = await run.costs.estimate(run.jobs)
        run.tell(Estimated(cost=run.costs.cost()))
    run.workers = limit_workers(run.workers, run.jobs)


def _has_old_records(run: BuildState) -> bool:
    """Whether there are failures or paid recordings of clips that no entry requests any more."""
    if not run.is_whole:
        return False
    recipes = run.recipes_to_generate
    path = Path(run.settings.folder) / failures.NAME
    recorded = failures.read_failures(output_folder.bytes_of(path), file=str(path))
    has_takes = run.takes is not None and run.takes.has_others(recipes)
    return has_takes or not recorded.keys() <= recipes


def _sweep_rejected_audio(run: BuildState) -> None:
    """Delete the rejected audio that is no longer needed for a comparison."""
    # The commands that need the journal report a damaged one.
    if run.rejected_audio.is_dir() and run.settings.shard is None:
        with contextlib.suppress(InputError):
            journal = read_journal(Path(run.settings.state_folder))
            segment_cache.sweep_rejected_audio(run.rejected_audio, journal, run.plan.approved)


def _sweep_takes(run: BuildState) -> None:
    """Delete the paid recordings whose clips are stored or no longer requested."""
    if run.takes is not None:
        is_all = run.is_whole or run.is_whole_shard
        clips = (item.clip for item in run.plan.planned if item.state in planner.TO_GENERATE)
        places = {(clip.file, clip.entry, clip.part) for clip in clips}
        run.takes.delete_settled(run.recipes_to_generate if is_all else None, places)


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


async def execute_jobs(run: BuildState, store: Storage) -> None:
    log = await anyio.to_thread.run_sync(AppendLog, store.root / LEDGER_NAME)
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
                earlier=run.rejected_audio,
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
    speaker = context.speaker
    paced = isinstance(speaker, Paced)
    queue = WorkQueue(context, target, await cuts_of(run.jobs, run.settings, run.provider))

    async def work(item: WorkItem) -> FinishedClip | None:
        restart = restart_time_limit((SLACK if paced else 1) * item.time_limits)
        return await queue.make(item, restart_timer=restart)

    bound = run.settings.max_failures
    pool = Pool(
        work,
        limit=slot_count(run.workers, speaker),
        timeout=None if isinstance(speaker, ClipExecutor) else run.settings.timeout_seconds,
        rules=replace(_RULES, attempts=1 if paced else _ATTEMPTS, most_failures=bound),
    )
    run.stop.attach(pool.stop)
    if isinstance(speaker, Paced):
        speaker.limiter.on_rest = ServiceWaits(run.tell).take
    pacer = _find_pacer(speaker)
    if pacer is not None:
        run.stop.attach(pacer.stop)
        _let_pace(pool, pacer)
    _report_start(run)
    jobs, costs = sort_longest_first(run.jobs), run.costs
    due = run.limits.dispatch(jobs) if costs is None else costs.dispatch(jobs, speaker)
    results = Results(run, queue, pool)
    async with pool:
        async for result in pool.run(queue.iter_items(due), total=len(jobs)):
            results.take(result)
            if pool.is_stopped and pacer is not None:
                # Too many failures or a fatal error: send no more requests.
                pacer.stop()
    at_bound = bound is not None and len(run.failures) >= bound
    run.stopped = run.stopped or at_bound


def _report_start(run: BuildState) -> None:
    run.tell(
        Started(
            jobs=len(run.jobs),
            workers=run.workers,
            states=dict(run.plan.states),
            places=sum(len(job.clips) for job in run.jobs),
            characters=sum(len(job.form.text) for job in run.jobs),
            provider=run.provider.name,
            voice=voice_selection.find_voice(run.settings, run.provider).name,
        )
    )


def _find_pacer(speaker: Speaker | ClipExecutor) -> Limiter | ClipExecutor | None:
    """What decides how many clips are in progress: a service or a cluster; None for neither."""
    if isinstance(speaker, ClipExecutor):
        return speaker
    return speaker.limiter if isinstance(speaker, Paced) else None


def _let_pace(pool: Pool[WorkItem, FinishedClip | None], pacer: Limiter | ClipExecutor) -> None:
    """Keep the limit of the pool at the number of clips that a service or cluster asks for."""

    def follow() -> None:
        pool.limit = pacer.target_clips

    pacer.on_change = follow
    follow()


def slot_count(workers: int, speaker: Speaker | ClipExecutor) -> int:
    """The number of clips in progress at once: with some engines, one more than the workers.

    The extra clip waits in line, so that no worker is idle while a finished clip is stored.
    """
    return workers + (workers > 1 and isinstance(speaker, Recorder))


def store_records(run: BuildState, store: Storage) -> None:
    """Sort the ledger, record failures, and write the time lines and the shard's footer; blocks."""
    leave_tidy(store)
    path = store.root / failures.NAME
    before = output_folder.bytes_of(path)
    texts = {job.recipe: job.form.text for job in run.jobs}
    # A run that ended early has not reported all clips that await a decision.
    undecided = {} if run.takes is None else run.takes.find_undecided()
    reasons = {recipe: undecided[recipe] for recipe in undecided.keys() & texts.keys()}
    after = failures.update_failures(
        before,
        file=str(path),
        made=run.generated,
        failed={
            recipe: (texts[recipe], reason) for recipe, reason in (reasons | run.failures).items()
        },
        requested=run.recipes_to_generate if run.is_whole else None,
        redact=partial(keys.redact, secrets=tuple(run.settings.keys.values())),
    )
    store.update(failures.NAME, after, before=before)
    segment_cache.remove_if_empty(run.temp)
    run.timelines_written = timelines.write_missing(store, frozenset(run.plan.untimed))
    if run.settings.shard is not None:
        asset_moves.write_shard_footer(run, store)
