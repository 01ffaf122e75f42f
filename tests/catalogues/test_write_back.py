"""Writing URLs into catalogues that people edit at the same time."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tts_assets.catalogues import write_back
from tts_assets.catalogues.catalogue_reader import read_catalogue
from tts_assets.catalogues.open_catalogues import read_document
from tts_assets.catalogues.write_back import PendingUrl, WriteBackResult
from tts_assets.config.catalogue_sources import BUILT_IN, OverwritePolicy, Source
from tts_assets.config.source_table import parse_source
from tts_assets.errors import InputError
from tts_assets.model import Kind, SpokenForm
from tts_assets.store import atomic_files

INU = ("built-in", "1", "word", SpokenForm(text="犬"))
NEKO = ("built-in", "2", "word", SpokenForm(text="猫"))


def _write(
    path: Path,
    urls: dict[write_back.ClipAddress, str],
    *sources: Source,
    instead_of: tuple[str, ...] = (),
) -> WriteBackResult:
    def never() -> None:
        raise AssertionError("nobody else holds the lock")

    wanted = {key: PendingUrl(url, instead_of) for key, url in urls.items()}
    return write_back.write_urls(str(path), sources or [BUILT_IN[Kind.VOCABULARY]], wanted, never)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "vocabulary.json"
    path.write_text('[{"id": 1, "word": "犬"}, {"id": 2, "word": "猫", "audioUrl": ""}]')
    return path


def test_only_the_bytes_of_urls_change(words: Path) -> None:
    written = _write(words, {INU: "/a/inu.mp3", NEKO: "/a/neko.mp3"})
    assert written == WriteBackResult(urls=2)
    assert words.read_text() == (
        '[{"id": 1, "word": "犬", "audioUrl": "/a/inu.mp3"}, '
        '{"id": 2, "word": "猫", "audioUrl": "/a/neko.mp3"}]'
    )
    assert [each.name for each in words.parent.iterdir()] == [words.name]


def test_an_entry_that_changed_meanwhile_gets_nothing(words: Path) -> None:
    words.write_text(words.read_text().replace("犬", "狼"))
    assert _write(words, {INU: "/a/inu.mp3", NEKO: "/a/neko.mp3"}) == WriteBackResult(
        urls=1, missed=1
    )
    assert "inu" not in words.read_text()


def test_a_recording_that_came_meanwhile_is_kept(words: Path) -> None:
    words.write_text(words.read_text().replace('""', '"/mine.mp3"'))
    assert _write(words, {INU: "/a/inu.mp3", NEKO: "/a/neko.mp3"}) == WriteBackResult(
        urls=1, missed=1
    )
    assert json.loads(words.read_bytes())[1]["audioUrl"] == "/mine.mp3"


def test_what_was_there_when_it_was_planned_gives_way(words: Path) -> None:
    words.write_text(words.read_text().replace('""', '"/old.mp3"'))
    assert _write(words, {NEKO: "/a/neko.mp3"}, instead_of=("/old.mp3",)) == WriteBackResult(urls=1)


def test_every_recording_gives_way_where_the_source_says_so(words: Path) -> None:
    words.write_text(words.read_text().replace('""', '"/mine.mp3"'))
    always = replace(BUILT_IN[Kind.VOCABULARY], overwrite=OverwritePolicy.ALWAYS)
    assert _write(words, {NEKO: "/a/neko.mp3"}, always) == WriteBackResult(urls=1)


def test_a_list_that_got_a_recording_of_its_own_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "kanji.json"
    path.write_text('[{"id": 1, "kanji": "水", "onyomi": ["スイ"], "onyomiAudio": ["", "/mine"]}]')
    urls = {("built-in", "1", "onyomi-1", SpokenForm(text="水", reading="スイ")): "/b"}
    assert _write(path, urls, BUILT_IN[Kind.KANJI]) == WriteBackResult(missed=1)
    assert "/mine" in path.read_text()


@pytest.mark.parametrize("edited", [False, True])
def test_clips_of_the_plan_are_used_only_for_the_same_bytes(words: Path, *, edited: bool) -> None:
    source = BUILT_IN[Kind.VOCABULARY]
    planned = read_catalogue(read_document(str(words)), source)
    if edited:
        words.write_text(
            '[{"id": 3, "word": "鳥"}, {"id": 2, "word": "狼"}, {"id": 1, "word": "犬"}]'
        )
    urls = {
        write_back.make_clip_address(clip): write_back.make_pending_url(clip, f"/{clip.entry}")
        for clip in planned.clips
    }
    written = write_back.write_urls(
        str(words), [source], urls, lambda: None, planned=planned.digest
    )
    assert (written.urls, written.missed) == ((1, 1) if edited else (2, 0))
    found = {each["word"]: each.get("audioUrl") for each in json.loads(words.read_bytes())}
    assert found == ({"鳥": None, "狼": None, "犬": "/1"} if edited else {"犬": "/1", "猫": "/2"})


def test_an_entry_that_moved_meanwhile_gets_its_own_url(words: Path) -> None:
    words.write_text('[{"id": 3, "word": "鳥"}, {"id": 2, "word": "猫"}, {"id": 1, "word": "犬"}]')
    _write(words, {INU: "/a/inu.mp3"})
    assert json.loads(words.read_bytes())[2]["audioUrl"] == "/a/inu.mp3"


def test_what_is_right_already_is_not_written(words: Path) -> None:
    _write(words, {NEKO: "/a/neko.mp3"})
    before = words.stat()
    assert _write(words, {NEKO: "/a/neko.mp3"}) == WriteBackResult()
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
    whole = atomic_files.atomic_write

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

    monkeypatch.setattr(atomic_files, "atomic_write", edited)
    return lambda: done


def test_an_edit_at_the_last_moment_is_not_lost(
    words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = _edits_while_written(monkeypatch, words, times=2)
    assert _write(words, {INU: "/a/inu.mp3"}) == WriteBackResult(urls=1)
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
    tag = atomic_files._tag(words.name)
    (words.parent / f".tts-assets-{tag}-0.part").touch()
    assert write_back.has_unfinished_write(str(words))
    _write(words, {})
    assert [each.name for each in words.parent.iterdir()] == [words.name]


def test_parallel_lists_are_filled_beside_their_readings(tmp_path: Path) -> None:
    path = tmp_path / "kanji.json"
    path.write_text(
        '[\n  {\n    "id": 1,\n    "kanji": "水",\n    "onyomi": ["スイ", ""]\n  }\n]\n'
    )
    urls = {
        ("built-in", "1", "kanji", SpokenForm(text="水", reading="スイ")): "/a",
        ("built-in", "1", "onyomi-1", SpokenForm(text="水", reading="スイ")): "/b",
    }
    written = _write(path, urls, BUILT_IN[Kind.KANJI])
    assert written == WriteBackResult(urls=2)
    assert path.read_text() == (
        '[\n  {\n    "id": 1,\n    "kanji": "水",\n    "onyomi": ["スイ", ""],\n'
        '    "onyomiAudio": ["/b", null],\n    "audioUrl": "/a"\n  }\n]\n'
    )


def _source(file: str, records: str, part: str, to: str) -> Source:
    clip = {"part": part, "text": "word", "to": to}
    table = {"files": file, "kind": "vocabulary", "records": records, "id": "key()", "clip": [clip]}
    return parse_source(table, f"source of {records}")


def test_two_sources_write_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": [{"word": "犬"}],\n "b": {"猫": {"word": "猫"}}}')
    sources = [_source("x", "$.a[*]", "word", "mp3"), _source("x", "$.b.*", "word", "sound")]
    dog, cat = SpokenForm(text="犬"), SpokenForm(text="猫")
    urls = {
        (sources[0].name, "1", "word", dog): "/dog",
        (sources[1].name, "猫", "word", cat): "/cat",
    }
    assert _write(path, urls, *sources) == WriteBackResult(urls=2)
    assert path.read_text() == (
        '{"a": [{"word": "犬", "mp3": "/dog"}],\n "b": {"猫": {"word": "猫", "sound": "/cat"}}}'
    )


def test_a_table_gets_a_column_and_keeps_its_dialect(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_bytes('word;note\r\n犬;"a ""b"";c"\r\n猫;\r\n'.encode())
    source = _source("x", "$[*]", "word", "audio")
    urls = {(source.name, "2", "word", SpokenForm(text="猫")): "/cat"}
    _write(path, urls, source)
    assert path.read_bytes().decode() == ('word;note;audio\r\n犬;"a ""b"";c";\r\n猫;;/cat\r\n')


def test_lines_of_json_are_edited_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "words.jsonl"
    path.write_text('{"word": "犬"}\n\n{"word":"猫","audio":null}')
    source = _source("x", "$[*]", "word", "audio")
    urls = {
        (source.name, "1", "word", SpokenForm(text="犬")): "/dog",
        (source.name, "2", "word", SpokenForm(text="猫")): "/cat",
    }
    _write(path, urls, source)
    assert path.read_text() == '{"word": "犬", "audio": "/dog"}\n\n{"word":"猫","audio":"/cat"}'
