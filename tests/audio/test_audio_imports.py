"""What importing the package costs."""

import subprocess
import sys


def test_scipy_is_not_needed() -> None:
    probe = "import sys, tts_assets.audio.render; print('scipy' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
