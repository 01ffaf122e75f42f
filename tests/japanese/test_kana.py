"""Kana: one script, and equal keys for equal pronunciations."""

import pytest

from tts_assets.japanese.kana import is_katakana, katakana, pronunciation_key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("たべる", "タベル"),
        ("ｶﾞｯｺｳ", "ガッコウ"),
        ("か\u3099", "ガ"),
        ("食べル", "食ベル"),
        ("ゔ", "ヴ"),
    ],
)
def test_hiragana_and_half_width_forms_become_katakana(text: str, expected: str) -> None:
    assert katakana(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("とうきょう", "トーキョー"),
        ("おおきい", "オーキイ"),
        ("せんせい", "センセー"),
        ("つづく", "ツズク"),
        ("はなぢ", "ハナジ"),
        ("を", "お"),
        ("です’か", "デスカ"),
        ("こおり", "コーリ"),
    ],
)
def test_spellings_of_one_pronunciation_have_one_key(one: str, other: str) -> None:
    assert pronunciation_key(one) == pronunciation_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("おばさん", "おばあさん"),
        ("ここ", "こうこう"),
        ("きて", "きって"),
        ("は", "わ"),
        ("びょういん", "びよういん"),
        ("いえ", "いいえ"),
        ("ほん", "ほ"),
    ],
)
def test_different_words_have_different_keys(one: str, other: str) -> None:
    assert pronunciation_key(one) != pronunciation_key(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("タベル", True), ("ヴァー", True), ("たべる", False), ("", False), ("ア゙1", False)],
)
def test_katakana_is_told_from_everything_else(text: str, *, expected: bool) -> None:
    assert is_katakana(text) is expected
