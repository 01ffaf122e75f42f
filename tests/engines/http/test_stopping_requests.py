"""A stop: open requests finish, and every call that waits for another request ends at once."""

from collections.abc import Awaitable, Callable, Sequence

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
from tts_assets.errors import StoppedError

BUSY = TransientError("it is busy", 300.0, unpaid=True)
REFUSED = RateLimitedError("no room")


class AskedService:
    """Calls that run together, and how each ended."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.calls = RetryingClient(limiter, RetryPolicy())
        self.sent: list[float] = []
        self.ends: list[tuple[str, float]] = []

    def send(self, seconds: float) -> Callable[[], Awaitable[ServiceResponse]]:
        async def send() -> ServiceResponse:
            self.sent.append(anyio.current_time())
            await anyio.sleep(seconds)
            return OK

        return send

    async def ask(self, seconds: float, error: Exception | None) -> None:
        def judge(_: ServiceResponse) -> str:
            if error is not None:
                raise error
            return "good"

        try:
            end = await self.calls.ask(self.send(seconds), judge)
        except StoppedError:
            end = "stopped"
        self.ends.append((end, anyio.current_time()))


async def _ask_and_stop(
    asked: AskedService, requests: Sequence[tuple[float, Exception | None]], stop_at: float
) -> float:
    """Send these, and stop after so many seconds; returns the time of the stop."""
    stopped: list[float] = []
    async with anyio.create_task_group() as tasks:
        for seconds, error in requests:
            tasks.start_soon(asked.ask, seconds, error)
        await anyio.sleep(stop_at)
        asked.limiter.stop()
        stopped.append(anyio.current_time())
    return stopped[0]


@pytest.mark.parametrize("error", [BUSY, REFUSED, TransientError("it is broken")])
def test_a_call_that_rests_before_a_retry_ends_at_once(error: Exception) -> None:
    async def main() -> None:
        asked = AskedService(Limiter(most=2))
        # Refusals rest for 0.2 s and more, errors for seconds.
        stopped = await _ask_and_stop(asked, [(0.0, error)] * 2, 0.1)
        assert asked.ends == [("stopped", stopped)] * 2
        assert len(asked.sent) == 2

    run(main)


def test_open_requests_finish_and_those_in_line_are_not_sent() -> None:
    async def main() -> None:
        asked = AskedService(Limiter(most=2))
        stopped = await _ask_and_stop(asked, [(5.0, None)] * 5, 1.0)
        ends = sorted(asked.ends, key=lambda end: end[1])
        assert [end for end, _ in ends] == ["stopped"] * 3 + ["good"] * 2
        assert [at - stopped for _, at in ends] == [0.0] * 3 + [4.0] * 2
        assert len(asked.sent) == 2

    run(main)


def test_an_open_request_that_is_refused_after_the_stop_is_not_repeated() -> None:
    async def main() -> None:
        asked = AskedService(Limiter(most=2))
        stopped = await _ask_and_stop(asked, [(5.0, BUSY), (5.0, REFUSED)], 1.0)
        assert asked.ends == [("stopped", stopped + 4.0)] * 2
        assert len(asked.sent) == 2

    run(main)


def test_a_call_that_waits_for_the_rate_ends_at_once() -> None:
    async def main() -> None:
        limiter = Limiter(most=9, per_second=0.1)
        limiter.set_ceiling(9)
        asked = AskedService(limiter)
        stopped = await _ask_and_stop(asked, [(0.5, None)] * 4, 1.0)
        assert sorted(end for end, _ in asked.ends) == ["good"] + ["stopped"] * 3
        assert max(at for _, at in asked.ends) == stopped
        # All room is free again.
        assert (limiter._open, limiter._stoppable) == (0, set())

    run(main)


def test_a_call_after_the_stop_sends_nothing() -> None:
    async def main() -> None:
        asked = AskedService(Limiter(most=2))
        asked.limiter.stop()
        await asked.ask(0.0, None)
        assert (asked.sent, [end for end, _ in asked.ends]) == ([], ["stopped"])

    run(main)


def test_a_stop_at_every_moment_leaves_no_request_behind_it() -> None:
    """Whatever a call waits for at that moment: its slot, its turn, its answer or its retry."""

    async def main(stop_at: float) -> None:
        asked = AskedService(Limiter(most=2, per_second=4))
        requests = [(0.3, None), (0.2, REFUSED), (0.1, TransientError("broken"))] * 3
        stopped = await _ask_and_stop(asked, requests, stop_at)
        assert len(asked.ends) == len(requests)
        assert max(asked.sent, default=0) <= stopped

    for step in range(40):
        run(lambda step=step: main(step / 20))  # type: ignore[misc]
