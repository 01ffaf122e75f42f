"""Passages in pieces: cut in pauses, none too long, nothing lost, and little held at once."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tts_assets.model import Cue
from tts_assets.quality.recognition_check import MAX_WINDOW_SECONDS, find_cuts, split_windows


def _cues(*seconds: float) -> list[Cue]:
    """Segments of these lengths, with half a second between."""
    cues, begin = [], 0.1
    for each in seconds:
        cues.append(Cue(begin, begin + each, "", "。"))
        begin += each + 0.5
    return cues


@pytest.mark.parametrize("seconds", [(), (3.0,), (60.0,), (9.0, 9.0, 8.0)])
def test_what_is_heard_at_once_is_not_cut(seconds: tuple[float, ...]) -> None:
    assert find_cuts(_cues(*seconds)) == ()


def test_a_passage_is_cut_in_the_middle_of_pauses() -> None:
    cues = _cues(10, 10, 10, 10)
    assert find_cuts(cues) == ((cues[1].end + cues[2].begin) / 2,)


@given(st.lists(st.floats(0.5, 27), max_size=30))
@example([1.25, 1.75, 23.75, 1.0])
def test_no_piece_is_too_long(seconds: list[float]) -> None:
    cues = _cues(*seconds)
    edges = [0.0, *find_cuts(cues), cues[-1].end if cues else 0.0]
    assert all(after - before <= MAX_WINDOW_SECONDS for before, after in pairwise(edges))
    assert not any(cue.begin < cut < cue.end for cue in cues for cut in edges)


@given(
    st.lists(st.integers(0, 50), max_size=10),
    st.lists(st.integers(1, 40), max_size=6),
)
def test_pieces_are_all_of_the_blocks_cut_where_they_should(
    sizes: list[int], lengths: list[int]
) -> None:
    whole = np.arange(sum(sizes), dtype=np.float32)
    blocks = np.split(whole, np.cumsum(sizes)[:-1]) if sizes else []
    ends = [int(end) for end in np.cumsum(lengths) if end < whole.size]
    pieces = list(split_windows(blocks, ends))
    assert [piece.tolist() for piece in pieces] == [
        piece.tolist() for piece in np.split(whole, ends)
    ]


def test_pieces_come_while_blocks_are_read() -> None:
    read = []

    def blocks() -> object:
        for number in range(100):
            read.append(number)
            yield np.zeros(10, dtype=np.float32)

    pieces = split_windows(blocks(), range(20, 1000, 20))  # type: ignore[arg-type]
    next(pieces)
    assert len(read) == 2
