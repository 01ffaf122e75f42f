"""Two branches that each edit and make: git merges their ledgers, and what is left is made once."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.edited import BY_ID, BY_RECIPE, Edited, told
from tts_assets.build.plan.planner import Judged, State

#: Nobody's own settings, and no name or address of a person.
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
}
WORDS = "一二三四五六七八九十"
BASE = [{"id": number, "word": f"{word}の言葉"} for number, word in enumerate(WORDS, 1)]

COMMITTED = [
    pytest.param((BY_RECIPE, False), id="by recipe"),
    pytest.param((BY_ID, False), id="by id"),
]
IGNORED = [
    pytest.param((BY_RECIPE, True), id="by recipe, audio ignored"),
    pytest.param((BY_ID, True), id="by id, audio ignored"),
]


class MergeRepository(Edited):
    """A project under git."""

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=os.environ | GIT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "edited")

    def add(self, *entries: dict[str, Any], at: int) -> None:
        words = self.entries()
        words[at:at] = entries
        self.write(words)

    def change(self, *numbers: int, to: str) -> None:
        for number in numbers:
            self.entry(number, word=f"{WORDS[number - 1]}{to}")

    def assets(self) -> list[str]:
        return [line["asset"] for line in self.lines()]


@pytest.fixture
def merged(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MergeRepository:
    """Two branches of one project, each edited, made and committed, and merged by git.

    Both change neighbours in the catalogue and in the ledger, and add a word that the other adds.
    """
    template, ignored = request.param
    found = MergeRepository(tmp_path / "repository", monkeypatch, asset=template)
    found.write(BASE)
    if ignored:
        (found.folder / ".gitignore").write_text("*.mp3\n")
    found.git("init", "--quiet", "--initial-branch", "main")
    found.generate()
    found.commit()
    found.git("checkout", "--quiet", "-b", "theirs")
    found.add({"id": "b1", "word": "海"}, {"id": "b2", "word": "空"}, at=10)
    found.change(3, 5, 7, to="つの海")
    found.generate()
    found.commit()
    found.git("checkout", "--quiet", "main")
    found.add({"id": "a1", "word": "山"}, {"id": "a2", "word": "海"}, at=0)
    found.change(2, 4, 6, 8, to="つの山")
    found.generate()
    found.commit()
    found.git("merge", "--quiet", "--no-edit", "theirs")
    return found


def _of_one_project(found: Edited, folder: Path, patch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The ledger of a project that has the same entries and was made at once."""
    alone = Edited(folder, patch, asset=found.settings.asset)
    words = [{"id": each["id"], "word": each["word"]} for each in found.entries()]
    alone.write(words)
    alone.generate()
    assert alone.entries() == found.entries()
    return alone.lines()


@pytest.mark.parametrize("merged", COMMITTED + IGNORED, indirect=True)
def test_git_merges_the_ledgers_of_two_branches_and_nothing_is_left_to_say(
    merged: MergeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_log: Path
) -> None:
    assert merged.git("status", "--porcelain") == ""
    assert not merged.status(deep=True).stale
    merged.generate()
    assert not engine_log.exists()
    assert not merged.status(deep=True).stale
    assert merged.wrong() == []
    assert merged.assets() == sorted(set(merged.assets()))
    used = {item.asset for item in merged.clips().values()}
    lines = [line for line in merged.lines() if line["asset"] in used]
    assert lines == _of_one_project(merged, tmp_path / "alone", monkeypatch)


@pytest.mark.parametrize("merged", COMMITTED, indirect=True)
def test_a_clone_of_the_merge_is_clean(
    merged: MergeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Edited(tmp_path / "clone", monkeypatch, asset=merged.settings.asset)
    assert not clone.status(deep=True).stale
    assert clone.wrong() == []


@pytest.mark.parametrize("merged", IGNORED, indirect=True)
def test_a_clone_without_audio_is_clean_after_one_run(
    merged: MergeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = {asset for asset in merged.assets() if merged.assets().count(asset) > 1}
    assert bool(twice) is (merged.settings.asset == BY_ID)
    merged.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Edited(tmp_path / "clone", monkeypatch, asset=merged.settings.asset)
    standing = clone.status()
    assert standing.judged_by is Judged.LEDGER
    # Of two lines for one name, no file tells which is right.
    why = "damaged: its file has no ledger entry"
    assert {told(item) for item in standing.planned} == ({why} if twice else set())
    assert {item.asset for item in standing.planned} <= twice
    clone.generate()
    assert not clone.status(deep=True).stale
    assert clone.wrong() == []
    assert clone.lines() == sorted(clone.lines(), key=lambda line: str(line["asset"]))


@pytest.mark.parametrize("merged", COMMITTED, indirect=True)
def test_the_merge_of_two_branches_that_failed_remembers_both_failures(
    merged: MergeRepository,
) -> None:
    merged.git("checkout", "--quiet", "-b", "more")
    merged.entry(10, word="失敗した")
    merged.generate()
    merged.commit()
    merged.git("checkout", "--quiet", "main")
    merged.entry(1, word="失敗")
    merged.generate()
    merged.commit()
    merged.git("merge", "--quiet", "--no-edit", "more")
    planned = merged.status().planned
    assert [(item.clip.entry, item.state) for item in planned] == [
        ("1", State.FAILED),
        ("10", State.FAILED),
    ]
    merged.change(1, 10, to="つの花")
    merged.generate()
    assert not merged.status(deep=True).stale
    assert not (merged.audio / "failures.jsonl").exists()


@pytest.mark.parametrize("template", [BY_RECIPE, BY_ID], ids=["by recipe", "by id"])
def test_two_branches_that_each_begin_a_ledger_merge(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = MergeRepository(tmp_path / "repository", monkeypatch, asset=template)
    found.write([], "kanji")
    found.git("init", "--quiet", "--initial-branch", "main")
    found.commit()
    found.git("checkout", "--quiet", "-b", "theirs")
    found.write([{"id": "b", "word": "海"}], "vocabulary-theirs")
    found.generate()
    found.commit()
    found.git("checkout", "--quiet", "main")
    found.write([{"id": "a", "word": "山"}, {"id": "c", "word": "海"}])
    found.generate()
    found.commit()
    found.git("merge", "--quiet", "--no-edit", "theirs")
    assert not found.status(deep=True).stale
    found.generate()
    assert found.wrong() == []
    assert found.assets() == sorted(set(found.assets()))
