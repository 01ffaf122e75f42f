"""Readings in brackets behind words: of which word they are, which of several, and when of none."""

import pytest

from tests.japanese.normalised import pairs
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.japanese.text_cleanup import extract_furigana_reading
from tts_assets.japanese.word_forms import build_word_forms
from tts_assets.model import SpokenForm


def only(said: tuple[SpokenForm, ...] | str) -> SpokenForm:
    assert not isinstance(said, str), said
    assert len(said) == 1
    return said[0]


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("七（しち・なな）", ["シチ", "ナナ"]),
        ("明日（あした・あす）", ["アシタ", "アス"]),
        ("一日[いちにち・ついたち]", ["イチニチ", "ツイタチ"]),
        ("私【わたし・わたくし】", ["ワタシ", "ワタクシ"]),
        ("～杯（はい・ばい・ぱい）", ["ハイ", "バイ", "パイ"]),
        ("七（なな しち）", ["ナナ", "シチ"]),
        ("七（なな；しち）", ["ナナ", "シチ"]),
        ("七（なな or しち）", ["ナナ", "シチ"]),
        ("今日(きょう｜こんにち)", ["キョウ", "コンニチ"]),
        ("行く（いく・ゆく）", ["イク", "ユク"]),
        ("四（し・よん）", ["シ", "ヨン"]),
        ("角（かど・corner）", ["カド"]),
    ],
)
def test_several_readings_of_a_word_are_alternatives(text: str, readings: list[str]) -> None:
    assert [reading for _, reading in pairs(build_word_forms(text))] == readings


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("漢字[かん・じ]", "カンジ"),
        ("学校（がっ・こう）", "ガッコウ"),
        ("先生（せん せい）", "センセイ"),
        ("大学生（だい・がく・せい）", "ダイガクセイ"),
        ("日本語[に|ほん|ご]", "ニホンゴ"),
        ("食べる（た・べる）", "タベル"),
    ],
)
def test_a_reading_for_each_kanji_is_one_reading(text: str, reading: str) -> None:
    assert [said for _, said in pairs(build_word_forms(text))] == [reading]


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("明日（あした・あす）は休みです。", (("明日", "アシタ"),)),
        ("彼は七（しち・なな）と言う。", (("七", "シチ"),)),
    ],
)
def test_of_several_readings_running_text_has_the_first(
    text: str, readings: tuple[tuple[str, str], ...]
) -> None:
    assert only(build_text_forms(text)).readings == readings
    assert extract_furigana_reading("明日（あした・あす）") == "アシタ"


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("4月1日(ついたち)に始まる。", (("1日", "ツイタチ"),)),
        ("来月1日(ついたち)に払う。", (("1日", "ツイタチ"),)),
        ("約10分(じゅっぷん)かかる。", (("10分", "ジュップン"),)),
        ("第3課(さんか)です。", (("3課", "サンカ"),)),
        ("定価1500円(せんごひゃくえん)", (("1500円", "センゴヒャクエン"),)),
        ("朝8時半(はちじはん)に出る。", (("8時半", "ハチジハン"),)),
        ("猫2匹(にひき)がいる。", (("2匹", "ニヒキ"),)),
        ("毎年4月(しがつ)に始まる。", (("4月", "シガツ"),)),
        ("弟は今年20歳(はたち)になる。", (("20歳", "ハタチ"),)),
    ],
)
def test_a_reading_that_begins_with_the_number_is_not_of_the_words_before_it(
    text: str, readings: tuple[tuple[str, str], ...]
) -> None:
    assert only(build_text_forms(text)).readings == readings


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("一日 (ついたち)", "ツイタチ"),
        ("開く (あく)", "アク"),
        ("人気 【ひとけ】", "ヒトケ"),
        ("一日\u3000（ついたち）", "ツイタチ"),
        ("角 [かど]", "カド"),
        ("角 (かど, corner)", "カド"),
        ("四 [し]", "シ"),
    ],
)
def test_a_reading_may_stand_behind_a_blank(text: str, reading: str) -> None:
    assert [said for _, said in pairs(build_word_forms(text))] == [reading]


@pytest.mark.parametrize(
    "text", ["食べる (たべもの)", "犬 (ペット)", "静か (な)", "見る (テレビを)"]
)
def test_behind_a_blank_what_cannot_be_the_reading_is_a_note(text: str) -> None:
    assert pairs(build_word_forms(text)) == [(text.split(" ", maxsplit=1)[0], None)]


def test_in_running_text_a_reading_behind_a_blank_is_not_said_in_addition() -> None:
    assert pairs(build_text_forms("今日 (きょう) は 暑い (あつい) です。")) == [
        ("今日は暑いです。", "キョウハアツイデス")
    ]


@pytest.mark.parametrize(
    ("text", "said", "readings"),
    [
        ("開(あ)く", "開く", (("開", "ア"),)),
        ("受(け)付", "受付", (("受", "ケ"),)),
        ("写真を取(と)る", "写真を取る", (("取", "ト"),)),
        ("彼を抱(だ)いた", "彼を抱いた", (("抱", "ダ"),)),
        ("髪を梳(と)かす", "髪を梳かす", (("梳", "ト"),)),
    ],
)
def test_one_kana_in_round_brackets_is_left_to_the_dictionary(
    text: str, said: str, readings: tuple[tuple[str, str], ...]
) -> None:
    form = only(build_word_forms(text))
    assert (form.text, form.reading, form.readings) == (said, None, readings)
    assert extract_furigana_reading(text) is None


def test_so_are_fewer_kana_than_the_kanji_before_them_should_have() -> None:
    form = only(build_word_forms("田中先生（せんせい）"))
    assert (form.reading, form.readings) == (None, (("田中先生", "センセイ"),))


