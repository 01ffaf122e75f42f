"""Normalisation: what is said for the texts that learners' catalogues hold."""

import pytest

from tts_assets.domain import SpokenForm
from tts_assets.japanese.normalise import (
    UnusableTextError,
    spoken_dialogue,
    spoken_kana,
    spoken_text,
    spoken_word,
)


@pytest.mark.parametrize(
    ("text", "reading", "said", "read"),
    [
        ("食べる", "たべる", "食べる", "タベル"),
        ("～製", "～せい", "製", "セイ"),
        ("お〜", "お〜", "お", "オ"),
        ("抑える_", "おさえる", "抑える", "オサエル"),
        ("丸い; 円い", "まるい", "丸い", "マルイ"),
        ("いい/よい", None, "いい", None),
        ("朗らか(な)", "ほがらか(な)", "朗らか", "ホガラカ"),
        ("後で（あとで）", None, "後で", None),
        ("Tシャツ", "ティーシャツ", "Tシャツ", "ティーシャツ"),
        ("ひと.つ", "ひと.つ", "ひとつ", "ヒトツ"),
        ("学 校", "がっ こう", "学校", "ガッコウ"),
        ("ｺｰﾋｰ", "コーヒー", "ｺｰﾋｰ", "コーヒー"),
        ("<b>水</b>", "みず", "水", "ミズ"),
        ("か\u3099くせい", None, "がくせい", None),
        ("--help", "ヘルプ", "--help", "ヘルプ"),
        ("1,000円", "せんえん", "1,000円", "センエン"),
        ("えっ、本当", None, "えっ、本当", None),
        ("はい、分かりました", "はい、わかりました", "はい、分かりました", "ハイワカリマシタ"),
        ("1/2", "にぶんのいち", "1/2", "ニブンノイチ"),
        ("https://example.org", None, "https://example.org", None),
        ("何", "なに・なん", "何", "ナニ"),
        ("故障", "こしょう・する", "故障", "コショウ"),
        ("九", "きゅう / く", "九", "キュウ"),
        ("ガルシア・マルケス", "ガルシア・マルケス", "ガルシアマルケス", "ガルシアマルケス"),
    ],
)
def test_words(text: str, reading: str | None, said: str, read: str | None) -> None:
    assert spoken_word(text, reading) == SpokenForm(text=said, reading=read)


@pytest.mark.parametrize(
    ("kana", "read"),
    [
        ("ショク", "ショク"),
        ("た.べる", "タベル"),
        ("ひと-", "ヒト"),
        ("-い.る", "イル"),
        ("^く", "ク"),
    ],
)
def test_readings_that_stand_alone(kana: str, read: str) -> None:
    assert spoken_kana(kana) == SpokenForm(text=read, reading=read)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("私は 学生です。", "私は学生です。"),
        ("A「これは何ですか。」\nB「本です。」", "「これは何ですか。」\n「本です。」"),
        ("男：三時に えきの 前で どうですか。", "三時にえきの前でどうですか。"),
        ("彼は「はい」と言った。", "彼は「はい」と言った。"),
        ("10:30に始まります。", "10:30に始まります。"),
        ("持ち物：水とう", "持ち物：水とう"),
    ],
)
def test_sentences(text: str, said: str) -> None:
    assert spoken_text(text) == SpokenForm(text=said)


def test_a_dialogue_is_said_without_the_names_of_its_speakers() -> None:
    dialogue = "田中：おはようございます。\n店員： いらっしゃいませ。\n10:30です。"
    assert spoken_dialogue(dialogue) == SpokenForm(
        text="おはようございます。\nいらっしゃいませ。\n10:30です。"
    )


@pytest.mark.parametrize("text", ["", "  ", "。", "…！？", "😀", "～", "()", "\u3000"])
def test_a_text_with_nothing_to_say_gives_a_reason(text: str) -> None:
    assert isinstance(spoken_word(text), str)
    assert isinstance(spoken_text(text), str)


def test_a_blank_to_fill_in_is_never_said() -> None:
    assert spoken_text("___に伴って変化が起きた") == "the text has a blank to fill in"


@pytest.mark.parametrize("text", ["\ud800犬", "犬\x1b[31m", "犬\x00", "\x9b犬"])
def test_broken_characters_are_refused_with_their_position(text: str) -> None:
    for say in (spoken_word, spoken_text, spoken_dialogue):
        with pytest.raises(UnusableTextError, match=r"character \d+ of the text is U\+"):
            say(text)


@pytest.mark.parametrize("reading", ["nichi", "食べる", "たべる1"])
def test_a_reading_that_is_not_kana_is_refused(reading: str) -> None:
    with pytest.raises(UnusableTextError, match="is not kana"):
        spoken_word("食べる", reading)
