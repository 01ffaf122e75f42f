"""Sentences, passages and dialogues: what of running text is said, and its line of kana."""

import pytest

from tests.japanese.normalised import pairs, split_dialogue, texts, without_boundaries
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.running_text import build_dialogue_forms, build_text_forms
from tts_assets.model import SpokenForm


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # Spaces and lines.
        ("私 は 学 生", "私は学生"),
        ("私は\u3000学生です。", "私は学生です。"),
        ("I love 日本 very much", "I love日本very much"),
        ("一行目\n二行目", "一行目。二行目"),
        ("一行目。\n二行目。", "一行目。二行目。"),
        ("犬\\n猫", "犬。猫"),
        ("はい、、、いいえ", "はい、いいえ"),
        ("はい。。。いいえ。", "はい。いいえ。"),
        # Markup.
        ("<p>一行目</p><p>二行目</p>", "一行目。二行目"),
        ("行<br>駅", "行。駅"),
        ("<b>私</b>は<i>学生</i>です。", "私は学生です。"),
        ("* 一つ\n* 二つ", "一つ。二つ"),
        ("&lt;犬&gt;がいる", "犬がいる"),
        ("{{c1::犬::けもの}}がいる。", "犬がいる。"),
        ("[sound:a.mp3]犬がいる。", "犬がいる。"),
        ("<style>p{}</style>犬がいる。", "犬がいる。"),
        # Labels of who speaks.
        ("A: こんにちは。\nB: はい。", "こんにちは。はい。"),
        ("Q：何ですか。\nA：本です。", "何ですか。本です。"),
        ("持ち物：水とう", "持ち物：水とう"),
        # Quotes and brackets.
        ("彼は「はい」と言った。", "彼は「はい」と言った。"),
        ("『本』を読む。", "『本』を読む。"),
        ("彼（山田さん）は来た。", "彼、山田さん、は来た。"),
        ("（株）山田", "株式会社山田"),
        ("［注］読む。", "注読む。"),
        # What nobody says.
        ("嬉しい（笑）", "嬉しい"),
        ("嬉しい(^_^)", "嬉しい"),
        ("嬉しい😀", "嬉しい"),
        ("※注意してください。", "注意してください。"),
        ("→次へ", "次へ"),
        ("詳しくはhttps://example.org", "詳しくは"),
        ("学生\u200b\u2067です\u2069。", "学生です。"),
        # Signs that are said.
        ("東京〜大阪", "東京から大阪"),
        ("月〜金", "月から金"),
        ("すご〜い！", "すごーい！"),
        ("え〜と、はい。", "えーと、はい。"),
        ("そうだね〜。", "そうだねー。"),
        ("う〜ん", "うーん"),
        ("ありがと〜う。", "ありがとーう。"),
        ("〜から〜まで", "から、まで"),
        ("〜たり〜たりする。", "たり、たりする。"),
        ("お〜になる。", "お、になる。"),
        ("3 > 2です", "3、2です"),
        ("10<20", "10、20"),
        ("2 * 3は6", "2かける3は6"),
        ("2^3", "2の3乗"),
        # Dots and bullets.
        ("「……」彼は黙った。「行こう」と言った。", "彼は黙った。「行こう」と言った。"),
        ("彼は（…）と言った。", "彼はと言った。"),
        ("■ 今日の予定\n朝は会議です。", "今日の予定。朝は会議です。"),
        ("□ 本\n●犬", "本。犬"),
        ("A→B", "A、B"),
        ("彼は○か×で答えた。", "彼は○かバツで答えた。"),
        ("犬 &amp; 猫", "犬&猫"),
        ("学問のすゝめ", "学問のすすめ"),
        # What is fine as it is.
        ("え？！本当！？", "え？！本当！？"),
        ("そうですか…。", "そうですか…。"),
        ("二〇二四年", "二〇二四年"),
        ("＠ホーム", "＠ホーム"),
    ],
)
def test_running_text_is_said_without_what_is_only_seen(text: str, said: str) -> None:
    assert without_boundaries(build_text_forms(text)) == (SpokenForm(text=said, sentence=True),)


