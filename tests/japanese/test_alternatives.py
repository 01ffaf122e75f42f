"""Readings with marks inside: one word that is shown kanji by kanji, or several readings."""

import pytest

from tests.japanese.normalised import pairs
from tts_assets.japanese.kana import katakana
from tts_assets.japanese.normalise import spoken_word


@pytest.mark.parametrize(
    ("word", "reading"),
    [
        ("学校", "がっ・こう"),
        ("先生", "せん・せい"),
        ("先生", "せん|せい"),
        ("先生", "せん｜せい"),
        ("電話", "でん・わ"),
        ("東京", "とう・きょう"),
        ("大学", "だい・がく"),
        ("食堂", "しょく・どう"),
        ("友達", "とも・だち"),
        ("人々", "ひと・びと"),
        ("日本語", "に・ほん・ご"),
        ("食べる", "た・べる"),
        ("食べ物", "た・べ・もの"),
        ("一日", "いち・にち"),
        ("手紙", "て・がみ"),
        ("朝日", "あさ・ひ"),
    ],
)
def test_a_mark_between_the_kanji_of_a_word_parts_nothing(word: str, reading: str) -> None:
    joined = katakana("".join(each for each in reading if each not in "・|｜"))
    assert pairs(spoken_word(word, reading)) == [(word, joined)]


@pytest.mark.parametrize(
    ("word", "reading"),
    [
        ("七", "しち・なな"),
        ("七", "しち|なな"),
        ("明日", "あした・あす"),
        ("今日", "きょう・こんにち"),
        ("日本", "にほん・にっぽん"),
        ("開く", "あく・ひらく"),
        ("十分", "じゅうぶん・じゅっぷん"),
        ("雑魚", "ざこ・じゃこ"),
        ("河豚", "ふぐ・ふく"),
        ("数珠", "じゅず・ずず"),
        ("巫女", "みこ・ふじょ"),
        ("木瓜", "ぼけ・もけ"),
        ("今日", "けふ・きょう"),
    ],
)
def test_readings_of_the_whole_word_stay_alternatives(word: str, reading: str) -> None:
    wanted = katakana(reading.replace("|", "・")).split("・")
    assert pairs(spoken_word(word, reading)) == [(word, each) for each in wanted]


def test_words_shown_kanji_by_kanji_may_themselves_be_alternatives() -> None:
    assert pairs(spoken_word("先生", "せん・せい; きょう・し")) == [
        ("先生", "センセイ"),
        ("先生", "キョウシ"),
    ]
