"""Accents of compounds that no dictionary lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tts_assets.japanese.analysis import to_accent_phrases
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.japanese.word_accent import find_compound_accent
from tts_assets.model import AccentBasis, SpokenForm

if TYPE_CHECKING:
    from tts_assets.japanese.dictionary import Dictionary


@pytest.mark.parametrize(
    ("text", "accent"),
    [
        ("戦い抜く", 5),
        ("やる瀬ない", 4),
        ("草毟り", 3),
        ("古典論理学", 6),
        ("内閣大学士", 7),
        ("対人恐怖症", 0),
        ("Ｐタイル", 3),
        ("蛙跳", 0),
        ("最高検察庁", 8),
        ("男の人", 3),
        ("仕方がない", 5),
    ],
)
def test_a_compound_has_one_accent(dictionary: Dictionary, text: str, accent: int) -> None:
    nodes = dictionary.analyze_best(text)
    assert len(to_accent_phrases(nodes)) > 1
    assert find_compound_accent(nodes) == accent
    found = resolve_reading(SpokenForm(text=text), dictionary).pronunciation
    assert [phrase.accent for phrase in found.phrases] == [accent]
    assert found.accent_basis is AccentBasis.GUESSED


@pytest.mark.parametrize(
    ("text", "reading", "accent"),
    [
        ("聖伝", "セイデン", 0),
        ("友船", "トモブネ", 0),
        ("衣架", "イカ", 1),
        ("大資本", "ダイシホン", 3),
        ("再認識", "サイニンシキ", 3),
        ("見まごう", "ミマゴウ", 3),
        ("係り合い", "カカリアイ", 0),
        ("定期入れ", "テイキイレ", 3),
    ],
)
def test_a_compound_in_one_phrase_has_the_accent_of_its_kind(
    dictionary: Dictionary, text: str, reading: str, accent: int
) -> None:
    found = resolve_reading(SpokenForm(text=text, reading=reading), dictionary).pronunciation
    assert [phrase.accent for phrase in found.phrases] == [accent]


@pytest.mark.parametrize(
    "text",
    [
        "お世話になりました",
        "二十三夜",
        "どうぞよろしく",
        "世間知らず",
        "目を覚ます",
        "はい、水",
        "機械",
        "",
    ],
)
def test_expressions_numbers_and_pauses_stay_apart(dictionary: Dictionary, text: str) -> None:
    assert find_compound_accent(dictionary.analyze_best(text)) is None


def test_a_sentence_keeps_its_phrases(dictionary: Dictionary) -> None:
    found = resolve_reading(SpokenForm(text="仕方がない", sentence=True), dictionary).pronunciation
    assert len(found.phrases) == 2
