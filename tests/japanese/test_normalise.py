"""Normalisation: texts as they stand in learners' catalogues, and what is said for them."""

import pytest

from tests.japanese.normalised import pairs, reason, split_dialogue, texts, without_boundaries
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.running_text import build_dialogue_forms, build_text_forms
from tts_assets.japanese.text_cleanup import extract_furigana_reading
from tts_assets.japanese.word_forms import build_kana_forms, build_title_forms, build_word_forms
from tts_assets.model import SpokenForm


@pytest.mark.parametrize(
    ("text", "reading", "said"),
    [
        ("いい/よい", None, [("いい", None), ("よい", None)]),
        ("丸い; 円い", "まるい", [("丸い", "マルイ")]),
        ("見る 観る", "みる", [("見る", "ミル")]),
        ("朗らか(な)", "ほがらか(な)", [("朗らか", "ホガラカ")]),
        ("～製", "～せい", [("製", "セイ")]),
        ("お～", None, [("お", None)]),
        ("×", "ばつ", [("バツ", "バツ")]),
        ("抑える_", "おさえる", [("抑える", "オサエル")]),
        ("歯", "は", [("歯", "ハ")]),
        ("派手", "はで", [("派手", "ハデ")]),
        ("支配", "しはい", [("支配", "シハイ")]),
        ("こんにちは", None, [("こんにちは", None)]),
        ("それでは", None, [("それでは", None)]),
        ("一日", "ついたち", [("一日", "ツイタチ")]),
        ("一日", "いちにち", [("一日", "イチニチ")]),
        ("故障", "こしょう・する", [("故障", "コショウ"), ("故障する", "コショウスル")]),
        ("九", "きゅう / く", [("九", "キュウ"), ("九", "ク")]),
        ("何", "なに・なん", [("何", "ナニ"), ("何", "ナン")]),
        ("十", "じゅう とお", [("十", "ジュウ"), ("十", "トオ")]),
        ("JLPT N5", None, [("JLPT N5", None)]),
        ("Tシャツ", None, [("Tシャツ", None)]),
        ("食[た]べる", None, [("食べる", "タベル")]),
        ("言葉[ことば;h]", None, [("言葉", "コトバ")]),
        ("<ruby>私<rt>わたし</rt></ruby>は", None, [("私は", "ワタシハ")]),
    ],
)
def test_words(text: str, reading: str | None, said: list[tuple[str, str | None]]) -> None:
    assert pairs(build_word_forms(text, reading)) == said


@pytest.mark.parametrize(
    ("kana", "said"),
    [
        ("きゅう / く", ["キュウ", "ク"]),
        ("なん/なに", ["ナン", "ナニ"]),
        ("なに・なん", ["ナニ", "ナン"]),
        ("じゅう とお", ["ジュウ", "トオ"]),
        ("こしょう・する", ["コショウ", "コショウスル"]),
        ("しいんと (する)", ["シイント", "シイントスル"]),
        ("すくう (みずを～)", ["スクウ"]),
        ("ひと.つ", ["ヒトツ"]),
        ("ひと-", ["ヒト"]),
        ("-い.る", ["イル"]),
        ("また.の-", ["マタノ"]),
        ("!ひと", ["ヒト"]),
        ("^く", ["ク"]),
        ("ショク", ["ショク"]),
        ("nichi", ["ニチ"]),
        ("は", ["ハ"]),
    ],
)
def test_readings_that_stand_alone_are_said_as_katakana(kana: str, said: list[str]) -> None:
    assert pairs(build_kana_forms(kana)) == [(each, each) for each in said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("明日は雨が降ります。", "明日は雨が降ります。"),
        ("この絵は誰が描いたのですか？", "この絵は誰が描いたのですか？"),
        ("私は 学生です。", "私は学生です。"),
        ("男：三時に えきの 前で どうですか。", "三時にえきの前でどうですか。"),
        ("朝9時から午後5時まで働きます。", "朝9時から午後5時まで働きます。"),
        ("昨日の夜8時ごろに帰りました。", "昨日の夜8時ごろに帰りました。"),
        ("８０％の生徒", "８０％の生徒"),
        ("10:30", "10時30分"),
        ("2024/5/6", "2024年5月6日"),
        ("1/2", "2分の1"),
        ("3〜5人", "3から5人"),
    ],
)
def test_sentences_are_one_form_of_running_text(text: str, said: str) -> None:
    assert without_boundaries(build_text_forms(text)) == (SpokenForm(text=said, sentence=True),)


def test_furigana_of_a_sentence_are_its_reading() -> None:
    furigana = "彼[かれ]は 危険[きけん]を 見[み]た。"
    assert pairs(build_text_forms(furigana)) == [("彼は危険を見た。", "カレハキケンヲミタ")]
    assert extract_furigana_reading(furigana) == "カレハキケンヲミタ"


def test_the_lines_of_a_dialogue_know_their_speakers() -> None:
    dialogue = "A「これは何ですか。」\nB「本です。」"
    assert split_dialogue(dialogue) == [("A", "これは何ですか。"), ("B", "本です。")]
    assert texts(build_dialogue_forms(dialogue)) == ["これは何ですか。本です。"]


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("後で（あとで）", [("後で", "アトデ")]),
        ("〜です／〜ます", [("です", None), ("ます", None)]),
        ("がる / がっている", [("がる", None), ("がっている", None)]),
        ("あまり〜ない", [("あまり、ない", None)]),
    ],
)
def test_titles_of_grammar_patterns(title: str, said: list[tuple[str, str | None]]) -> None:
    assert pairs(build_title_forms(title)) == said


@pytest.mark.parametrize("title", ["A が いちばん～ (A ga ichiban～)", "V[て]いる"])
def test_a_title_with_a_formula_is_not_said(title: str) -> None:
    assert reason(build_title_forms(title)).endswith("use its examples instead")


def test_a_blank_to_fill_in_is_not_said() -> None:
    text = "___に伴って変化が起きた"
    assert build_text_forms(text) == "the text contains a blank to fill in"


def test_an_empty_text_is_not_said() -> None:
    assert (
        build_text_forms("") == build_word_forms("") == build_title_forms("") == "the text is empty"
    )


@pytest.mark.parametrize(
    "text", ["\ud800犬", "犬\x1b[31m", "犬\x00", "\x9b犬", "犬&#0;", "犬\ufffd"]
)
def test_broken_characters_are_refused_with_their_position(text: str) -> None:
    for say in (
        build_word_forms,
        build_text_forms,
        build_dialogue_forms,
        build_title_forms,
        build_kana_forms,
    ):
        with pytest.raises(UnusableTextError, match=r"character \d+ of the text is U\+"):
            say(text)
