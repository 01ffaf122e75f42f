"""What importing the package costs."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tts_assets.audio import expected_length


def _run_probe(probe: str) -> str:
    command = [sys.executable, "-c", probe]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_rules_are_named_without_heavy_libraries() -> None:
    probe = (
        "import sys, tts_assets.audio.expected_length; "
        "print(sorted({'numpy', 'soundfile', 'soxr', 'onnxruntime'} & set(sys.modules)))"
    )
    assert _run_probe(probe) == "[]"


def test_scipy_is_not_needed() -> None:
    probe = "import sys, tts_assets.audio.render; print('scipy' in sys.modules)"
    assert _run_probe(probe) == "False"


@pytest.mark.parametrize("rule", list(expected_length.Rule))
def test_every_rule_is_documented(rule: expected_length.Rule) -> None:
    assert f"`{rule}`" in (ROOT / "docs/guides/verify.md").read_text(encoding="utf-8")
