"""An event loop whose clock stands still while its process is stopped, so that no time limit runs out."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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
