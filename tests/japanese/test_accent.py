"""Pitch accents: read from any notation, and written for people."""

import math
from typing import Any

import pytest

from tts_assets.japanese.accent_notation import (
    extract_accent_reading,
    format_accent_phrases,
    format_pitch_line,
    parse_accent,
)
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.word_forms import build_word_forms
from tts_assets.model import Phrase


@pytest.mark.parametrize(
    ("value", "accent"),
    [
        (0, 0),
        (3, 3),
        (2.0, 2),
        ("0", 0),
        ("1.0", 1),
        ("２.0", 2),
        ("0.0", 0),
        ("２", 2),
        (" 1 ", 1),
        ("[1]", 1),
        ("【1】", 1),
        ("（0）", 0),
        ("①", 1),
        ("⓪", 0),
        ("1型", 1),
        ("はし[2]", 2),
        ("ハシ（2）", 2),
        ("あめ①", 1),
    ],
)
def test_a_number_is_that_of_the_mora(value: Any, accent: int) -> None:
    assert parse_accent(value, None) == accent


@pytest.mark.parametrize(
    ("value", "accent"),
    [
        ("0,3", 0),
        ("4,0", 4),
        ("1、0", 1),
        ("2・0", 2),
        ("2/1", 2),
        ("[2][0]", 2),
        ("①③", 1),
        ("(副)0,(名)3", 0),
        ("（名）2；（副）0", 2),
        ("1|0", 1),
        ([1, 0], 1),
        (["2", "0"], 2),
        ([None, 3], 3),
        ([{"position": 1}], 1),
    ],
)
def test_of_alternates_the_first_counts(value: Any, accent: int) -> None:
    assert parse_accent(value, None) == accent


@pytest.mark.parametrize(
    ("value", "accent"),
    [
        ({"accent": 2}, 2),
        ({"mora": 3, "drop": 1, "alternates": [0]}, 1),
        ({"Pitch": "LHL"}, 2),
        ({"pitches": [{"position": 0}]}, 0),
        ({"drop": None, "pattern": "heiban"}, 0),
    ],
)
def test_an_object_holds_it_under_a_key_that_means_it(value: Any, accent: int) -> None:
    assert parse_accent(value, None) == accent


@pytest.mark.parametrize(
    ("value", "reading", "accent"),
    [
        ("ア＼ル", "アル", 1),
        ("ア\\ル", "アル", 1),
        ("ハ'シ", "ハシ", 1),
        ("ハ’シ", "ハシ", 1),
        ("ハシ↓", "ハシ", 2),
        ("ハシꜜ", "ハシ", 2),
        ("ハシ⌝", "ハシ", 2),
        ("ハシ￢", "ハシ", 2),
        ("ハシ↓ヲ", "ハシ", 2),
        ("↑ア↓メ", "アメ", 1),
        ("ア/メ＼ガ", "アメ", 2),
        ("キョ＼ー", "キョー", 1),
        ("キ＼ョー", "キョー", 1),
        ("ココ＼ロ", "ココロ", 2),
        ("ココ＼ロ", None, 2),
        ("ｱ＼ﾒ", "アメ", 1),
        ("あ＼め", "アメ", 1),
        ("カ゜カ＼", "ガカ", 2),
        ("トーキョー￣", "トウキョウ", 0),
        ("コンニチワ￣", "コンニチハ", 0),
        ("ユー￣", "イウ", 0),
        ("ハシ￣", "ハシ", 0),
        ("ハシ→", "ハシ", 0),
        ("ハシ＝", "ハシ", 0),
        ("ア\u0305メ", "アメ", 1),
        ("アメ\u0305ガ", "アメ", 2),
        ("アメ\u0305", "アメ", 0),
        ('<span style="text-decoration: overline">ア</span>メ', "アメ", 1),
        ('ア<span class="overline">メ</span>', "アメ", 0),
        ('ハ<span class="overline">シ</span>&#42780;', "ハシ", 2),
        ("<b>ア</b>＼メ", "アメ", 1),
    ],
)
def test_kana_may_have_a_mark_where_the_pitch_falls(
    value: str, reading: str | None, accent: int
) -> None:
    assert parse_accent(value, reading) == accent


@pytest.mark.parametrize(
    ("value", "reading", "accent"),
    [
        ("HL", "アメ", 1),
        ("LH", "アメ", 0),
        ("HLL", "アメ", 1),
        ("LHL", "ハシ", 2),
        ("LHH", "ハシ", 0),
        ("LHL", "ココロ", 2),
        ("L-H-L", "ココロ", 2),
        ("L H L", "ココロ", 2),
        ("LHHHH(L)", None, 5),
        ("低高低", "ココロ", 2),
        ("高低", "アメ", 1),
        ("高低", None, 1),
        ("0110", "ハシガニ", 3),
        ("011", "ハシ", 0),
    ],
)
def test_tones_are_one_for_each_mora_and_one_for_a_particle(
    value: str, reading: str | None, accent: int
) -> None:
    assert parse_accent(value, reading) == accent


@pytest.mark.parametrize(
    ("value", "accent"),
    [
        ("heiban", 0),
        ("平板", 0),
        ("平板型", 0),
        ("Heiban-gata", 0),
        ("h", 0),
        ("atamadaka", 1),
        ("頭高", 1),
        ("頭高型", 1),
        ("a", 1),
        ("odaka", 3),
        ("尾高", 3),
        ("尾高型", 3),
        ("o", 3),
        ("nakadaka 2", 2),
        ("中高[2]", 2),
        ("中高(2)型", 2),
        ("n2", 2),
        ("kifuku2", 2),
        ("起伏2", 2),
        ("k2", 2),
    ],
)
def test_classes_have_names_and_codes(value: str, accent: int) -> None:
    assert parse_accent(value, "ココロ") == accent


