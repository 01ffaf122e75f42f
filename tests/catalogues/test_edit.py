from __future__ import annotations

import copy
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.json_editor import set_json_urls
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tts_assets.model import Place

PRETTY = """\
[
  {
    "id": 1,
    "word": "学校",
    "audioUrl": null
  },
  {
    "id": 2,
    "word": "食べる",
    "examples": [
      { "sentence": "食べる。", "weight": 1.10 }
    ]
  }
]
"""
TABS = '[\r\n\t{\r\n\t\t"word": "\\u5b66\\u6821",\r\n\t\t"audioUrl": ""\r\n\t},\r\n\t{\r\n\t\t"word": "\\/"\r\n\t}\r\n]'
MINIFIED = '[{"word":"学校","audioUrl":"old.mp3"},{"word":"食べる","n":1e5}]'
ONE_LINE_EACH = """\
[
  {"word": "学校", "audioUrl": null, "tags": ["a", "a"]},
  {"word": "食べる", "tags": []}
]
"""

KANJI = """\
{
    "7": {
        "kanji": "日",
        "onyomi": ["ニチ", "ジツ"],
        "kunyomi": [
            "ひ",
            "か"
        ],
        "meaning": "day"
    }
}
"""


def edited(
    text: str,
    urls: dict[Place, str],
    *,
    lists: dict[Place, int] | None = None,
    beside: dict[Place, str] | None = None,
) -> str:
    """Edit, and hold on the way that a second time changes nothing."""
    once = set_json_urls(text, urls, file="words.json", lists=lists, beside=beside)
    assert set_json_urls(once, urls, file="words.json", lists=lists, beside=beside) is once
    json.loads(once)
    return once


def refusal(
    text: str, urls: dict[Place, str], *, lists: dict[Place, int] | None = None
) -> InputError:
    with pytest.raises(InputError) as caught:
        set_json_urls(text, urls, file="words.json", lists=lists)
    assert caught.value.file == "words.json"
    return caught.value


def test_a_pretty_catalogue_gets_its_urls() -> None:
    urls: dict[Place, str] = {
        (0, "audioUrl"): "/a/1.mp3",
        (1, "audioUrl"): "/a/2.mp3",
        (1, "examples", 0, "audioUrl"): "/a/3.mp3",
    }

    assert edited(PRETTY, urls) == PRETTY.replace("null", '"/a/1.mp3"').replace(
        "1.10 }\n    ]", '1.10, "audioUrl": "/a/3.mp3" }\n    ],\n    "audioUrl": "/a/2.mp3"'
    )


def test_tabs_carriage_returns_and_escapes_are_kept() -> None:
    urls: dict[Place, str] = {(0, "audioUrl"): "/a/学.mp3", (1, "audioUrl"): "2.mp3"}

    assert edited(TABS, urls) == TABS.replace('""', '"\\/a\\/\\u5b66.mp3"').replace(
        '"\\/"', '"\\/",\r\n\t\t"audioUrl": "2.mp3"'
    )


def test_a_minified_catalogue_stays_minified() -> None:
    urls: dict[Place, str] = {(0, "audioUrl"): "/a/学.mp3", (1, "audioUrl"): "/a/2.mp3"}

    assert edited(MINIFIED, urls) == (
        '[{"word":"学校","audioUrl":"/a/学.mp3"},{"word":"食べる","n":1e5,"audioUrl":"/a/2.mp3"}]'
    )


def test_a_catalogue_of_one_line_per_entry_stays_so() -> None:
    urls: dict[Place, str] = {(0, "audioUrl"): "/a/1.mp3", (1, "audioUrl"): "/a/2.mp3"}

    assert edited(ONE_LINE_EACH, urls) == (
        "[\n"
        '  {"word": "学校", "audioUrl": "/a/1.mp3", "tags": ["a", "a"]},\n'
        '  {"word": "食べる", "tags": [], "audioUrl": "/a/2.mp3"}\n'
        "]\n"
    )


READINGS: dict[Place, int] = {("7", "onyomiAudio"): 2, ("7", "kunyomiAudio"): 2}
BESIDE: dict[Place, str] = {("7", "onyomiAudio"): "onyomi", ("7", "kunyomiAudio"): "kunyomi"}


