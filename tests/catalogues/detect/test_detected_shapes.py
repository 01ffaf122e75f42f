"""Lists, objects by word, lists in lists: what is proposed for the shapes that JSON has."""

import json
from typing import Any

import pytest

from tests.catalogues.detect.conftest import Look

MEET = {"word": "会う", "reading": "あう"}
BLUE = {"word": "青い", "reading": "あおい"}
WATER = {"word": "水", "reading": "みず"}


def test_a_list_below_a_key_is_found(look: Look) -> None:
    found = look({"a.json": {"_meta": {"n": 2}, "entries": [{"guid": "x", **MEET}]}})
    assert found.source.records.text == "$.entries[*]"
    assert found.ids == ["x"]
    assert found.said == ["word: 会う アウ -> entries[0].audioUrl"]


def test_objects_by_word_have_their_keys_as_ids(look: Look) -> None:
    rows = {"会う": {"kana": "あう", "audio": ""}, "青い": {"kana": "あおい", "audio": ""}}
    found = look({"a.json": rows})
    assert found.ids == ["会う", "青い"]
    assert found.said == ["word: 会う アウ -> 会う.audio", "word: 青い アオイ -> 青い.audio"]


def test_a_key_may_be_the_reading_of_what_stands_under_it(look: Look) -> None:
    rows = {"あう": {"kanji": "会う"}, "あく": {"kanji": "開く"}, "いぬ": {"kanji": "犬"}}
    assert look({"a.json": rows}).said[0] == "word: 会う アウ -> あう.audioUrl"


def test_a_key_that_stands_under_itself_too_is_no_field(look: Look) -> None:
    found = look({"a.json": {"会う": MEET, "水": WATER, "青い": BLUE}})
    assert found.source.clips[0].text[0].text == "word"


def test_kanji_by_character_have_a_clip_for_each_reading(look: Look) -> None:
    rows = {"日": {"on": ["ニチ", "ジツ"], "kun": ["ひ"]}, "月": {"on": ["ゲツ"], "kun": ["つき"]}}
    found = look({"a.json": rows})
    assert found.kinds == {"kanji"}
    assert found.said[:2] == [
        "onyomi-1: 日 ニチ -> 日.onAudio[0]",
        "onyomi-2: 日 ジツ -> 日.onAudio[1]",
    ]


def test_words_with_a_sentence_each_have_the_word_said(look: Look) -> None:
    rows = {
        "会う": {"meaning": "to meet", "sentence": "友達に会う。"},
        "犬": {"meaning": "dog", "sentence": "犬がいる。"},
        "水": {"meaning": "water", "sentence": "水を飲む。"},
    }
    assert look({"a.json": rows}).said[0] == "word: 会う -> 会う.audioUrl"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"会う": "あう", "犬": "いぬ", "猫": "ねこ"}, "word: 会う アウ -> nowhere"),
        ({"会う": "to meet", "犬": "dog", "猫": "cat"}, "word: 会う -> nowhere"),
    ],
)
def test_one_text_under_each_key_is_its_reading_or_what_is_said(
    look: Look, rows: dict[str, str], said: str
) -> None:
    assert look({"a.json": rows}).said[0] == said


def test_lists_by_word_are_numbered(look: Look) -> None:
    rows = {"会う": [{"yomi": "あう"}], "開く": [{"yomi": "あく"}, {"yomi": "ひらく"}]}
    found = look({"a.json": rows})
    assert found.ids == ["会う-1", "開く-1", "開く-2"]
    assert found.said[-1] == "word: 開く ヒラク -> 開く[1].audioUrl"


def test_maps_in_maps_are_followed(look: Look) -> None:
    found = look({"a.json": {"N5": {"会う": MEET, "水": WATER}, "N4": {"青い": BLUE}}})
    assert found.ids == ["N5-会う", "N5-水", "N4-青い"]


def test_examples_in_entries_are_clips_of_these(look: Look) -> None:
    rows = [
        {"slug": "a", "title": "x", "examples": [{"jp": "犬がいます。"}, {"jp": "水を飲みます。"}]},
        {"slug": "b", "title": "y", "examples": []},
    ]
    found = look({"grammar.json": rows})
    assert found.kinds == {"grammar"}
    assert found.said == [
        "example-1: 犬がいます。 -> [0].examples[0].audioUrl",
        "example-2: 水を飲みます。 -> [0].examples[1].audioUrl",
    ]


def test_lists_that_run_parallel_have_a_url_for_each_text(look: Look) -> None:
    rows = [
        {
            "id": "a",
            "pattern": "〜たい",
            "sentences": ["水が飲みたい。", "寝たい。"],
            "audio": ["x.mp3", "y.mp3"],
        },
        {"id": "b", "pattern": "〜ない", "sentences": ["行かないで。"], "audio": []},
    ]
    assert look({"a.json": rows}).said == [
        "sentence-1: 水が飲みたい。 -> [0].audio[0]",
        "sentence-2: 寝たい。 -> [0].audio[1]",
        "sentence-1: 行かないで。 -> [1].audio[0]",
    ]


