"""Links that come with a repository lead no command out of it."""

import json
import os
from pathlib import Path

import pytest

from tests.catalogues.test_override_file import override
from tests.conftest import Project
from tts_assets.catalogues.override_file import write_override
from tts_assets.errors import FatalError

#: What a victim has in a file that a link leads to: nothing ends it with a line feed.
PRECIOUS = "alias ll='ls -l'\nexport EDITOR=vi"


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user, outside of the project."""
    path = tmp_path / "home" / ".bash_profile"
    path.parent.mkdir()
    path.write_text(PRECIOUS)
    return path


def decide(project: Project) -> Path:
    """A file with a decision on the first clip, as the review page saves it."""
    line = json.loads((project.folder / "audio/ledger.jsonl").read_bytes().splitlines()[0])
    decision = {
        "asset": line["asset"],
        "sha256": line["sha256"],
        "decided": "approved",
        "at": "2026-01-02T03:04:05.000Z",
    }
    path = project.folder / "decided.json"
    path.write_text(json.dumps({"version": 1, "decisions": [decision]}))
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ledger.jsonl", PRECIOUS),
        ("ledger.jsonl", "no line feed"),
        ("ledger.jsonl", None),
        ("failures.jsonl", PRECIOUS),
    ],
)
def test_a_linked_record_is_refused_and_its_target_is_left_alone(
    project: Project, victim: Path, name: str, content: str | None
) -> None:
    if content is None:
        victim.unlink()
    else:
        victim.write_text(content)
    project.words("犬", "猫")
    (project.folder / "audio").mkdir()
    (project.folder / "audio" / name).symlink_to("../../home/.bash_profile")
    done = project.generate()
    assert done.returncode in {2, 4}, done.stderr
    assert f"audio/{name}: " in done.stdout + done.stderr
    assert "symbolic link" in done.stdout + done.stderr
    assert (victim.read_text() if victim.exists() else None) == content
    assert names(project.folder / "audio") == [name]
    assert project.urls() == [None, None]


def test_a_ledger_with_a_second_name_is_refused_before_it_is_written(
    project: Project, victim: Path
) -> None:
    victim.write_text("")
    project.words("犬")
    (project.folder / "audio").mkdir()
    (project.folder / "audio/ledger.jsonl").hardlink_to(victim)
    done = project.generate()
    assert done.returncode == 4, done.stderr
    assert "audio/ledger.jsonl: it has 2 hard links" in done.stdout + done.stderr
    assert victim.read_text() == ""


@pytest.mark.parametrize(
    ("name", "how"),
    [
        (".tts-assets.lock", "symbolic"),
        (".tts-assets.lock", "hard"),
        (".tts-assets-decisions.lock", "symbolic"),
    ],
)
def test_a_linked_lock_is_refused(project: Project, victim: Path, name: str, how: str) -> None:
    project.words("犬")
    assert project.generate().returncode == 0
    decided = decide(project)
    lock = project.folder / "audio" / name
    if how == "hard":
        lock.hardlink_to(victim)
    else:
        lock.symlink_to(victim)
    done = project.run("review", "apply", str(decided))
    assert done.returncode == 4, done.stderr
    assert name in done.stderr
    assert "link" in done.stderr
    assert victim.read_text() == PRECIOUS
    assert os.path.lexists(lock)


@pytest.mark.parametrize("exists", [True, False])
def test_a_linked_journal_of_decisions_is_refused(
    project: Project, victim: Path, *, exists: bool
) -> None:
    project.words("犬")
    assert project.generate().returncode == 0
    decided = decide(project)
    victim.write_text("")
    if not exists:
        victim.unlink()
    (project.folder / "audio/decisions.jsonl").symlink_to(victim)
    done = project.run("review", "apply", str(decided))
    assert done.returncode in {2, 4}, done.stderr
    assert "audio/decisions.jsonl: " in done.stderr
    assert "symbolic link" in done.stderr
    assert (victim.read_text() if victim.exists() else None) == ("" if exists else None)


def test_the_attributes_of_git_are_not_copied_from_a_link(project: Project, victim: Path) -> None:
    project.words("犬")
    (project.folder / "audio").mkdir()
    attributes = project.folder / "audio/.gitattributes"
    attributes.symlink_to(victim)
    assert project.generate().returncode == 0
    done = project.run("review", "apply", str(decide(project)))
    assert done.returncode == 4, done.stderr
    assert attributes.is_symlink()
    assert victim.read_text() == PRECIOUS


@pytest.mark.parametrize("command", ["generate", "merge"])
def test_no_asset_is_written_into_a_linked_folder(
    project: Project, victim: Path, command: str
) -> None:
    project.words("犬")
    if command == "merge":
        assert project.generate("--shard", "1/1").returncode == 0
    (project.folder / "audio").mkdir()
    (project.folder / "audio/vocabulary").symlink_to(victim.parent)
    done = project.generate() if command == "generate" else project.run("merge")
    assert done.returncode == 4, done.stdout
    assert "audio/vocabulary is a symbolic link" in done.stdout + done.stderr
    assert names(victim.parent) == [victim.name]
    assert project.urls() == [None]


def test_the_output_folder_itself_may_be_a_link(project: Project, tmp_path: Path) -> None:
    project.words("犬")
    (tmp_path / "disk").mkdir()
    (project.folder / "audio").symlink_to(tmp_path / "disk")
    assert project.generate().returncode == 0
    assert (tmp_path / "disk/ledger.jsonl").is_file()


PASSAGE = [
    {
        "id": 1,
        "title": "道",
        "text": "田中：今日は天気がいいですね。\n山田：そうですね。散歩に行きましょうか。\n" * 3,
    }
]


def test_a_linked_folder_of_segments_is_refused(project: Project, victim: Path) -> None:
    project.write("data/reading.json", PASSAGE)
    (project.folder / ".temp-audio").symlink_to(victim.parent)
    done = project.generate()
    assert done.returncode == 4, done.stdout
    assert ".temp-audio is a symbolic link" in done.stdout + done.stderr
    assert names(victim.parent) == [victim.name]


def test_overrides_are_not_written_out_of_the_project(project: Project, victim: Path) -> None:
    victim.unlink()
    link = project.folder / "overrides.json"
    link.symlink_to(victim)
    with pytest.raises(FatalError, match=r"overrides\.json: .*that leaves"):
        write_override(link, override())
    assert not victim.exists()
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("audio-shard-1-of-1", ["generate", "--shard", "1/1"]),
        ("audio/vocabulary", ["generate"]),
    ],
)
def test_a_dangling_link_is_not_made_a_folder(
    project: Project, victim: Path, name: str, words: list[str]
) -> None:
    project.words("犬")
    (project.folder / "audio").mkdir()
    (project.folder / name).symlink_to(victim.parent / "new")
    done = project.run(*words, "--provider", "tones")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "symbolic link" in done.stdout + done.stderr
    assert names(victim.parent) == [victim.name]


def test_a_shard_is_not_written_into_a_linked_folder(project: Project, victim: Path) -> None:
    project.words("犬")
    (project.folder / "audio-shard-1-of-1").symlink_to(victim.parent)
    done = project.generate("--shard", "1/1")
    assert done.returncode == 4, done.stdout
    assert names(victim.parent) == [victim.name]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("dog.wav", ["speak", "犬", "--output", "dog.wav", "--provider", "tones"]),
        ("report/report.json", ["check", "--report", "report", "--provider", "tones"]),
        ("tts-assets.toml", ["init", "data", "--force"]),
        ("page/index.html", ["review", "--export", "page", "--provider", "tones"]),
        ("audio/.gitattributes", ["generate", "--provider", "tones"]),
    ],
)
def test_what_is_written_in_one_step_takes_the_place_of_a_link(
    project: Project, victim: Path, file: str, words: list[str]
) -> None:
    project.words("犬")
    if words[0] == "review":
        project.generate()
    victim.unlink()
    path = project.folder / file
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(victim)
    done = project.run(*words)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert not victim.exists()
    assert path.is_file()
    assert not path.is_symlink()
