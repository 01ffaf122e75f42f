"""Which files are catalogues: built-in shapes, groups of one shape, and what is passed over."""

import json
import time
from typing import Any

import pytest

from tests.catalogues.detect.conftest import Look
from tts_assets.catalogues.detect.proposal import propose_sources

MEET = {"term": "会う", "kana": "あう"}
BLUE = {"term": "青い", "kana": "あおい"}
BUILT_IN: dict[str, list[dict[str, Any]]] = {
    "vocabulary": [{"id": 1, "word": "会う", "reading": "あう"}],
    "grammar": [{"id": 1, "title": "〜たい", "examples": [{"japanese": "水が飲みたいです。"}]}],
    "kanji": [{"id": 1, "kanji": "学", "onyomi": ["ガク"], "kunyomi": ["まな.ぶ"]}],
    "characters": [{"hiragana": "あ", "katakana": "ア"}, {"hiragana": "は", "katakana": "ハ"}],
    "reading": [{"id": 1, "title": "犬", "text": "犬がいました。犬は走りました。"}],
    "listening": [{"id": 1, "title": "駅", "text": "男：おはよう。\n女：おはようございます。"}],
}


@pytest.mark.parametrize("kind", BUILT_IN)
def test_a_built_in_shape_needs_no_source(look: Look, kind: str) -> None:
    found = look({f"data/{kind}.json": BUILT_IN[kind]})
    assert "[[source]]" not in found.toml
    assert found.settings.paths == ("data",)
    assert found.kinds == {kind}


def test_a_folder_of_built_in_shapes_is_told_by_its_path(look: Look) -> None:
    found = look({f"data/{kind}.json": rows for kind, rows in BUILT_IN.items()})
    assert 'paths = ["data"]' in found.toml
    assert found.kinds == {*BUILT_IN}


def test_beside_other_shapes_a_built_in_one_is_a_short_source(look: Look) -> None:
    found = look({"data/vocabulary.json": BUILT_IN["vocabulary"], "b.json": [MEET, BLUE]})
    other, built_in = found.settings.sources
    assert other.files == ("b.json",)
    assert built_in.files == ("data/vocabulary.json",)
    assert found.toml.count("[[source.clip]]") == 1
    assert len(found.clips) == 3


def test_a_shape_that_says_more_than_the_built_in_one_is_a_source(look: Look) -> None:
    rows = [
        {"id": 1, "word": "会う", "yomikata": "あう"},
        {"id": 2, "word": "水", "yomikata": "みず"},
    ]
    found = look({"data/vocabulary.json": rows})
    assert [path.text for path in found.source.clips[0].reading] == ["yomikata"]


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        (("n5.json", "n4.json", "n3.json"), ("n*.json",)),
        (("words/n5.json", "words/n4.json"), ("words/*.json",)),
        (("n5/words.json", "n4/words.json"), ("*/words.json",)),
        (("n5.json", "n4.json"), ("n4.json", "n5.json")),
        (("5_words.json", "4_words.json", "3_words.json"), ("*_words.json",)),
        (("content/n5/a.json", "content/n4/b.json"), ("content/*/*.json",)),
        (("content/a.json", "content/n4/b.json"), ("content/**/*.json",)),
        (("a.json", "x/b.json"), ("a.json", "x/b.json")),
    ],
)
def test_files_of_one_shape_share_a_source(
    look: Look, files: tuple[str, ...], pattern: tuple[str, ...]
) -> None:
    found = look({file: [MEET, BLUE] for file in files})
    assert found.source.files == pattern
    assert len(found.clips) == 2 * len(files)


def test_a_pattern_takes_in_no_file_of_another_shape(look: Look) -> None:
    files: dict[str, Any] = {f"words/n{number}.json": [MEET, BLUE] for number in range(1, 6)}
    files["words/other.json"] = [{"slug": "x", "title": "x", "text": "犬がいます。"}]
    found = look(files)
    assert [source.files for source in found.settings.sources] == [
        ("words/n*.json",),
        ("words/other.json",),
    ]


def test_files_among_others_are_told_folder_by_folder(look: Look) -> None:
    other = [{"slug": "x", "title": "x", "text": "犬がいます。"}]
    files = {f"c/{level}/words.json": [MEET, BLUE] for level in ("n5", "n4")}
    found = look({**files, "c/n3/words.json": other, "c/n4/other.json": other})
    assert found.settings.sources[0].files == ("c/n4/words.json", "c/n5/words.json")


