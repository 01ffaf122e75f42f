"""Time in which a process is stopped counts against no time limit."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import psutil
import pytest

from tests.conftest import Project, plugged_in
from tts_assets.build.pool import run_async

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="POSIX stops processes")

#: Longer than the time limit of the clip, and than its engine may be silent.
_STOPPED_SECONDS = 5.0


def _wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def _start(place: Path) -> tuple[Project, Path, subprocess.Popen[str]]:
    """A run whose only clip takes one of the four seconds that it may take."""
    place.mkdir()
    project = plugged_in(place)
    project.words("鈍い")
    log = place / "spoken.log"
    project.environment["TEST_ENGINE_LOG"] = str(log)
    return project, log, project.start("--timeout", "4", "--concurrency", "1")


@pytest.mark.parametrize("with_engine", [False, True])
def test_a_stopped_run_goes_on_with_the_clip_that_it_was_at(
    tmp_path: Path, *, with_engine: bool
) -> None:
    project, log, run = _start(tmp_path / "x")
    _wait_until(lambda: log.exists() and "鈍い" in log.read_text(encoding="utf-8"))
    children = psutil.Process(run.pid).children() if with_engine else []
    pids = [*(child.pid for child in children), run.pid]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(_STOPPED_SECONDS)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert "generated 1" in out
    assert None not in project.urls()
    assert log.read_text(encoding="utf-8").split().count("鈍い") == 1


def test_a_time_limit_holds_while_the_process_runs() -> None:
    async def hang() -> float:
        begun = time.monotonic()
        with anyio.move_on_after(0.2):
            await anyio.sleep_forever()
        return time.monotonic() - begun

    assert run_async(hang) >= 0.2


def test_the_clock_does_not_count_the_time_of_a_loop_that_cannot_run() -> None:
    async def block() -> float:
        begun = anyio.current_time()
        time.sleep(2.2)  # noqa: ASYNC251 - stands for a process that is stopped
        return anyio.current_time() - begun

    assert run_async(block) < 1
