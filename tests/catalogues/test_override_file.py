"""The file of overrides: read with errors that tell where, written for git, and never lost."""

import json
import os
import re
import shutil
import subprocess
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.test_git_merge import GIT
from tts_assets.catalogues.override_file import read_overrides, write_override
from tts_assets.catalogues.review_edits import Override, OverrideValues
from tts_assets.errors import FatalError, InputError
from tts_assets.store.atomic_files import lock

NAME = "tts-assets.overrides.json"
ROW = {
    "file": "data/vocabulary.json",
    "source": "built-in",
    "entry": "1",
    "part": "word",
    "text": "橋",
    "say": {"accent": 2},
}


def override(entry: str = "1", **say: Any) -> Override:
    return Override(
        file="data/vocabulary.json",
        source="built-in",
        entry=entry,
        part="word",
        text="橋",
        say=OverrideValues(**(say or {"accent": 2})),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


def refusal(path: Path, text: str) -> InputError:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_overrides(path)
    assert caught.value.file == str(path)
    return caught.value


def test_a_file_that_is_not_there_says_nothing(path: Path) -> None:
    assert read_overrides(path) == ()


def test_what_was_written_is_read(path: Path) -> None:
    whole = Override(
        file="data/words.json",
        source="source 2",
        entry="橋 \u202e\x1b[31m\ud800",
        part="example-1",
        text="角で待つ。",
        say=OverrideValues(
            text="角[かど]で待つ。", reading="かどでまつ", voice="openjtalk/mei", speed=0.9
        ),
        by="Mia",
        at="2026-11-22T13:00:00.123Z",
        reason="a corner,\nnot a horn",
    )
    write_override(path, whole)
    write_override(path, override())
    assert read_overrides(path) == (override(), whole)
    assert [each.line for each in read_overrides(path)] == [2, 3]


def test_what_has_no_glyph_is_written_as_an_escape(path: Path) -> None:
    write_override(path, replace(override(), reason="\u202e\u2028\u3000\U000e0001 橋"))
    assert (
        rb'"\u202e\u2028\u3000\udb40\udc01 \xe6\xa9\x8b"'.replace(rb"\xe6\xa9\x8b", "橋".encode())
        in path.read_bytes()
    )
    assert read_overrides(path)[0].reason == "\u202e\u2028\u3000\U000e0001 橋"


def test_one_of_a_clip_takes_the_place_of_the_one_before(path: Path) -> None:
    for entry in ("2", "1", "3"):
        write_override(path, override(entry))
    write_override(path, override("1", accent=0))
    assert [(each.entry, each.say.accent) for each in read_overrides(path)] == [
        ("1", 0),
        ("2", 2),
        ("3", 2),
    ]


def test_lines_of_others_keep_every_byte(path: Path) -> None:
    for entry in ("1", "3"):
        write_override(path, override(entry))
    before = path.read_bytes().splitlines()
    write_override(path, override("2"))
    after = path.read_bytes().splitlines()
    assert [line for line in after if line in before] == before
    assert len(after) == len(before) + 1


def test_a_file_as_people_write_it_is_read(path: Path) -> None:
    path.write_text(json.dumps([ROW, {**ROW, "entry": "2"}], indent=2), encoding="utf-8-sig")
    assert [(each.entry, each.line) for each in read_overrides(path)] == [("1", 2), ("2", 12)]
    assert read_overrides(path)[0].say == OverrideValues(accent=2)


def test_the_folder_is_made_and_a_link_stays_one(tmp_path: Path) -> None:
    write_override(tmp_path / "deep" / "er" / NAME, override())
    link = tmp_path / NAME
    link.symlink_to(tmp_path / "deep" / "er" / NAME)
    write_override(link, override("2"))
    assert link.is_symlink()
    assert len(read_overrides(tmp_path / "deep" / "er" / NAME)) == 2


def test_a_file_keeps_its_mode(path: Path) -> None:
    write_override(path, override())
    path.chmod(0o640)
    write_override(path, override("2"))
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "it is empty"),
        ("{}", None, "it must be a list of overrides"),
        ('[{"file": 1},]', 1, "this is not JSON"),
        ('[\n{"version": 2}]', None, "its version is 2"),
        ("[\n1]", 2, "an override must be an object"),
        ("[\n\n" + json.dumps({**ROW, "sya": {}}) + "]", 3, "has 'sya': did you mean say?"),
        (json.dumps([{**ROW, "say": {}}]), 1, "it changes nothing"),
        (json.dumps([{**ROW, "say": {"pitch": 1}}]), 1, "`say` has 'pitch'"),
        (json.dumps([{**ROW, "say": {"accent": 1.0}}]), 1, "accent = 1.0: it must be an integer"),
        (json.dumps([{**ROW, "say": {"accent": True}}]), 1, "accent = True: it must be an integer"),
        (json.dumps([{**ROW, "say": {"speed": 5}}]), 1, "speed = 5: it must be a number from 0.25"),
        (json.dumps([{**ROW, "say": {"speed": None}}]), 1, "speed = None"),
        (json.dumps([{**ROW, "say": {"text": " \n"}}]), 1, "it is blank"),
        (json.dumps([{**ROW, "say": {"text": "橋\x1b[0m"}}]), 1, "character 2 is U+001B"),
        (json.dumps([{**ROW, "say": {"reading": "\ud800"}}]), 1, "character 1 is U+D800"),
        (json.dumps([{**ROW, "say": {"text": "橋" * 100_001}}]), 1, "100,000 characters at most"),
        (json.dumps([{**ROW, "say": {"voice": "mei"}}]), 1, "an engine and one of its voices"),
        (json.dumps([{**ROW, "say": {"voice": "a/b\nc"}}]), 1, "an engine and one of its voices"),
        (json.dumps([{**ROW, "by": 7}]), 1, "by = 7: it must be text"),
        (json.dumps([{**ROW, "entry": ""}]), 1, "it must not be empty"),
        (json.dumps([{**ROW, "reason": "x" * 10_001}]), 1, "10,000 characters at most"),
        ('[{"file": "a", "file": "b"}]', 1, "the key 'file' occurs twice in this object"),
        (json.dumps([{"file": "a"}]), 1, "it has no 'source'"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(
    path: Path, text: str, line: int | None, words: str
) -> None:
    problem = refusal(path, text)
    assert words in problem.message
    assert problem.line == line
    assert len(str(problem)) < 500 + len(str(path))


def test_two_for_one_clip_are_told_with_both_lines(path: Path) -> None:
    rows = [ROW, {**ROW, "say": {"accent": 1}}]
    problem = refusal(path, "[" + "\n,".join(map(json.dumps, rows)) + "]")
    assert (problem.line, problem.entry) == (2, "entry 1")
    assert "line 1 contradicts it for the same clip" in problem.message


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_that_git_brought_the_later_counts(path: Path, order: int) -> None:
    rows = [
        {**ROW, "at": "2026-11-22T13:00:00Z"},
        {**ROW, "say": {"accent": 1}, "at": "2026-11-22T13:00:01Z"},
    ]
    path.write_text(json.dumps(rows[::order]), encoding="utf-8")
    assert [each.say.accent for each in read_overrides(path)] == [1]
    rows[0]["at"] = "yesterday"
    assert "keep one of them" in refusal(path, json.dumps(rows)).message


def test_the_same_twice_is_one(path: Path) -> None:
    path.write_text(json.dumps([ROW, {**ROW, "by": "git"}]), encoding="utf-8")
    assert read_overrides(path) == (override(),)


def test_a_file_that_cannot_be_meant_is_never_overwritten(path: Path) -> None:
    path.write_bytes(b"<<<<<<< HEAD\n[]")
    with pytest.raises(InputError):
        write_override(path, override())
    assert path.read_bytes() == b"<<<<<<< HEAD\n[]"


def test_bytes_that_are_no_text_and_a_folder_are_told(path: Path) -> None:
    path.write_bytes(b'[\n"\xff"]')
    with pytest.raises(InputError, match="it is not UTF-8") as caught:
        read_overrides(path)
    assert caught.value.line == 2
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        read_overrides(path)


def test_those_who_write_at_once_all_write(path: Path) -> None:
    entries = [str(number) for number in range(12)]
    threads = [
        threading.Thread(target=write_override, args=(path, override(each))) for each in entries
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.entry for each in read_overrides(path)) == sorted(entries)
    assert [each.name for each in path.parent.iterdir()] == [NAME]


def test_who_keeps_the_lock_is_told_at_last(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_assets.catalogues.override_file._TRIES", 0)
    holder = path.with_name(f".{NAME}.tts-assets.lock")
    with lock(holder, lambda: None), pytest.raises(FatalError, match=re.escape(str(holder))):
        write_override(path, override())
    assert not path.exists()


def test_a_place_that_cannot_be_written_to_is_told(path: Path) -> None:
    path.write_bytes(b"no folder")
    with pytest.raises(FatalError, match="cannot write"):
        write_override(path / NAME, override())


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *words],
        cwd=folder,
        env=os.environ | GIT,
        capture_output=True,
        text=True,
        check=False,
    )


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    assert git(folder, "commit", "--quiet", "--message", "heard").returncode == 0


