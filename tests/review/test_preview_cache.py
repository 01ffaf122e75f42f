"""Pictures that are kept: whatever becomes of their file, they are right or drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tts_assets.review.sound_previews import (
    FOLDER,
    NAME,
    PREVIEW_VERSION,
    PreviewCache,
    SoundPreview,
)

if TYPE_CHECKING:
    from pathlib import Path


def _picture(number: int, version: int = PREVIEW_VERSION) -> SoundPreview:
    return SoundPreview(
        sha256=f"{number:064x}", version=version, seconds=1.0, peaks=bytes(range(9))
    )


def _keep(place: Path, *pictures: SoundPreview) -> Path:
    with PreviewCache(place) as album:
        album.add_previews(pictures)
    return place / FOLDER / NAME


def test_what_was_kept_is_there_the_next_time(tmp_path: Path) -> None:
    _keep(tmp_path, _picture(1), _picture(2))
    _keep(tmp_path, _picture(3))
    with PreviewCache(tmp_path) as album:
        assert [album.find_preview(f"{number:064x}") for number in (1, 2, 3)] == list(
            map(_picture, (1, 2, 3))
        )
        assert album.find_preview(f"{4:064x}") is None


def test_nothing_is_made_before_a_picture_is_kept(tmp_path: Path) -> None:
    with PreviewCache(tmp_path / "place") as album:
        album.drop_stale(set())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_torn_line_costs_one_picture_and_no_other(tmp_path: Path, cut: int) -> None:
    path = _keep(tmp_path, _picture(1), _picture(2))
    path.write_bytes(path.read_bytes()[:-cut])
    _keep(tmp_path, _picture(3))
    with PreviewCache(tmp_path) as album:
        assert album.find_preview(f"{2:064x}") in (None, _picture(2))
        assert (album.find_preview(f"{1:064x}"), album.find_preview(f"{3:064x}")) == (
            _picture(1),
            _picture(3),
        )


@pytest.mark.parametrize(
    "line", [b"\0" * 400, b"[]", b"{}", b'{"sha256":1}', b'{"sha256":"\xff"}', b"[" * 100_000]
)
def test_what_is_no_picture_is_passed_over(tmp_path: Path, line: bytes) -> None:
    path = _keep(tmp_path, _picture(1))
    path.write_bytes(line + b"\n" + path.read_bytes())
    with PreviewCache(tmp_path) as album:
        assert album.find_preview(f"{1:064x}") == _picture(1)


def test_pictures_of_another_version_are_drawn_again(tmp_path: Path) -> None:
    _keep(tmp_path, _picture(1, PREVIEW_VERSION + 1))
    with PreviewCache(tmp_path) as album:
        assert album.find_preview(f"{1:064x}") is None


def test_when_many_sounds_are_gone_their_pictures_go(tmp_path: Path) -> None:
    path = _keep(tmp_path, *map(_picture, range(200)))
    whole = path.stat().st_size
    with PreviewCache(tmp_path) as album:
        album.drop_stale({f"{number:064x}" for number in range(100)})
        assert path.stat().st_size == whole, "a few are no reason to write all anew"
        album.drop_stale({f"{number:064x}" for number in range(10)})
    assert path.stat().st_size == whole // 20
    with PreviewCache(tmp_path) as album:
        assert album.find_preview(f"{9:064x}") == _picture(9)
        assert album.find_preview(f"{10:064x}") is None


def test_lines_that_say_nothing_are_cleared_away(tmp_path: Path) -> None:
    path = _keep(tmp_path, _picture(1))
    path.write_bytes(b"x\n" * 1_000 + path.read_bytes())
    with PreviewCache(tmp_path) as album:
        album.drop_stale({f"{1:064x}"})
    assert path.read_bytes().count(b"\n") == 1


def test_where_nothing_can_be_written_all_goes_on(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_bytes(b"a file in the way")
    with PreviewCache(tmp_path) as album:
        album.add_previews([_picture(1)])
        assert album.find_preview(f"{1:064x}") == _picture(1)
        album.drop_stale({f"{1:064x}"})