def test_lists_of_readings_are_added_beside_the_readings_and_laid_out_like_them() -> None:
    urls: dict[Place, str] = {
        ("7", "audioUrl"): "k",
        ("7", "onyomiAudio", 1): "o2",
        ("7", "kunyomiAudio", 0): "k1",
        ("7", "kunyomiAudio", 1): "k2",
    }

    assert (
        edited(KANJI, urls, lists=READINGS, beside=BESIDE)
        == """\
{
    "7": {
        "kanji": "日",
        "onyomi": ["ニチ", "ジツ"],
        "onyomiAudio": [null, "o2"],
        "kunyomi": [
            "ひ",
            "か"
        ],
        "kunyomiAudio": [
            "k1",
            "k2"
        ],
        "meaning": "day",
        "audioUrl": "k"
    }
}
"""
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"7":{"kanji":"日","onyomi":["ニチ","ジツ"],"kunyomi":["ひ","か"]}}',
            (
                '{"7":{"kanji":"日","onyomi":["ニチ","ジツ"],"onyomiAudio":["o1",null],'
                '"kunyomi":["ひ","か"],"kunyomiAudio":[null,"k2"],"audioUrl":"k"}}'
            ),
        ),
        (
            '{\n  "7": {"onyomi": ["ニチ", "ジツ"], "kunyomi": ["ひ", "か"], "audioUrl": ""}\n}\n',
            (
                '{\n  "7": {"onyomi": ["ニチ", "ジツ"], "onyomiAudio": ["o1", null], '
                '"kunyomi": ["ひ", "か"], "kunyomiAudio": [null, "k2"], "audioUrl": "k"}\n}\n'
            ),
        ),
        (
            (
                '{\r\n\t"7": {\r\n\t\t"onyomi": [\r\n\t\t\t"\\u30cb\\u30c1"\r\n\t\t],'
                '\r\n\t\t"onyomiAudio": null,\r\n\t\t"kunyomiAudio": ["k1"]\r\n\t}\r\n}'
            ),
            (
                '{\r\n\t"7": {\r\n\t\t"onyomi": [\r\n\t\t\t"\\u30cb\\u30c1"\r\n\t\t],'
                '\r\n\t\t"onyomiAudio": [\r\n\t\t\t"o1",\r\n\t\t\tnull\r\n\t\t],'
                '\r\n\t\t"kunyomiAudio": ["k1", "k2"],\r\n\t\t"audioUrl": "k"\r\n\t}\r\n}'
            ),
        ),
    ],
)
def test_lists_of_readings_keep_the_formatting_of_their_catalogue(text: str, expected: str) -> None:
    urls: dict[Place, str] = {
        ("7", "audioUrl"): "k",
        ("7", "onyomiAudio", 0): "o1",
        ("7", "kunyomiAudio", 1): "k2",
    }

    assert edited(text, urls, lists=READINGS, beside=BESIDE) == expected


@pytest.mark.parametrize("url", ["/a/あ.mp3", "", 'say "hi"', "back\\slash", "\x00\x1f\x7f", "😀"])
@pytest.mark.parametrize("old", ['"old"', '""', "null", "1.50", "-1e5", "true", "false", r'"\"}"'])
def test_any_scalar_gives_way_to_a_url(old: str, url: str) -> None:
    new = edited(f'{{"a" :\t{old} , "b": [1]}}', {("a",): url})

    assert new == f'{{"a" :\t{json.dumps(url, ensure_ascii=False)} , "b": [1]}}'


@pytest.mark.parametrize("written", [r'"\/a\/1.mp3"', r'"\u002fa/1.mp3"', '"/a/1.mp3"'])
def test_a_url_that_is_there_is_left_however_it_is_written(written: str) -> None:
    text = f'[{{"audioUrl": {written}, "x": "/"}}]'

    assert edited(text, {(0, "audioUrl"): "/a/1.mp3"}) is text


