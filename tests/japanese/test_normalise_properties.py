"""What holds for any text at all, hostile ones among them."""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.japanese.normalised import split_dialogue
from tts_assets.japanese.accent_notation import extract_accent_reading, parse_accent
from tts_assets.japanese.kana import UnusableTextError, romaji_to_katakana
from tts_assets.japanese.running_text import build_dialogue_forms, build_text_forms
from tts_assets.japanese.text_cleanup import extract_furigana_reading
from tts_assets.japanese.word_forms import build_kana_forms, build_title_forms, build_word_forms
from tts_assets.model import SpokenForm, is_katakana

Said: TypeAlias = tuple[SpokenForm, ...] | str

SAY: list[Callable[[str], Said]] = [
    build_word_forms,
    build_kana_forms,
    build_text_forms,
    build_dialogue_forms,
    build_title_forms,
]

#: Pieces of what data are made of, so that rules meet each other.
PIECES = (
    "食 べる 漢字 学校 か る あ ン っ ー 々 ゝ 私は です 男 東京 トウキョウ ha shi kin' ō A N5 Noun Tシャツ "
    "1 10 3〜5 1/2 10:30 2024/5/6 ５０ ％ 円 ¥ 人 -5℃ ½ ① "
    "( ) （ ） [ ] ［ ］ { } 【 】 「 」 『 』 《 》 ｜ | < > <b> </b> <ruby> <rt> </rt> </ruby> <br> <u> </u> "
    "（な） (する) [た] [ことば;h] 《かんじ》 {漢字|かんじ} {{c1:: :: }} [sound:a] &amp; &lt; &#39; "
    "/ ／ ; 、 。 ・ , . … ～ 〜 ~ - ― _ ＿ ! ？ : ： = + * # ^ ` → × ○ 〇 □ ※ 😀 \u200b \u3099 \u0304 \u202e "
    "する ・する または or A： 男： https://a.b www. null (^_^) (笑) ＼ ↓ HL"
)
TEXTS = st.one_of(
    st.lists(
        st.sampled_from([*PIECES.split(" "), " ", "\u3000", "\n", "\\n", "\t"]), max_size=12
    ).map("".join),
    st.text(max_size=40),
    st.text(alphabet=st.characters(min_codepoint=0x3000, max_codepoint=0x30FF), max_size=20),
)

#: The same texts every time, and many of them.
many = settings(derandomize=True, max_examples=150)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ue000-\uf8ff]")
_MARKUP = re.compile(r"[<>{}\[\]【】《》｜]|&(?:amp|lt|gt|#\d+);")


def forms(say: Callable[[str], Said], text: str) -> list[SpokenForm]:
    """The forms of a text, none where it cannot be used or is not said."""
    try:
        said = say(text)
    except UnusableTextError:
        return []
    if isinstance(said, str):
        assert said
        return []
    assert said
    return list(said)


@many
@given(TEXTS)
def test_a_form_is_plain_text_with_a_reading_in_katakana(text: str) -> None:
    for say in SAY:
        for form in forms(say, text):
            assert form.text == form.text.strip() != ""
            assert not _CONTROL.search(form.text)
            assert not _MARKUP.search(form.text)
            assert form.reading is None or is_katakana(form.reading)
            assert form.sentence == (say in {build_text_forms, build_dialogue_forms})


@many
@given(TEXTS)
def test_what_is_said_stays_as_it_is(text: str) -> None:
    for say in SAY:
        for form in forms(say, text):
            again = forms(build_text_forms if form.sentence else build_word_forms, form.text)
            assert [each.text for each in again] == [form.text]


@many
@given(TEXTS, TEXTS)
def test_any_reading_is_katakana_or_refused(text: str, reading: str) -> None:
    for say in (build_word_forms, build_text_forms, build_dialogue_forms, build_title_forms):
        for form in forms(lambda text, say=say: say(text, reading), text):  # type: ignore[misc]
            assert form.reading is None or is_katakana(form.reading)


@many
@given(TEXTS)
def test_the_lines_of_any_dialogue_have_words(text: str) -> None:
    try:
        lines = split_dialogue(text)
    except UnusableTextError:
        return
    assert all(words.strip() for _, words in lines)


@many
@given(TEXTS)
def test_a_reading_in_furigana_is_katakana(text: str) -> None:
    try:
        reading = extract_furigana_reading(text)
    except UnusableTextError:
        return
    assert reading is None or is_katakana(reading)


@many
@given(TEXTS)
def test_romaji_are_katakana_or_none(text: str) -> None:
    kana = romaji_to_katakana(text)
    assert kana is None or is_katakana(kana)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["accent", "x"]), inner)
    ),
    max_leaves=4,
)


@many
@given(JSON, st.none() | TEXTS)
@example("9" * 5, None)
@example(10**400, None)
def test_any_accent_is_a_mora_or_refused(value: Any, reading: str | None) -> None:
    kana = extract_accent_reading(value)
    assert kana is None or is_katakana(kana)
    try:
        accent = parse_accent(value, reading)
    except UnusableTextError:
        return
    assert accent is None or accent >= 0


#: Runs of these made a rule of some normaliser slow: this one must go through them once.
HOSTILE = [
    *("(", "（", "[", "{", "「", "《", "<", "｜", "()", "([{「", ")]}」", "漢(", "漢[か", "か(な"),
    *(
        "<ruby>",
        "<rt>",
        "漢<rt>か",
        "<u>",
        "<!--",
        "<script>",
        "{{c1::",
        "::",
        "{漢|",
        "[漢](",
        "[a](a",
    ),
    *(
        "/",
        ";",
        "・",
        "、",
        "。",
        "～",
        "…",
        "-",
        "―",
        "_",
        "＿ ",
        " ",
        "\n",
        "\n ",
        "\\n",
        "\u3000",
        "^",
    ),
    *(
        "1/",
        "1-",
        "1〜",
        "1:",
        "1,",
        "1.",
        "¥1",
        "2024/",
        "5/6(",
        "5/6に",
        "1*",
        "1 <",
        "比1:2",
        "3人[にん]",
        "3[",
        "10:30",
        "½",
        "①",
        "A:",
        "A「",
        "あ：",
        "あ：。",
        "人の：",
        "A か\n",
        "「…",
        "■ ",
        "か〜",
    ),
    *(
        "http://",
        "www.",
        "&amp;",
        "&",
        "(^",
        "m(",
        "^_^",
        "かゝ",
        "か\u3099",
        "○×",
        "×",
        "食べ・",
        "食 ",
    ),
    *(
        "する",
        "(する)",
        "・する",
        " or ",
        "shi",
        "n'",
        "oh",
        "a ",
        "ア＼",
        "↓",
        "HL",
        "(副)",
        "0,",
        "ん",
        "漢",
    ),
]


# Tenths of a second; what grows with the square of the length does not come through.
@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", HOSTILE)
def test_long_runs_are_gone_through_at_once(piece: str) -> None:
    run = piece * (5_000 // len(piece))
    text = f"漢{run}字"
    for say in SAY:
        forms(say, text)
    forms(lambda run: build_word_forms(run, run), run)
    forms(lambda run: build_word_forms("漢字", run), run)
    forms(lambda run: build_word_forms("漢字", None, run), run)
    romaji_to_katakana(run)


def test_many_alternatives_are_gone_through_at_once() -> None:
    kana = [
        one + other for one in "かきくけこさしすせそ" for other in "たちつてとなにぬねのはひふへほ"
    ]
    words = "/".join(f"食{each}" for each in kana)
    said = build_word_forms(words, "/".join(f"しょく{each}" for each in kana))
    assert len(said) == len(kana)
