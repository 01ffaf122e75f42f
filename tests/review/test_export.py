"""`review --export`: a page and its sounds in files, and nobody else's files touched."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.conftest import Project, plugged_in


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project with two words that sound."""
    folder = tmp_path_factory.mktemp("made")
    one = plugged_in(folder)
    one.words("犬", "猫")
    assert one.generate().returncode == 0
    return one.folder


@pytest.fixture
def words(_made: Path, project: Project) -> Project:
    """The same, of the test's own."""
    shutil.copytree(_made, project.folder, dirs_exist_ok=True)
    return project


def _export(project: Project, target: str, *words: str) -> tuple[int, str, str]:
    done = project.run("review", "--export", target, "--provider", "tones", *words)
    return done.returncode, done.stdout, done.stderr


def _data(page: Path) -> dict[str, Any]:
    """What a page is told."""
    found = re.search(rb'id="review-data">(.*?)</script>', page.read_bytes(), re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _assert_plays(page: Path) -> None:
    """Every sound that the page names is where it says, with the bytes that were decided of."""
    from tts_assets.store.atomic_files import sha256

    for row in _data(page)["clips"]:
        assert sha256(page.parent / unquote(row["sound"])) == row["sha256"]


def test_a_folder_has_the_page_and_all_that_it_plays(words: Project) -> None:
    code, told, _ = _export(words, "out")
    assert code == 0
    assert "2 sounds to review: 2 undecided" in told
    assert "review apply decisions.json" in told
    out = words.folder / "out"
    assert (len(_files(out)), _data(out / "index.html")["mode"]) == (4, "export")
    assert len(_data(out / "index.html")["clips"]) == 2
    _assert_plays(out / "index.html")


def test_a_file_names_the_sounds_where_they_lie_whatever_they_are_called(project: Project) -> None:
    project.write(
        "data/vocabulary.json",
        [
            {"id": "50% #1?", "word": "犬"},
            {"id": "<b>&\"'", "word": "猫"},
            {"id": "a:b", "word": "魚"},
        ],
    )
    config = project.folder / "tts-assets.toml"
    config.write_text('asset = "{kind}/{id}-{part}.{ext}"\noutput = "so und"\n', encoding="utf-8")
    assert project.generate().returncode == 0
    (project.folder / "pages").mkdir()
    code, told, _ = _export(project, "pages/review.html")
    assert (code, "the audio stays where it is" in told) == (0, True)
    page = project.folder / "pages/review.html"
    assert list(page.parent.iterdir()) == [page]
    assert all(row["sound"].startswith("../so%20und/") for row in _data(page)["clips"])
    _assert_plays(page)


def test_equal_clips_give_equal_bytes(words: Project) -> None:
    for target in ("out", "again", "out"):
        assert _export(words, target)[0] == 0
    assert _files(words.folder / "out") == _files(words.folder / "again")


def test_an_earlier_export_is_tidied_and_nothing_else(words: Project) -> None:
    out = words.folder / "out"
    assert _export(words, "out")[0] == 0
    before = set(_files(out))
    (out / "clips/note.txt").write_text("mine")
    (out / "CNAME").write_text("mine")
    words.words("犬", "鳥")
    assert words.generate().returncode == 0
    assert _export(words, "out")[0] == 0
    after = set(_files(out))
    assert {"clips/note.txt", "CNAME"} < after
    assert (len(before - after), len(after - before)) == (1, 3)
    assert len(_data(out / "index.html")["clips"]) == 2
    # Only one kind is left: the folder of the other goes, too.
    words.write("data/kanji.json", [{"id": 1, "kanji": "犬", "onyomi": ["ケン"]}])
    (words.folder / "data/vocabulary.json").unlink()
    assert words.generate().returncode == 0
    assert _export(words, "out")[0] == 0
    assert not (out / "clips/vocabulary").exists()


@pytest.mark.parametrize(
    ("target", "there", "told"),
    [
        ("out", "out/index.html", "a page of tts-assets"),
        ("out/index.html", "out/index.html", "a page of tts-assets"),
        ("out", "out/clips/{asset}", "was not written by an export"),
        ("nowhere/review.html", "", "cannot write nowhere/review.html"),
    ],
)
def test_what_is_somebody_else_s_is_left_alone(
    words: Project, target: str, there: str, told: str
) -> None:
    asset = next(name for name in words.assets() if name.endswith(".mp3"))
    path = words.folder / there.format(asset=asset)
    if there:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    code, _, complaint = _export(words, target)
    assert (code in {2, 4}, told in complaint) == (True, True), complaint
    assert not there or path.read_text() == "mine"


def test_where_nothing_is_to_be_heard_nothing_is_written(project: Project) -> None:
    project.words("犬")
    code, told, notes = _export(project, "out")
    assert (code, "nothing was written" in told) == (6, True)
    assert "not generated yet: run `generate`" in notes
    assert not (project.folder / "out").exists()


def test_only_what_was_asked_for_is_shown(words: Project) -> None:
    assert _export(words, "out", "--id", "2")[0] == 0
    (row,) = _data(words.folder / "out/index.html")["clips"]
    assert row["text"] == "猫"
    assert _export(words, "out", "--id", "3")[0] == 6
    assert _export(words, "out", "--type", "kanji")[0] == 6
    # What is shown now stays until there is something else to show.
    assert (words.folder / "out/index.html").exists()


def test_an_entry_that_cannot_be_used_hides_no_other(words: Project) -> None:
    words.write("data/vocabulary.json", [*words.read(), {"id": 2, "word": "鳥"}])
    code, _, told = _export(words, "out")
    assert (code, "error: data/vocabulary.json" in told) == (2, True)
    assert _data(words.folder / "out/index.html")["clips"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "choose how to show the clips"),
        (["--serve", "--export", "out"], "each other"),
        (["--export", ""], "name a folder"),
        (["--export", "out", "--port", "8000"], "need --serve"),
        (["--export", "out", "--no-open"], "need --serve"),
        (["apply", "--export", "out"], "no such option"),
    ],
)
def test_it_is_one_way_or_the_other(project: Project, options: list[str], told: str) -> None:
    done = project.run("review", *options)
    assert (done.returncode, told in done.stderr) == (2, True)


def test_a_folder_called_like_the_command_is_written_with_its_way(words: Project) -> None:
    (words.folder / "data").rename(words.folder / "apply")
    words.write("data/vocabulary.json", [])
    assert _export(words, "out", "./apply")[0] == 0
    assert len(_data(words.folder / "out/index.html")["clips"]) == 2