@pytest.mark.parametrize(
    "other",
    [
        '{"a": "\\"u\\": 1", "u": null}',
        '{"a": [{"b": [{"u": [7]}]}], "u": null}',
        '{"\\u0075": null, "a": {"u": 1}}',
        '{"a": "]}", "u": "x\\n"}',
        "null",
    ],
)
def test_an_object_unlike_its_neighbours_gets_its_url_like_them(other: str) -> None:
    text = f'[{{"u": 1, "a": {{"u": 2}}}},\n {other} , {{"a": [3], "u":0}}]\n'
    new = set_json_urls(text, {(index, "u"): f"/{index}" for index in range(3)}, file="x")
    expected = json.loads(text)
    for index, entry in enumerate(expected):
        expected[index] = (entry or {}) | {"u": f"/{index}"}
    assert json.loads(new) == expected
    assert new.startswith('[{"u": "/0", "a": {"u": 2}},\n ')
    assert new.endswith(' , {"a": [3], "u":"/2"}]\n')


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[{"u": 1},\n{"u": 1, "u": 2}]', 2),
        ('[{"u": 1},\n{"u": {}}]', 2),
        ('[{"u": 1},\n{"u": 1},]', 2),
        ('[{"u": 1},\n{"u": 1}}', 2),
        ('[{"u": 1},\n{"u": 1}]]', 2),
        ('[{"u": 1}\n]', 1),
        ('{"u": [1,\n2]}', 1),
    ],
)
def test_a_list_of_objects_with_a_mistake_is_refused(text: str, line: int) -> None:
    with pytest.raises(InputError) as error:
        set_json_urls(text, {(0, "u"): "/0", (1, "u"): "/1"}, file="x")
    assert error.value.line == line


def test_nothing_to_set_changes_nothing() -> None:
    text = "not even JSON"

    assert set_json_urls(text, {}, file="words.json", lists={("a",): 2}) is text


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("audioUrl", r'"audio\u0055rl"'),
        ("😀", r'"\ud83d\ude00"'),
        ("😀", '"😀"'),
        ('a"b', r'"a\"b"'),
        ("a\\", r'"a\\"'),
        ('"},{', r'"\"},{"'),
        ("", '""'),
    ],
)
def test_keys_are_compared_by_what_they_say(key: str, written: str) -> None:
    text = f'{{"x": {{"audioUr": 1, {written}: null, "z": 1}}}}'

    assert edited(text, {("x", key): "u"}) == text.replace("null", '"u"')


@pytest.mark.parametrize("key", ["audioUrl", "😀", 'a"b', "a\\", "\n"])
def test_a_key_that_is_added_is_escaped(key: str) -> None:
    new = edited('[{"a": "あ"}]', {(0, key): "u"})

    assert new == f'[{{"a": "あ", {json.dumps(key, ensure_ascii=False)}: "u"}}]'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', '{"a": 1, "u": "x"}'),
        ('{"a":1}', '{"a":1,"u":"x"}'),
        ('{ "a" : 1 }', '{ "a" : 1, "u" : "x" }'),
        ('{ "a":1 , "b":2 }', '{ "a":1 , "b":2 , "u":"x" }'),
        ('{\n  "a": 1\n}', '{\n  "a": 1,\n  "u": "x"\n}'),
        ('{\r\n\t"a": 1\r\n}', '{\r\n\t"a": 1,\r\n\t"u": "x"\r\n}'),
        ('{\r  "a": 1\r}', '{\r  "a": 1,\r  "u": "x"\r}'),
        ('{"a": 1,\n "b": 2}', '{"a": 1,\n "b": 2,\n "u": "x"}'),
        ('{ "a": 1\n, "b": 2\n}', '{ "a": 1\n, "b": 2\n, "u": "x"\n}'),
        ('{\n\t"a" : 1,\n   "b": 2}', '{\n\t"a" : 1,\n   "b": 2,\n   "u": "x"}'),
        ('{"a": "\\":"}', '{"a": "\\":", "u": "x"}'),
        ('{"a\\": ": 1}', '{"a\\": ": 1, "u": "x"}'),
    ],
)
def test_a_key_that_is_missing_is_added_in_the_style_of_its_neighbours(
    text: str, expected: str
) -> None:
    assert edited(text, {("u",): "x"}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1,"b": 2}', '{"a": 1,"u": "x","b": 2}'),
        ('{\n  "a": 1,\n  "b": 2\n}', '{\n  "a": 1,\n  "u": "x",\n  "b": 2\n}'),
        ('{"a": 1,"b": 2,   "c": 3}', '{"a": 1,"u": "x","b": 2,   "c": 3}'),
        ('{"b": 1,"a" : 2,   "c": 3}', '{"b": 1,"a" : 2,"u" : "x",   "c": 3}'),
        ('{"b": 1, "a": 2}', '{"b": 1, "a": 2, "u": "x"}'),
        ('{"b": 1, "c": 2}', '{"b": 1, "c": 2, "u": "x"}'),
    ],
)
def test_a_key_can_be_added_beside_another(text: str, expected: str) -> None:
    assert edited(text, {("u",): "x"}, beside={("u",): "a"}) == expected


