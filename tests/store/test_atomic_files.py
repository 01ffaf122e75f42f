"""Files are whole or not there; locks hold; failures are told in words."""

import errno
import multiprocessing
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tts_assets.errors import FatalError
from tts_assets.store import atomic_files
from tts_assets.store.atomic_files import AppendLog, Storage, atomic_write


def _never() -> None:
    raise AssertionError("nobody else holds the lock")


def test_an_asset_is_stored_and_listed_with_its_size(tmp_path: Path) -> None:
    store = Storage(tmp_path / "audio")
    store.prepare()
    store.put("kanji/ab.mp3", b"123")
    store.sync_new_names()
    assert store.sizes(["kanji", "grammar"]) == {"kanji/ab.mp3": 3}


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="I/O error"):
        atomic_write(path, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"


def test_a_write_that_is_not_right_any_more_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    assert not atomic_write(path, b"new", still_right=lambda: False)
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)
    assert atomic_write(path, b"new", like=path.stat())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_very_long_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("が" * 80)
    atomic_write(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("name", ["audio", "audio/kanji"])
def test_a_file_where_a_folder_should_be_is_said_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    store = Storage(tmp_path / "audio")

    def use() -> None:
        store.prepare()
        store.put("kanji/ab.mp3", b"123")

    with pytest.raises(FatalError, match="audio"):
        use()


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "ledger")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._number)
    with pytest.raises(FatalError, match="free some disk space, then run again"):
        log.append(b"line\n")
    os.close(full)
    os.close(log._number)


def test_an_unfinished_record_is_cut_off_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(b"one\ntw")
    log = AppendLog(path)
    log.append(b"three\n")
    log.close()
    assert path.read_bytes() == b"one\nthree\n"


def test_records_of_many_threads_are_not_torn(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "ledger")

    def append(letter: str) -> None:
        for _ in range(50):
            log.append(letter.encode() * 300 + b"\n")

    threads = [threading.Thread(target=append, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    lines = (tmp_path / "ledger").read_text().splitlines()
    assert len(lines) == 200
    assert all(len(set(line)) == 1 and len(line) == 300 for line in lines)


def test_sweeping_removes_unfinished_files_and_nothing_else(tmp_path: Path) -> None:
    for name in (".tts-assets-0a-1.part", ".hidden.part", "clip.part", "ab.mp3"):
        (tmp_path / name).write_bytes(b"")
    atomic_files.sweep(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        ".hidden.part",
        "ab.mp3",
        "clip.part",
    ]


def _add(path: Path) -> None:
    for _ in range(50):
        with atomic_files.lock(path.with_suffix(".lock"), lambda: None):
            path.write_text(str(int(path.read_text()) + 1))


def test_a_lock_loses_no_update_of_several_processes(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_add, args=(path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert path.read_text() == "200"
    assert [each.name for each in tmp_path.iterdir()] == ["count"]


def test_who_waits_for_a_lock_is_told(tmp_path: Path) -> None:
    class GiveUpError(Exception):
        pass

    def give_up() -> None:
        raise GiveUpError

    with (
        atomic_files.lock(tmp_path / "lock", _never),
        pytest.raises(GiveUpError),
        atomic_files.lock(tmp_path / "lock", give_up),
    ):
        pass


def test_half_a_record_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AppendLog(tmp_path / "ledger")
    log.append(b"one\n")
    whole = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda number, data: whole(number, data[:2]))
        with pytest.raises(FatalError, match="free some disk space"):
            log.append(b"two\n")
    log.append(b"three\n")
    log.close()
    assert (tmp_path / "ledger").read_bytes() == b"one\nthree\n"


#: Writes a file, and is in the middle of that when it says so.
_WRITER = """
import os, sys, time
from pathlib import Path
from tts_assets.store.atomic_files import atomic_write

def wait() -> bool:
    print("written", flush=True)
    sys.stdin.read()
    return True

atomic_write(Path(sys.argv[1]), b"new", still_right=wait)
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("killed", "alive")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
    writers[0].kill()
    writers[0].communicate()
    assert len(list(tmp_path.iterdir())) == 2
    atomic_files.sweep(tmp_path)
    (part,) = tmp_path.iterdir()
    assert part.read_bytes() == b"new"
    writers[1].communicate()
    assert writers[1].returncode == 0
    assert [each.name for each in tmp_path.iterdir()] == ["alive"]


def test_the_next_command_that_takes_the_lock_removes_what_a_killed_one_left(
    tmp_path: Path,
) -> None:
    (tmp_path / "kanji").mkdir()
    for name in (".tts-assets-0a-1.part", "kanji/.tts-assets-0a-2.part", ".tts-assets.lock"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / atomic_files.DECISIONS_LOCK).write_bytes(b"")
    (tmp_path / "kanji/a.mp3").write_bytes(b"")
    with Storage(tmp_path).lock(_never):
        pass
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a.mp3", "kanji"]


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are found in /proc")
def test_a_lock_that_the_system_cannot_release_ends_without_an_error(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with atomic_files.lock(path, _never):
        (number,) = (
            int(each.name)
            for each in Path("/proc/self/fd").iterdir()
            if os.path.realpath(each) == str(path)
        )
        # The release then fails, as it does on a network disk that is gone.
        only_a_path = os.open(tmp_path, os.O_PATH)
        os.dup2(only_a_path, number)
        os.close(only_a_path)
    assert not path.exists()
    with atomic_files.lock(path, _never):
        assert path.exists()
