"""A passage in pieces that a recognizer hears at once, cut between its segments as it is read."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tts_assets.domain import Cue, Samples

#: Whisper hears 30 seconds at once (arXiv:2212.04356), and other recognizers need no more.
MAX_WINDOW_SECONDS = 28.0


def find_cuts(cues: Sequence[Cue]) -> tuple[float, ...]:
    """Where a passage is cut, in seconds: in the middle of pauses, as late as a piece may end.

    A segment that is longer than a piece may be is a piece of its own.
    """
    found: list[float] = []
    begin = 0.0
    edges = [(before.end + after.begin) / 2 for before, after in pairwise(cues)]
    for edge, end in pairwise([*edges, *(cue.end for cue in cues[-1:])]):
        if end - begin > MAX_WINDOW_SECONDS:
            begin = edge
            found.append(begin)
    return tuple(found)


def split_windows(blocks: Iterable[Samples], ends: Sequence[int]) -> Iterator[Samples]:
    """Blocks of samples, cut at these numbers of samples from the beginning; the last to the end.

    No more than one piece and one block are held at once.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and only needed where somebody listens

    wanted = iter(ends)
    end = next(wanted, None)
    held: list[Samples] = []
    begin = size = 0
    for block in blocks:
        held.append(block)
        size += block.size
        while end is not None and begin + size >= end:
            joined = np.concatenate(held)
            yield joined[: end - begin]
            # A copy: a view would keep all of the old samples.
            held = [joined[end - begin :].copy()]
            begin, size = end, held[0].size
            end = next(wanted, None)
    yield np.concatenate(held) if held else np.zeros(0, dtype=np.float32)
