"""Threads that end with what they have in hand, and leave the rest, when something goes wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def threads() -> Iterator[ThreadPoolExecutor]:
    """As many as make sense here; on the way out nothing that waits is begun any more."""
    pool = ThreadPoolExecutor()
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
