"""Text made safe: for terminals, for logs of workflows, and for JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tts_assets.cli.output.console_text import (
    escape_unsafe,
    to_json_document,
    to_json_line,
    to_one_line,
)


def test_a_command_of_a_workflow_in_mid_line_is_none_any_more() -> None:
    assert escape_unsafe("a ###[warning]b ##[c") == "a #\\u0023#[warning]b \\u0023#[c"
    assert "##[" not in to_json_line(["##[warning]x"])


def test_signs_that_begin_no_command_stay() -> None:
    assert escape_unsafe("# a ## b [c] #[d") == "# a ## b [c] #[d"


def test_one_line_is_one_line() -> None:
    assert to_one_line("a\r\nb\x85c\u2028d\te") == "a b c d e"


def test_no_character_of_a_text_ends_a_line_of_json() -> None:
    line = to_json_line(["a\n\x85\u2028\u2029b"])
    assert line.splitlines() == [line[:-1]]
    assert json.loads(line) == ["a\n\x85\u2028\u2029b"]


@given(st.text())
def test_json_means_the_same(text: str) -> None:
    assert json.loads(to_json_document({"x": text})) == {"x": text}
    assert json.loads(to_json_line([text])) == [text]


def test_a_command_of_a_workflow_at_the_beginning_of_a_line_is_none_any_more() -> None:
    assert escape_unsafe("::error::x") == "\\u003a:error::x"
    assert escape_unsafe("a\n \t\u3000::error::x") == "a\n \t\u3000\\u003a:error::x"
    assert to_one_line("\n::error::x") == "\\u003a:error::x"


def test_colons_that_begin_no_command_stay() -> None:
    assert escape_unsafe(": a ::b:: c::\n:d") == ": a ::b:: c::\n:d"
