"""The worker pool: bounded, lazily fed, slower when the engine is; and its event loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Sized
from contextlib import AsyncExitStack, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, TypeVarTuple, Unpack

import anyio
from anyio import CancelScope, current_effective_deadline, current_time, get_cancelled_exc_class

if TYPE_CHECKING:
    from collections.abc import Awaitable, Hashable, Iterable

J = TypeVar("J")
R = TypeVar("R")

#: The scope of the attempt whose work runs in this context, and its time limit in seconds.
_time_limit: ContextVar[tuple[CancelScope, float]] = ContextVar("_time_limit")


def time_limit_restarter(times: int = 1) -> Callable[[], None]:
    """A function that restarts the time limit of the current job; callable from any task.

    For work that may be interrupted and restarted: the lost time should not count.

    Args:
        times: how many time limits a job that is known to be long has.
    """
    scope, seconds = _time_limit.get()

    def restart() -> None:
        scope.deadline = current_time() + times * seconds

    return restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[J, R]):
    """What became of one job: a value, or the error that took its place."""

    id: Hashable
    job: J
    value: R | None
    error: Exception | None
    seconds: float  #: from the start of the first attempt to the end of the last
    attempt: int  #: the number of the last attempt, from 1

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How far a run is: together with `Pool.aborted` the four add up to all jobs."""

    queued: int | None  #: not started; None if the total is unknown
    active: int
    done: int  #: succeeded
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRules:
    """What an exception raised by a job means: its failure, or a bug that ends the run."""

    failures: tuple[type[Exception], ...] = (Exception,)  #: any other exception is a bug
    fatal: tuple[type[Exception], ...] = ()  #: failures after which no more jobs are taken
    dropped: tuple[type[Exception], ...] = ()  #: no failures: the job counts as cut off
    attempts: int = 1  #: at most, at each job; each has the whole time limit
    #: unless fatal, is another attempt at a job worth it after this error?
    retry: Callable[[Any, Exception], bool] = lambda _, __: True
    most_failures: int | None = None  #: after so many failed jobs no more are taken
    #: jobs for which this is the same count there as one; None: each counts
    counted_as: Callable[[Any], Hashable] | None = None

    def allow_another(self, job: object, error: Exception | None, attempt: int) -> bool:
        over = attempt >= self.attempts or isinstance(error, self.fatal)
        return error is not None and not over and self.retry(job, error)


@dataclass(slots=True)
class Stop:
    """A handle for asking a run to stop: it finishes open work, begins nothing, and reports."""

    requested: bool = False
    #: What is known of the run so far; None before there is anything. Callable from any thread.
    report: Callable[[], Any] = lambda: None
    _stops: list[Callable[[], None]] = field(default_factory=list)

    def request(self) -> None:
        """Ask; harmless at any time, from the event loop's thread."""
        self.requested = True
        for stop in tuple(self._stops):
            stop()

    def attach(self, stop: Callable[[], None]) -> None:
        """Call this on each request, and now if there was one."""
        self._stops.append(stop)
        if self.requested:
            stop()


class _Source(Generic[J]):
    """Where jobs come from: hands one over, or none when the worker may not take it any more."""

    def __init__(self, jobs: Iterable[J] | AsyncIterable[J], total: int | None) -> None:
        self.jobs = aiter(jobs) if isinstance(jobs, AsyncIterable) else iter(jobs)
        self.total = len(jobs) if total is None and isinstance(jobs, Sized) else total
        self.exhausted = False
        self.waiting = CancelScope()
        self._lock = anyio.Lock()
        self._held: list[J] = []

    async def take(self, may_take: Callable[[], bool]) -> list[J]:
        if isinstance(self.jobs, AsyncIterator):
            async with self._lock:
                if may_take() and not self._held:
                    with CancelScope() as self.waiting, suppress(StopAsyncIteration):
                        self._held.append(await anext(self.jobs))
                    self.exhausted = not self._held
        elif may_take():
            self._held.extend(islice(self.jobs, 1))
            self.exhausted = not self._held
        # A limit lowered during the wait leaves the job to the next worker.
        return [self._held.pop()] if self._held and may_take() else []


