"""Catalogues of other shapes: records, ids, fields and places for URLs, as a source tells them."""

import json
import tomllib
from typing import Any

import pytest

from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_files import Catalogue
from tts_assets.catalogues.catalogue_reader import read_catalogue
from tts_assets.config.source_table import parse_source
from tts_assets.errors import InputError
from tts_assets.model import Parallel

CLIP = """
[[clip]]
text = "word"
to = "audio"
"""


def _read(toml: str, root: Any, *, file: str = "x.json", clip: str = CLIP) -> Catalogue:
    table = tomllib.loads(f'files = "x"\nkind = "vocabulary"\n{toml}\n{clip}')
    data = json.dumps(root, ensure_ascii=False, indent=1).encode()
    return read_catalogue(parse_document(data, file=file), parse_source(table, "source 1"))


def _ids(catalogue: Catalogue) -> list[tuple[str, object]]:
    return [(clip.entry, clip.place) for clip in catalogue.clips]


@pytest.mark.parametrize(
    ("toml", "root", "ids"),
    [
        (
            'records = "$.words[*]"\nid = "guid"',
            {"meta": {}, "words": [{"guid": "a", "word": "犬"}]},
            [("a", ("words", 0, "audio"))],
        ),
        (
            'records = "$.*"\nid = "key()"',
            {"犬": {"word": "犬"}, "猫/山": {"word": "猫"}},
            [("犬", ("犬", "audio")), ("猫/山", ("猫/山", "audio"))],
        ),
        (
            'records = "$.*[*]"\nid = "key()"',
            {"犬": [{"word": "犬"}, {"word": "狗"}]},
            [("犬-1", ("犬", 0, "audio")), ("犬-2", ("犬", 1, "audio"))],
        ),
        ('records = "$"\nid = "file()"', {"word": "犬"}, [("x", ("audio",))]),
        (
            'records = "$.lessons[*].words[*]"\nid = "parent(no)"',
            {"lessons": [{"no": 7, "words": [{"word": "犬"}, {"word": "猫"}]}]},
            [
                ("7-1", ("lessons", 0, "words", 0, "audio")),
                ("7-2", ("lessons", 0, "words", 1, "audio")),
            ],
        ),
        (
            'id = ["code", "meta.id"]',
            [{"code": "", "meta": {"id": 3}, "word": "犬"}],
            [("3", (0, "audio"))],
        ),
        (
            """records = "$['my words'][*]"\nid = "['the id']" """,
            {"my words": [{"the id": 1, "word": "犬"}]},
            [("1", ("my words", 0, "audio"))],
        ),
    ],
)
def test_records_and_their_ids_are_found(toml: str, root: Any, ids: list[Any]) -> None:
    catalogue = _read(toml, root)
    assert not catalogue.problems
    assert _ids(catalogue) == ids


def test_a_hash_stays_with_its_texts_wherever_they_move() -> None:
    words = [{"word": "犬"}, {"word": "猫"}, {"word": "犬"}]
    first, again = (
        [clip.entry for clip in _read('id = "hash()"', rows).clips]
        for rows in (words, [{"word": "鳥"}, *words])
    )
    assert again[1:] == first
    assert first[2] == f"{first[0]}-2"
    assert len(first[0]) == 16


def test_the_first_field_that_has_something_is_said() -> None:
    clip = '[[clip]]\ntext = ["word", "kana", "forms[*].text"]\nto = "audio"'
    rows = [
        {"word": "犬", "kana": "いぬ"},
        {"word": "", "kana": "いぬ"},
        {"word": None, "forms": [{"text": None}, {"text": "わん"}]},
    ]
    catalogue = _read('id = "hash()"', rows, clip=clip)
    assert [each.form.text for each in catalogue.clips] == ["犬", "いぬ", "わん"]


@pytest.mark.parametrize(
    ("records", "root", "clip", "said"),
    [
        ("$.*", {"会う": {"kana": "あう"}}, "", [("会う", "アウ")]),
        ("$.*[*]", {"開く": [{"kana": "あく"}, {"kana": "ひらく"}]}, "",
         [("開く", "アク"), ("開く", "ヒラク")]),
        ("$.n5.*", {"n5": {"会う": {"kana": "あう"}}}, "", [("会う", "アウ")]),
        ("$", {"日": {"kana": "にち"}}, 'each = "*"', [("日", "ニチ")]),
        ("$.*", {"日": {"on": ["ニチ", "ジツ"]}}, 'each = "on[*]"\nsay = "reading"',
         [("日", "ニチ"), ("日", "ジツ")]),
    ],
)  # fmt: skip
def test_the_key_of_a_record_may_be_its_text(
    records: str, root: Any, clip: str, said: list[Any]
) -> None:
    reading = "@" if "on" in clip else "kana"
    clip = f'[[clip]]\n{clip}\ntext = "key()"\nreading = "{reading}"\nto = false\n'
    catalogue = _read(f'records = "{records}"\nid = "key()"', root, clip=clip)
    assert [str(each) for each in catalogue.problems] == []
    assert [(each.form.text, each.form.reading) for each in catalogue.clips] == said


