"""What happens, told to every page that is open: server-sent events, as HTML defines them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import anyio
import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.streams.memory import MemoryObjectSendStream


#: How many events may wait for one page; one that is slower is cut off, and asks again.
_MAX_PENDING_EVENTS = 256

#: After so many seconds without an event a line tells that the way is still open.
_HEARTBEAT_SECONDS = 15.0

#: How soon a page asks again after it was cut off, in milliseconds.
_RETRY_LINE = b"retry: 1000\n\n"


class _SentEvent(NamedTuple):
    """An event as it is sent, with its number."""

    number: int
    sent: bytes


class EventStream:
    """Tells events to all readers; who comes later is told the last one of each subject."""

    def __init__(self) -> None:
        """Begin with nothing to tell."""
        self._number = 0
        self._last: dict[str, _SentEvent] = {}
        self._readers: set[MemoryObjectSendStream[bytes]] = set()
        self._closed = False

    def publish(self, subject: str, event: object) -> None:
        """Tell all readers, without waiting for any.

        Args:
            subject: of what; an earlier event of the same is not told any more to who comes later.
            event: what can be written as JSON.
        """
        self._number += 1
        data = msgspec.json.encode(event)
        sent = b"id: %d\ndata: %b\n\n" % (self._number, data)
        # At the end, so that they are told in their order.
        self._last.pop(subject, None)
        self._last[subject] = _SentEvent(self._number, sent)
        for reader in tuple(self._readers):
            try:
                reader.send_nowait(sent)
            except (anyio.WouldBlock, anyio.BrokenResourceError):
                self._disconnect(reader)

    def drop_subject(self, subject: str) -> None:
        """Tell who comes later nothing of a subject, until there is something new."""
        self._last.pop(subject, None)

    def close(self) -> None:
        """Tell nothing more: all readers come to their end."""
        self._closed = True
        for reader in tuple(self._readers):
            self._disconnect(reader)

    async def subscribe(self, last: int = 0) -> AsyncIterator[bytes]:
        """What a reader is sent, until it is too slow or all is closed.

        Args:
            last: the number of the last event that it knows; 0 for none.
        """
        sender, receiver = anyio.create_memory_object_stream[bytes](_MAX_PENDING_EVENTS)
        missed = [told.sent for told in self._last.values() if told.number > last]
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
