"""A service as an engine uses it: its client, its limits and its rules of repetition, opened together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tts_assets.engines.http.http_client import open_client
from tts_assets.engines.http.rate_limiter import Limiter
from tts_assets.engines.http.service_calls import RetryingClient, RetryPolicy
from tts_assets.engines.process.supervisor import open_task_group

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from tts_assets.config.keys import Secret
    from tts_assets.engines.http.http_client import Client
    from tts_assets.engines.http.service_calls import Judge, ServiceRequest, ServiceResponse

T = TypeVar("T")

#: Those who wait are told so at least so often, and four times within a time limit.
_TOLD_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a service is, and who asks.

    Args:
        base_url: paths go below it.
        headers: sent with each request.
        secret: the key that is among them; None for none.
    """

    base_url: str
    headers: Mapping[str, str]
    secret: Secret | None = None


class ServiceConnection:
    """Asks a service under its rules; made by :func:`service`."""

    def __init__(self, client: Client, calls: RetryingClient) -> None:
        """Ask through a client."""
        self.client = client
        self._calls = calls

    @property
    def limiter(self) -> Limiter:
        """How many requests may be open."""
        return self._calls.limiter

    async def ask(
        self,
        request: ServiceRequest,
        judge: Judge[T],
        on_start: Callable[[], None] | None = None,
        *,
        send: Callable[[], Awaitable[ServiceResponse]] | None = None,
    ) -> T:
        """What a request is answered with, as it is judged; repeated while that makes sense.

        Args:
            request: what is asked; its time is that of each attempt.
            judge: what an answer means.
            on_start: called while it waits, and at the beginning of each attempt.
            send: sends it; None for the client.

        Raises:
            ClipError: it has no usable answer.
            FatalError: nor will any other.
        """
        return await self._calls.ask(send or partial(self.client.ask, request), judge, on_start)


@asynccontextmanager
async def connect_service(
    place: Endpoint,
    *,
    most: int,
    per_second: float,
    timeout_seconds: float,
    patience: RetryPolicy | None = None,
) -> AsyncIterator[ServiceConnection]:
    """A service that can be asked for as long as the block lasts.

    Args:
        place: where it is.
        most: requests that are open at once.
        per_second: requests that begin in a second.
        timeout_seconds: after that long without a sign, who waits is given up.
        patience: how often requests are repeated.

    Raises:
        UsageError: the address is none, or no key may be sent there.
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """
    limiter = Limiter(most=most, per_second=per_second, is_slot_a_request=False)
    calls = RetryingClient(limiter, patience or RetryPolicy())
    async with (
        open_client(
            place.base_url,
            headers=place.headers,
            secret=place.secret,
            most=most,
            on_send=limiter.note_sent,
        ) as client,
        open_task_group() as tasks,
    ):
        tasks.start_soon(calls.run, min(_TOLD_SECONDS, timeout_seconds / 4))
        yield ServiceConnection(client, calls)
