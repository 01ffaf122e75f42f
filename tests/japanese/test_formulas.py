"""Grammar formulas, which nobody says."""

import pytest

from tests.japanese.normalised import pairs, reason
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.japanese.word_forms import build_word_forms


@pytest.mark.parametrize(
    "formula",
    ["N＋です", "Ｎ＋です", "N + です", "V-て＋います", "Vて+ください", "N1＋は", "名詞＋です", "動詞て形＋います", "て形＋ください", "N（名詞）＋です"],
)  # fmt: skip
def test_a_formula_is_not_said(formula: str) -> None:
    assert "formula" in reason(build_word_forms(formula))
    assert "formula" in reason(build_text_forms(formula))


@pytest.mark.parametrize("text", ["1＋1は2です。", "A＋です", "名詞", "Nさんです", "Google+です"])
def test_other_texts_with_letters_and_signs_are_said(text: str) -> None:
    assert pairs(build_text_forms(text))
