"""A connection to a service: client, limiter and retry policy."""

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
    from tts_assets.engines.protocol import RestartTimer

T = TypeVar("T")

#: Restart time limits at least this often, and four times within a time limit.
_REPORT_SECONDS = 5.0


class ServiceConnection:
    """A service with its limiter and retry policy; created by :func:`connect_service`."""

    def __init__(self, client: Client, retrying_client: RetryingClient) -> None:
        self.client = client
        self.limiter = retrying_client.limiter
        self._retrying_client = retrying_client

    async def ask(
        self,
        request: ServiceRequest,
        judge: Judge[T],
        restart_timer: RestartTimer = None,
        *,
        send: Callable[[], Awaitable[ServiceResponse]] | None = None,
    ) -> T:
        """Send a request, by default with the client; see :meth:`RetryingClient.ask`."""
        return await self._retrying_client.ask(
            send or partial(self.client.ask, request), judge, restart_timer
        )


@asynccontextmanager
async def connect_service(
    endpoint: Endpoint,
    *,
    most: int,
    per_second: float,
    timeout_seconds: float,
    retry_policy: RetryPolicy | None = None,
) -> AsyncIterator[ServiceConnection]:
    """Connect to a service during the block, with a limit of open requests and of those per second.

    ``timeout_seconds`` is the time limit of a clip.

    Raises:
        UsageError: the base URL is invalid, or would send the key unencrypted.
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """
    limiter = Limiter(most=most, per_second=per_second, is_slot_a_request=False)
    retrying_client = RetryingClient(limiter, retry_policy or RetryPolicy())
    client = open_client(endpoint, most=most, on_send=limiter.note_sent)
    async with client as open_service, open_task_group() as tasks:
        tasks.start_soon(retrying_client.run, min(_REPORT_SECONDS, timeout_seconds / 4))
        yield ServiceConnection(open_service, retrying_client)
