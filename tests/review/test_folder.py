"""The sounds of an exported page: second names of the assets where that can be, else copies."""

import errno
import json
from pathlib import Path

import pytest

from tts_assets.errors import UsageError
from tts_assets.review import export_page

LIST = ".tts-assets-review"


def _sounds(tmp_path: Path) -> dict[str, Path]:
    source = tmp_path / "audio/a.mp3"
    source.parent.mkdir()
    source.write_bytes(b"sound")
    (tmp_path / "audio/link.mp3").symlink_to("a.mp3")
    return {"clips/a.mp3": source, "clips/link.mp3": tmp_path / "audio/link.mp3"}


def test_sounds_take_no_room_twice(tmp_path: Path) -> None:
    sounds = _sounds(tmp_path)
    for _ in range(2):
        export_page.fill_folder(tmp_path / "out", b"page", sounds)
        assert (tmp_path / "out/clips/a.mp3").samefile(sounds["clips/a.mp3"])
    # A link would lead nowhere from there.
    assert not (tmp_path / "out/clips/link.mp3").is_symlink()
    assert (tmp_path / "out/clips/link.mp3").read_bytes() == b"sound"


def test_on_another_disk_they_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    sounds = _sounds(tmp_path)
    export_page.fill_folder(tmp_path / "out", b"page", sounds)
    assert (tmp_path / "out/clips/a.mp3").read_bytes() == b"sound"
    assert not (tmp_path / "out/clips/a.mp3").samefile(sounds["clips/a.mp3"])


def test_a_sound_that_was_made_again_leaves_the_asset_of_before_as_it_was(tmp_path: Path) -> None:
    sounds = _sounds(tmp_path)
    kept = tmp_path / "kept.mp3"
    kept.hardlink_to(sounds["clips/a.mp3"])
    export_page.fill_folder(tmp_path / "out", b"page", {"clips/a.mp3": sounds["clips/a.mp3"]})
    other = tmp_path / "audio/other.mp3"
    other.write_bytes(b"other")
    export_page.fill_folder(tmp_path / "out", b"page", {"clips/a.mp3": other})
    assert (tmp_path / "out/clips/a.mp3").read_bytes() == b"other"
    assert kept.read_bytes() == b"sound"


def test_nothing_unfinished_is_left(tmp_path: Path) -> None:
    sounds = _sounds(tmp_path)
    export_page.fill_folder(tmp_path / "out", b"page", sounds)
    # Two names of one file: the system renames neither, and says that it did.
    (tmp_path / "out/clips/link.mp3").unlink()
    (tmp_path / "out/clips/link.mp3").hardlink_to(sounds["clips/a.mp3"])
    export_page.fill_folder(tmp_path / "out", b"page", sounds)
    names = {path.name for path in (tmp_path / "out").rglob("*")}
    assert names == {"clips", "a.mp3", "link.mp3", "index.html", ".tts-assets-review"}


def test_what_a_killed_export_left_is_tidied(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "clips/kanji").mkdir(parents=True)
    (out / "clips/kanji/left.mp3").write_bytes(b"left")
    (out / LIST).write_text('["clips/kanji/left.mp3"]')
    (out / "clips/kanji/.tts-assets-0-0.part").write_bytes(b"hal")
    export_page.fill_folder(out, b"page", _sounds(tmp_path))
    assert not (out / "clips/kanji").exists()


@pytest.mark.parametrize(
    "name", ["../mine", "clips/../../mine", "clips/../index.html", "clips", "clips//x", 7, [], None]
)
def test_a_list_that_names_what_is_not_ours_deletes_nothing(tmp_path: Path, name: object) -> None:
    out = tmp_path / "out"
    (out / "clips").mkdir(parents=True)
    (out / "clips/x").write_text("mine")
    (tmp_path / "mine").write_text("mine")
    (out / LIST).write_text(json.dumps([name]))
    export_page.fill_folder(out, b"page", _sounds(tmp_path))
    assert (tmp_path / "mine").read_text() == (out / "clips/x").read_text() == "mine"
    assert (out / "index.html").read_bytes() == b"page"


@pytest.mark.parametrize("what", ["not JSON", "{}", "[[]]", "null", "[" * 100_000])
def test_a_list_that_is_broken_is_no_list(tmp_path: Path, what: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LIST).write_text(what)
    export_page.fill_folder(tmp_path / "out", b"page", _sounds(tmp_path))
    assert len(json.loads((tmp_path / "out" / LIST).read_bytes())) == 2


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("file", "is a file"),
        ("audio", "is in the output"),
        ("audio/deep/er", "is in the output"),
        (".", "name another folder"),
        ("linked", "name another folder"),
    ],
)
def test_a_folder_that_cannot_be_filled_is_told_before_anything(
    tmp_path: Path, path: str, told: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/clips").symlink_to("../clips/audio" if path == "linked" else "../elsewhere")
    output = tmp_path / ("clips/audio" if path in {".", "linked"} else "audio")
    with pytest.raises(UsageError, match=told):
        export_page.check_export_folder(tmp_path / path, str(output))
    export_page.check_export_folder(tmp_path / "audio-too", str(output))


def test_nothing_is_put_or_deleted_where_a_link_leads(tmp_path: Path) -> None:
    out, mine = tmp_path / "out", tmp_path / "mine/a.mp3"
    mine.parent.mkdir()
    mine.write_bytes(b"sound")
    sounds = {"clips/kanji/a.mp3": mine, "clips/b.mp3": mine}
    export_page.fill_folder(out, b"page", {"clips/b.mp3": mine})
    (out / "clips/kanji").symlink_to(mine.parent)
    (out / LIST).write_text('["clips/kanji/a.mp3"]')
    for wanted in (sounds, {"clips/b.mp3": mine}):
        with pytest.raises(UsageError, match="kanji links to another folder"):
            export_page.fill_folder(out, b"page", wanted)
    assert mine.read_bytes() == b"sound"


def test_what_somebody_put_there_is_played_and_never_deleted(tmp_path: Path) -> None:
    out, sounds = tmp_path / "out", _sounds(tmp_path)
    (out / "clips").mkdir(parents=True)
    (out / "clips/a.mp3").write_bytes(b"sound")
    export_page.fill_folder(out, b"page", sounds)
    export_page.fill_folder(out, b"page", {"clips/link.mp3": sounds["clips/link.mp3"]})
    assert {path.name for path in (out / "clips").iterdir()} == {"a.mp3", "link.mp3"}
