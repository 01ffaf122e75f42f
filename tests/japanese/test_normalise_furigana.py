"""Furigana: readings in a text, in the many ways in which data write them."""

import pytest

from tests.japanese.normalised import pairs
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.japanese.text_cleanup import extract_furigana_reading
from tts_assets.japanese.word_forms import build_word_forms
from tts_assets.model import SpokenForm


@pytest.mark.parametrize(
    ("text", "said", "reading"),
    [
        # Flash cards.
        ("食[た]べる", "食べる", "タベル"),
        ("目[め]が 覚[さ]める", "目が覚める", "メガサメル"),
        ("言葉[ことば;h]", "言葉", "コトバ"),
        ("漢字[かん・じ]", "漢字", "カンジ"),
        ("20日[はつか]", "20日", "ハツカ"),
        # HTML.
        ("<ruby>漢字<rt>かんじ</rt></ruby>", "漢字", "カンジ"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", "漢字", "カンジ"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>", "漢字", "カンジ"),
        ("<ruby><rb>漢字</rb><rt>かんじ</rt></ruby>", "漢字", "カンジ"),
        ('<ruby class="x">漢字<rt lang="ja">かんじ</rt></ruby>です', "漢字です", "カンジデス"),
        ("<RUBY>漢字<RT>かんじ</RT></RUBY>", "漢字", "カンジ"),
        ("<ruby>漢字<rt>かんじ", "漢字", "カンジ"),
        ("&lt;ruby&gt;漢字&lt;rt&gt;かんじ&lt;/rt&gt;&lt;/ruby&gt;", "漢字", "カンジ"),
        # Braces and bars.
        ("{漢字|かんじ}", "漢字", "カンジ"),
        ("{漢字|かん|じ}", "漢字", "カンジ"),
        ("[漢字|かんじ]", "漢字", "カンジ"),
        ("[漢字]{かんじ}", "漢字", "カンジ"),
        ("[漢字](かんじ)", "漢字", "カンジ"),
        # Books.
        ("｜漢字《かんじ》", "漢字", "カンジ"),
        ("漢字《かんじ》", "漢字", "カンジ"),
        ("漢字《かんじ》［＃「漢字」に傍点］", "漢字", "カンジ"),
        # Round brackets.
        ("漢字(かんじ)", "漢字", "カンジ"),
        ("漢字（かんじ）", "漢字", "カンジ"),
        ("朝ご飯(あさごはん)", "朝ご飯", "アサゴハン"),
        ("お金(かね)", "お金", "オカネ"),
        ("日本（にほん／にっぽん）", "日本", "ニホン"),
        ("言葉【ことば】", "言葉", "コトバ"),
    ],
)
def test_furigana_are_the_reading_and_not_said_twice(text: str, said: str, reading: str) -> None:
    assert pairs(build_word_forms(text)) == [(said, reading)]
    assert extract_furigana_reading(text) == reading


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3人[にん]で行[い]く。", "3人で行く。"),
        ("毎朝[まいあさ] 7時[じ]に 起[お]きる。", "毎朝7時に起きる。"),
        ("お 金[かね]が100円[えん]ある。", "お金が100円ある。"),
        ("2年[ねん]です。", "2年です。"),
        ("2日[にち]です。", "2日です。"),
        ("5号[ごう]です。", "5号です。"),
        ("５分[ふん]まって。", "５分まって。"),
        ("7時[じ]", "7時"),
        ("三人[にん]", "三人"),
        ("何本[ほん]", "何本"),
        ("十時[じ]", "十時"),
        ("二年間[ねんかん]", "二年間"),
        ("12月25日[にち]", "12月25日"),
        ("3番線[ばんせん]", "3番線"),
        ("X線[せん]", "X線"),
        ("<ruby>3人<rt>にん</rt></ruby>", "3人"),
        ("{三人|にん}", "三人"),
        ("｜3人《にん》", "3人"),
    ],
)
def test_a_reading_of_a_counter_alone_leaves_its_number_as_it_is(text: str, said: str) -> None:
    for say in (build_word_forms, build_text_forms):
        assert pairs(say(text)) == [
            (said.removesuffix("。") if say is build_word_forms else said, None)
        ]


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("3人[さんにん]", "サンニン"),
        ("1人[ひとり]", "ヒトリ"),
        ("一人[ひとり]", "ヒトリ"),
        ("2日[ふつか]", "フツカ"),
        ("1日[ついたち]", "ツイタチ"),
        ("二十歳[はたち]", "ハタチ"),
        ("五月[さつき]", "サツキ"),
        ("一昨日[おととい]", "オトトイ"),
        ("100円[ひゃくえん]", "ヒャクエン"),
        ("10分[じゅっぷん]", "ジュップン"),
        ("300人[さんびゃくにん]", "サンビャクニン"),
        ("12月25日[じゅうにがつにじゅうごにち]", "ジュウニガツニジュウゴニチ"),
        ("X線[えっくすせん]", "エックスセン"),
        ("OL[おーえる]", "オーエル"),
    ],
)
def test_a_reading_of_a_number_and_its_counter_is_that_of_both(text: str, reading: str) -> None:
    assert extract_furigana_reading(text) == reading


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("静か(な)", "静か"),
        ("本[名詞]", "本"),
        ("雨[1]", "雨"),
        ("学生[がくせ", "学生がくせ"),
        ("見る（テレビを）", "見る"),
    ],
)
def test_other_brackets_are_no_furigana(text: str, said: str) -> None:
    assert build_word_forms(text) == (SpokenForm(text=said),)


def test_a_reading_that_the_data_give_wins_over_the_furigana() -> None:
    assert pairs(build_word_forms("明日[あした]", "あす")) == [("明日", "アス")]


def test_furigana_in_a_reading_are_taken() -> None:
    assert pairs(build_word_forms("食べる", "食[た]べる")) == [("食べる", "タベル")]


@pytest.mark.parametrize("text", ["食べる", "私[わたし]は学生", "", "V[て]いる"])
def test_there_is_no_reading_where_furigana_leave_something_open(text: str) -> None:
    assert extract_furigana_reading(text) is None


def test_kana_alone_are_their_own_reading() -> None:
    assert extract_furigana_reading("たべる。") == "タベル"


def test_readings_in_round_brackets_are_not_said_in_a_sentence() -> None:
    assert pairs(build_text_forms("山田（やまだ）さん")) == [("山田さん", "ヤマダサン")]


@pytest.mark.parametrize(
    ("text", "accent"),
    [
        ("雨[あめ;1]", 1),
        ("橋[はし;2]", 2),
        ("端[はし;h]", 0),
        ("あめ[1]", 1),
        ("あめ[0,1]", 0),
        ("雨[あめ;xyz]", None),
        ("雨[あめ]", None),
    ],
)
def test_a_pitch_in_the_brackets_is_the_accent(text: str, accent: int | None) -> None:
    said = build_word_forms(text)
    assert not isinstance(said, str)
    assert [form.accent for form in said] == [accent]
