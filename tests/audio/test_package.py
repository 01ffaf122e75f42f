"""The door of the package."""

import subprocess
import sys

from tts_assets import audio


def test_the_door_offers_what_it_says_sorted() -> None:
    assert audio.__all__ == sorted(audio.__all__)
    assert all(getattr(audio, name).__doc__ for name in audio.__all__)


def test_scipy_is_not_needed() -> None:
    probe = "import sys, tts_assets.audio; print('scipy' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
