"""Titles of grammar patterns: words are said, formulas are not."""

import pytest

from tests.japanese.normalised import pairs, reason, texts
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.word_forms import build_title_forms


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("に伴って", ["に伴って"]),
        ("〜ている（進行）", ["ている"]),
        ("〜たり〜たりする", ["たり、たりする"]),
        ("〜とか〜とか", ["とか、とか"]),
        ("お〜になる", ["お、になる"]),
        ("お/ご〜する", ["お、する", "ご、する"]),
        ("〜てもいい (te mo ii)", ["てもいい"]),
        ("〜はず①", ["はず"]),
        ("〜よう2", ["よう"]),
        ("ても・でも", ["ても", "でも"]),
        ("だけでなく〜も", ["だけでなく、も"]),
        ("〜（の）よう（な）", ["よう"]),
        ("<b>〜です</b>", ["です"]),
        ("〜て or 〜で", ["て", "で"]),
        ("…ながら", ["ながら"]),
    ],
)
def test_the_words_of_a_pattern_are_said(title: str, said: list[str]) -> None:
    assert texts(build_title_forms(title)) == said


@pytest.mark.parametrize(
    ("title", "reading", "said"),
    [
        ("〜です/〜ます", "です/ます", [("です", "デス"), ("ます", "マス")]),
        ("に伴って", "にともなって", [("に伴って", "ニトモナッテ")]),
        ("に伴って", "ni tomonatte", [("に伴って", "ニトモナッテ")]),
        ("に伴[ともな]って", None, [("に伴って", "ニトモナッテ")]),
    ],
)
def test_a_title_may_have_a_reading(
    title: str, reading: str | None, said: list[tuple[str, str | None]]
) -> None:
    assert pairs(build_title_forms(title, reading)) == said


@pytest.mark.parametrize(
    ("title", "formula"),
    [
        ("Noun + です", "Noun"),
        ("N1は N2です", "N1"),
        ("Ｎは〜", "Ｎ"),
        ("動詞＋たい", "＋"),
        ("Verb-て form", "Verb-"),
    ],
)
def test_a_formula_is_not_said_and_is_named(title: str, formula: str) -> None:
    said = reason(build_title_forms(title))
    assert (
        said
        == f"the title is a formula that contains {formula!r}, not words: use its examples instead"
    )


@pytest.mark.parametrize("title", ["___に伴って", "（　）に伴って", "〜", "", "…"])
def test_a_title_without_words_is_not_said(title: str) -> None:
    assert reason(build_title_forms(title)).startswith("the text ")


def test_a_reading_of_a_title_that_is_no_kana_is_refused() -> None:
    with pytest.raises(UnusableTextError, match="is not kana"):
        build_title_forms("に伴って", "に伴って")
