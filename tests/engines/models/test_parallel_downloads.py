"""Several processes at one file, killed processes, full disks."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import anyio
import pytest

from tests.engines.models.child import NAME
from tests.engines.models.conftest import Fetching
from tests.engines.models.served_models import CONTENT, Act
from tts_assets.engines.models.download import download_models
from tts_assets.engines.models.known_models import Advanced, Event, WaitingForDownload
from tts_assets.engines.models.model_cache import PartialFile, Version
from tts_assets.errors import FatalError

WHOLE = len(CONTENT)
HALF = WHOLE // 2


def _command(fetching: Fetching, *more: str) -> list[str]:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    url, folder = f"{fetching.server.url}/small.onnx", str(fetching.store.folder)
    return [
        sys.executable,
        "-m",
        "tests.engines.models.child",
        url,
        folder,
        sha256,
        str(WHOLE),
        *more,
    ]


@contextmanager
def _started(fetching: Fetching) -> Iterator[subprocess.Popen[str]]:
    """A process that fetches; ended at the end, if it still runs."""
    process = subprocess.Popen(_command(fetching), stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        _output(process).close()


def _output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def _read_until(process: subprocess.Popen[str], wanted: str) -> None:
    assert any(line.strip() == wanted for line in _output(process))


def test_the_second_of_two_waits_and_finds_it_done(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(hold=HALF))
    with _started(fetching) as first:
        _read_until(first, str(HALF))
        with _started(fetching) as second:
            _read_until(second, "waiting")
            fetching.server.release()
            _read_until(first, "ready")
            _read_until(second, "ready")
            assert (first.wait(), second.wait()) == (0, 0)
    assert len(fetching.server.asked) == 1
    assert fetching.names() == [NAME]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_killed_download_is_gone_on_with(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(hold=HALF))
    with _started(fetching) as killed:
        _read_until(killed, str(HALF))
        killed.kill()
        assert killed.wait() != 0
    assert not fetching.path.exists()
    await fetching()
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.server.asked[1].range == f"bytes={HALF}-"
    assert fetching.names() == [NAME]


def test_a_full_disk_is_told_and_what_is_here_is_kept(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    full = subprocess.run(
        _command(fetching, str(HALF)), capture_output=True, text=True, check=False, timeout=60
    )
    assert full.returncode == 4, full.stderr
    assert "cannot write" in full.stdout
    assert "small.onnx.part: " in full.stdout
    part = PartialFile(fetching.path)
    assert (part.size, part.path.read_bytes()) == (HALF, CONTENT[:HALF])
    with _started(fetching) as again:
        _read_until(again, "ready")
    assert fetching.server.asked[1].range == f"bytes={HALF}-"
    assert fetching.path.read_bytes() == CONTENT


def test_a_full_disk_is_told_with_what_to_do(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching.path.parent.mkdir(parents=True)
    part = PartialFile(fetching.path)
    part.begin_version(Version(etag=None, bytes=None))

    def open_full(_: Path) -> int:
        return os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr("tts_assets.engines.models.model_cache.open_to_append", open_full)
    with (
        pytest.raises(
            FatalError,
            match=r"No space .*free some disk space, then run again; existing files are kept",
        ),
        part.open() as append,
    ):
        append(b"x")


def test_nothing_is_appended_through_a_link(fetching: Fetching, tmp_path: Path) -> None:
    fetching.path.parent.mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    part = PartialFile(fetching.path)
    part.path.symlink_to(precious)
    with pytest.raises(FatalError, match=r"\.part: it is a symbolic link"), part.open():
        pass
    assert precious.read_bytes() == b"precious"


async def test_a_cancelled_download_keeps_its_part_and_frees_its_lock(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(hold=HALF))
    with anyio.CancelScope() as scope:

        def cancel(event: Event) -> None:
            if isinstance(event, Advanced) and event.done == HALF:
                scope.cancel()

        await download_models(
            [fetching.model()], fetching.store, fetching.settings, on_event=cancel
        )
    assert scope.cancelled_caught
    assert fetching.names() == [f"{NAME}.part", f"{NAME}.part.json"]
    await fetching()
    assert fetching.server.asked[1].range == f"bytes={HALF}-"
    assert not any(isinstance(event, WaitingForDownload) for event in fetching.events)


def test_removing_waits_for_a_download(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx", Act(hold=HALF))
    with _started(fetching) as process:
        _read_until(process, str(HALF))
        freed = fetching.store.remove_model(fetching.model(), fetching.server.release)
    assert (freed, fetching.names()) == (WHOLE, [])


def test_a_folder_that_is_read_only_is_told(fetching: Fetching) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    fetching.server.add("/small.onnx")
    fetching.store.folder.mkdir(mode=0o555)
    done = subprocess.run(
        _command(fetching), capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "cannot write" in done.stdout) == (4, True)


async def test_what_a_killed_process_left_is_removed(fetching: Fetching) -> None:
    fetching.server.add("/small.onnx")
    await fetching()
    lock = fetching.store.lock_path(fetching.model().files[0])
    lock.write_bytes(b"")
    (fetching.path.parent / ".tts-assets-0a-1.part").write_bytes(b"")
    await fetching()
    assert fetching.names() == [NAME]