@pytest.mark.parametrize(
    "value",
    [None, "", " ", "-", "—", "*", "?", "null", "N/A", "nan", "NaN", "None", [], {}, [None]],
)
def test_data_may_give_no_accent(value: Any) -> None:
    assert parse_accent(value, "アメ") is None


@pytest.mark.parametrize(
    "value",
    [
        True,
        -1,
        1.5,
        "1.5",
        math.nan,
        math.inf,
        b"1",
        object(),
        "xyz",
        "-1",
        "雨",
        "アメ",
        "1a",
        "+",
    ],
)
def test_what_is_no_notation_is_refused_with_those_that_are_known(value: Any) -> None:
    with pytest.raises(UnusableTextError, match="is in no accepted notation: write the num"):
        parse_accent(value, "アメ")


@pytest.mark.parametrize(
    ("value", "reading", "reason"),
    [
        ("HL", "ハシガニ", "does not fit ハシガニ"),
        ("HHL", "ココロ", "does not fit ココロ"),
        ("LHLH", None, "does not fit any word"),
        ("LLH", "ココロ", "the second unlike the first"),
        ("ハ＼シ", "アメ", "contradicts アメ"),
        ("ハ＼シ＼ガ", "ハシ", "falls more than once"),
        ("1-2", None, "has two phrases"),
        ("h-1", None, "has two phrases"),
        ("odaka", None, "lacks the reading, whose last mora it means"),
        ("尾高", "", "lacks the reading"),
        ("nakadaka", "ココロ", "lacks a number"),
        ("起伏", "ココロ", "lacks a number"),
        ({"kana": "アメ"}, "アメ", "is an object with kana, but with none of accent, drop"),
    ],
)
def test_an_accent_that_does_not_say_which_mora_it_is_is_refused(
    value: Any, reading: str | None, reason: str
) -> None:
    with pytest.raises(UnusableTextError, match=reason):
        parse_accent(value, reading)


@pytest.mark.parametrize(
    ("value", "kana"),
    [
        ("ア＼ル", "アル"),
        ("は'し", "ハシ"),
        ("ハシ￣", "ハシ"),
        ("はし[2]", "ハシ"),
        ("カ゜カ＼", "ガカ"),
        (["ハ＼シ", "ハシ＼"], "ハシ"),
        ({"pitch": "ハ＼シ"}, "ハシ"),
        ("LHL", None),
        ("2", None),
        ("ハシ", None),
        ("heiban", None),
        (None, None),
        (2, None),
    ],
)
def test_notations_in_kana_hold_the_reading(value: Any, kana: str | None) -> None:
    assert extract_accent_reading(value) == kana


@pytest.mark.parametrize(
    ("text", "reading", "value", "accents"),
    [
        ("雨", "あめ", "1", [1]),
        ("雨", None, "ア＼メ", [1]),
        ("雨", None, "HL", [1]),
        ("はな", None, "odaka", [2]),
        ("日本", "にほん", "2,0", [2]),
        ("日本", "にほん/にっぽん", "2,3", [2, 3]),
        ("日本", "にほん/にっぽん", [2, 3], [2, 3]),
        ("日本", "にほん/にっぽん", "2", [2, None]),
        ("勉強(する)", "べんきょう(する)", 0, [0, None]),
    ],
)
def test_each_form_of_a_word_has_its_accent(
    text: str, reading: str | None, value: Any, accents: list[int | None]
) -> None:
    said = build_word_forms(text, reading, value)
    assert not isinstance(said, str)
    assert [form.accent for form in said] == accents


def test_kanji_do_not_count_as_morae() -> None:
    with pytest.raises(UnusableTextError, match="lacks the reading"):
        build_word_forms("食べる", None, "odaka")


def test_the_reading_comes_from_the_accent_where_only_that_has_it() -> None:
    assert build_word_forms("雨", None, "ア＼メ") == build_word_forms("雨", "アメ", 1)


@pytest.mark.parametrize(
    ("kana", "accent", "marked", "tones"),
    [
        ("ハシ", 0, "ハシ", "LH"),
        ("ハシ", 1, "ハ↓シ", "HL"),
        ("ハシ", 2, "ハシ↓", "LH"),
        ("ココロ", 2, "ココ↓ロ", "LHL"),
        ("キョー", 1, "キョ↓ー", "HL"),
        ("トーキョー", 0, "トーキョー", "LHHH"),
        ("ハ", 0, "ハ", "L"),
        ("ハ", 1, "ハ↓", "H"),
    ],
)
def test_a_phrase_is_written_with_its_fall_or_with_tones(
    kana: str, accent: int, marked: str, tones: str
) -> None:
    phrases = [Phrase(kana=kana, accent=accent)]
    assert (format_accent_phrases(phrases), format_pitch_line(phrases)) == (marked, tones)


def test_phrases_are_parted_by_strokes_and_pauses_by_commas() -> None:
    phrases = [
        Phrase(kana="アメガ", accent=1),
        Phrase(kana="フル", accent=1, pause=True),
        Phrase(kana="ハナ", accent=2, pause=True),
    ]
    assert format_accent_phrases(phrases) == "ア↓メガ/フ↓ル、ハナ↓"
    assert format_pitch_line(phrases) == "HLL/HL、LH"


@pytest.mark.parametrize("accent", range(5))
def test_what_is_written_is_read_again(accent: int) -> None:
    phrases = [Phrase(kana="ミズウミ", accent=accent)]
    flat = "￣" if accent == 0 else ""
    assert parse_accent(format_accent_phrases(phrases) + flat, "ミズウミ") == accent
    assert parse_accent(format_pitch_line(phrases) + ("L" if accent else "H"), "ミズウミ") == accent