@pytest.mark.parametrize("base", [(), ("5",)])
def test_git_merges_what_two_reviewers_wrote(path: Path, base: tuple[str, ...]) -> None:
    folder = path.parent
    git(folder, "init", "--quiet", "--template=")
    if base:
        for entry in base:
            write_override(path, override(entry))
    else:
        (folder / ".gitattributes").write_text(f"{NAME} merge=union\n", encoding="utf-8")
    commit(folder)
    git(folder, "branch", "other")
    for entry in ("1", "6", "7"):
        write_override(path, override(entry, accent=1))
    commit(folder)
    git(folder, "checkout", "--quiet", "other")
    for entry in ("2", "6", "8"):
        write_override(path, override(entry, accent=1))
    commit(folder)
    merged = git(folder, "merge", "-")
    assert merged.returncode == 0, merged.stdout
    assert {each.entry for each in read_overrides(path)} == {"1", "2", "6", "7", "8", *base}
    write_override(path, override("9"))
    lines = path.read_text(encoding="utf-8").splitlines()[1:-1]
    assert lines == sorted(lines)
    assert (folder / ".gitattributes").read_text() == f"{NAME} merge=union\n"


def test_attributes_of_somebody_are_left_and_none_are_made_outside_of_git(path: Path) -> None:
    write_override(path, override())
    assert not (path.parent / ".gitattributes").exists()
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    git(path.parent, "init", "--quiet", "--template=")
    (path.parent / ".gitattributes").write_text("*.bin -text\n", encoding="utf-8")
    write_override(path, override())
    assert (path.parent / ".gitattributes").read_text(encoding="utf-8") == "*.bin -text\n"
