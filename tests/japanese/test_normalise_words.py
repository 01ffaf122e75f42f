"""Words: marks, notes, alternatives and signs around what is said."""

import pytest

from tests.japanese.normalised import pairs, reason, texts
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.word_forms import build_kana_forms, build_word_forms
from tts_assets.model import SpokenForm


@pytest.mark.parametrize(
    ("text", "reading", "said", "read"),
    [
        # Marks around a word.
        ("〜年", "ねん", "年", "ネン"),
        ("-人", "-じん", "人", "ジン"),
        ("…さん", "さん", "さん", "サン"),
        ("ご飯。", "ごはん", "ご飯", "ゴハン"),
        ("「はい」", None, "はい", None),
        ("『本』", "ほん", "本", "ホン"),
        ("“本”", None, "本", None),
        ("*本*", None, "本", None),
        ("**本**", "ほん", "本", "ホン"),
        ("# 本", None, "本", None),
        ("はし②", "はし", "はし", "ハシ"),
        ("すみません！", None, "すみません！", None),
        ("何？", "なに？", "何？", "ナニ"),
        # Spaces.
        ("学 校", "がっ こう", "学校", "ガッコウ"),
        ("学\u3000校", "がっこう", "学校", "ガッコウ"),
        ("どうも ありがとう", "どうも ありがとう", "どうもありがとう", "ドウモアリガトウ"),
        ("アイス クリーム", None, "アイスクリーム", None),
        ("ice cream", None, "ice cream", None),
        # Widths, compositions, repeat marks.
        ("ｺｰﾋｰ", "コーヒー", "コーヒー", "コーヒー"),
        ("か\u3099くせい", None, "がくせい", None),
        ("か゛", None, "が", None),
        ("ﾊﾟﾝ", None, "パン", None),
        ("人々", "ひとびと", "人々", "ヒトビト"),
        ("いすゞ", None, "いすず", None),
        ("こゝろ", None, "こころ", None),
        ("タヾ", None, "タダ", None),
        ("㈱", None, "株式会社", None),
        ("㎏", None, "kg", None),
        # What is not seen.
        ("犬\u200b", "いぬ", "犬", "イヌ"),
        ("\u202a犬\u202c", "いぬ", "犬", "イヌ"),
        ("\ufeff犬", "いぬ", "犬", "イヌ"),
        ("犬😀", "いぬ", "犬", "イヌ"),
        ("ha(\u0304", None, "ha", None),
        ("ア\u0305メ", None, "アメ", None),
        # Markup.
        ("<b>水</b>", "みず", "水", "ミズ"),
        ("&lt;b&gt;犬&lt;/b&gt;", "いぬ", "犬", "イヌ"),
        ("犬&nbsp;", "いぬ", "犬", "イヌ"),
        ("R&amp;B", None, "R&B", None),
        ("[sound:inu.mp3]犬", "いぬ", "犬", "イヌ"),
        ("{{c1::犬}}", None, "犬", None),
        ("{{c1::犬::けもの}}", None, "犬", None),
        ("[犬](https://example.org/inu)", None, "犬", None),
        ("犬<!-- けもの -->", None, "犬", None),
        ("犬<!-- けもの", None, "犬", None),
        # Notes in brackets.
        ("本 [名]", None, "本", None),
        ("本【名】", "ほん", "本", "ホン"),
        ("手（名詞）", "て", "手", "テ"),
        ("すくう (みずを～)", "すくう", "すくう", "スクウ"),
        ("日本", "にほん(にっぽん)", "日本", "ニホン"),
        # Endings in brackets.
        ("静か（な）", "しずか", "静か", "シズカ"),
        ("静かな", "しずか（な）", "静かな", "シズカナ"),
        ("静か(な)", "しずかな", "静かな", "シズカナ"),
        ("便利な", "べんり(な)", "便利な", "ベンリナ"),
        ("食べる", "た(べる)", "食べる", "タベル"),
        ("お茶", "(お)ちゃ", "お茶", "オチャ"),
        ("（人）に会う", "ひとにあう", "人に会う", "ヒトニアウ"),
        ("受(け)付", "うけつけ", "受付", "ウケツケ"),
        # Dots that show the okurigana, dots between foreign words.
        ("食べる", "た.べる", "食べる", "タベル"),
        ("食べる", "た・べる", "食べる", "タベル"),
        ("食.べる", "た.べる", "食べる", "タベル"),
        ("アイス・クリーム", "アイスクリーム", "アイスクリーム", "アイスクリーム"),
        ("ガルシア・マルケス", "ガルシア・マルケス", "ガルシアマルケス", "ガルシアマルケス"),
        # Headwords of dictionaries.
        ("ことば【言葉】", None, "言葉", "コトバ"),
        ("言葉【ことば】", None, "言葉", "コトバ"),
        ("た・べる【食べる】", None, "食べる", "タベル"),
        # Placeholders inside, and drawn-out vowels that look like them.
        ("どんなに～ても", None, "どんなに、ても", None),
        ("え～と", None, "えーと", None),
        # Latin words, signs, units.
        ("ＣＤ", "シーディー", "ＣＤ", "シーディー"),
        ("Wi-Fi", "ワイファイ", "Wi-Fi", "ワイファイ"),
        ("CD-ROM", None, "CD-ROM", None),
        ("e-mail", "イーメール", "Eメール", "イーメール"),
        ("km/h", None, "km/h", None),
        ("--help", "ヘルプ", "help", "ヘルプ"),
        ("○", "まる", "マル", "マル"),
        ("〇", "ゼロ", "ゼロ", "ゼロ"),
        ("null", "ヌル", "ヌル", "ヌル"),
        # Words that are phrases.
        ("はい、分かりました", "はい、わかりました", "はい、分かりました", "ハイワカリマシタ"),
        ("えっ、本当", None, "えっ、本当", None),
        ("1/2", "にぶんのいち", "2分の1", "ニブンノイチ"),
        ("1,000円", "せんえん", "1,000円", "センエン"),
    ],
)
def test_a_word_is_said_without_what_stands_around_it(
    text: str, reading: str | None, said: str, read: str | None
) -> None:
    assert build_word_forms(text, reading) == (SpokenForm(text=said, reading=read),)


