"""The very beginning of a process: a signal ends it without a traceback."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import Project

#: Interrupts itself as soon as the command line begins to be imported.
_INTERRUPTED = """
import os, runpy, signal, sys

# A shell that starts the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupt:
    def find_spec(self, name, *_):
        if name == "tts_assets.cli":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
runpy.run_module("tts_assets", run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_ctrl_c_during_the_start_shows_no_traceback(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, "status"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
