"""Accents of verbs and adjectives whose spelling has two readings."""

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_override import choose_own_accent
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import AccentBasis, SpokenForm


@pytest.mark.parametrize(
    ("text", "reading", "accent"),
    [
        ("開く", "アク", 0),
        ("開く", "ヒラク", 2),
        ("描く", "カク", 1),
        ("抱く", "ダク", 0),
        ("汚す", "ヨゴス", 0),
        ("汚す", "ケガス", 2),
        ("辛い", "カライ", 2),
    ],
)
def test_a_reading_has_the_accent_of_the_word_in_kana_not_of_the_likelier_reading(
    dictionary: Dictionary, text: str, reading: str, accent: int
) -> None:
    found = resolve_reading(SpokenForm(text=text, reading=reading), dictionary).pronunciation
    assert [phrase.accent for phrase in found.phrases] == [accent]
    assert found.accent_basis is AccentBasis.DICTIONARY


def test_a_reading_that_is_forced_has_it_too(dictionary: Dictionary) -> None:
    form = SpokenForm(text="ドアが開く。", sentence=True)
    assert resolve_reading(form, dictionary).pronunciation.phrases[-1].accent == 0


@pytest.mark.parametrize(
    ("text", "reading"), [("入る", "ハイル"), ("後", "ノチ"), ("空く", "スク")]
)
def test_other_accents_are_the_spelling_s_own(
    dictionary: Dictionary, text: str, reading: str
) -> None:
    for entry in dictionary.find_entries(text):
        if entry.reading == reading:
            assert choose_own_accent(entry, dictionary) == entry
