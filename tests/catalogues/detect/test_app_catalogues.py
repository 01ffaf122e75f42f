"""Catalogues of learners' apps: how many clips are proposed, counted in the file by another way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.catalogues.detect.conftest import Look
from tts_assets.config.catalogue_sources import IdOrigin

WORDS = [
    ("日本", "にほん"), ("日曜日", "にちようび"), ("本", "ほん"), ("本屋", "ほんや"), ("学校", "がっこう"),
    ("大学", "だいがく"), ("大きい", "おおきい"), ("水", "みず"), ("水曜日", "すいようび"),
]  # fmt: skip
EXAMPLES = [{"word": word, "reading": kana, "meaning": "x"} for word, kana in WORDS]
BY_KANJI = {"日": EXAMPLES[:2], "本": EXAMPLES[2:4], "学": EXAMPLES[4:6], "水": EXAMPLES[6:]}
SENTENCES = [
    [("私", "わたし"), ("は", "は"), ("学生", "がくせい"), ("です", "です"), ("。", "")],
    [("水", "みず"), ("を", "を"), ("飲み", "のみ"), ("ます", "ます"), ("。", "。")],
    [("犬", "いぬ"), ("が", ""), ("いる", ""), ("。", "")],
]
TEXTS = ["".join(word for word, _ in sentence) for sentence in SENTENCES]
KANA = {"a": "あ", "i": "い", "u": "う", "ka": "か", "kya": "きゃ"}
READINGS = {"on": ["ニチ", "ジツ"], "kun": ["ひ"]}


def _tokens(**keys: str) -> list[list[dict[str, str]]]:
    word, kana = keys["word"], keys["kana"]
    return [[{word: one, kana: other} for one, other in sentence] for sentence in SENTENCES]


def _rows(head: str = "") -> str:
    return head + "".join(f"{word}\t{kana}\tx, y\n" for word, kana in WORDS)


class Shape(NamedTuple):
    """A catalogue, the first clip that is expected, and another way to count its clips."""

    file: str
    content: Any
    kind: str
    first: str
    count: Callable[[Any], int]


def _lists(root: Any) -> int:
    return sum(map(len, root.values()))


SHAPES = {
    "a kanji, and words with it below it": Shape(
        "n5.json", BY_KANJI, "vocabulary", "word: 日本 ニホン -> 日[0].audioUrl", _lists
    ),
    "a kanji with a meaning, and examples of it": Shape(
        "n5.json",
        {kanji: {"meaning": "x", "examples": words} for kanji, words in BY_KANJI.items()},
        "vocabulary",
        "example-1: 日本 ニホン -> 日.examples[0].audioUrl",
        lambda root: sum(len(entry["examples"]) for entry in root.values()),
    ),
    "a theme, and its words": Shape(
        "n5.json",
        {"学ぶ所": EXAMPLES[4:6], "飲み物": EXAMPLES[7:8], "週": [EXAMPLES[1], EXAMPLES[8]]},
        "vocabulary",
        "word: 学校 ガッコウ -> 学ぶ所[0].audioUrl",
        _lists,
    ),
    "readings, and their sounds in another list": Shape(
        "kanji.json",
        [
            {
                "kanji": kanji,
                **READINGS,
                "audio_yomi": {
                    key: [{"reading": kana, "audio": f"{kana}.mp3"} for kana in readings]
                    for key, readings in READINGS.items()
                },
            }
            for kanji in BY_KANJI
        ],
        "kanji",
        "onyomi-1: 日 ニチ -> [0].audio_yomi.on[0].audio",
        lambda root: sum(len(entry["on"]) + len(entry["kun"]) for entry in root),
    ),
    "readings, and one sound for the first of each sort": Shape(
        "kanji.json",
        [{"kanji": kanji, **READINGS, "on_audio": "a.mp3", "kun_audio": ""} for kanji in BY_KANJI],
        "kanji",
        "onyomi: 日 ニチ -> [0].on_audio",
        lambda root: 2 * len(root),
    ),
    "examples, and their sounds in another list": Shape(
        "n5.json",
        [
            {"id": 1, "point": "〜です", "examples": [{"jp": text} for text in TEXTS]}
            | {"example_audio": ["a.mp3", "b.mp3", ""]},
            {"id": 2, "point": "〜を", "examples": [{"jp": TEXTS[1]}], "example_audio": []},
        ],
        "grammar",
        "example-1: 私は学生です。 -> [0].example_audio[0]",
        lambda root: sum(len(entry["examples"]) for entry in root),
    ),
    "words of sentences with their readings": Shape(
        "n5.json",
        [
            {"id": at, "tokens": tokens, "en": "x"}
            for at, tokens in enumerate(_tokens(word="surface", kana="reading"))
        ],
        "grammar",
        "example: 私は学生です。 ワタシハガクセイデス -> [0].audioUrl",
        len,
    ),
    "words of sentences beside these": Shape(
        "n5.json",
        [
            {"jp": text, "words": tokens}
            for text, tokens in zip(TEXTS, _tokens(word="t", kana="r"), strict=True)
        ],
        "grammar",
        "example: 私は学生です。 ワタシハガクセイデス -> [0].audioUrl",
        len,
    ),
    "words of sentences in pairs": Shape(
        "story.json",
        {"id": "a", "title": "犬", "sentences": SENTENCES},
        "reading",
        "sentence-1: 私は学生です。 ワタシハガクセイデス -> sentencesAudio[0]",
        lambda root: len(root["sentences"]),
    ),
    "the parts of words by the word": Shape(
        "n5.json",
        {
            "お名前": [["お"], ["名", "な"], ["前", "まえ"]],
            "学校": [["学", "がっ"], ["校", "こう"]],
        },
        "vocabulary",
        "word: お名前 オナマエ -> nowhere",
        len,
    ),
    "all words, and the same by level": Shape(
        "n5.json",
        {"words": EXAMPLES, "levels": {"N5": EXAMPLES[:4], "N4": EXAMPLES[4:]}},
        "vocabulary",
        "word: 日本 ニホン -> words[0].audioUrl",
        lambda root: len(root["words"]),
    ),
    "all words, and some of them": Shape(
        "n5.json",
        {"all": EXAMPLES, "favourites": EXAMPLES[2:4]},
        "vocabulary",
        "word: 日本 ニホン -> all[0].audioUrl",
        lambda root: len(root["all"]),
    ),
    "lessons with the same words twice": Shape(
        "n5.json",
        [{"id": at, "words": row, "review": row} for at, row in enumerate(BY_KANJI.values())],
        "vocabulary",
        "word: 日本 ニホン -> [0].words[0].audioUrl",
        lambda root: sum(len(lesson["words"]) for lesson in root),
    ),
    "words whose spelling is called kanji": Shape(
        "n5.json",
        [{"kanji": word, "kana": kana} for word, kana in WORDS if len(word) == 1]
        + [{"kanji": "", "kana": "ああ"}, {"kanji": "木", "kana": "き"}],
        "vocabulary",
        "word: 本 ホン -> [0].audioUrl",
        len,
    ),
    "sentences, one in each record": Shape(
        "n5.json",
        [{"id": at, "sentences": [text]} for at, text in enumerate(TEXTS)],
        "grammar",
        "sentence-1: 私は学生です。 -> [0].sentencesAudio[0]",
        len,
    ),
    "lines of kana": Shape(
        "n5.json",
        [{"id": 1, "text": "おはようございます。"}, {"id": 2, "text": "わたしは アンナです。"}],
        "grammar",
        "example: おはようございます。 -> [0].audioUrl",
        len,
    ),
    "nothing but furigana": Shape(
        "n5.json",
        [{"id": 1, "furigana": "食[た]べる"}, {"id": 2, "furigana": "学校[がっこう]"}],
        "vocabulary",
        "word: 食べる タベル -> [0].audioUrl",
        len,
    ),
    "sentences with their translations in rows": Shape(
        "n5.json",
        [{"id": 1, "point": "〜です", "examples": [[text, "x"] for text in TEXTS[:2]]}],
        "grammar",
        "example-1: 私は学生です。 -> [0].examplesAudio[0]",
        lambda root: sum(len(entry["examples"]) for entry in root),
    ),
    "a story of sentences with one sound": Shape(
        "a.json",
        {"id": "a", "title": "犬", "sentences": [{"ja": text} for text in TEXTS], "audio": ""},
        "reading",
        "text: 私は学生です。水を飲みます。犬がいる。 -> audio",
        lambda _: 1,
    ),
    "kana by their romaji": Shape("n5.json", KANA, "characters", "kana: ア -> nowhere", len),
    "kana in a list": Shape("n5.json", [*KANA.values()], "characters", "kana: ア -> nowhere", len),
    "two charts of kana by their romaji": Shape(
        "n5.json",
        {"version": 2, "hiragana": KANA, "more": {"ya": ["や", "", *KANA.values(), None]}},
        "characters",
        "kana: ア -> nowhere",
        lambda root: len(root["hiragana"]) + len(KANA) + 1,
    ),
    "numbered rows without names": Shape(
        "n5.tsv",
        "".join(f"{at + 1200}\t{text}\t{at % 2}\tx\n" for at, text in enumerate(TEXTS)),
        "grammar",
        "example: 私は学生です。 -> [0].audio",
        lambda text: text.count("\n"),
    ),
    "plain text with tabs": Shape(
        "n5.txt", _rows(), "vocabulary", "word: 日本 ニホン -> [0].audio", lambda _: len(WORDS)
    ),
    "plain text with tabs and a header": Shape(
        "n5.txt",
        _rows("単語\t読み\t意味\n"),
        "vocabulary",
        "word: 日本 ニホン -> [0].audio",
        lambda _: len(WORDS),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_text_of_an_app_is_a_clip_and_none_is_two(
    name: str, look: Look, tmp_path: Path
) -> None:
    file, content, kind, first, count = SHAPES[name]
    found = look({file: content})
    assert (found.kinds, found.said[0]) == ({kind}, first)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert len(found.clips) == count(json.loads(text) if file.endswith(".json") else text)
    assert "in every record" not in found.toml or found.source.id.of is IdOrigin.FIELD


def test_a_column_without_a_name_is_the_id_if_it_numbers_the_rows(look: Look) -> None:
    found = look({"n5.tsv": SHAPES["numbered rows without names"].content})
    assert found.source.columns == ("id", "sentence", "column3", "column4", "audio")
    assert found.source.id.paths[0].text == "id"


def test_a_list_that_is_left_out_as_a_copy_is_named(look: Look) -> None:
    found = look({"n5.json": SHAPES["all words, and the same by level"].content})
    assert "# Lists that only repeat these texts and are not read: $.levels[*][*]." in found.toml


@pytest.mark.parametrize("cell", ["[sound:au.mp3]", ""])
@pytest.mark.parametrize(
    "head", ["#separator:tab\n#html:true\n", "#separator:tab\n#columns:W\tR\tA\n"]
)
def test_sounds_of_anki_are_written_as_anki_does(look: Look, head: str, cell: str) -> None:
    text = head + "".join(f"{word}\t{kana}\t{cell}\n" for word, kana in WORDS)
    found = look({"deck.txt": text})
    assert found.source.url == "[sound:{recipe}.{ext}]"
    assert len(found.clips) == len(WORDS)


def test_sounds_of_anki_in_other_files_are_known_by_their_look(look: Look) -> None:
    rows = [{"front": word, "reading": kana, "sound": "[sound:a.mp3]"} for word, kana in WORDS]
    assert look({"deck.json": {"cards": rows}}).source.url == "[sound:{recipe}.{ext}]"
    plain = [{**row, "sound": "/a.mp3"} for row in rows]
    assert look({"deck.json": {"cards": plain}}).source.url is None


@pytest.mark.parametrize(
    "lists",
    [
        [["は", "が", "を", "に"], ["食べる", "飲む", "行く"]],
        [["水", "本", "学校", "に"], ["犬", "猫", "鳥", "木"]],
    ],
)
def test_choices_and_vocabulary_are_no_words_of_a_sentence(
    look: Look, lists: list[list[str]]
) -> None:
    rows = [{"id": at, "words": row} for at, row in enumerate(lists)]
    assert all(rule.join is None for rule in look({"a.json": rows}).source.clips)


def test_a_kanji_is_not_said_for_a_reading_that_it_lacks(look: Look) -> None:
    rows = [
        {"char": "礼", "on": "レイ", "kun": ""},
        {"char": "日", "on": "ニチ、ジツ", "kun": "ひ"},
    ]
    found = look({"kanji.json": rows})
    assert [clip.form.reading for clip in found.clips] == ["レイ", "ニチ", "ジツ", "ヒ"]
    assert found.unspoken == ["left out: kun is missing"]


def test_text_without_tabs_is_no_table(look: Look) -> None:
    found = look({"notes.txt": "これは ただの 文章です。\nタブは ありません。\n"})
    assert found.proposal.drafts == ()
    assert found.proposal.passed["notes.txt"].startswith("it is text without tabs; ")
    assert look({"notes.txt": "no Japanese\n"}).proposal.foreign == 1


def test_json_in_a_text_file_is_read_as_generate_reads_it(look: Look) -> None:
    rows = [{"id": 1, "word": "会う", "reading": "あう"}, {"id": 2, "word": "水"}]
    text = json.dumps(rows, ensure_ascii=False)
    found = look({"data/vocabulary.txt": text, "data/vocabulary.json": text})
    assert found.proposal.built_in.keys() == {"data/vocabulary.txt", "data/vocabulary.json"}
    assert set(found.proposal.paths) == {"data/vocabulary.txt", "data/vocabulary.json"}
    found = look({"n5.txt": json.dumps([{"term": "会う", "kana": "あう"}], ensure_ascii=False)})
    assert [clip.form.reading for clip in found.clips] == ["アウ"]
