from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_assets.catalogues.csv_table import detect_table, parse_csv_rows, set_csv_urls
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.model import Place

properties = settings(max_examples=75, deadline=None, database=None)


def edited(
    text: str,
    urls: dict[Place, str],
    *,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
) -> str:
    """Edit, and hold on the way that a second time changes nothing."""

    def once(text: str) -> str:
        table = detect_table(text, file="words.csv", columns=columns, delimiter=delimiter)
        return set_csv_urls(text, urls, table, file="words.csv")

    new = once(text)
    assert once(new) == new
    return new


def test_only_the_field_of_a_url_changes() -> None:
    text = 'id,word,audio,"note"\r\n1,犬,,"say ""wan"""\r\n\r\n2,"猫","old.mp3",x"y\r\n'

    new = edited(text, {(0, "audio"): "/a/1.mp3", (1, "audio"): "/a/2.mp3"})

    assert new == text.replace("犬,,", "犬,/a/1.mp3,").replace("old.mp3", "/a/2.mp3")


@pytest.mark.parametrize("written", ["/a.mp3", '"/a.mp3"'])
def test_a_url_that_is_there_is_left_however_it_is_written(written: str) -> None:
    text = f"word,audio\n犬,{written}\n"

    assert edited(text, {(0, "audio"): "/a.mp3"}) == text


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("/a b.mp3", "/a b.mp3"),
        ("/a,b.mp3", '"/a,b.mp3"'),
        ('/a"b.mp3', '"/a""b.mp3"'),
        ("/a\nb.mp3", '"/a\nb.mp3"'),
        ("/a\rb.mp3", '"/a\rb.mp3"'),
        ("/a;b.mp3", '"/a;b.mp3"'),
    ],
)
def test_a_url_is_quoted_where_it_needs_quotes(url: str, written: str) -> None:
    assert edited("word,audio\n犬,\n", {(0, "audio"): url}) == f"word,audio\n犬,{written}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("word\n犬\n猫\n", "word,audio\n犬,u\n猫,\n"),
        ("word\r\n犬\r\n\r\n猫", "word,audio\r\n犬,u\r\n\r\n猫,"),
        ("id\tword\r1\t犬\r2\t猫\r", "id\tword\taudio\r1\t犬\tu\r2\t猫\t\r"),
        ('"word"\n"犬"\n"猫"\n', '"word","audio"\n"犬","u"\n"猫",""\n'),
        ('"id","word"\n1,"犬"\n2,"猫"\n', '"id","word","audio"\n1,"犬","u"\n2,"猫",""\n'),
        ('id;"a;b"\n1;x\n2\n', 'id;"a;b";audio\n1;x;u\n2\n'),
    ],
)
def test_a_missing_column_is_added_to_every_row_that_is_not_too_short(
    text: str, expected: str
) -> None:
    assert edited(text, {(0, "audio"): "u"}) == expected


def test_several_columns_are_added_in_the_order_asked_for() -> None:
    new = edited("word\n犬\n", {(0, "slow, clear"): "s", (0, "audio"): "u"})

    assert new == 'word,"slow, clear",audio\n犬,s,u\n'


def test_a_row_that_is_too_short_is_filled_up_and_the_others_are_left() -> None:
    text = "id,word,audio\n1\n2\n3,犬,x\n"

    assert edited(text, {(0, "audio"): "u"}) == "id,word,audio\n1,,u\n2\n3,犬,x\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,犬\n2,猫\n", "1,犬,,u\n2,猫,,\n"),
        ("1,犬,x\n2,猫\n", "1,犬,x,u\n2,猫\n"),
        ("1,犬,x,\n2,猫,,\n", "1,犬,x,u\n2,猫,,\n"),
        ('"1","犬"\n"2","猫"', '"1","犬","","u"\n"2","猫","",""'),
    ],
)
def test_a_table_without_names_gets_the_columns_it_is_said_to_have(
    text: str, expected: str
) -> None:
    columns = ["id", "word", "meaning", "audio"]

    assert edited(text, {(0, "audio"): "u"}, columns=columns) == expected


def test_the_lines_of_anki_are_left_but_for_the_one_that_names_columns() -> None:
    text = "#separator:tab\n#html:true\n#columns:word\ttype\n#tags column:2\n犬\tBasic\n猫\tBasic\n"

    new = edited(text, {(1, "audio"): "u"})

    assert new == text.replace("word\ttype", "word\ttype\taudio").replace(
        "犬\tBasic\n猫\tBasic", "犬\tBasic\t\n猫\tBasic\tu"
    )


def test_an_export_of_anki_with_its_columns_named_elsewhere_keeps_all_its_lines() -> None:
    text = "#separator:tab\n#html:true\n犬\tBasic\n"

    new = edited(text, {(0, "audio"): "u"}, columns=["word", "type", "audio"])

    assert new == text.replace("Basic", "Basic\tu")


def test_a_record_never_becomes_an_empty_line() -> None:
    assert edited("audio\nold\n", {(0, "audio"): ""}) == 'audio\n""\n'


def test_nothing_to_set_changes_nothing() -> None:
    assert edited("word\n犬\n", {}) == "word\n犬\n"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((1, "audio"), "there is no row 2 (anymore)"),
        ((-1, "audio"), "there is no row 0 (anymore)"),
        ((0,), "0 is not a column of a table"),
        ((0, 1), "0 > 1 is not a column of a table"),
        (("audio", 0), '"audio" > 0 is not a column of a table'),
        (
            (0, "audio", 0),
            '0 > "audio" > 0 is not a column of a table; give the URL a separate column',
        ),
    ],
)
def test_a_place_that_cannot_be_set_is_named(place: Place, words: str) -> None:
    with pytest.raises(InputError) as caught:
        edited("word\n犬\n", {place: "u"})

    assert words in caught.value.message


