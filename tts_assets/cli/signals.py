"""Signals of somebody who wants a command to end: the first asks it to, the second makes it."""

import signal
from collections.abc import Callable
from contextlib import suppress

import anyio


async def answer_signals(
    on_first: Callable[[signal.Signals], None], scope: anyio.CancelScope
) -> None:
    """Wait for SIGINT and SIGTERM until cancelled.

    Event loops of Windows take no signals: there Ctrl-C ends all at once, as the second does.

    Args:
        on_first: called with the first of them.
        scope: cancelled by the second.
    """
    with (
        suppress(NotImplementedError),
        anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals,
    ):
        is_first = True
        async for received in signals:
            if not is_first:
                scope.cancel()
                return
            is_first = False
            on_first(received)
