"""The registry of child processes to kill when this process ends."""

from __future__ import annotations

import contextlib
import os
import signal
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = Lock()

_running: dict[int, bool] = {}  #: process ids, and whether each leads a session of its own


@contextlib.contextmanager
def track_child(pid: int, *, leads_session: bool = False) -> Iterator[None]:
    """Register a process, or the session that it leads, during the block."""
    with _lock:
        _running[pid] = leads_session
    try:
        yield
    finally:
        # Its exit status was collected, so the system may reuse its id.
        with _lock:
            _running.pop(pid, None)


def kill_children() -> None:
    """Kill all registered processes; thread-safe."""
    with _lock:
        for pid, leads_session in _running.items():
            kill = os.killpg if leads_session and os.name == "posix" else os.kill
            with contextlib.suppress(OSError):
                kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
