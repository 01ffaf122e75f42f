"""The campaign of halves: a few of its rows."""

import subprocess
import sys

from tests.conftest import ROOT


def test_no_half_is_taken_for_whole_and_no_whole_sound_for_a_half() -> None:
    command = [sys.executable, str(ROOT / "campaigns/halves.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "| all | 52 | 100.0% | 100.0% | 28 | 0 of 78 |"
