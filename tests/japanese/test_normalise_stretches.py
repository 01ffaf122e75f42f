"""Readings of parts of a text, which furigana and lines of kana leave."""

import pytest

from tests.japanese.normalised import pairs, without_boundaries
from tts_assets.japanese.running_text import build_dialogue_forms, build_text_forms
from tts_assets.japanese.text_cleanup import attach_furigana
from tts_assets.japanese.word_forms import build_title_forms, build_word_forms
from tts_assets.model import SpokenForm


def form(said: tuple[SpokenForm, ...] | str) -> SpokenForm:
    assert not isinstance(said, str), said
    return said[0]


@pytest.mark.parametrize(
    ("text", "said", "readings"),
    [
        ("今日[こんにち]の社会は複雑だ。", "今日の社会は複雑だ。", (("今日", "コンニチ"),)),
        ("角(つの)のある動物を見た。", "角のある動物を見た。", (("角", "ツノ"),)),
        (
            "昨夜[ゆうべ]は 寒[さむ]かった 気がする。",
            "昨夜は寒かった気がする。",
            (("昨夜", "ユウベ"), ("寒", "サム")),
        ),
        (
            "今日の <b>今日[こんにち]</b>の話",
            "今日の今日の話",
            (("今日", ""), ("今日", "コンニチ")),
        ),
        ("5/6(月)、市場[いちば]へ行く。", "5月6日月曜日、市場へ行く。", (("市場", "イチバ"),)),
        ("市場[いちば]（笑[わらい]）へ行く", "市場へ行く", (("市場", "イチバ"),)),
    ],
)
def test_furigana_on_some_words_are_the_readings_of_these(
    text: str, said: str, readings: tuple[tuple[str, str], ...]
) -> None:
    spoken = without_boundaries(build_text_forms(text))
    assert spoken == (SpokenForm(text=said, sentence=True, readings=readings),)


def test_furigana_on_all_words_are_the_whole_reading() -> None:
    assert build_text_forms("昨夜[ゆうべ]は 寒[さむ]かった。") == (
        SpokenForm(
            text="昨夜は寒かった。", reading="ユウベハサムカッタ", sentence=True, boundaries=(3,)
        ),
    )


def test_words_titles_and_dialogues_have_them_too() -> None:
    assert form(build_word_forms("角[つの]を出す")).readings == (("角", "ツノ"),)
    assert form(build_title_forms("〜の他[ほか]に手段がない")).readings == (("他", "ホカ"),)
    assert form(build_dialogue_forms("A：市場[いちば]へ行く。")).readings == (("市場", "イチバ"),)


def test_each_alternative_of_a_word_has_its_own() -> None:
    said = build_word_forms("角[つの]を出す；市場[いちば]に出す")
    assert not isinstance(said, str)
    assert [each.readings for each in said] == [(("角", "ツノ"),), (("市場", "イチバ"),)]


def test_the_reading_of_a_word_wins_over_furigana_on_parts_of_it() -> None:
    assert form(build_word_forms("角[つの]を出す", "かどをだす")).readings == ()


@pytest.mark.parametrize(
    ("text", "line", "readings"),
    [
        (
            "市場で3人に会う",
            "いちばで3にんにあう",
            (("市場で", "イチバデ"), ("人に会う", "ニンニアウ")),
        ),
        (
            "Tシャツを着た。市場だ。",
            "Tしゃつをきた。いちばだ。",
            (("シャツを着た", "シャツヲキタ"), ("市場だ", "イチバダ")),
        ),
        ("10時に市場で会う", "10じに いちばで あう", (("時に市場で会う", "ジニイチバデアウ"),)),
        ("1,000円の本", "1000えんのほん", (("円の本", "エンノホン"),)),
        ("ＪＲで、市場へ", "JRで いちばへ", (("で、市場へ", "デイチバヘ"),)),
        ("3人と犬", "3にんといぬ", (("人と犬", "ニントイヌ"),)),
        # Other numbers than the text has.
        ("3人と犬", "5にんといぬ", ()),
        ("3人と犬", "3にんと1ぴき", ()),
        ("三人と犬", "3にんといぬ", ()),
        # Nothing to tell of.
        ("3とです", "3とです", ()),
    ],
)
def test_a_line_with_numbers_or_letters_gives_what_is_between_them(
    text: str, line: str, readings: tuple[tuple[str, str], ...]
) -> None:
    found = form(build_text_forms(text, line))
    assert (found.reading, found.readings) == (None, readings)


def test_furigana_help_where_a_line_tells_nothing() -> None:
    assert form(build_text_forms("三人で市場[いちば]へ", "3にんで")).readings == (
        ("市場", "イチバ"),
    )
    assert pairs(build_text_forms("市場[いちば]だ。", "null")) == [("市場だ。", "イチバダ")]


@pytest.mark.parametrize(
    ("text", "line", "reading"),
    [
        ("昨日、明日。", "さくじつ、みょうにち。", "サクジツ、ミョウニチ"),
        ("昨日！明日", "さくじつ。みょうにち", "サクジツ。ミョウニチ"),
        ("昨日、明日", "Sakujitsu, myōnichi.", "サクジツ、ミョーニチ"),
        ("昨日[さくじつ]、明日[みょうにち]", None, "サクジツ、ミョウニチ"),
        # Other pauses than the text has.
        ("昨日、明日", "さくじつみょうにち", "サクジツミョウニチ"),
        ("昨日、明日", "さく、じつ、みょうにち", "サクジツミョウニチ"),
        # Kana around a pause tell as much.
        ("昨日は、明日", "さくじつは、みょうにち", "サクジツハミョウニチ"),
    ],
)
def test_a_reading_keeps_the_pauses_between_kanji(
    text: str, line: str | None, reading: str
) -> None:
    assert form(build_text_forms(text, line)).reading == reading


@pytest.mark.parametrize(
    ("text", "furigana", "spelled"),
    [
        ("市場へ行く", "市場[いちば]へ 行く", "市場[いちば]へ 行く"),
        ("<b>市場</b>へ行く", "市場[いちば]へ行く", "市場[いちば]へ行く"),
        ("市場へ行く", "市場[いちば]", "市場へ行く"),
    ],
)
def test_furigana_in_a_field_of_their_own_are_put_to_their_text(
    text: str, furigana: str, spelled: str
) -> None:
    assert attach_furigana(text, furigana) == spelled


def test_a_part_that_is_not_said_has_no_reading() -> None:
    assert form(build_word_forms("漢字}(する)っha{漢字|かんじ}")).readings == ()
