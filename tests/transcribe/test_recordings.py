"""Files, folders and globs name recordings, each once, and each transcript has a name of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.recognizers import tone
from tts_assets.errors import UsageError
from tts_assets.transcribe.recordings import find_recordings

if TYPE_CHECKING:
    from tests.transcribe.conftest import Desk


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk with some recordings."""
    for name in ("a.wav", "n5/a.flac", "n5/b.ogg", ".hidden/c.wav"):
        desk.record(name, tone(440, 0.1))
    (desk.folder / "notes.txt").write_text("no sound")
    return desk


def _names(*paths: str) -> list[str]:
    return [recording.name for recording in find_recordings(paths).recordings]


def test_a_folder_means_the_recordings_in_it_and_below(full: Desk) -> None:
    assert _names(str(full.folder)) == ["a", "n5/a", "n5/b"]


def test_a_glob_means_what_it_matches(full: Desk) -> None:
    assert _names(str(full.folder / "**/*.ogg")) == ["b"]


def test_what_is_named_twice_is_there_once(full: Desk) -> None:
    one = str(full.folder / "a.wav")
    winding = str(full.folder / "n5/../a.wav")
    assert _names(one, one, winding, str(full.folder)) == ["a", "n5/a", "n5/b"]


def test_two_of_one_name_keep_their_endings(desk: Desk) -> None:
    files = [desk.record(name, tone(440, 0.1)) for name in ("x/a.wav", "y/A.flac")]
    assert _names(*files) == ["a.wav", "A.flac"]


def test_two_transcripts_of_one_name_are_refused(desk: Desk) -> None:
    files = [desk.record(name, tone(440, 0.1)) for name in ("x/a.wav", "y/a.wav")]
    with pytest.raises(UsageError, match=r"x/a\.wav and .*y/a\.wav would both be named a\.wav"):
        find_recordings(files)


def test_transcripts_that_are_only_printed_may_have_one_name(desk: Desk) -> None:
    files = [desk.record(name, tone(440, 0.1)) for name in ("x/a.wav", "y/a.wav")]
    assert len(find_recordings(files, distinct=False).recordings) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (problem,) = find_recordings([str(tmp_path / "pipe.wav")]).problems
    assert "save it as a file" in str(problem)


def test_what_cannot_be_read_is_told_with_its_path(full: Desk) -> None:
    found = find_recordings([str(full.folder / "notes.txt"), str(full.folder / "*.mp3")])
    assert found.recordings == ()
    assert [Path(problem.file).name for problem in found.problems] == ["notes.txt", "*.mp3"]


def test_lengths_are_those_of_the_headers(full: Desk) -> None:
    assert find_recordings([str(full.folder / "a.wav")]).recordings[0].seconds == pytest.approx(0.1)
