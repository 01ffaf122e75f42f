from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tts_assets.catalogues.csv_table import (
    find_line_number,
    split_fields,
    split_records,
    split_values,
    unquote_field,
)
from tts_assets.errors import InputError

properties = settings(max_examples=100, deadline=None, database=None)
# Without line ends, of which Python 3.11 quotes only those that it writes itself.
written_fields = st.text(st.characters(exclude_characters="\r\n"), max_size=6)
delimiters = st.sampled_from([",", ";", "\t", "|", " ", ":", "^", "]", "-", "\\"])


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    spans = split_records(text, delimiter, 0, file="words.csv")
    return [split_values(text[start:end], delimiter) for start, end in spans]


def rows_of_the_standard_library(text: str, delimiter: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
        ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
        ("a\rb\r", [["a"], ["b"]]),
        ("\n\na\n\r\n\nb\n", [["a"], ["b"]]),
        (",\n", [["", ""]]),
        ('""\n', [[""]]),
        ('"a,b","c\r\nd"\n', [["a,b", "c\r\nd"]]),
        ('"say ""hi""",""""\n', [['say "hi"', '"']]),
        ('5" disk,a "b" c\n', [['5" disk', 'a "b" c']]),
        ('"a" b"c",d\n', [['a b"c"', "d"]]),
        ("学校, がっこう\n", [["学校", " がっこう"]]),
        ("a\u2028b,\x0b\x85\n", [["a\u2028b", "\x0b\x85"]]),
    ],
)
def test_records_are_read_as_they_are_meant(text: str, expected: list[list[str]]) -> None:
    assert rows(text) == expected


@properties
@given(delimiter=delimiters, data=st.data())
def test_any_text_is_read_as_the_standard_library_reads_it(
    delimiter: str, data: st.DataObject
) -> None:
    text = data.draw(st.text(alphabet=f'ab"\r\n学{delimiter}', max_size=30))
    try:
        found = rows(text, delimiter)
    except InputError:
        assume(False)  # noqa: FBT003 - the only way to call it

    assert found == rows_of_the_standard_library(text, delimiter)


@properties
@given(delimiter=delimiters, data=st.data())
def test_the_fields_of_a_record_joined_are_the_record(delimiter: str, data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet=f'ab"\r\n{delimiter}', max_size=30))
    try:
        found = [
            text[start:end] for start, end in split_records(text, delimiter, 0, file="words.csv")
        ]
    except InputError:
        assume(False)  # noqa: FBT003 - the only way to call it

    assert [delimiter.join(split_fields(record, delimiter)) for record in found] == found


@properties
@given(
    table=st.lists(st.lists(written_fields, min_size=1, max_size=4), max_size=5),
    delimiter=delimiters,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_the_standard_library_writes_is_read_back(
    *, table: list[list[str]], delimiter: str, quoting: int, line_end: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=line_end)  # type: ignore[arg-type] # int is what all versions take
    writer.writerows(table)

    assert rows(file.getvalue(), delimiter) == table


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,"2\n3,4\n', 2),
        ('"', 1),
        ('a\r\n"b""\r\n', 2),
        ('"a\nb",c\n\nd,"', 4),
        ('a\rb\r"c', 3),
    ],
)
def test_a_quote_that_is_never_closed_is_named_with_its_line(text: str, line: int) -> None:
    with pytest.raises(InputError, match="opens a field and is never closed") as caught:
        rows(text)

    assert caught.value.line == line


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a", "a"),
        ('"a"', "a"),
        ('""', ""),
        ("", ""),
        ('""""', '"'),
        ('"a"b', "ab"),
        ('"a"b"', 'ab"'),
        ('a"', 'a"'),
    ],
)
def test_a_field_says_what_stands_between_its_quotes(written: str, said: str) -> None:
    assert unquote_field(written) == said


def test_lines_end_with_line_feed_carriage_return_or_both() -> None:
    assert [find_line_number("a\nb\r\nc\rd", at) for at in (0, 2, 5, 7)] == [1, 2, 3, 4]
