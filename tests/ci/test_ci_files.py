"""The files for other people's CI: sound to the tools for such files, safe, and true to the commands."""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.ci.author import IGNORED
from tests.ci.workflow_jobs import OURS, WORKFLOW, read
from tests.conftest import ROOT
from tts_assets import __version__
from tts_assets.cli.app import app

ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
#: The workflows of this project itself.
OWN_WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
GUIDE = (ROOT / "docs/guides/ci.md").read_text(encoding="utf-8")

LINT = ("jactionlint", "--ignore", "unpinned-uses")
SCHEMA = ("check-jsonschema", "--builtin-schema")


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    scripts = sysconfig.get_path("scripts")
    program = shutil.which(command[0], path=scripts)
    assert program, f"{command[0]} is missing: install the extra dev"
    # The linter starts shellcheck.
    environment = {**os.environ, "PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    return subprocess.run(
        [program, *command[1:]], env=environment, capture_output=True, text=True, check=False
    )


def _steps(file: Path) -> list[dict[str, Any]]:
    content = read(file)
    if file == ACTION:
        return list(content["runs"]["steps"])
    return [step for job in content["jobs"].values() for step in job["steps"]]


def _uses_of_ours() -> Iterator[dict[str, str]]:
    for step in _steps(WORKFLOW):
        if step.get("uses", "").startswith(OURS):
            yield step["with"]


def _options(command: str) -> set[str]:
    """What a command takes, by the command line itself."""
    whole = typer.main.get_command(app)
    context = whole.make_context("tts-assets", ["--help"], resilient_parsing=True)
    for word in command.split():
        found = whole.get_command(context, word)  # type: ignore[attr-defined]
        assert found is not None, f"there is no command {command}"
        whole = found
    return {option for parameter in whole.params for option in parameter.opts}


@pytest.mark.parametrize(
    "command",
    [
        (*LINT, WORKFLOW, ACTION),
        (*SCHEMA, "vendor.github-workflows", WORKFLOW),
        (*SCHEMA, "custom.github-workflows-require-timeout", WORKFLOW),
        (*SCHEMA, "vendor.github-actions", ACTION),
        (*LINT, *OWN_WORKFLOWS),
        (*SCHEMA, "vendor.github-workflows", *OWN_WORKFLOWS),
        (*SCHEMA, "custom.github-workflows-require-timeout", *OWN_WORKFLOWS),
    ],
    ids=lambda command: " ".join(command[:3:2]),
)
def test_tools_find_nothing(command: tuple[str | Path, ...]) -> None:
    done = _run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (WORKFLOW, "needs.plan.outputs.stale", "needs.plan.outputs.stal"),
        (WORKFLOW, "contents: read", "content: read"),
        (ACTION, "steps.run.outputs", "steps.rum.outputs"),
        pytest.param(
            ACTION,
            '"$COMMAND"',
            "$COMMAND",
            marks=pytest.mark.skipif(
                platform.machine() in {"aarch64", "ARM64"} and sys.platform != "darwin",
                reason="PyPI has no shellcheck for this machine",
            ),
        ),
    ],
)
def test_the_linter_sees_a_slip(tmp_path: Path, file: Path, right: str, wrong: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / file.name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    done = _run(*LINT, tmp_path / file.name)
    assert done.returncode == 1
    assert file.name in done.stdout


@pytest.mark.parametrize("file", [WORKFLOW, ACTION, *OWN_WORKFLOWS])
def test_no_value_is_written_into_a_script(file: Path) -> None:
    scripts = [step["run"] for step in _steps(file) if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_every_job_says_what_it_may_and_nothing_is_allowed_beyond() -> None:
    workflow = read(WORKFLOW)
    assert workflow["permissions"] == {}
    may_write = {
        name: sorted(scope for scope, access in job["permissions"].items() if access == "write")
        for name, job in workflow["jobs"].items()
    }
    assert may_write == {
        "check": [],
        "plan": [],
        "generate": [],
        "merge": ["contents", "pull-requests"],
    }


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [
        step for step in _steps(WORKFLOW) if step.get("uses", "").startswith("actions/checkout")
    ]
    assert [each["with"].get("persist-credentials") for each in checkouts] == [False] * 4


def test_only_the_step_that_opens_the_pull_request_and_those_that_look_for_it_have_a_token() -> (
    None
):
    have = [step["name"] for step in _steps(WORKFLOW) if "GH_TOKEN" in step.get("env", {})]
    look = "Merge the audio of the open pull request"
    assert have == [look, look, "Open a pull request"]


def test_the_action_s_inputs_are_those_that_its_steps_read() -> None:
    action = read(ACTION)
    text = ACTION.read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action["inputs"])
    assert all(set(each) <= set(action["inputs"]) for each in _uses_of_ours())


def test_every_command_and_option_of_the_workflow_exists() -> None:
    for given in _uses_of_ours():
        options = [line.partition("=")[0] for line in given.get("args", "").splitlines()]
        assert set(options) <= _options(given["command"]), given


def test_the_workflow_and_the_guide_name_this_version() -> None:
    named = re.findall(rf"{OURS}@(\S+)", WORKFLOW.read_text(encoding="utf-8") + GUIDE)
    assert set(named) == {f"v{__version__}"}


def test_every_command_and_option_of_the_guide_exists() -> None:
    lines = re.findall(r"(?:^|`)tts-assets ([a-z]+)([^`\n]*)", GUIDE, re.MULTILINE)
    assert len(lines) > 5
    for command, words in lines:
        options = re.findall(r"--[a-z-]+", words)
        assert set(options) <= _options(command), (command, words)


def test_what_keeps_audio_out_of_git_is_what_was_tried() -> None:
    assert f"```gitignore\n{IGNORED}" in GUIDE


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_asks_for_something(form: Path) -> None:
    content = read(form)
    assert {"name", "description", "body"} <= set(content)
    assert any(field.get("validations", {}).get("required") for field in content["body"])


def test_every_hook_starts_a_command_that_exists() -> None:
    hooks = {hook["id"]: hook for hook in read(HOOKS)}
    assert set(hooks) == {"tts-assets-check", "tts-assets-lint"}
    for name, hook in hooks.items():
        program, command = hook["entry"].split()
        assert (program, f"tts-assets-{command}") == ("tts-assets", name)
        assert _options(command)
        assert hook["pass_filenames"] is False


@pytest.mark.parametrize(
    ("file", "matters"),
    [
        ("data/vocabulary.json", True),
        ("audio/ledger.jsonl", True),
        ("content/words.csv", True),
        ("tts-assets.toml", True),
        ("app/pyproject.toml", True),
        ("audio/vocabulary/0a.mp3", False),
        ("README.md", False),
    ],
)
def test_hooks_start_for_what_can_make_speech_stale(file: str, *, matters: bool) -> None:
    for hook in read(HOOKS):
        assert bool(re.search(hook["files"], file)) is matters
