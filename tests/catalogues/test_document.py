from __future__ import annotations

import json
import math
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_assets.catalogues import catalogue_document
from tts_assets.catalogues.catalogue_document import DocumentFormat, open_document, parse_document
from tts_assets.catalogues.json_text import find_value_lines
from tts_assets.errors import InputError

BOM = b"\xef\xbb\xbf"


def refusal(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_document(data, file="words.json")
    assert caught.value.file == "words.json"
    return caught.value


def test_a_document_has_its_text_and_its_value() -> None:
    found = parse_document('[{"word": "学校"}]\r\n'.encode(), file="words.json")

    assert found.file == "words.json"
    assert found.text == '[{"word": "学校"}]\r\n'
    assert found.root == [{"word": "学校"}]
    assert found.bom == b""


@pytest.mark.parametrize("bom", [b"", BOM])
def test_the_byte_order_mark_is_taken_off_and_put_back(bom: bytes) -> None:
    data = bom + '{"a": "あ"}'.encode()

    found = parse_document(data, file="words.json")

    assert (found.bom, found.text) == (bom, '{"a": "あ"}')
    assert found.encode(found.text) == data


@settings(max_examples=60, deadline=None, database=None)
@given(
    root=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    ),
    indent=st.sampled_from([None, 2, "\t"]),
    ascii_only=st.booleans(),
    bom=st.sampled_from([b"", BOM]),
)
def test_bytes_come_back_as_they_were(
    *, root: Any, indent: int | str | None, ascii_only: bool, bom: bytes
) -> None:
    data = bom + json.dumps(root, indent=indent, ensure_ascii=ascii_only).encode()

    found = parse_document(data, file="words.json")

    assert found.root == root
    assert found.encode(found.text) == data


def test_a_document_does_not_fill_the_screen_when_it_is_shown() -> None:
    assert len(repr(parse_document(b"[" + b"1," * 10_000 + b"1]", file="words.json"))) < 200


def test_lone_surrogates_are_left_to_others() -> None:
    assert parse_document(rb'["\ud800"]', file="words.json").root == ["\ud800"]


def test_advice_is_given_only_where_it_fits() -> None:
    assert refusal(b'{"a": }').message.endswith("a value is missing; found '}'")
    assert refusal(b"[1, ").message.endswith("restore it or save it again")


def test_a_number_beyond_a_double_is_json() -> None:
    assert parse_document(b"[1e999]", file="words.json").root == [math.inf]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-16-be", "UTF-16"),
        ("utf-32-be", "UTF-32"),
    ],
)
def test_other_unicode_encodings_are_named(encoding: str, name: str) -> None:
    error = refusal(
        "\ufeff[]".encode(encoding) if encoding.endswith("be") else "[]".encode(encoding)
    )

    assert f"the file is {name}" in error.message
    assert "save it as UTF-8" in error.message
    assert error.line == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_other_unicode_encodings_are_named_without_their_marks(encoding: str) -> None:
    error = refusal('[{"id": 1}]'.encode(encoding))
    assert error.message.startswith(
        f"the file is {encoding[:-3].upper()}: it begins with the bytes "
    )
    with pytest.raises(InputError, match='in Excel: "CSV UTF-8"'):
        parse_document("id,word\n".encode(encoding), file="words.csv")


@pytest.mark.parametrize("bom", [b"", BOM])
def test_a_byte_that_is_not_utf_8_is_shown_with_its_line(bom: bytes) -> None:
    error = refusal(bom + b'[\r\n  "ok",\r\n  "' + "学".encode("shift_jis") + b'"\r\n]')

    assert error.line == 3
    assert f"byte 0x8A at offset {len(bom) + 15} is not UTF-8" in error.message
    assert "may be in Shift_JIS or another old encoding: save it as UTF-8" in error.message


def test_a_character_cut_off_at_the_end_is_told_as_such() -> None:
    error = refusal('["学'.encode()[:-1])

    assert "byte 0xE5 at offset 2 begins a truncated character" in error.message


