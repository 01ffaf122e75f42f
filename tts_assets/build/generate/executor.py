"""Executes the jobs of a plan, as the only run that writes into the output folder."""

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
from tts_assets.build.pool import FailureRules, Pool, time_limit_restarter
from tts_assets.config import keys
from tts_assets.engines.protocol import Bounded, Paced, Recorder, Remote
from tts_assets.errors import ClipError, FatalError, InputError, StoppedError
from tts_assets.store import atomic_files, failures, ledger_line, segment_cache
from tts_assets.store.decisions import read_journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from tts_assets.build.generate.build_state import BuildState
    from tts_assets.build.generate.clip import BuildContext, StoredClip
    from tts_assets.build.generate.work_items import WorkItem
    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.engines.protocol import Speaker


#: How often a segment is attempted: all of its passage would be lost with it. A service's own
#: client knows better what is worth another request.
_ATTEMPTS = 3

#: What spoils one clip, and what the whole run; anything else is a bug and propagates.
_RULES = FailureRules(
    failures=(ClipError,),
    fatal=(FatalError,),
    dropped=(StoppedError,),
    retry=lambda piece, _: piece.is_segment_to_say,
    counted_as=lambda piece: piece.job.recipe,
)


def is_idle(run: BuildState) -> bool:
    """Whether a run has nothing to write; a shard always has its header."""
    return not (run.has_work or run.survey.untidy or run.settings.shard or _has_old_records(run))


@contextlib.asynccontextmanager
async def lock_output_folder(run: BuildState) -> AsyncIterator[atomic_files.Storage]:
    """Hold the output folder as the only run that writes into it.

    Raises:
        BusyError: another run holds it, and this one need not wait for that.
        FatalError: the folder cannot be used.
    """
    store = output_folder.open_run_storage(run.settings)
    if run.settings.shard is not None:
        await anyio.to_thread.run_sync(asset_moves.refuse_link_to, store.root)
    await anyio.to_thread.run_sync(store.prepare)
    # Only work is worth waiting for; the run that holds the lock leaves the folder tidy itself.
    in_turn = partial(_wait_for_turn, run, str(store.root))
    async with _in_threads(store.lock(in_turn)):
        yield store


async def prepare_folders(run: BuildState, store: atomic_files.Storage) -> None:
    """Write a shard's header, refuse links, and delete what earlier runs left behind."""
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
    """Find out what the clips cost, and leave those that are too many or too much for this run.

    Raises:
        FatalError: the dictionary, which tells what has to be sent, cannot be used.
    """
    if not run.jobs or run.stop.requested:
        return
    if run.books is None:
        run.jobs = run.limits.take(run.jobs)
    else:
        run.jobs = await run.books.estimate(run.jobs)
        run.tell(Estimated(cost=run.books.cost()))
    run.workers = max(1, min(run.workers, most_pieces(run.jobs)))


def _has_old_records(run: BuildState) -> bool:
    """Whether there are failures or paid sounds of clips that no entry asks for any more."""
    asked = _recipes_to_keep(run)
    if asked is None:
        return False
    path = Path(run.settings.folder) / failures.NAME
    recorded = failures.read_failures(output_folder.bytes_of(path), file=str(path))
    has_takes = run.takes is not None and run.takes.has_others(asked)
    return has_takes or not recorded.keys() <= asked


def _temp_folder(run: BuildState) -> Path:
    return segment_cache.place_for(run.settings.temp, run.settings.folder)


def _earlier(run: BuildState) -> Path:
    """Where sounds that somebody rejected are kept."""
    return segment_cache.folder(run.settings.temp, run.settings.state_folder)


def _sweep_earlier(run: BuildState) -> None:
    """Delete those that nobody compares any more."""
    # A journal that is damaged is told by those who need it.
    if _earlier(run).is_dir() and run.settings.shard is None:
        with contextlib.suppress(InputError):
            journal = read_journal(Path(run.settings.state_folder))
            segment_cache.sweep_rejected_audio(_earlier(run), journal, run.survey.approved)


def _sweep_takes(run: BuildState) -> None:
    """Delete the sounds of services whose clips are stored, or are not asked for any more."""
    if run.takes is not None:
        is_all = run.is_whole or run.is_whole_shard
        clips = (item.clip for item in run.survey.planned if item.state in planner.TO_MAKE)
        places = {(clip.file, clip.entry, clip.part) for clip in clips}
        run.takes.delete_settled(_to_make(run) if is_all else None, places)


def _folders(run: BuildState) -> list[str]:
    """Every folder in which a killed run can have left something."""
    wanted = (asset for job in run.jobs for asset in job.assets)
    assets = (*run.survey.present, *wanted)
    return sorted({asset.rpartition("/")[0] for asset in assets})


