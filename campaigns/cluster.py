"""Runs on a Dask cluster: the same bytes as on one machine, and kills of every part of it.

    python campaigns/cluster.py [--bucket URL --endpoint URL] [--gateway COMMAND] [--kills 10]
        [--parts worker,driver] [--smoke]

First data/ is made by one process, by two processes of a local cluster, and by a scheduler with three
workers, each into a folder and, if a bucket is given, into the bucket: six times the same bytes. Then
processes are killed at random moments of runs of 500 clips: workers (five times --kills), the
scheduler, the driver, and with --gateway the S3 server, which that command starts in the foreground.
After each round a plain run ends with 0 in the bytes of an undisturbed run; no clip that was in the
ledger when something was killed is spoken again. Credentials come from the environment. The exit code
is 1 if any of this does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conftest import Project, plugged_in
from tests.dask_processes import DaskProcesses, run_dask

if TYPE_CHECKING:
    from collections.abc import Callable

#: A run that hangs is a fault, too.
_LIMIT_SECONDS = 240


@dataclass
class Campaign:
    """One campaign: where it works, and what it found.

    Attributes:
        place: for projects and logs.
        options: of the command line.
        clips: in each run of the kills.
        faults: what did not hold.
        rounds: of kills, so far.
    """

    place: Path
    options: argparse.Namespace
    clips: int
    faults: list[str] = field(default_factory=list)
    rounds: int = 0

    def open_project(self, name: str, prefix: str | None) -> Project:
        """A project that writes into a folder, or below a prefix of the bucket."""
        project = plugged_in(self.place / name)
        project.environment |= {
            "PYTHONWARNINGS": "ignore",
            "OPENBLAS_NUM_THREADS": "1",
            "TEST_ENGINE_LOG": str(self.place / name / "spoken.log"),
        }
        if prefix is not None:
            project.environment |= {
                "TTS_ASSETS_OUTPUT": f"{self.options.bucket}/{prefix}",
                "TTS_ASSETS_BUCKET_ENDPOINT": self.options.endpoint,
            }
        return project

    def expect(self, holds: bool, what: str) -> None:  # noqa: FBT001 - as an assertion
        if not holds:
            self.faults.append(what)
            print(f"FAULT: {what}", flush=True)

    # Six ways to make the same.

    def compare_ways(self) -> None:
        kinds = ("--type", "characters") if self.options.smoke else ()
        seen: dict[str, dict[str, bytes]] = {}
        for target in ("folder", *(("bucket",) if self.options.bucket else ())):
            for way in ("one", "local:2", "scheduler"):
                name = f"same-{target}-{way.replace(':', '-')}"
                project = self.open_project(name, name if target == "bucket" else None)
                shutil.copytree(ROOT / "data", project.folder / "data")
                begun = time.monotonic()
                words = ("generate", "--provider", "openjtalk", *kinds)
                if way == "scheduler":
                    with run_dask(self.place / name / "dask", project.environment, 3) as dask:
                        done = project.run(*words, "--cluster", dask.address)
                else:
                    done = project.run(*words, *(() if way == "one" else ("--cluster", way)))
                seconds = time.monotonic() - begun
                self.expect(done.returncode == 0, f"{name}: exit {done.returncode}: {done.stderr}")
                files = read_project(project, self.options if target == "bucket" else None, name)
                seen[name] = files
                first = next(iter(seen.values()))
                self.expect(files == first, f"{name}: other bytes than {next(iter(seen))}")
                print(f"{name:<24}{len(files):>6} files {seconds:>7.1f} s", flush=True)

    # Kills.

    def make_undisturbed(self) -> dict[str, bytes]:
        project = self.open_project("undisturbed", None)
        self.write_words(project)
        done = project.generate("-j", "4")
        self.expect(done.returncode == 0, f"undisturbed: exit {done.returncode}")
        return read_project(project, None, "")

    def write_words(self, project: Project) -> None:
        project.words(
            *(f"{'遅い' if number % 2 else ''}{number}番線" for number in range(self.clips))
        )

    def run_kills(
        self,
        what: str,
        kills: int,
        expected: dict[str, bytes],
        kill: Callable[[DaskProcesses, subprocess.Popen[str]], None],
        *,
        ends_run: bool,
        prefix: str | None = None,
    ) -> None:
        """Kill something so often, with as many runs as that takes; then end with a plain run."""
        self.rounds += 1
        name = f"kill-{what}-{self.rounds}"
        project = self.open_project(name, prefix and f"{prefix}/{name}")
        self.write_words(project)
        stored: set[str] = set()
        frozen: Counter[str] = Counter()
        twice_stored, left, runs, slowest = 0, kills, 0, 0.0
        with run_dask(self.place / name / "dask", project.environment, 3) as dask:
            while left:
                runs += 1
                run = project.start("--cluster", dask.address)
                while left and run.poll() is None:
                    if wait(run, random.uniform(1.0, 4.0)):
                        break
                    stored, frozen = read_stored(project), count_spoken(project)
                    kill(dask, run)
                    left -= 1
                    begun = time.monotonic()
                    if ends_run:
                        wait(run, _LIMIT_SECONDS)
                        slowest = max(slowest, time.monotonic() - begun)
                    if what == "scheduler":
                        dask.restart()
                    now = count_spoken(project)
                    twice_stored += sum(now[text] > frozen[text] for text in stored)
                wait(run, _LIMIT_SECONDS)
                _, told = run.communicate()
                wanted = {0, 4} if what == "scheduler" else {0, -signal.SIGKILL}
                self.expect(
                    run.returncode in wanted, f"{name}: exit {run.returncode}: {told[-500:]}"
                )
                if left and run.returncode == 0 and len(read_stored(project)) == self.clips:
                    # All clips are there: start again without them.
                    shutil.rmtree(project.folder / "audio", ignore_errors=True)
                    shutil.rmtree(project.folder / ".tts-assets", ignore_errors=True)
                    project.environment["TTS_ASSETS_OUTPUT"] = (
                        f"{self.options.bucket}/{prefix}/{name}-{runs}" if prefix else "audio"
                    )
                    Path(project.environment["TEST_ENGINE_LOG"]).unlink()
                    self.write_words(project)
            frozen, stored = count_spoken(project), read_stored(project)
            last = project.generate("--cluster", dask.address)
        self.expect(last.returncode == 0, f"{name}: the last run: {last.returncode}: {last.stderr}")
        spoken = count_spoken(project)
        twice_stored += sum(spoken[text] > frozen[text] for text in stored)
        self.expect(twice_stored == 0, f"{name}: {twice_stored} stored clips were spoken again")
        output = project.environment.get("TTS_ASSETS_OUTPUT", "")
        in_bucket = self.options if prefix else None
        files = read_project(project, in_bucket, output.removeprefix(f"{self.options.bucket}/"))
        self.expect(files == expected, f"{name}: other bytes than the undisturbed run")
        self.expect(project.generate("--dry-run").returncode == 0, f"{name}: not up to date")
        again = sum(spoken.values()) - len(spoken)
        print(
            f"{what:<10}{kills:>4} kills {runs:>3} runs; 0 lost, {again} spoken twice, "
            f"{twice_stored} of them stored; end of the run within {slowest:.1f} s",
            flush=True,
        )


def wait(run: subprocess.Popen[str], seconds: float) -> bool:
    """Wait for the end of a run for some seconds; whether it came."""
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def count_spoken(project: Project) -> Counter[str]:
    """How often engines were asked to say each text."""
    log = Path(project.environment["TEST_ENGINE_LOG"])
    return Counter(log.read_text(encoding="utf-8").splitlines() if log.exists() else ())


def read_stored(project: Project) -> set[str]:
    """The texts of clips that the ledger knows."""
    found: set[str] = set()
    for folder in ("audio", ".tts-assets"):
        path = project.folder / folder / "ledger.jsonl"
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
            if line.endswith(b"\n") and (row := json.loads(line))["recipe"]:
                found.add(row["text"])
    return found


def read_project(
    project: Project, bucket: argparse.Namespace | None, prefix: str
) -> dict[str, bytes]:
    """Ledger, assets and catalogues, wherever the assets are."""
    data = project.folder / "data"
    files = {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*.json")}
    state = project.folder / ("audio" if bucket is None else ".tts-assets")
    for path in state.rglob("*"):
        if path.is_file() and path.name != "failures.jsonl":
            files[str(path.relative_to(state))] = path.read_bytes()
    if bucket is not None:
        import boto3  # type: ignore[import-untyped]

        client = boto3.client("s3", endpoint_url=bucket.endpoint, region_name="us-east-1")
        name = bucket.bucket.removeprefix("s3://").split("/")[0]
        for page in client.get_paginator("list_objects_v2").paginate(
            Bucket=name, Prefix=f"{prefix}/"
        ):
            for each in page.get("Contents", ()):
                body = client.get_object(Bucket=name, Key=each["Key"])["Body"].read()
                files[each["Key"].removeprefix(f"{prefix}/")] = body
    return files


@dataclass
class Gateway:
    """The S3 server, started by a command in the foreground."""

    command: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(shlex.split(self.command))

    def kill(self) -> None:
        """Kill it, and start it again after a while."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        time.sleep(2)
        self.start()


