"""Signals to runs at a service that only refuses: how soon they end, and what they leave.

    python campaigns/stops.py

Each row is a run of the real command line against the simulator. Three clips are finished before the
service begins to refuse with `Retry-After: 300`; then a signal arrives while all calls rest.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conftest import Project, plugged_in
from tests.simulator.running import Simulator, running
from tests.simulator.scenario import Scenario, voice_id

SERVICES = {
    "elevenlabs": ("--provider", "elevenlabs", "--voice", voice_id(1)),
    "openai": ("--provider", "openai", "--voice", "alloy"),
}
REFUSALS: dict[int, dict[str, Any]] = {429: {"busy": 1.0}, 503: {"faults": [{"kind": "error_503"}]}}
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
FINISHED = ("犬", "猫", "鳥")
LEFT = tuple(f"{number}番線" for number in range(11, 31))
COLUMNS = ("service", "status", "signal", "seconds", "requests after", "urls", "exit", "ok")


def wait_until_calls_rest(simulator: Simulator, before: int) -> int:
    """Wait until the service has refused, and no request arrives for a second; how many did."""
    count, since = before, time.monotonic()
    while count == before or time.monotonic() - since < 1.0:
        time.sleep(0.05)
        if (now := len(simulator.requests())) != count:
            count, since = now, time.monotonic()
    return count


def measure_stop(
    project: Project, service: str, status: int, number: signal.Signals
) -> tuple[str | int, ...]:
    """Run, send the signal, and give the row of the table."""
    with running(Scenario(retry_after="300")) as simulator:
        project.environment |= {
            "ELEVENLABS_API_KEY": "sk_simulator",
            "OPENAI_API_KEY": "sk-simulator",
            "TTS_ASSETS_ELEVENLABS_BASE_URL": simulator.url,
            "TTS_ASSETS_OPENAI_BASE_URL": f"{simulator.url}/v1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        command = project.command("generate", *SERVICES[service], "--output-format", "json")
        project.words(*FINISHED)
        subprocess.run(
            command,
            cwd=project.folder,
            env=project.environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        project.words(*FINISHED, *LEFT)
        simulator.change(**REFUSALS[status])
        process = subprocess.Popen(
            command,
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        asked = wait_until_calls_rest(simulator, len(simulator.requests()))
        begun = time.monotonic()
        process.send_signal(number)
        out, _ = process.communicate(timeout=600)
        seconds = time.monotonic() - begun
        after = len(simulator.requests()) - asked
    urls = sum(url is not None for url in project.urls())
    is_ok = (process.returncode, after, urls) == (CODES[number], 0, len(FINISHED))
    is_ok = is_ok and seconds < 1.0 and json.loads(out)["failed"] == []
    return (
        *(service, status, number.name, f"{seconds:.2f}", after, urls),
        *(process.returncode, "yes" if is_ok else "NO"),
    )


def rows() -> Iterator[tuple[str | int, ...]]:
    """One row for each service, refusal and signal."""
    for service, status, number in product(SERVICES, REFUSALS, CODES):
        with tempfile.TemporaryDirectory() as folder:
            yield measure_stop(plugged_in(Path(folder)), service, status, number)


def main() -> int:
    """Print the table; 1 where a row is not as it should be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    most = 1 if parser.parse_args().smoke else None
    for name in [name for name in os.environ if name.startswith("TTS_ASSETS_")]:
        del os.environ[name]
    print(("{:<14}" * len(COLUMNS)).format(*COLUMNS))
    worst = 0
    for row in islice(rows(), most):
        print(("{:<14}" * len(row)).format(*row), flush=True)
        worst |= row[-1] != "yes"
    return worst


if __name__ == "__main__":
    sys.exit(main())
