"""Run the review page on 127.0.0.1: the socket, uvicorn's settings, time limits, and the stop."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tts_assets.errors import UsageError
from tts_assets.review.request_security import SecurityMiddleware
from tts_assets.review.review_service import create_app

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tts_assets.review.review_service import ReviewService


#: How long the head of a request may take to arrive from this machine, in seconds.
HEAD_SECONDS = 5.0

#: How long a client may read nothing of a response before it is disconnected, in seconds.
SEND_SECONDS = 30.0

HOST = "127.0.0.1"

#: Connections at once; a browser opens six.
_MAX_CONNECTIONS = 64
_KEEP_ALIVE_SECONDS = 15

_SHUTDOWN_SECONDS = 5  #: how long responses may go on after the stop was requested, in seconds
_MAX_HEAD_BYTES = 16 * 1024  #: the head of a request, in bytes; ours have about 1,000


class TimedConnection(H11Protocol):
    """Closes itself if the head of a request arrives too slowly, or the response is not read.

    uvicorn limits the idle time between two requests, but neither the time of the first head nor
    of an unread response: a few dozen such connections would lock out all others, and keep their
    pages in memory.
    """

    _deadline: asyncio.TimerHandle | None = None
    _read_check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)
        self.resume_writing()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader(None)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._read_check is not None:
            self._read_check.cancel()
            self._read_check = None

    def handle_events(self) -> None:
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._cancel_deadline()
        elif self.conn.trailing_data[0]:
            self._start_deadline()

    def _start_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._abort_connection)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _await_reader(self, before: int | None) -> None:
        """Abort if no byte of the write buffer was read since the last check."""
        left = self.transport.get_write_buffer_size()
        if before is not None and left >= before:
            self.transport.abort()
            return
        self._read_check = self.loop.call_later(SEND_SECONDS, self._await_reader, left)

    def _abort_connection(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()


async def serve_review(
    service: ReviewService,
    listener: socket.socket,
    *,
    ready: Callable[[str, str], None],
    bug: Callable[[Exception], None],
    stop: anyio.Event,
) -> None:
    """Serve the page until it is stopped; under asyncio only, as uvicorn runs.

    Args:
        service: is closed at the end.
        listener: from :func:`open_listener`; is closed at the end.
        ready: called when the server listens, with the address of the page and a one-time URL that
            leads to it, as other users of the machine can see the arguments of programs.
        bug: called with unexpected exceptions; the server goes on.
        stop: set it to stop the server.
    """
    with listener:
        port = listener.getsockname()[1]
        app = SecurityMiddleware(create_app(service, bug), port, secrets.token_urlsafe(32))

        def report_ready() -> None:
            ready(app.address, app.create_one_time_url())

        server = _ReviewServer(_create_config(app), report_ready)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(service.run_workers)
            tasks.start_soon(_stop_on_request, server, service, stop)
            await server.serve(sockets=[listener])
            tasks.cancel_scope.cancel()
        await service.votes.close()


async def _stop_on_request(
    server: uvicorn.Server, service: ReviewService, stop: anyio.Event
) -> None:
    """Finish the current jobs while pages still receive events, then stop."""
    await stop.wait()
    await service.queue.finish()
    service.events.close()
    server.should_exit = True


def _create_config(app: SecurityMiddleware) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=TimedConnection,
        ws="none",
        lifespan="off",
        # Addresses contain the token: never log them. The application reports bugs.
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
    )


class _ReviewServer(uvicorn.Server):
    """Reports when it listens, and leaves signals to the command line."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_listener(port: int | None, folder: Path) -> socket.socket:
    """A socket bound to a port of 127.0.0.1.

    Args:
        port: 0 for any free one; None for the default of the folder, or any if that is taken: what a
            browser stores for a page, it stores by its port.
        folder: of the project.

    Raises:
        UsageError: the port is taken, or not permitted.
    """
    if port is None:
        try:
            return _bind_socket(_default_port(folder))
        except OSError:
            port = 0
    try:
        return _bind_socket(port)
    except OSError as exc:
        is_taken = exc.errno == errno.EADDRINUSE
        why = "another program uses that port" if is_taken else (exc.strerror or str(exc))
        raise UsageError(f"--port {port}: {why}: give another port, or 0 for any free one") from exc


def _bind_socket(port: int) -> socket.socket:
    # With its protocol: if it is 0, asyncio does not set TCP_NODELAY.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows other users could bind the same port; elsewhere a port is free again right
        # after its last server has ended.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _default_port(folder: Path) -> int:
    """Below the ephemeral ports (RFC 6335: from 49152; Linux: from 32768)."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).digest()
    return 20_000 + int.from_bytes(name[:4]) % 10_000
