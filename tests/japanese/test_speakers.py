"""Names of speakers with notes behind them, and turns that have no names."""

import pytest

from tests.japanese.normalised import texts
from tts_assets.japanese.normalise import dialogue_lines, spoken_dialogue, spoken_text


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
    assert dialogue_lines(line) == [(speaker, words)]


@pytest.mark.parametrize(
    "line", ["リンゴ（赤）：100円", "朝食（月曜）：パン", "営業（平日）：9時から", "リンゴ（赤）：100円\nリンゴ（黄）：80円", "明日の大事な予定：会議\n営業（平日）：9時から"],
)  # fmt: skip
def test_a_note_that_tells_of_no_person_makes_no_name_of_what_stands_before_it(line: str) -> None:
    assert {speaker for speaker, _ in dialogue_lines(line)} == {None}


@pytest.mark.parametrize(
    "lines", ["田中（店員）：はい。\n客：どうも。", "田中（店員）：はい。\n田中（店員）：どうぞ。"]
)
def test_a_name_among_speakers_may_have_any_note(lines: str) -> None:
    assert dialogue_lines(lines)[0] == ("田中", "はい。")


@pytest.mark.parametrize("dash", ["－", "—", "―", "ー "])
def test_a_dash_begins_a_turn(dash: str) -> None:
    lines = dialogue_lines(f"{dash}はい。\n{dash}いいえ。")
    assert lines == [(None, "はい。"), (None, "いいえ。")]


def test_a_dash_before_a_number_is_its_sign() -> None:
    assert texts(spoken_dialogue("-5度です。")) == ["マイナス5度です。"]


@pytest.mark.parametrize("slash", [" / ", "／"])
def test_a_slash_between_sentences_begins_a_turn(slash: str) -> None:
    lines = dialogue_lines(f"はい。{slash}山田さん：いいえ。")
    assert lines == [(None, "はい。"), ("山田さん", "いいえ。")]


@pytest.mark.parametrize(
    "line",
    ["時間：三時", "例：これは本です。", "注意：危険です。", "持ち物（もちもの）：お弁当", "料金（税込）：五百円"],
)  # fmt: skip
def test_headings_are_said_with_a_note_or_without(line: str) -> None:
    assert [speaker for speaker, _ in dialogue_lines(line)] == [None]


def test_running_text_may_have_such_labels_of_one_letter_too() -> None:
    assert texts(spoken_text("A（女）：こんにちは。")) == ["こんにちは。"]
