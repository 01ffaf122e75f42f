"""Finished segments wait until their passage is whole, and come back as they were or not at all."""

from pathlib import Path

import numpy as np
import pytest

from tts_assets.errors import FatalError
from tts_assets.model import AccentBasis, Basis, Finding, Phrase, Pronunciation
from tts_assets.store.segment_cache import (
    CachedSegment,
    SegmentCache,
    cache_dir_for,
    remove_if_empty,
    sweep_segments,
)

PASSAGE = "0123456789abcdef01234567"
SAID = Pronunciation(
    phrases=(Phrase("イヌ", 2, pause=True),), basis=Basis.FORCED, accent_basis=AccentBasis.DATA
)
KNOWN = CachedSegment(
    frames=0,
    check=0,
    pronunciation=SAID,
    billed=2.5,
    credit="a voice",
    findings=(Finding("dc", "0.1", "0.01", "it has an offset"),),
)
SAMPLES = np.linspace(-1.5, 1.5, 1000, dtype=np.float32)


@pytest.fixture
def room(tmp_path: Path) -> SegmentCache:
    return SegmentCache(tmp_path, PASSAGE)


def file_of(tmp_path: Path) -> Path:
    (path,) = (tmp_path / PASSAGE).glob("*.segment")
    return path


def test_a_segment_comes_back_with_its_very_samples(room: SegmentCache) -> None:
    room.store_segment("000000-abc", SAMPLES, KNOWN)
    found = room.samples("000000-abc")
    assert found is not None
    assert found.tobytes() == SAMPLES.tobytes()


def test_all_that_is_known_of_a_segment_comes_back(room: SegmentCache) -> None:
    kept = room.store_segment("000000-abc", SAMPLES, KNOWN)
    found = SegmentCache(room.file("").parent, PASSAGE).find("000000-abc")
    assert found == kept
    assert (found.frames, found.billed, found.pronunciation) == (1000, 2.5, SAID)
    assert found.findings == KNOWN.findings


def test_what_was_never_kept_is_not_there(room: SegmentCache) -> None:
    assert room.find("000000-abc") is None
    assert room.samples("000000-abc") is None


@pytest.mark.parametrize("cut", [0, 1, 40, 3000, -1])
def test_a_file_that_lost_its_end_is_not_there(
    room: SegmentCache, tmp_path: Path, cut: int
) -> None:
    room.store_segment("000000-abc", SAMPLES, KNOWN)
    path = file_of(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    assert room.find("000000-abc") is None
    assert room.samples("000000-abc") is None


def test_a_file_with_other_bytes_is_not_there(room: SegmentCache, tmp_path: Path) -> None:
    room.store_segment("000000-abc", SAMPLES, KNOWN)
    path = file_of(tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert room.samples("000000-abc") is None


def test_a_cleared_room_leaves_nothing(room: SegmentCache, tmp_path: Path) -> None:
    room.store_segment("000000-abc", SAMPLES, KNOWN)
    room.clear()
    assert list(tmp_path.iterdir()) == []


def test_passages_that_nobody_wants_are_swept_and_nothing_else(tmp_path: Path) -> None:
    for name in (PASSAGE, PASSAGE[::-1], "mine", "0123"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    sweep_segments(tmp_path, {PASSAGE})
    assert {path.name for path in tmp_path.iterdir()} == {PASSAGE, "mine", "0123", "notes.txt"}


def test_a_folder_that_is_not_there_is_swept_without_a_word(tmp_path: Path) -> None:
    sweep_segments(tmp_path / "none", set())


def test_a_place_that_cannot_be_written_to_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    room = SegmentCache(tmp_path / "file", PASSAGE)
    with pytest.raises(FatalError, match="cannot write to"):
        room.store_segment("000000-abc", SAMPLES, KNOWN)


def test_what_goes_to_different_places_waits_apart(tmp_path: Path) -> None:
    one, other = (cache_dir_for(str(tmp_path), str(tmp_path / name)) for name in ("audio", "other"))
    assert one != other
    assert one == cache_dir_for(str(tmp_path), f"{tmp_path}/other/../audio")


def test_empty_folders_are_taken_away_and_others_stay(tmp_path: Path) -> None:
    one, other = (cache_dir_for(str(tmp_path / "temp"), name) for name in ("audio", "other"))
    SegmentCache(one, PASSAGE).store_segment("000000-abc", SAMPLES, KNOWN)
    other.mkdir()
    remove_if_empty(one)
    remove_if_empty(other)
    assert (one.exists(), other.exists()) == (True, False)
    SegmentCache(one, PASSAGE).clear()
    remove_if_empty(one)
    assert list(tmp_path.iterdir()) == []
