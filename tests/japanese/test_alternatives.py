"""Readings with marks inside: one word that is shown kanji by kanji, or several readings."""

import pytest

from tests.japanese.normalised import pairs
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.japanese.word_forms import build_word_forms
from tts_assets.model import kana_to_katakana


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
    joined = kana_to_katakana("".join(each for each in reading if each not in "・|｜"))
    assert pairs(build_word_forms(word, reading)) == [(word, joined)]


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
    wanted = kana_to_katakana(reading.replace("|", "・")).split("・")
    assert pairs(build_word_forms(word, reading)) == [(word, each) for each in wanted]


def test_words_shown_kanji_by_kanji_may_themselves_be_alternatives() -> None:
    assert pairs(build_word_forms("先生", "せん・せい; きょう・し")) == [
        ("先生", "センセイ"),
        ("先生", "キョウシ"),
    ]


@pytest.mark.parametrize(
    ("word", "reading", "wanted"),
    [
        ("回る、回す", "まわる、まわす", [("回る", "マワル"), ("回す", "マワス")]),
        ("行きます、来ます", "いきます、きます", [("行きます", "イキマス"), ("来ます", "キマス")]),
        ("右，左", "みぎ，ひだり", [("右", "ミギ"), ("左", "ヒダリ")]),
        ("結構です、大丈夫です", "けっこうです、だいじょうぶです", [("結構です、大丈夫です", "ケッコウデスダイジョウブデス")]),
        ("今日は、元気だ", "きょうは、げんきだ", [("今日は、元気だ", "キョウハゲンキダ")]),
    ],
)  # fmt: skip
def test_words_with_commas_between_are_alternatives_and_clauses_are_none(
    word: str, reading: str, wanted: list[tuple[str, str]]
) -> None:
    assert pairs(build_word_forms(word, reading)) == wanted


@pytest.mark.parametrize(
    ("word", "reading", "wanted"),
    [
        ("回す", "まわる、まわす", ["マワス"]),
        ("お金持ち", "かねもち; おかねもち", ["オカネモチ"]),
        ("後", "のち、あと", ["ノチ", "アト"]),
        ("敷物", "じゅうたん、カーペット", ["ジュウタン", "カーペット"]),
        ("勉強", "べんきょう、べんきょうする", ["ベンキョウ", "ベンキョウスル"]),
    ],
)
def test_readings_that_do_not_fit_the_spelling_are_left_out_unless_none_does(
    word: str, reading: str, wanted: list[str]
) -> None:
    assert [kana for _, kana in pairs(build_word_forms(word, reading))] == wanted


@pytest.mark.parametrize(
    ("word", "reading", "kana"),
    [
        ("ミリ", "ミリ（メートル）", "ミリ"),
        ("絨毯", "じゅうたん (カーペット)", "ジュウタン"),
        ("じゅうたん (カーペット)", "じゅうたん (カーペット)", "ジュウタン"),
        ("ノー", "ノー（no）", "ノー"),
        ("しいんと", "しいんと（する）", "シイント"),
        ("しいんと (する)", "しいんと (する)", "シイント"),
        ("静か", "しずか [な]", "シズカ"),
        ("食べる", "たべる（v1）", "タベル"),
        ("ミリ", "ミリ（メートル", "ミリ"),
        ("食べ物", "たべもの n.", "タベモノ"),
        ("テレビ", "テレビ, TV", "テレビ"),
        ("一日", "①いちにち②ついたち", "イチニチ"),
        ("寒い", "さむい⇔あつい", "サムイ"),
        ("はい", "はい、いいえ", "ハイ"),
        ("すし屋", "すし ya", "スシヤ"),
        ("食べる", "（たべる）", "タベル"),
        ("ノー", "（no）", None),
        ("できる", "（可能。出現。発生）", None),
    ],
)
def test_remarks_on_a_reading_are_not_spoken(word: str, reading: str, kana: str | None) -> None:
    assert pairs(build_word_forms(word, reading))[0][1] == kana


@pytest.mark.parametrize(
    ("text", "line", "kana"),
    [
        ("しいんと", "しいんと（する）", "シイント"),
        ("絨毯", "じゅうたん（カーペット）", "ジュウタン"),
        ("ノー", "ノー（no）", "ノー"),
        ("彼は来た。", "かれ（たなかさん）はきた。", "カレハキタ"),
        ("朗らかな人", "ほがらか（な）ひと", "ホガラカナヒト"),
        ("彼（田中さん）は来た。", "かれ（たなかさん）はきた。", "カレタナカサンハキタ"),
        ("回す", "まわる、まわす", "マワス"),
        ("はい", "はい、いいえ", "ハイ"),
        ("今日は、雨です。", "きょうは、あめです。", "キョウハアメデス"),
    ],
)
def test_remarks_on_the_line_of_a_text_are_not_spoken(text: str, line: str, kana: str) -> None:
    assert pairs(build_text_forms(text, line))[0][1] == kana
