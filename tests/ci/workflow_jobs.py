"""Jobs of a workflow on this machine: their steps are read out of the YAML, and run in order."""

import functools
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.ci.actions import ACTIONS, StepPlace, hash_files
from tests.ci.expressions import Expressions, Function
from tests.conftest import ROOT

WORKFLOW = ROOT / "examples/ci/tts-assets.yml"
#: The name that stands for this project's own repository.
OURS = "YOUR_ORG/tts-assets"


def read(path: Path) -> Any:
    """A YAML file, by the rules of YAML 1.2: ``on`` is no truth value."""
    return YAML(typ="safe", pure=True).load(path)


@dataclass(slots=True, kw_only=True)
class WorkflowJob:
    """What came of a job.

    Args:
        steps: the results of its steps, by their names or what they use.
        log: what its steps wrote.
        workspace: the folder in which it ran.
    """

    result: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    log: str = ""
    workspace: Path = Path()


class WorkflowRepository:
    """A repository with what GitHub keeps for it: caches, artifacts, pull requests.

    Args:
        folder: holds all of it, and the checkouts of all jobs.
        action: a checkout of this project.
        environment: variables of all jobs.
    """

    def __init__(
        self, folder: Path, action: Path = ROOT, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.origin = folder / "origin.git"
        #: Also where the action installs to: each job on GitHub has one of its own.
        self.temporary = folder / "temporary"
        self.action = action
        self._environment = environment or {}
        self._machines = 0
        for each in ("artifacts", "caches", "programs", "temporary"):
            (folder / each).mkdir()
        gh = folder / "programs/gh"
        gh.write_text(
            f'#!/bin/sh\nexec {shlex.join([sys.executable, str(ROOT / "tests/ci/gh.py")])} "$@"\n'
        )
        gh.chmod(0o755)
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", self.origin], check=True
        )

    def git(self, *arguments: str) -> str:
        """What git answers in the bare repository."""
        asked = ["git", "-C", str(self.origin), *arguments]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    def run(
        self,
        name: str,
        needs: Mapping[str, WorkflowJob] | None = None,
        *,
        event: str = "push",
        around: Mapping[str, Any] | None = None,
        attempt: int = 1,
    ) -> WorkflowJob:
        """A job of the example, on the newest commit of main, in a checkout of its own.

        Args:
            name: of the job.
            needs: the jobs that it needs.
            event: what the run is for.
            around: contexts of its own, such as ``matrix``.
            attempt: 2 and more where it is run again.
        """
        contexts = {"github": {"event_name": event, "run_attempt": attempt}, **(around or {})}
        return self._runner({}).run(name, needs or {}, contexts)

    def run_action(
        self, inputs: Mapping[str, str], environment: Mapping[str, str]
    ) -> tuple[dict[str, str], bool]:
        """The action alone: its outputs, and whether it succeeded."""
        return self._runner(environment).run_action(inputs)

    def _runner(self, environment: Mapping[str, str]) -> "_Runner":
        """A machine of its own for a job on the newest commit of main."""
        self._machines += 1
        workspace = self.folder / f"workspace-{self._machines}"
        workspace.mkdir()
        place = StepPlace(
            workspace=workspace,
            programs=self.folder / "programs",
            origin=self.origin,
            commit=self.git("for-each-ref", "--format=%(objectname)", "refs/heads/main"),
            branch="main",
            artifacts=self.folder / "artifacts",
            caches=self.folder / "caches",
        )
        return _Runner(self, place, {**self._environment, **environment})

    def run_all(self, shards: int | None = None) -> dict[str, WorkflowJob]:
        """All jobs of a push, in the order in which they need one another.

        Args:
            shards: how many; as many as the workflow says if None.
        """
        jobs = {"plan": self.run("plan")}
        if jobs["plan"].outputs.get("stale") != "true":
            return jobs
        of_workflow = read(WORKFLOW)["jobs"]["generate"]["strategy"]["matrix"]["shard"]
        all_shards = range(1, 1 + (shards or len(of_workflow)))
        made = {f"generate {each}": self.run_shard(jobs, each, all_shards) for each in all_shards}
        return {**jobs, **made, "merge": self.run_merge({**jobs, **made})}

    def run_shard(
        self, jobs: Mapping[str, WorkflowJob], number: int, of: Sequence[int], *, attempt: int = 1
    ) -> WorkflowJob:
        """One of the jobs ``generate``."""
        around = {"matrix": {"shard": number}, "strategy": {"job-total": len(of)}}
        return self.run("generate", jobs, around=around, attempt=attempt)

    def run_merge(self, jobs: Mapping[str, WorkflowJob]) -> WorkflowJob:
        """The job ``merge`` after these."""
        results = {job.result for name, job in jobs.items() if name.startswith("generate")}
        worst = WorkflowJob(result="success" if results == {"success"} else "failure")
        return self.run("merge", {"plan": jobs["plan"], "generate": worst})


