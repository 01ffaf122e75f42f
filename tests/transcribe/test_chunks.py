"""A recording is cut where the speaker pauses, and nowhere is anything lost."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.recognizers import spoken, tone
from tests.transcribe.conftest import silence
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ
from tts_assets.errors import ClipError
from tts_assets.transcribe.recordings import AudioChunk, split_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.model import Samples


def _blocks(samples: Samples, size: int = 7_001) -> Iterator[Samples]:
    for begin in range(0, samples.size, size):
        yield samples[begin : begin + size]


def _chunks(samples: Samples, seconds: float = 6.0) -> list[AudioChunk]:
    return list(split_chunks(_blocks(samples), seconds))


def _hum(seconds: float) -> Samples:
    return tone(440, seconds)


def test_a_recording_that_fits_is_one_chunk() -> None:
    sound = _hum(6.0)
    (only,) = _chunks(sound)
    assert (only.number, only.begin, only.end) == (0, 0.0, 6.0)
    assert only.samples.tobytes() == sound.tobytes()


def test_it_is_cut_in_the_middle_of_the_longest_pause_of_the_last_third() -> None:
    parts = [_hum(1.0), silence(1.0), _hum(2.2), silence(0.8), _hum(0.4), silence(0.4), _hum(3.0)]
    first, second = _chunks(np.concatenate(parts))
    assert first.end == second.begin == pytest.approx(4.6, abs=0.03)


def test_a_pause_in_noise_is_found() -> None:
    noise = 0.003 * np.random.default_rng(1).standard_normal(round(9.0 * RATE_HZ))
    sound = np.concatenate([_hum(4.5), silence(0.6), _hum(3.9)]) + noise.astype(np.float32)
    first, second = _chunks(sound)
    assert first.end == second.begin == pytest.approx(4.8, abs=0.05)


def test_where_nobody_pauses_chunks_overlap() -> None:
    found = _chunks(_hum(20.0))
    assert [chunk.begin for chunk in found] == [0.0, 4.5, 9.0, 13.5, 18.0]
    assert [chunk.end for chunk in found] == [6.0, 10.5, 15.0, 19.5, 20.0]


def test_a_stop_inside_a_word_is_no_pause() -> None:
    sound = np.concatenate([_hum(5.0), silence(0.15), _hum(4.0)])
    assert _chunks(sound)[1].begin == 4.5


def test_silence_has_no_samples_and_keeps_its_times() -> None:
    found = _chunks(np.concatenate([silence(9.0), _hum(2.0)]))
    assert [chunk.samples.size > 0 for chunk in found] == [False, True]
    assert found[0].end == found[1].begin
    assert found[1].end == 11.0


@pytest.mark.parametrize("size", [1, 999, 96_000, 10**6])
def test_blocks_of_any_size_give_the_same_chunks(size: int) -> None:
    sound = spoken(range(10))[: 20_000 if size == 1 else None]
    length = 1.0 if size == 1 else 3.0
    found = list(split_chunks(_blocks(sound, size), length))
    wanted = list(split_chunks(iter([sound]), length))
    assert [(*each[:3], each.samples.tobytes()) for each in found] == [
        (*each[:3], each.samples.tobytes()) for each in wanted
    ]


def test_every_sample_is_in_a_chunk_and_no_chunk_is_too_long() -> None:
    sound = spoken(range(40), pause=0.31)
    found = _chunks(sound)
    assert found[0].begin == 0
    assert found[-1].end == sound.size / RATE_HZ
    for one, other in pairwise(found):
        assert other.begin <= one.end <= one.begin + 6.0
        assert one.end - one.begin >= 4.0


def test_what_was_read_before_a_fault_is_a_chunk() -> None:
    def broken() -> Iterator[Samples]:
        yield _hum(8.0)
        raise ClipError("it is cut off")

    cut = split_chunks(broken(), 6.0)
    assert [next(cut).end, next(cut).end] == [6.0, 8.0]
    with pytest.raises(ClipError, match="cut off"):
        next(cut)


def test_no_more_than_a_chunk_and_a_block_is_held() -> None:
    import tracemalloc

    tracemalloc.start()
    for chunk in split_chunks((_hum(2.0) for _ in range(300)), 6.0):
        assert chunk.samples.size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A chunk has 384 kB; ten minutes have 38 MB.
    assert peak < 6e6
