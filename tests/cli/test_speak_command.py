"""The command `speak` from end to end: where its text comes from, and where its sound goes."""

import os
import subprocess

import pytest
import soundfile

from tests.conftest import Project

#: As a name of a file this is too long for any system.
LONG = "図書館へ行きたいんですが、この道で合っていますか。" * 6


@pytest.fixture
def tones(project: Project) -> Project:
    project.environment["TTS_ASSETS_PROVIDER"] = "tones"
    return project


def player(project: Project, script: str) -> None:
    """Put a player in the way that does as the script says."""
    folder = project.folder / "bin"
    folder.mkdir()
    (folder / "ffplay").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "ffplay").chmod(0o755)
    project.environment["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def shell(project: Project, script: str) -> subprocess.CompletedProcess[bytes]:
    """A line of the shell in which ``$speak`` is the command."""
    command = " ".join(project.command("speak"))
    return subprocess.run(
        ["bash", "-c", f'speak="{command}"; {script}'],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        check=False,
    )


def test_a_text_that_is_too_long_for_the_name_of_a_file_is_said(tones: Project) -> None:
    done = tones.run("speak", LONG, "--output", "long.wav")
    assert (done.returncode, done.stdout) == (0, "")
    assert "from 6 segments" in done.stderr
    assert soundfile.info(tones.folder / "long.wav").format == "WAV"


def test_a_file_that_is_no_text_is_refused(tones: Project) -> None:
    (tones.folder / "text.txt").write_bytes(b"\xff\x00")
    done = tones.run("speak", "text.txt", "--output", "text.mp3")
    assert (done.returncode, done.stderr) == (
        2,
        "error: text.txt is not UTF-8 (byte 0): save it as UTF-8\n",
    )


def test_closed_streams_are_told(tones: Project) -> None:
    done = shell(tones, "$speak - -o x.mp3 <&-")
    assert (done.returncode, done.stderr) == (2, b"error: there is nothing to speak: the text is empty\n")  # fmt: skip
    done = shell(tones, "$speak 犬 >&-")
    assert (done.returncode, b"choose where the audio goes" in done.stderr) == (2, True)


def test_a_reader_that_goes_away_ends_it_quietly(tones: Project) -> None:
    done = shell(tones, f"$speak {LONG * 9} | head -c 100 >head; echo ${{PIPESTATUS[0]}}")
    assert (done.stdout, done.stderr) == (b"141\n", b"")
    assert (tones.folder / "head").stat().st_size == 100


def test_a_pipe_in_place_of_a_file_gets_a_stream(tones: Project) -> None:
    done = shell(tones, "mkfifo pipe; cat pipe >heard.mp3 & $speak 犬 -o pipe; wait; test -p pipe")
    assert done.returncode == 0, done.stderr
    assert soundfile.info(tones.folder / "heard.mp3").format == "MP3"


def test_a_dash_in_place_of_a_file_is_standard_output(tones: Project) -> None:
    done = shell(tones, "$speak 犬 --format wav -o - | head -c 4")
    assert (done.returncode, done.stdout) == (0, b"RIFF")
    assert not (tones.folder / "-").exists()


def test_a_player_gets_the_sound(tones: Project) -> None:
    player(tones, 'cat >"$TEST_HEARD"')
    heard = tones.folder / "heard.wav"
    assert tones.run("speak", "犬", "--play", TEST_HEARD=str(heard)).returncode == 0
    assert heard.read_bytes()[:4] == b"RIFF"


def test_a_player_that_does_not_play_is_told(tones: Project) -> None:
    player(tones, "exec <&-; exit 1")
    done = tones.run("speak", LONG * 3, "--play")
    assert (done.returncode, "give --output FILE" in done.stderr) == (4, True), done.stderr
