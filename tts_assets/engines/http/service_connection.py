"""A service as an engine uses it: client, limiter and retry policy."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tts_assets.engines.http.http_client import open_client
from tts_assets.engines.http.rate_limiter import Limiter
from tts_assets.engines.http.service_calls import RetryingClient, RetryPolicy
from tts_assets.engines.process.supervisor import open_task_group

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tts_assets.engines.http.http_client import Client, Endpoint
    from tts_assets.engines.http.service_calls import Judge, ServiceRequest, ServiceResponse

T = TypeVar("T")

#: Waiting is reported at least so often, and four times within a time limit.
_REPORT_SECONDS = 5.0


class ServiceConnection:
    """A service with its limiter and retry policy; made by :func:`connect_service`."""

    def __init__(self, client: Client, calls: RetryingClient) -> None:
        self.client = client
        self.limiter = calls.limiter
        self._calls = calls

    async def ask(
        self,
        request: ServiceRequest,
        judge: Judge[T],
        on_start: Callable[[], None] | None = None,
        *,
        send: Callable[[], Awaitable[ServiceResponse]] | None = None,
    ) -> T:
        """Send a request, or call ``send`` instead; see :meth:`RetryingClient.ask`."""
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
    """A connection for as long as the block lasts.

    Args:
        place: the service.
        most: requests that are open at once.
        per_second: requests that begin in a second.
        timeout_seconds: the time limit of a clip, within which waiting has to be reported.
        patience: replaces the usual retry policy.

    Raises:
        UsageError: the address is none, or no key may be sent there.
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """
    limiter = Limiter(most=most, per_second=per_second, is_slot_a_request=False)
    calls = RetryingClient(limiter, patience or RetryPolicy())
    client = open_client(place, most=most, on_send=limiter.note_sent)
    async with client as opened, open_task_group() as tasks:
        tasks.start_soon(calls.run, min(_REPORT_SECONDS, timeout_seconds / 4))
        yield ServiceConnection(opened, calls)
