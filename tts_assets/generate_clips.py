"""The main use case: make every clip that is missing or stale, and write the URLs back."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.from_thread
import anyio.to_thread

from tts_assets import formats, ledger, machine, plan, providers, storage
from tts_assets import survey as surveys
from tts_assets.errors import (
    ClipError,
    ClipTimeoutError,
    FatalError,
    InputError,
    TtsAssetsError,
    UsageError,
)
from tts_assets.events import ClipFailed, ClipMade, Doubt, Failure, Report, Started, Waiting
from tts_assets.make_clip import Made, Studio, make_clip
from tts_assets.pool import Counts, FailureRules, Pool, Result, time_limit_restarter
from tts_assets.write_back import Address, address, has_leftovers, write_back

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractContextManager

    from tts_assets.domain import Pronunciation
    from tts_assets.events import Event
    from tts_assets.mapping import Source
    from tts_assets.providers import Provider
    from tts_assets.settings import Settings
    from tts_assets.survey import Survey

#: What spoils one clip, and what the whole run; anything else is a bug and propagates.
_RULES = FailureRules(failures=(ClipError,), fatal=(FatalError,))


@dataclass(slots=True)
class Stop:
    """A handle for asking a run to stop: what is in flight is finished, and written back."""

    requested: bool = False
    _pool: Pool[plan.Job, Made] | None = None

    def request(self) -> None:
        """Ask; harmless at any time, from the event loop's thread."""
        self.requested = True
        if self._pool is not None:
            self._pool.stop()

    def attach(self, pool: Pool[plan.Job, Made]) -> None:
        """Pass requests on to this pool, an earlier one at once."""
        self._pool = pool
        if self.requested:
            pool.stop()


@dataclass(slots=True, kw_only=True)
class _Run:
    """What a run has done so far."""

    settings: Settings
    provider: Provider
    tell: Callable[[Event], None]
    stop: Stop
    survey: Survey = field(default_factory=surveys.Survey)
    begun: float = field(default_factory=time.monotonic)
    states: dict[plan.State, int] = field(default_factory=dict)
    workers: int = 0
    to_make: int = 0
    jobs: list[plan.Job] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, Pronunciation] = field(default_factory=dict)
    audio_seconds: float = 0.0
    urls_to_write: int = 0
    urls_written: int = 0
    urls_missed: int = 0
    fatal: str | None = None
    stopped: bool = False


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
    provider = providers.get(settings.provider)
    _check(settings, provider, needs_engine=not dry_run)
    run = _Run(
        settings=settings,
        provider=provider,
        tell=on_event or (lambda _: None),
        stop=stop or Stop(),
    )
    await _look(run)
    run.states = dict(run.survey.states)
    run.to_make = len(run.jobs)
    run.urls_to_write = sum(item.state is plan.State.FRESH for item in run.survey.planned)
    run.workers = _workers(run)
    if not dry_run:
        try:
            await _work(run)
        except _BusyError:
            run.stopped = run.stop.requested
        except FatalError as exc:
            # What is there gets its URLs all the same.
            run.fatal = run.fatal or str(exc)
        await _write_back(run)
    return _report(run, dry_run=dry_run)


async def _look(run: _Run) -> None:
    """See how things stand, and what there is to do."""
    run.survey = await anyio.to_thread.run_sync(
        surveys.survey, run.settings, run.provider, _matters
    )
    run.jobs = plan.jobs(run.survey.planned)


def _matters(item: plan.Planned) -> bool:
    """Whether a clip is to be made, or its URL to be written."""
    return item.state in plan.TO_MAKE or (item.state is plan.State.FRESH and _lacks_url(item))


def _lacks_url(item: plan.Planned) -> bool:
    return item.clip.place is not None and item.clip.url != item.url


def _check(settings: Settings, provider: Provider, *, needs_engine: bool) -> None:
    problem = formats.problem_with(settings.sound)
    if problem is not None:
        raise UsageError(problem)
    problem = provider.problem() if needs_engine else None
    if problem is not None:
        raise FatalError(f"{provider.name} cannot be used here: {problem}")


def _workers(run: _Run) -> int:
    wanted = run.settings.concurrency
    if wanted is None:
        wanted = 1 if run.settings.batch_mode else machine.workers(run.provider.footprint_mib)
    return max(1, min(wanted, len(run.jobs)))


async def _work(run: _Run) -> None:
    """Make the clips, as the only run that writes into the output folder."""
    if run.stop.requested or not (run.jobs or run.survey.untidy):
        run.stopped = run.stop.requested
        return
    store = storage.Storage(Path(run.settings.output))
    await anyio.to_thread.run_sync(store.prepare)
    # Only work is worth waiting for; a run that holds the lock leaves the folder tidy itself.
    waiting = partial(_wait_for_turn, run, str(store.root))
    async with _in_threads(store.locked(waiting)):
        # While this run looked and waited, another may have made what was missing.
        await _look(run)
        await anyio.to_thread.run_sync(store.sweep, _folders(run))
        if run.jobs:
            await _make_all(run, store)
        await anyio.to_thread.run_sync(_settle, store)


def _folders(run: _Run) -> list[str]:
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


class _BusyError(Exception):
    """Another run is at work in the folder."""


def _wait(run: _Run, path: str) -> None:
    anyio.from_thread.check_cancelled()
    anyio.from_thread.run_sync(run.tell, Waiting(path=path))


def _wait_for_turn(run: _Run, path: str) -> None:
    if run.stop.requested or not run.jobs:
        raise _BusyError
    _wait(run, path)


