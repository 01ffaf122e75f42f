"""Runs that are forked: no different from those that are started."""

import os
import subprocess

import pytest

from tests.conftest import Project
from tests.fork_server import ForkServer


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["lint", "nowhere"],
        ["generate", "--nonsense"],
        ["generate"],
        ["status", "--output-format", "json"],
    ],
)
def test_a_run_says_and_ends_as_if_it_were_started(project: Project, words: list[str]) -> None:
    forked = project.run(*words)
    started = _start(project, *words)
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        started.returncode,
        started.stdout,
        started.stderr,
    )


@pytest.mark.parametrize(
    "what", ["open('x', 'w')", "open('y', 'w').write('z'); a = []; a.append(a)"]
)
def test_what_a_run_leaves_open_is_told_as_it_would_be(project: Project, what: str) -> None:
    """Warnings of the last moment, that an engine of somebody's leaves."""
    (project.folder / "leaky.py").write_text(
        f"from tests.plugin_engines import Tones\n\ndef leaky(settings):\n    {what}\n    return Tones(settings)\n"
    )
    info = next((project.folder.parent / "plug-ins").glob("*.dist-info")) / "entry_points.txt"
    info.write_text("[tts_assets.providers]\nleaky = leaky:leaky\n")
    forked = project.run("status", "--provider", "leaky")
    started = _start(project, "status", "--provider", "leaky")
    assert "ResourceWarning" in started.stderr
    assert forked.stderr.count("ResourceWarning") == started.stderr.count("ResourceWarning")
    assert (forked.returncode, forked.stdout) == (started.returncode, started.stdout)


def test_an_error_that_nothing_catches_ends_a_run_as_if_it_were_started(project: Project) -> None:
    (project.folder / "failing.py").write_text(
        "import tests.plugin_engines\n\ndef failing(settings):\n    raise SystemExit('no more')\n"
    )
    info = next((project.folder.parent / "plug-ins").glob("*.dist-info")) / "entry_points.txt"
    info.write_text("[tts_assets.providers]\nfailing = failing:failing\n")
    forked = project.run("status", "--provider", "failing")
    started = _start(project, "status", "--provider", "failing")
    assert started.stderr == "no more\n"
    assert (forked.returncode, forked.stderr) == (started.returncode, started.stderr)


def test_what_imports_would_read_needs_a_start(project: Project) -> None:
    server = ForkServer(os.environ)
    command, environment = project.command("--version"), project.environment
    assert server.fits(command, environment | {"TTS_ASSETS_OUTPUT": "x"})
    assert not server.fits(command, environment | {"PYTHONIOENCODING": "cp1252"})
    assert not server.fits([command[0], "-S", *command[1:]], environment)
    server.close()


def test_a_run_that_takes_too_long_is_killed(project: Project) -> None:
    project.words("眠る")
    server = ForkServer(os.environ)
    folder, environment = project.folder, project.environment
    with pytest.raises(subprocess.TimeoutExpired):
        server.run(project.command("generate", "-p", "tones"), folder, environment, 0.01)
    assert server.run(project.command("--version"), folder, environment, 60.0).returncode == 0
    server.close()


def _start(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        project.command(*words),
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
