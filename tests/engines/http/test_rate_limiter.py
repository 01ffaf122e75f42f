"""The limiter: all the room that there is, few refusals, and no more of either than asked for."""

from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack

import anyio
import pytest

from tests.engines.http.limiter_model import LimiterModel, run
from tts_assets.engines.http.rate_limiter import Limiter

CLIPS = 300


def _five(_: float) -> int:
    return 5


def _neighbour(seconds: float) -> int:
    return 2 if 10 <= seconds < 50 else 5


def _shrinking(seconds: float) -> int:
    return 5 if seconds < 20 else 3 if seconds < 60 else 2


def test_alone_it_uses_nearly_all_of_what_the_service_says_it_takes() -> None:
    async def main() -> None:
        model = LimiterModel(room=_five, told=5)
        limiter = Limiter(most=10, per_second=10)
        seconds = await model.all_asked(CLIPS, limiter)
        assert model.done == CLIPS
        assert model.refused < 0.01 * CLIPS
        assert await LimiterModel(room=_five).oracle(CLIPS) > 0.95 * seconds

    run(main)


@pytest.mark.parametrize("told", [5, None])
@pytest.mark.parametrize("room", [_five, _neighbour, _shrinking])
@pytest.mark.parametrize("busy", [0.0, 0.1])
def test_it_is_nearly_as_quick_as_one_who_knows_the_room(
    room: Callable[[float], int], busy: float, told: int | None
) -> None:
    async def main() -> None:
        model = LimiterModel(room=room, told=told, busy=busy)
        seconds = await model.all_asked(CLIPS, Limiter(most=5, per_second=10))
        oracle = await LimiterModel(room=room, busy=busy).oracle(CLIPS)
        assert model.done == CLIPS
        assert seconds < 1.25 * oracle

    run(main)


def test_what_the_service_says_it_takes_is_gone_up_to_at_once_and_not_beyond() -> None:
    async def main() -> None:
        limiter = Limiter(most=10)
        limiter.set_ceiling(6)
        assert limiter.limit == 6
        for _ in range(100):
            limiter.record_success()
        assert limiter.limit == 6
        limiter.set_ceiling(3)
        assert limiter.limit == 3
        limiter.set_ceiling(8)
        assert limiter.limit == 3

    run(main)


def test_settings_cap_it_whatever_the_service_says() -> None:
    async def main() -> None:
        limiter = Limiter(most=4)
        limiter.set_ceiling(30)
        assert limiter.limit == 4
        limiter.set_ceiling(0)
        assert limiter.limit == 1

    run(main)


def test_requests_that_were_open_together_cut_it_once() -> None:
    async def main() -> None:
        limiter = Limiter(most=10)
        limiter.set_ceiling(10)
        async with AsyncExitStack() as stack:
            slots = [await stack.enter_async_context(limiter.slot()) for _ in range(10)]
            await anyio.sleep(1)
            for slot in slots:
                limiter.record_refusal(slot)
            assert limiter.limit == 7
        await anyio.sleep(1)
        async with limiter.slot() as later:
            limiter.record_refusal(later)
        assert limiter.limit == 4
        assert limiter.measure_traffic().refusals == 11

    run(main)


def test_a_refusal_that_tells_of_more_room_does_not_raise_it() -> None:
    async def main() -> None:
        limiter = Limiter(most=20)
        async with limiter.slot() as slot:
            await anyio.sleep(1)
            limiter.record_refusal(slot, most=15)
        assert limiter.limit == 1

    run(main)


def test_without_a_ceiling_it_grows_quickly_until_the_first_refusal_and_slowly_then() -> None:
    async def main() -> None:
        limiter = Limiter(most=100)
        for _ in range(8):
            limiter.record_success()
        assert limiter.limit == 10
        async with limiter.slot() as slot:
            limiter.record_refusal(slot)
        for _ in range(7):
            limiter.record_success()
        assert limiter.limit == 7
        limiter.record_success()
        assert limiter.limit == 8

    run(main)


