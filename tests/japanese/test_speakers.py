"""Names of speakers with notes behind them, and turns that have no names."""

import pytest

from tests.japanese.normalised import split_dialogue, texts
from tts_assets.japanese.running_text import build_dialogue_forms, build_text_forms


@pytest.mark.parametrize(
    ("line", "speaker", "words"),
    [
        ("A（女）：こんにちは。", "A", "こんにちは。"),
        ("店長(女)：ありがとう。", "店長", "ありがとう。"),
        ("田中 (たなか): はい。", "田中", "はい。"),
        ("店員(てんいん)：どうぞ。", "店員", "どうぞ。"),
        ("女（おんな）1（先生（せんせい））: あした来ます。", "女1", "あした来ます。"),
        ("（先生）：はい。", "先生", "はい。"),
    ],
)
def test_a_note_behind_a_name_belongs_to_it(line: str, speaker: str, words: str) -> None:
    assert split_dialogue(line) == [(speaker, words)]


@pytest.mark.parametrize(
    "line", ["リンゴ（赤）：100円", "朝食（月曜）：パン", "営業（平日）：9時から", "リンゴ（赤）：100円\nリンゴ（黄）：80円", "明日の大事な予定：会議\n営業（平日）：9時から"],
)  # fmt: skip
def test_a_note_that_tells_of_no_person_makes_no_name_of_what_stands_before_it(line: str) -> None:
    assert {speaker for speaker, _ in split_dialogue(line)} == {None}


@pytest.mark.parametrize(
    "lines", ["田中（店員）：はい。\n客：どうも。", "田中（店員）：はい。\n田中（店員）：どうぞ。"]
)
def test_a_name_among_speakers_may_have_any_note(lines: str) -> None:
    assert split_dialogue(lines)[0] == ("田中", "はい。")


@pytest.mark.parametrize("dash", ["－", "—", "―", "ー "])
def test_a_dash_begins_a_turn(dash: str) -> None:
    lines = split_dialogue(f"{dash}はい。\n{dash}いいえ。")
    assert lines == [(None, "はい。"), (None, "いいえ。")]


def test_a_dash_before_a_number_is_its_sign() -> None:
    assert texts(build_dialogue_forms("-5度です。")) == ["マイナス5度です。"]


@pytest.mark.parametrize("slash", [" / ", "／"])
def test_a_slash_between_sentences_begins_a_turn(slash: str) -> None:
    lines = split_dialogue(f"はい。{slash}山田さん：いいえ。")
    assert lines == [(None, "はい。"), ("山田さん", "いいえ。")]


@pytest.mark.parametrize(
    "line",
    ["時間：三時", "例：これは本です。", "注意：危険です。", "持ち物（もちもの）：お弁当", "料金（税込）：五百円"],
)  # fmt: skip
def test_headings_are_said_with_a_note_or_without(line: str) -> None:
    assert [speaker for speaker, _ in split_dialogue(line)] == [None]


def test_running_text_may_have_such_labels_of_one_letter_too() -> None:
    assert texts(build_text_forms("A（女）：こんにちは。")) == ["こんにちは。"]


@pytest.mark.parametrize(
    "lines",
    ["太郎「行くよ。」花子「待って。」", "太郎「行くよ」。 花子「待って」。", "太郎：行くよ。花子：待って。", "太郎　行くよ。\n花子　待って。\n太郎　早く。"],
)  # fmt: skip
def test_two_speakers_are_told_apart(lines: str) -> None:
    found = [(speaker, words.rstrip("。")) for speaker, words in split_dialogue(lines)]
    assert found[:2] == [("太郎", "行くよ"), ("花子", "待って")]


@pytest.mark.parametrize(
    "line",
    ["夏目漱石「こころ」と森鴎外「舞姫」", "今日 行きます。\n明日 帰ります。", "今日 学校へ 行きます。\n明日 家に 帰ります。\n今日 雨が 降ります。"],
)  # fmt: skip
def test_words_with_blanks_or_quotations_behind_them_are_no_speakers(line: str) -> None:
    assert [speaker for speaker, _ in split_dialogue(line)][1:] == [None] * line.count("\n")


def test_a_letter_behind_a_blank_begins_a_turn_where_letters_speak() -> None:
    assert split_dialogue("A：はい　B：いいえ") == [("A", "はい"), ("B", "いいえ")]
    assert split_dialogue("田中：体に ビタミン C：です") == [("田中", "体にビタミンC：です")]


@pytest.mark.parametrize("line", ["①A：はい。", "1. A：はい。", "(12) A「はい。」"])
def test_the_number_of_a_line_is_no_part_of_a_name(line: str) -> None:
    assert split_dialogue(line)[0] == ("A", "はい。")
    assert split_dialogue("①田中：はい。") == [("田中", "はい。")]


@pytest.mark.parametrize("line", ["問1：何ですか。", "質問２：何ですか。", "場面：駅のホーム", "登場人物：田中"])  # fmt: skip
def test_headings_of_exercises_and_plays_are_said(line: str) -> None:
    assert [speaker for speaker, _ in split_dialogue(f"{line}\n男：はい。")] == [None, "男"]


@pytest.mark.parametrize(
    "name", ["お母さん", "お兄ちゃん", "おばあさん", "おじいさん"]
)  # fmt: skip
def test_families_speak_in_quotations(name: str) -> None:
    assert split_dialogue(f"{name}「早く。」") == [(name, "早く。")]


@pytest.mark.parametrize("name", ["コンビニエンスストアの店員", "駅のアナウンス"])
def test_a_long_name_that_ends_in_a_person_is_one(name: str) -> None:
    assert split_dialogue(f"{name}：はい。\n客：どうも。")[0] == (name, "はい。")


@pytest.mark.parametrize("brackets", ["〈〉", "《》", "＜＞"])
def test_speakers_stand_in_any_brackets(brackets: str) -> None:
    lines = f"{brackets[0]}男{brackets[1]}はい。\n{brackets[0]}女{brackets[1]}ええ。"
    assert split_dialogue(lines) == [
        ("男", "はい。"),
        ("女", "ええ。"),
    ]


def test_many_quotations_in_a_line_are_looked_at_once() -> None:
    assert split_dialogue("AB「あ」 " * 5_000 + "x")[0][0] in ("AB", None)
