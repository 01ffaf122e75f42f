"""Orders to an engine that are not settled yet, and which of them to send next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tts_assets.engines.process import wire
    from tts_assets.errors import TtsAssetsError


@dataclass(slots=True, kw_only=True, eq=False)
class OpenOrder:
    """An order that is not settled yet."""

    order: wire.Order
    settled: anyio.Event = field(default_factory=anyio.Event)
    reply: wire.Reply | None = None
    error: TtsAssetsError | None = None
    sent: bool = False
    suspect: bool = False
    on_start: Callable[[], None] | None = None

    def settle(
        self, *, reply: wire.Reply | None = None, error: TtsAssetsError | None = None
    ) -> None:
        """Say what came of it."""
        self.reply = reply
        self.error = error
        self.settled.set()

    def tell_start(self) -> None:
        """Say that its work begins now, or has not begun yet: the time before does not count."""
        if self.on_start is not None:
            self.on_start()


def sendable(orders: Collection[OpenOrder], threads: int) -> list[OpenOrder]:
    """The orders to send now: as many as there are threads; a suspect only alone."""
    flying = sum(order.sent for order in orders)
    waiting = [order for order in orders if not order.sent]
    suspects = [order for order in waiting if order.suspect]
    if suspects or any(order.suspect for order in orders):
        return suspects[:1] if not flying else []
    return waiting[: max(0, threads - flying)]