def test_what_goes_beside_the_last_member_comes_before_what_goes_last() -> None:
    new = edited('{"a": 1}', {("u",): "x", ("v",): "y"}, beside={("v",): "a"})

    assert new == '{"a": 1, "v": "y", "u": "x"}'


def test_an_object_that_lacks_thousands_of_keys_takes_no_longer_than_it_is_long() -> None:
    words = {f"k{number}": f"語{number}" for number in range(3000)}
    lacking: dict[Place, str] = {(f"{key}_url",): "x" for key in words}
    start = time.perf_counter()

    new = edited(json.dumps(words), lacking, beside={(f"{key}_url",): key for key in words})

    assert list(json.loads(new))[:4] == ["k0", "k0_url", "k1", "k1_url"]
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("{}", (), '{"u": "x", "v": "y"}'),
        (" { } \n", (), ' {"u": "x", "v": "y"} \n'),
        ('{"a":{}}', ("a",), '{"a":{"u":"x","v":"y"}}'),
        ('[{"b" : 1}, {}]', (1,), '[{"b" : 1}, {"u" : "x", "v" : "y"}]'),
        ("[\n{}\n]", (0,), '[\n{\n"u": "x",\n"v": "y"\n}\n]'),
        (
            '{\r\n  "a": {\r\n    "b": {}\r\n  }\r\n}',
            ("a", "b"),
            '{\r\n  "a": {\r\n    "b": {\r\n      "u": "x",\r\n      "v": "y"\r\n    }\r\n  }\r\n}',
        ),
        (
            '[\n\t{\n\t\t"b":1\n\t},\n\t{\n\t}\n]',
            (1,),
            '[\n\t{\n\t\t"b":1\n\t},\n\t{\n\t\t"u":"x",\n\t\t"v":"y"\n\t}\n]',
        ),
    ],
)
def test_an_empty_object_is_filled_in_the_style_around_it(
    text: str, place: Place, expected: str
) -> None:
    assert edited(text, {(*place, "u"): "x", (*place, "v"): "y"}) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["a" ,null,1]', '["a" ,"y",1]'),
        ('[\n "a", "y", 1]', '[\n "a", "y", 1]'),
        ('["a"]', '["a", "y", null]'),
        ('[ "a","\\u0062" ]', '[ "a","y",null ]'),
        ('[null,  "b",1,"d"]', '[null,  "y",  null]'),
        ('[\n  "a"\n ]', '[\n  "a",\n  "y",\n  null\n ]'),
        ("[]", '[null ,"y" ,null]'),
        ("null", '[null ,"y" ,null]'),
        ('""', '[null ,"y" ,null]'),
        ('"old.mp3"', '[null ,"y" ,null]'),
    ],
)
def test_a_parallel_list_gets_the_length_of_its_neighbour(old: str, new: str) -> None:
    text = '{"r": ["r1" ,"r2" ,"r3"], "urls": %s, "z": 1}'

    found = edited(text % old, {("urls", 1): "y"}, lists={("urls",): 3}, beside={("urls",): "r"})

    assert found == text % new


@pytest.mark.parametrize("neighbour", ["[]", '"ニチ、ジツ"', "null"])
def test_a_list_without_a_list_to_copy_stands_on_one_line(neighbour: str) -> None:
    text = f'{{\n  "r": {neighbour}\n}}'

    new = edited(text, {("u", 0): "x"}, lists={("u",): 2}, beside={("u",): "r"})

    assert new == f'{{\n  "r": {neighbour},\n  "u": ["x", null]\n}}'


def test_a_list_can_be_added_to_an_empty_object() -> None:
    assert edited("[{}]", {(0, "u", 1): "x"}, lists={(0, "u"): 2}) == '[{"u": [null, "x"]}]'


