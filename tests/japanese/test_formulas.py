"""Grammar formulas, which nobody says."""

import pytest

from tests.japanese.normalised import pairs, reason
from tts_assets.japanese.normalise import spoken_text, spoken_word


@pytest.mark.parametrize(
    "formula",
    ["N＋です", "Ｎ＋です", "N + です", "V-て＋います", "Vて+ください", "N1＋は", "名詞＋です", "動詞て形＋います", "て形＋ください", "N（名詞）＋です"],
)  # fmt: skip
def test_a_formula_is_not_said(formula: str) -> None:
    assert "formula" in reason(spoken_word(formula))
    assert "formula" in reason(spoken_text(formula))


@pytest.mark.parametrize("text", ["1＋1は2です。", "A＋です", "名詞", "Nさんです", "Google+です"])
def test_other_texts_with_letters_and_signs_are_said(text: str) -> None:
    assert pairs(spoken_text(text))
