"""The pool, requirement by requirement, under asyncio and trio."""

import asyncio
import contextlib
import dataclasses
import doctest
import gc
import itertools
import pickle
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from tts_assets.build import pool as module
from tts_assets.build.pool import Counts, FailureRules, Pool, Result, Stop, restart_time_limit

pytestmark = pytest.mark.timeout(30)


class PoolRefusedError(Exception):
    """What a job raises that cannot be done."""


class RevokedError(Exception):
    """What a job raises when no other can be done either."""


class Halt(BaseException):
    """Neither a failure nor an ordinary error."""


class Doors:
    """Work behind doors: each job is done when the test opens its door."""

    def __init__(self) -> None:
        self.doors: defaultdict[int, anyio.Event] = defaultdict(anyio.Event)
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.active = 0
        self.most = 0

    def open(self, *jobs: int) -> None:
        for job in jobs:
            self.doors[job].set()

    async def work(self, job: int) -> int:
        self.begun.append(job)
        self.active += 1
        self.most = max(self.most, self.active)
        try:
            await self.doors[job].wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(job)
            raise
        finally:
            self.active -= 1
        return job * 10


class Feed:
    """An endless iterable that counts what was pulled from it."""

    def __init__(self) -> None:
        self.pulled = 0

    def __iter__(self) -> Iterator[int]:
        for job in itertools.count():
            self.pulled += 1
            yield job


async def double(job: int) -> int:
    return job * 2


async def hang(_: int) -> None:
    await anyio.sleep_forever()


async def refuse_odd(job: int) -> int:
    if job % 2:
        raise PoolRefusedError(job)
    return job


async def gather(results: AsyncIterator[Result[Any, Any]], into: list[Result[Any, Any]]) -> None:
    async for result in results:
        into.append(result)  # noqa: PERF401 - what came before an error counts too


async def collect(pool: Pool[Any, Any], jobs: Any) -> dict[Any, Result[Any, Any]]:
    return {result.job: result async for result in pool.run(jobs)}


async def begin_and_leave(pool: Pool[Any, Any], jobs: Iterable[Any]) -> None:
    async with pool:
        pool.run(jobs)
        await wait_all_tasks_blocked()


async def take_one_and_fail(pool: Pool[Any, Any], jobs: Iterable[Any], error: Exception) -> None:
    async with pool:
        async for _ in pool.run(jobs):
            await wait_all_tasks_blocked()
            raise error


def jobs_of(results: list[Result[Any, Any]]) -> list[Any]:
    return [result.job for result in results]


