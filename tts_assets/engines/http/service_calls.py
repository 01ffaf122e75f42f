"""Requests to a service: retry transient errors, wait out rate limits, raise other errors."""

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
    from tts_assets.engines.protocol import RestartTimer


T = TypeVar("T")

#: Other values are ignored: they may be anything, even a copy of the request.
_MEDIA_TYPE = re.compile(r"(audio|application|text|binary|multipart)/[a-z0-9.+-]{1,24}")


def parse_retry_after(value: str) -> float:
    """Seconds of a Retry-After (RFC 9110, section 10.2.3); 0 for dates, which are rare."""
    return float(value) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """A request to a service."""

    method: str  #: the HTTP method
    path: str  #: relative to the base URL, without a leading slash
    query: Mapping[str, str | int] | None = None  #: the query parameters
    json: Any = None  #: the body, any JSON value; None for no body
    seconds: float  #: the time limit from connecting to the last byte of the response
    #: Called in the event loop when the headers of a response arrive, with an empty body; once for
    #: each attempt and each redirect.
    on_headers: Callable[[ServiceResponse], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResponse:
    """A complete response."""

    status: int  #: the HTTP status code
    headers: Mapping[str, str]  #: values by lower-case name
    body: bytes  #: the decompressed body

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success (2xx)."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The media type, without parameters, in lower case; "" if it is missing or invalid."""
        value = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return value if _MEDIA_TYPE.fullmatch(value) else ""

    @property
    def wait_seconds(self) -> float:
        """The Retry-After header in seconds; 0 without one."""
        return parse_retry_after(self.headers.get("retry-after", ""))

    def json(self) -> Any:
        """The body as a JSON value; None if it is not JSON."""
        return self.decode_body(Any)

    def decode_body(self, shape: type[T]) -> T | None:
        """The body as JSON of a type; None if it does not fit."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


#: Too Many Requests, Service Unavailable (RFC 6585, section 4; RFC 9110, section 15.6.4).
_UNPAID_STATUSES = (429, 503)


class TransientError(Exception):
    """A failed attempt that may succeed on retry."""

    def __init__(self, reason: str, seconds: float = 0.0, *, unpaid: bool = False) -> None:
        """Create the error, with the Retry-After of the service in seconds, 0 without one.

        ``unpaid``: the request was refused before any work, so it is not charged.
        """
        super().__init__(reason)
        self.seconds = seconds
        self.unpaid = unpaid

    @classmethod
    def from_response(cls, response: ServiceResponse, reason: str) -> Self:
        """The error for a transient status."""
        return cls(reason, response.wait_seconds, unpaid=response.status in _UNPAID_STATUSES)


class RateLimitedError(Exception):
    """Too many requests are open; the service did no work and charges nothing."""

    def __init__(self, reason: str, most: int | None = None) -> None:
        """Create the error; ``most`` is the limit of open requests, if the service reports it."""
        super().__init__(reason)
        self.most = most


#: Returns the value of a response; raises TransientError, RateLimitedError, ClipError, FatalError.
Judge: TypeAlias = "Callable[[ServiceResponse], T]"

_MAX_RETRY_AFTER = 300.0  #: the longest Retry-After to follow
_MAX_TIMEOUTS = 4  #: this many timeouts in a row end all requests
_MIN_ERRORS = 3  #: at least this many errors in a row end all requests


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often to retry a request, and when to give a service up."""

    attempts: int = 3  #: the attempts of a request that may have been charged
    #: All attempts of a request, including those refused before any work, but not those refused
    #: because of a rate limit.
    unpaid_attempts: int = 6
    first_seconds: float = 4.0  #: the pause before the first retry; it doubles for each further one
    longest_seconds: float = 60.0  #: the longest pause, unless the service asks for more
    jitter_seconds: float = 1.0  #: the maximum of the random time added to each pause
    #: The least pause after a rate limit, at most twice that; it doubles, too.
    refused_seconds: float = 0.2
    unreached_seconds: float = 10.0  #: give up a service that never responded after this time
    #: Give up other services after this time without a usable response.
    fruitless_seconds: float = 300.0


class RetryingClient:
    """Sends all requests of a run to one service; `run` has to run in the background."""

    def __init__(self, limiter: Limiter, retry_policy: RetryPolicy) -> None:
        self.limiter = limiter
        self._retry_policy = retry_policy
        self._has_responded = False
        self._timeouts = self._errors_in_a_row = 0
        self._timeout_time = -inf
        self._idle: dict[_Ticket, None] = {}

    async def run(self, seconds: float) -> None:
        """Restart the time limits of all waiting calls every so many seconds."""
        while True:
            await anyio.sleep(seconds)
            for ticket in tuple(self._idle):
                ticket.restart_timer()

    async def ask(
        self,
        send: Callable[[], Awaitable[ServiceResponse]],
        judge: Judge[T],
        restart_timer: RestartTimer = None,
    ) -> T:
        """Send a request until a response has a value.

        Args:
            send: sends the request; called for each attempt.
            judge: returns the value of a response, or raises.
            restart_timer: restarts the time limit: called while the request waits, when it is sent, and
                when the response has arrived.

        Raises:
            ClipError: the response has no value, or all attempts failed.
            FatalError: no further request can succeed.
        """
        paid_attempts = 0
        with _Ticket(self._idle, restart_timer) as ticket:
            for attempt in itertools.count(1):
                try:
                    return await self._attempt_once(send, judge, ticket)
                except TransientError as exc:
                    paid_attempts += not exc.unpaid
                    self._raise_if_hopeless(exc)
                    self._raise_if_exhausted(exc, attempt, paid_attempts)
                    seconds = min(exc.seconds, _MAX_RETRY_AFTER) or self._choose_pause(attempt)
                    reason = str(exc)
                with self.limiter.rest(retry=True, reason=reason, seconds=seconds):
                    await anyio.sleep(seconds)
        raise AssertionError("the loop returns or raises")

    def _choose_pause(self, attempt: int) -> float:
        """Exponential backoff with jitter."""
        retry_policy = self._retry_policy
        seconds = retry_policy.first_seconds * 2.0 ** (attempt - 1)
        return min(
            seconds + random.uniform(0, retry_policy.jitter_seconds), retry_policy.longest_seconds
        )

    async def _attempt_once(
        self, send: Callable[[], Awaitable[ServiceResponse]], judge: Judge[T], ticket: _Ticket
    ) -> T:
        """Make one attempt, not counting rate limits; it holds a slot only while it is open."""
        seconds = self._retry_policy.refused_seconds
        max_seconds = 8 * seconds
        while True:
            try:
                return await self._send_in_slot(send, judge, ticket)
            except RateLimitedError as exc:
                self._raise_if_hopeless(exc)
                reason = str(exc)
            with self.limiter.rest(reason=reason, seconds=seconds):
                await anyio.sleep(seconds * random.uniform(1, 2))
            seconds = min(2 * seconds, max_seconds)

    async def _send_in_slot(
        self, send: Callable[[], Awaitable[ServiceResponse]], judge: Judge[T], ticket: _Ticket
    ) -> T:
        limiter = self.limiter
        async with limiter.slot() as slot:
            try:
                with ticket.begin():
                    response = await send()
                self._has_responded = True
                value = judge(response)
            except RateLimitedError as exc:
                limiter.record_refusal(slot, exc.most)
                raise
            except TransientError:
                limiter.record_failure(slot)
                raise
            except ClipTimeoutError as exc:
                limiter.record_failure(slot)
                self._raise_if_slow(exc, slot)
                raise
            except ClipError:
                # The service responded; the clip is the problem.
                limiter.record_success()
                self._timeouts = 0
                raise
            except FatalError as exc:
                raise self._end_with(exc) from exc.__cause__
            limiter.record_success()
            self._timeouts = self._errors_in_a_row = 0
            return value

    def _raise_if_slow(self, error: ClipTimeoutError, slot: Slot) -> None:
        """Raise if several requests in a row time out, as each may be charged."""
        # Timeouts of requests that were open together count once.
        if slot.begun >= self._timeout_time:
            self._timeouts += 1
            self._timeout_time = anyio.current_time()
        if self._timeouts >= _MAX_TIMEOUTS:
            message = f"{self._timeouts} requests in a row failed: {error}"
            raise self._end_with(FatalError(message)) from error

    def _end_with(self, error: FatalError) -> FatalError:
        """End all requests, including those that wait or rest."""
        self.limiter.stop(error)
        return error

    def _raise_if_exhausted(self, error: TransientError, attempt: int, paid_attempts: int) -> None:
        """Raise if a request has no attempts left."""
        retry_policy = self._retry_policy
        if paid_attempts >= retry_policy.attempts or attempt >= retry_policy.unpaid_attempts:
            times = "once" if attempt == 1 else f"{attempt} times"
            raise ClipError(f"{error} (tried {times})") from error

    def _raise_if_hopeless(self, error: TransientError | RateLimitedError) -> None:
        """Raise if no request has succeeded for too long."""
        retry_policy = self._retry_policy
        is_unreached = (
            not self._has_responded and isinstance(error, TransientError) and error.unpaid
        )
        seconds = retry_policy.unreached_seconds if is_unreached else retry_policy.fruitless_seconds
        # One error is not enough: other requests may be open, well within their time limit.
        self._errors_in_a_row += 1
        limiter = self.limiter
        if limiter.oldest_seconds > seconds / 2:
            # The oldest request may still succeed, and has its own time limit.
            return
        if self._errors_in_a_row >= _MIN_ERRORS and limiter.fruitless_seconds > seconds:
            raise self._end_with(FatalError(f"no response for {seconds:g} s: {error}")) from error


class _Ticket:
    """A call; `RetryingClient.run` restarts its time limit except while its request is open."""

    __slots__ = ("_idle", "restart_timer")

    def __init__(self, idle: dict[_Ticket, None], restart_timer: RestartTimer) -> None:
        self._idle = idle
        self.restart_timer = restart_timer or (lambda: None)

    def __enter__(self) -> Self:
        self._idle[self] = None
        return self

    def __exit__(self, *_: object) -> None:
        self._idle.pop(self, None)

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Let the time limit run during the block."""
        del self._idle[self]
        self.restart_timer()
        try:
            yield
        finally:
            self._idle[self] = None
            # Even a late response was paid for, so leave time to store the clip.
            self.restart_timer()
