"""How many requests may be open at once at a service, learnt from its answers.

The number goes up by one for each round of successes and down to seven tenths when the service
refuses, as in TCP (Chiu and Jain 1989, additive increase and multiplicative decrease). What the
service reports as its limit is a ceiling, which is used at once, unless it refused before. Requests
that were open together are refused together; that lowers the number once. Other errors leave it
alone, until three in ten fail: then it is halved, set to one if that goes on, and does not rise until
fewer fail.
"""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import anyio
from anyio import current_time

from tts_assets.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


#: The limit at the beginning.
_FIRST = 2

#: What is left of the limit after a refusal.
_CUT = 0.7

#: The number of latest outcomes that the share of errors is computed over.
_WINDOW = 20

#: From this share on the service is in trouble.
_TROUBLE = 0.3

#: The number of latest changes of the limit that are kept.
_KEPT = 1_000

#: Clips in progress beyond open and resting requests: one is finished while the next is requested.
_SPARE = 2

#: So many times the limit of clips may rest while others are requested.
_PASSED = 4

#: Shorter waits are not counted.
_NOTICED_SECONDS = 0.01


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
    """A call waits before it sends its request again.

    Args:
        reason: the service's answer, in words.
        seconds: the least time that it waits.
        calls: how many calls wait so now.
        refusals: how many requests were refused because of a rate limit so far.
        retries: how many requests were repetitions after an error so far, including this one.
        fruitless_seconds: the time since the last success.
    """

    reason: str
    seconds: float
    calls: int
    refusals: int
    retries: int
    fruitless_seconds: float


@dataclass(slots=True, eq=False)
class Slot:
    """Room for one request, since a time."""

    begun: float


