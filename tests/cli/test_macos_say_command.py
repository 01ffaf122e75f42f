"""The provider `say` through the real command line, with a stand-in for the command of macOS."""

import json
import os
import platform
from pathlib import Path

import pytest
import soundfile

from tests.conftest import Project
from tests.stand_ins.say_stand_in import VOICES, put_into


@pytest.fixture
def mac(project: Project, tmp_path: Path) -> Project:
    """A project on a machine that has `say`, with a temporary folder of its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    say = put_into(tmp_path / "bin")
    project.environment |= {
        "PATH": f"{say.parent}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(temporary),
        "TEST_SAY_LOG": str(tmp_path / "say.log"),
    }
    return project


def _spoken(project: Project) -> list[str]:
    """What `say` was given to speak, in no order."""
    lines = Path(project.environment["TEST_SAY_LOG"]).read_text(encoding="utf-8").splitlines()
    return sorted(call["text"] for call in map(json.loads, lines) if call["text"])


def test_words_are_spoken_and_their_urls_written(mac: Project) -> None:
    entries = [{"id": 1, "word": "犬", "reading": "いぬ"}, {"id": 2, "word": "猫"}]
    mac.write("data/vocabulary.json", entries)
    done = mac.run("generate", "--provider", "say", "--concurrency", "2")
    assert done.returncode == 0, done.stderr
    assert "generated 2 clips" in done.stdout
    assert _spoken(mac) == ["いぬ", "猫"]
    for url in mac.urls():
        assert soundfile.info(mac.folder / str(url).removeprefix("/")).format == "MP3"
    assert list(Path(mac.environment["TMPDIR"]).iterdir()) == []


def test_a_second_run_makes_nothing_and_an_injection_only_a_clip(mac: Project) -> None:
    mac.words("犬", "[[slnc 5000]]猫", "-v Alex; $(touch x)")
    first = mac.run("generate", "-p", "say", "--output-format", "json")
    report = json.loads(first.stdout)
    assert (first.returncode, report["made"]) == (0, 3)
    assert report["audio_seconds"] < 5
    spoken, assets = _spoken(mac), mac.assets()
    second = mac.run("generate", "-p", "say")
    assert second.returncode == 0
    assert "everything is up to date" in second.stdout
    assert (_spoken(mac), mac.assets()) == (spoken, assets)
    assert sorted(each.name for each in mac.folder.iterdir()) == ["audio", "data"]


def test_a_clip_that_hangs_or_fails_spoils_no_other(mac: Project) -> None:
    mac.words("犬", "眠る", "失敗", "猫")
    done = mac.run("generate", "-p", "say", "-j", "1", "--timeout", "2", "--output-format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["made"]) == (1, 2)
    reasons = " ".join(failure["reason"] for failure in report["failed"])
    assert "after 2 s" in reasons
    assert "say failed (exit code 1): Speech synthesis failed" in reasons
    assert list(Path(mac.environment["TMPDIR"]).iterdir()) == []


def test_nothing_of_say_s_own_words_acts_on_the_terminal(mac: Project) -> None:
    mac.words("失敗")
    done = mac.run("generate", "-p", "say")
    assert "\\u001b[2J" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout


def test_voices_and_doctor_tell_what_is_installed(mac: Project) -> None:
    rows = json.loads(mac.run("voices", "-p", "say", "--output-format", "json").stdout)
    assert {row["voice"] for row in rows} == set(VOICES)
    assert (rows[0]["voice"], rows[0]["language"]) == ("Kyoko", "ja-JP")
    mac.words("犬")
    assert "Kyoko: say macos=" in mac.run("doctor", "-p", "say", COLUMNS="200").stdout


def test_a_voice_that_does_not_exist_is_refused_with_those_that_do(mac: Project) -> None:
    mac.words("犬")
    done = mac.run("generate", "-p", "say", "--voice", "Kioko")
    assert done.returncode == 2
    assert "say has no voice 'Kioko'; it has: Kyoko, " in done.stderr
    assert "more: tts-assets voices" in done.stderr


def test_a_dictionary_is_refused_before_anything_is_made(mac: Project) -> None:
    mac.words("犬")
    word = '[[dictionary]]\nsurface = "勇人"\nreading = "ゆうと"\n'
    (mac.folder / "tts-assets.toml").write_text(f'provider = "say"\n{word}', encoding="utf-8")
    for command, status in (("generate", 4), ("doctor", 1)):
        done = mac.run(command)
        assert done.returncode == status
        assert "say does not support" in done.stdout + done.stderr


@pytest.mark.skipif(platform.system() == "Darwin", reason="this machine has the real one")
def test_without_say_the_run_ends_and_says_what_to_do(project: Project, tmp_path: Path) -> None:
    project.words("犬")
    for command in ("generate", "voices"):
        done = project.run(command, "-p", "say", PATH=str(tmp_path))
        assert done.returncode == 4
        assert f"say is part of macOS, but this is {platform.system()}" in done.stderr
        assert "--provider openjtalk" in done.stderr
    assert project.assets() == {}
