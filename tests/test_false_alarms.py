"""The campaign of false alarms: a few of its clips."""

import subprocess
import sys

from tests.conftest import ROOT


def test_few_clips_give_a_false_alarm_and_loud_puffs_are_found() -> None:
    command = [sys.executable, str(ROOT / "campaigns/false_alarms.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1] == "  known: 0 false alarms in 80 clips"
    (puffs,) = {line.partition("-30:")[2] for line in lines if line.startswith("  puffs by level")}
    assert puffs == " 100% of 7; -25: 100% of 7; -20: 100% of 7; -12: 100% of 7"
