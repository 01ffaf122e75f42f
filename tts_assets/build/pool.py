"""The worker pool: bounded and lazy, with adaptive concurrency; and its event loop."""

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


def restart_time_limit(times: int = 1) -> Callable[[], None]:
    """Start the time limit of the current job again, ``times`` as long for a long job.

    Returns:
        A function that does the same from any task: time lost to an interruption does not count.
    """
    scope, seconds = _time_limit.get()

    def restart() -> None:
        scope.deadline = current_time() + times * seconds

    restart()
    return restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[J, R]):
    """The result of one job: a value, or an error."""

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
    """The progress of a pool: together with `Pool.aborted`, the four add up to all jobs."""

    queued: int | None  #: not started; None if the total is unknown
    active: int
    done: int  #: succeeded
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRules:
    """Which exceptions of a job are failures; any other is a bug, and ends the run."""

    failures: tuple[type[Exception], ...] = (Exception,)
    fatal: tuple[type[Exception], ...] = ()  #: failures that end the run
    dropped: tuple[type[Exception], ...] = ()  #: not failures: the job counts as aborted
    attempts: int = 1  #: the maximum for each job; each has the whole time limit
    #: whether to try a job again after an error that is not fatal
    retry: Callable[[Any, Exception], bool] = lambda _, __: True
    most_failures: int | None = None  #: take no more jobs after this many failed ones
    #: jobs with the same value count as one failure; None: each counts
    counted_as: Callable[[Any], Hashable] | None = None

    def allow_another(self, job: object, error: Exception | None, attempt: int) -> bool:
        over = attempt >= self.attempts or isinstance(error, self.fatal)
        return error is not None and not over and self.retry(job, error)


@dataclass(slots=True)
class Stop:
    """Asks a run to stop: it finishes the open work, starts nothing, and reports."""

    requested: bool = False
    #: The report of the run so far; None if there is none. Callable from any thread.
    report: Callable[[], Any] = lambda: None
    _stops: list[Callable[[], None]] = field(default_factory=list)

    def request(self) -> None:
        """Ask the run to stop, from the event loop's thread; allowed at any time."""
        self.requested = True
        for stop in tuple(self._stops):
            stop()

    def attach(self, stop: Callable[[], None]) -> None:
        """Call a function on each request, and now if there was one."""
        self._stops.append(stop)
        if self.requested:
            stop()