def test_items_of_other_lists_are_set_one_by_one() -> None:
    assert edited('{"u": ["a" , null]}', {("u", 1): "x"}) == '{"u": ["a" , "x"]}'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (r'{"a": "\u3042", "u": 0}', r'"\u5b66\ud83d\ude00"'),
        (r'{"a": "\\\u3042", "u": 0}', r'"\u5b66\ud83d\ude00"'),
        (r'{"a": "\\u3042", "u": 0}', '"学😀"'),
        (r'{"a": "\u001f\u0000", "u": 0}', '"学😀"'),
        (r'{"a": "\u3042あ", "u": 0}', '"学😀"'),
        ('{"a": "plain", "u": 0}', '"学😀"'),
    ],
)
def test_letters_are_escaped_where_the_document_escapes_them(text: str, written: str) -> None:
    assert edited(text, {("u",): "学😀"}) == text.replace("0}", f"{written}}}")


@pytest.mark.parametrize(
    ("text", "written"),
    [(r'{"a": "b\/c", "u": 0}', r'"\/x"'), (r'{"a": "b\/c/d", "u": 0}', '"/x"')],
)
def test_slashes_are_escaped_where_the_document_escapes_them_all(text: str, written: str) -> None:
    assert edited(text, {("u",): "/x"}) == text.replace("0}", f"{written}}}")


def test_what_a_parser_would_lose_or_refuse_is_kept() -> None:
    numbers = f"[1e5, 1.10, 1E+2, -0.0, 1e999, {'9' * 5000}]"
    text = f'{{"x": {numbers}, "x": "\\u00e9\\/\\ud800", "u": null}}\n\n'

    assert set_json_urls(text, {("u",): "y"}, file="words.json") == text.replace("null", '"y"')


@pytest.mark.parametrize(
    "deep", ["[" * 100_000 + "]" * 100_000, '{"u":' * 100_000 + "1" + "}" * 100_000]
)
def test_deep_nesting_elsewhere_does_no_harm(deep: str) -> None:
    text = f'{{"deep": {deep}, "u": null}}'

    new = set_json_urls(text, {("u",): "y"}, file="words.json")

    assert new == f'{{"deep": {deep}, "u": "y"}}'


def test_a_place_that_lies_too_deep_is_refused() -> None:
    text = "[\n" + "[" * 9_999 + "]" * 10_000

    error = refusal(text, {(0,) * 10_000: "x"})

    assert "nested 10,000 levels deep" in error.message
    assert error.line == 2


@pytest.mark.parametrize(
    ("text", "place", "words", "line"),
    [
        ('[\n{"u": 1,\n"u": 2}]', (0, "u"), '"u" occurs twice in one object (first in line 2)', 3),
        ('{"a": {"u": 1},\n"a": {"u": 2}}', ("a", "u"), '"a" occurs twice', 2),
        ('{"a": 1,\n"\\u0061": 2}', ("a",), '"a" occurs twice', 2),
        ('[\n{"a":\n[]}]', (0, "a", 0), 'there is no 0 > "a" > 0', 3),
        ("\n[{}]", (1, "u"), "there is no 1", 2),
        ("\n[{}]", (-1, "u"), "there is no -1", 2),
        ('{"a":\n"text"}', ("a", "u"), '"a" is neither an object nor a list: there is no "u"', 2),
        ('{"a":\n[1]}', ("a", "u"), '"a" is a list: there is no "u" in it', 2),
        ('{"a":\n{"0": 1}}', ("a", 0), '"a" is an object: there is no 0 in it', 2),
        ("\n[]", ("u",), 'the document is a list: there is no "u" in it', 2),
        ('{"a":\n{"x": 1}}', ("a",), '"a" contains an object, where a URL is to be written', 2),
        ('{"a":\n[]}', ("a",), '"a" contains a list, where a URL is to be written', 2),
        ('{"a":\n1,}', ("a",), "this is not JSON", 2),
        ('{"a":\n1} 2', ("a",), "this is not JSON", 2),
        ("", ("a",), "the file is empty", None),
        ('{"\\ud800": []}', ("\ud800", "a"), r'"\ud800" is a list: there is no "a" in it', 1),
    ],
)
def test_a_place_that_cannot_be_set_is_named_with_its_line(
    text: str, place: Place, words: str, line: int | None
) -> None:
    error = refusal(text, {place: "x"})

    assert words in error.message
    assert error.line == line


