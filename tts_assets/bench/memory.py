"""How much memory the processes take that this one has started."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Self

#: How often one looks; what an engine needs for a clip stays with it for longer.
_POLL_SECONDS = 0.1


class PeakMemory:
    """The most memory that all children of this process had at once, while it is entered."""

    def __init__(self) -> None:
        """Look for nothing yet."""
        self.mib = 0
        self._is_over = threading.Event()
        # A thread: the event loop has clips to hand out, and its groups change errors.
        self._thread = threading.Thread(target=self._watch_children, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch_children(self) -> None:
        while True:
            self.mib = max(self.mib, _sum_children_rss() // 2**20)
            if self._is_over.wait(_POLL_SECONDS):
                return


def _sum_children_rss() -> int:
    import psutil  # noqa: PLC0415 - heavy

    found = 0
    # Without /proc nothing is known of any process.
    with suppress(psutil.Error, OSError):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                found += child.memory_info().rss
    return found