async def _make_all(run: _Run, store: storage.Storage) -> None:
    log = await anyio.to_thread.run_sync(storage.AppendLog, store.root / ledger.NAME)
    try:
        async with run.provider.open(
            workers=run.workers,
            timeout_seconds=run.settings.timeout_seconds,
            words=run.settings.words,
        ) as speaker:
            studio = Studio(
                speaker=speaker,
                voice=surveys.voice(run.settings, run.provider),
                engine=run.provider.engine(),
                sound=run.settings.sound,
                storage=store,
                log=log,
                threads=anyio.CapacityLimiter(run.workers),
            )
            await _drain(run, studio)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(log.close)


async def _drain(run: _Run, studio: Studio) -> None:
    """Make all jobs, and take the results as they come."""

    async def work(job: plan.Job) -> Made:
        return await make_clip(job, studio, on_start=time_limit_restarter())

    bound = run.settings.max_failures
    pool = Pool(
        work,
        limit=run.workers,
        timeout=run.settings.timeout_seconds,
        rules=replace(_RULES, most_failures=bound),
    )
    run.stop.attach(pool)
    states = dict(run.survey.states)
    run.tell(Started(jobs=len(run.jobs), workers=run.workers, states=states))
    async with pool:
        async for result in pool.run(run.jobs):
            _take(run, result, pool.counts)
    at_bound = bound is not None and pool.counts.failed >= bound
    run.stopped = run.stop.requested or at_bound


def _take(run: _Run, result: Result[plan.Job, Made], counts: Counts) -> None:
    job = result.job
    if result.value is not None:
        run.made.add(job.recipe)
        run.audio_seconds += result.value.seconds
        said = result.value.pronunciation
        if said is not None and said.doubt is not None:
            run.doubts[job.recipe] = said
        run.tell(
            ClipMade(
                job=job,
                seconds=result.seconds,
                audio_seconds=result.value.seconds,
                counts=counts,
                pronunciation=said,
            )
        )
        return
    error = _in_our_words(result.error, run.settings.timeout_seconds)
    if isinstance(error, FatalError):
        # Not this clip's fault: it is made when the run is taken up again.
        run.fatal = run.fatal or str(error)
        return
    run.failures[job.recipe] = str(error)
    run.tell(
        ClipFailed(
            job=job, error=error, seconds=result.seconds, attempt=result.attempt, counts=counts
        )
    )


def _in_our_words(error: Exception | None, limit_seconds: float) -> TtsAssetsError:
    if isinstance(error, TtsAssetsError):
        return error
    return ClipTimeoutError(
        f"it was not ready within its time limit of {limit_seconds:g} s, and was stopped"
    )


def _settle(store: storage.Storage) -> None:
    """Bring everything to the disk, and leave the ledger sorted."""
    store.settle()
    path = store.root / ledger.NAME
    if path.exists():
        data = path.read_bytes()
        tidy = ledger.compacted(data, file=str(path))
        if tidy != data:
            store.replace(ledger.NAME, tidy)


async def _write_back(run: _Run) -> None:
    """Give every catalogue the URLs of its clips, made now or long ago."""
    if not run.settings.update_json:
        return
    urls: dict[str, dict[Address, str]] = {}
    for item in run.survey.planned:
        there = item.state is plan.State.FRESH or item.recipe in run.made
        if there and _lacks_url(item):
            urls.setdefault(item.clip.file, {})[address(item.clip)] = item.url
    sources: dict[str, list[Source]] = {}
    for each in run.survey.catalogues:
        sources.setdefault(each.file, []).append(each.source)
    for file, readers in sources.items():
        # A catalogue whose last writer was killed is visited, too, to clear up after it.
        if file not in urls and not has_leftovers(file):
            continue
        wanted = urls.get(file, {})
        waiting = partial(_wait, run, file)
        try:
            written = await anyio.to_thread.run_sync(write_back, file, readers, wanted, waiting)
        except InputError as problem:
            run.survey.trouble.problems.append(problem)
        except FatalError as problem:
            run.fatal = run.fatal or str(problem)
        else:
            run.urls_written += written.urls
            run.urls_missed += written.missed
            run.survey.trouble.problems.extend(dict.fromkeys(written.problems))


def _report(run: _Run, *, dry_run: bool) -> Report:
    found = run.survey
    # Clips end in any order; what is told of them is in the order of the catalogues.
    planned = tuple(item for item in found.planned if item.state in plan.TO_MAKE)
    return Report(
        dry_run=dry_run,
        states=run.states,
        to_make=run.to_make,
        made=len(run.made),
        failures=tuple(
            Failure(clip=item.clip, reason=run.failures[item.recipe])
            for item in planned
            if item.recipe in run.failures
        ),
        doubts=tuple(
            Doubt(clip=item.clip, pronunciation=run.doubts[item.recipe])
            for item in planned
            if item.recipe in run.doubts
        ),
        planned=planned,
        unspoken=tuple(each for one in found.catalogues for each in one.unspoken),
        problems=tuple(found.trouble.problems),
        notes=tuple(found.trouble.notes),
        catalogues=len(found.catalogues),
        urls_to_write=run.urls_to_write,
        urls_written=run.urls_written,
        urls_missed=run.urls_missed,
        seconds=time.monotonic() - run.begun,
        audio_seconds=run.audio_seconds,
        workers=run.workers,
        fatal=run.fatal,
        stopped=run.stopped,
        credit=surveys.voice_info(run.settings, run.provider).credit,
    )