@pytest.mark.parametrize("data", [b"", b" \r\n\t", BOM])
def test_an_empty_file_is_told_as_such(data: bytes) -> None:
    assert "the file is empty" in refusal(data).message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[\n  {"id": 1}\n  {"id": 2}\n]', 3, "line 3, column 3: a comma or a closing bracket"),
        ('[\n  {"id": 1', 2, "the file ends early: it may be truncated"),
        ('[\n  "wor', 2, "line 2, column 3: a string is not terminated"),
        ('[\n  {"word": ', 2, "a value is missing; the file ends early"),
        ("[1]\n[2]\n", 2, "more text follows the end of the document"),
        ("[\n1,]", 2, "comma"),
        ('{"a": 1,}', 1, "comma"),
        ('{"a": }', 1, "a value is missing; found '}'"),
        ("[\n  1,\n<<<<<<< HEAD\n  2\n=======\n", 3, "'<<<<<<< HEAD', a conflict marker of git"),
        ("[1]\n<<<<<<< HEAD\n", 2, "'<<<<<<< HEAD', a conflict marker of git"),
        ('{"a": 1\n<<<<<<< HEAD\n', 2, "'<<<<<<< HEAD', a conflict marker of git"),
        ("{'a': 1}", 1, "strings and keys must be in double quotes"),
        ("[\n// note\n1]", 2, "JSON has no comments"),
        ('{"a" 1}', 1, "a colon is missing after the key"),
        ('["a\nb"]', 1, "a string contains a line break"),
        (r'["\x"]', 1, "an invalid escape"),
        (r'["\u12"]', 1, "four hexadecimal digits"),
        ("\ufeff[]", 1, "more than one byte order mark"),
    ],
)
def test_what_is_no_json_is_told_with_line_and_remedy(text: str, line: int, words: str) -> None:
    data = BOM + text.encode() if text.startswith("\ufeff") else text.encode()

    error = refusal(data)

    assert words in error.message
    assert "this is not JSON: line " in error.message
    assert error.line == line


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_are_not_json_are_refused(name: str) -> None:
    error = refusal(f'[\n"\\"NaN Infinity", 1.5, -3e5,\n{{"a": {name}}}]'.encode())

    assert error.message == f"{name} is not JSON; write null or a number"
    assert error.line == 3


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_thousands_of_digits_is_refused(sign: str) -> None:
    digits = "9" * 5000

    error = refusal(f'[\n"{digits}", {digits}.0, {digits}e1,\n{sign}{digits}]'.encode())

    assert "a number has 5,000 digits" in error.message
    assert error.line == 3


@pytest.mark.parametrize(
    "text",
    [
        "[\n1,\n" + "[" * 99_999 + "]" * 100_000,
        "[\n1,\n" + "[" * 99_999,
        '{"a":\n2, "b":\n' + '{"a":' * 99_999 + "1" + "}" * 100_000,
    ],
)
def test_endless_nesting_is_refused_and_harms_nothing(text: str) -> None:
    error = refusal(text.encode())

    assert "nested 100,000 levels deep" in error.message
    assert error.line == 3


def test_endless_nesting_is_refused_in_a_thread_too() -> None:
    found: list[InputError] = []
    thread = threading.Thread(target=lambda: found.append(refusal(b"[" * 1_000_000)))

    thread.start()
    thread.join()

    assert "1,000,000 levels" in found[0].message


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_document, "MAX_CATALOGUE_BYTES", 4)

    assert "split it into several files" in refusal(b"[1,2]").message
    assert parse_document(b"[12]", file="words.json").root == [12]


def test_the_limit_is_a_gibibyte() -> None:
    assert catalogue_document.MAX_CATALOGUE_BYTES == 1024**3


LINES = '\n{\n  "a": [\r\n    {"b": 1},\n    {"b":\n 2}\n  ],\n  "c": null }'


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 2),
        (("a",), 3),
        (("a", 0), 4),
        (("a", 0, "b"), 4),
        (("a", 1), 5),
        (("a", 1, "b"), 6),
        (("c",), 8),
        (("d",), None),
        (("a", 2), None),
        (("a", "b"), None),
        (("c", "d"), None),
    ],
)
def test_the_line_of_a_value_is_found(place: tuple[str | int, ...], line: int | None) -> None:
    assert find_value_lines(LINES, [place]).get(place) == line


def test_many_lines_are_found_in_one_pass() -> None:
    places = [("c",), ("a", 1, "b"), ("a",), ("x",)]

    assert find_value_lines(LINES, places) == {("c",): 8, ("a", 1, "b"): 6, ("a",): 3}


def test_of_repeated_keys_the_last_counts_as_it_does_for_the_parser() -> None:
    assert find_value_lines('{"a": 1,\n"a": 2}', [("a",)]).get(("a",)) == 2


@pytest.mark.parametrize("text", ["", "[1,", "nonsense"])
def test_looking_for_a_line_never_fails(text: str) -> None:
    assert find_value_lines(text, [("a",)]).get(("a",)) is None


