"""A path of the configuration that leads nowhere is told, and everything else is still read."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.settings import Settings
from tts_assets.config.source_table import parse_source

WORDS = [
    {"w": "角", "r": "つの", "ex": [{"jp": "本です。"}]},
    {"w": "犬", "r": None, "meta": {"a": 1}},
]


def _told(
    folder: Path, toml: str, root: Any = WORDS, *, only: str | None = None, **files: Any
) -> tuple[list[str], int]:
    """The problems of a run, and how many clips it has."""
    for name, content in {"a": root, **files}.items():
        text = json.dumps(content, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    table = tomllib.loads(f'kind = "vocabulary"\nid = "key()"\nfiles = "{folder}/*.json"\n{toml}')
    paths = (str(folder / only),) if only else ()
    settings = Settings(sources=(parse_source(table, "x.toml: source 1"),), paths=paths)
    trouble, clips, problems = LoadProblems(), 0, []
    for reader in open_catalogues(settings, trouble):
        clips += len(list(reader.iter_clips()))
        problems += reader.finish().problems
    return [problem.message for problem in (*trouble.problems, *problems)], clips


def _clip(more: str, text: str = "w") -> str:
    return f'[[clip]]\ntext = "{text}"\n{more}\nto = "mp3"\n'


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        ('reading = "kana"', "'kana' (source 1, clip word: reading): there are 'w', 'r', 'ex', 'm"),
        ('accent = "metta"', "'metta' (source 1, clip word: accent): did you mean 'meta'?"),
        ('accent = "meta.b"', "'meta.b' (source 1, clip word: accent): there are 'a'"),
        ('speaker = "by"', "'by' (source 1, clip word: speaker)"),
        ('furigana = "f"', "'f' (source 1, clip word: furigana)"),
        ('language = "lang"', "'lang' (source 1, clip word: language)"),
        ('skip = { field = "draft", is = true }', "'draft' (source 1, clip word: skip.field)"),
        ('reading = ["r", "kana"]', "'kana' (source 1, clip word: reading)"),
    ],
)
def test_a_path_that_no_record_has_is_told_once(tmp_path: Path, clip: str, message: str) -> None:
    (problem,), clips = _told(tmp_path, _clip(clip))
    assert problem.startswith(f"no record has {message}")
    assert clips == 2


def test_items_that_no_record_has_are_told(tmp_path: Path) -> None:
    clip = '[[clip]]\neach = "exs[*]"\ntext = "jp"\nreading = "no"\nto = "mp3"\n'
    (problem,), clips = _told(tmp_path, clip)
    assert problem == "no record has 'exs[*]' (source 1, clip word: each): did you mean 'ex'?"
    assert clips == 0


def test_a_path_of_items_is_looked_for_in_items(tmp_path: Path) -> None:
    clip = '[[clip]]\neach = "ex[*]"\nsay = "sentence"\ntext = "jp"\nspeaker = "w"\nto = "mp3"\n'
    (problem,), clips = _told(tmp_path, clip)
    assert problem == "no record has 'w' (source 1, clip word: speaker): there are 'jp'"
    assert clips == 1
    assert _told(tmp_path, clip.replace('"w"', '"$.w"')) == ([], 1)


@pytest.mark.parametrize(
    "root",
    [
        [{"w": "犬"}, {"w": "猫", "r": "ねこ"}],
        [{"w": "犬", "r": None}],
        [{"w": "犬", "r": ""}],
        [],
    ],
)
def test_what_one_record_has_or_has_empty_is_there(tmp_path: Path, root: Any) -> None:
    assert _told(tmp_path, _clip('reading = "r"'), root)[0] == []


@pytest.mark.parametrize("ex", [[], None, [{"jp": ""}]])
def test_an_empty_list_of_items_is_there(tmp_path: Path, ex: Any) -> None:
    clip = '[[clip]]\neach = "ex[*]"\nsay = "sentence"\ntext = "jp"\nto = "mp3"\n'
    assert _told(tmp_path, clip, [{"ex": ex}]) == ([], 0)


def test_one_file_that_has_it_is_enough_even_where_another_is_asked_for(tmp_path: Path) -> None:
    clip, other = _clip('accent = "p"'), [{"w": "猫", "p": 1}]
    assert _told(tmp_path, clip, b=other) == ([], 3)
    assert _told(tmp_path, clip, only="a.json", b=other) == ([], 2)
    problems, _ = _told(tmp_path, clip, only="a.json", b=WORDS)
    assert len(problems) == 1


def test_targets_overrides_and_built_in_shapes_may_name_what_is_not_there(tmp_path: Path) -> None:
    assert _told(tmp_path, _clip('reading = ["tts.reading", "r"]')) == ([], 2)
    assert _told(tmp_path, "", [{"word": "犬"}]) == ([], 1)


@pytest.mark.parametrize(
    ("records", "root", "message"),
    [
        (
            "$.words[*]",
            {"word": [{"w": "犬"}]},
            "there is no record at $.words[*]: did you mean 'word'?",
        ),
        (
            "$.a[*].b[*]",
            {"a": [{"c": []}]},
            "there is no record at $.a[*].b[*]: there are 'c'; say",
        ),
        ("$.words[*]", {"words": []}, None),
        ("$.words[*]", {"words": None}, None),
        ("$.*", {}, None),
    ],
)
def test_records_that_lie_nowhere_are_told(
    tmp_path: Path, records: str, root: Any, message: str | None
) -> None:
    problems, clips = _told(tmp_path, f'records = "{records}"\n{_clip("")}', root)
    assert clips == 0
    assert [problem.startswith(message or "?") for problem in problems] == [True] * bool(message)


def _csv(folder: Path, text: str, toml: str) -> tuple[list[str], list[str | None]]:
    (folder / "a.csv").write_text(text, encoding="utf-8")
    table = tomllib.loads(f'kind = "vocabulary"\nid = "key()"\nfiles = "{folder}/a.csv"\n{toml}')
    trouble = LoadProblems()
    settings = Settings(sources=(parse_source(table, "source 1"),))
    readings = [
        clip.form.reading
        for reader in open_catalogues(settings, trouble)
        for clip in reader.iter_clips()
    ]
    return [problem.message for problem in trouble.problems], readings


def test_a_step_that_is_no_column_is_told(tmp_path: Path) -> None:
    (problem,), _ = _csv(tmp_path, "w,yomi\n角,つの\n", _clip('reading = "yomu"'))
    assert problem == "no record has 'yomu' (source 1, clip word: reading): did you mean 'yomi'?"
    assert _csv(tmp_path, "w,r\n角\n", _clip('reading = "r"')) == ([], [None])


def test_blanks_around_the_name_of_a_column_do_not_count(tmp_path: Path) -> None:
    text = "\ufeff w , r ,x\n角,つの\n"
    assert _csv(tmp_path, text, _clip('reading = "r"')) == ([], ["ツノ"])
