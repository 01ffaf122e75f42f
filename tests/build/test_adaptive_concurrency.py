"""The load is eased when much fails, and comes back."""

import anyio
import pytest

from tts_assets.build.pool import AdaptiveConcurrency, Pool


def _limits(easing: AdaptiveConcurrency, *outcomes: bool) -> list[int]:
    """Each new limit."""
    seen = (easing.record(ok) for ok in outcomes)
    return [limit for limit in seen if limit is not None]


def test_it_begins_with_all_workers_and_stays_there_while_all_goes_well() -> None:
    easing = AdaptiveConcurrency(8)
    assert _limits(easing, *[True] * 100) == []
    assert easing.limit == 8


def test_failures_halve_the_workers_and_then_leave_one() -> None:
    assert _limits(AdaptiveConcurrency(16), *[False] * 100) == [8, 1]
    assert _limits(AdaptiveConcurrency(3), *[False] * 100) == [1]
    assert _limits(AdaptiveConcurrency(1), *[False] * 100) == []


def test_three_of_ten_may_fail_and_four_may_not() -> None:
    assert _limits(AdaptiveConcurrency(8), *[False] * 3, *[True] * 7) == []
    assert _limits(AdaptiveConcurrency(8), *[False] * 4, *[True] * 6) == [4]


def test_a_few_failures_say_nothing() -> None:
    assert _limits(AdaptiveConcurrency(8), *[False] * 9) == []


def test_what_went_well_long_ago_does_not_count() -> None:
    assert _limits(AdaptiveConcurrency(8), *[True] * 100, *[False] * 6) == []
    assert _limits(AdaptiveConcurrency(8), *[True] * 100, *[False] * 7) == [4]


def test_each_run_of_successes_doubles_the_workers_up_to_all() -> None:
    easing = AdaptiveConcurrency(6)
    _limits(easing, *[False] * 20)
    assert _limits(easing, *[True] * 4, *[False], *[True] * 4) == []
    assert _limits(easing, *[True] * 100) == [2, 4, 6]


def test_who_fails_again_on_the_way_back_begins_anew_with_one() -> None:
    easing = AdaptiveConcurrency(16)
    _limits(easing, *[False] * 20, *[True] * 10)
    assert easing.limit == 4
    assert _limits(easing, *[False] * 10) == [1]


@pytest.mark.anyio
async def test_a_pool_that_is_told_so_works_one_at_a_time_until_it_recovers() -> None:
    at_once: list[int] = []
    limits: list[int] = []
    easing = AdaptiveConcurrency(8)

    async def work(number: int) -> None:
        at_once.append(pool.counts.active)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        if number < 60:
            raise OSError("busy")

    async with Pool(work, limit=8) as pool:
        async for result in pool.run(range(150)):
            limit = easing.record(result.ok)
            if limit is not None:
                pool.limit = limit
                limits.append(limit)
    assert limits == [4, 1, 2, 4, 8]
    assert max(at_once[:10]) == 8
    assert set(at_once[50:60]) == {1}
    assert max(at_once[-10:]) == 8
