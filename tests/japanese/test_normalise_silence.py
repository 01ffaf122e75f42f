"""What is never said, and the reason that is told for it."""

import pytest

from tests.japanese.normalised import texts
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.japanese.word_forms import build_title_forms, build_word_forms


@pytest.mark.parametrize(
    "text",
    [
        "＿＿＿に行きます。",
        "__に行きます。",
        "（　　）に行きます。",
        "(  )に行きます。",
        "「　」に行きます。",
        "〔　〕に行きます。",
        "[ ]に行きます。",
        "[...]に行きます。",
        "(?)に行きます。",
        "○○に行きます。",
        "〇〇さんは？",
        "□に行きます。",
        "私は■■です。",
        "[  ]に行きます。",
        "私は（　）です。",
        "私は<u>　　</u>です。",
    ],
)
def test_a_blank_to_fill_in_is_not_said(text: str) -> None:
    for say in (build_word_forms, build_text_forms, build_title_forms):
        assert say(text) == "the text contains a blank to fill in"


@pytest.mark.parametrize("text", ["_に行きます。", "私は＿です。"])
def test_a_single_line_is_a_blank_in_running_text(text: str) -> None:
    assert build_text_forms(text) == "the text contains a blank to fill in"


def test_a_single_line_is_a_placeholder_at_a_word() -> None:
    assert texts(build_word_forms("_年")) == ["年"]


@pytest.mark.parametrize("text", ["二〇〇四年", "100〇", "○か×か", "snake_case"])
def test_signs_that_are_no_blanks(text: str) -> None:
    assert isinstance(build_text_forms(text), tuple)


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\n", "\u200b", "<br>", "&nbsp;"])
def test_an_empty_text_is_not_said(text: str) -> None:
    assert build_word_forms(text) == build_text_forms(text) == "the text is empty"


@pytest.mark.parametrize(
    "text", ["。", "…！？", "～", "っ", "ッッ。", "ーー", "♪〜", "-", "―", "☆"]
)
def test_marks_alone_are_not_said(text: str) -> None:
    for say in (build_word_forms, build_text_forms):
        assert isinstance(say(text), str)


@pytest.mark.parametrize("text", ["null", "None", "N/A", "NaN"])
def test_what_programs_write_for_nothing_is_not_said(text: str) -> None:
    reason = f"the text is {text!r}, which programs write for a missing value"
    assert build_word_forms(text) == build_text_forms(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org",
        "www.example.org",
        "https://example.orgを見てください。",
        "https://example.org を見てください。",
    ],
)
def test_an_address_that_the_words_need_is_not_said(text: str) -> None:
    reason = "the text contains a web address, which cannot be read aloud"
    assert build_word_forms(text) == build_text_forms(text) == reason
