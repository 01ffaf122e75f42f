from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_assets.catalogues.catalogue_document import (
    find_jsonl_lines,
    parse_json_lines,
    set_json_lines_urls,
)
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from tts_assets.model import Place

TEXT = '{"id": 1, "word": "学校"}\r\n\n  \t\r\n{"id":2,"word":"\\u72ac","url":null} \n[{"a": 1}]'


def edited(
    text: str,
    urls: dict[Place, str],
    *,
    lists: dict[Place, int] | None = None,
    beside: dict[Place, str] | None = None,
) -> str:
    """Edit, and hold on the way that a second time changes nothing."""

    def once(text: str) -> str:
        return set_json_lines_urls(
            text, urls, file="words.jsonl", lists=lists or {}, beside=beside or {}
        )

    new = once(text)
    assert once(new) == new
    return new


def refusal(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_json_lines(text, file="words.jsonl")
    assert caught.value.file == "words.jsonl"
    return caught.value


def test_each_line_that_is_not_blank_is_a_value() -> None:
    assert parse_json_lines(TEXT, file="words.jsonl") == [
        {"id": 1, "word": "学校"},
        {"id": 2, "word": "犬", "url": None},
        [{"a": 1}],
    ]


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n"])
def test_a_file_may_have_no_lines(text: str) -> None:
    assert parse_json_lines(text, file="words.jsonl") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"a": 1', "line 17, column 8: a comma or a closing bracket is missing; the line ends"),
        ("[", "each value must be on one line"),
        ("{'a': 1}", "line 17, column 2: a key in double quotes is missing; found \"'a'"),
        ("{} {}", "line 17, column 4: more text follows the end of the document; keep one JSON"),
        ("\ufeff{}", "line 17, column 1: the line begins with a byte order mark; remove it"),
        ("\u3000", "line 17, column 1: a value is missing"),
        ("[NaN]", "NaN is not JSON"),
        (f"[{'9' * 5000}]", "a number has 5,000 digits"),
        ("[" * 100_000, "nested 100,000 levels deep"),
    ],
)
def test_what_is_wrong_in_a_line_is_told_with_the_line_of_the_file(line: str, words: str) -> None:
    error = refusal("{}\r\n" * 10 + "\n" * 6 + line + "\n{}\n")

    assert words in error.message
    assert error.line == 17


def test_only_the_lines_of_urls_change() -> None:
    new = edited(TEXT, {(0, "url"): "/a/学.mp3", (1, "url"): "/a/犬.mp3", (2, 0, "url"): "x"})

    assert new == (
        '{"id": 1, "word": "学校", "url": "/a/学.mp3"}\r\n\n  \t\r\n'
        '{"id":2,"word":"\\u72ac","url":"/a/\\u72ac.mp3"} \n[{"a": 1, "url": "x"}]'
    )


def test_parallel_lists_are_those_of_their_own_line() -> None:
    new = edited(
        '{"on": ["a", "b"]}\n{"on":["c"],"z":1}\n',
        {(0, "url", 1): "x", (1, "url", 0): "y"},
        lists={(0, "url"): 2, (1, "url"): 1},
        beside={(1, "url"): "on"},
    )

    assert new == '{"on": ["a", "b"], "url": [null, "x"]}\n{"on":["c"],"url":["y"],"z":1}\n'


def test_nothing_to_set_changes_nothing() -> None:
    assert edited(TEXT, {}) == TEXT


@pytest.mark.parametrize(
    ("place", "words", "line"),
    [
        ((3, "url"), "there is no 3 (anymore)", None),
        ((-1, "url"), "there is no -1", None),
        (("a", "url"), 'there is no "a"', None),
        ((2, "url"), "the document is a list", 5),
    ],
)
def test_a_place_that_cannot_be_set_is_named_with_the_line_of_the_file(
    place: Place, words: str, line: int | None
) -> None:
    with pytest.raises(InputError) as caught:
        edited(TEXT, {place: "x"})

    assert words in caught.value.message
    assert caught.value.line == line


@pytest.mark.parametrize("place", [(), (0,)])
def test_a_url_never_takes_the_place_of_a_line(place: Place) -> None:
    with pytest.raises(ValueError, match="cannot be replaced by a URL"):
        edited(TEXT, {place: "x"})


def test_the_lines_of_records_are_found() -> None:
    places: list[Place] = [(), (0,), (1, "word"), (2, 0, "a"), (3,), ("a",)]

    assert find_jsonl_lines(TEXT, places) == {(): 1, (0,): 1, (1, "word"): 4, (2, 0, "a"): 5}


@settings(max_examples=100, deadline=None, database=None)
@given(
    records=st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "url"]), st.none() | st.text(), max_size=3),
        max_size=5,
    ),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\n\n", " \r\n\r\n"]), min_size=5, max_size=5),
    urls=st.dictionaries(st.integers(0, 4), st.sampled_from(["/u", "/学"])),
    ascii_only=st.booleans(),
)
def test_the_values_are_those_of_a_naive_edit_and_other_lines_stay(
    *, records: list[dict[str, Any]], ends: list[str], urls: dict[int, str], ascii_only: bool
) -> None:
    written = [json.dumps(record, ensure_ascii=ascii_only) for record in records]
    text = "".join(line + end for line, end in zip(written, ends, strict=False))
    urls = {index: url for index, url in urls.items() if index < len(records)}

    new = edited(text, {(index, "url"): url for index, url in urls.items()})

    assert parse_json_lines(new, file="words.jsonl") == [
        {**record, "url": urls[index]} if index in urls else record
        for index, record in enumerate(records)
    ]
    before, after = text.split("\n"), new.split("\n")
    changed = {written[index] for index in urls}
    assert [line for line in before if line.rstrip(" \r") not in changed] == [
        new_line
        for line, new_line in zip(before, after, strict=True)
        if line.rstrip(" \r") not in changed
    ]
