"""Requests to a service: transient errors repeated, refusals waited out, the rest raised."""

from __future__ import annotations

import logging
import random
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

import anyio
import msgspec

from tts_assets.errors import ClipError, ClipTimeoutError, FatalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Mapping

    import stamina

    from tts_assets.engines.http.rate_limiter import Limiter, Slot


#: Whatever else is told in its place may be anything, what we sent among it.
_KIND = re.compile(r"(audio|application|text|binary|multipart)/[a-z0-9.+-]{1,24}")

#: Seconds of a Retry-After (RFC 9110, section 10.2.3); dates, which are rare, are not read.
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """What a service is asked.

    Args:
        method: of HTTP.
        path: below the base URL, without a slash before it.
        query: what stands behind the ``?``.
        json: the body, any JSON value; None for none.
        seconds: for all of it, from connecting to the last byte of the answer.
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
        body: its bytes, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type, without parameters, in lower case; "" where none is told that is one."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind if _KIND.fullmatch(kind) else ""

    @property
    def wait_seconds(self) -> float:
        """How long the service asks to be left alone; 0 where it does not."""
        told = self.headers.get("retry-after", "")
        return float(told) if _SECONDS.fullmatch(told) else 0.0

    def json(self) -> Any:
        """The body as a JSON value; None where it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


#: Too many requests, or none taken now (RFC 6585, section 4; RFC 9110, section 15.6.4).
_TURNED_AWAY = (429, 503)


class TransientError(Exception):
    """An attempt that failed through nobody's fault, and may go better another time."""

    def __init__(self, reason: str, seconds: float = 0.0, *, unpaid: bool = False) -> None:
        """Say what happened.

        Args:
            reason: in words.
            seconds: how long the service asks to be left alone; 0 where it does not.
            unpaid: it turned the request away before any work, so that nothing can be charged.
        """
        super().__init__(reason)
        self.seconds = seconds
        self.unpaid = unpaid

    @classmethod
    def from_answer(cls, answer: ServiceResponse, reason: str) -> Self:
        """What an answer says that may be another one later."""
        return cls(reason, answer.wait_seconds, unpaid=answer.status in _TURNED_AWAY)


class RateLimitedError(Exception):
    """The service has too many requests open; nothing was done, nothing is charged."""

    def __init__(self, reason: str, most: int | None = None) -> None:
        """Say what happened.

        Args:
            reason: in words.
            most: how many it says that it takes at once; None where it does not say.
        """
        super().__init__(reason)
        self.most = most


# Requests under the rules of a service: in its limits, repeated when they may go better, told when not.
T = TypeVar("T")

#: What an answer means: its value, or one of PassingError, RefusedError, ClipError, FatalError.
Judge: TypeAlias = "Callable[[ServiceResponse], T]"

#: Nobody waits longer for a service that asks to be left alone.
_LONGEST_WAIT = 300.0

#: So many times in a row that requests take too long are no chance.
_LATE = 4

#: So many errors in a row are no chance either.
_IN_A_ROW = 3