@pytest.mark.parametrize(
    ("text", "line", "reading"),
    [
        ("私は学生です。", "わたしは がくせいです。", "ワタシハガクセイデス"),
        ("私は学生です。", "Watashi wa gakusei desu.", "ワタシワガクセイデス"),
        ("東京へ行きます。", "Tōkyō e ikimasu.", "トーキョーエイキマス"),
        ("禁煙です。", "Kin'en desu!", "キンエンデス"),
        (
            "「ありがとう」は英語でどう言いますか。",
            "「Arigatou」wa eigo de dou iimasu ka.",
            "アリガトウワエイゴデドウイイマスカ",
        ),
        (
            "「はい」と言った。",
            '"Hai" to itta.',
            "ハイトイッタ",
        ),
        ("行く（来る）。", "iku (kuru).", "イククル"),
        ("A：はい。", "A: はい。", "ハイ"),
        ("私は学生です。", "私[わたし]は 学生[がくせい]です。", "ワタシハガクセイデス"),
        ("ＪＲで行きます。", "ジェーアールでいきます。", "ジェーアールデイキマス"),
        ("3人います。", "さんにんいます。", "サンニンイマス"),
    ],
)
def test_a_line_of_kana_or_romaji_is_the_reading(text: str, line: str, reading: str) -> None:
    assert [said for _, said in pairs(build_text_forms(text, line))] == [reading]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("3人います。", "5にんいます。"),
        ("JRで行きます。", "Jでいきます。"),
        ("3時です。", "3 ji desu."),
        ("雨が降る。", ""),
        ("雨が降る。", "null"),
        ("雨が降る。", "。"),
    ],
)
def test_a_line_that_leaves_something_open_is_no_reading(text: str, line: str) -> None:
    assert build_text_forms(text, line) == (SpokenForm(text=text, sentence=True),)


@pytest.mark.parametrize("line", ["私はがくせいです。", "I am a student.", "わたしはstudentです。"])
def test_a_line_with_kanji_or_other_words_is_refused(line: str) -> None:
    with pytest.raises(UnusableTextError, match=r"the kana line .* is not kana"):
        build_text_forms("私は学生です。", line)


def test_a_long_line_is_refused_by_its_beginning() -> None:
    with pytest.raises(UnusableTextError) as refusal:
        build_text_forms("長い。", "長" * 1_000)
    assert len(str(refusal.value)) < 200


def test_furigana_that_leave_a_kanji_open_are_not_the_reading_of_the_whole() -> None:
    assert pairs(build_text_forms("私[わたし]は学生です。")) == [("私は学生です。", None)]