@pytest.mark.parametrize(
    ("file", "data", "root", "form"),
    [
        ("a.json", '[{"w": "犬"}]', [{"w": "犬"}], DocumentFormat.JSON),
        ("a.jsonl", '{"w": "犬"}\n\n{"w": "猫"}', [{"w": "犬"}, {"w": "猫"}], "JSON Lines"),
        ("a.NDJSON", "1\n2\n", [1, 2], "JSON Lines"),
        ("a.csv", "w,n\n犬,1\n", [{"w": "犬", "n": "1"}], "CSV"),
        ("a.tsv", "w\tn\n犬\t1\n", [{"w": "犬", "n": "1"}], "CSV"),
        ("a.txt", "#separator:tab\n#columns:w\tn\n犬\t1\n", [{"w": "犬", "n": "1"}], "CSV"),
        ("a", "[1]", [1], "JSON"),
    ],
)
@pytest.mark.parametrize("bom", [b"", BOM])
def test_the_name_of_a_file_says_its_format(
    *, file: str, data: str, root: Any, form: str, bom: bytes
) -> None:
    found = parse_document(bom + data.encode(), file=file)

    assert (found.format, found.root, found.text) == (form, root, data)
    assert found.encode(found.text) == bom + data.encode()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("犬\tいぬ\n", DocumentFormat.CSV),
        ("[sound:a.mp3]\t犬\n", DocumentFormat.CSV),
        ("#separator:tab\n#columns:a\tb\n犬\tいぬ\n", DocumentFormat.CSV),
        ('\n[{"word": "犬"}]', DocumentFormat.JSON),
        ('{"words": []}', DocumentFormat.JSON),
    ],
)
def test_a_text_file_is_a_table_unless_it_begins_as_json_does(
    text: str, form: DocumentFormat
) -> None:
    assert parse_document(text.encode(), file="Words.TXT").format is form


@pytest.mark.parametrize("options", [{"columns": ["w", "n"]}, {"delimiter": "|"}])
def test_a_file_of_another_name_is_a_table_if_it_is_read_as_one(options: dict[str, Any]) -> None:
    assert parse_document(b"w|n\n", file="words.txt", **options).format is DocumentFormat.CSV


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("a.json", '[{"w": 1},\n{"w": 2}]', '[{"w": 1},\n{"w": 2, "url": "u"}]'),
        ("a.jsonl", '{"w": 1}\n{"w": 2}', '{"w": 1}\n{"w": 2, "url": "u"}'),
        ("a.csv", '"w"\n1\n2', '"w","url"\n1,""\n2,"u"'),
    ],
)
def test_urls_and_lines_have_the_same_places_in_every_format(
    file: str, text: str, expected: str
) -> None:
    found = parse_document(text.encode(), file=file)

    assert found.set_urls({(1, "url"): "u"}) == expected
    assert found.set_urls({}) == text
    assert found.find_lines([(1, "w")]) == {(1, "w"): 3 if file == "a.csv" else 2}


def test_lists_and_neighbours_reach_the_text() -> None:
    text = '[{"on": ["a"], "z": 1}]'
    for file in ("a.json", "a.jsonl"):
        place = (0, "url") if file == "a.json" else (0, 0, "url")
        found = parse_document(text.encode(), file=file)

        new = found.set_urls({(*place, 0): "u"}, lists={place: 1}, beside={place: "on"})

        assert new == '[{"on": ["a"], "url": ["u"], "z": 1}]'


def test_a_table_is_written_as_it_was_read() -> None:
    found = parse_document(
        "犬:1\n".encode(), file="a.csv", columns=["w", "n", "url"], delimiter=":"
    )

    assert found.root == [{"w": "犬", "n": "1"}]
    assert found.set_urls({(0, "url"): "u"}) == "犬:1:u\n"
    assert found.find_lines([(0, "n")]) == {(0, "n"): 1}


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-16"])
def test_whoever_saves_a_table_in_excel_is_told_how(encoding: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_document("word\r\n学校\r\n".encode(encoding), file="words.csv")

    assert 'save it as UTF-8 (in Excel: "CSV UTF-8")' in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        '\n[1,\n11, 111,\n\n"],\\n[",{"a":\n["1"]}\n,\n{}]',
        "[]",
        '{"a":\n1}',
        '[1,\n"\\ud83d",\n2]',
        "[1,\n2,\n}",
    ],
)
def test_the_lines_of_records_are_those_of_any_values(text: str) -> None:
    places = [(index,) for index in range(7)]
    for mark in (b"", b"\xef\xbb\xbf"):
        found = open_document(mark + text.encode(), file="a.json")
        assert found.find_lines(places) == find_value_lines(text, places)