@pytest.mark.parametrize("old", ['{"a": 1}', '[{"a": 1}]', '["a", "b", []]', "[1, {}]"])
def test_a_parallel_list_that_holds_more_than_urls_is_refused(old: str) -> None:
    error = refusal(f'{{"u":\n{old}}}', {("u", 1): "x"}, lists={("u",): 2})

    assert "where a URL is to be written" in error.message
    assert error.line == 2


@pytest.mark.parametrize("index", [2, -1, "a"])
def test_an_item_beyond_its_parallel_list_is_refused(index: int | str) -> None:
    error = refusal('{"u": [1, 2, 3]}', {("u", index): "x"}, lists={("u",): 2})

    assert "is not an item of a list of 2" in error.message


def test_half_a_character_is_never_written() -> None:
    assert "lone surrogate" in refusal('{"u": 1}', {("u",): "/a/\ud83d.mp3"}).message


def test_an_unrelated_repeated_key_is_no_hindrance() -> None:
    text = '[{"x": 1, "x": 2, "u": null, "y": {"u": 1, "u": 2}}]'

    assert edited(text, {(0, "u"): "x"}) == text.replace("null", '"x"')


@pytest.mark.parametrize(
    ("urls", "lists"),
    [
        ({("a",): "x", ("a", "b"): "y"}, {}),
        ({("a", "b"): "y", ("a",): "x"}, {}),
        ({("a",): "x", ("a", 0): "y"}, {("a",): 1}),
        ({(): "x"}, {}),
    ],
)
def test_a_url_within_a_url_is_a_mistake_of_the_caller(
    urls: dict[Place, str], lists: dict[Place, int]
) -> None:
    with pytest.raises(ValueError, match="URL"):
        set_json_urls('{"a": {"b": 1}}', urls, file="words.json", lists=lists)


keys = st.sampled_from(["a", "b", "audioUrl", "", 'q"', "\\", "あ", "😀", "\n", "{", "[,:"])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
) | (st.text(max_size=8) | st.sampled_from(["/u0", "", "}", '",', "\\"]))
roots: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=16,
).filter(lambda root: isinstance(root, list | dict))


def places_of(root: Any, place: Place = ()) -> Iterator[Place]:
    """Where a URL can be set: every scalar, and a missing key of every object."""
    if isinstance(root, dict):
        yield (*place, "new key")
        for key, value in root.items():
            yield from places_of(value, (*place, key))
    elif isinstance(root, list):
        for index, value in enumerate(root):
            yield from places_of(value, (*place, index))
    elif place:
        yield place


def naively(root: Any, urls: dict[Place, str]) -> Any:
    root = copy.deepcopy(root)
    for place, url in urls.items():
        holder = root
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = url
    return root


def untidy(value: Any, random: Random) -> str:
    """JSON with white space wherever JSON allows it."""

    def gap() -> str:
        return random.choice(["", "", " ", "\n  ", "\r\n\t", "  "])

    def joined(parts: list[str]) -> str:
        return gap() + f"{gap()},{gap()}".join(parts) + gap()

    if isinstance(value, dict):
        members = [
            f"{json.dumps(key, ensure_ascii=random.random() < 0.5)}{gap()}:{gap()}{untidy(inner, random)}"
            for key, inner in value.items()
        ]
        return f"{{{joined(members)}}}"
    if isinstance(value, list):
        return f"[{joined([untidy(inner, random) for inner in value])}]"
    return json.dumps(value, ensure_ascii=random.random() < 0.5)


@st.composite
def documents(draw: st.DrawFn) -> tuple[Any, str]:
    """A value and one of the ways to write it."""
    root = draw(roots)
    if draw(st.booleans()):
        return root, untidy(root, draw(st.randoms(use_true_random=False)))
    text = json.dumps(
        root,
        indent=draw(st.sampled_from([None, 0, 2, 4, "\t"])),
        separators=draw(st.sampled_from([None, (",", ":"), (", ", " : ")])),
        ensure_ascii=draw(st.booleans()),
    )
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return root, text + draw(st.sampled_from(["", "\n", "\r\n", " \n\n"]))


def some_places(data: st.DataObject, places: list[Place]) -> dict[Place, str]:
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True)) if places else []
    return {place: f"/u{number}" for number, place in enumerate(chosen)}


properties = settings(max_examples=75, deadline=None, database=None)


@properties
@given(written=documents(), data=st.data())
def test_the_value_is_that_of_a_naive_edit(written: tuple[Any, str], data: st.DataObject) -> None:
    root, text = written
    urls = some_places(data, list(places_of(root)))

    assert json.loads(edited(text, urls)) == naively(root, urls)


