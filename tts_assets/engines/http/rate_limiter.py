"""Adaptive limit of the open requests to a service, learned from its responses.

The limit rises by one for each round of successes and falls to seven tenths after a refusal, as in TCP
(Chiu and Jain 1989, additive increase and multiplicative decrease). A limit that the service reports
is a ceiling; it is used at once, unless the service refused a request before. Refusals of requests
that were open together lower the limit once. Other errors leave it unchanged until three in ten
requests fail: then it is halved, set to one if errors continue, and does not rise until fewer fail.
"""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import anyio
from anyio import current_time

from tts_assets.errors import StoppedError, TtsAssetsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


_INITIAL_LIMIT = 2
_DECREASE = 0.7  #: a refusal multiplies the limit by this
_WINDOW = 20  #: the share of errors is computed over this many latest requests
_FAILING_SHARE = 0.3  #: above this share of errors, the service counts as failing
_MAX_CHANGES = 1_000  #: the number of changes of the limit that are kept
_SPARE = 2  #: clips in progress beyond the open and resting requests, which are encoded meanwhile
_MAX_RESTING = 4  #: clips may rest while others are requested, up to this many times the limit
_MIN_WAIT_SECONDS = 0.01  #: shorter waits are not counted
_STOPPED = "the run stopped before this request was sent"


# Schemas of documents quote this docstring.
@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The requests to a service.

    Args:
        requests: the requests sent.
        lost: the requests without a complete response, which may have been billed.
        refusals: the requests refused for lack of capacity.
        retries: the requests repeated after an error.
        waits: the number of waits after a refusal or an error, or for the rate limit.
        waited_seconds: the time during which at least one request waited; simultaneous waits count
            once.
        limits: the limit over time, as seconds since the beginning and the new limit.
    """

    requests: int
    lost: int
    refusals: int
    retries: int
    waits: int
    waited_seconds: float
    limits: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A call waits before it sends its request again."""

    reason: str  #: the error of the service, in words
    seconds: float  #: the least time that it waits
    calls: int  #: the calls that wait now
    refusals: int  #: the requests refused because of a rate limit so far
    retries: int  #: the requests repeated after an error so far, including this one
    fruitless_seconds: float  #: the time since the last success


@dataclass(slots=True, eq=False)
class Slot:
    """A slot for one request, and when it was taken."""

    begun: float


