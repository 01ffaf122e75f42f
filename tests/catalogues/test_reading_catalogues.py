"""The built-in shapes: which clips they have, what is said, where the URLs go, what is wrong."""

import json
from typing import Any

import pytest

from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_files import Catalogue
from tts_assets.catalogues.catalogue_reader import guess_catalogue_kind, read_catalogue
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.model import Kind, Parallel


def _read(kind: Kind, *entries: Any) -> Catalogue:
    data = json.dumps(entries, ensure_ascii=False, indent=1).encode()
    return read_catalogue(parse_document(data, file=f"{kind}.json"), BUILT_IN[kind])


def _clips(catalogue: Catalogue) -> list[tuple[object, ...]]:
    return [(clip.part, clip.form.text, clip.form.reading, clip.place) for clip in catalogue.clips]


def test_vocabulary_says_its_word_with_its_reading() -> None:
    catalogue = _read(Kind.VOCABULARY, {"id": 7, "word": "開く", "reading": "あく", "audioUrl": ""})
    assert _clips(catalogue) == [("word", "開く", "アク", (0, "audioUrl"))]
    assert catalogue.clips[0].entry == "7"


def test_grammar_says_its_examples() -> None:
    catalogue = _read(
        Kind.GRAMMAR,
        {"id": 1, "title": "〜です", "examples": [{"japanese": "本です。"}, {"japanese": ""}]},
        {"id": 2, "title": "〜ます", "examples": []},
    )
    assert _clips(catalogue) == [("example-1", "本です。", None, (0, "examples", 0, "audioUrl"))]
    assert [each.part for each in catalogue.unspoken] == ["example-2"]


def test_kanji_says_its_main_reading_all_readings_and_examples() -> None:
    entry = {
        "id": 1,
        "kanji": "食",
        "onyomi": ["ショク", "ジキ"],
        "kunyomi": ["た.べる", "く.う"],
        "examples": [{"word": "食事", "reading": "しょくじ"}],
    }
    catalogue = _read(Kind.KANJI, entry)
    assert _clips(catalogue) == [
        ("kanji", "食", "ショク", (0, "audioUrl")),
        ("onyomi-1", "食", "ショク", (0, "onyomiAudio", 0)),
        ("onyomi-2", "食", "ジキ", (0, "onyomiAudio", 1)),
        ("kunyomi-1", "食べる", "タベル", (0, "kunyomiAudio", 0)),
        ("kunyomi-2", "食う", "クウ", (0, "kunyomiAudio", 1)),
        ("example-1", "食事", "ショクジ", (0, "examples", 0, "audioUrl")),
    ]
    assert [clip.parallel for clip in catalogue.clips[2:4]] == [
        Parallel((0, "onyomiAudio"), 2, "onyomi"),
        Parallel((0, "kunyomiAudio"), 2, "kunyomi"),
    ]


@pytest.mark.parametrize(
    ("entry", "reading"),
    [
        ({"onyomi": [], "kunyomi": ["はこ"]}, "ハコ"),
        ({"onyomi": None, "kunyomi": ["", "ひと-"]}, "ヒト"),
        ({}, None),
    ],
)
def test_the_main_reading_is_the_first_there_is(entry: dict[str, Any], reading: str | None) -> None:
    catalogue = _read(Kind.KANJI, {"id": 1, "kanji": "箱", **entry})
    assert catalogue.clips[0].form.reading == reading


def test_characters_are_said_from_katakana_and_need_no_id() -> None:
    catalogue = _read(Kind.CHARACTERS, {"hiragana": "は", "katakana": "ハ", "romaji": "ha"})
    assert _clips(catalogue) == [("kana", "ハ", "ハ", (0, "audioUrl"))]
    assert catalogue.clips[0].entry == "は"


@pytest.mark.parametrize(
    ("entry", "reading"),
    [
        ({"onyomi": ["ニチ", "ジツ"], "kunyomi": ["ひ"]}, "ニチ"),
        ({"onyomi": [], "kunyomi": ["た.べる"]}, "タベル"),
        ({"onyomi": None, "kunyomi": ["-か", "ひ"]}, "カ"),
        ({"hiragana": "にち", "onyomi": ["ジツ"]}, "ニチ"),
    ],
)
def test_a_kanji_among_the_characters_is_said_by_a_reading(
    entry: dict[str, Any], reading: str
) -> None:
    kana = {"hiragana": "あ", "katakana": "ア"}
    catalogue = _read(Kind.CHARACTERS, kana, {"kanji": "日", **entry})
    assert [clip.form.reading for clip in catalogue.clips] == ["ア", reading]
    assert catalogue.clips[1].place == (1, "audioUrl")
    assert catalogue.problems == []