def test_a_file_of_one_entry_is_joined_for_its_one_url(look: Look) -> None:
    entry = {
        "key": "dog",
        "title": "A dog",
        "paragraphs": ["犬がいました。", "走りました。"],
        "audio": None,
    }
    found = look({"story/01.json": entry})
    assert (found.kinds, found.ids) == ({"reading"}, ["dog"])
    assert found.said == ["text: 犬がいました。走りました。 -> audio"]


def test_a_file_of_one_entry_without_an_id_has_its_name(look: Look) -> None:
    found = look({"food.json": {"topic": "food", "words": ["水", "茶", "肉"]}})
    assert found.ids == ["food"]
    assert found.said[0] == "word-1: 水 -> wordsAudio[0]"


def test_words_in_lessons_have_the_lesson_in_their_ids(look: Look) -> None:
    lessons = [{"id": "l1", "words": [MEET, BLUE]}, {"id": "l2", "words": [WATER]}]
    found = look({"a.json": {"lessons": lessons}})
    assert found.ids == ["l1-1", "l1-2", "l2-1"]


def test_ids_that_stand_twice_are_told_and_not_taken(look: Look) -> None:
    found = look({"a.json": [{"id": 1, "term": "会う"}, {"id": 1, "term": "水"}]})
    assert 'id = "hash()"' in found.toml
    assert (
        "# A hash of the spoken text; not id: its 'id' '1' is also that of record 1.\n"
        in found.toml
    )
    assert len(found.ids) == 2


def test_lines_are_a_dialogue_and_its_speakers_are_named(look: Look) -> None:
    lines = [
        {"speaker": "田中", "text": "おはようございます。", "audio": None},
        {"speaker": "森", "text": "おはよう。", "audio": None},
    ]
    found = look({"a.json": [{"id": "d", "title": "駅で", "lines": lines}]})
    assert found.kinds == {"listening"}
    assert [clip.form.text for clip in found.clips] == ["おはようございます。", "おはよう。"]
    assert '# voices = { "田中" = "mei", "森" = "mei" }' in found.toml


def test_lines_with_one_sound_are_said_as_one(look: Look) -> None:
    lines = [{"who": "森", "text": "おはよう。"}, {"who": "林", "text": "はい、おはよう。"}]
    found = look({"a.json": [{"id": 1, "title": "駅で", "audio": None, "lines": lines}]})
    assert found.said == ["text: おはよう。はい、おはよう。 -> [0].audio"]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [(["会う", "水", "青い"], "vocabulary"), (["寝たい。", "行く。", "来た。"], "grammar")],
)
def test_nothing_but_texts_is_said_without_a_place_for_urls(
    look: Look, texts: list[str], kind: str
) -> None:
    found = look({"a.json": texts})
    assert found.kinds == {kind}
    assert [clip.form.text for clip in found.clips] == texts
    assert all(clip.place is None for clip in found.clips)


def test_nothing_but_texts_under_keys_has_the_keys_as_ids(look: Look) -> None:
    assert look({"a.json": {"n5": ["会う", "水"], "n4": ["青い", "開く"]}}).ids == [
        "n5-1",
        "n5-2",
        "n4-1",
        "n4-2",
    ]


def test_texts_too_deep_for_a_place_are_said_without_one(look: Look) -> None:
    rows = [{"id": 1, "examples": [{"lines": ["犬がいます。", "水を飲む。", "寝たい。"]}]}]
    found = look({"a.json": rows})
    assert len(found.said) == 3
    assert all(clip.place is None for clip in found.clips)


def test_several_lists_of_one_file_are_several_sources(look: Look) -> None:
    found = look(
        {
            "a.json": {
                "words": [{"id": "w", **MEET}],
                "grammar": [{"id": "g", "title": "〜たい", "examples": [{"japanese": "寝たい。"}]}],
            }
        }
    )
    assert found.kinds == {"vocabulary", "grammar"}
    assert found.ids == ["w", "g"]


def test_json_lines_are_records(look: Look) -> None:
    lines = [{"id": "a", "text": "友だちに会う。", "sound": ""}, {"id": "b", "text": "空は青い。"}]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    found = look({"a.jsonl": text})
    assert found.said == [
        "example: 友だちに会う。 -> [0].sound",
        "example: 空は青い。 -> [1].sound",
    ]


def test_one_clip_is_one_clip(look: Look) -> None:
    toml = look({"a.json": [{"id": 1, "term": "会う"}]}).toml
    assert "# 1 entry: " in toml
    assert "# 1 clip: " in toml


