"""A Dask scheduler and its workers as processes on this machine."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: They listen on this machine only; without a dashboard they have an HTTP server all the same.
_HERE = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")


@dataclass
class DaskProcesses:
    """A scheduler and its workers; whatever runs is killed at the end.

    Attributes:
        folder: for their own files.
        environment: of all processes.
        address: of the scheduler.
    """

    folder: Path
    environment: Mapping[str, str]
    address: str = ""
    scheduler: subprocess.Popen[bytes] = field(init=False)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    started: int = 0

    def start_scheduler(self) -> None:
        """Start it, on the port that it had before if it was killed."""
        port = self.address.rpartition(":")[2] or "0"
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        options = (*_HERE, "--port", port, "--scheduler-file", str(file))
        self.scheduler = self._start("scheduler", *options)
        deadline = time.monotonic() + 30
        while not self.address or not file.exists():
            with contextlib.suppress(OSError, ValueError):
                self.address = json.loads(file.read_bytes())["address"]
            if time.monotonic() > deadline or self.scheduler.poll() is not None:
                raise RuntimeError((self.folder / "scheduler.log").read_text())
            time.sleep(0.05)

    def start_worker(self) -> None:
        """Start another one."""
        options = (*_HERE, "--nthreads", "1", "--no-nanny")
        self.started += 1
        folder = self.folder / f"worker-{self.started}"
        self.workers.append(
            self._start("worker", self.address, *options, "--local-directory", str(folder))
        )

    def kill_worker(self) -> None:
        """Kill the one that has run longest; its engine ends with it."""
        worker = self.workers.pop(0)
        worker.kill()
        worker.wait()

    def kill_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()

    def restart(self) -> None:
        """Start the scheduler again, and workers in place of those that lost it."""
        count = len(self.workers)
        for _ in range(count):
            self.kill_worker()
        self.start_scheduler()
        for _ in range(count):
            self.start_worker()

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", *options],
                cwd=self.folder,
                env={**self.environment, "PYTHONWARNINGS": "ignore"},
                stdout=log,
                stderr=log,
            )

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
        for process in (*self.workers, self.scheduler):
            process.wait()


@contextlib.contextmanager
def run_dask(folder: Path, environment: Mapping[str, str], workers: int) -> Iterator[DaskProcesses]:
    """Run a scheduler with some workers."""
    folder.mkdir(parents=True, exist_ok=True)
    processes = DaskProcesses(folder, environment)
    processes.start_scheduler()
    try:
        for _ in range(workers):
            processes.start_worker()
        yield processes
    finally:
        processes.close()
