"""A service as a model on a clock that jumps: its room over time, its latencies and its moods."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import trio.testing

from tts_assets.engines.http.service_calls import (
    RateLimitedError,
    RetryingClient,
    RetryPolicy,
    ServiceResponse,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tts_assets.engines.http.rate_limiter import Limiter

OK = ServiceResponse(status=200, headers={}, body=b"")
#: What was measured of real refusals.
REFUSED_AFTER = 0.24


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it under trio, with a clock that jumps to the next thing that happens."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    anyio.run(main, backend="trio", backend_options={"clock": clock})


@dataclass(kw_only=True)
class LimiterModel:
    """A service, and what became of the requests.

    Args:
        room: how many requests it takes at a time in seconds from the beginning.
        told: the ceiling that each answer names; None for none.
        busy: the share of requests that it is too busy for.
        median: of the latencies, in seconds; they are lognormal, with a sigma of 0.4.
    """

    room: Callable[[float], int]
    told: int | None = None
    busy: float = 0.0
    median: float = 1.3
    done: int = 0
    refused: int = 0
    open: int = 0
    begun: float = field(default_factory=lambda: 0.0)
    dice: random.Random = field(default_factory=lambda: random.Random(5))

    def latency(self) -> float:
        return self.median * math.exp(self.dice.gauss(0, 0.4))

    async def answer(self) -> ServiceResponse:
        now = anyio.current_time() - self.begun
        if self.open >= self.room(now):
            self.refused += 1
            await anyio.sleep(REFUSED_AFTER)
            return ServiceResponse(status=429, headers={}, body=b"refused")
        self.open += 1
        try:
            if self.dice.random() < self.busy:
                await anyio.sleep(REFUSED_AFTER)
                return ServiceResponse(status=429, headers={}, body=b"busy")
            await anyio.sleep(self.latency())
        finally:
            self.open -= 1
        self.done += 1
        return OK

    def judge(self, limiter: Limiter) -> Callable[[ServiceResponse], bytes]:
        def judged(answer: ServiceResponse) -> bytes:
            if answer.body == b"refused":
                raise RateLimitedError("too many")
            if answer.body == b"busy":
                raise TransientError("it is busy", unpaid=True)
            if self.told is not None:
                limiter.set_ceiling(self.told)
            return answer.body

        return judged

    async def all_asked(self, clips: int, limiter: Limiter) -> float:
        """Ask for so many, as many in hand as the limiter wants; the seconds that took."""
        calls = RetryingClient(limiter, RetryPolicy())
        self.begun = anyio.current_time()
        left = clips
        in_hand = 0
        changed = anyio.Event()

        def change() -> None:
            nonlocal changed
            changed.set()
            changed = anyio.Event()

        limiter.on_change = change

        async def one() -> None:
            nonlocal in_hand
            await calls.ask(self.answer, self.judge(limiter))
            in_hand -= 1
            change()

        async with anyio.create_task_group() as tasks:
            while left:
                while in_hand < limiter.target_clips and left:
                    left -= 1
                    in_hand += 1
                    tasks.start_soon(one)
                await changed.wait()
        return anyio.current_time() - self.begun

    async def oracle(self, clips: int) -> float:
        """The same by somebody who knows at every moment how much room there is."""
        self.begun = anyio.current_time()
        left, begun = clips, 0
        changed = anyio.Event()

        async def one() -> None:
            nonlocal left, begun
            answer = await self.answer()
            begun -= 1
            changed.set()
            if answer.body == b"busy":
                # The same pause as ours, on the average.
                await anyio.sleep(4.5)
            left += answer is not OK
            changed.set()

        async with anyio.create_task_group() as tasks:
            while self.done < clips:
                while left and begun < self.room(anyio.current_time() - self.begun):
                    left -= 1
                    begun += 1
                    tasks.start_soon(one)
                changed = anyio.Event()
                # For a change of the room nobody rings.
                with anyio.move_on_after(0.1):
                    await changed.wait()
        return anyio.current_time() - self.begun
