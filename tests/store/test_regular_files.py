"""Files are found once each, and globs end, whatever links there are."""

import errno
import glob
import os
from pathlib import Path
from typing import Any

import pytest

from tts_assets.regular_files import find_files

FILES = ("a.json", "b/a.json", "b/c/a.json", "b/c/d.txt", ".h/a.json", "b/.a.json", "[x]/a.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


@pytest.mark.parametrize(
    "pattern",
    [
        "*/a.json",
        "**/*.json",
        "**",
        "in/**",
        "in/**/a.json",
        "in/*/**/a.json",
        "in/**/c/**/*",
        "in/[[]x]/**/*.json",
        "./in/**/*.json",
        "in//**/a.json",
        "none/**/a.json",
        "in/**/none",
    ],
)
@pytest.mark.parametrize("at_root", [False, True])
def test_the_same_files_are_found_as_by_the_standard_library(
    folder: Path, pattern: str, *, at_root: bool
) -> None:
    pattern = f"{folder.parent}/{pattern}" if at_root else pattern
    found = {path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()}  # noqa: PTH207
    assert sorted(map(os.path.normpath, find_files(pattern))) == sorted(
        set(map(os.path.normpath, found))
    )


def test_links_in_a_circle_are_gone_into_once(folder: Path, tmp_path: Path) -> None:
    for name in ("loop", "again", "b/up"):
        (folder / name).symlink_to(folder)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/e.json").write_bytes(b"")
    (folder / "b/away").symlink_to(tmp_path / "elsewhere")
    assert find_files("in/**/*.json") == [
        "in/[x]/a.json",
        "in/a.json",
        "in/b/a.json",
        "in/b/away/e.json",
        "in/b/c/a.json",
    ]


@pytest.mark.parametrize("pattern", ["*/*.json", "**/*.json", "*/*/words.json", "shut/*.json"])
def test_a_glob_does_not_pass_over_a_folder_that_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    for folder in ("open", "shut"):
        (tmp_path / folder).mkdir()
    scan = os.scandir

    def refuse(path: Any = ".") -> Any:
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        find_files(str(tmp_path / pattern))