def main() -> int:
    """Run the campaign, and print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--bucket", help="such as s3://clips, which must exist")
    parser.add_argument("--endpoint", help="of the S3 server")
    parser.add_argument("--gateway", help="a command that runs the S3 server in the foreground")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a small part, for seconds")
    parser.add_argument("--parts", default="same,worker,scheduler,driver,gateway")
    options = parser.parse_args()
    parts = {"worker"} if options.smoke else set(options.parts.split(","))
    random.seed(options.seed)
    place = Path(tempfile.mkdtemp(prefix="cluster-"))
    campaign = Campaign(place, options, clips=20 if options.smoke else 500)
    gateway = Gateway(options.gateway) if options.gateway else None
    try:
        if gateway is not None:
            gateway.start()
            time.sleep(5)
        if "same" in parts:
            campaign.compare_ways()
        expected = campaign.make_undisturbed()
        kills = 1 if options.smoke else options.kills
        for _ in range((1 if options.smoke else 5) * ("worker" in parts)):
            campaign.run_kills("worker", kills, expected, replace_worker, ends_run=False)
        if "scheduler" in parts:
            campaign.run_kills("scheduler", kills, expected, kill_scheduler, ends_run=True)
        if "driver" in parts:
            campaign.run_kills("driver", kills, expected, kill_driver, ends_run=True)
        if gateway is not None and "gateway" in parts:
            campaign.run_kills(
                *("gateway", kills, expected, lambda *_: gateway.kill()),
                ends_run=False,
                prefix="kills",
            )
            campaign.run_kills(
                *("driver", kills, expected, kill_driver), ends_run=True, prefix="kills"
            )
    finally:
        if gateway is not None and gateway.process is not None:
            gateway.process.kill()
        shutil.rmtree(place, ignore_errors=True)
    print(f"{len(campaign.faults)} faults")
    return 1 if campaign.faults else 0


def replace_worker(dask: DaskProcesses, _: subprocess.Popen[str]) -> None:
    dask.kill_worker()
    dask.start_worker()


def kill_scheduler(dask: DaskProcesses, _: subprocess.Popen[str]) -> None:
    dask.kill_scheduler()


def kill_driver(_: DaskProcesses, run: subprocess.Popen[str]) -> None:
    os.kill(run.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