def test_a_kanji_without_a_reading_is_not_said_bare_among_the_characters() -> None:
    catalogue = _read(Kind.CHARACTERS, {"kanji": "日", "onyomi": [], "kunyomi": []})
    assert catalogue.clips == []
    assert "'kunyomi[*]'" in catalogue.problems[0].message


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("readings.json", Kind.READING),
        ("n5_readings.json", Kind.READING),
        ("readings/1.json", Kind.READING),
        ("kanji_readings.json", Kind.KANJI),
        ("proofreadings.json", None),
    ],
)
def test_the_plural_of_reading_names_the_kind_unless_another_is_named(
    file: str, kind: Kind | None
) -> None:
    assert guess_catalogue_kind(file, []) is kind


def test_passages_and_dialogues_say_their_text() -> None:
    entry = {"id": 1, "title": "x", "text": "田中：はい。\n山本：いいえ。"}
    assert _read(Kind.LISTENING, entry).clips[0].form.text == "はい。いいえ。"
    assert _read(Kind.READING, entry).clips[0].form.text == "田中：はい。山本：いいえ。"


def test_null_empty_and_absent_urls_are_the_same_and_a_text_is_kept() -> None:
    urls: list[dict[str, str | None]] = [
        {}, {"audioUrl": None}, {"audioUrl": ""}, {"audioUrl": "/x"},
    ]  # fmt: skip
    entries = [{"id": number, "word": "犬"} | url for number, url in enumerate(urls)]
    assert [clip.url for clip in _read(Kind.VOCABULARY, *entries).clips] == [None, None, None, "/x"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("犬", "it is not an object"),
        ({"word": "犬"}, "it has no 'id'"),
        (
            {"id": None, "word": "犬"},
            "its 'id' is null, but must be text or an integer: give every entry a unique one",
        ),
        ({"id": True, "word": "犬"}, "is true or false, but must be text or an integer"),
        ({"id": 1.5, "word": "犬"}, "is a number, but must be text or an integer"),
        ({"id": "", "word": "犬"}, "'id' is empty"),
        ({"id": "a\x00b", "word": "犬"}, "control"),
        ({"id": "あ" * 100, "word": "犬"}, "300 bytes long; at most 200"),
        ({"id": 1}, "it has no 'word'"),
        ({"id": 1, "word": ["犬"]}, "'word' is a list, but must be text"),
        ({"id": 1, "word": 3}, "'word' is a number, but must be text"),
        ({"id": 1, "word": "犬", "reading": {}}, "'reading' is an object, but must be text"),
        ({"id": 1, "word": "犬", "reading": "dog!"}, "dog!"),
        ({"id": 1, "word": "犬", "accent": "high"}, "high"),
        ({"id": 1, "word": "犬", "audioUrl": ["/x"]}, "'audioUrl' must contain text or null"),
        ({"id": 1, "word": "あ" * 6000}, "6,000 characters; the limit for a clip is 5,000"),
        ({"id": 1, "word": "犬\x1b[2J"}, "U+001B, a control character"),
        ({"id": 1, "word": "\ud800犬"}, "half of a surrogate pair"),
    ],
)
def test_a_bad_entry_is_named_with_its_line_and_the_others_are_read(
    entry: Any, message: str
) -> None:
    good = {"id": "good", "word": "猫"}
    text = "[\n" + ",\n".join(json.dumps(each) for each in (good, entry)) + "\n]"
    catalogue = read_catalogue(
        parse_document(text.encode(), file="v.json"), BUILT_IN[Kind.VOCABULARY]
    )
    assert [clip.entry for clip in catalogue.clips] == ["good"]
    (problem,) = catalogue.problems
    assert message in problem.message
    assert problem.line == 3
    assert problem.entry is not None


