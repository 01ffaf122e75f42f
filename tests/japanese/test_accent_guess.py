"""Guesses at accents."""

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.word_accent import find_kana_accent, guess_accent

NOUN = ("名詞", "一般", "*", "*", "*", "*")
VERB = ("動詞", "自立", "*", "*", "一段", "基本形")
ADJECTIVE = ("形容詞", "自立", "*", "*", "形容詞・アウオ段", "基本形")


@pytest.mark.parametrize(
    ("reading", "accent"),
    [("ハシ", 1), ("ツイタチ", 4), ("タベル", 2), ("トケイ", 0), ("シ", None), ("ヌヘヌヘ", None)],
)
def test_kana_that_the_dictionary_knows_as_a_word_have_its_accent(
    dictionary: Dictionary, reading: str, accent: int | None
) -> None:
    assert find_kana_accent(reading, dictionary) == accent


@pytest.mark.parametrize(
    ("reading", "grammar", "spelling", "accent"),
    [
        ("ヌヘヌヘ", NOUN, "塗減", 0),
        ("ヌヘル", VERB, "塗減る", 2),
        ("ヌヘヌイ", ADJECTIVE, "塗減い", 3),
        ("ヌヘーイ", ADJECTIVE, "塗減い", 2),
        ("ヌヘヌヘ", NOUN, "ヌヘヌヘ", 2),
        ("ヌヘーター", NOUN, "ヌヘーター", 2),
        ("ヌヘ", NOUN, "ヌヘ", 1),
        ("シ", NOUN, "四", 1),
        ("シウ", NOUN, "祠宇", 1),
        ("カンサイ", NOUN, "乾菜", 0),
        ("ハルシャギク", NOUN, "波斯菊", 3),
        ("カンメンポー", NOUN, "乾麺麭", 3),
    ],
)
def test_others_follow_the_rule_of_their_kind(
    dictionary: Dictionary, reading: str, grammar: tuple[str, ...], spelling: str, accent: int
) -> None:
    assert guess_accent(reading, grammar, dictionary, spelling) == accent
