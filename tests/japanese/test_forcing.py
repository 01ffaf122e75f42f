"""Readings set against the dictionary, word by word."""

from tts_assets.japanese.alignment import align_words
from tts_assets.japanese.analysis import nodes_to_kana, to_accent_phrases
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_override import (
    ReadingChange,
    find_changes,
    override_as_word,
    override_reading,
    to_alignable_words,
)
from tts_assets.model import AccentBasis


def found_changes(dictionary: Dictionary, text: str, reading: str) -> list[ReadingChange]:
    parts = align_words(
        to_alignable_words(dictionary.analyze_best(text), dictionary), pronunciation_key(reading)
    )
    assert parts is not None
    return find_changes(parts, reading)


def test_neighbours_that_differ_are_one_change(dictionary: Dictionary) -> None:
    assert found_changes(dictionary, "犬猫が鳴く", "ジンジャガナク") == [
        ReadingChange(0, 2, "ジンジャ")
    ]
    assert found_changes(dictionary, "犬が鳴く", "イヌガナク") == []


def test_an_entry_of_the_dictionary_brings_its_own_accent(dictionary: Dictionary) -> None:
    nodes = dictionary.analyze_best("雨が降ります")
    done = override_reading("雨が降ります", nodes, [ReadingChange(2, 3, "フリ")], dictionary)
    assert nodes_to_kana(done.nodes) == "アメガフリマス"
    assert done.accent_basis is AccentBasis.DICTIONARY


def test_a_reading_without_an_entry_has_a_guessed_accent(dictionary: Dictionary) -> None:
    nodes = dictionary.analyze_best("運命だ")
    done = override_reading("運命だ", nodes, [ReadingChange(0, 1, "サダメ")], dictionary)
    assert nodes_to_kana(done.nodes) == "サダメダ"
    assert done.accent_basis is AccentBasis.GUESSED


def test_vowels_are_devoiced_by_their_new_neighbours(dictionary: Dictionary) -> None:
    done = override_as_word("運命", "キシキ", dictionary)
    assert "’" in done.nodes[0]["pron"]


def test_a_verb_s_ending_does_not_lengthen_its_vowel(dictionary: Dictionary) -> None:
    done = override_reading(
        "憂う", dictionary.analyze_best("憂う"), [ReadingChange(0, 1, "ヌモウ")], dictionary
    )
    assert nodes_to_kana(done.nodes) == "ヌモウ"


def test_words_that_the_dictionary_makes_of_numbers_are_changed_as_they_are(
    dictionary: Dictionary,
) -> None:
    nodes = dictionary.analyze_best("２０日間")
    last = len(nodes) - 1
    done = override_reading("２０日間", nodes, [ReadingChange(0, last, "ニジュウニチ")], dictionary)
    assert nodes_to_kana(done.nodes).startswith("ニジューニチ")


def test_the_whole_can_be_one_word(dictionary: Dictionary) -> None:
    done = override_as_word("気を付ける", "ナデシコ", dictionary)
    assert [node["string"] for node in done.nodes] == ["気を付ける"]
    assert len(to_accent_phrases(done.nodes)) == 1
