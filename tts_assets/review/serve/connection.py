"""A connection of uvicorn's that has to ask for something soon, or is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

#: How long the head of a request may take to come, in seconds; it comes from this machine.
HEAD_SECONDS = 5.0


class Connection(H11Protocol):
    """Closes itself where the head of a request, the first or a later one, comes too slowly.

    uvicorn has a time limit for connections that say nothing between two requests, and none for
    those that never end their first one: a few hundred of these would keep everybody else out.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the time of the first request."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End all."""
        self._unwatch()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Take in what came; of a head that is not whole yet, the time goes on."""
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._unwatch()
        elif self.conn.trailing_data[0]:
            self._watch()

    def _watch(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._close)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()
