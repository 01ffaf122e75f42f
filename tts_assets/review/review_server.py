"""A connection of uvicorn's that has to ask, and to take what it asked for, or is closed."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tts_assets.errors import UsageError
from tts_assets.review.request_security import AccessPolicy, SecurityMiddleware
from tts_assets.review.review_service import create_app

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tts_assets.review.review_service import ReviewService


#: How long the head of a request may take to come, in seconds; it comes from this machine.
HEAD_SECONDS = 5.0

#: How long a reader may take nothing of an answer before it is given up, in seconds.
SEND_SECONDS = 30.0


class TimedConnection(H11Protocol):
    """Closes itself where the head of a request comes too slowly, or nobody reads the answer.

    uvicorn has a time limit for connections that say nothing between two requests, and none for
    those that never end their first one, or take no answer: a few dozen of these would keep
    everybody else out, and the pages that were meant for them in memory.
    """

    _deadline: asyncio.TimerHandle | None = None
    _given_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the time of the first request."""
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """End all."""
        self._cancel_deadline()
        super().connection_lost(exc)
        self.resume_writing()

    def pause_writing(self) -> None:
        """Begin the time in which something of an answer has to be taken."""
        super().pause_writing()
        self._await_reader(None)

    def resume_writing(self) -> None:
        """Enough was taken."""
        super().resume_writing()
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None

    def handle_events(self) -> None:
        """Take in what came; of a head that is not whole yet, the time goes on."""
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
        """Wait on while less than before is left to be read; what is left is in bytes."""
        left = self.transport.get_write_buffer_size()
        if before is not None and left >= before:
            self.transport.abort()
            return
        self._given_up = self.loop.call_later(SEND_SECONDS, self._await_reader, left)

    def _abort_connection(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()


# The use case: the page from this machine alone, until somebody ends it.


#: Only this machine is listened to, whatever name it is asked by.
HOST = "127.0.0.1"

#: Connections at once; a browser opens six.
_MAX_CONNECTIONS = 64
_KEEP_ALIVE_SECONDS = 15

#: How long answers may go on after the end was asked for, in seconds.
_SHUTDOWN_SECONDS = 5

#: The head of a request, in bytes; ours have about 1,000.
_MAX_HEAD_BYTES = 16 * 1024


class ServerStop:
    """A handle for asking the server to stop: what is in flight is finished."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._asked = anyio.Event()

    def request(self) -> None:
        """Ask; harmless at any time, from the event loop's thread."""
        self._asked.set()

    async def wait_for_request(self) -> None:
        """Wait until somebody asks."""
        await self._asked.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHooks:
    """What is told while the server runs, in the event loop.

    Args:
        ready: the page is there. Its address, and one that leads to it once only: the words that
            a program is started with, others on the machine can see.
        bug: what should never be raised was, while a request was answered; the server goes on.
    """

    ready: Callable[[str, str], None]
    bug: Callable[[Exception], None]


async def serve_review(
    house: ReviewService, listener: socket.socket, *, hooks: ServerHooks, stop: ServerStop
) -> None:
    """Serve the page until somebody asks to stop; runs under asyncio only, as uvicorn does.

    Args:
        house: what answers; it is closed at the end.
        listener: from :func:`listening`; it is closed at the end.
        hooks: told what happens.
        stop: lets somebody ask to stop.
    """
    with listener:
        access = AccessPolicy(port=listener.getsockname()[1], token=secrets.token_urlsafe(32))
        guard = SecurityMiddleware(create_app(house, hooks.bug), access)

        def report_ready() -> None:
            hooks.ready(access.address, guard.create_one_time_url())

        server = _ReviewServer(_create_config(guard), report_ready)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.run_workers)
            tasks.start_soon(_stop_on_request, server, house, stop)
            await server.serve(sockets=[listener])
            tasks.cancel_scope.cancel()
        await house.close()


async def _stop_on_request(server: uvicorn.Server, house: ReviewService, stop: ServerStop) -> None:
    """Let what is in flight end, while pages can still see it."""
    await stop.wait_for_request()
    await house.finish_jobs()
    house.news.close()
    server.should_exit = True


def _create_config(app: SecurityMiddleware) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=TimedConnection,
        ws="none",
        lifespan="off",
        # Addresses have the token: they are in no log. Bugs are told by the application.
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
    """One that leaves signals to the command line, and tells when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def open_listener(port: int | None, folder: Path) -> socket.socket:
    """A socket on a port of 127.0.0.1; nobody is answered before it is served.

    Args:
        port: which; 0 for any free one. None for the one that is always tried first for a folder:
            what a browser remembers of a page, it remembers by its port.
        folder: of the project.

    Raises:
        UsageError: the port is taken, or is not for everybody.
    """
    if port is None:
        try:
            return _bind_socket(_default_port(folder))
        except OSError:
            port = 0
    try:
        return _bind_socket(port)
    except OSError as exc:
        why = (
            "another program listens there"
            if exc.errno == errno.EADDRINUSE
            else (exc.strerror or str(exc))
        )
        raise UsageError(
            f"--port {port}: {why}: give another port, or none for any that is free"
        ) from exc


def _bind_socket(port: int) -> socket.socket:
    # With its protocol: where that is 0, asyncio leaves answers in small parts to wait for each other.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows anybody could listen there, too; elsewhere a port is to be had again right
        # after its last server has ended.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        made.setsockopt(socket.SOL_SOCKET, option, 1)
        made.bind((HOST, port))
    except OSError:
        made.close()
        raise
    return made


def _default_port(folder: Path) -> int:
    """Below the ports that systems give away by themselves (RFC 6335: from 49152; Linux: 32768)."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).digest()
    return 20_000 + int.from_bytes(name[:4]) % 10_000
