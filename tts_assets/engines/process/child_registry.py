"""Processes that this one has started and that must end with it, however it ends."""

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


def add_child(pid: int, *, leads_session: bool = False) -> None:
    """Remember a process; the whole session ends with the one that leads it."""
    with _lock:
        _running[pid] = leads_session


def remove_child(pid: int) -> None:
    """Forget a process: its status was collected, so its id may belong to another."""
    with _lock:
        _running.pop(pid, None)


@contextlib.contextmanager
def track_child(pid: int, *, leads_session: bool = False) -> Iterator[None]:
    """Remember a process for as long as the block lasts."""
    add_child(pid, leads_session=leads_session)
    try:
        yield
    finally:
        remove_child(pid)


def kill_children() -> None:
    """Kill all that still run; from any thread."""
    with _lock:
        for pid, leads_session in _running.items():
            kill = os.killpg if leads_session and os.name == "posix" else os.kill
            with contextlib.suppress(OSError):
                kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
