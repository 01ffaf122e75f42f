"""The campaign of faults: a few of its rows, and that the table is as large as it has to be."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its faults are those of Linux")


def _run_campaign(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "campaigns/faults.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)


def test_a_few_faults_do_no_harm() -> None:
    done = _run_campaign("--smoke", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 times harm, " in done.stdout.splitlines()[-1]


def test_the_table_has_sixty_kinds_of_faults_with_names_of_their_own() -> None:
    done = _run_campaign("--list")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert len(set(names)) == len(names) >= 60


def test_a_name_that_no_fault_has_is_refused() -> None:
    done = _run_campaign("--only", "nonsense")
    assert (done.returncode, "--list" in done.stderr) == (1, True)