class Limiter:
    """Lets requests begin, as many at once and as many a second as the service bears."""

    def __init__(
        self, *, most: int, per_second: float = inf, is_slot_a_request: bool = True
    ) -> None:
        """Begin without knowledge of the service.

        Args:
            most: the highest limit, whatever the service reports; at least 1.
            per_second: how many may begin in a second.
            is_slot_a_request: whether each slot counts as one request; else `note_sent` counts.
        """
        self.on_change: Callable[[], None] = lambda: None  #: called when `target_clips` may change
        self.on_rest: Callable[[Rest], None] = lambda _: None  #: called when a call begins to rest
        self._is_slot_a_request = is_slot_a_request
        self._most = most
        self._ceiling: int | None = None
        self._limit = float(min(_FIRST, most))
        self._learning = True
        self._apart_seconds = 1 / per_second
        self._next = -inf
        self._open = 0
        self._slots: set[Slot] = set()
        self._resting = 0
        self._stopped = False
        self._stoppable: set[anyio.CancelScope] = set()
        self._line: deque[anyio.Event] = deque()
        self._cut = -inf
        self._halved = False
        self._outcomes: deque[bool] = deque(maxlen=_WINDOW)
        self._born: float | None = None
        self._good: float | None = None
        self._requests = self._lost = self._refusals = self._retries = self._waits = 0
        self._waited_seconds = self._waits_since = 0.0
        self._waiting = 0
        self._limits: deque[tuple[float, int]] = deque(maxlen=_KEPT)

    @property
    def limit(self) -> int:
        """How many requests may be open at once now; at least 1."""
        return int(self._limit)

    @property
    def target_clips(self) -> int:
        """How many clips should be in progress, so that neither the service nor a core is idle."""
        passed = 0 if self._in_trouble else min(self._resting, _PASSED * self._most)
        return self.limit + passed + _SPARE

    @property
    def fruitless_seconds(self) -> float:
        """The time since the last success, or since the first request."""
        since = self._good if self._good is not None else self._born
        return 0.0 if since is None else current_time() - since

    @property
    def oldest_seconds(self) -> float:
        """The age of the oldest open request; 0 where none is."""
        now = current_time()
        return now - min((slot.begun for slot in self._slots), default=now)

    @property
    def is_new(self) -> bool:
        """Whether no request has succeeded yet."""
        return self._good is None

    def measure_traffic(self) -> Traffic:
        """The traffic so far; without an event loop, open waits are left out."""
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

    def stop(self) -> None:
        """Let no more requests begin; all that wait for a slot or rest end with StoppedError."""
        self._stopped = True
        for scope in tuple(self._stoppable):
            scope.cancel()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait in line for room for one request; StoppedError if no more may begin."""
        self._start_clock()
        with self._until_stopped():
            await self._wait_for_slot()
        try:
            with self._until_stopped(), self._count_wait():
                await self._wait_for_turn()
            self.refuse_if_stopped()
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
        """A wait without a slot, for as long as the block lasts; others may begin meanwhile.

        Args:
            retry: it follows an error, and another attempt follows it.
            reason: why it waits, in words; "" for a wait that is not reported.
            seconds: the least time that it waits.

        Raises:
            StoppedError: no other attempt may follow it.
        """
        self.refuse_if_stopped()
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
        """Take over the service's own limit."""
        ceiling = max(1, min(count, self._most))
        if ceiling == self._ceiling:
            return
        up = self._ceiling is None and self._learning
        self._ceiling, self._learning = ceiling, False
        self._set_limit(ceiling if up else min(self._limit, ceiling))

    def record_success(self) -> None:
        """Count a success."""
        self._good = current_time()
        self._outcomes.append(True)
        if not self._in_trouble:
            self._halved = False
            self._set_limit(self._limit + (1 if self._learning else 1 / self._limit))

    def record_refusal(self, slot: Slot, most: int | None = None) -> None:
        """Count a refusal because of a rate limit; ``most`` is the service's own limit."""
        self._refusals += 1
        # A refusal below its own limit means that other clients use the rest.
        self._learning = False
        if most is not None:
            self.set_ceiling(most)
        # Requests that were open at the last cut are refused for the same reason.
        if slot.begun > self._cut:
            self._cut = current_time()
            self._set_limit(self._limit * _CUT)

    def record_failure(self, slot: Slot) -> None:
        """Count an error of the service or of the connection."""
        self._outcomes.append(False)
        if self._in_trouble and slot.begun > self._cut:
            self._learning = False
            self._cut = current_time()
            self._set_limit(1 if self._halved else self._limit / 2)
            self._halved = True

    @property
    def _in_trouble(self) -> bool:
        return len(self._outcomes) == _WINDOW and self._outcomes.count(False) > _TROUBLE * _WINDOW

    def _set_limit(self, limit: float) -> None:
        before = self.limit
        self._limit = max(1.0, min(limit, self._ceiling or self._most))
        if self.limit != before:
            seconds = 0.0 if self._born is None else current_time() - self._born
            self._limits.append((seconds, self.limit))
            self._wake_next()
            self.on_change()

    def _start_clock(self) -> None:
        if self._born is None:
            self._born = current_time()
            self._limits.append((0.0, self.limit))

    async def _wait_for_slot(self) -> None:
        if self._open < self.limit and not self._line:
            self._open += 1
            return
        turn = anyio.Event()
        self._line.append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                self._open -= 1
                self._wake_next()
            else:
                self._line.remove(turn)
            raise

    def _wake_next(self) -> None:
        while self._line and self._open < self.limit:
            self._open += 1
            self._line.popleft().set()

    async def _wait_for_turn(self) -> None:
        """Keep the distance to the last request."""
        now = current_time()
        turn = max(now, self._next)
        self._next = turn + self._apart_seconds
        if turn > now:
            await anyio.sleep_until(turn)

    def note_sent(self, count: int) -> None:
        """Count requests that were sent; -1 for one that did not reach the service."""
        self._requests += count

    def note_lost(self, count: int) -> None:
        """Count requests without a whole reply or its cost; -1 for one that was recovered."""
        self._lost += count

    def refuse_if_stopped(self) -> None:
        """Raise StoppedError if no more requests may begin."""
        if self._stopped:
            raise StoppedError("the run stopped before this request was sent")

    @contextmanager
    def _until_stopped(self) -> Iterator[None]:
        """A wait that `stop` ends."""
        self.refuse_if_stopped()
        with anyio.CancelScope() as scope:
            self._stoppable.add(scope)
            try:
                yield
            finally:
                self._stoppable.discard(scope)
        if scope.cancelled_caught:
            self.refuse_if_stopped()

    @contextmanager
    def _count_wait(self) -> Iterator[None]:
        """A wait; those that overlap count once in the time of all."""
        begun = current_time()
        if not self._waiting:
            self._waits_since = begun
        self._waiting += 1
        try:
            yield
        finally:
            self._waits += current_time() - begun > _NOTICED_SECONDS
            seconds = self._open_wait_seconds
            self._waiting -= 1
            if not self._waiting and seconds > _NOTICED_SECONDS:
                self._waited_seconds += seconds

    @property
    def _open_wait_seconds(self) -> float:
        """How long at least one request has been waiting without a break."""
        return current_time() - self._waits_since if self._waiting else 0.0
