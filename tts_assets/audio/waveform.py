"""Audio of any length, as blocks that can be iterated repeatedly."""

from __future__ import annotations

import math
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tts_assets.model import Samples


# Longer than any word or sentence, so that these are processed as a whole. Code that depends on block
# edges splits at multiples of it, so that equal audio gives equal results.
BLOCK = 1 << 19

_AHEAD = 2  # blocks that a prefetching thread keeps ready
_PATIENCE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """Mono samples, full scale at -1..1."""

    size: int  #: the number of samples
    #: Returns an iterator over read-only float32 arrays of any size, shape (n,); the same at each
    #: call.
    blocks: Callable[[], Iterator[Samples]]
    most: float = math.inf  #: an upper bound of their magnitude


def whole(samples: Samples) -> Waveform:
    """A sound in memory, shape (n,)."""
    return Waveform(size=samples.size, blocks=lambda: iter((samples,)))


def buffer_short(wave: Waveform) -> Waveform:
    """Load a sound into memory if it fits into one block, so that it is computed only once."""
    if wave.size > BLOCK:
        return wave
    blocks = list(wave.blocks())
    return whole(blocks[0] if len(blocks) == 1 else np.concatenate([_NOTHING, *blocks]))


def prefetch(wave: Waveform) -> Waveform:
    """Compute the next blocks of a long sound in a thread.

    Encoders and transforms, which take most of the time, release the GIL.
    """
    if wave.size <= BLOCK:
        return wave
    return replace(wave, blocks=lambda: _prefetch(wave.blocks))


def _prefetch(blocks: Callable[[], Iterator[Samples]]) -> Iterator[Samples]:
    ready: Queue[Samples | BaseException | None] = Queue(_AHEAD)
    stopped = Event()

    def make() -> None:
        try:
            for block in blocks():
                ready.put(block)
                if stopped.is_set():
                    return
            ready.put(None)
        except BaseException as exc:  # noqa: BLE001 - raised in the consumer
            ready.put(exc)

    maker = Thread(target=make)
    maker.start()
    try:
        while (block := ready.get()) is not None:
            if isinstance(block, BaseException):
                raise block
            yield block
    finally:
        stopped.set()
        # It may be waiting for room in the queue.
        while maker.is_alive():
            with suppress(Empty):
                ready.get(timeout=_PATIENCE_SECONDS)
        maker.join()


def scale(wave: Waveform, gain: np.float32) -> Waveform:
    return Waveform(size=wave.size, blocks=lambda: (block * gain for block in wave.blocks()))


def regroup_blocks(blocks: Iterable[Samples], size: int = BLOCK) -> Iterator[Samples]:
    """Regroup a sound into blocks of this size; the last may be shorter, and none is empty."""
    waiting: list[Samples] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += block.size
        if count < size:
            continue
        joined = block if len(waiting) == 1 else np.concatenate(waiting)
        full = count - count % size
        yield from (joined[start : start + size] for start in range(0, full, size))
        waiting, count = [joined[full:]], count - full
    if count:
        yield waiting[0] if len(waiting) == 1 else np.concatenate(waiting)


def tee_blocks(blocks: Iterator[Samples]) -> tuple[Iterator[Samples], Iterator[Samples]]:
    """Two iterators over the same blocks; itertools.tee would keep 57 consumed blocks in memory."""
    waiting: tuple[deque[Samples], deque[Samples]] = (deque(), deque())

    def each(own: deque[Samples], other: deque[Samples]) -> Iterator[Samples]:
        while True:
            if not own:
                block = next(blocks, None)
                if block is None:
                    return
                own.append(block)
                other.append(block)
            yield own.popleft()

    return each(*waiting), each(*waiting[::-1])


def iter_windows(
    blocks: Iterator[Samples], reach: int, *, fill: float, multiple: int = 1
) -> Iterator[Samples]:
    """Yield overlapping windows, from which a filter of this reach gives every sample once.

    Args:
        blocks: each longer than ``reach``, except the last.
        reach: the overlap on both sides.
        fill: the value before the first sample and after the last.
        multiple: pad the last block to a multiple of this.
    """
    before = np.full(reach, fill, dtype=np.float32)
    block = next(blocks, None)
    while block is not None:
        following = next(blocks, None)
        parts = [before, block]
        if following is None:
            parts.append(np.full(reach + -block.size % multiple, fill, dtype=np.float32))
        window = np.concatenate(parts)
        yield window
        before, block = window[-2 * reach :], following


_NOTHING = np.empty(0, dtype=np.float32)