def test_a_record_in_a_list_has_no_key() -> None:
    clip = '[[clip]]\ntext = "key()"\nto = false\n'
    catalogue = _read('records = "$.words[*]"\nid = "w"', {"words": [{"w": "犬"}]}, clip=clip)
    assert [str(each) for each in catalogue.problems] == ["x.json:3: entry 犬: it has no 'key()'"]


def test_a_missing_text_is_told_with_the_condition_that_skips_it() -> None:
    clip = '[[clip]]\ntext = "word"\nto = "audio"'
    entries = [{"word": "犬"}, {"reading": "いぬ"}]
    (problem,) = _read('id = "key()"', entries, clip=clip).problems
    skip = 'skip = { field = "word", missing = true }'
    assert (
        problem.message == f"it has no 'word': if it needs none, set {skip} in the [[source.clip]]"
    )
    assert _read('id = "key()"', entries, clip=f"{clip}\n{skip}").problems == []


def test_what_no_field_has_is_told_with_all_their_names() -> None:
    clip = '[[clip]]\ntext = ["word", "kana"]\nto = "audio"'
    (problem,) = _read('id = "key()"', [{"reading": "いぬ"}], clip=clip).problems
    assert problem.message == "it has none of 'word', 'kana'"
    assert problem.line == 2


def test_items_of_a_list_are_clips_with_urls_of_their_own() -> None:
    clip = '[[clip]]\npart = "ex"\neach = "ex[*]"\nsay = "sentence"\ntext = "jp"\nto = "audio.url"'
    root = [{"ex": [{"jp": "犬です。"}, {"jp": "猫です。", "audio": {"url": "/x"}}]}]
    catalogue = _read('id = "key()"', root, clip=clip)
    assert [(each.part, each.place, each.url) for each in catalogue.clips] == [
        ("ex-1", (0, "ex", 0, "audio", "url"), None),
        ("ex-2", (0, "ex", 1, "audio", "url"), "/x"),
    ]


def test_urls_of_texts_go_into_a_list_beside_them() -> None:
    clip = '[[clip]]\npart = "on"\neach = "on[*]"\nsay = "reading"\ntext = []\nreading = "@"\nto = '
    root = [{"on": ["ショク", "ジキ"], "urls": ["/x"]}]
    clip = clip.replace("text = []\n", "")
    catalogue = _read('id = "key()"', root, clip=clip + '"$.urls[#]"')
    assert [(each.place, each.url, each.parallel) for each in catalogue.clips] == [
        ((0, "urls", 0), "/x", Parallel((0, "urls"), 2, "on")),
        ((0, "urls", 1), None, Parallel((0, "urls"), 2, "on")),
    ]
    catalogue = _read('id = "key()"', [{"on": ["ショク"]}], clip=clip + '"$.sounds[#].mp3"')
    assert catalogue.clips[0].place == (0, "sounds", 0, "mp3")
    assert catalogue.clips[0].parallel == Parallel((0, "sounds"), 1, "on")


def test_alternatives_are_clips_with_urls_in_a_list() -> None:
    clip = '[[clip]]\ntext = "word"\nsplit = "+"\nalternatives = "all"\nto = '
    catalogue = _read('id = "key()"', [{"word": "犬+猫"}], clip=clip + '"urls[#]"')
    assert [(each.part, each.form.text, each.place, each.parallel) for each in catalogue.clips] == [
        ("word", "犬", (0, "urls", 0), Parallel((0, "urls"), 2)),
        ("word-2", "猫", (0, "urls", 1), Parallel((0, "urls"), 2)),
    ]
    catalogue = _read('id = "key()"', [{"word": "犬+猫"}], clip=clip + '"url"')
    assert [each.place for each in catalogue.clips] == [(0, "url"), None]


