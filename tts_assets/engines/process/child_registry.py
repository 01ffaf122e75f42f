"""Child processes, which are killed when this process ends."""

from __future__ import annotations

import contextlib
import os
import signal
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = Lock()

#: Process ids, and whether each leads a session of its own.
_running: dict[int, bool] = {}


@contextlib.contextmanager
def track_child(pid: int, *, leads_session: bool = False) -> Iterator[None]:
    """Register a process, or all of the session that it leads, for as long as the block lasts."""
    with _lock:
        _running[pid] = leads_session
    try:
        yield
    finally:
        # Its status was collected, so its id may be reused.
        with _lock:
            _running.pop(pid, None)


def kill_children() -> None:
    """Kill all registered processes; from any thread."""
    with _lock:
        for pid, leads_session in _running.items():
            kill = os.killpg if leads_session and os.name == "posix" else os.kill
            with contextlib.suppress(OSError):
                kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