class TestRunning:
    async def test_every_job_has_one_result_with_its_value(self) -> None:
        results: list[Result[int, int]] = []
        async with Pool(double, limit=3) as pool:
            await gather(pool.run(range(20)), results)
        assert {result.job: result.value for result in results} == {n: n * 2 for n in range(20)}
        assert len(results) == 20
        assert all(result.ok and result.attempt == 1 for result in results)

    async def test_no_jobs_have_no_results(self) -> None:
        async with Pool(double) as pool:
            assert await collect(pool, []) == {}

    async def test_ten_thousand_jobs_are_done(self) -> None:
        total = 0
        async with Pool(double, limit=8) as pool:
            async for result in pool.run(range(10_000)):
                total += result.value or 0
        assert total == 9_999 * 10_000
        assert pool.counts == Counts(queued=0, active=0, done=10_000, failed=0)

    async def test_results_come_as_they_finish(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=3) as pool:
            results = pool.run(range(3))
            for job in (2, 0, 1):
                doors.open(job)
                assert (await anext(results)).job == job

    async def test_no_more_jobs_run_at_once_than_the_limit(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=4) as pool:
            results = pool.run(range(10))
            await wait_all_tasks_blocked()
            assert doors.active == 4
            doors.open(*range(10))
            await gather(results, [])
        assert doors.most == 4

    async def test_the_limit_is_eight_and_the_time_a_minute_unless_told(self) -> None:
        left: list[float] = []

        async def look(_: int) -> None:
            left.append(anyio.current_effective_deadline() - anyio.current_time())

        async with Pool(look) as pool:
            assert pool.limit == 8
            await collect(pool, [0])
        assert 50 < left[0] <= 60

    async def test_seconds_are_the_time_the_job_took(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = itertools.count(100.0, 2.5)
        monkeypatch.setattr(
            "tts_assets.build.pool.time", SimpleNamespace(monotonic=lambda: next(clock))
        )
        async with Pool(double, limit=1) as pool:
            results = await collect(pool, [7, 8])
        assert [result.seconds for result in results.values()] == [2.5, 2.5]

    async def test_a_pool_runs_once(self) -> None:
        async with Pool(double) as pool:
            await collect(pool, [1])
            with pytest.raises(RuntimeError, match="once for each pool"):
                pool.run([2])

    async def test_a_pool_that_is_not_entered_does_not_run(self) -> None:
        with pytest.raises(RuntimeError, match="inside `async with"):
            Pool(double).run([1])

    async def test_an_unused_pool_opens_and_closes(self) -> None:
        async with Pool(double) as pool:
            pass
        assert pool.counts == Counts(queued=None, active=0, done=0, failed=0)

    @pytest.mark.parametrize("limit", [0, -1])
    async def test_a_limit_below_one_is_refused(self, limit: int) -> None:
        with pytest.raises(ValueError, match=f"at least 1, not {limit}"):
            Pool(double, limit=limit)
        with pytest.raises(ValueError, match=f"at least 1, not {limit}"):
            Pool(double).limit = limit

    @pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
    async def test_a_time_limit_not_above_zero_is_refused(self, seconds: float) -> None:
        with pytest.raises(ValueError, match="timeout"):
            Pool(double, timeout=seconds)

    async def test_no_attempts_are_refused(self) -> None:
        with pytest.raises(ValueError, match="attempts 0"):
            Pool(double, rules=FailureRules(attempts=0))


class TestPulling:
    async def test_jobs_are_pulled_only_for_free_workers(self) -> None:
        doors, feed = Doors(), Feed()
        async with Pool(doors.work, limit=3) as pool:
            results = pool.run(feed)
            await wait_all_tasks_blocked()
            assert feed.pulled == 3
            doors.open(1)
            await anext(results)
            await wait_all_tasks_blocked()
            assert feed.pulled == 4

    async def test_a_slow_consumer_holds_the_workers_back(self) -> None:
        feed = Feed()
        async with Pool(double, limit=3) as pool:
            results = pool.run(feed)
            await wait_all_tasks_blocked()
            assert feed.pulled == 6
            await anext(results)
            await wait_all_tasks_blocked()
            assert feed.pulled == 7

    async def test_an_endless_iterable_is_left_with_break(self) -> None:
        feed = Feed()
        async with Pool(double, limit=2) as pool:
            async for result in pool.run(feed):
                if result.job == 50:
                    break
        assert feed.pulled <= 50 + 2 * 2 + 1

    async def test_an_async_iterable_is_pulled(self) -> None:
        async def jobs() -> AsyncIterator[int]:
            for job in range(5):
                await anyio.lowlevel.checkpoint()
                yield job

        async with Pool(double, limit=2) as pool:
            results = await collect(pool, jobs())
        assert [results[n].value for n in range(5)] == [0, 2, 4, 6, 8]

    async def test_an_async_iterable_is_pulled_by_one_worker_at_a_time(self) -> None:
        class Once:
            def __init__(self) -> None:
                self.pulling = self.most = self.pulled = 0

            def __aiter__(self) -> "Once":
                return self

            async def __anext__(self) -> int:
                self.pulling += 1
                self.most = max(self.most, self.pulling)
                await anyio.lowlevel.checkpoint()
                self.pulling -= 1
                self.pulled += 1
                if self.pulled > 10:
                    raise StopAsyncIteration
                return self.pulled

        jobs = Once()
        async with Pool(double, limit=4) as pool:
            assert len(await collect(pool, jobs)) == 10
        assert jobs.most == 1
        assert jobs.pulled == 11

    async def test_leaving_early_closes_an_async_generator(self) -> None:
        closed = False

        async def jobs() -> AsyncIterator[int]:
            nonlocal closed
            try:
                for job in itertools.count():
                    yield job
            finally:
                await anyio.lowlevel.checkpoint()
                closed = True

        async with Pool(double, limit=2) as pool:
            async for _ in pool.run(jobs()):
                break
        assert closed

    async def test_an_error_of_the_iterable_propagates_as_it_is(self) -> None:
        error = PoolRefusedError("no such file")

        def jobs() -> Iterator[int]:
            yield 1
            raise error

        with pytest.raises(PoolRefusedError) as caught:
            async with Pool(hang, limit=2) as pool:
                await gather(pool.run(jobs()), [])
        assert caught.value is error
        assert pool.aborted == (1,)

    async def test_an_error_of_the_async_iterable_propagates_as_it_is(self) -> None:
        error = PoolRefusedError("connection lost")

        async def jobs() -> AsyncIterator[int]:
            yield 1
            await anyio.lowlevel.checkpoint()
            raise error

        with pytest.raises(PoolRefusedError) as caught:
            async with Pool(hang, limit=2) as pool:
                await gather(pool.run(jobs()), [])
        assert caught.value is error
        assert pool.aborted == (1,)


class TestTimeLimit:
    async def test_a_job_that_hangs_fails_at_the_limit_and_frees_its_worker(self) -> None:
        async def hang_first(job: int) -> int:
            if job == 0:
                await anyio.sleep_forever()
            return job

        async with Pool(hang_first, limit=1, timeout=0.02) as pool:
            results = await collect(pool, [0, 1])
        assert isinstance(results[0].error, TimeoutError)
        assert "after 0.02 s" in str(results[0].error)
        assert results[0].seconds >= 0.02
        assert results[1].value == 1
        assert pool.counts == Counts(queued=0, active=0, done=1, failed=1)

    async def test_the_coroutine_of_a_late_job_is_cancelled(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=1, timeout=0.02) as pool:
            await collect(pool, [0])
        assert doors.cancelled == [0]

    async def test_the_time_limit_is_a_failure_whatever_the_rules(self) -> None:
        rules = FailureRules(failures=(PoolRefusedError,))
        async with Pool(hang, timeout=0.02, rules=rules) as pool:
            assert isinstance((await collect(pool, [0]))[0].error, TimeoutError)

    async def test_a_timeout_error_of_the_job_itself_stays_its_own(self) -> None:
        error = TimeoutError("the server did not answer")

        async def give_up(_: int) -> None:
            raise error

        async with Pool(give_up) as pool:
            assert (await collect(pool, [0]))[0].error is error

    async def test_a_timeout_error_of_the_job_itself_can_be_a_bug(self) -> None:
        error = TimeoutError("the server did not answer")

        async def give_up(_: int) -> None:
            raise error

        with pytest.raises(TimeoutError) as caught:
            async with Pool(give_up, rules=FailureRules(failures=(PoolRefusedError,))) as pool:
                await collect(pool, [0])
        assert caught.value is error

    async def test_without_a_time_limit_a_job_has_no_deadline(self) -> None:
        async def deadline(_: int) -> float:
            return anyio.current_effective_deadline()

        async with Pool(deadline, timeout=None) as pool:
            assert (await collect(pool, [0]))[0].value == float("inf")

    async def test_a_late_job_may_shield_its_cleanup(self) -> None:
        order: list[str] = []
        cleaning, clean = anyio.Event(), anyio.Event()

        async def stubborn(job: int) -> None:
            if job == 1:
                order.append("next")
                return
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    cleaning.set()
                    await clean.wait()
                    order.append("clean")

        async with Pool(stubborn, limit=1, timeout=0.02) as pool:
            results = pool.run([0, 1])
            await cleaning.wait()
            await wait_all_tasks_blocked()
            assert pool.counts.active == 1
            clean.set()
            assert isinstance((await anext(results)).error, TimeoutError)
            assert (await anext(results)).ok
        assert order == ["clean", "next"]

    async def test_a_job_that_finishes_in_spite_of_its_limit_is_done(self) -> None:
        async def unmoved(job: int) -> int:
            with contextlib.suppress(anyio.get_cancelled_exc_class()):
                await anyio.sleep_forever()
            return job

        async with Pool(unmoved, timeout=0.02) as pool:
            assert (await collect(pool, [5]))[5].value == 5


class TestFailures:
    async def test_a_failed_job_is_a_result_like_others(self) -> None:
        async with Pool(refuse_odd, limit=2) as pool:
            results = await collect(pool, range(4))
        assert [results[n].ok for n in range(4)] == [True, False, True, False]
        assert results[1].value is None
        assert isinstance(results[1].error, PoolRefusedError)
        assert pool.counts == Counts(queued=0, active=0, done=2, failed=2)

    async def test_work_that_fails_before_it_awaits_is_a_failure(self) -> None:
        def refuse(job: int) -> Any:
            raise PoolRefusedError(job)

        async with Pool(refuse) as pool:
            assert isinstance((await collect(pool, [0]))[0].error, PoolRefusedError)

    async def test_errors_of_a_task_group_in_the_job_are_a_failure(self) -> None:
        async def in_parts(job: int) -> None:
            async with anyio.create_task_group() as parts:
                parts.start_soon(refuse_odd, job)
                parts.start_soon(hang, job)

        async with Pool(in_parts) as pool:
            assert isinstance((await collect(pool, [1]))[1].error, ExceptionGroup)

    @pytest.mark.parametrize("error", [KeyError("bug"), Halt("bug")])
    async def test_any_other_exception_propagates_as_it_is(self, error: BaseException) -> None:
        async def break_down(_: int) -> None:
            raise error

        with pytest.raises(type(error)) as caught:
            async with Pool(break_down, rules=FailureRules(failures=(PoolRefusedError,))) as pool:
                await gather(pool.run(Feed()), [])
        assert caught.value is error

    async def test_a_bug_names_its_job(self) -> None:
        rules = FailureRules(failures=(KeyError,))
        with pytest.raises(PoolRefusedError) as caught:
            async with Pool(refuse_odd, limit=1, rules=rules) as pool:
                await collect(pool, [2, 31])
        assert caught.value.__notes__ == ["raised by the job 31"]

    async def test_a_bug_cancels_what_is_in_flight_and_stops_the_pulling(self) -> None:
        doors, feed = Doors(), Feed()

        async def break_at_two(job: int) -> int:
            if job == 2:
                raise KeyError(job)
            return await doors.work(job)

        with pytest.raises(KeyError):
            async with Pool(break_at_two, limit=4, rules=FailureRules(failures=())) as pool:
                await gather(pool.run(feed), [])
        assert sorted(doors.cancelled) == sorted(doors.begun)
        assert sorted(pool.aborted) == list(range(feed.pulled))
        assert feed.pulled <= 4

    async def test_results_finished_before_a_bug_still_come_out(self) -> None:
        rules, results = FailureRules(failures=()), list[Result[int, int]]()
        with pytest.raises(PoolRefusedError):
            async with Pool(refuse_odd, limit=1, rules=rules) as pool:
                await gather(pool.run([0, 2, 1, 4]), results)
        assert jobs_of(results) == [0, 2]

    async def test_a_bug_caught_at_the_iteration_is_not_raised_again(self) -> None:
        async with Pool(refuse_odd, rules=FailureRules(failures=())) as pool:
            results = pool.run([1])
            with pytest.raises(PoolRefusedError):
                await anext(results)
            with pytest.raises(StopAsyncIteration):
                await anext(results)

    async def test_the_first_of_several_bugs_is_raised(self) -> None:
        async def break_down(job: int) -> None:
            try:
                await hang(job) if job else await anyio.lowlevel.checkpoint()
            finally:
                raise Halt(job)

        with pytest.raises(Halt) as caught:
            async with Pool(break_down, limit=2) as pool:
                await gather(pool.run([0, 1]), [])
        assert caught.value.args == (0,)

    async def test_a_bug_nobody_iterates_towards_is_raised_at_the_end(self) -> None:
        pool = Pool(refuse_odd, rules=FailureRules(failures=()))
        with pytest.raises(PoolRefusedError):
            await begin_and_leave(pool, [1])

    async def test_a_bug_is_raised_over_an_error_of_the_consumer(self) -> None:
        pool, error = Pool(refuse_odd, limit=1, rules=FailureRules(failures=())), KeyError("mine")
        with pytest.raises(PoolRefusedError) as caught:
            await take_one_and_fail(pool, [0, 1], error)
        assert caught.value.__context__ is error

    async def test_a_bug_while_cleaning_up_propagates(self) -> None:
        async def clean_badly(_: int) -> None:
            try:
                await anyio.sleep_forever()
            finally:
                raise KeyError("cleanup")

        pool = Pool(clean_badly, rules=FailureRules(failures=()))
        with pytest.raises(KeyError, match="cleanup"):
            await begin_and_leave(pool, [1])

    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_a_cancellation_from_elsewhere_does_not_pass_for_the_pools(self) -> None:
        async def cancelled(_: int) -> None:
            raise asyncio.CancelledError

        with pytest.raises(RuntimeError, match="not by its pool"):
            async with Pool(cancelled, limit=1) as pool:
                await collect(pool, range(3))


class TestFatal:
    async def test_a_fatal_failure_is_delivered_and_ends_the_pulling(self) -> None:
        doors, feed, results = Doors(), Feed(), list[Result[int, int]]()
        error = RevokedError("quota spent")

        async def revoke_at_one(job: int) -> int:
            if job == 1:
                raise error
            return await doors.work(job)

        rules = FailureRules(failures=(PoolRefusedError,), fatal=(RevokedError,))
        async with (
            Pool(revoke_at_one, limit=3, rules=rules) as pool,
            anyio.create_task_group() as group,
        ):
            group.start_soon(gather, pool.run(feed), results)
            await wait_all_tasks_blocked()
            begun = list(doors.begun)
            doors.open(*begun)
        assert pool.over is error
        assert sorted(jobs_of(results)) == sorted([1, *begun]) == list(range(feed.pulled))
        assert feed.pulled <= 3
        assert pool.counts == Counts(queued=None, active=0, done=len(begun), failed=1)

    async def test_the_first_fatal_failure_is_remembered(self) -> None:
        doors = Doors()

        async def revoke(job: int) -> None:
            raise RevokedError(await doors.work(job))

        async with Pool(revoke, limit=2, rules=FailureRules(fatal=(RevokedError,))) as pool:
            results = pool.run(range(9))
            for job in (1, 0):
                await wait_all_tasks_blocked()
                doors.open(job)
                assert (await anext(results)).job == job
        assert str(pool.over) == "10"
        assert pool.counts == Counts(queued=7, active=0, done=0, failed=2)

    async def test_ordinary_failures_do_not_end_the_run(self) -> None:
        async with Pool(refuse_odd, rules=FailureRules(fatal=(RevokedError,))) as pool:
            assert len(await collect(pool, range(9))) == 9
        assert pool.over is None

    async def test_a_fatal_failure_is_not_attempted_again(self) -> None:
        async def revoke(_: int) -> None:
            raise RevokedError

        rules = FailureRules(fatal=(RevokedError,), attempts=3)
        async with Pool(revoke, rules=rules) as pool:
            assert (await collect(pool, [0]))[0].attempt == 1


class TestAttempts:
    async def test_a_failure_is_attempted_again_until_it_succeeds(self) -> None:
        tries = itertools.count(1)

        async def third_time(_: int) -> str:
            if next(tries) < 3:
                raise PoolRefusedError
            return "done"

        async with Pool(third_time, rules=FailureRules(attempts=5)) as pool:
            result = (await collect(pool, [0]))[0]
        assert (result.value, result.error, result.attempt) == ("done", None, 3)
        assert pool.counts == Counts(queued=0, active=0, done=1, failed=0)

    async def test_the_last_attempt_decides(self) -> None:
        tries = itertools.count(1)

        async def refuse(_: int) -> None:
            raise PoolRefusedError(next(tries))

        async with Pool(refuse, rules=FailureRules(attempts=3)) as pool:
            result = (await collect(pool, [0]))[0]
        assert result.attempt == 3
        assert str(result.error) == "3"
        assert pool.counts.failed == 1

    async def test_a_failure_not_worth_it_is_not_attempted_again(self) -> None:
        rules = FailureRules(
            attempts=3, retry=lambda _, error: not isinstance(error, PoolRefusedError)
        )
        async with Pool(refuse_odd, rules=rules) as pool:
            assert (await collect(pool, [1]))[1].attempt == 1

    async def test_another_attempt_keeps_its_worker(self) -> None:
        order: list[int] = []

        async def refuse(job: int) -> None:
            order.append(job)
            raise PoolRefusedError

        async with Pool(refuse, limit=1, rules=FailureRules(attempts=2)) as pool:
            await collect(pool, [1, 2])
        assert order == [1, 1, 2, 2]

    async def test_each_attempt_has_the_whole_time_limit(self) -> None:
        tries = itertools.count(1)

        async def hang_once(_: int) -> str:
            if next(tries) == 1:
                await anyio.sleep_forever()
            return "done"

        async with Pool(hang_once, timeout=0.02, rules=FailureRules(attempts=2)) as pool:
            result = (await collect(pool, [0]))[0]
        assert (result.value, result.attempt) == ("done", 2)
        assert result.seconds >= 0.02

    async def test_a_bug_of_the_retry_propagates(self) -> None:
        def broken(_: object, __: Exception) -> bool:
            raise KeyError("retry")

        with pytest.raises(KeyError, match="retry"):
            async with Pool(refuse_odd, rules=FailureRules(attempts=2, retry=broken)) as pool:
                await collect(pool, [1])


class TestLimit:
    async def test_raising_it_starts_workers_at_once(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=1) as pool:
            pool.run(Feed())
            await wait_all_tasks_blocked()
            assert doors.active == 1
            pool.limit = 4
            assert pool.limit == 4
            await wait_all_tasks_blocked()
            assert doors.active == 4

    async def test_lowering_it_cancels_nothing_but_takes_fewer(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=4) as pool:
            results = pool.run(range(20))
            await wait_all_tasks_blocked()
            pool.limit = 2
            await wait_all_tasks_blocked()
            assert doors.active == 4
            doors.open(0, 1)
            await anext(results)
            await anext(results)
            await wait_all_tasks_blocked()
            assert doors.active == 2
            assert len(doors.begun) == 4
            doors.open(2)
            await wait_all_tasks_blocked()
            assert doors.active == 2
            assert len(doors.begun) == 5
            assert not doors.cancelled

    async def test_lowering_and_raising_it_again_does_not_add_up(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=3) as pool:
            pool.run(Feed())
            await wait_all_tasks_blocked()
            for limit in (1, 5, 2, 4):
                pool.limit = limit
            await wait_all_tasks_blocked()
        assert doors.most == 4

    async def test_all_jobs_are_done_when_it_is_lowered_to_one(self) -> None:
        doors = Doors()
        doors.open(*range(30))
        async with Pool(doors.work, limit=6) as pool:
            results = pool.run(range(30))
            await anext(results)
            pool.limit = 1
            rest: list[Result[int, int]] = []
            await gather(results, rest)
        assert len(rest) == 29

    async def test_a_job_pulled_while_it_is_lowered_waits_for_a_free_worker(self) -> None:
        doors, ready = Doors(), anyio.Event()

        async def jobs() -> AsyncIterator[int]:
            yield 0
            await ready.wait()
            yield 1
            yield 2

        async with Pool(doors.work, limit=2) as pool:
            results = pool.run(jobs())
            await wait_all_tasks_blocked()
            pool.limit = 1
            ready.set()
            await wait_all_tasks_blocked()
            assert doors.begun == [0]
            doors.open(0, 1, 2)
            rest: list[Result[int, int]] = []
            await gather(results, rest)
        assert jobs_of(rest) == [0, 1, 2]
        assert doors.most == 1

    async def test_it_can_be_set_before_and_after_the_run(self) -> None:
        pool = Pool(double, limit=2)
        pool.limit = 3
        async with pool:
            await collect(pool, range(4))
            pool.limit = 9
        pool.limit = 1
        assert pool.limit == 1
        assert pool.counts.done == 4


class TestStop:
    async def test_what_is_in_flight_finishes_and_no_more_is_taken(self) -> None:
        doors, results = Doors(), list[Result[int, int]]()
        async with Pool(doors.work, limit=3) as pool, anyio.create_task_group() as group:
            group.start_soon(gather, pool.run(range(10)), results)
            await wait_all_tasks_blocked()
            pool.stop()
            pool.stop()
            await wait_all_tasks_blocked()
            assert pool.counts == Counts(queued=7, active=3, done=0, failed=0)
            doors.open(*range(10))
        assert sorted(jobs_of(results)) == [0, 1, 2]
        assert not doors.cancelled
        assert pool.counts == Counts(queued=7, active=0, done=3, failed=0)
        assert pool.aborted == ()

    async def test_it_ends_the_wait_for_the_next_job(self) -> None:
        async def jobs() -> AsyncIterator[int]:
            yield 1
            await anyio.sleep_forever()

        results: list[Result[int, int]] = []
        async with Pool(double, limit=3) as pool:
            async for result in pool.run(jobs(), total=5):
                results.append(result)
                pool.stop()
        assert jobs_of(results) == [1]
        assert pool.counts == Counts(queued=4, active=0, done=1, failed=0)

    async def test_before_the_run_it_lets_nothing_begin(self) -> None:
        pool = Pool(double)
        pool.stop()
        async with pool:
            assert await collect(pool, [1, 2, 3]) == {}
        assert pool.counts == Counts(queued=3, active=0, done=0, failed=0)

    async def test_after_the_run_it_is_harmless(self) -> None:
        async with Pool(double) as pool:
            await collect(pool, [1])
            pool.stop()
        pool.stop()
        assert pool.counts.done == 1

    async def test_a_job_may_ask_for_it(self) -> None:
        async def last(job: int) -> int:
            pool.stop()
            return job

        async with Pool(last, limit=1) as pool:
            assert len(await collect(pool, range(5))) == 1

    async def test_no_other_attempt_follows_a_failed_one(self) -> None:
        async def fail(_: int) -> int:
            pool.stop()
            raise ValueError

        async with Pool(fail, limit=1, rules=FailureRules(attempts=3)) as pool:
            assert await collect(pool, range(5)) == {}
        assert pool.aborted == (0,)
        assert pool.counts == Counts(queued=4, active=0, done=0, failed=0)

    async def test_a_dropped_job_is_no_failure(self) -> None:
        async def work(job: int) -> int:
            if job == 1:
                raise LookupError
            return job

        rules = FailureRules(dropped=(LookupError,), attempts=3, most_failures=1)
        async with Pool(work, limit=1, rules=rules) as pool:
            assert (await collect(pool, range(3))).keys() == {0, 2}
        assert pool.aborted == (1,)
        assert pool.counts == Counts(queued=0, active=0, done=2, failed=0)

    async def test_a_handle_calls_all_that_are_attached_to_it(self) -> None:
        stop, calls = Stop(), list[str]()
        stop.attach(lambda: calls.append("before"))
        assert calls == []
        stop.request()
        stop.attach(lambda: calls.append("after"))
        assert (calls, stop.requested) == (["before", "after"], True)


class TestAbort:
    async def test_what_is_in_flight_is_cancelled_and_not_delivered(self) -> None:
        doors, results = Doors(), list[Result[int, int]]()
        async with Pool(doors.work, limit=3) as pool, anyio.create_task_group() as group:
            group.start_soon(gather, pool.run(range(10)), results)
            doors.open(0)
            await wait_all_tasks_blocked()
            pool.abort()
            pool.abort()
        assert jobs_of(results) == [0]
        assert sorted(pool.aborted) == sorted(doors.cancelled) == [1, 2, 3]
        assert pool.counts == Counts(queued=6, active=0, done=1, failed=0)

    async def test_results_that_are_finished_are_delivered(self) -> None:
        async with Pool(double, limit=2) as pool:
            results = pool.run(Feed())
            await wait_all_tasks_blocked()
            pool.abort()
            finished: list[Result[int, int]] = []
            await gather(results, finished)
        assert sorted(jobs_of(finished)) == [0, 1, 2, 3]
        assert pool.aborted == ()

    async def test_after_a_stop_it_ends_what_is_in_flight(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=2) as pool:
            results = pool.run(range(9))
            await wait_all_tasks_blocked()
            pool.stop()
            await wait_all_tasks_blocked()
            pool.abort()
            await gather(results, [])
        assert sorted(pool.aborted) == [0, 1]

    async def test_before_and_after_the_run_it_is_harmless(self) -> None:
        pool = Pool(double)
        pool.abort()
        async with pool:
            assert await collect(pool, [1]) == {}
            pool.abort()
        pool.abort()
        assert pool.aborted == ()

    async def test_it_ends_the_wait_for_the_next_job(self) -> None:
        async def jobs() -> AsyncIterator[int]:
            await anyio.sleep_forever()
            yield 1

        async with Pool(double) as pool:
            results = pool.run(jobs())
            await wait_all_tasks_blocked()
            pool.abort()
            await gather(results, [])
        assert pool.counts.done == 0

    async def test_a_job_cut_off_is_not_attempted_again(self) -> None:
        calls = itertools.count()

        async def abort(_: int) -> None:
            next(calls)
            pool.abort()
            raise PoolRefusedError

        async with Pool(abort, rules=FailureRules(attempts=3)) as pool:
            assert isinstance((await collect(pool, [0]))[0].error, PoolRefusedError)
        assert next(calls) == 1

    async def test_a_job_that_finishes_in_spite_of_it_is_delivered(self) -> None:
        async def unmoved(job: int) -> int:
            with contextlib.suppress(anyio.get_cancelled_exc_class()):
                await anyio.sleep_forever()
            return job

        async with Pool(unmoved) as pool:
            results = pool.run([5])
            await wait_all_tasks_blocked()
            pool.abort()
            assert (await anext(results)).value == 5
        assert pool.aborted == ()

    async def test_a_late_job_still_cleaning_up_is_cut_off(self) -> None:
        cleaning, clean = anyio.Event(), anyio.Event()

        async def stubborn(_: int) -> None:
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    cleaning.set()
                    await clean.wait()

        async with Pool(stubborn, timeout=0.02) as pool:
            results = pool.run([0])
            await cleaning.wait()
            pool.abort()
            clean.set()
            await gather(results, [])
        assert pool.aborted == (0,)


class TestCounts:
    async def test_they_follow_the_run(self) -> None:
        doors = Doors()

        async def work(job: int) -> int:
            await doors.work(job)
            return await refuse_odd(job)

        async with Pool(work, limit=2) as pool:
            assert pool.counts == Counts(queued=None, active=0, done=0, failed=0)
            results = pool.run([0, 1, 2, 3, 4])
            await wait_all_tasks_blocked()
            assert pool.counts == Counts(queued=3, active=2, done=0, failed=0)
            doors.open(1)
            await anext(results)
            await wait_all_tasks_blocked()
            assert pool.counts == Counts(queued=2, active=2, done=0, failed=1)
            doors.open(0, 2, 3, 4)
            await gather(results, [])
        assert pool.counts == Counts(queued=0, active=0, done=3, failed=2)

    async def test_queued_is_unknown_without_a_length(self) -> None:
        async with Pool(double) as pool:
            results = await collect(pool, iter(range(3)))
        assert len(results) == 3
        assert pool.counts == Counts(queued=None, active=0, done=3, failed=0)

    async def test_queued_is_known_from_a_total(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=2) as pool:
            pool.run(Feed(), total=100)
            await wait_all_tasks_blocked()
            assert pool.counts.queued == 98

    async def test_a_total_that_is_too_small_counts_down_to_zero(self) -> None:
        async with Pool(double) as pool:
            await gather(pool.run(iter(range(3)), total=2), [])
        assert pool.counts == Counts(queued=0, active=0, done=3, failed=0)

    async def test_with_the_jobs_cut_off_they_add_up_to_all_jobs(self) -> None:
        doors = Doors()
        async with Pool(doors.work, limit=3) as pool:
            results = pool.run(range(50))
            doors.open(0, 1)
            await anext(results)
        counts = pool.counts
        assert counts.queued is not None
        assert counts.queued + counts.done + counts.failed + len(pool.aborted) == 50


class TestLeaving:
    async def test_break_cancels_what_is_in_flight_and_leaves_no_task(self) -> None:
        doors, before = Doors(), len(anyio.get_running_tasks())
        doors.open(0)
        async with Pool(doors.work, limit=3) as pool:
            async for _ in pool.run(Feed()):
                break
            await wait_all_tasks_blocked()
        assert len(anyio.get_running_tasks()) == before
        assert sorted(pool.aborted) == sorted(doors.cancelled) == [1, 2, 3]
        gc.collect()

    async def test_an_error_of_the_consumer_propagates_as_it_is(self) -> None:
        doors, before, error = Doors(), len(anyio.get_running_tasks()), KeyError("consumer")
        doors.open(0)
        with pytest.raises(KeyError) as caught:
            await take_one_and_fail(Pool(doors.work, limit=3), Feed(), error)
        assert caught.value is error
        assert len(anyio.get_running_tasks()) == before
        assert sorted(doors.cancelled) == [1, 2, 3]
        gc.collect()

    async def test_results_nobody_takes_do_not_hold_the_end(self) -> None:
        pool = Pool(double, limit=2)
        await begin_and_leave(pool, Feed())
        assert pool.counts.done == 4
        gc.collect()

    async def test_failures_while_leaving_stay_failures(self) -> None:
        async def clean_badly(_: int) -> None:
            try:
                await anyio.sleep_forever()
            finally:
                raise PoolRefusedError

        async def in_parts(job: int) -> None:
            async with anyio.create_task_group() as parts:
                parts.start_soon(clean_badly, job)
                parts.start_soon(hang, job)

        pool = Pool(in_parts, limit=2)
        await begin_and_leave(pool, Feed())
        assert pool.counts.failed == 2

    async def test_cancelling_around_it_cancels_the_jobs_and_takes_no_more(self) -> None:
        doors, feed = Doors(), Feed()
        with anyio.CancelScope() as scope:
            async with Pool(doors.work, limit=3) as pool, anyio.create_task_group() as group:
                group.start_soon(gather, pool.run(feed), [])
                await wait_all_tasks_blocked()
                scope.cancel()
        assert scope.cancelled_caught
        assert sorted(pool.aborted) == sorted(doors.cancelled) == [0, 1, 2]
        assert feed.pulled == 3

    async def test_cancelling_around_it_closes_an_async_generator(self) -> None:
        doors, closed = Doors(), anyio.Event()

        async def jobs() -> AsyncIterator[int]:
            try:
                yield 1
                yield 2
            finally:
                closed.set()

        with anyio.CancelScope() as scope:
            async with Pool(doors.work, limit=1) as pool:
                results = pool.run(jobs())
                await wait_all_tasks_blocked()
                scope.cancel()
                await anext(results)
        assert closed.is_set()
        assert pool.aborted == (1,)

    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_a_cancelled_task_takes_its_pool_along(self) -> None:
        doors, pools = Doors(), list[Pool[int, int]]()

        async def consume() -> None:
            async with Pool(doors.work, limit=2) as pool:
                pools.append(pool)
                await gather(pool.run(Feed()), [])

        task = asyncio.get_running_loop().create_task(consume())
        await wait_all_tasks_blocked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sorted(pools[0].aborted) == [0, 1]


class TestData:
    @pytest.mark.parametrize(
        "data",
        [
            Result(job=1, value=2, error=None, seconds=0.5, attempt=1),
            Counts(queued=None, active=0, done=0, failed=0),
        ],
    )
    def test_results_and_counts_are_frozen_and_travel_between_processes(self, data: Any) -> None:
        assert pickle.loads(pickle.dumps(data)) == data
        assert not hasattr(data, "__dict__")
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(data, dataclasses.fields(data)[0].name, 2)

    def test_the_example_in_the_documentation_runs(self) -> None:
        assert doctest.testmod(module) == doctest.TestResults(failed=0, attempted=6)


def test_the_pool_knows_nothing_of_the_rest(pytestconfig: pytest.Config) -> None:
    source = (pytestconfig.rootpath / "tts_assets" / "build" / "pool.py").read_text(
        encoding="utf-8"
    )
    assert "tts_assets" not in source


async def test_work_that_begins_anew_gets_its_whole_time_again() -> None:
    async def work(restarts: int) -> int:
        restart = restart_time_limit()
        for _ in range(restarts):
            await anyio.sleep(0.2)
            # As from a supervisor: in a task that is not the job's own.
            async with anyio.create_task_group() as tasks:

                async def elsewhere() -> None:
                    restart()

                tasks.start_soon(elsewhere)
        await anyio.sleep(0.2)
        return restarts

    async with Pool(work, limit=2, timeout=0.35) as pool:
        results = await collect(pool, [0, 3])
    assert [results[key].ok for key in (0, 3)] == [True, True]
