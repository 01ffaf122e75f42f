"""Pipes, devices and sockets where files belong: refused with words, and never waited for."""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")


def listen(path: Path) -> None:
    """A socket file; what binds it may be gone."""
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


KINDS = {"pipe": os.mkfifo, "socket": listen, "device": link_to_zeros}


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    made: Callable[[Path], None] = KINDS[request.param]
    return made


def run(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that must not wait, with all that it says in one text."""
    done = project.run(*words)
    done.stdout += done.stderr
    assert "bug" not in done.stdout
    return done


def test_in_place_of_the_ledger_it_is_refused(
    project: Project, make: Callable[[Path], None]
) -> None:
    project.words("犬")
    (project.folder / "audio").mkdir()
    make(project.folder / "audio/ledger.jsonl")
    done = run(project, "generate", "--provider", "tones")
    assert done.returncode == 2
    assert done.stdout.count("audio/ledger.jsonl: cannot be read: it is a ") == 1


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("audio/failures.jsonl", ["status"]),
        ("audio/decisions.jsonl", ["review", "apply"]),
        ("data/vocabulary.json", ["generate", "--provider", "tones"]),
        ("data/vocabulary.json", ["lint", "data"]),
        ("own.json", ["status", "--config", "tts-assets.toml"]),
        ("saved.json", ["review", "apply", "saved.json"]),
        ("other.toml", ["status", "--config", "other.toml"]),
        ("audio-shard-1-of-1/shard.json", ["merge"]),
        ("audio-shard-1-of-1/urls.jsonl", ["merge"]),
        ("audio-shard-1-of-1/vocabulary/x", ["merge"]),
    ],
)
def test_in_place_of_a_file_of_a_project_a_pipe_is_refused(
    project: Project, file: str, words: list[str]
) -> None:
    project.words("犬")
    (project.folder / "audio").mkdir()
    (project.folder / "tts-assets.toml").write_text('overrides = "own.json"\n')
    if words == ["merge"]:
        project.generate("--shard", "1/1")
    path = project.folder / file
    if path.name == "x":
        (path,) = path.parent.iterdir()
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    done = run(project, *words)
    assert done.returncode == (1 if "lint" in words else 2), done.stdout
    assert path.name in done.stdout
    assert ("named pipe" in done.stdout) or ("is not there" in done.stdout)


def test_an_asset_that_is_a_pipe_is_generated_again(project: Project) -> None:
    project.words("犬", "猫")
    assert project.generate().returncode == 0
    asset, *_ = sorted((project.folder / "audio/vocabulary").iterdir())
    data = asset.read_bytes()
    asset.unlink()
    os.mkfifo(asset)
    assert run(project, "check", "--provider", "tones").returncode == 1
    assert run(project, "generate", "--deep", "--provider", "tones").returncode == 0
    assert asset.read_bytes() == data


def test_pipes_of_the_shell_are_read(project: Project) -> None:
    words = project.words("犬")
    shell = 'exec "$@" --config <(echo output = \'"sound"\') <(cat data/vocabulary.json)'
    done = subprocess.run(
        ["bash", "-c", shell, "bash", *project.command("status", "--provider", "tones")],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert "to make   1 clip" in done.stdout, done.stderr
    with words.open("rb") as stdin:
        done = subprocess.run(
            project.command("status", "--provider", "tones", "/dev/stdin"),
            cwd=project.folder,
            env=project.environment,
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    assert "to make   1 clip" in done.stdout, done.stderr
