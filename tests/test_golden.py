"""The golden run: two runs of the same code leave the same."""

import subprocess
import sys

from tests.conftest import ROOT


def test_two_runs_of_the_same_code_leave_the_same() -> None:
    command = [sys.executable, str(ROOT / "campaigns/golden.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    recorded, compared = done.stdout.splitlines()
    assert compared == f"{recorded}, 0 differences"