def test_errors_leave_it_alone_until_three_in_ten_fail() -> None:
    async def main() -> None:
        limiter = Limiter(most=8)
        limiter.set_ceiling(8)
        for number in range(40):
            async with limiter.slot() as slot:
                await anyio.sleep(1)
                limiter.record_success() if number % 4 else limiter.record_failure(slot)
        assert limiter.limit == 8

    run(main)


def test_in_trouble_it_is_halved_then_one_and_comes_back_when_that_is_over() -> None:
    async def main() -> None:
        limiter = Limiter(most=8)
        limiter.set_ceiling(8)
        limits: list[int] = []
        for good in [True] * 20 + [False] * 9 + [True] * 60:
            async with limiter.slot() as slot:
                await anyio.sleep(1)
                limiter.record_success() if good else limiter.record_failure(slot)
            if not limits or limits[-1] != limiter.limit:
                limits.append(limiter.limit)
        assert limits == [8, 4, 1, 2, 3, 4, 5, 6, 7, 8]

    run(main)


def test_no_more_begin_in_a_second_than_the_settings_say() -> None:
    async def main() -> None:
        limiter = Limiter(most=50, per_second=10)
        limiter.set_ceiling(50)
        begun: list[float] = []

        async def one() -> None:
            async with limiter.slot() as slot:
                begun.append(slot.begun)
                await anyio.sleep(5)

        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(one)
        assert begun == pytest.approx([begun[0] + number / 10 for number in range(30)])

    run(main)


def test_who_gives_up_in_line_leaves_the_line_to_the_others() -> None:
    async def main() -> None:
        limiter = Limiter(most=1)
        entered = []

        async def one(name: str, seconds: float) -> None:
            with anyio.move_on_after(seconds):
                async with limiter.slot():
                    entered.append(name)
                    await anyio.sleep(2)

        async with anyio.create_task_group() as tasks:
            for name, seconds in (("a", 9), ("b", 1), ("c", 9)):
                tasks.start_soon(one, name, seconds)
                await anyio.sleep(0.1)
        assert entered == ["a", "c"]
        async with limiter.slot():
            pass

    run(main)


def test_it_tells_what_was_waited_for_and_how_the_limit_went() -> None:
    async def main() -> None:
        limiter = Limiter(most=4)
        async with limiter.slot() as slot:
            await anyio.sleep(2)
            limiter.set_ceiling(4)
            limiter.record_refusal(slot)
        with limiter.rest(retry=True):
            await anyio.sleep(3)
        traffic = limiter.measure_traffic()
        assert (traffic.requests, traffic.refusals, traffic.retries) == (1, 1, 1)
        assert (traffic.waits, traffic.waited_seconds) == (1, 3)
        assert traffic.limits == ((0.0, 2), (2.0, 4), (2.0, 2))

    run(main)


def test_clips_that_rest_are_passed_by_others_but_not_in_trouble() -> None:
    async def main() -> None:
        limiter = Limiter(most=2)
        limiter.set_ceiling(2)
        usual = limiter.target_clips
        with limiter.rest(), limiter.rest():
            assert limiter.target_clips == usual + 2
            for _ in range(20):
                async with limiter.slot() as slot:
                    await anyio.sleep(1)
                    limiter.record_failure(slot)
            assert limiter.target_clips < usual
        with ExitStack() as all_of_them:
            for _ in range(50):
                all_of_them.enter_context(limiter.rest())
            for _ in range(20):
                limiter.record_success()
            assert limiter.target_clips == 2 + 8 + 2

    run(main)


def test_waits_that_overlap_count_once_in_their_time() -> None:
    async def main() -> None:
        limiter = Limiter(most=4)

        async def rest(begin: float, seconds: float) -> None:
            await anyio.sleep(begin)
            with limiter.rest():
                await anyio.sleep(seconds)

        async with anyio.create_task_group() as tasks:
            for begin, seconds in ((0, 10), (5, 10), (7, 1), (20, 3)):
                tasks.start_soon(rest, begin, seconds)
            await anyio.sleep(21)
            assert limiter.measure_traffic().waited_seconds == pytest.approx(16)
        traffic = limiter.measure_traffic()
        assert traffic.waits == 4
        assert traffic.waited_seconds == pytest.approx(18)

    run(main)
