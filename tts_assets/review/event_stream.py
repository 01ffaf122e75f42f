"""Server-sent events to every open page (HTML Living Standard, 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.streams.memory import MemoryObjectSendStream


#: Events that may wait for one page; a slower one is disconnected, and reconnects.
_MAX_PENDING_EVENTS = 256

#: Seconds without an event after which a comment keeps the connection open.
_HEARTBEAT_SECONDS = 15.0

_RETRY_LINE = b"retry: 1000\n\n"  #: how soon a page reconnects, in milliseconds


class EventStream:
    """Sends events to all readers; later readers get the last event of each subject."""

    def __init__(self) -> None:
        self._number = 0
        self._last: dict[str, tuple[int, bytes]] = {}
        self._readers: set[MemoryObjectSendStream[bytes]] = set()
        self._closed = False

    def publish(self, subject: str, event: object) -> None:
        """Send an event, encoded as JSON, to all readers without waiting for any.

        It replaces the last event of its subject for later readers.
        """
        self._number += 1
        data = msgspec.json.encode(event)
        sent = b"id: %d\ndata: %b\n\n" % (self._number, data)
        # Moved to the end: later readers get events in order.
        self._last.pop(subject, None)
        self._last[subject] = self._number, sent
        for reader in tuple(self._readers):
            try:
                reader.send_nowait(sent)
            except (anyio.WouldBlock, anyio.BrokenResourceError):
                self._disconnect(reader)

    def drop_subject(self, subject: str) -> None:
        """Send later readers nothing of a subject until its next event."""
        self._last.pop(subject, None)

    def close(self) -> None:
        """End the streams of all readers."""
        self._closed = True
        for reader in tuple(self._readers):
            self._disconnect(reader)

    async def subscribe(self, last: int = 0) -> AsyncIterator[bytes]:
        """The stream of one reader after its ``last`` event; it ends if the reader is too slow."""
        sender, receiver = anyio.create_memory_object_stream[bytes](_MAX_PENDING_EVENTS)
        missed = [sent for number, sent in self._last.values() if number > last]
        if self._closed:
            sender.close()
        else:
            self._readers.add(sender)
        try:
            with receiver:
                yield _RETRY_LINE
                for sent in missed:
                    yield sent
                while True:
                    sent = b": nothing new\n\n"
                    with anyio.move_on_after(_HEARTBEAT_SECONDS):
                        sent = await receiver.receive()
                    yield sent
        except anyio.EndOfStream:
            return
        finally:
            self._disconnect(sender)

    def _disconnect(self, reader: MemoryObjectSendStream[bytes]) -> None:
        self._readers.discard(reader)
        reader.close()
