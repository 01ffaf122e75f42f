"""Readings set against the dictionary, word by word."""

from tts_assets.domain import AccentBasis
from tts_assets.japanese.alignment import aligned
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.forcing import Change, as_one_word, changes, forced, words
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.nodes import phrases, said


def found_changes(dictionary: Dictionary, text: str, reading: str) -> list[Change]:
    parts = aligned(words(dictionary.best(text), dictionary), pronunciation_key(reading))
    assert parts is not None
    return changes(parts, reading)


def test_neighbours_that_differ_are_one_change(dictionary: Dictionary) -> None:
    assert found_changes(dictionary, "犬猫が鳴く", "ジンジャガナク") == [Change(0, 2, "ジンジャ")]
    assert found_changes(dictionary, "犬が鳴く", "イヌガナク") == []


def test_an_entry_of_the_dictionary_brings_its_own_accent(dictionary: Dictionary) -> None:
    nodes = dictionary.best("雨が降ります")
    done = forced("雨が降ります", nodes, [Change(2, 3, "フリ")], dictionary)
    assert said(done.nodes) == "アメガフリマス"
    assert done.accent_basis is AccentBasis.DICTIONARY


def test_a_reading_without_an_entry_has_a_guessed_accent(dictionary: Dictionary) -> None:
    nodes = dictionary.best("運命だ")
    done = forced("運命だ", nodes, [Change(0, 1, "サダメ")], dictionary)
    assert said(done.nodes) == "サダメダ"
    assert done.accent_basis is AccentBasis.GUESSED


def test_vowels_are_devoiced_by_their_new_neighbours(dictionary: Dictionary) -> None:
    done = as_one_word("運命", "キシキ", dictionary)
    assert "’" in done.nodes[0]["pron"]


def test_a_verb_s_ending_does_not_lengthen_its_vowel(dictionary: Dictionary) -> None:
    done = forced("憂う", dictionary.best("憂う"), [Change(0, 1, "ヌモウ")], dictionary)
    assert said(done.nodes) == "ヌモウ"


def test_words_that_the_dictionary_makes_of_numbers_are_changed_as_they_are(
    dictionary: Dictionary,
) -> None:
    nodes = dictionary.best("２０日間")
    last = len(nodes) - 1
    done = forced("２０日間", nodes, [Change(0, last, "ニジュウニチ")], dictionary)
    assert said(done.nodes).startswith("ニジューニチ")


def test_the_whole_can_be_one_word(dictionary: Dictionary) -> None:
    done = as_one_word("気を付ける", "ナデシコ", dictionary)
    assert [node["string"] for node in done.nodes] == ["気を付ける"]
    assert len(phrases(done.nodes)) == 1