@pytest.mark.parametrize(
    ("dialogue", "lines"),
    [
        (
            "田中：おはようございます。\n店員： いらっしゃいませ。\n10:30です。",
            [
                ("田中", "おはようございます。"),
                ("店員", "いらっしゃいませ。"),
                (None, "10時30分です。"),
            ],
        ),
        ("田中「はい」\n山田「いいえ」", [("田中", "はい"), ("山田", "いいえ")]),
        ("女の人「きれいですね。」", [("女の人", "きれいですね。")]),
        ("田中さん：はい。", [("田中さん", "はい。")]),
        ("【田中】はい。", [("田中", "はい。")]),
        ("（田中）はい。", [("田中", "はい。")]),
        ("[A] はい。", [("A", "はい。")]),
        ("A はい\nB いいえ", [("A", "はい"), ("B", "いいえ")]),
        ("A1：はい。", [("A1", "はい。")]),
        ("男：はい。 女：いいえ。", [("男", "はい。"), ("女", "いいえ。")]),
        ("田中[たなか]：はい。", [("田中", "はい。")]),
        ("Tom: こんにちは。", [("Tom", "こんにちは。")]),
        (
            "<b>田中</b>：はい。<br><b>山田</b>：いいえ。",
            [("田中", "はい。"), ("山田", "いいえ。")],
        ),
        (
            "店員：いらっしゃいませ。客：これください。",
            [("店員", "いらっしゃいませ。"), ("客", "これください。")],
        ),
        ("A. はい。", [("A", "はい。")]),
        ("男の人：はい。", [("男の人", "はい。")]),
        ("店の人：はい。", [("店の人", "はい。")]),
        (
            "隣の犬：はい。\n隣の犬：ワン。",
            [("隣の犬", "はい。"), ("隣の犬", "ワン。")],
        ),
        # No speakers.
        ("A さんは学生です。", [(None, "Aさんは学生です。")]),
        ("きょうの よてい：はい。", [(None, "きょうのよてい：はい。")]),
        ("T シャツを買う", [(None, "Tシャツを買う")]),
        ("M さんと F さん", [(None, "MさんとFさん")]),
        ("女 の人が来ました。", [(None, "女の人が来ました。")]),
        ("A は学生。\nB は先生。", [(None, "Aは学生。"), (None, "Bは先生。")]),
        ("今日の予定：会議があります。", [(None, "今日の予定：会議があります。")]),
        ("明日の天気：晴れです。", [(None, "明日の天気：晴れです。")]),
        ("私の夢：医者になること", [(None, "私の夢：医者になること")]),
        ("店員：休みです。時間：三時", [("店員", "休みです。時間：三時")]),
        ("例：はい。", [(None, "例：はい。")]),
        ("時間：三時", [(None, "時間：三時")]),
        ("彼は「はい」と言った。", [(None, "彼は「はい」と言った。")]),
        ("10:30に来る。", [(None, "10時30分に来る。")]),
        # Lines that are not said.
        ("A：＿＿＿\nB：はい。", [("B", "はい。")]),
        ("A: ", []),
        ("", []),
    ],
)
def test_the_lines_of_a_dialogue(dialogue: str, lines: list[tuple[str | None, str]]) -> None:
    assert split_dialogue(dialogue) == lines


def test_a_dialogue_is_one_form_without_the_names_of_its_speakers() -> None:
    dialogue = "田中：おはようございます。\n店員： いらっしゃいませ。\n10:30です。"
    assert texts(build_dialogue_forms(dialogue)) == [
        "おはようございます。いらっしゃいませ。10時30分です。"
    ]


def test_the_names_are_not_in_the_reading_either() -> None:
    said = build_dialogue_forms(
        "田中：私です。\n山田：はい。", "たなか：わたしです。\nやまだ：はい。"
    )
    assert pairs(said) == [("私です。はい。", "ワタシデスハイ")]


def test_headings_are_in_the_reading_as_they_are_in_the_text() -> None:
    said = build_dialogue_forms("私の夢：医者", "わたしのゆめ：いしゃ")
    assert pairs(said) == [("私の夢：医者", "ワタシノユメイシャ")]
    said = build_dialogue_forms(
        "男の人：はい。\n木下：私。", "おとこのひと：はい。\nきのした：わたし。"
    )
    assert pairs(said) == [("はい。私。", "ハイワタシ")]


def test_a_dialogue_with_a_blank_in_it_is_not_said() -> None:
    assert build_dialogue_forms("A：＿＿＿\nB：はい。") == "the text contains a blank to fill in"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"Hello\nworld", "Hello。world"),
        (r"です。\nsore wa", "です。sore wa"),
        (r"今日は\tit is", "今日はit is"),
        (r"\ruby{明日}{あす}", "明日"),
    ],
)
def test_ends_of_lines_that_programs_write_are_no_commands(text: str, said: str) -> None:
    assert [form for form, _ in pairs(build_text_forms(text))] == [said]
