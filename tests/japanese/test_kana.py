"""Kana: one script, and equal keys for equal pronunciations."""

import pytest

from tts_assets.japanese.kana import (
    is_long_on_reading,
    kana_to_hiragana,
    pronunciation_key,
    to_pronunciation,
)
from tts_assets.model import is_katakana, kana_to_katakana, split_morae


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
    assert kana_to_katakana(text) == expected


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


@pytest.mark.parametrize(
    ("kana", "expected"),
    [
        ("トウキョウ", "ト ウ キョ ウ"),
        ("がっこう", "ガ ッ コ ウ"),
        ("ラーメン", "ラ ー メ ン"),
        ("ティッシュ", "ティ ッ シュ"),
        ("ヴァイオリン", "ヴァ イ オ リ ン"),
        ("ファン", "ファ ン"),
        ("ウィスキー", "ウィ ス キ ー"),
        ("しゃしん", "シャ シ ン"),
        ("ニィ", "ニ ィ"),
        ("アァ", "ア ァ"),
        ("ｷｮｳ", "キョ ウ"),
        ("ァ", "ァ"),
        ("コンニチハ、マタ", "コ ン ニ チ ハ マ タ"),
        ("東", ""),
        ("", ""),
    ],
)
def test_small_kana_join_the_one_before_and_others_are_morae(kana: str, expected: str) -> None:
    assert split_morae(kana) == expected.split()


@pytest.mark.parametrize(
    ("kana", "said"),
    [
        ("トウキョウ", "トーキョー"),
        ("せんせい", "センセー"),
        ("オネエサン", "オネーサン"),
        ("オバアサン", "オバーサン"),
        ("クウキ", "クーキ"),
        ("コオリ", "コーリ"),
        ("チイサイ", "チーサイ"),
        ("ラーメン", "ラーメン"),
        ("ツヅク", "ツズク"),
        ("ハナヂ", "ハナジ"),
        ("ヲ", "オ"),
        ("キャア", "キャー"),
    ],
)
def test_a_long_vowel_is_written_as_one(kana: str, said: str) -> None:
    assert to_pronunciation(kana) == said


@pytest.mark.parametrize("kana", ["アタラシイ", "イイ", "ハ", "ヘ", "イウ", "アオイ", "ニィ", "ー"])
def test_other_kana_are_said_as_they_are_spelled(kana: str) -> None:
    assert to_pronunciation(kana) == kana


@pytest.mark.parametrize("kana", ["トウキョウ", "アタラシイ", "オモウ", "ツヅク", "ティー"])
def test_what_is_said_has_the_key_of_what_is_spelled(kana: str) -> None:
    assert pronunciation_key(to_pronunciation(kana)) == pronunciation_key(kana)
    assert len(split_morae(to_pronunciation(kana))) == len(split_morae(kana))


@pytest.mark.parametrize(
    "kana", ["コウ", "ショウ", "ビョウ", "キュウ", "フウ", "オウ", "セイ", "エイ"]
)
def test_readings_from_chinese_may_end_in_a_long_vowel(kana: str) -> None:
    assert is_long_on_reading(kana)


@pytest.mark.parametrize("kana", ["オモウ", "クウ", "アイ", "コウコウ", "コー", "こう", "ウ", ""])
def test_other_kana_are_no_such_reading(kana: str) -> None:
    assert not is_long_on_reading(kana)


def test_katakana_in_hiragana() -> None:
    assert kana_to_hiragana("カップラーメン") == "かっぷらーめん"
