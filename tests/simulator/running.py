"""The simulator as a process of its own, for tests, benchmarks and campaigns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from tests.simulator.scenario import Scenario

_ROOT = Path(__file__).parent.parent.parent

# Seconds for a process to end that was asked to.
_RETRY_POLICY = 10

# Whatever proxy the environment names is not asked for 127.0.0.1.
_OPENER = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """A simulator that runs.

    Args:
        url: its address, without a slash at the end.
        pid: of its process.
    """

    url: str
    pid: int

    def state(self) -> dict[str, Any]:
        """Counts, bills, concurrency: what ``GET /_simulator/state`` says."""
        found: dict[str, Any] = self._ask("state")
        return found

    def requests(self) -> list[dict[str, Any]]:
        """The requests as they came, newest last."""
        found: list[dict[str, Any]] = self._ask("requests")
        return found

    def change(self, **fields: object) -> None:
        """Other values for these fields of the scenario, from now on."""
        self._ask("scenario", msgspec.json.encode(fields))

    def _ask(self, what: str, body: bytes | None = None) -> Any:
        request = Request(f"{self.url}/_simulator/{what}", data=body)
        with _OPENER.open(request, timeout=_RETRY_POLICY) as answer:
            return json.loads(answer.read())


@contextmanager
def running(scenario: Scenario | None = None) -> Iterator[Simulator]:
    """Start a simulator, and end it at the end.

    Raises:
        RuntimeError: it ended instead of listening; why is on the standard error.
    """
    told = msgspec.json.encode(scenario or Scenario()).decode()
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.simulator", "--scenario", told],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    with process:
        try:
            yield Simulator(**_told(process))
        finally:
            process.terminate()
            try:
                process.wait(_RETRY_POLICY)
            except subprocess.TimeoutExpired:
                process.kill()


def _told(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the simulator ended with status {process.wait()} before it listened")
    found: dict[str, Any] = json.loads(line)
    return found
