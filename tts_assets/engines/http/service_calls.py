"""Requests to a service: transient errors are retried, rate limits waited out, the rest raised."""

from __future__ import annotations

import itertools
import random
import re
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

import anyio
import msgspec

from tts_assets.errors import ClipError, ClipTimeoutError, FatalError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from tts_assets.engines.http.rate_limiter import Limiter, Slot


T = TypeVar("T")

#: Any other value may be anything, even a copy of the request.
_KIND = re.compile(r"(audio|application|text|binary|multipart)/[a-z0-9.+-]{1,24}")

#: Seconds of a Retry-After (RFC 9110, section 10.2.3); dates, which are rare, are not read.
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """A request to a service.

    Args:
        method: of HTTP.
        path: below the base URL, without a leading slash.
        query: the query parameters.
        json: the body, any JSON value; None for none.
        seconds: the time limit from connecting to the last byte of the answer.
        on_headers: called in the event loop as soon as the headers of an answer arrive, before its
            body, with an answer whose body is empty; each attempt and each redirect calls it.
    """

    method: str
    path: str
    query: Mapping[str, str | int] | None = None
    json: Any = None
    seconds: float
    on_headers: Callable[[ServiceResponse], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResponse:
    """A whole answer.

    Args:
        status: the status code of HTTP.
        headers: by their names in lower case.
        body: its bytes, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type, without parameters, in lower case; "" where there is no valid one."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind if _KIND.fullmatch(kind) else ""

    @property
    def wait_seconds(self) -> float:
        """The Retry-After of the service; 0 where it has none."""
        seconds = self.headers.get("retry-after", "")
        return float(seconds) if _SECONDS.fullmatch(seconds) else 0.0

    def json(self) -> Any:
        """The body as a JSON value; None where it is none."""
        return self.decode_body(Any)

    def decode_body(self, shape: type[T]) -> T | None:
        """The body as JSON of a shape; None where it is none."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


#: Too many requests, or none taken now (RFC 6585, section 4; RFC 9110, section 15.6.4).
_UNPAID = (429, 503)


class TransientError(Exception):
    """A failed attempt that may succeed another time."""

    def __init__(self, reason: str, seconds: float = 0.0, *, unpaid: bool = False) -> None:
        """Describe it.

        Args:
            reason: in words.
            seconds: the Retry-After of the service; 0 where it has none.
            unpaid: the request was refused before any work, so that nothing can be charged.
        """
        super().__init__(reason)
        self.seconds = seconds
        self.unpaid = unpaid

    @classmethod
    def from_answer(cls, answer: ServiceResponse, reason: str) -> Self:
        """The error for a transient status."""
        return cls(reason, answer.wait_seconds, unpaid=answer.status in _UNPAID)


class RateLimitedError(Exception):
    """Too many requests are open; no work was done, and nothing is charged."""

    def __init__(self, reason: str, most: int | None = None) -> None:
        """Describe it; ``most`` is the service's own limit of open requests, where it reports one."""
        super().__init__(reason)
        self.most = most


#: Returns the value of an answer, or raises TransientError, RateLimitedError, ClipError, FatalError.
Judge: TypeAlias = "Callable[[ServiceResponse], T]"

#: A longer Retry-After is not followed.
_LONGEST_WAIT = 300.0

#: So many timeouts in a row are no coincidence.
_LATE = 4

#: Nor are so many errors in a row.
_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a request is repeated, and when a service is given up.

    Args:
        attempts: for each request, those that may have caused work and so a charge.
        unpaid_attempts: for each request in all, including those refused before any work; refusals
            because of a rate limit are not counted.
        first_seconds: the pause before the second attempt; it doubles for each further one.
        longest_seconds: the longest pause, unless the service asks for more.
        jitter_seconds: up to so much is added to each pause, so that requests spread.
        refused_seconds: the pause after a rate limit, and up to twice that; it doubles, too.
        unreached_seconds: a service that never answered is given up after that long.
        fruitless_seconds: one that answers, after that long without a usable answer.
    """

    attempts: int = 3
    unpaid_attempts: int = 6
    first_seconds: float = 4.0
    longest_seconds: float = 60.0
    jitter_seconds: float = 1.0
    refused_seconds: float = 0.2
    unreached_seconds: float = 10.0
    fruitless_seconds: float = 300.0


class RetryingClient:
    """All requests of a run to one service; `run` has to run meanwhile."""

    def __init__(self, limiter: Limiter, patience: RetryPolicy) -> None:
        self.limiter = limiter
        self._patience = patience
        self._answered = False
        self._over: FatalError | None = None
        self._late = self._bad = 0
        self._counted = -inf
        self._resting: set[anyio.CancelScope] = set()
        self._idle: dict[_Ticket, None] = {}

    async def run(self, seconds: float) -> None:
        """Report to all waiting calls that work has not begun yet, every so many seconds."""
        while True:
            await anyio.sleep(seconds)
            for ticket in tuple(self._idle):
                ticket.on_start()

    async def ask(
        self,
        send: Callable[[], Awaitable[ServiceResponse]],
        judge: Judge[T],
        on_start: Callable[[], None] | None = None,
    ) -> T:
        """Send a request until its answer has a value.

        Args:
            send: sends it; called for each attempt.
            judge: returns the value of an answer, or raises.
            on_start: called while it waits, when it is sent and when the answer has come: the time
                before does not count.

        Raises:
            ClipError: it has none, or none came in all attempts.
            FatalError: no request will be answered any more.
        """
        worked = 0
        with _Ticket(self._idle, on_start) as ticket:
            for attempt in itertools.count(1):
                try:
                    return await self._attempt_once(send, judge, ticket)
                except TransientError as exc:
                    worked += not exc.unpaid
                    self._refuse_hopeless(exc)
                    self._refuse_exhausted(exc, attempt, worked)
                    seconds = min(exc.seconds, _LONGEST_WAIT) or self._choose_pause(attempt)
                    reason = str(exc)
                await self._rest_before_retry(reason, seconds)
        raise AssertionError("the loop returns or raises")

    def _choose_pause(self, attempt: int) -> float:
        """Exponential backoff with jitter."""
        patience = self._patience
        seconds = patience.first_seconds * 2.0 ** (attempt - 1)
        return min(seconds + random.uniform(0, patience.jitter_seconds), patience.longest_seconds)

    async def _rest_before_retry(self, reason: str, seconds: float) -> None:
        with (
            anyio.CancelScope() as scope,
            self.limiter.rest(retry=True, reason=reason, seconds=seconds),
        ):
            self._resting.add(scope)
            try:
                await anyio.sleep(seconds)
            finally:
                self._resting.discard(scope)
        if self._over is not None:
            raise self._over

    async def _attempt_once(
        self, send: Callable[[], Awaitable[ServiceResponse]], judge: Judge[T], ticket: _Ticket
    ) -> T:
        """One attempt, not counting rate limits; it holds a slot only while it is open."""
        seconds = self._patience.refused_seconds
        longest = 8 * seconds
        while True:
            try:
                return await self._send_in_slot(send, judge, ticket)
            except RateLimitedError as exc:
                self._refuse_hopeless(exc)
                reason = str(exc)
            with self.limiter.rest(reason=reason, seconds=seconds):
                await anyio.sleep(seconds * random.uniform(1, 2))
            seconds = min(2 * seconds, longest)

    async def _send_in_slot(
        self, send: Callable[[], Awaitable[ServiceResponse]], judge: Judge[T], ticket: _Ticket
    ) -> T:
        limiter = self.limiter
        async with limiter.slot() as slot:
            if self._over is not None:
                raise self._over
            try:
                with ticket.begin():
                    answer = await send()
                self._answered = True
                value = judge(answer)
            except RateLimitedError as exc:
                limiter.record_refusal(slot, exc.most)
                raise
            except TransientError:
                limiter.record_failure(slot)
                raise
            except ClipTimeoutError as exc:
                limiter.record_failure(slot)
                self._refuse_slow(exc, slot)
                raise
            except ClipError:
                # It was answered: an impossible clip is not the service's fault.
                limiter.record_success()
                self._late = 0
                raise
            except FatalError as exc:
                raise self._end_with(exc) from exc.__cause__
            limiter.record_success()
            self._late = self._bad = 0
            return value

    def _refuse_slow(self, error: ClipTimeoutError, slot: Slot) -> None:
        """Raise if one request after another times out, because each may be charged."""
        # Those that were open together timed out together.
        if slot.begun >= self._counted:
            self._late += 1
            self._counted = anyio.current_time()
        if self._late >= _LATE:
            message = f"{self._late} requests in a row failed: {error}"
            raise self._end_with(FatalError(message)) from error

    def _end_with(self, error: FatalError) -> FatalError:
        """End all requests, also those that rest before another attempt."""
        self._over = self._over or error
        for scope in self._resting:
            scope.cancel()
        return error

    def _refuse_exhausted(self, error: TransientError, attempt: int, worked: int) -> None:
        """Raise if a request has no attempt left."""
        patience = self._patience
        if worked >= patience.attempts or attempt >= patience.unpaid_attempts:
            times = "once" if attempt == 1 else f"{attempt} times"
            raise ClipError(f"{error} (tried {times})") from error

    def _refuse_hopeless(self, error: TransientError | RateLimitedError) -> None:
        """Raise if no request has succeeded for too long."""
        patience = self._patience
        unreached = not self._answered and isinstance(error, TransientError) and error.unpaid
        seconds = patience.unreached_seconds if unreached else patience.fruitless_seconds
        # A single error is not enough: others may be open, and well within their time limit.
        self._bad += 1
        limiter = self.limiter
        if limiter.oldest_seconds > seconds / 2:
            # A request that is open for long may yet succeed, and has a time limit of its own.
            return
        if self._bad >= _IN_A_ROW and limiter.fruitless_seconds > seconds:
            raise self._end_with(FatalError(f"no response for {seconds:g} s: {error}")) from error


class _Ticket:
    """A call, which is reported as waiting except while its request is open."""

    __slots__ = ("_idle", "on_start")

    def __init__(self, idle: dict[_Ticket, None], on_start: Callable[[], None] | None) -> None:
        self._idle = idle
        self.on_start = on_start or (lambda: None)

    def __enter__(self) -> Self:
        self._idle[self] = None
        return self

    def __exit__(self, *_: object) -> None:
        self._idle.pop(self, None)

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Count the time of this block."""
        del self._idle[self]
        self.on_start()
        try:
            yield
        finally:
            self._idle[self] = None
            # An answer in the last moment was paid for, and has to become a clip.
            self.on_start()
