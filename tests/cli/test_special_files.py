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
        ("tts-assets.toml", ["status"]),
        ("own.json", ["status", "--config", "tts-assets.toml"]),
        ("saved.json", ["review", "apply", "saved.json"]),
        ("other.toml", ["status", "--config", "other.toml"]),
        ("text", ["speak", "text", "--provider", "tones", "--output", "x.wav"]),
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


def test_a_file_named_like_the_output_folder_is_reported(project: Project) -> None:
    project.words("犬")
    (project.folder / "audio").write_text("x")
    done = project.generate()
    assert (done.returncode, done.stderr) == (
        4,
        "error: the output folder audio is a file: move it away\n",
    )
    assert (project.folder / "audio").read_text() == "x"


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
    (project.folder / "text").write_text("犬")
    shell = 'exec "$@" <(cat text)'
    spoken = subprocess.run(
        [
            "bash",
            "-c",
            shell,
            "bash",
            *project.command("speak", "-o", "x.wav", "--provider", "tones"),
        ],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert spoken.returncode == 0, spoken.stderr
    assert (project.folder / "x.wav").is_file()
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


def test_an_empty_configuration_can_be_named(project: Project) -> None:
    project.words("犬")
    done = project.run("status", "--provider", "tones", "--config", "/dev/null")
    assert "to make   1 clip" in done.stdout, done.stderr


def test_a_glob_ends_where_links_form_loops(project: Project) -> None:
    project.words("犬")
    (project.folder / "tts-assets.toml").write_text(
        '[[source]]\nkind = "vocabulary"\nfiles = "data/**/*.json"\n'
        'records = "*"\nid = "id"\n[[source.clip]]\npart = "word"\ntext = "word"\nto = "audioUrl"\n'
    )
    for name in ("one", "two"):
        (project.folder / "data" / name).symlink_to(".")
    done = project.run("status", "--provider", "tones")
    assert "to make   1 clip" in done.stdout, done.stdout + done.stderr


def test_a_folder_in_the_place_of_a_time_line_spoils_no_other(project: Project) -> None:
    talk = {"title": "道", "text": "田中：今日は天気がいいですね。\n山田：そうですね。\n"}
    texts = [{"id": number, **talk, "title": f"道{number}"} for number in (1, 2)]
    texts[1]["text"] = "田中：明日は雨ですね。\n山田：そうですか。\n"
    project.write("data/reading.json", texts)
    assert project.generate().returncode == 0
    files = sorted((project.folder / "audio").rglob("*.vtt"))
    for path in files[:2]:
        path.unlink()
    files[0].mkdir()
    done = project.generate()
    assert done.returncode == 4, done.stdout
    assert f"{files[0].name} is a folder: move it away" in done.stdout + done.stderr
    assert files[1].is_file()
    files[0].rmdir()
    assert project.generate().returncode == 0
    assert files[0].is_file()


def test_a_merge_changes_nothing_where_a_folder_is_in_the_way(project: Project) -> None:
    project.words("犬", "猫")
    assert project.generate("--shard", "1/1").returncode == 0
    shard = project.folder / "audio-shard-1-of-1/vocabulary"
    asset = min(shard.iterdir()).name
    (project.folder / "audio/vocabulary" / asset).mkdir(parents=True)
    done = project.run("merge")
    assert done.returncode == 4
    assert f"{asset} is a folder: move it away" in done.stderr
    assert project.urls() == [None, None]
