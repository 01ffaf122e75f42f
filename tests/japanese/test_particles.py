"""Kana that are spelled otherwise than they sound, and where that is right."""

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.particles import (
    begins_with_particle,
    own_reading,
    reading_in_word,
    sounds,
    spelled_otherwise,
)


def test_particles_and_what_has_grown_together_with_one_are_spelled_otherwise(
    dictionary: Dictionary,
) -> None:
    nodes = dictionary.best("それでは学校へは行かない")
    assert {node["string"] for node in nodes if spelled_otherwise(node)} == {"それでは", "へ", "は"}


def test_a_kana_line_may_write_a_particle_both_ways_and_other_words_one(
    dictionary: Dictionary,
) -> None:
    school, to = dictionary.best("学校へ")
    assert sounds(to) == ("エ", "ヘ")
    assert sounds(school) == ("ガッコー",)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("学校へ", "ガッコーヘ"),
        ("それでは", "ソレデハ"),
        ("はで", "ワデ"),
        ("いは", "イワ"),
        ("わけにはいかない", "ワケニハイカナイ"),
    ],
)
def test_a_particle_is_spelled_as_its_letter_only_where_it_can_be_one(
    dictionary: Dictionary, text: str, reading: str
) -> None:
    assert reading_in_word(dictionary.best(text)) == reading


def test_a_word_does_not_begin_with_a_particle(dictionary: Dictionary) -> None:
    assert begins_with_particle(dictionary.best("はで"))
    assert not begins_with_particle(dictionary.best("学校は"))
    assert not begins_with_particle([])


@pytest.mark.parametrize(
    ("text", "reading"),
    [("はな", "ハナ"), ("カメラ", "カメラ"), ("ｶﾒﾗ", "カメラ"), ("すげぇ", "スゲエ"), ("犬", None), ("", None)],
)  # fmt: skip
def test_a_text_in_kana_is_its_own_reading(text: str, reading: str | None) -> None:
    assert own_reading(text) == reading