@pytest.mark.parametrize(
    ("text", "reading", "said"),
    [
        ("お父さん／父", "おとうさん／ちち", [("お父さん", "オトウサン"), ("父", "チチ")]),
        ("行く・来る", "いく・くる", [("行く", "イク"), ("来る", "クル")]),
        ("良い・いい", "よい・いい", [("良い", "ヨイ"), ("いい", "イイ")]),
        ("行く・来る", None, [("行く", None), ("来る", None)]),
        ("コーヒー／紅茶", None, [("コーヒー", None), ("紅茶", None)]),
        ("A/B", None, [("A", None), ("B", None)]),
        ("10:30/朝", None, [("10時30分", None), ("朝", None)]),
        ("明日", "あした、あす", [("明日", "アシタ"), ("明日", "アス")]),
        ("明日", "あした or あす", [("明日", "アシタ"), ("明日", "アス")]),
        ("行く", "いく; ゆく", [("行く", "イク"), ("行く", "ユク")]),
        ("行く", "iku, yuku", [("行く", "イク"), ("行く", "ユク")]),
        ("～人", "～にん/～じん", [("人", "ニン"), ("人", "ジン")]),
        ("切る/着る", "きる", [("切る", "キル")]),
        ("会う・逢う", "あう", [("会う", "アウ")]),
        ("会う、逢う", "あう", [("会う", "アウ")]),
        ("会う|逢う", "あう", [("会う", "アウ")]),
        ("明日\nあした", None, [("明日", None), ("あした", None)]),
    ],
)
def test_alternatives_are_forms_of_their_own(
    text: str, reading: str | None, said: list[tuple[str, str | None]]
) -> None:
    assert pairs(build_word_forms(text, reading)) == said


