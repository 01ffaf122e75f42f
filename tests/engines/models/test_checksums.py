"""Sums are remembered for as long as a file stays as it is, and never longer."""

import hashlib
import itertools
import os
import time
from pathlib import Path

import pytest

from tts_assets.engines.models.model_cache import sha256_of


def _real(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an hour later than the files think."""
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 3_600 * 10**9)


def _file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    return path


def _lie(cache: Path) -> None:
    """Change what is remembered, so that it shows whether it is used."""
    (note,) = (cache / ".sums").iterdir()
    note.write_bytes(note.read_bytes().replace(b'"sha256":"', b'"sha256":"remembered-'))


@pytest.mark.usefixtures("later")
def test_a_file_is_read_once(tmp_path: Path) -> None:
    path = _file(tmp_path)
    assert sha256_of(path, tmp_path / "cache") == _real(path)
    _lie(tmp_path / "cache")
    assert sha256_of(path, tmp_path / "cache") == f"remembered-{_real(path)}"


@pytest.mark.usefixtures("later")
def test_a_file_with_another_content_is_read_again(tmp_path: Path) -> None:
    path = _file(tmp_path)
    sha256_of(path, tmp_path)
    before = path.stat()
    path.write_bytes(b"abd")
    # Somebody hides the change.
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert sha256_of(path, tmp_path) == _real(path)


@pytest.mark.usefixtures("later")
def test_a_file_that_took_another_s_place_is_read_again(tmp_path: Path) -> None:
    path = _file(tmp_path)
    sha256_of(path, tmp_path)
    other = tmp_path / "other"
    other.write_bytes(b"xyz")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert sha256_of(path, tmp_path) == _real(path)


@pytest.mark.usefixtures("later")
def test_a_path_need_not_be_utf_8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9")
    path.write_bytes(b"abc")
    assert sha256_of(path, tmp_path) == _real(path)
    _lie(tmp_path)
    assert sha256_of(path, tmp_path).startswith("remembered-")


def test_a_file_that_changed_just_before_a_long_look_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path)
    clock = itertools.count(time.time_ns(), 3_600 * 10**9)
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    sha256_of(path, tmp_path)
    assert not (tmp_path / ".sums").exists()


def test_a_file_that_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    for content in (b"abc", b"abd", b"abe"):
        (tmp_path / "file").write_bytes(content)
        assert sha256_of(tmp_path / "file", tmp_path) == hashlib.sha256(content).hexdigest()
    assert not (tmp_path / ".sums").exists()


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"path": 1}'])
def test_what_is_remembered_may_be_damaged(tmp_path: Path, damage: bytes) -> None:
    path = _file(tmp_path)
    sha256_of(path, tmp_path)
    (note,) = (tmp_path / ".sums").iterdir()
    note.write_bytes(damage)
    assert sha256_of(path, tmp_path) == _real(path)
    assert note.read_bytes() != damage


@pytest.mark.usefixtures("later")
def test_a_cache_that_cannot_be_written_to_costs_time_only(tmp_path: Path) -> None:
    path = _file(tmp_path)
    (tmp_path / "cache").write_bytes(b"")
    assert sha256_of(path, tmp_path / "cache") == _real(path)


@pytest.mark.usefixtures("later")
def test_two_files_are_remembered_side_by_side(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_text(path.name)
        sha256_of(path, tmp_path)
    assert [sha256_of(path, tmp_path) for path in paths] == [_real(path) for path in paths]
    assert len(list((tmp_path / ".sums").iterdir())) == 2


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "none", tmp_path)
