"""Without the extras: an installation that has none of the optional engines' libraries."""

from __future__ import annotations

import os
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest

from tests.conftest import ROOT, Project

_EXTRAS = ("kokoro-onnx", "piper-tts")


class _Bare:
    """The command line of an interpreter that finds every package but those of the extras."""

    def __init__(self, project: Project, packages: Path) -> None:
        files = [file for extra in _EXTRAS for file in distribution(extra).files or ()]
        gone = {file.parts[0] for file in files}
        packages.mkdir()
        for each in Path(sysconfig.get_path("purelib")).iterdir():
            if each.name not in gone and each.suffix != ".pth":
                (packages / each.name).symlink_to(each)
        self._project = project
        self._environment = project.environment | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(packages)]),
            "TTS_ASSETS_MODELS_FOLDER": str(packages.parent / "models"),
        }

    def run(self, *words: str) -> CompletedProcess[str]:
        # -S: the interpreter's own site-packages have them.
        return run(
            [sys.executable, "-S", "-m", "tts_assets", *words],
            cwd=self._project.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=100,
        )


@pytest.fixture
def bare(project: Project, tmp_path: Path) -> _Bare:
    return _Bare(project, tmp_path / "packages")


def test_help_needs_none(bare: _Bare) -> None:
    assert bare.run("--help").returncode == 0


@pytest.mark.parametrize("extra", ["kokoro", "piper"])
def test_doctor_tells_both_commands(bare: _Bare, extra: str) -> None:
    done = bare.run("doctor", "--provider", extra)
    assert done.returncode == 1
    assert f"pip install 'tts-assets[{extra}]'" in done.stdout
    assert "tts-assets models fetch " in done.stdout


@pytest.mark.parametrize("extra", ["kokoro", "piper"])
def test_an_engine_that_is_not_installed_ends_the_run_with_what_to_do(
    project: Project, bare: _Bare, extra: str
) -> None:
    project.words("犬")
    done = bare.run("generate", "--provider", extra)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert f"pip install 'tts-assets[{extra}]'" in done.stderr
    assert project.assets() == {}


def test_auto_speaks_with_what_is_there_and_says_what_is_not(project: Project, bare: _Bare) -> None:
    project.words("犬")
    done = bare.run("generate", "--provider", "auto")
    assert done.returncode == 0
    assert "openjtalk: it is always there; not piper: " in done.stdout
    assert "pip install 'tts-assets[piper]'" in done.stdout
    assert len(project.assets()) == 2
