"""Shapes of data that learners' tools and dictionaries give away."""

from typing import Any

import pytest

from tests.catalogues.detect.conftest import Look


def _wanikani(number: int, sort: str, text: str, readings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": number,
        "object": sort,
        "url": f"https://example.org/subjects/{number}",
        "data": {
            "characters": text,
            "level": 3,
            "meanings": [{"meaning": "x", "primary": True}],
            "readings": readings,
        },
    }


def test_words_of_wanikani(look: Look) -> None:
    data = [
        _wanikani(1, "vocabulary", "会う", [{"reading": "あう", "primary": True}]),
        _wanikani(2, "vocabulary", "青い", [{"reading": "あおい", "primary": True}]),
    ]
    found = look({"a.json": {"object": "collection", "data": data}})
    assert found.ids == ["1", "2"]
    assert found.said[0] == "word: 会う アウ -> data[0].audioUrl"


def test_kanji_of_wanikani(look: Look) -> None:
    def reading(sort: str, kana: str) -> dict[str, Any]:
        return {"type": sort, "primary": False, "reading": kana}

    found = look(
        {
            "a.json": [
                _wanikani(
                    1, "kanji", "一", [reading("onyomi", "いち"), reading("kunyomi", "ひと")]
                ),
                _wanikani(2, "kanji", "二", [reading("onyomi", "に")]),
            ]
        }
    )
    assert found.kinds == {"kanji"}
    assert found.said == [
        "reading-1: 一 イチ -> [0].data.readings[0].audioUrl",
        "reading-2: 一 ヒト -> [0].data.readings[1].audioUrl",
        "reading-1: 二 ニ -> [1].data.readings[0].audioUrl",
    ]


def test_words_of_jmdict_in_json(look: Look) -> None:
    def word(number: int, kana: str, *kanji: str) -> dict[str, Any]:
        return {
            "id": str(number),
            "kanji": [{"common": True, "text": each} for each in kanji],
            "kana": [{"common": True, "text": kana}],
            "sense": [{"gloss": [{"lang": "eng", "text": "x"}]}],
        }

    words = [word(1, "あう", "会う", "逢う"), word(2, "ああ"), word(3, "あおい", "青い")]
    assert look({"jmdict.json": {"version": "3", "words": words}}).said == [
        "word: 会う アウ -> words[0].audioUrl",
        "word: ああ アア -> words[1].audioUrl",
        "word: 青い アオイ -> words[2].audioUrl",
    ]


@pytest.mark.parametrize("url", [{}, {"audioUrl": "/a.mp3"}])
def test_answers_of_jisho(look: Look, url: dict[str, str]) -> None:
    data = [
        {"slug": "会う", "japanese": [{"word": "会う", "reading": "あう"} | url], "senses": []},
        {"slug": "青い", "japanese": [{"word": "青い", "reading": "あおい"} | url], "senses": []},
    ]
    found = look({"a.json": {"meta": {"status": 200}, "data": data}})
    assert found.ids == ["会う-1", "青い-1"]
    assert found.said[0] == "word: 会う アウ -> data[0].japanese[0].audioUrl"


def test_banks_of_yomitan(look: Look) -> None:
    bank = [
        ["読む", "よむ", "v5m", "v5", 1, ["to read"], 0, ""],
        ["会う", "あう", "v5u", "v5", 1, ["to meet"], 1, ""],
        ["青い", "あおい", "adj-i", "adj-i", 1, ["blue"], 2, ""],
    ]
    found = look({"term_bank_1.json": bank})
    assert found.said[0] == "word: 読む ヨム -> nowhere"
    assert "to = false" in found.toml


def test_lessons_of_a_textbook(look: Look) -> None:
    lessons = {
        "lesson1": [{"kanji": "大学", "kana": "だいがく", "en": "college"}],
        "lesson2": [
            {"kanji": "学生", "kana": "がくせい", "en": "student"},
            {"kanji": "", "kana": "あの", "en": "um"},
        ],
    }
    found = look({"genki.json": lessons})
    assert found.ids == ["lesson1-1", "lesson2-1", "lesson2-2"]
    assert found.said[2] == "word: あの アノ -> lesson2[1].audioUrl"


def test_chapters_of_words_with_a_sentence_each(look: Look) -> None:
    words = [
        {
            "jp": "父",
            "furigana": "ちち",
            "sentence": {"jp": "父です。", "audio": None},
            "audio": None,
        },
        {
            "jp": "母",
            "furigana": "はは",
            "sentence": {"jp": "母です。", "audio": None},
            "audio": None,
        },
    ]
    found = look({"a.json": {"chapters": [{"chapter": 1, "title": "人", "words": words}]}})
    assert found.said[:2] == [
        "word: 父 チチ -> chapters[0].words[0].audio",
        "sentence: 父です。 -> chapters[0].words[0].sentence.audio",
    ]


def test_prompts_with_translations(look: Look) -> None:
    rows = [
        {"prompt": "水を飲みます", "translations": ["I drink water"]},
        {"prompt": "犬がいます。", "translations": ["There is a dog", "a dog is there"]},
    ]
    assert look({"a.json": {"challenges": rows}}).said == [
        "example: 水を飲みます -> challenges[0].audioUrl",
        "example: 犬がいます。 -> challenges[1].audioUrl",
    ]


def test_grammar_points_with_marked_sentences(look: Look) -> None:
    def point(slug: str, title: str, content: str, marked: str) -> dict[str, Any]:
        sentence = {"content": content, "furigana": marked, "translation": "x", "audio_url": None}
        return {"slug": slug, "title": title, "meaning": "x", "sentences": [sentence]}

    found = look(
        {
            "grammar.json": [
                point("desu", "です", "私は学生です。", "私[わたし]は学生[がくせい]です。"),
                point("tai", "〜たい", "水が飲みたい。", "水[みず]が飲[の]みたい。"),
            ]
        }
    )
    assert (found.kinds, found.ids) == ({"grammar"}, ["desu", "tai"])
    assert found.said == [
        "sentence-1: 私は学生です。 ワタシハガクセイデス -> [0].sentences[0].audio_url",
        "sentence-1: 水が飲みたい。 ミズガノミタイ -> [1].sentences[0].audio_url",
    ]


def test_kanji_whose_readings_have_objects_of_their_own(look: Look) -> None:
    def kanji(text: str, on: str, kun: str) -> dict[str, Any]:
        return {
            "kanji": text,
            "audio_yomi": {
                "on": [{"reading": on, "audio": None}],
                "kun": [{"reading": kun, "audio": None}],
            },
        }

    found = look({"a.json": [kanji("日", "ニチ", "ひ"), kanji("学", "ガク", "まな.ぶ")]})
    assert found.said[2:] == [
        "onyomi-1: 学 ガク -> [1].audio_yomi.on[0].audio",
        "kunyomi-1: 学ぶ マナブ -> [1].audio_yomi.kun[0].audio",
    ]
