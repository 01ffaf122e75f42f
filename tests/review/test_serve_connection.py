"""Who asks `review --serve` and does not take the answer: given up, and nobody else is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import ServerState

from tts_assets.review import review_server

if TYPE_CHECKING:
    import pytest
    from starlette.types import Receive, Scope, Send

#: More than a system keeps for a connection whose reader is away.
_SIZE = 30_000_000


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    headers = [(b"content-length", str(_SIZE).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(_SIZE)})


async def _received(port: int, pause_seconds: float, wait_seconds: float = 0) -> int:
    """How many bytes a reader gets who is slow, or away at first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(wait_seconds)
    size = 0
    try:
        while data := await reader.read(1_000_000):
            size += len(data)
            await asyncio.sleep(pause_seconds)
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    return size


async def _serve_both() -> tuple[int, int, int]:
    config = uvicorn.Config(_page, http=review_server.TimedConnection, ws="none", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: review_server.TimedConnection(config=config, server_state=state, app_state={}),
        "127.0.0.1",
        0,
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        slow = asyncio.create_task(_received(port, 0.002))
        away = asyncio.create_task(_received(port, 0, wait_seconds=1))
        found = await asyncio.gather(slow, away)
        await asyncio.sleep(0.1)
        return found[0], found[1], len(state.connections)


def test_who_takes_nothing_is_given_up_and_who_is_slow_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(review_server, "SEND_SECONDS", 0.3)
    slow, away, left = asyncio.run(_serve_both())
    assert slow > _SIZE
    assert away < _SIZE
    assert left == 0
