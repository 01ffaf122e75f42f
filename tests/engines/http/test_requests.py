"""Requests under rules: repeated when they may go better, given up when not, told while they wait."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import pytest

from tests.engines.http.limiter_model import OK, run
from tts_assets.engines.http.rate_limiter import Limiter
from tts_assets.engines.http.service_calls import (
    RateLimitedError,
    RetryingClient,
    RetryPolicy,
    ServiceResponse,
    TransientError,
)
from tts_assets.errors import ClipError, ClipTimeoutError, FatalError

BUSY = TransientError("it is busy", unpaid=True)
BROKEN = TransientError("it is broken")
REFUSED = RateLimitedError("no room")


class LostError(Exception):
    """No answer comes at all."""


@dataclass(kw_only=True)
class RequestServer:
    """Answers each request with the next of these, for ever with the last; None is good."""

    acts: list[Exception | None]
    seconds: float = 0.0
    asked: list[float] = field(default_factory=list)

    async def send(self) -> ServiceResponse:
        self.asked.append(anyio.current_time())
        await anyio.sleep(self.seconds)
        self.act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if isinstance(self.act, LostError):
            raise TransientError("it cannot be reached", unpaid=True)
        return OK

    def judge(self, _: ServiceResponse) -> str:
        if self.act is not None:
            raise self.act
        return "good"

    @property
    def pauses(self) -> list[float]:
        return [after - before for before, after in zip(self.asked, self.asked[1:], strict=False)]


def ask(
    *acts: Exception | None, limiter: Limiter | None = None, seconds: float = 0.0
) -> RequestServer:
    """Ask a server once; what it raises comes out."""
    server = RequestServer(acts=list(acts), seconds=seconds)
    failure: list[Exception] = []

    async def main() -> None:
        calls = RetryingClient(limiter or Limiter(most=4), RetryPolicy())
        try:
            assert await calls.ask(server.send, server.judge) == "good"
        except Exception as exc:  # noqa: BLE001 - raised again below, outside the event loop
            failure.append(exc)

    run(main)
    if failure:
        raise failure[0]
    return server


def test_a_good_answer_is_asked_for_once() -> None:
    assert len(ask(None).asked) == 1


def test_after_an_error_it_waits_longer_each_time() -> None:
    server = ask(BROKEN, BROKEN, None)
    first, second = server.pauses
    assert 4 <= first <= 5
    assert 8 <= second <= 9


def test_what_may_have_been_paid_for_is_asked_for_three_times() -> None:
    with pytest.raises(ClipError, match=r"^it is broken \(tried 3 times\)$"):
        ask(BROKEN, BROKEN, BROKEN, None)


def test_what_was_turned_away_before_any_work_is_asked_for_more_often() -> None:
    assert len(ask(BUSY, BUSY, BUSY, BUSY, BUSY, None).asked) == 6
    with pytest.raises(ClipError, match="tried 6 times"):
        ask(*[BUSY] * 6, None)
    with pytest.raises(ClipError, match="tried 5 times"):
        ask(BUSY, BROKEN, BUSY, BROKEN, BROKEN, None)


def test_a_wait_that_the_service_asks_for_is_kept() -> None:
    server = ask(TransientError("later", 17.0), TransientError("later", 9_999.0), None)
    assert server.pauses == [17.0, 300.0]


def test_refusals_use_up_no_attempts_and_are_repeated_soon() -> None:
    server = ask(*[REFUSED] * 20, None)
    assert len(server.asked) == 21
    assert 0.2 <= server.pauses[0] <= 0.4
    assert max(server.pauses) <= 3.2


def test_an_error_of_the_clip_is_not_asked_for_again() -> None:
    server = RequestServer(acts=[ClipError("too long")])
    with pytest.raises(ClipError, match="too long"):
        ask(*server.acts)


def test_a_call_that_took_too_long_is_not_asked_for_again() -> None:
    with pytest.raises(ClipTimeoutError):
        ask(ClipTimeoutError("too late"), None)


def test_one_lost_answer_ends_nothing_while_others_are_open() -> None:
    async def main() -> None:
        calls = RetryingClient(Limiter(most=4), RetryPolicy())
        slow, lost = (
            RequestServer(acts=[None], seconds=320.0),
            RequestServer(acts=[BROKEN, None], seconds=310.0),
        )
        async with anyio.create_task_group() as tasks:
            for server in (slow, lost):
                tasks.start_soon(calls.ask, server.send, server.judge)
        assert (len(slow.asked), len(lost.asked)) == (1, 2)

    run(main)


def test_a_service_slower_than_the_time_limit_is_not_paid_for_ever() -> None:
    async def main() -> None:
        calls = RetryingClient(Limiter(most=2), RetryPolicy())
        server = RequestServer(acts=[ClipTimeoutError("no answer came in 60 s")], seconds=60.0)
        ends: list[type[Exception]] = []
        while FatalError not in ends:
            try:
                await calls.ask(server.send, server.judge)
            except (ClipTimeoutError, FatalError) as exc:
                ends.append(type(exc))
        assert ends == [ClipTimeoutError] * 3 + [FatalError]

    run(main)


def test_one_stall_is_counted_once_whatever_was_open() -> None:
    async def main() -> None:
        limiter = Limiter(most=10)
        limiter.set_ceiling(10)
        calls = RetryingClient(limiter, RetryPolicy())
        server = RequestServer(acts=[ClipTimeoutError("no answer came in 60 s")], seconds=60.0)
        ends: list[type[Exception]] = []

        async def one() -> None:
            try:
                await calls.ask(server.send, server.judge)
            except (ClipTimeoutError, FatalError) as exc:
                ends.append(type(exc))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(one)
        assert ends == [ClipTimeoutError] * 10

    run(main)


def test_who_rests_is_told_of_the_end_at_once() -> None:
    async def main() -> None:
        calls = RetryingClient(Limiter(most=2), RetryPolicy())
        resting = RequestServer(acts=[TransientError("later", 200.0)])
        ending = RequestServer(acts=[FatalError("the quota is spent")], seconds=1.0)
        ends: list[float] = []

        async def one(server: RequestServer) -> None:
            with pytest.raises(FatalError, match="the quota is spent"):
                await calls.ask(server.send, server.judge)
            ends.append(anyio.current_time())

        begun = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for server in (resting, ending):
                tasks.start_soon(one, server)
        assert [end - begun for end in ends] == [1.0, 1.0]

    run(main)


def test_after_the_end_nothing_more_is_asked_for() -> None:
    async def main() -> None:
        calls = RetryingClient(Limiter(most=1), RetryPolicy())
        server = RequestServer(acts=[FatalError("the quota is spent")], seconds=1.0)
        ends: list[str] = []

        async def one() -> None:
            try:
                await calls.ask(server.send, server.judge)
            except FatalError as exc:
                ends.append(str(exc))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(one)
        assert ends == ["the quota is spent"] * 5
        assert len(server.asked) == 1

    run(main)


def test_while_it_waits_others_have_its_slot() -> None:
    async def main() -> None:
        limiter = Limiter(most=1)
        calls = RetryingClient(limiter, RetryPolicy())
        broken, good = RequestServer(acts=[BROKEN, None]), RequestServer(acts=[None])
        done: list[str] = []

        async def one(name: str, server: RequestServer) -> None:
            await calls.ask(server.send, server.judge)
            done.append(name)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one, "broken", broken)
            await anyio.sleep(0.1)
            tasks.start_soon(one, "good", good)
        assert done == ["good", "broken"]

    run(main)


def test_a_service_that_cannot_be_reached_is_given_up_soon() -> None:
    with pytest.raises(FatalError, match="no response for 10 s: it cannot be reached"):
        ask(LostError())


def test_a_service_that_gives_nothing_is_given_up_late() -> None:
    async def main() -> None:
        calls = RetryingClient(Limiter(most=4), RetryPolicy())
        server = RequestServer(acts=[REFUSED])
        begun = anyio.current_time()
        with pytest.raises(FatalError, match="no response for 300 s: no room"):
            await calls.ask(server.send, server.judge)
        assert 300 < anyio.current_time() - begun < 310

    run(main)


def told(act: Callable[[RetryingClient, list[float]], object]) -> list[float]:
    """When a call was told to have its whole time again, while `RetryingClient.run` goes on."""
    times: list[float] = []

    async def main() -> None:
        calls = RetryingClient(Limiter(most=1), RetryPolicy())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(calls.run, 1.0)
            await act(calls, times)  # type: ignore[misc]
            tasks.cancel_scope.cancel()

    run(main)
    return times


def test_its_time_does_not_run_while_it_waits() -> None:
    async def act(calls: RetryingClient, times: list[float]) -> None:
        begun = anyio.current_time()
        server = RequestServer(acts=[TransientError("later", 30.0), None], seconds=5.0)
        await calls.ask(
            server.send, server.judge, lambda: times.append(anyio.current_time() - begun)
        )

    times = told(act)
    assert times[0] == 0
    assert all(5 <= seconds <= 35 for seconds in times[1:-1])
    # What came in the last moment has its time to become a clip.
    assert times[-1] == 40
    assert max(after - before for before, after in itertools.pairwise(times[1:-1])) <= 1


def test_a_call_that_is_over_is_told_nothing() -> None:
    async def act(calls: RetryingClient, times: list[float]) -> None:
        server = RequestServer(acts=[None])
        begun = anyio.current_time()
        await calls.ask(
            server.send, server.judge, lambda: times.append(anyio.current_time() - begun)
        )
        await anyio.sleep(10)

    assert told(act) == [0.0, 0.0]
