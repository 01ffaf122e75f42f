"""Turns of passages: which lines there are, who says them, and what of them is said."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.japanese.test_normalise_properties import TEXTS, forms, many
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.running_text import (
    build_dialogue_forms,
    build_line_forms,
    build_text_forms,
)
from tts_assets.japanese.word_forms import build_title_forms
from tts_assets.model import SpokenForm, Turn

DATA = Path(__file__).parents[2] / "data"


def passage(text: str, reading: str | None = None) -> SpokenForm:
    """The form of running text as a passage."""
    said = build_text_forms(text, reading, passage=True)
    assert isinstance(said, tuple), said
    return said[0]


def dialogue(text: str, reading: str | None = None, **voices: str) -> SpokenForm:
    """The form of a dialogue as a passage."""
    said = build_dialogue_forms(text, reading, passage=True, voices=voices)
    assert isinstance(said, tuple), said
    return said[0]


def lines(form: SpokenForm) -> list[tuple[str, str]]:
    """Who says what."""
    found, at = [], 0
    for size, speaker, _ in form.turns:
        found.append((speaker, form.text[at : at + size]))
        at += size
    assert at == len(form.text)
    return found


def test_each_line_is_a_turn_with_a_stop_at_its_end() -> None:
    form = passage("題名\n一行目です。\n\n二行目です")
    assert form.text == "題名。一行目です。二行目です"
    assert lines(form) == [("", "題名。"), ("", "一行目です。"), ("", "二行目です")]


@pytest.mark.parametrize(
    "text", ["犬です。<br>猫です。", "<p>犬です。</p><p>猫です。</p>", r"犬です。\n猫です。"]
)
def test_lines_are_what_the_normaliser_takes_for_lines(text: str) -> None:
    assert lines(passage(text)) == [("", "犬です。"), ("", "猫です。")]


def test_a_line_that_ends_in_a_comma_goes_on_in_the_next() -> None:
    assert lines(passage("今日は、\n晴れです。\n明日は雨です。")) == [
        ("", "今日は、晴れです。"),
        ("", "明日は雨です。"),
    ]


def test_lines_with_nothing_to_say_are_no_turns() -> None:
    assert lines(passage("犬です。\n***\n……\n猫です。")) == [("", "犬です。"), ("", "猫です。")]


def test_no_line_begins_with_the_stop_of_another() -> None:
    assert passage("犬です\n。猫です").text == "犬です。猫です"


def test_each_line_of_a_dialogue_has_its_speaker_and_that_speakers_voice() -> None:
    form = dialogue("田中：はい。\n田中：そうです。\n店員：どうぞ。", 田中="jf_alpha")
    assert form.turns == (
        Turn(3, "田中", "jf_alpha"),
        Turn(5, "田中", "jf_alpha"),
        Turn(4, "店員", None),
    )


@pytest.mark.parametrize("label", ["男：", "A：", "Q: ", "B「"])
def test_labels_of_running_text_are_speakers(label: str) -> None:
    end = "」" if label.endswith("「") else ""
    said = build_text_forms(
        f"{label}何ですか。{end}\n本です。", passage=True, voices={label[0]: "Mei"}
    )
    assert isinstance(said, tuple)
    assert said[0].turns[0][1:] == (label[0], "Mei")


def test_a_line_without_a_name_between_those_of_speakers_goes_on_with_what_was_said() -> None:
    form = dialogue("男：すみません。\nちょっといいですか。\n女：はい。")
    assert [speaker for speaker, _ in lines(form)] == ["男", "男", "女"]


def test_lines_before_the_first_speaker_and_behind_the_last_are_a_narrators() -> None:
    form = dialogue(
        "男の人と女の人が話しています。\n男：はい。\n女：いいえ。\n二人はこれから何をしますか。"
    )
    assert [speaker for speaker, _ in lines(form)] == ["", "男", "女", ""]


@pytest.mark.parametrize("direction", ["（電話が鳴る）", "(電話が鳴る)。", "［電話が鳴る］"])
def test_a_stage_direction_is_a_narrators(direction: str) -> None:
    form = dialogue(f"男：はい。\n{direction}\n女：いいえ。")
    assert [speaker for speaker, _ in lines(form)] == ["男", "", "女"]


def test_what_stands_between_quotations_is_a_narrators() -> None:
    form = dialogue("田中「はい」\n彼は立った。\n山田「いいえ」")
    assert lines(form) == [("田中", "はい。"), ("", "彼は立った。"), ("山田", "いいえ")]


def test_a_short_text_is_a_passage_only_when_asked_for() -> None:
    assert build_text_forms("犬です。\n猫です。") == (
        SpokenForm("犬です。猫です。", sentence=True),
    )
    assert build_dialogue_forms("A：犬です。") == (SpokenForm("犬です。", sentence=True),)
    assert passage("犬です。").turns == (Turn(4),)


@pytest.mark.parametrize(("size", "turns"), [(100, 0), (101, 1)])
def test_running_text_longer_than_a_segment_is_a_passage(size: int, turns: int) -> None:
    for text in ("犬" * size, "犬" * (size - 1) + "…"):
        for said in (build_text_forms(text), build_dialogue_forms(text)):
            assert isinstance(said, tuple)
            assert len(said[0].turns) == turns


def test_lines_whose_speakers_are_told_beside_them_keep_them() -> None:
    said = build_line_forms(
        [("田中", "「はい。」\nA案です"), ("", "注：終わり。")], voices={"田中": "Mei"}
    )
    assert isinstance(said, tuple)
    assert lines(said[0]) == [("田中", "はい。"), ("田中", "A案です。"), ("", "注：終わり。")]
    assert [turn.voice for turn in said[0].turns] == ["Mei", "Mei", None]


def test_titles_have_no_turns() -> None:
    said = build_title_forms("犬" * 200)
    assert isinstance(said, tuple)
    assert said[0].turns == ()


def test_a_passage_with_nothing_to_say_is_silent_for_the_same_reason_as_a_sentence() -> None:
    for text in ("", "…", "～男：\u202e？", "＿＿＿です。", "null"):
        assert build_text_forms(text, passage=True) == build_text_forms(text)


def test_a_word_over_two_lines_with_one_reading_is_not_read_twice() -> None:
    assert passage("<ruby>東<br>京<rt>とうきょう</rt></ruby>です。").text == "東。京です。"


def test_a_text_whose_lines_cannot_be_told_is_one_turn() -> None:
    form = passage("<ruby>東京<rt>とう\nきょう</rt></ruby>です。\n犬です。")
    assert lines(form) == [("", "東京です。犬です。")]


def test_the_reading_of_a_passage_keeps_the_pauses_that_it_has_of_the_text() -> None:
    form = dialogue(
        "田中：市場へ、行きます。\n山田：そうですか…\n田中：ええ。",
        "たなか：いちばへ、いきます。\nやまだ：そうですか\nたなか：ええ。",
    )
    assert form.reading == "イチバヘ、イキマス。ソウデスカ。エエ"


def test_a_reading_with_other_commas_keeps_the_ends_of_its_sentences() -> None:
    form = passage("市場へ行きます。はい。", "いちばへ、いきます。はい。")
    assert form.reading == "イチバヘイキマス。ハイ"


def test_a_reading_with_other_sentences_keeps_none() -> None:
    assert passage("市場へ。はい。", "いちばへ はい").reading == "イチバヘハイ"


def test_furigana_are_readings_of_the_lines_that_they_stand_in() -> None:
    form = passage("市場[いちば]と市場。\n株の市場[しじょう]です。")
    assert form.readings == (("市場", "イチバ"), ("市場", ""), ("市場", "シジョウ"))


@many
@given(st.lists(TEXTS, min_size=1, max_size=5).map("\n".join))
def test_the_sizes_of_turns_make_the_text_and_no_turn_is_empty(text: str) -> None:
    for say in (build_text_forms, build_dialogue_forms):
        for form in forms(lambda text, say=say: say(text, passage=True), text):  # type: ignore[misc]
            assert sum(turn.size for turn in form.turns) == len(form.text)
            assert all(turn.size > 0 for turn in form.turns)
            again = forms(build_text_forms, form.text)
            assert [each.text for each in again] == [form.text]


@many
@given(st.lists(TEXTS, min_size=1, max_size=5).map("\n".join))
def test_a_passage_is_said_where_the_same_sentences_are(text: str) -> None:
    for say in (build_text_forms, build_dialogue_forms):
        try:
            said, turned = say(text), say(text, passage=True)
        except UnusableTextError:
            continue
        assert isinstance(said, str) == isinstance(turned, str)


@pytest.mark.parametrize(
    ("name", "say"), [("reading", build_text_forms), ("listening", build_dialogue_forms)]
)
def test_passages_of_the_data_say_the_same_in_turns(name: str, say: object) -> None:
    assert callable(say)
    for record in json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")):
        (form,) = say(record["text"], passage=True)
        texts = [words for _, words in lines(form)]
        assert len(texts) == len(record["text"].split("\n"))
        assert all(words in record["text"] or words[:-1] in record["text"] for words in texts)


def test_a_name_may_stand_above_its_words() -> None:
    assert lines(dialogue("A：\nはい。\nB：\nいいえ。\n終わり。")) == [
        ("A", "はい。"),
        ("B", "いいえ。"),
        ("", "終わり。"),
    ]


def test_wide_and_narrow_letters_are_one_speaker() -> None:
    form = dialogue("Ａ：はい。\nB：ええ。\nA：では。", A="Mei")
    assert form.turns == (Turn(3, "Ａ", "Mei"), Turn(3, "B"), Turn(3, "Ａ", "Mei"))
