"""Without the extras: an installation that has nothing but what the package itself depends on."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT, Project


def _needed(name: str, extras: frozenset[str], found: dict[str, frozenset[str]]) -> None:
    """Add a distribution and all that it depends on, as an installer would."""
    if extras <= found.get(name, frozenset()) and name in found:
        return
    found[name] = found.get(name, frozenset()) | extras
    for line in distribution(name).requires or ():
        wanted = Requirement(line)
        marker = wanted.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            _needed(wanted.name, frozenset(wanted.extras), found)


class _Bare(Project):
    """The same project, for an interpreter that finds nothing else."""

    def __init__(self, project: Project, packages: Path) -> None:
        self.folder = project.folder
        self.environment = project.environment | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(packages)]),
            "TTS_ASSETS_MODELS_FOLDER": str(packages.parent / "models"),
        }
        names: dict[str, frozenset[str]] = {}
        _needed("tts-assets", frozenset(), names)
        packages.mkdir()
        for name in names:
            found = distribution(name)
            assert found.files, f"{name} does not tell its files"
            for top in {file.parts[0] for file in found.files} - {"..", "__pycache__"}:
                if not (packages / top).exists():
                    (packages / top).symlink_to(str(found.locate_file(top)))

    def command(self, *words: str) -> list[str]:
        python, *rest = super().command(*words)
        # The interpreter's own site-packages have all the others.
        return [python, "-S", *rest]

    def lacks(self, package: str) -> bool:
        done = subprocess.run(
            [sys.executable, "-S", "-c", f"import {package}"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return "ModuleNotFoundError" in done.stderr


@pytest.fixture
def bare(project: Project, tmp_path: Path) -> _Bare:
    return _Bare(project, tmp_path / "packages")


def test_help_needs_none(bare: _Bare) -> None:
    assert bare.run("--help").returncode == 0
    for package in ("kokoro_onnx", "piper", "onnx", "pytest"):
        assert bare.lacks(package)


@pytest.mark.parametrize("extra", ["kokoro", "piper"])
def test_doctor_tells_both_commands(bare: _Bare, extra: str) -> None:
    done = bare.run("doctor", "--provider", extra)
    assert done.returncode == 1
    (told,) = (line for line in done.stdout.splitlines() if line.startswith(f"provider {extra}: "))
    assert f"setup {extra}" in told
    assert "tts-assets models fetch " in told


@pytest.mark.parametrize("extra", ["kokoro", "piper"])
def test_an_engine_that_is_not_installed_ends_the_run_with_what_to_do(
    project: Project, bare: _Bare, extra: str
) -> None:
    project.words("犬")
    done = bare.run("generate", "--provider", extra)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert f"setup {extra}" in done.stderr
    assert project.assets() == {}


def test_the_page_is_served_only_with_its_extra(project: Project, bare: _Bare) -> None:
    project.words("犬")
    assert bare.lacks("starlette")
    assert bare.lacks("uvicorn")
    done = bare.run("review", "--serve", "--no-open")
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert "setup review, or write the page with --export DIR" in done.stderr


def test_auto_speaks_with_what_is_there_and_says_what_is_not(project: Project, bare: _Bare) -> None:
    project.words("犬")
    done = bare.run("generate", "--provider", "auto")
    assert done.returncode == 0
    assert "openjtalk: it is always installed; not piper: " in done.stdout
    assert "setup piper" in done.stdout
    assert sum(name.endswith(".mp3") for name in project.assets()) == 1


#: An installer that leaves what it was asked for, as far as anybody can see.
_INSTALLER = """
import pathlib, re, sys
here = pathlib.Path(__file__).parent.parent
(here / "asked.txt").write_text(" ".join(sys.argv[1:]))
for word in sys.argv[2:]:
    name = re.match(r"[\\w-]+", word)[0]
    folder = here / f"{name.replace('-', '_')}-99.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 99.0\\n")
"""


def test_setup_installs_what_this_installation_names_and_asks_first(bare: _Bare) -> None:
    folder = Path(bare.environment["PYTHONPATH"].split(os.pathsep)[-1])
    (folder / "pip").mkdir()
    (folder / "pip/__init__.py").touch()
    (folder / "pip/__main__.py").write_text(_INSTALLER)
    refused = bare.run("setup", "keyring")
    assert (refused.returncode, "add --yes" in refused.stderr) == (2, True), refused.stderr
    assert not (folder / "asked.txt").exists()
    done = bare.run("setup", "keyring", "--yes")
    assert (done.returncode, done.stdout) == (0, "keyring is ready\n"), done.stderr
    # A name that somebody else could register is never asked for.
    assert (folder / "asked.txt").read_text() == "install keyring>=25"


def test_setup_says_what_it_lacks_to_install(bare: _Bare) -> None:
    done = bare.run("setup", "review", "--yes", PATH="/nowhere")
    assert (done.returncode, "neither pip nor uv is available" in done.stderr) == (4, True), (
        done.stderr
    )
