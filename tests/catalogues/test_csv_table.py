from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tts_assets.catalogues.csv_table import detect_table, find_field_lines, parse_csv_rows
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


def rows(
    text: str,
    *,
    file: str = "words.csv",
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
) -> list[dict[str, str]]:
    table = detect_table(text, file=file, columns=columns, delimiter=delimiter)
    return parse_csv_rows(text, table, file=file)


def refusal(text: str, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        rows(text, **options)  # type: ignore[arg-type] # as each test says
    assert caught.value.file == "words.csv"
    return caught.value


def test_the_first_line_names_the_columns() -> None:
    assert rows("id,word\n1,学校\n2,犬\n") == [
        {"id": "1", "word": "学校"},
        {"id": "2", "word": "犬"},
    ]


def test_columns_named_elsewhere_leave_the_first_line_a_row() -> None:
    assert rows("1,学校", columns=["id", "word"]) == [{"id": "1", "word": "学校"}]


def test_a_row_that_is_too_short_lacks_its_last_columns() -> None:
    assert rows("id,word,url\n1,犬\n2\n") == [{"id": "1", "word": "犬"}, {"id": "2"}]


@pytest.mark.parametrize("text", ["id,word\n", "\n\nid,word"])
def test_a_table_may_have_no_rows(text: str) -> None:
    assert rows(text) == []


def test_a_table_without_rows_may_have_its_columns_named_elsewhere() -> None:
    assert rows("", columns=["word"]) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_first_line(delimiter: str) -> None:
    text = 'id,"a,b;c|d\te;;,,||\t\t",word\n1,2,3\n'.replace("id,", f"id{delimiter}")
    text = text.replace(",word", f"{delimiter}word").replace("1,2,3", delimiter.join("123"))

    assert list(rows(text)[0].values()) == ["1", "2", "3"]


def test_a_file_of_one_column_needs_no_delimiter() -> None:
    assert rows("word\n犬\n") == [{"word": "犬"}]


def test_without_names_the_delimiter_is_what_makes_as_many_fields_as_columns() -> None:
    assert rows("犬;dog, hound, mutt\n", columns=["word", "meaning"]) == [
        {"word": "犬", "meaning": "dog, hound, mutt"}
    ]


def test_a_file_of_tabs_says_so_by_its_name() -> None:
    assert rows("a,b,c\td\n1\t2\n", file="words.TSV") == [{"a,b,c": "1", "d": "2"}]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a\tb,c,d\n1\t2\n", {"a": "1", "b,c,d": "2"}),
        ("a;b\n1;2\n", {"a": "1", "b": "2"}),
    ],
)
def test_a_text_file_has_tabs_where_its_first_line_has_any(text: str, row: dict[str, str]) -> None:
    assert rows(text, file="words.txt") == [row]


def test_a_delimiter_that_is_given_counts() -> None:
    assert rows("a,b:c\n1,2:3\n", delimiter=":") == [{"a,b": "1,2", "c": "3"}]


ANKI = "#separator:tab\n#html:true\n#notetype column:2\n"


def test_the_lines_of_anki_name_separator_and_columns() -> None:
    text = ANKI.replace("tab", "Semicolon") + "# a note\n#columns:word;type;url\n犬;Basic\n"

    assert rows(text) == [{"word": "犬", "type": "Basic"}]


def test_the_separator_of_anki_may_stand_for_itself() -> None:
    assert rows("#separator:|\n#columns:a|b\n1,2|3\n") == [{"a": "1,2", "b": "3"}]


def test_an_export_of_anki_may_have_its_columns_named_elsewhere() -> None:
    found = rows(ANKI + "犬\tBasic\n", columns=["word", "type"])

    assert found == [{"word": "犬", "type": "Basic"}]


def test_an_export_of_anki_without_names_of_columns_is_refused() -> None:
    assert "add a line such as #columns:word\treading" in refusal(ANKI + "犬\tBasic\n").message


