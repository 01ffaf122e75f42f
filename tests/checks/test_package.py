"""The door of the package."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tts_assets import checks


def test_the_door_offers_what_it_says_sorted() -> None:
    assert checks.__all__ == sorted(checks.__all__)
    assert all(getattr(checks, name).__doc__ for name in checks.__all__)


def test_rules_are_named_without_heavy_libraries() -> None:
    probe = (
        "import sys, tts_assets.checks; "
        "print(sorted({'numpy', 'soundfile', 'soxr', 'onnxruntime'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("rule", list(checks.Rule))
def test_every_rule_is_documented(rule: checks.Rule) -> None:
    assert f"`{rule}`" in (ROOT / "docs/verification.md").read_text(encoding="utf-8")
