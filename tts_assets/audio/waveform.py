"""A sound of any length as blocks that can be gone through as often as needed, one at a time."""

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


# Longer than any clip of a word or a sentence, so that those are worked on as a whole. What depends
# on the edges of blocks cuts them at its multiples, so that equal sounds give equal results.
BLOCK = 1 << 19

# Blocks that wait for whoever works on them.
_AHEAD = 2
_PATIENCE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """Mono samples, full scale at -1..1.

    Args:
        size: how many samples there are.
        blocks: gives them from the first to the last, in float32 arrays of any size, shape (n,),
            that nobody writes to; the same at each call.
        most: no sample has a higher magnitude, as far as that is known.
    """

    size: int
    blocks: Callable[[], Iterator[Samples]]
    most: float = math.inf


def whole(samples: Samples) -> Waveform:
    """A sound that is in memory already, shape (n,)."""
    return Waveform(size=samples.size, blocks=lambda: iter((samples,)))


def buffer_short(wave: Waveform) -> Waveform:
    """The same sound, in memory if it is no longer than a block, so that it is made once only."""
    if wave.size > BLOCK:
        return wave
    blocks = list(wave.blocks())
    return whole(blocks[0] if len(blocks) == 1 else np.concatenate([_NOTHING, *blocks]))


def ahead(wave: Waveform) -> Waveform:
    """The same sound; of a long one a thread makes the next blocks while one is worked on.

    Encoders and transforms leave other threads running, and most of the time is theirs.
    """
    if wave.size <= BLOCK:
        return wave
    return replace(wave, blocks=lambda: _prefetch(wave.blocks))


def _prefetch(blocks: Callable[[], Iterator[Samples]]) -> Iterator[Samples]:
    made: Queue[Samples | BaseException | None] = Queue(_AHEAD)
    unwanted = Event()

    def make() -> None:
        try:
            for block in blocks():
                made.put(block)
                if unwanted.is_set():
                    return
            made.put(None)
        except BaseException as exc:  # noqa: BLE001 - raised where the blocks are wanted
            made.put(exc)

    maker = Thread(target=make)
    maker.start()
    try:
        while (block := made.get()) is not None:
            if isinstance(block, BaseException):
                raise block
            yield block
    finally:
        unwanted.set()
        # It may wait for room.
        while maker.is_alive():
            with suppress(Empty):
                made.get(timeout=_PATIENCE_SECONDS)
        maker.join()


def scale(wave: Waveform, gain: np.float32) -> Waveform:
    """The same sound with every sample multiplied."""
    return Waveform(size=wave.size, blocks=lambda: (block * gain for block in wave.blocks()))


def in_blocks(blocks: Iterable[Samples], size: int = BLOCK) -> Iterator[Samples]:
    """Cut a sound anew, into blocks of this size; the last may be shorter, and none is empty."""
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
    """The same blocks for two who go through them side by side; tee would keep 57 that both had."""
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


def with_context(
    blocks: Iterator[Samples], reach: int, *, fill: float, multiple: int = 1
) -> Iterator[Samples]:
    """Each block with what surrounds it, so that a filter of that reach yields every sample once.

    Args:
        blocks: each longer than ``reach``, but for the last.
        reach: samples that follow one another on both sides of what a window stands for.
        fill: what stands before the first sample and behind the last.
        multiple: the last block is filled up to one of this.
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