def test_texts_are_joined_to_one_clip() -> None:
    clip = '[[clip]]\nsay = "sentence"\ntext = "lines[*]"\njoin = "\\n"\nto = "audio"'
    catalogue = _read('records = "$"\nid = "file()"', {"lines": ["犬。", "", "猫。"]}, clip=clip)
    assert [each.form.text for each in catalogue.clips] == ["犬。猫。"]


def _said_of_words(words: list[dict[str, object]], join: str = "") -> tuple[str, object, object]:
    clip = f"""[[clip]]
say = "sentence"
text = "words[*].t"
reading = "words[*].r"
join = "{join}"
to = "audio"
"""
    (said,) = _read('id = "hash()"', [{"words": words}], clip=clip).clips
    return said.form.text, said.form.reading, said.form.readings


@pytest.mark.parametrize("join", ["", " "])
def test_words_of_a_text_have_their_readings_beside_them(join: str) -> None:
    words: list[dict[str, object]] = [
        {"t": "彼", "r": "かれ"},
        {"t": "は", "r": "わ"},
        {"t": "飲み", "r": "のみ"},
        {"t": "ます"},
        {"t": "。", "r": ""},
    ]
    text, reading, _ = _said_of_words(words, join)
    assert "".join(text.split()) == "彼は飲みます。"
    assert reading == "カレハノミマス"


def test_a_word_without_a_reading_leaves_the_readings_of_the_others() -> None:
    words: list[dict[str, object]] = [{"t": "額", "r": "ひたい"}, {"t": "を"}, {"t": "冷やす"}]
    assert _said_of_words(words) == ("額を冷やす", None, (("額", "ヒタイ"),))


def test_markup_in_words_and_readings_is_text() -> None:
    words: list[dict[str, object]] = [{"t": "犬", "r": "いぬ</rt>"}, {"t": "が<b>"}]
    assert _said_of_words(words)[0].startswith("犬が")


@pytest.mark.parametrize(
    ("skip", "said"),
    [
        ('{ field = "status", is = "draft" }', ["猫", "鳥", "魚"]),
        ('{ field = "status", is = ["draft", "old"] }', ["鳥", "魚"]),
        ('{ field = "status", matches = "^[do]" }', ["鳥", "魚"]),
        ('{ field = "status", missing = true }', ["犬", "猫", "魚"]),
        ('{ field = "status", is = true }', ["犬", "猫", "鳥"]),
        ('[{ field = "status", missing = true }, { field = "status", is = true }]', ["犬", "猫"]),
    ],
)
def test_what_a_condition_names_is_left_out_with_a_reason(skip: str, said: list[str]) -> None:
    rows: list[Any] = [
        {"word": "犬", "status": "draft"}, {"word": "猫", "status": "old"},
        {"word": "鳥"}, {"word": "魚", "status": True},
    ]  # fmt: skip
    catalogue = _read('id = "key()"', rows, clip=f"{CLIP}\nskip = {skip}")
    assert [each.form.text for each in catalogue.clips] == said
    assert len(catalogue.unspoken) == 4 - len(said)
    assert all("left out: status" in each.reason for each in catalogue.unspoken)


def test_what_is_not_japanese_is_left_out() -> None:
    rows = [{"word": "犬", "lang": "ja-JP"}, {"word": "dog", "lang": "en"}, {"word": "猫"}]
    catalogue = _read('id = "key()"', rows, clip=f'{CLIP}\nlanguage = "lang"')
    assert [each.form.text for each in catalogue.clips] == ["犬", "猫"]


def test_a_speaker_has_a_voice() -> None:
    rows = [{"word": "犬", "by": "男"}, {"word": "猫", "by": "女"}, {"word": "鳥"}]
    toml = 'id = "key()"\nvoices = { "男" = "otoya" }'
    catalogue = _read(toml, rows, clip=f'{CLIP}\nspeaker = "by"')
    assert [each.voice for each in catalogue.clips] == ["otoya", None, None]


def test_a_url_may_go_nowhere() -> None:
    (clip,) = _read('id = "key()"', [{"word": "犬"}], clip=CLIP.replace('"audio"', "false")).clips
    assert (clip.place, clip.at) == (None, (0,))