class _Runner:
    def __init__(
        self, repository: WorkflowRepository, place: StepPlace, environment: Mapping[str, str]
    ) -> None:
        self._repository = repository
        self._place = place
        self._workflow = read(WORKFLOW)
        self._job = WorkflowJob(workspace=place.workspace)
        self._github = {
            "ref": f"refs/heads/{place.branch}",
            "ref_name": place.branch,
            "sha": place.commit,
            "token": "the token of this run",
        }
        self._environment = {
            **os.environ,
            **environment,
            "PATH": os.pathsep.join([str(place.programs), os.environ["PATH"]]),
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(place.workspace.with_suffix(".output")),
            "GITHUB_REF_NAME": place.branch,
            "GITHUB_REPOSITORY": "someone/words",
            "GITHUB_RUN_ID": "7",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": place.commit,
            "GITHUB_STEP_SUMMARY": str(place.workspace.with_suffix(".md")),
            "GITHUB_WORKSPACE": str(place.workspace),
            "RUNNER_TEMP": str(repository.temporary),
            "STAND_IN_ORIGIN": str(place.origin),
        }

    def run(
        self, name: str, needs: Mapping[str, WorkflowJob], around: Mapping[str, Any]
    ) -> WorkflowJob:
        job = self._workflow["jobs"][name]
        values = {
            **around,
            "github": {**self._github, **around["github"]},
            "needs": {
                need: {"result": each.result, "outputs": each.outputs}
                for need, each in needs.items()
            },
        }
        if any(needs[each].result != "success" for each in _listed(job.get("needs", []))):
            self._job.result = "failure"
        begun = self._expressions(values, {}).holds(job.get("if"))
        self._job.result = "success" if begun else "skipped"
        if begun:
            values["env"] = self._expressions(values, {}).fill_all(self._workflow["env"])
            self._environment |= values["env"]
            results = self._steps(job["steps"], values, self._environment)
            last = self._expressions(values, results)
            self._job.outputs = last.fill_all(job.get("outputs"))
        return self._job

    def run_action(self, inputs: Mapping[str, str]) -> tuple[dict[str, str], bool]:
        return self._own_action(inputs, self._environment)

    def _steps(
        self, steps: list[dict[str, Any]], values: Mapping[str, Any], around: Mapping[str, str]
    ) -> dict[str, Any]:
        """Run steps one after another; their outputs by their ids."""
        results: dict[str, Any] = {}
        for step in steps:
            expressions = self._expressions(values, results)
            name = str(step.get("name", step.get("uses")))
            if not expressions.holds(step.get("if")):
                self._job.steps[name] = "skipped"
                continue
            environment = {**around, **expressions.fill_all(step.get("env"))}
            outputs, succeeded = self._step(step, expressions, environment)
            results[step.get("id", name)] = {"outputs": outputs}
            self._job.steps[name] = "success" if succeeded else "failure"
            if not succeeded:
                self._job.result = "failure"
        return results

    def _step(
        self, step: Mapping[str, Any], expressions: Expressions, environment: dict[str, str]
    ) -> tuple[dict[str, str], bool]:
        if "run" in step:
            folder = expressions.fill(step.get("working-directory", "."))
            return self._script(step["run"], folder, environment)
        name = step["uses"].partition("@")[0]
        inputs = expressions.fill_all(step.get("with"))
        if name == OURS:
            return self._own_action(inputs, environment)
        ACTIONS[name](inputs, self._place)
        return {}, True

    def _own_action(
        self, given: Mapping[str, str], environment: Mapping[str, str]
    ) -> tuple[dict[str, str], bool]:
        action = read(self._repository.action / "action.yml")
        assert not set(given) - set(action["inputs"])
        defaults = {name: each["default"] for name, each in action["inputs"].items()}
        values = {"inputs": {**defaults, **given}}
        before, self._job.result = self._job.result, "success"
        around = {**environment, "GITHUB_ACTION_PATH": str(self._repository.action)}
        results = self._steps(action["runs"]["steps"], values, around)
        succeeded = self._job.result == "success"
        self._job.result = before
        told = {name: each["value"] for name, each in action["outputs"].items()}
        return self._expressions(values, results).fill_all(told), succeeded

    def _script(
        self, text: str, folder: str, environment: Mapping[str, str]
    ) -> tuple[dict[str, str], bool]:
        """Run a script as GitHub does where ``shell: bash`` is said."""
        script, told = self._place.workspace.with_suffix(".sh"), Path(environment["GITHUB_OUTPUT"])
        script.write_text(text, encoding="utf-8")
        told.write_text("", encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self._place.workspace / folder,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._job.log += done.stdout
        return dict(_outputs(told)), done.returncode == 0

    def _expressions(self, values: Mapping[str, Any], steps: Mapping[str, Any]) -> Expressions:
        functions: dict[str, Function] = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "format": str.format,
            "hashFiles": functools.partial(hash_files, self._place),
            "success": lambda: self._job.result == "success",
        }
        return Expressions({**values, "steps": steps}, functions)


def _outputs(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        yield name, value


def _listed(needs: str | list[str]) -> list[str]:
    return [needs] if isinstance(needs, str) else needs
