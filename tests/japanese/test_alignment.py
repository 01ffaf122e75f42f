"""Parts of a reading for the words of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets.japanese.alignment import (
    AlignableWord,
    AlignedPart,
    align_words,
    edit_distance,
    matches_reading,
    to_key_kana,
)
from tts_assets.japanese.kana import pronunciation_key


def words(*pairs: tuple[str, str]) -> list[AlignableWord]:
    return [
        AlignableWord(spelling=spelling, sounds=tuple(sounds.split("/")))
        for spelling, sounds in pairs
    ]


def cut(text: list[AlignableWord], reading: str) -> list[str] | None:
    """The parts in kana; those that do not fit in brackets."""
    parts = align_words(text, pronunciation_key(reading))
    kana = to_key_kana(reading)
    if parts is None:
        return None
    shown = [(kana[part.start : part.end], part.fits) for part in parts]
    return [own if right else f"({own})" for own, right in shown]


@pytest.mark.parametrize(
    ("text", "reading", "parts"),
    [
        (
            words(("雨", "アメ"), ("が", "ガ"), ("降り", "オリ")),
            "アメガフリ",
            ["アメ", "ガ", "(フリ)"],
        ),
        (words(("母", "ハハ"), ("は", "ワ/ハ")), "ハハハ", ["ハハ", "ハ"]),
        (words(("母", "ハハ"), ("は", "ワ/ハ")), "ハハワ", ["ハハ", "ワ"]),
        (
            words(("東", "ヒガシ"), ("、", ""), ("西", "ニシ")),
            "アズマサイ",
            ["(アズマ)", "", "(サイ)"],
        ),
        (words(("行こ", "イコ"), ("う", "ー")), "イコウ", ["イコ", "ウ"]),
        (words(("野", "ノ"), ("上", "ウエ")), "ノウエ", ["ノ", "ウエ"]),
        (words(("食べる", "タベル")), "クラベル", ["(クラベル)"]),
        (words(("お母さん", "オカーサン")), "オハハサン", ["(オハハサン)"]),
        (words(("２０", "ニジュー"), ("日", "ニチ")), "ハツカ", ["(ハツ)", "(カ)"]),
    ],
)
def test_every_word_gets_its_part(
    text: list[AlignableWord], reading: str, parts: list[str]
) -> None:
    assert cut(text, reading) == parts


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        (words(("犬", "イヌ"), ("が", "ガ")), "イヌワ"),
        (words(("食べる", "タベル")), "タベタ"),
        (words(("お母さん", "オカーサン")), "カーサン"),
        (words(("ねこ", "ネコ")), "イヌ"),
        (words(("犬", "イヌ"), ("が", "ガ")), "ガ"),
        (words(("詩", "シ"), ("屋", "ヤ")), "シャ"),
        ([], "ア"),
    ],
)
def test_a_reading_that_contradicts_the_spelling_s_kana_has_no_parts(
    text: list[AlignableWord], reading: str
) -> None:
    assert align_words(text, pronunciation_key(reading)) is None


def test_as_few_words_as_possible_are_read_otherwise() -> None:
    text = words(("今日", "キョー"), ("明日", "アシタ"), ("日", "ヒ"))
    assert cut(text, "コンニチアシタヒ") == ["(コンニチ)", "アシタ", "ヒ"]


def test_readings_that_words_have_elsewhere_are_likelier_than_others() -> None:
    tomorrow = AlignableWord(spelling="明日", sounds=("アシタ",), listed=("アス", "ミョーニチ"))
    house = AlignableWord(spelling="家", sounds=("イエ",), listed=("ウチ",))
    assert cut([tomorrow, house], "アスウチ") == ["(アス)", "(ウチ)"]
    assert cut([tomorrow, house], "ミョウニチカ") == ["(ミョウニチ)", "(カ)"]


def test_long_texts_that_fit_in_too_many_ways_are_given_up() -> None:
    text = words(*[("日", "ニ")] * 200)
    assert align_words(text, "ア" * 900) is None


def test_words_fit_when_one_of_their_sounds_is_there_each_time() -> None:
    text = words(("これ", "コレ"), ("は", "ワ/ハ"), ("今日", "キョー"))
    assert matches_reading(text, pronunciation_key("コレハキョウ"))
    assert matches_reading(text, pronunciation_key("コレワキョー"))
    assert not matches_reading(text, pronunciation_key("コレガキョウ"))
    assert not matches_reading(text, pronunciation_key("コレハキョウト"))


@given(st.text(alphabet="アイウエオカキクコョッンーハヲ。 ", max_size=12))
def test_letters_are_those_that_the_key_has(reading: str) -> None:
    assert len(to_key_kana(reading)) == len(pronunciation_key(reading))
    assert pronunciation_key(to_key_kana(reading)) == pronunciation_key(reading)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0),
        ("キノウ", "キノウ", 0),
        ("キオウ", "キノウ", 1),
        ("キノ", "キノウ", 1),
        ("", "アオ", 2),
        ("シカ", "カシ", 2),
        ("イヌ", "ネコ", 2),
    ],
)
def test_edit_distance_counts_kana(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance
    assert edit_distance(other, one) == distance


def test_a_part_knows_whether_it_fits() -> None:
    assert align_words(words(("犬", "イヌ")), "ネコ") == [AlignedPart(start=0, end=2, fits=False)]