#: The wait after a refusal doubles so often.
_DOUBLED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a request is repeated, and how long a service may give nothing.

    Args:
        attempts: at each request that may have been worked on, and so have been paid for.
        unpaid_attempts: at each in all, those included that were turned away before any work;
            refusals for want of room are none.
        first_seconds: before the second attempt; it doubles for each further one.
        longest_seconds: no pause is longer, unless the service asks for it.
        jitter_seconds: up to so much is added to each, that not all come back together.
        refused_seconds: what a request that was refused waits, and up to twice that; it doubles, too.
        unreached_seconds: a service from which no answer ever came is given up after that long.
        fruitless_seconds: and one that answers, after that long without anything that is of use.
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
    """All requests of a run to one service; keep `run` going while there are any."""

    def __init__(self, limiter: Limiter, patience: RetryPolicy) -> None:
        """Ask under a limiter."""
        self.limiter = limiter
        self._patience = patience
        self._answered = False
        self._over: FatalError | None = None
        self._late = self._bad = 0
        self._counted = -inf
        self._resting: set[anyio.CancelScope] = set()
        self._idle: dict[_Ticket, None] = {}
        # Without a handler, Python writes its warnings to standard error.
        logging.getLogger("stamina").addHandler(logging.NullHandler())

    async def run(self, seconds: float) -> None:
        """Tell all who wait that it has not begun yet, every so many seconds, until cancelled."""
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
            judge: says what an answer means.
            on_start: called while it waits, when it is sent and when the answer has come: the time
                before does not count.

        Raises:
            ClipError: it has none, or none came in all attempts.
            FatalError: none will come for any other.
        """
        with _Ticket(self._idle, on_start) as ticket:
            attempt = partial(self._attempt_once, send, judge, ticket)
            try:
                return await attempt()
            except TransientError as exc:
                first = exc
            return await self._retry_attempt(first, attempt)

    async def _retry_attempt(self, first: TransientError, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat what failed once; only that pays for the machinery of repetitions."""
        worked = 0
        with anyio.CancelScope() as scope, ExitStack() as pause:
            pause.callback(self._resting.discard, scope)
            async for turn in _make_attempts(self._patience):
                pause.close()
                with turn:
                    try:
                        if turn.num == 1:
                            raise first
                        return await attempt()
                    except TransientError as exc:
                        worked += not exc.unpaid
                        self._refuse_hopeless(exc)
                        self._refuse_exhausted(exc, turn.num, worked)
                        seconds = min(exc.seconds, _LONGEST_WAIT) or turn.next_wait
                        rest = self.limiter.rest(retry=True, reason=str(exc), seconds=seconds)
                        pause.enter_context(rest)
                        self._resting.add(scope)
                        pause.callback(self._resting.discard, scope)
                        raise
        raise self._over or AssertionError("the last turn returns or raises")

    async def _attempt_once(
        self, send: Callable[[], Awaitable[ServiceResponse]], judge: Judge[T], ticket: _Ticket
    ) -> T:
        """One attempt, which refusals do not use up; it holds a slot only while it is open."""
        seconds = self._patience.refused_seconds
        longest = seconds * 2**_DOUBLED
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
                # Others that are in hand would only be told the same.
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
                # It was taken and answered: that this clip cannot be is not the service's fault.
                limiter.record_success()
                self._late = 0
                raise
            except FatalError as exc:
                raise self._end_with(exc) from exc.__cause__
            limiter.record_success()
            self._late = self._bad = 0
            return value

    def _refuse_slow(self, error: ClipTimeoutError, slot: Slot) -> None:
        """Raise if one request after another is given up: what is given up may be paid for."""
        # Those that were open together were given up together.
        if slot.begun >= self._counted:
            self._late += 1
            self._counted = anyio.current_time()
        if self._late >= _LATE:
            message = f"requests were given up {self._late} times in a row: {error}"
            raise self._end_with(FatalError(message)) from error

    def _end_with(self, error: FatalError) -> FatalError:
        """No more is asked for; who rests before another attempt is told at once."""
        self._over = self._over or error
        for scope in self._resting:
            scope.cancel()
        return error

    def _refuse_exhausted(self, error: TransientError, attempt: int, worked: int) -> None:
        """Raise if a request has been repeated often enough."""
        patience = self._patience
        if worked >= patience.attempts or attempt >= patience.unpaid_attempts:
            times = "once" if attempt == 1 else f"{attempt} times"
            raise ClipError(f"{error} (tried {times})") from error

    def _refuse_hopeless(self, error: TransientError | RateLimitedError) -> None:
        """Raise if nothing has come of any request for too long."""
        patience = self._patience
        unreached = not self._answered and isinstance(error, TransientError) and error.unpaid
        seconds = patience.unreached_seconds if unreached else patience.fruitless_seconds
        # One error is none of many: others may be open, and well within their time.
        self._bad += 1
        limiter = self.limiter
        if limiter.oldest_seconds > seconds / 2:
            # One that is open for long may yet bring something, and has a time limit of its own.
            return
        if self._bad >= _IN_A_ROW and limiter.fruitless_seconds > seconds:
            raise self._end_with(
                FatalError(f"nothing has come for {seconds:g} s: {error}")
            ) from error


class _Ticket:
    """A call that waits, unless it has just begun; those that wait are told to go on waiting."""

    __slots__ = ("_idle", "on_start")

    def __init__(self, idle: dict[_Ticket, None], on_start: Callable[[], None] | None) -> None:
        self._idle = idle
        self.on_start = on_start or _do_nothing

    def __enter__(self) -> Self:
        self._idle[self] = None
        return self

    def __exit__(self, *_: object) -> None:
        self._idle.pop(self, None)

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Its time counts, for as long as the block lasts."""
        del self._idle[self]
        self.on_start()
        try:
            yield
        finally:
            self._idle[self] = None
            # What came in the last moment has been paid for, and is to be made a clip.
            self.on_start()


def _do_nothing() -> None:
    pass


def _make_attempts(patience: RetryPolicy) -> AsyncIterable[stamina.Attempt]:
    import stamina  # noqa: PLC0415 - not needed before something is asked for

    return stamina.retry_context(
        on=_choose_pause,
        attempts=patience.unpaid_attempts,
        timeout=None,
        wait_initial=patience.first_seconds,
        wait_max=patience.longest_seconds,
        wait_jitter=patience.jitter_seconds,
    )


def _choose_pause(error: Exception) -> bool | float:
    """Whether an error is worth another attempt; seconds, where the service says how long to wait."""
    if not isinstance(error, TransientError):
        return False
    return min(error.seconds, _LONGEST_WAIT) or True