class Pool(Generic[J, R]):
    """Workers that run one async function over jobs and hand out a result for each.

    Jobs are pulled only for a free worker, and a slow consumer holds the workers back: they are
    never more than twice the limit ahead of it. Leaving the ``async with`` early cancels what is
    in flight. So does a bug, in a job or the iterable of jobs; finished results still come out,
    then the iteration (or the end of the ``async with``) raises it as it is.

    Args:
        work: does one job. It is cancelled at the time limit and by `abort`; cleanup that must
            await shields itself, and keeps its worker until it is through.
        limit: how many jobs run at once, at least 1 (ValueError).
        timeout: seconds until an attempt fails with TimeoutError, above 0 (ValueError) or None.
        key: what identifies a job, its `Result.id`; by default its number, from 0, as pulled.
        rules: which exceptions are failures, end the run, or are worth another attempt.

    Example:
        >>> async def shout(word: str) -> str:
        ...     return word.upper()
        >>> async def main() -> None:
        ...     async with Pool(shout, limit=2, timeout=5.0) as pool:
        ...         async for result in pool.run(["ohayou"]):
        ...             print(result.id, result.value)
        >>> anyio.run(main)
        0 OHAYOU
    """

    def __init__(
        self,
        work: Callable[[J], Awaitable[R]],
        *,
        limit: int = 8,
        timeout: float | None = 60.0,
        key: Callable[[J], Hashable] | None = None,
        rules: FailureRules | None = None,
    ) -> None:
        self.over: Exception | None = None  #: the fatal failure that ended the run
        self.aborted: tuple[J, ...] = ()  #: begun, but cut off before there was a result
        self._work, self._key, self._rules = work, key, rules or FailureRules()
        self._timeout = inf if timeout is None else timeout
        if not (self._timeout > 0 and self._rules.attempts > 0):
            raise ValueError(f"timeout {timeout} and attempts {self._rules.attempts} must be > 0")
        self._source: _Source[J] | None = None
        self._in_flight: dict[int, CancelScope] = {}
        self._counted: set[Hashable] = set()
        self._workers = self._taken = self._done = self._failed = 0
        self._entered = self._stopped = self._cut = False
        self._bug: BaseException | None = None
        self.limit = limit

    @property
    def limit(self) -> int:
        """How many jobs run at once; raising it starts workers, lowering it cancels nothing."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self._limit = limit
        self._settle()

    @property
    def is_stopped(self) -> bool:
        """Whether it takes no more jobs, by `stop`, a fatal failure or too many failures."""
        return self._stopped

    @property
    def counts(self) -> Counts:
        total = None if self._source is None else self._source.total
        queued = None if total is None else max(0, total - self._taken)
        active = len(self._in_flight)
        return Counts(queued=queued, active=active, done=self._done, failed=self._failed)

    def stop(self) -> None:
        """Take no more jobs; attempts in flight finish and are delivered, no other follows them."""
        self._stopped = True
        self._settle()

    def abort(self) -> None:
        """Take no more jobs and cancel what is in flight; finished results are delivered."""
        self._stopped = self._cut = True
        self._settle()

    async def __aenter__(self) -> Self:
        self._send, self._finished = anyio.create_memory_object_stream[Result[J, R]](self._limit)
        self._group = await anyio.create_task_group().__aenter__()
        self._entered = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.abort()
        self._finished.close()
        try:
            async with AsyncExitStack() as last:
                if self._source is not None and isinstance(self._source.jobs, AsyncGenerator):
                    last.push_async_callback(self._source.jobs.aclose)
                # Without the body's exception, the group does not wrap it.
                await self._group.__aexit__(None, None, None)
        finally:
            self._send.close()
            self._raise_bug()

    def run(
        self, jobs: Iterable[J] | AsyncIterable[J], *, total: int | None = None
    ) -> AsyncIterator[Result[J, R]]:
        """Start on the jobs, once for each pool; iterate over the results as they finish.

        ``total`` is for `counts`, where jobs have no length. Leaving closes an async generator.
        """
        if not self._entered or self._source is not None:
            raise RuntimeError("call run() once for each pool, inside `async with Pool(...)`")
        self._source = _Source(jobs, total)
        self._settle()
        return self

    async def collect(self, jobs: Iterable[J] | AsyncIterable[J]) -> dict[Hashable, Result[J, R]]:
        """Run the jobs and return all results by id; ValueError if two jobs have the same."""
        results: dict[Hashable, Result[J, R]] = {}
        async for result in self.run(jobs):
            if result.id in results:
                raise ValueError(f"two jobs have the id {result.id!r}: give the pool another key")
            results[result.id] = result
        return results

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Result[J, R]:
        with suppress(anyio.EndOfStream):
            return await self._finished.receive()
        self._raise_bug()
        raise StopAsyncIteration

    def _raise_bug(self) -> None:
        bug, self._bug = self._bug, None
        if bug is not None:
            raise bug

    @property
    def _target_count(self) -> int:
        taking = not (self._stopped or self._source is None or self._source.exhausted)
        return self._limit if taking else 0

    def _settle(self) -> None:
        """Bring jobs, workers and stream in line with the state; every change of it ends here."""
        for scope in self._in_flight.values() if self._cut else ():
            scope.cancel()
        if self._source is None:
            return
        if not self._target_count:
            self._source.waiting.cancel()
        while self._workers < self._target_count:
            self._workers += 1
            self._group.start_soon(self._run_worker, self._source)
        if not self._workers:
            self._send.close()

    def _record(self, number: int, job: J, result: Result[J, R] | None) -> None:
        self._in_flight.pop(number, None)
        if result is None:
            self.aborted += (job,)
            return
        self._done += result.ok
        self._failed += not result.ok
        if not result.ok:
            name = self._rules.counted_as
            self._counted.add(number if name is None else name(job))
        if isinstance(result.error, self._rules.fatal):
            self.over = self.over or result.error
            self.stop()
        elif not result.ok and len(self._counted) == self._rules.most_failures:
            self.stop()

    async def _run_worker(self, source: _Source[J]) -> None:
        try:
            while jobs := await source.take(lambda: self._workers <= self._target_count):
                if (result := await self._do(jobs[0])) is not None:
                    with suppress(anyio.BrokenResourceError):
                        await self._send.send(result)
        except BaseException as exc:
            cancelled = isinstance(exc, get_cancelled_exc_class())
            if cancelled and current_effective_deadline() == -inf:
                self._stopped = True
                raise
            # All else comes out where the results do, not in the task group of the workers.
            bug = RuntimeError("a job was cancelled, but not by its pool") if cancelled else exc
            self._bug = self._bug or bug.with_traceback(exc.__traceback__)
            self.abort()
        finally:
            self._workers -= 1
            self._settle()

    async def _do(self, job: J) -> Result[J, R] | None:
        """Attempt a job until it has a result; there is none when it is cut off."""
        number, attempt, started, result = self._taken, 1, time.monotonic(), None
        self._taken += 1
        try:
            name = number if self._key is None else self._key(job)
            while outcome := await self._attempt(number, job):
                value, error = outcome
                if self._cut or not self._rules.allow_another(job, error, attempt):
                    break
                if self._stopped:
                    outcome = None
                    break
                attempt += 1
            if outcome:
                seconds = time.monotonic() - started
                result = Result(
                    id=name, job=job, value=value, error=error, seconds=seconds, attempt=attempt
                )
        except Exception as bug:
            bug.add_note(f"raised by the job {job!r}")
            raise
        finally:
            self._record(number, job, result)
        return result

    async def _attempt(self, number: int, job: J) -> tuple[R | None, Exception | None] | None:
        try:
            with CancelScope(deadline=current_time() + self._timeout) as self._in_flight[number]:
                _time_limit.set((self._in_flight[number], self._timeout))
                return await self._work(job), None
        except self._rules.dropped:
            return None
        except (*self._rules.failures, *self._rules.fatal) as error:
            return None, error
        late = TimeoutError(f"timed out after {self._timeout:g} s")
        return None if self._cut else (None, late)


# Fewer clips at once when the engine is slower with more of them.


#: How many attempts are looked back on, and of how many at least it is judged.
_WINDOW, _LEAST = 20, 10

#: More than this part of them failing is no bad luck of single jobs.
_MOST_FAILING = 0.3

#: So many successes in a row double the workers.
_RUN = 5


class AdaptiveConcurrency:
    """How many jobs should run at once, by how the last attempts ended.

    Decides by the order of what it sees alone: no clock, no chance.

    Example:
        >>> concurrency = AdaptiveConcurrency(8)
        >>> [concurrency.saw(False) for _ in range(20)][9::10]
        [4, 1]
        >>> [concurrency.saw(True) for _ in range(15)][4::5]
        [2, 4, 8]
    """

    def __init__(self, full: int) -> None:
        """Begin with all workers.

        Args:
            full: how many there are when all goes well, at least 1.
        """
        self.limit = self._full = full
        self._window: deque[bool] = deque(maxlen=_WINDOW)
        self._run = 0

    def saw(self, ok: bool) -> int | None:  # noqa: FBT001 - its only argument
        """Take note of an attempt that ended.

        Returns:
            how many should run at once from now on; None where that has not changed.
        """
        self._window.append(ok)
        self._run = self._run + 1 if ok else 0
        limit = self._ease() if self._is_failing() else self._recover()
        if limit == self.limit:
            return None
        # What ended under another load says nothing of this one.
        self._window.clear()
        self._run = 0
        self.limit = limit
        return limit

    def _is_failing(self) -> bool:
        seen = len(self._window)
        return seen >= _LEAST and self._window.count(False) > _MOST_FAILING * seen

    def _ease(self) -> int:
        return max(1, self._full // 2) if self.limit == self._full else 1

    def _recover(self) -> int:
        return min(self._full, 2 * self.limit) if self._run >= _RUN else self.limit


# An event loop whose clock stands still while its process is stopped, so that no time limit runs out.
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: The loop reads its clock at least so often.
_TICK_SECONDS: Final = 0.5

#: A longer time between two readings is one in which the process could not run.
_JUMP_SECONDS: Final = 2.0


class _AwakeClock:
    """Seconds on a monotonic clock, without those in which the process could not run."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._suspended = 0.0

    def read(self) -> float:
        now = time.monotonic()
        gap = now - self._last
        if gap > _JUMP_SECONDS:
            self._suspended += gap
        self._last = now
        return now - self._suspended


def run_async(work: Callable[[Unpack[Ts]], Awaitable[T]], *args: *Ts) -> T:
    """Run async work as :func:`anyio.run` does; a process stopped by SIGSTOP or Ctrl-Z loses no time.

    Every time limit in the loop counts by its clock: those of clips, of requests, and of the signs of
    life of engines.
    """
    return anyio.run(work, *args, backend_options={"loop_factory": _create_loop})


def _create_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.time = _AwakeClock().read  # type: ignore[method-assign]

    def tick() -> None:
        loop.call_later(_TICK_SECONDS, tick)

    loop.call_soon(tick)
    return loop