@pytest.mark.parametrize(
    ("text", "reading", "said"),
    [
        (
            "勉強(する)",
            "べんきょう(する)",
            [("勉強", "ベンキョウ"), ("勉強する", "ベンキョウスル")],
        ),
        ("勉強する", "べんきょう(する)", [("勉強する", "ベンキョウスル")]),
        ("愛 する", "あい する", [("愛する", "アイスル")]),
        ("故障(する)", None, [("故障", None), ("故障する", None)]),
        ("電話(を)する", None, [("電話する", None)]),
        ("勉強", "べんきょうする", [("勉強する", "ベンキョウスル")]),
    ],
)
def test_a_verb_with_suru_is_a_form_beside_its_noun(
    text: str, reading: str | None, said: list[tuple[str, str | None]]
) -> None:
    assert pairs(build_word_forms(text, reading)) == said


def test_separators_of_the_users_own_are_the_only_ones() -> None:
    assert texts(build_word_forms("犬+猫/鳥", separators=["+"])) == ["犬", "猫/鳥"]
    assert texts(build_kana_forms("いぬ+ねこ", separators=["+"])) == ["イヌ", "ネコ"]


def test_no_separators_keep_a_word_whole() -> None:
    assert texts(build_word_forms("行く/来る", separators=[])) == ["行く/来る"]


@pytest.mark.parametrize("reading", ["", "-", "—", "ー", "ゝ", "null", "N/A", "NaN", "…", "🐕"])
def test_a_reading_that_is_absent_is_none(reading: str) -> None:
    assert build_word_forms("犬", reading) == (SpokenForm(text="犬"),)


@pytest.mark.parametrize(
    "reading", ["食べる", "たべる1", "dog", "犬/いぬ", "한국어", "собака", "𩸽", "﨑"]
)
def test_a_reading_that_is_not_kana_is_refused(reading: str) -> None:
    with pytest.raises(UnusableTextError, match="is not kana: write it in hiragana"):
        build_word_forms("犬", reading)


@pytest.mark.parametrize(
    ("kana", "said"),
    [
        ("た.べる", ["タベル"]),
        ("た(べる)", ["タベル"]),
        ("ひと（つ）", ["ヒトツ"]),
        ("ほがらか(な)", ["ホガラカ"]),
        ("にほん(にっぽん)", ["ニホン"]),
        ("いい(よい)", ["イイ"]),
        ("かん・がん", ["カン", "ガン"]),
        ("は、へ", ["ハ", "ヘ"]),
        ("kyū, ku", ["キュー", "ク"]),
        ("kyuu/ku", ["キュウ", "ク"]),
        ("NICHI", ["ニチ"]),
        ("ひと.つ, ひと-", ["ヒトツ", "ヒト"]),
        ("ｶﾝ", ["カン"]),
        ("「は」", ["ハ"]),
        ("ん", ["ン"]),
        ("を", ["ヲ"]),
        ("ゟ", ["ヨリ"]),
        ("いち・いち", ["イチ"]),
    ],
)
def test_readings_that_stand_alone(kana: str, said: list[str]) -> None:
    assert pairs(build_kana_forms(kana)) == [(each, each) for each in said]


@pytest.mark.parametrize("kana", ["っ", "っっ", "ー", "-", "—", "。"])
def test_a_reading_without_sound_is_not_said(kana: str) -> None:
    assert reason(build_kana_forms(kana)) == "the text contains nothing that can be spoken"


@pytest.mark.parametrize("kana", ["食", "12", "dog"])
def test_a_reading_that_stands_alone_must_be_kana(kana: str) -> None:
    with pytest.raises(UnusableTextError, match="is not kana"):
        build_kana_forms(kana)


@pytest.mark.parametrize(
    ("kana", "text"),
    [("よ.う", "ヨう"), ("え.い", "エい"), ("ヨウ", "ヨウ"), ("た.べる", "タベル")],
)
def test_an_ending_that_might_be_a_long_vowel_is_shown(kana: str, text: str) -> None:
    assert [form for form, _ in pairs(build_kana_forms(kana))] == [text]
