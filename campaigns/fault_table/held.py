"""Runs of the command line that are forked from a process with all modules, and held until they may go.

A run that imports a thousand files opens a thousand of them. A forked one makes only the calls of the
run itself, so that strace strikes at them, and takes a third of the time.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import subprocess
import sys
from typing import Any

_LATER = (
    "anyio._backends._asyncio", "anyio._core._signals", "anyio._core._subprocesses", "filelock",
    "httpcore", "httpx", "lameenc", "numpy", "platformdirs", "psutil", "pydantic.type_adapter",
    "rich.progress", "rich.traceback", "soundfile", "soxr", "tests.plugin_engines",
    "typer.rich_utils",
)  # fmt: skip


class Forker:
    """A process that forks one run at a time."""

    def __init__(self, variables: dict[str, str]) -> None:
        """Start it in the environment that all runs share."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, **order: Any) -> int:
        """Fork a run: its process id. It waits until something is written to its pipe ``hold``."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._read_number()

    def wait(self) -> int:
        """Wait for the run to end: its exit code, negative for a signal."""
        return self._read_number()

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _read_number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def main() -> None:
    """Fork a run for each line at standard input."""
    cli = importlib.import_module("tts_assets.cli")
    commands = [each.name for each in pkgutil.walk_packages(cli.__path__, "tts_assets.cli.")]
    for name in (*commands, *_LATER):
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        ready, far = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(ready)
            _become_run(json.loads(line), far)
            return
        os.close(far)
        # It ends when the run waits for its word to go, or is dead.
        with os.fdopen(ready, "rb") as stream:
            stream.read()
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _become_run(order: dict[str, Any], ready: int) -> None:
    """Take the place, the environment and the streams of a run, and become it."""
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["variables"])
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for number, fd in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
        os.dup2(fd, number)
    hold = os.open(order["hold"], os.O_RDONLY | os.O_NONBLOCK)
    os.close(ready)
    # A pipe that no one has opened for writing yet has no event.
    select.select([hold], [], [])
    os.close(hold)
    sys.path.insert(0, order["folder"])
    sys.argv[:] = ["tts-assets", *order["words"]]
    runpy.run_module("tts_assets", run_name="__main__")


if __name__ == "__main__":
    main()
