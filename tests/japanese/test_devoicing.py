"""Vowels that are whispered, and those that are not."""

import pytest

from tts_assets.japanese.engine_notation import find_devoiced_morae
from tts_assets.model import split_morae


def _marked(kana: str, accent: int = 0, following: str = "", *, asks: bool = False) -> str:
    sounds = split_morae(kana)
    whispered = find_devoiced_morae(sounds, accent, following, asks=asks)
    return "".join(f"({each})" if at in whispered else each for at, each in enumerate(sounds))


@pytest.mark.parametrize(
    ("kana", "accent", "marked"),
    [
        ("キタ", 2, "(キ)タ"),
        ("クスリ", 0, "(ク)スリ"),
        ("シタ", 0, "(シ)タ"),
        ("ヒト", 0, "(ヒ)ト"),
        ("フカイ", 2, "(フ)カイ"),
        ("シュクダイ", 0, "(シュ)クダイ"),
        ("チカテツ", 0, "(チ)カテツ"),
    ],
)
def test_i_and_u_between_voiceless_consonants_are_whispered(
    kana: str, accent: int, marked: str
) -> None:
    assert _marked(kana, accent) == marked


@pytest.mark.parametrize(
    ("kana", "accent"),
    [
        ("キタ", 1),
        ("スシ", 2),
        ("ヒフ", 1),
        ("キッテ", 0),
        ("ミカン", 1),
        ("クルマ", 0),
        ("ココロ", 2),
        ("カク", 1),
    ],
)
def test_other_vowels_are_not(kana: str, accent: int) -> None:
    assert _marked(kana, accent) == kana


def test_no_two_in_a_row_are() -> None:
    assert _marked("シクチク") == "(シ)ク(チ)ク"


def test_what_follows_without_a_pause_counts() -> None:
    assert _marked("ヨク", 1, "キ") == "ヨ(ク)"
    assert _marked("ヨク", 1, "ナ") == "ヨク"


@pytest.mark.parametrize(
    ("kana", "accent", "marked"),
    [
        ("ネコデス", 1, "ネコデ(ス)"),
        ("イキマス", 3, "イキマ(ス)"),
        ("サクラデスネ", 4, "サクラデ(ス)ネ"),
        ("イキマスヨ", 3, "イキマ(ス)ヨ"),
        ("マス", 0, "マス"),
        ("ナス", 1, "ナス"),
        ("マスモト", 1, "マスモト"),
    ],
)
def test_polite_endings_are_whispered_and_what_looks_like_them_not(
    kana: str, accent: int, marked: str
) -> None:
    assert _marked(kana, accent) == marked


def test_the_end_of_a_question_is_heard() -> None:
    assert _marked("ネコデス", 1, asks=True) == "ネコデス"