class _Source(Generic[J]):
    """The jobs of a pool: returns the next one, or none if the worker may not take it any more."""

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
    """Runs one async function over jobs, and yields a result for each.

    A job is pulled only when a worker is free, and a slow consumer slows the workers down: they are
    never more than twice the limit ahead of it. Leaving the ``async with`` early cancels the jobs in
    progress. So does a bug, in a job or in the iterable of jobs: finished results are still
    yielded, then the iteration (or the end of the ``async with``) raises it unchanged.

    Args:
        work: executes one job. It is cancelled at the time limit and by `abort`; cleanup that must
            await shields itself, and keeps its worker until it ends.
        limit: the number of jobs at once, at least 1 (ValueError).
        timeout: seconds until an attempt fails with TimeoutError, above 0 (ValueError) or None.
        rules: which exceptions are failures, end the run, or justify another attempt.

    Example:
        >>> async def shout(word: str) -> str:
        ...     return word.upper()
        >>> async def main() -> None:
        ...     async with Pool(shout, limit=2, timeout=5.0) as pool:
        ...         async for result in pool.run(["ohayou"]):
        ...             print(result.job, result.value)
        >>> anyio.run(main)
        ohayou OHAYOU
    """

    def __init__(
        self,
        work: Callable[[J], Awaitable[R]],
        *,
        limit: int = 8,
        timeout: float | None = 60.0,
        rules: FailureRules | None = None,
    ) -> None:
        self.over: Exception | None = None  #: the fatal failure that ended the run
        self.aborted: tuple[J, ...] = ()  #: started, but cancelled before there was a result
        self._work, self._rules = work, rules or FailureRules()
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
        """The number of jobs at once; raising it starts workers, lowering it cancels nothing."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self._limit = limit
        self._settle()

    @property
    def is_stopped(self) -> bool:
        """Whether it takes no more jobs: by `stop`, a fatal failure or too many failures."""
        return self._stopped

    @property
    def counts(self) -> Counts:
        total = None if self._source is None else self._source.total
        queued = None if total is None else max(0, total - self._taken)
        active = len(self._in_flight)
        return Counts(queued=queued, active=active, done=self._done, failed=self._failed)

    def stop(self) -> None:
        """Take no more jobs, and start no more attempts; those in progress are finished."""
        self._stopped = True
        self._settle()

    def abort(self) -> None:
        """Take no more jobs, and cancel those in progress; finished results are still yielded."""
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
        """Start the jobs, once for each pool; yields the results as they finish.

        ``total`` is for `counts`, if the jobs have no length. Leaving closes an async generator.
        """
        if not self._entered or self._source is not None:
            raise RuntimeError("call run() once for each pool, inside `async with Pool(...)`")
        self._source = _Source(jobs, total)
        self._settle()
        return self

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
        """Adapt jobs, workers and stream to the state; called after every change."""
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
            # Raise anything else from the iteration, not in the task group of the workers.
            bug = RuntimeError("a job was cancelled, but not by its pool") if cancelled else exc
            self._bug = self._bug or bug.with_traceback(exc.__traceback__)
            self.abort()
        finally:
            self._workers -= 1
            self._settle()

    async def _do(self, job: J) -> Result[J, R] | None:
        """Attempt a job until it has a result; None if it is aborted."""
        number, attempt, started, result = self._taken, 1, time.monotonic(), None
        self._taken += 1
        try:
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
                result = Result(job=job, value=value, error=error, seconds=seconds, attempt=attempt)
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


# Adapt the concurrency to failures: the machine may be overloaded.


_WINDOW, _LEAST = 20, 10  #: the number of the last attempts to consider, and the minimum to decide
_MOST_FAILING = 0.3  #: reduce the concurrency if a greater share of them fails
_RUN = 5  #: after this many successes in a row, double the workers


class AdaptiveConcurrency:
    """The number of jobs to run at once, by the results of the last attempts alone.

    Example:
        >>> concurrency = AdaptiveConcurrency(8)
        >>> [concurrency.record(False) for _ in range(20)][9::10]
        [4, 1]
        >>> [concurrency.record(True) for _ in range(15)][4::5]
        [2, 4, 8]
    """

    def __init__(self, full: int) -> None:
        """Start with all workers: ``full``, at least 1."""
        self.limit = self._full = full
        self._window: deque[bool] = deque(maxlen=_WINDOW)
        self._run = 0

    def record_result(self, result: Result[J, R]) -> int | None:
        """Record all attempts of a job; the new number of jobs to run, None if unchanged."""
        before = self.limit
        for _ in range(result.attempt - 1):
            self.record(ok=False)
        self.record(ok=result.ok)
        return None if self.limit == before else self.limit

    def record(self, ok: bool) -> int | None:  # noqa: FBT001 - its only argument
        """Record an attempt; the new number of jobs to run at once, None if unchanged."""
        self._window.append(ok)
        self._run = self._run + 1 if ok else 0
        limit = self.limit
        if self._is_failing():
            limit = max(1, self._full // 2) if limit == self._full else 1
        elif self._run >= _RUN:
            limit = min(self._full, 2 * limit)
        if limit == self.limit:
            return None
        # Attempts under another load do not count.
        self._window.clear()
        self._run = 0
        self.limit = limit
        return limit

    def _is_failing(self) -> bool:
        seen = len(self._window)
        return seen >= _LEAST and self._window.count(False) > _MOST_FAILING * seen


# An event loop whose clock stops while the process is stopped, so that no time limit runs out.
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_TICK_SECONDS: Final = 0.5  #: the loop reads its clock at least this often
_JUMP_SECONDS: Final = 2.0  #: if more time passes between two readings, the process could not run


class _AwakeClock:
    """A monotonic clock that leaves out the time in which the process could not run."""

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


def is_loop_running() -> bool:
    """Whether asyncio runs in this thread, so that nothing else can run in it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run_async(work: Callable[[Unpack[Ts]], Awaitable[T]], *args: *Ts) -> T:
    """Run async work as :func:`anyio.run` does; a process stopped by SIGSTOP or Ctrl-Z loses no time.

    All time limits use the clock of the loop: those of clips, of requests, and of engines' heartbeats.
    """
    return anyio.run(work, *args, backend_options={"loop_factory": _create_loop})


def _create_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.time = _AwakeClock().read  # type: ignore[method-assign]

    def tick() -> None:
        loop.call_later(_TICK_SECONDS, tick)

    loop.call_soon(tick)
    return loop
