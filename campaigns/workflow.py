"""Run the example workflow on this machine, step by step, as its YAML says, with real speech.

    python campaigns/workflow.py [PART ...] [--keep]

The action is taken from a copy of this checkout and installs itself with pip, as on GitHub. The
repository is a bare one; each job has a clone of its own. Scripts are run by bash as GitHub does;
its own actions (checkout, setup-python, cache, artifacts) are stand-ins that copy folders, and so
is `gh`, which takes no other words than the real one. GitHub's runner, its storage and its rules for
tokens cannot be run here. Everything that is made must be the same, byte for byte, as what one run
without shards makes of the same content.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.ci.author import BRANCH, IGNORED, Author
from tests.ci.workflow_jobs import WorkflowJob, WorkflowRepository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHARDS = range(1, 5)
CATALOGUE = "data/new/vocabulary.json"
WORDS = (
    "山道",
    "川岸",
    "海辺",
    "森林",
    "空港",
    "雪国",
    "花畑",
    "月夜",
    "星空",
    "朝日",
    "夕方",
    "真夏",
)


class Campaign:
    """One repository after another, all with the installation of the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.harm = 0
        self.action = folder / "action"
        self._installed: Path | None = None
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.action / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.action / name)

    def repository(self, name: str) -> WorkflowRepository:
        """An empty repository."""
        (self.folder / name).mkdir()
        repository = WorkflowRepository(
            self.folder / name, self.action, {"GIT_CONFIG_GLOBAL": "/dev/null", "PYTHONPATH": ""}
        )
        if self._installed is None:
            self._installed = repository.temporary
        repository.temporary = self._installed
        return repository

    def expect(self, what: str, *, holds: bool) -> None:
        """Tell it, and count it if it does not hold."""
        self.harm += not holds
        print(f"  {'yes' if holds else 'NO '} {what}", flush=True)

    def all_well(self, jobs: Mapping[str, WorkflowJob]) -> None:
        """All jobs of a run succeeded."""
        failed = {name: job for name, job in jobs.items() if job.result != "success"}
        self.expect(f"{len(jobs)} jobs succeed", holds=not failed)
        for name, job in failed.items():
            print(f"--- {name}: {job.steps}\n{job.log}", flush=True)

    def same_as_one_run(self, author: Author) -> None:
        """What stands on the branch is, to the byte, what one run makes of the newest content."""
        repository = author.repository
        alone = repository.folder / "alone"
        shutil.rmtree(alone, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", repository.origin, alone], check=True)
        program = repository.temporary / "tts-assets-/bin/tts-assets"
        done = subprocess.run([program, "generate"], cwd=alone, check=False, capture_output=True)
        self.expect("one run succeeds, too", holds=done.returncode == 0)
        subprocess.run(["git", "add", "--all"], cwd=alone, check=True)
        written = subprocess.run(
            ["git", "write-tree"], cwd=alone, check=True, capture_output=True, text=True
        )
        tree = written.stdout.strip()
        self.expect(
            "the branch is the same, byte for byte, as after one run",
            holds=repository.git("rev-parse", f"{BRANCH}^{{tree}}") == tree,
        )


def main() -> int:
    """All of it; 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--keep", action="store_true", help="leave the folder for a look")
    parts = {
        part.__name__.replace("_", "-"): part
        for part in (
            from_nothing,
            more_while_it_waits,
            lost_machine,
            killed_shard,
            limit,
            out_of_git,
        )
    }
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(parts)}; without any, all")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="workflow-"))
    for name in [name for name in os.environ if name.startswith(("TTS_ASSETS_", "GIT_"))]:
        del os.environ[name]
    try:
        campaign = Campaign(folder)
        for name in options.part or parts:
            _timed(parts[name], campaign)
    finally:
        if options.keep:
            print(folder)
        else:
            shutil.rmtree(folder)
    print(f"{campaign.harm} of all this is not as it should be")
    return int(campaign.harm > 0)


def _timed(part: Callable[[Campaign], None], campaign: Campaign) -> None:
    print(f"{part.__doc__}", flush=True)
    begun = time.monotonic()
    part(campaign)
    print(f"  {time.monotonic() - begun:.0f} s", flush=True)


def from_nothing(campaign: Campaign) -> None:
    """All of data/ becomes a pull request, and that is merged."""
    repository = campaign.repository("from-nothing")
    names = sorted(path.name for path in (ROOT / "data").glob("*.json"))
    author = Author(
        repository, {f"data/{name}": (ROOT / "data" / name).read_text("utf-8") for name in names}
    )
    look = repository.run("check", event="pull_request")
    campaign.all_well({"check": look})
    campaign.expect(
        "the pull request is annotated ten times",
        holds=look.log.count("::warning file=data/") == 10,
    )
    jobs = repository.run_all()
    campaign.all_well(jobs)
    print(f"  {_made(jobs)} clips made by {len(SHARDS)} shards")
    campaign.same_as_one_run(author)
    author.merge()
    campaign.expect("nothing is stale after its merge", holds=set(repository.run_all()) == {"plan"})


def more_while_it_waits(campaign: Campaign) -> None:
    """More content comes while the pull request is open, and is changed; then it is merged."""
    repository = campaign.repository("waiting")
    author = Author(repository, {CATALOGUE: "[]\n"})
    author.push_words(WORDS[:8], CATALOGUE)
    campaign.all_well(repository.run_all())
    changed = (author.folder / CATALOGUE).read_text("utf-8").replace(WORDS[0], "山")
    author.push({CATALOGUE: changed})
    author.push_words(WORDS[8:], CATALOGUE)
    jobs = repository.run_all()
    campaign.all_well(jobs)
    campaign.expect("only new and changed words are made", holds=_made(jobs) == 5)
    campaign.expect("there is one pull request", holds=len(author.pulls()) == 1)
    author.merge()
    jobs = repository.run_all()
    campaign.expect("nothing is stale after its merge", holds=set(jobs) == {"plan"})


def lost_machine(campaign: Campaign) -> None:
    """A shard's machine is lost, and its job run again."""
    repository = campaign.repository("lost-machine")
    author = Author(repository, {CATALOGUE: "[]\n"})
    author.push_words(WORDS, CATALOGUE)
    jobs = {"plan": repository.run("plan")}
    jobs |= {f"generate {each}": repository.run_shard(jobs, each, SHARDS) for each in SHARDS}
    shutil.rmtree(repository.folder / "artifacts/tts-shard-2")
    jobs["generate 2"].result = "failure"
    merged = repository.run_merge(jobs)
    campaign.all_well({"merge": merged})
    told = author.pulls()[0]["body"]
    campaign.expect("the pull request tells that clips are left", holds="still to be made" in told)
    jobs["generate 2"] = repository.run_shard(jobs, 2, SHARDS, attempt=2)
    jobs["merge"] = repository.run_merge(jobs)
    campaign.all_well(jobs)
    campaign.expect("there is one pull request", holds=len(author.pulls()) == 1)
    campaign.same_as_one_run(author)


def killed_shard(campaign: Campaign) -> None:
    """A shard is killed while it makes clips, hands over what it has, and is run again."""
    repository = campaign.repository("killed-shard")
    author = Author(repository, {CATALOGUE: "[]\n"})
    author.push_words(WORDS, CATALOGUE)
    jobs = {"plan": repository.run("plan")}
    for each in SHARDS:
        jobs[f"generate {each}"] = repository.run_shard(jobs, each, SHARDS)
    shard = jobs["generate 1"]
    shard.result = "failure"
    part = repository.folder / "artifacts/tts-shard-1/audio-shard-1-of-4"
    header = json.loads((part / "shard.json").read_bytes())
    (part / "shard.json").write_text(json.dumps({**header, "finished": False}), encoding="utf-8")
    (part / "urls.jsonl").unlink()
    asset, *kept = sorted(part.rglob("*.mp3"))
    asset.unlink()
    merged = repository.run_merge(jobs)
    campaign.all_well({"merge": merged})
    campaign.expect("it is told", holds="audio-shard-1-of-4 is not finished" in merged.log)
    jobs["generate 1"] = repository.run_shard(jobs, 1, SHARDS, attempt=2)
    made = _made({"generate 1": jobs["generate 1"]})
    campaign.expect(f"the second attempt keeps {len(kept)}, makes 1", holds=made == 1)
    jobs["merge"] = repository.run_merge(jobs)
    campaign.all_well(jobs)
    campaign.same_as_one_run(author)


def limit(campaign: Campaign) -> None:
    """Every shard reaches a limit, and the next run makes the rest."""
    repository = campaign.repository("limit")
    author = Author(repository, {"tts-assets.toml": "max-clips = 2\n"})
    author.push_words(WORDS, CATALOGUE)
    jobs = repository.run_all()
    campaign.all_well(jobs)
    first = _made(jobs)
    campaign.expect("no shard made more than two", holds=0 < first <= 2 * len(SHARDS))
    author.push({"tts-assets.toml": "max-clips = 100\n"})
    jobs = repository.run_all()
    campaign.all_well(jobs)
    campaign.expect("the next run makes the rest", holds=first + _made(jobs) == len(WORDS))
    campaign.same_as_one_run(author)


def out_of_git(campaign: Campaign) -> None:
    """Audio files are kept out of git, and come from the cache."""
    repository = campaign.repository("out-of-git")
    author = Author(repository, {".gitignore": IGNORED})
    author.push_words(WORDS[:6], CATALOGUE)
    campaign.all_well(repository.run_all())
    author.merge()
    committed = repository.git("ls-tree", "-r", "--name-only", "main").splitlines()
    campaign.expect(
        "no audio file is committed", holds=not any(name.endswith(".mp3") for name in committed)
    )
    hashed = hashlib.sha256((author.folder / "audio/ledger.jsonl").read_bytes())
    key = f"tts-assets-{hashlib.sha256(hashed.digest()).hexdigest()}"
    campaign.expect(
        "the cache has the key of the ledger that was merged",
        holds=[each.name for each in (repository.folder / "caches").iterdir()] == [key],
    )
    author.push_words(WORDS[6:], CATALOGUE)
    jobs = repository.run_all()
    campaign.all_well(jobs)
    campaign.expect("with the cache, only new words are made", holds=_made(jobs) == len(WORDS) - 6)
    newest = max((repository.folder / "caches").iterdir(), key=lambda each: each.stat().st_mtime_ns)
    campaign.expect(
        "the newest cache has all of them", holds=len(list(newest.rglob("*.mp3"))) == len(WORDS)
    )


def _made(jobs: Mapping[str, WorkflowJob]) -> int:
    """How many clips the shards made, by their reports."""
    shards = [job for name, job in jobs.items() if name.startswith("generate")]
    reports = [file for job in shards for file in job.workspace.glob("tts-report-*/report.json")]
    return sum(json.loads(file.read_bytes())["made"] for file in reports)


if __name__ == "__main__":
    sys.exit(main())