class Limiter:
    """Limits the open requests and the requests per second to the service's capacity."""

    def __init__(
        self, *, most: int, per_second: float = inf, is_slot_a_request: bool = True
    ) -> None:
        """Start with a low limit.

        Args:
            most: the highest limit, whatever the service reports; at least 1.
            per_second: the maximum of requests that begin in a second.
            is_slot_a_request: count each slot as one request; otherwise `note_sent` counts.
        """
        self.on_change: Callable[[], None] = lambda: None  #: called when `target_clips` may change
        self.on_rest: Callable[[Rest], None] = lambda _: None  #: called when a call begins to rest
        self._is_slot_a_request = is_slot_a_request
        self._most = most
        self._ceiling: int | None = None
        self._limit = float(min(_INITIAL_LIMIT, most))
        self._is_doubling = True
        self._interval_seconds = 1 / per_second
        self._next_start = -inf
        self._open = 0
        self._slots: set[Slot] = set()
        self._resting = 0
        self._stop_error: TtsAssetsError | None = None
        self._stoppable: set[anyio.CancelScope] = set()
        self._queue: deque[anyio.Event] = deque()
        self._cut_time = -inf
        self._was_halved = False
        self._outcomes: deque[bool] = deque(maxlen=_WINDOW)
        self._start_time: float | None = None
        self._last_success: float | None = None
        self._requests = self._lost = self._refusals = self._retries = self._waits = 0
        self._waited_seconds = self._waits_since = 0.0
        self._waiting = 0
        self._limits: deque[tuple[float, int]] = deque(maxlen=_MAX_CHANGES)

    @property
    def limit(self) -> int:
        """The current limit of open requests; at least 1."""
        return int(self._limit)

    @property
    def target_clips(self) -> int:
        """The number of clips in progress that keeps both the service and the cores busy."""
        resting = 0 if self._is_failing else min(self._resting, _MAX_RESTING * self._most)
        return self.limit + resting + _SPARE

    @property
    def fruitless_seconds(self) -> float:
        """The time since the last success, or since the first request."""
        since = self._last_success if self._last_success is not None else self._start_time
        return 0.0 if since is None else current_time() - since

    @property
    def oldest_seconds(self) -> float:
        """The age of the oldest open request; 0 without one."""
        now = current_time()
        return now - min((slot.begun for slot in self._slots), default=now)

    @property
    def is_new(self) -> bool:
        """Whether no request has succeeded yet."""
        return self._last_success is None

    def measure_traffic(self) -> Traffic:
        """The traffic so far; without waits in progress if there is no event loop."""
        waited_seconds = self._waited_seconds
        with suppress(RuntimeError):
            waited_seconds += self._open_wait_seconds
        return Traffic(
            requests=self._requests,
            lost=self._lost,
            refusals=self._refusals,
            retries=self._retries,
            waits=self._waits,
            waited_seconds=waited_seconds,
            limits=tuple(self._limits),
        )

    def stop(self, error: TtsAssetsError | None = None) -> None:
        """Block new requests; calls that wait for a slot or rest raise the error, or StoppedError."""
        self._stop_error = self._stop_error or error or StoppedError(_STOPPED)
        for scope in tuple(self._stoppable):
            scope.cancel()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait for a slot; raises the error of `stop` after it."""
        self._start_clock()
        with self._until_stopped():
            await self._wait_for_slot()
        try:
            with self._until_stopped(), self._count_wait():
                await self._wait_for_turn()
            self.raise_if_stopped()
            self._requests += self._is_slot_a_request
            slot = Slot(current_time())
            self._slots.add(slot)
            try:
                yield slot
            finally:
                self._slots.remove(slot)
        finally:
            self._open -= 1
            self._wake_next()

    @contextmanager
    def rest(
        self, *, retry: bool = False, reason: str = "", seconds: float = 0.0
    ) -> Iterator[None]:
        """Mark the block as a wait without a slot; other requests may begin meanwhile.

        Args:
            retry: the wait comes between an error and another attempt.
            reason: the reason in words; "" to not report the wait.
            seconds: the least time that it waits.

        Raises:
            StoppedError: `stop` was called.
        """
        self.raise_if_stopped()
        self._retries += retry
        self._resting += 1
        self.on_change()
        if reason:
            self.on_rest(
                Rest(
                    reason=reason,
                    seconds=seconds,
                    calls=self._resting,
                    refusals=self._refusals,
                    retries=self._retries,
                    fruitless_seconds=self.fruitless_seconds,
                )
            )
        try:
            with self._until_stopped(), self._count_wait():
                yield
        finally:
            self._resting -= 1
            self.on_change()

    def set_ceiling(self, count: int) -> None:
        """Use the limit that the service reports as a ceiling."""
        ceiling = max(1, min(count, self._most))
        if ceiling == self._ceiling:
            return
        raises_limit = self._ceiling is None and self._is_doubling
        self._ceiling, self._is_doubling = ceiling, False
        self._set_limit(ceiling if raises_limit else min(self._limit, ceiling))

    def record_success(self) -> None:
        """Count a success."""
        self._last_success = current_time()
        self._outcomes.append(True)
        if not self._is_failing:
            self._was_halved = False
            self._set_limit(self._limit + (1 if self._is_doubling else 1 / self._limit))

    def record_refusal(self, slot: Slot, most: int | None = None) -> None:
        """Count a refusal because of a rate limit; ``most`` is the service's own limit."""
        self._refusals += 1
        # After a refusal below the reported limit, other clients use the rest.
        self._is_doubling = False
        if most is not None:
            self.set_ceiling(most)
        # Requests that were open at the last cut don't lower the limit again.
        if slot.begun > self._cut_time:
            self._cut_time = current_time()
            self._set_limit(self._limit * _DECREASE)

    def record_failure(self, slot: Slot) -> None:
        """Count an error of the service or of the connection."""
        self._outcomes.append(False)
        if self._is_failing and slot.begun > self._cut_time:
            self._is_doubling = False
            self._cut_time = current_time()
            self._set_limit(1 if self._was_halved else self._limit / 2)
            self._was_halved = True

    @property
    def _is_failing(self) -> bool:
        return (
            len(self._outcomes) == _WINDOW
            and self._outcomes.count(False) > _FAILING_SHARE * _WINDOW
        )

    def _set_limit(self, limit: float) -> None:
        before = self.limit
        self._limit = max(1.0, min(limit, self._ceiling or self._most))
        if self.limit != before:
            seconds = 0.0 if self._start_time is None else current_time() - self._start_time
            self._limits.append((seconds, self.limit))
            self._wake_next()
            self.on_change()

    def _start_clock(self) -> None:
        if self._start_time is None:
            self._start_time = current_time()
            self._limits.append((0.0, self.limit))

    async def _wait_for_slot(self) -> None:
        if self._open < self.limit and not self._queue:
            self._open += 1
            return
        turn = anyio.Event()
        self._queue.append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                self._open -= 1
                self._wake_next()
            else:
                self._queue.remove(turn)
            raise

    def _wake_next(self) -> None:
        while self._queue and self._open < self.limit:
            self._open += 1
            self._queue.popleft().set()

    async def _wait_for_turn(self) -> None:
        """Space requests out to keep the rate."""
        now = current_time()
        turn = max(now, self._next_start)
        self._next_start = turn + self._interval_seconds
        if turn > now:
            await anyio.sleep_until(turn)

    def note_sent(self, count: int) -> None:
        """Count requests that were sent; -1 for one that did not reach the service."""
        self._requests += count

    def note_lost(self, count: int) -> None:
        """Count requests without a complete response or its cost; -1 for one that was recovered."""
        self._lost += count

    def raise_if_stopped(self) -> None:
        """Raise StoppedError, or the error of `stop`, if no more requests may begin."""
        if self._stop_error is not None:
            raise self._stop_error

    @contextmanager
    def _until_stopped(self) -> Iterator[None]:
        """Run a wait that `stop` cancels."""
        self.raise_if_stopped()
        with anyio.CancelScope() as scope:
            self._stoppable.add(scope)
            try:
                yield
            finally:
                self._stoppable.discard(scope)
        if scope.cancelled_caught:
            self.raise_if_stopped()

    @contextmanager
    def _count_wait(self) -> Iterator[None]:
        """Count a wait; overlapping waits count once in the total time."""
        begun = current_time()
        if not self._waiting:
            self._waits_since = begun
        self._waiting += 1
        try:
            yield
        finally:
            self._waits += current_time() - begun > _MIN_WAIT_SECONDS
            seconds = self._open_wait_seconds
            self._waiting -= 1
            if not self._waiting and seconds > _MIN_WAIT_SECONDS:
                self._waited_seconds += seconds

    @property
    def _open_wait_seconds(self) -> float:
        """The time since which at least one request has been waiting."""
        return current_time() - self._waits_since if self._waiting else 0.0