def test_a_separator_that_anki_does_not_know_is_refused() -> None:
    error = refusal("#html:true\n#separator:dots\n#columns:a\n")

    assert "#separator:dots is unknown; write one of comma" in error.message
    assert error.line == 2


def test_a_column_may_be_called_a_number_sign() -> None:
    assert rows("#,word\n1,犬\n") == [{"#": "1", "word": "犬"}]


@pytest.mark.parametrize(("text", "line"), [("a,b,a\n1,2,3\n", 1), ('\n\n"a",a\n', 3)])
def test_columns_of_the_same_name_are_refused(text: str, line: int) -> None:
    error = refusal(text)

    assert "two columns are called 'a'; rename one" in error.message
    assert error.line == line


def test_what_stands_in_a_nameless_column_is_in_no_row() -> None:
    assert rows(",word,,\n0,犬,,\n") == [{"word": "犬"}]


def test_a_row_that_is_too_long_is_refused_with_its_line() -> None:
    error = refusal('word,meaning\n犬,"dog\r\nhound"\n猫,cat, feline\n')

    assert "the record has 3 fields, but the table has 2 columns" in error.message
    assert "delimiter ',' into double quotes" in error.message
    assert error.line == 4


@pytest.mark.parametrize("delimiter", ["::", '"', "\n"])
def test_what_cannot_be_a_delimiter_is_refused(delimiter: str) -> None:
    assert "use one character" in refusal("a,b\n", delimiter=delimiter).message


@pytest.mark.parametrize("text", ["", "\r\n\n"])
def test_an_empty_file_is_told_as_such(text: str) -> None:
    assert "the file is empty; its first line must name the columns" in refusal(text).message


def test_the_lines_of_fields_are_found_in_one_pass() -> None:
    text = 'id,note,word\r\n\r\n1,"a\nb",犬\r\n2,x,猫\r\n3\r\n'
    table = detect_table(text, file="words.csv")

    found = find_field_lines(
        text,
        [(), (0,), (0, "word"), (1, "word"), (2, "word"), (1, "x"), (9, "id")],
        table,
        file="words.csv",
    )

    assert found == {
        (): 1,
        (0,): 3,
        (0, "word"): 4,
        (1, "word"): 5,
        (1, "x"): 5,
        (2, "word"): 6,
    }


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", '"sep=;"\r\n', "SEP=;\r"])
def test_the_line_that_tells_excel_the_delimiter_is_no_record(first: str) -> None:
    table = detect_table(f"{first}word;reading\n犬;いぬ\n", file="a.csv")
    assert (table.delimiter, table.columns) == (";", ("word", "reading"))
    assert parse_csv_rows(f"{first}word;reading\n犬;いぬ\n", table, file="a.csv") == [
        {"word": "犬", "reading": "いぬ"}
    ]


def test_the_line_for_excel_stands_above_records_whose_columns_are_named_elsewhere() -> None:
    text = "sep=;\n犬;いぬ,ドッグ\n"
    table = detect_table(text, file="a.csv", columns=["word", "reading"])
    assert parse_csv_rows(text, table, file="a.csv") == [{"word": "犬", "reading": "いぬ,ドッグ"}]


def test_a_column_may_be_called_sep() -> None:
    assert detect_table("sep=a,word\n1,犬\n", file="a.csv").columns == ("sep=a", "word")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_conflict_of_two_branches_is_an_error_with_its_line(at: int, ends: str) -> None:
    conflict = ["<<<<<<< HEAD", "猫", "=======", "鳥", ">>>>>>> 私の枝"]
    lines = ["word", "犬"]
    text = ends.join([*lines[:at], *conflict, *lines[at:], ""])
    with pytest.raises(InputError, match="conflict marker of git") as caught:
        detect_table(text, file="words.csv")
    assert (caught.value.file, caught.value.line) == ("words.csv", at + 1)


def test_a_field_may_have_the_signs_of_a_conflict() -> None:
    assert rows("word\na <<<<<<< b\n") == [{"word": "a <<<<<<< b"}]