def test_a_row_of_kana_has_a_clip_for_each_letter(look: Look) -> None:
    rows = [
        {"row": "か行", "a": "か", "i": "き", "u": "く"},
        {"row": "さ行", "a": "さ", "i": "し", "u": "す"},
        {"row": "や行", "a": "や", "i": "", "u": "ゆ"},
    ]
    found = look({"kana.json": rows})
    assert found.kinds == {"characters"}
    assert found.said[:4] == [
        "a: カ -> [0].aAudio",
        "i: キ -> [0].iAudio",
        "u: ク -> [0].uAudio",
        "a: サ -> [1].aAudio",
    ]
    assert len(found.said) == 8


def test_letters_in_objects_have_their_urls_there(look: Look) -> None:
    rows = [
        {"row": "k", "a": {"kana": "か"}, "i": {"kana": "き"}, "u": {"kana": "く"}},
        {"row": "s", "a": {"kana": "さ"}, "i": {"kana": "し"}, "u": {"kana": "す"}},
    ]
    assert look({"kana.json": rows}).said[:2] == [
        "a_kana: カ -> [0].a.audioUrl",
        "i_kana: キ -> [0].i.audioUrl",
    ]


def test_what_a_letter_is_made_of_is_no_letter_of_a_row(look: Look) -> None:
    rows = [{"base": "か", "kana": "が", "x": "カ"}, {"base": "は", "kana": "ば", "x": "ハ"}]
    found = look({"kana.json": rows})
    assert found.said == ["kana: ガ -> [0].audioUrl", "kana: バ -> [1].audioUrl"]


def test_an_id_in_the_metadata_makes_no_record_of_the_file(look: Look) -> None:
    meta = {"id_range": {"first": "q-1", "last": "q-2"}}
    rows = [
        {"id": "q-1", "question_ja": "これは何ですか。"},
        {"id": "q-2", "question_ja": "何時ですか。"},
    ]
    found = look({"questions.json": {"_meta": meta, "questions": rows}})
    assert found.source.records.text == "$.questions[*]"
    assert found.ids == ["q-1", "q-2"]


@pytest.mark.parametrize("key", ["_meta", "meta", "metadata", "_voices"])
@pytest.mark.parametrize("deep", [False, True])
def test_nothing_in_the_metadata_is_said_beside_records(
    look: Look, key: str, *, deep: bool
) -> None:
    about = {key: {"voices": [{"id": "v", "character": "四国めたん", "romaji": "type-T"}]}}
    about[key]["notice"] = [{"text": "犬です。"}]
    entry = {"id": "a", **MEET, **(about if deep else {})}
    found = look({"a.json": {**({} if deep else about), "entries": [entry]}})
    assert found.said == ["word: 会う アウ -> entries[0].audioUrl"]


def test_the_metadata_of_a_record_may_tell_its_reading(look: Look) -> None:
    rows = [
        {"_id": "a", "word": "会う", "meta": {"reading": "あう"}},
        {"_id": "b", "word": "水", "meta": {"reading": "みず"}},
    ]
    found = look({"a.json": rows})
    assert found.ids == ["a", "b"]
    assert [clip.form.reading for clip in found.clips] == ["アウ", "ミズ"]
    alone = look({"b.json": {"metadata": {"reading": "あう"}, "_id": "a", "word": "会う"}})
    assert alone.said == ["word: 会う アウ -> audioUrl"]


def test_records_that_lie_nowhere_else_are_found_under_any_key(look: Look) -> None:
    hits = [{"_id": "a", "_source": MEET}, {"_id": "b", "_source": BLUE}]
    assert look({"a.json": {"_hits": hits}}).ids == ["a", "b"]


def test_titles_of_other_things_are_not_said_beside_records(look: Look) -> None:
    point = {
        "id": "a",
        "examples": [{"ja": "寝たい。", "audio": None}],
        "refs": [{"work_title": "坊っちゃん"}, {"work_title": "三四郎"}],
    }
    found = look({"grammar.json": {"patterns": [point]}})
    assert [clip.form.text for clip in found.clips] == ["寝たい。"]


def test_rows_that_are_lists_are_read_by_the_places_in_them(look: Look) -> None:
    found = look({"a.json": [["食べる", "たべる", "to eat"], ["飲む", "のむ", "to drink"]]})
    assert found.said == ["word: 食べる タベル -> nowhere", "word: 飲む ノム -> nowhere"]
    assert "no clip says" not in found.toml


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        ({"greet": "おはよう", "bye": "じゃあね"}, ["greet", "bye"]),
        ({"day": {"greet": "おはよう", "bye": "じゃあね"}}, ["day-greet", "day-bye"]),
    ],
)
def test_of_phrases_by_language_the_japanese_ones_are_said(
    look: Look, texts: dict[str, Any], ids: list[str]
) -> None:
    found = look({"phrases.json": {"ja": texts, "en": texts}})
    assert found.ids == ids
    assert [clip.form.text for clip in found.clips] == ["おはよう", "じゃあね"]