@pytest.mark.parametrize(
    ("toml", "root", "message"),
    [
        ('records = "$.words[*]"', {"words": {"a": 1}}, None),
        ('records = "$.words[0]"', {"words": {"a": 1}}, " at .*'words' is an object"),
        ("", {"words": []}, "the file must be a list of entries"),
        ('records = "$.a.b[*]"', {"a": [1]}, "'a' is a list, but must be an object"),
    ],
)
def test_records_that_lie_elsewhere_are_told(toml: str, root: Any, message: str | None) -> None:
    if message is None:
        assert _read(toml, root).problems
        return
    with pytest.raises(InputError, match=message):
        _read(toml, root)


@pytest.mark.parametrize(
    ("clip", "row", "message"),
    [
        (CLIP.replace('"audio"', '"audio.url"'), {"word": "犬", "audio": "/x"}, "'audio' is text"),
        (CLIP, {"word": "犬", "audio": {"url": ""}}, "'audio' must contain text or null"),
        (CLIP.replace('"word"', '"words"'), {"words": ["犬"]}, r"write words\[0\] or words\[\*\]"),
        (CLIP, "犬", "it is text, but must be an object"),
    ],
)
def test_a_value_of_another_shape_is_told_with_its_place(clip: str, row: Any, message: str) -> None:
    catalogue = _read('id = "key()"', [row, {"word": "猫", "words": "猫"}], clip=clip)
    assert len(catalogue.problems) == 1
    assert catalogue.problems[0].line == 2 or isinstance(row, dict)
    with pytest.raises(InputError, match=message):
        raise catalogue.problems[0]
    assert [each.form.text for each in catalogue.clips] == ["猫"]


def test_furigana_of_some_words_are_put_to_the_text_beside_them() -> None:
    clip = '[[clip]]\nsay = "sentence"\ntext = "jp"\nfurigana = "ruby"\nto = false'
    (found,) = _read(
        "",
        [{"id": 1, "jp": "市場へ行く。", "ruby": "市場[いちば]へ 行く。"}],
        clip=clip,
    ).clips
    assert (found.form.text, found.form.reading) == ("市場へ行く。", None)
    assert found.form.readings == (("市場", "イチバ"),)


@pytest.mark.parametrize(
    ("to", "row", "message"),
    [
        (
            "a[0].u",
            {},
            "no URL can be written to a[0].u: 'a' is null, but must be a list of more than 0",
        ),
        ("a[1].u", {"a": [{}]}, "'a' is a list, but must be a list of more than 1 items"),
        ("a.b[0].u", {}, "'a.b' is null, but must be a list of more than 0"),
    ],
)
def test_a_place_that_cannot_be_made_is_told_before_a_url_is(
    to: str, row: dict[str, Any], message: str
) -> None:
    clip = f'[[clip]]\ntext = "word"\nto = "{to}"'
    catalogue = _read('id = "id"', [{"id": 1, "word": "犬", **row}], clip=clip)
    assert catalogue.clips == []
    (problem,) = catalogue.problems
    assert message in problem.message


def test_a_parallel_list_cannot_take_the_place_of_an_object() -> None:
    clip = '[[clip]]\neach = "words[*]"\ntext = "@"\nto = "$.au[#]"'
    catalogue = _read('id = "id"', [{"id": 1, "words": ["犬"], "au": {}}], clip=clip)
    (problem,) = catalogue.problems
    assert "'au' is an object, but must be a list" in problem.message


@pytest.mark.parametrize("value", ["to eat", "TODO", "e.g. a dog", "犬"])
def test_text_that_is_no_address_is_never_replaced(value: str) -> None:
    rows = [{"id": 1, "word": "犬", "audio": value}]
    catalogue = _read('id = "id"\noverwrite = "always"', rows)
    assert catalogue.clips == []
    (problem,) = catalogue.problems
    assert (problem.entry, problem.line) == ("entry 1", 5)
    assert "not the address of a recording" in problem.message


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example/x",
        "audio/inu",
        "/audio/犬 1",
        "犬.mp3",
        "[sound:犬.mp3]",
        "../a/b",
        "audio/Q&A/犬 と 猫.ogg?v=2",
        "C:\\\\a.wav",
        "data:audio/mp3;base64,AA==",
    ],
)
def test_addresses_of_every_kind_give_way_where_all_are_replaced(value: str) -> None:
    rows = [{"id": 1, "word": "犬", "audio": value}]
    (clip,) = _read('id = "id"\noverwrite = "always"', rows).clips
    assert clip.url == value


@pytest.mark.parametrize("value", ["", " ", "\u3000", None])
def test_a_blank_is_no_url(value: str | None) -> None:
    (clip,) = _read('id = "id"', [{"id": 1, "word": "犬", "audio": value}]).clips
    assert clip.url is None
