"""Blocks that are made ahead are those that would be made one by one, errors and all."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tts_assets.audio.waveform import BLOCK, Waveform, prefetch, whole

SIZE = 5 * BLOCK + 77
BEFORE = threading.active_count()


def _blocks() -> Iterator["np.ndarray[tuple[int], np.dtype[np.float32]]"]:
    for start in range(0, SIZE, BLOCK):
        yield np.arange(start, min(start + BLOCK, SIZE), dtype=np.float32)


def _threads() -> int:
    return threading.active_count() - BEFORE


def test_a_long_sound_has_the_same_blocks_each_time() -> None:
    wave = prefetch(Waveform(size=SIZE, blocks=_blocks))
    for _ in range(2):
        assert np.array_equal(
            np.concatenate(list(wave.blocks())), np.arange(SIZE, dtype=np.float32)
        )
    assert _threads() == 0


def test_a_short_sound_needs_no_thread() -> None:
    wave = whole(np.zeros(100, dtype=np.float32))
    assert prefetch(wave) is wave


def test_an_error_comes_where_the_blocks_are_wanted() -> None:
    def broken() -> Iterator["np.ndarray[tuple[int], np.dtype[np.float32]]"]:
        yield np.zeros(BLOCK, dtype=np.float32)
        raise OSError("the disk is gone")

    blocks = prefetch(Waveform(size=SIZE, blocks=broken)).blocks()
    assert next(blocks).size == BLOCK
    with pytest.raises(OSError, match="the disk is gone"):
        next(blocks)
    assert _threads() == 0


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    blocks = prefetch(Waveform(size=SIZE, blocks=_blocks)).blocks()
    next(blocks)
    blocks.close()  # type: ignore[attr-defined] # a generator
    assert _threads() == 0