def test_a_column_that_nobody_could_name_again_is_refused() -> None:
    with pytest.raises(InputError, match="is not a named column; add it to `columns`"):
        edited("犬\n", {(0, "audio"): "u"}, columns=["word"])


def test_half_a_character_is_never_written() -> None:
    with pytest.raises(InputError, match="lone surrogate"):
        edited("word\n犬\n", {(0, "audio"): "/a/\ud83d.mp3"})


written_fields = st.text(alphabet="ab ,;\"'\n\r学é=", max_size=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A table and one of the ways to write it.

    Args:
        rows: what its fields say; the first row names the columns.
        fields: how they are written.
        ends: what ends each record.
        delimiter: what parts its fields.
    """

    rows: list[list[str]]
    fields: list[list[str]]
    ends: list[str]
    delimiter: str

    @property
    def text(self) -> str:
        lines = map(self.delimiter.join, self.fields)
        return "".join(line + end for line, end in zip(lines, self.ends, strict=True))


@st.composite
def tables(draw: st.DrawFn) -> Written:
    width = draw(st.integers(1, 4))
    names = [f"c{index}" for index in range(width)]
    rows = draw(st.lists(st.lists(written_fields, min_size=width, max_size=width), max_size=5))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", ":"]))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    style = draw(st.sampled_from(["minimal", "all", "mixed"]))

    def field(text: str) -> str:
        needed = any(each in text for each in f'{delimiter}"\r\n') or (width == 1 and not text)
        quoted = style == "all" or needed or (style == "mixed" and draw(st.booleans()))
        return '"' + text.replace('"', '""') + '"' if quoted else text

    ends = [line_end * draw(st.integers(1, 2)) for _ in rows]
    return Written(
        rows=[names, *rows],
        fields=[[field(text) for text in row] for row in [names, *rows]],
        ends=[*ends, draw(st.sampled_from(["", line_end]))],
        delimiter=delimiter,
    )


def read(text: str, delimiter: str) -> list[list[str]]:
    """The rows as the standard library sees them."""
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


urls_by_cell = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 3)),
    st.sampled_from(["/u0.mp3", "/学.mp3", 'a "b"', "x,y;z", ""]),
    max_size=6,
)


@properties
@given(written=tables(), urls=urls_by_cell)
def test_exactly_the_wanted_cells_change(
    written: Written, urls: dict[tuple[int, int], str]
) -> None:
    rows = written.rows
    wanted = {
        (row, column): url
        for (row, column), url in urls.items()
        if row < len(rows) - 1 and column < len(rows[0])
    }
    places: dict[Place, str] = {(row, f"c{column}"): url for (row, column), url in wanted.items()}

    new = edited(written.text, places, delimiter=written.delimiter)

    for (row, column), url in wanted.items():
        rows[row + 1][column] = url
    assert read(new, written.delimiter) == rows


@properties
@given(written=tables(), data=st.data())
def test_every_other_byte_stays(written: Written, data: st.DataObject) -> None:
    fields = written.fields
    cells = [(row, column) for row in range(len(fields) - 1) for column in range(len(fields[0]))]
    chosen = data.draw(st.sets(st.sampled_from(cells))) if cells else set()
    places: dict[Place, str] = {(row, f"c{column}"): "<url>" for row, column in chosen}

    new = edited(written.text, places, delimiter=written.delimiter)

    for row, column in chosen:
        quoted = fields[row + 1][column].startswith('"')
        fields[row + 1][column] = '"<url>"' if quoted else "<url>"
    assert new == written.text


@properties
@given(written=tables(), urls=st.dictionaries(st.integers(0, 4), st.sampled_from(["/u", "a b"])))
def test_taking_out_a_column_that_was_added_leaves_what_was_there(
    written: Written, urls: dict[int, str]
) -> None:
    places: dict[Place, str] = {
        (row, "url"): url for row, url in urls.items() if row < len(written.rows) - 1
    }

    new = edited(written.text, places, delimiter=written.delimiter)

    if places:
        mark = '"' if all(field.startswith('"') for field in written.fields[0]) else ""
        added = ["url", *(urls.get(row, "") for row in range(len(written.rows) - 1))]
        for fields, text in zip(written.fields, added, strict=True):
            fields.append(f"{mark}{text}{mark}")
    assert new == written.text


@properties
@given(
    written=st.tuples(st.text(alphabet='ab"\n\r,;', max_size=30), st.just(","))
    | st.tuples(st.text(alphabet="ab\n\r,;", max_size=30), st.none()),
    url=st.sampled_from(["/u", "a;b", ",,", '"']),
    columns=st.none() | st.just(["a", "b", "c", "url"]),
)
def test_whatever_could_be_read_can_be_read_again(
    *, written: tuple[str, str | None], url: str, columns: list[str] | None
) -> None:
    text, delimiter = written
    try:
        rows = read_rows(text, columns, delimiter)
    except InputError:
        return
    wanted: dict[Place, str] = {(row, "url"): url for row in range(0, len(rows), 2)}

    again = read_rows(
        edited(text, wanted, columns=columns, delimiter=delimiter), columns, delimiter
    )

    assert [row["url"] for row in again[::2]] == [url] * len(wanted)
    assert list(map(filled, again)) == list(map(filled, rows))


def read_rows(text: str, columns: list[str] | None, delimiter: str | None) -> list[dict[str, str]]:
    table = detect_table(text, file="words.csv", columns=columns, delimiter=delimiter)
    return parse_csv_rows(text, table, file="words.csv")


def filled(row: dict[str, str]) -> dict[str, str]:
    """What a row says besides its URL."""
    return {key: text for key, text in row.items() if text and key != "url"}