@pytest.mark.parametrize(
    "lines",
    [
        "A（女）：こんにちは。\nB（男）：どうも。",
        "女（おんな）1（先生（せんせい））: テストです。\n男（おとこ）1: はい。",
        "田中 (たなか): はい。\n山田 (やまだ): いいえ。",
        "店員(てんいん)：いらっしゃいませ。\n客(きゃく)：すみません。",
        "－はい。\n－いいえ。",
        "駅です。\n男：行きましょう。\n女：はい。",
        "田中：おはようございます。",
    ],
)
def test_lines_that_begin_with_speakers_are_a_dialogue(look: Look, lines: str) -> None:
    (rule,) = look(
        {"a.json": [{"id": 1, "script": lines}, {"id": 2, "script": lines}]}
    ).source.clips
    assert rule.say.value == "dialogue"


@pytest.mark.parametrize("text", ["例：これは本です。", "[名] 犬", "今日は7：30に起きます。"])
def test_other_marks_at_the_beginning_make_no_dialogue(look: Look, text: str) -> None:
    (rule,) = look({"a.json": [{"id": 1, "jp": text}, {"id": 2, "jp": text}]}).source.clips
    assert rule.say.value != "dialogue"


@pytest.mark.parametrize("url", [{}, {"audio": ""}])
def test_texts_in_lists_that_begin_with_speakers_are_a_dialogue(
    look: Look, url: dict[str, str]
) -> None:
    lines = ["田中：おはようございます。", "森：おはよう。"]
    rows = [{"id": number, "title": "駅で", "lines": lines, **url} for number in (1, 2)]
    found = look({"a.json": rows})
    assert found.source.clips[0].say.value == "dialogue"
    assert "田中" not in found.clips[0].form.text


def test_an_id_of_something_in_the_file_makes_no_record_of_the_file(look: Look) -> None:
    rows = [{"id": "a", "question_ja": "何ですか。"}, {"id": "b", "question_ja": "何時ですか。"}]
    assert look({"a.json": {"deck": {"id": "d"}, "questions": rows}}).ids == ["a", "b"]


def test_metadata_among_records_under_keys_are_not_said(look: Look) -> None:
    meta = {"version": 1, "title": "日本語"}
    found = look({"a.json": {"_meta": meta, "w1": MEET, "w2": WATER, "w3": BLUE}})
    assert found.said[0] == "word: 会う アウ -> w1.audioUrl"
    assert len(found.said) == 3
    by_word = {"会う": {"kana": "あう"}, "水": {"kana": "みず"}, "犬": {"kana": "いぬ"}}
    found = look({"b.json": {"_meta": meta, **by_word}})
    assert [clip.form.text for clip in found.clips] == [*by_word]


def test_a_chart_of_kana_is_no_sentence(look: Look) -> None:
    rows = {"gojuon": ["あ い", "か き"], "dakuten": ["が ぎ"], "yoon": ["きゃ きゅ"]}
    chart = {
        group: [[{"kana": kana, "romaji": "x"} for kana in row.split()] for row in each]
        for group, each in rows.items()
    }
    found = look({"kana.json": {"hiragana": chart, "katakana": chart}})
    assert found.kinds == {"characters"}
    assert found.said[0] == "kana: ア -> hiragana.gojuon[0][0].audioUrl"
    assert len(found.clips) == 8


def test_rows_of_katakana_and_hiragana_are_letters(look: Look) -> None:
    pairs = [[list(pair) for pair in row.split()] for row in ("アあ イい ウう", "カか キき クく")]
    found = look({"kana.json": pairs})
    assert found.kinds == {"characters"}
    assert len(found.clips) == 12


def test_the_name_of_a_category_is_not_said_beside_its_phrases(look: Look) -> None:
    groups = {"挨拶": ["おはようございます", "お元気ですか"], "道": ["駅はどこですか"]}
    rows = [
        {
            "id": at,
            "name": {"ja": name, "en": "x"},
            "phrases": [
                {"id": f"{at}-{number}", "text": {"ja": text, "en": "x"}, "audio": {"ja": None}}
                for number, text in enumerate(texts)
            ],
        }
        for at, (name, texts) in enumerate(groups.items())
    ]
    found = look({"phrases.json": {"categories": rows}})
    assert [clip.form.text for clip in found.clips] == [*groups["挨拶"], *groups["道"]]
    assert found.said[0].endswith("-> categories[0].phrases[0].audio.ja")