@properties
@given(written=documents(), data=st.data())
def test_nothing_changes_but_the_values(written: tuple[Any, str], data: st.DataObject) -> None:
    root, text = written
    urls = some_places(data, [place for place in places_of(root) if place[-1] != "new key"])
    urls = {place: f"<<{url}>>" for place, url in urls.items()}

    kept = re.split(r'"<<\\?/u\d+>>"', edited(text, urls))

    at = 0
    for index, part in enumerate(kept):
        assert text.startswith(part, at)
        at += len(part)
        if index < len(kept) - 1:
            at = json.JSONDecoder().raw_decode(text, at)[1]
    assert at == len(text)


@properties
@given(written=documents(), data=st.data())
def test_taking_out_what_was_added_leaves_what_was_there(
    written: tuple[Any, str], data: st.DataObject
) -> None:
    root, text = written
    urls = some_places(data, [place for place in places_of(root) if place[-1] == "new key"])

    new = edited(text, urls)

    without = re.sub(r'\s*,\s*"new key"\s*:\s*"\\?/u\d+"', "", new)
    empty = re.compile(r'\{\s*"new key"\s*:\s*"\\?/u\d+"\s*\}|\{\s*\}')
    assert empty.sub("{}", without) == empty.sub("{}", text)


@properties
@given(written=documents(), bom=st.sampled_from([b"", b"\xef\xbb\xbf"]), data=st.data())
def test_a_document_survives_reading_editing_and_writing(
    written: tuple[Any, str], bom: bytes, data: st.DataObject
) -> None:
    root, text = written
    urls = some_places(data, list(places_of(root)))
    read = parse_document(bom + text.encode(), file="words.json")

    again = parse_document(read.encode(edited(read.text, urls)), file="words.json")

    assert again.bom == bom
    assert again.root == naively(root, urls)


@properties
@given(
    readings=st.lists(st.sampled_from(["ニチ", "ジツ", "か"]), min_size=1, max_size=4),
    present=st.none() | st.just("") | st.lists(st.none() | st.integers() | st.text(max_size=3)),
    urls=st.dictionaries(st.integers(0, 3), st.sampled_from(["/x", "/学"]), max_size=4),
    absent=st.booleans(),
    random=st.randoms(use_true_random=False),
)
def test_parallel_lists_are_completed_as_a_naive_edit_would(
    *, readings: list[str], present: Any, urls: dict[int, str], absent: bool, random: Random
) -> None:
    entry: dict[str, Any] = {"a": 1, "on": readings, "z": 2}
    if not absent:
        entry["onAudio"] = present
    wanted = {index: url for index, url in urls.items() if index < len(readings)}
    old = present if isinstance(present, list) and not absent else []
    new = [*old[: len(readings)], *[None] * (len(readings) - len(old))]
    if len(old) != len(readings):
        new = [item if isinstance(item, str) else None for item in new]
    new = [wanted.get(index, item) for index, item in enumerate(new)]

    text = edited(
        untidy([entry], random),
        {(0, "onAudio", index): url for index, url in wanted.items()},
        lists={(0, "onAudio"): len(readings)},
        beside={(0, "onAudio"): "on"},
    )

    assert json.loads(text) == [{**entry, "onAudio": new} if wanted else entry]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[{"word": "犬"}]', '[{"word": "犬", "audio": {"url": "/a"}}]'),
        ('[{"audio": null, "x": 1}]', '[{"audio": {"url": "/a"}, "x": 1}]'),
        ('[{"audio":{}}]', '[{"audio":{"url":"/a"}}]'),
    ],
)
def test_an_object_that_leads_to_a_url_is_made(before: str, after: str) -> None:
    url: dict[Place, str] = {(0, "audio", "url"): "/a"}
    assert set_json_urls(before, url, file="x.json") == after
    assert set_json_urls(after, url, file="x.json") == after


def test_missing_objects_are_made_as_deep_as_it_takes() -> None:
    urls = {(0, "a", "b", "c"): "/1", (0, "a", "d"): "/2"}
    text = set_json_urls('[{"x": 1}]', urls, file="x.json")
    assert text == '[{"x": 1, "a": {"b": {"c": "/1"}, "d": "/2"}}]'