@pytest.mark.parametrize(
    ("text", "said"),
    [("友達(と)いく", "友達といく"), ("学生(だ)", "学生"), ("荷物(を)もつ", "荷物をもつ")],
)
def test_particles_in_round_brackets_are_no_readings(text: str, said: str) -> None:
    assert pairs(build_text_forms(text)) == [(said, None)] or said == "学生"
    assert only(build_word_forms(text)).readings == ()


@pytest.mark.parametrize("reading", ["[た]べる", "(た)べる", "{た}べる", "食[た]べる"])
def test_brackets_in_a_reading_only_show_what_is_of_the_kanji(reading: str) -> None:
    assert pairs(build_word_forms("食べる", reading)) == [("食べる", "タベル")]


@pytest.mark.parametrize(
    ("text", "said", "reading"),
    [
        ("{{食|た}}べる", "食べる", "タベル"),
        ("{{r|明日|あす}}", "明日", "アス"),
        ("{{ruby|明日|あす}}", "明日", "アス"),
        ("{{furigana|食|た}}べる", "食べる", "タベル"),
        ("{明日}(あす)", "明日", "アス"),
        ("{漢字}(かんじ)", "漢字", "カンジ"),
        ("漢字|かんじ|", "漢字", "カンジ"),
        ("明日‹あす›", "明日", "アス"),
        ("明日＜あす＞", "明日", "アス"),
        ("\\ruby{明日}{あす}", "明日", "アス"),
    ],
)
def test_furigana_are_taken_in_more_ways_of_marking_them(
    text: str, said: str, reading: str
) -> None:
    assert pairs(build_word_forms(text)) == [(said, reading)]
    assert pairs(build_text_forms(text)) == [(said, reading)]


def test_a_reading_in_latin_letters_is_one_if_the_dictionary_knows_it() -> None:
    form = only(build_text_forms("今日 (kyō) は休みだ。"))
    assert (form.text, form.readings) == ("今日は休みだ。", (("今日", "きょー"),))


def test_a_name_in_capitals_is_no_reading() -> None:
    assert only(build_text_forms("米国(USA)へ行く。")).text == "米国、USA、へ行く。"


def test_a_quotation_is_the_reading_where_it_has_the_same_ending() -> None:
    assert pairs(build_word_forms("開く「あく」")) == [("開く", "アク")]


@pytest.mark.parametrize("text", ["母「はい」", "店員さん「たなかさん」", "彼は「はい」と言う"])
def test_other_quotations_are_said(text: str) -> None:
    assert only(build_text_forms(text)).text == text


def test_a_long_text_with_a_reading_is_gone_through_at_once() -> None:
    form = only(build_text_forms("市場[いちば]へ行く。" + "角を曲がる。" * 1_600))
    assert form.readings == (("市場", "イチバ"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("学校 （から） 帰る。", "学校から帰る。"),
        ("東京 （まで） 何時間ですか。", "東京まで何時間ですか。"),
        ("お茶 （など） を飲む。", "お茶などを飲む。"),
        ("日本 （という） 国です。", "日本という国です。"),
        ("窓 (あけて) ください。", "窓あけてください。"),
        ("学校(から)帰る。", "学校から帰る。"),
        ("学校(からの)手紙", "学校からの手紙"),
        ("私(たち)は行く。", "私たちは行く。"),
        ("お客(さん)が来た。", "お客さんが来た。"),
        ("京都(と)奈良", "京都と奈良"),
        ("電波(は)届く", "電波は届く"),
    ],
)
def test_particles_and_suffixes_in_brackets_are_said(text: str, said: str) -> None:
    assert pairs(build_text_forms(text)) == [(said, None)]


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("空(から)", "カラ"),
        ("等(など)", "ナド"),
        ("友達(ともだち)", "トモダチ"),
        ("勇人(ゆうと)", "ユウト"),
        ("大和(やまと)", "ヤマト"),
        ("三(さん)", "サン"),
        ("図(と)書(しょ)館(かん)", "トショカン"),
        ("日(に)本(ほん)", "ニホン"),
    ],
)
def test_kanji_that_are_read_as_such_kana_have_furigana(text: str, reading: str) -> None:
    form = only(build_text_forms(text))
    found = form.reading or "".join(kana for _, kana in form.readings)
    assert found == reading


@pytest.mark.parametrize(("text", "said"), [("何(か)", "何か"), ("又(は)", "又は")])
def test_of_some_words_a_part_is_in_the_brackets(text: str, said: str) -> None:
    assert pairs(build_word_forms(text)) == [(said, None)]


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("今日、彼(かれ)は速(はや)く走る。", [("彼", "カレ"), ("速", "ハヤ")]),
        ("今日、人（ひと）が画面（がめん）を見る。", [("人", "ヒト"), ("画面", "ガメン")]),
        ("今日、雪《ゆき》で電車《でんしゃ》が来ない。", [("雪", "ユキ"), ("電車", "デンシャ")]),
        ("今日、母(はは)はお茶(おちゃ)を飲む。", [("母", "ハハ"), ("お茶", "オチャ")]),
    ],
)
def test_a_particle_behind_a_reading_belongs_to_no_other_word(
    text: str, readings: list[tuple[str, str]]
) -> None:
    assert [each for each in only(build_text_forms(text)).readings if each[1]] == readings


@pytest.mark.parametrize(
    ("text", "word", "reading"),
    [
        ("私はお茶(おちゃ)を飲む。", "お茶", "オチャ"),
        ("私はお茶(ちゃ)を飲む。", "茶", "チャ"),
        ("私もご飯[ごはん]を食べる。", "ご飯", "ゴハン"),
    ],
)
def test_an_o_before_a_word_is_said_once(text: str, word: str, reading: str) -> None:
    assert only(build_text_forms(text)).readings == ((word, reading),)