def test_files_that_share_nothing_but_words_as_keys_have_sources_of_their_own(look: Look) -> None:
    found = look(
        {
            "a/verbs.json": {"食べる": {"reading": "たべる"}, "行く": {"reading": "いく"}},
            "a/counters.json": {"本": {"1": "いっぽん", "2": "にほん"}, "人": {"1": "ひとり"}},
        }
    )
    assert sorted(source.files for source in found.settings.sources) == [
        ("a/counters.json",),
        ("a/verbs.json",),
    ]
    assert {clip.form.text: clip.form.reading for clip in found.clips} == {
        "食べる": "タベル",
        "行く": "イク",
        "本": None,
        "人": None,
    }


def test_ids_that_fit_one_file_only_are_not_taken(look: Look) -> None:
    files = {
        "a/1.json": [{"id": 1, **MEET}],
        "a/2.json": [{"id": 1, **MEET}, {"id": 1, **BLUE}],
    }
    found = look(files)
    assert found.source.id.of.value == "hash"


def test_a_file_without_japanese_is_counted(look: Look) -> None:
    found = look({"a.json": [{"word": "dog", "reading": "dog"}], "b.json": [MEET, BLUE]})
    assert found.proposal.foreign == 1
    assert found.source.files == ("b.json",)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("package.json", {"name": "x", "description": "日本語", "scripts": {"a": "b"}}, "no field"),
        ("manifest.json", {"name": "日本語アプリ", "icons": [{"src": "/a.png"}]}, "no field"),
        (
            "locales/ja.json",
            {"title": "日本語を学ぶ", "menu": {"home": "ホーム"}},
            "a program",
        ),
        ("i.json", {"en": {"title": "Hello"}, "ja": {"title": "こんにちは"}}, "a program"),
        ("m.json", {"page.title": "日本語を学ぶ", "page.text": "ようこそ"}, "a program"),
        ("users.json", [{"id": 1, "name": "田中", "email": "a@b"}], "no field"),
        ("mixed.json", [False, [{"word": "会う"}]], "no field"),
        ("pairs.json", {"会う": "to meet", "青": "blue"}, "no field"),
        ("map.json", {"type": "FeatureCollection", "features": [{"kana": "トウキョウ"}]}, "a map"),
        ("w.csv", "単語,読み\n会う,あう\n".encode("cp932"), "line 1: byte 0x92"),
        ("w.json", b"[" + "会".encode() + b"\xff]", "is not UTF-8"),
    ],
)
def test_what_is_no_catalogue_is_passed_over_with_a_reason(
    look: Look, file: str, content: Any, reason: str
) -> None:
    found = look({file: content, "b.json": [MEET, BLUE]})
    assert found.source.files == ("b.json",)
    assert list(found.proposal.passed) == [file]
    assert reason in found.proposal.passed[file]


@pytest.mark.parametrize("text", ['{ // a comment\n "a": 1 }', '{"name": "x", "packages": {}}'])
def test_settings_of_programs_are_not_mentioned(look: Look, text: str) -> None:
    found = look({"tsconfig.json": text, "b.json": [MEET, BLUE]})
    assert (found.proposal.passed, found.proposal.foreign) == ({}, 1)


def test_broken_json_is_named_with_its_line_and_stops_nothing(look: Look) -> None:
    found = look({"a.json": '[\n  {"word": "会う",}\n]', "b.json": [MEET, BLUE]})
    assert found.source.files == ("b.json",)
    assert "line 2" in found.proposal.passed["a.json"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "会",
        "[]",
        "null",
        '"会う"',
        "[[[[]]]]",
        '{"会う": null}',
        "[" * 5000 + '"会"',
        '{"": "会う"}',
    ],
)
def test_odd_documents_are_survived(look: Look, content: str) -> None:
    found = look({"a.json": content, "b.json": [MEET, BLUE]})
    assert found.source.files == ("b.json",)


def test_a_file_of_ten_megabytes_is_looked_at_quickly() -> None:
    rows = [{"id": number, "term": f"第{number}課", "note": "x" * 80} for number in range(80_000)]
    data = json.dumps(rows).encode()
    assert len(data) > 10_000_000
    start = time.perf_counter()
    (draft,) = propose_sources([("a.json", data)]).drafts
    # It takes 0.7 s where nothing else runs.
    assert time.perf_counter() - start < 8
    assert draft.source.clips[0].text[0].text == "term"