@pytest.mark.parametrize(
    ("ids", "same"),
    [
        ([1, 1], "also that of"),
        (["a", "a"], "also that of"),
        ([1, "1"], "also that of"),
        (["a", "A"], "too similar to that of"),
        (["が", "か\u3099"], "too similar to that of"),
        (["ß", "SS"], "too similar to that of"),
    ],
)
def test_ids_that_could_be_taken_for_each_other_are_refused(ids: list[Any], same: str) -> None:
    entries = [{"id": each, "word": "犬"} for each in ids]
    catalogue = _read(Kind.VOCABULARY, *entries)
    assert len(catalogue.clips) == 1
    assert f"is {same}" in catalogue.problems[0].message


@pytest.mark.parametrize(
    ("entry", "message", "made"),
    [
        ({"onyomi": "ショク"}, "'onyomi' is text, but must be a list", 0),
        ({"onyomi": ["ショク", 5], "examples": [{"word": "食事"}]}, "'onyomi[1]' is a number", 3),
        ({"onyomi": ["ショク", "食"]}, "is not kana", 2),
        (
            {"examples": ["食事", {"word": "食器"}]},
            "'examples[0]' is text, but must be an object",
            2,
        ),
        ({"examples": [{"reading": "しょくじ"}]}, "it has no 'word'", 1),
    ],
)
def test_a_bad_value_spoils_its_own_clip_only(
    entry: dict[str, Any], message: str, made: int
) -> None:
    catalogue = _read(Kind.KANJI, {"id": 1, "kanji": "食", **entry})
    assert message in catalogue.problems[0].message
    assert len(catalogue.clips) == made


def test_a_thousand_problems_all_have_their_lines() -> None:
    text = "[" + ",\n".join('{"word": "x"}' for _ in range(1000)) + "]"
    catalogue = read_catalogue(
        parse_document(text.encode(), file="v.json"), BUILT_IN[Kind.VOCABULARY]
    )
    assert [problem.line for problem in catalogue.problems] == list(range(1, 1001))


@pytest.mark.parametrize(
    ("file", "root", "kind"),
    [
        ("data/vocabulary.json", None, Kind.VOCABULARY),
        ("data/vocabulary_n5.json", None, Kind.VOCABULARY),
        ("n5-Kanji.json", None, Kind.KANJI),
        ("grammar/n5.json", None, Kind.GRAMMAR),
        ("kanji-app/words.json", [{"word": "犬"}], Kind.VOCABULARY),
        ("x.json", [{"hiragana": "は", "katakana": "ハ"}], Kind.CHARACTERS),
        ("x.json", [{"kanji": "水"}], Kind.KANJI),
        ("x.json", [{"title": "t", "examples": []}], Kind.GRAMMAR),
        ("x.json", [{"title": "t", "text": "x"}], None),
        ("x.json", [{"kanji": "水", "word": "水"}], None),
        ("package.json", {"name": "x"}, None),
        ("x.json", [], None),
    ],
)
def test_the_kind_is_told_by_name_then_folder_then_entries(
    file: str, root: Any, kind: Kind | None
) -> None:
    assert guess_catalogue_kind(file, root) is kind


def test_what_an_entry_overrides_is_said_instead() -> None:
    entry = {"id": 1, "word": "今日", "tts": {"reading": "こんにち", "accent": 1}}
    form = _read(Kind.VOCABULARY, entry).clips[0].form
    assert (form.text, form.reading, form.accent) == ("今日", "コンニチ", 1)
    entry = {"id": 1, "word": "W", "reading": "x", "tts": {"text": "犬", "reading": "いぬ"}}
    assert _read(Kind.VOCABULARY, entry).clips[0].form.text == "犬"


def test_a_kana_line_is_held_against_its_sentence() -> None:
    example = {"japanese": "雨が降る。", "reading": "あめがふる。"}
    form = _read(Kind.GRAMMAR, {"id": 1, "title": "x", "examples": [example]}).clips[0].form
    assert (form.text, form.reading, form.sentence) == ("雨が降る。", "アメガフル", True)


@pytest.mark.parametrize("entry_id", ["m]8{k/]g>t", "../../x", "/etc/passwd", "a\\b", ".."])
def test_an_id_may_look_like_a_path(entry_id: str) -> None:
    (clip,) = _read(Kind.VOCABULARY, {"id": entry_id, "word": "犬"}).clips
    assert clip.entry == entry_id


def test_of_alternatives_the_first_gets_the_url() -> None:
    catalogue = _read(Kind.VOCABULARY, {"id": 1, "word": "いい/よい"})
    assert _clips(catalogue) == [("word", "いい", None, (0, "audioUrl"))]