@contextlib.asynccontextmanager
async def _in_threads(manager: AbstractContextManager[None]) -> AsyncIterator[None]:
    """A blocking context manager that does not hold up the event loop."""
    # It may wait for long: it must not take a thread from others who would end the waiting.
    await anyio.to_thread.run_sync(manager.__enter__, limiter=anyio.CapacityLimiter(1))
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(manager.__exit__, None, None, None)


class BusyError(Exception):
    """Another run is at work in the folder."""


def report_waiting(run: BuildState, path: str) -> None:
    """Tell, from a thread, that another holds a lock; raise if the run is cancelled meanwhile."""
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
            studio = replace(
                create_context(run.settings, run.provider, speaker, run.workers), takes=run.takes
            )
            shelf = OutputTarget(
                storage=store,
                log=log,
                rejected=run.survey.rejected,
                earlier=_earlier(run),
            )
            # Before the first line: a run that ends in between has nothing to come back for.
            await anyio.to_thread.run_sync(write_git_attributes, store)
            await _run_pool(run, studio, shelf)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(log.close)
            await anyio.to_thread.run_sync(_sweep_takes, run)


def _open_speaker(
    run: BuildState,
) -> AbstractAsyncContextManager[Speaker | ClipExecutor]:
    """What makes the clips: the engine on this machine, or on the workers of a cluster."""
    # A service is asked from here, so that its limits, its key and what was paid are in one place.
    if run.settings.cluster is None or isinstance(run.provider, Remote):
        return run.provider.open(
            workers=run.workers,
            timeout_seconds=run.settings.timeout_seconds,
            words=run.settings.words,
        )
    from tts_assets.build.generate.cluster import open_cluster  # noqa: PLC0415 - rarely needed

    return open_cluster(run.settings, run.provider, run.workers)


async def _run_pool(run: BuildState, studio: BuildContext, shelf: OutputTarget) -> None:
    """Make all jobs, and take the results as they come."""
    paced = isinstance(studio.speaker, Paced)
    slack = SLACK if paced else 1
    pieces = WorkQueue(studio, shelf, await cuts_of(run.jobs, run.settings, run.provider))

    async def work(piece: WorkItem) -> StoredClip | None:
        restart = time_limit_restarter(slack * piece.time_limits)
        restart()
        return await pieces.make(piece, on_start=restart)

    bound = run.settings.max_failures
    pool = Pool(
        work,
        limit=slot_count(run.workers, studio.speaker),
        timeout=None if isinstance(studio.speaker, ClipExecutor) else run.settings.timeout_seconds,
        rules=replace(_RULES, attempts=1 if paced else _ATTEMPTS, most_failures=bound),
    )
    run.stop.attach(pool.stop)
    if isinstance(studio.speaker, ClipExecutor):
        run.stop.attach(studio.speaker.stop)
        _let_pace(pool, studio.speaker)
    if isinstance(studio.speaker, Paced):
        run.stop.attach(studio.speaker.limiter.stop)
        _let_pace(pool, studio.speaker.limiter)
        studio.speaker.limiter.on_rest = ServiceWaits(run.tell).take
    states = dict(run.survey.states)
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
    books = run.books
    wanted = run.limits.dispatch(jobs) if books is None else books.dispatch(jobs, studio.speaker)
    results = Results(run, pieces, pool)
    async with pool:
        async for result in pool.run(pieces.of(wanted), total=len(jobs)):
            results.take(result)
            if pool.is_stopped:
                # A run that ends by itself sends nothing more, either.
                if run.limiter is not None:
                    run.limiter.stop()
                if isinstance(studio.speaker, ClipExecutor):
                    studio.speaker.stop()
    at_bound = bound is not None and len(run.failures) >= bound
    run.stopped = run.stopped or at_bound


def _let_pace(pool: Pool[WorkItem, StoredClip | None], limiter: Limiter | ClipExecutor) -> None:
    """As many clips are in hand as a service or a cluster makes sense of, from now to the end."""

    def follow() -> None:
        pool.limit = limiter.target_clips

    limiter.on_change = follow
    follow()


def slot_count(workers: int, speaker: Speaker | ClipExecutor) -> int:
    """How many clips are in hand at once: with some engines one more than they have workers.

    It stands ready in line, so that no worker is idle while a finished clip is stored.
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
    """Bring everything to the disk, leave the ledger sorted, and remember what failed."""
    leave_tidy(store)
    path = store.root / failures.NAME
    before = output_folder.bytes_of(path)
    texts = {job.recipe: job.form.text for job in run.jobs}
    # A run that ended early has not reported all clips that wait for a decision.
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
    """The recipes that are to be made; None where not all clips were looked at."""
    return _to_make(run) if run.is_whole else None


def _to_make(run: BuildState) -> set[str]:
    """The recipes that are to be made, as far as clips were looked at."""
    return {item.recipe for item in run.survey.planned if item.state in planner.TO_MAKE}
