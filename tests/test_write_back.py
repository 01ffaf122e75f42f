"""Writing URLs into catalogues that people edit at the same time."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tts_assets import storage, write_back
from tts_assets.domain import Kind, SpokenForm
from tts_assets.errors import InputError
from tts_assets.write_back import Written

INU = ("1", "word", SpokenForm(text="犬"))
NEKO = ("2", "word", SpokenForm(text="猫"))


def _write(path: Path, urls: dict[write_back.Address, str]) -> Written:
    def never() -> None:
        raise AssertionError("nobody else holds the lock")

    return write_back.write_back(str(path), Kind.VOCABULARY, urls, never)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "vocabulary.json"
    path.write_text('[{"id": 1, "word": "犬"}, {"id": 2, "word": "猫", "audioUrl": ""}]')
    return path


def test_only_the_bytes_of_urls_change(words: Path) -> None:
    written = _write(words, {INU: "/a/inu.mp3", NEKO: "/a/neko.mp3"})
    assert written == Written(urls=2)
    assert words.read_text() == (
        '[{"id": 1, "word": "犬", "audioUrl": "/a/inu.mp3"}, '
        '{"id": 2, "word": "猫", "audioUrl": "/a/neko.mp3"}]'
    )
    assert [each.name for each in words.parent.iterdir()] == [words.name]


def test_an_entry_that_changed_meanwhile_gets_nothing(words: Path) -> None:
    words.write_text(words.read_text().replace("犬", "狼"))
    assert _write(words, {INU: "/a/inu.mp3", NEKO: "/a/neko.mp3"}) == Written(urls=1, missed=1)
    assert "inu" not in words.read_text()


def test_an_entry_that_moved_meanwhile_gets_its_own_url(words: Path) -> None:
    words.write_text('[{"id": 3, "word": "鳥"}, {"id": 2, "word": "猫"}, {"id": 1, "word": "犬"}]')
    _write(words, {INU: "/a/inu.mp3"})
    assert json.loads(words.read_bytes())[2]["audioUrl"] == "/a/inu.mp3"


def test_what_is_right_already_is_not_written(words: Path) -> None:
    _write(words, {NEKO: "/a/neko.mp3"})
    before = words.stat()
    assert _write(words, {NEKO: "/a/neko.mp3"}) == Written()
    assert words.stat().st_mtime_ns == before.st_mtime_ns


def test_bom_line_ends_and_final_newline_are_kept(words: Path) -> None:
    before = (
        b'\xef\xbb\xbf[\r\n\t{"id": 1, "word": "\\u72ac", "x": 1.10, "audioUrl": null}\r\n]\r\n'
    )
    words.write_bytes(before)
    _write(words, {INU: "/a/inu.mp3"})
    assert words.read_bytes() == before.replace(b"null", b'"/a/inu.mp3"')


def test_a_link_stays_a_link_and_permissions_stay(words: Path) -> None:
    words.chmod(0o640)
    link = words.parent / "link.json"
    link.symlink_to(words.name)
    _write(link, {INU: "/a/inu.mp3"})
    assert link.is_symlink()
    assert "inu" in words.read_text()
    assert words.stat().st_mode & 0o777 == 0o640


def _edits_while_written(
    monkeypatch: pytest.MonkeyPatch, path: Path, *, times: int
) -> Callable[[], int]:
    """Somebody saves the file, up to so many times, just before it would be replaced."""
    done = 0
    whole = storage.write_whole

    def edited(target: Path, data: bytes, **rest: object) -> bool:
        nonlocal done
        if done < times:
            done += 1
            other = path.parent / "editor"
            other.write_text(
                path.read_text().replace("[", f'[{{"id": "e{done}", "word": "x"}}, ', 1)
            )
            other.replace(path)
        return whole(target, data, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "write_whole", edited)
    return lambda: done


def test_an_edit_at_the_last_moment_is_not_lost(
    words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = _edits_while_written(monkeypatch, words, times=2)
    assert _write(words, {INU: "/a/inu.mp3"}) == Written(urls=1)
    entries = {str(each["id"]): each for each in json.loads(words.read_bytes())}
    assert edits() == 2
    assert set(entries) == {"e1", "e2", "1", "2"}
    assert entries["1"]["audioUrl"] == "/a/inu.mp3"


def test_a_file_that_never_rests_is_given_up_with_a_word(
    words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _edits_while_written(monkeypatch, words, times=100)
    with pytest.raises(InputError, match="keeps changing"):
        _write(words, {INU: "/a/inu.mp3"})
    assert "inu" not in words.read_text()
    assert [each.name for each in words.parent.iterdir()] == [words.name]


def test_a_catalogue_broken_meanwhile_is_left_alone(words: Path) -> None:
    words.write_text("[{")
    with pytest.raises(InputError):
        _write(words, {INU: "/a/inu.mp3"})
    assert words.read_text() == "[{"


def test_leftovers_of_a_killed_run_are_cleared_away(words: Path) -> None:
    (words.parent / ".vocabulary.json.tts-assets.lock").touch()
    tag = storage._tag(words.name)
    (words.parent / f".tts-assets-{tag}-0.part").touch()
    assert write_back.has_leftovers(str(words))
    _write(words, {})
    assert [each.name for each in words.parent.iterdir()] == [words.name]


def test_parallel_lists_are_filled_beside_their_readings(tmp_path: Path) -> None:
    path = tmp_path / "kanji.json"
    path.write_text(
        '[\n  {\n    "id": 1,\n    "kanji": "水",\n    "onyomi": ["スイ", ""]\n  }\n]\n'
    )
    urls = {
        ("1", "kanji", SpokenForm(text="水", reading="スイ")): "/a",
        ("1", "onyomi-1", SpokenForm(text="水", reading="スイ")): "/b",
    }
    written = write_back.write_back(str(path), Kind.KANJI, urls, lambda: None)
    assert written == Written(urls=2)
    assert path.read_text() == (
        '[\n  {\n    "id": 1,\n    "kanji": "水",\n    "onyomi": ["スイ", ""],\n'
        '    "onyomiAudio": ["/b", null],\n    "audioUrl": "/a"\n  }\n]\n'
    )
