"""A connection of uvicorn's that has to ask, and to take what it asked for, or is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

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
