"""The ladder for words: the spelling, a next analysis, force."""

import pytest

from tts_assets.japanese.analysis import nodes_to_kana, to_accent_phrases
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import (
    find_nearest_reading,
    find_required_reading,
    has_reading,
    resolve_word,
)
from tts_assets.model import AccentBasis, Basis, SpokenForm


@pytest.mark.parametrize(
    ("text", "reading", "basis", "accent_basis"),
    [
        ("食べる", "タベル", Basis.SPELLING, AccentBasis.DICTIONARY),
        ("辛い", "ツライ", Basis.SPELLING, AccentBasis.DICTIONARY),
        ("辛い", "カライ", Basis.NBEST, AccentBasis.DICTIONARY),
        ("角", "ツノ", Basis.NBEST, AccentBasis.DICTIONARY),
        ("一日", "ツイタチ", Basis.FORCED, AccentBasis.DICTIONARY),
        ("犬", "ネコ", Basis.FORCED, AccentBasis.GUESSED),
        ("辛い", None, Basis.UNCHECKED, AccentBasis.DICTIONARY),
        ("つらい", None, Basis.SPELLING, AccentBasis.DICTIONARY),
    ],
)
def test_each_rung_is_tried_in_turn(
    dictionary: Dictionary,
    text: str,
    reading: str | None,
    basis: Basis,
    accent_basis: AccentBasis,
) -> None:
    settled = resolve_word(SpokenForm(text=text, reading=reading), dictionary)
    assert (settled.basis, settled.accent_basis) == (basis, accent_basis)
    assert (settled.doubt is None) == (basis in {Basis.SPELLING, Basis.UNCHECKED})


@pytest.mark.parametrize("text", ["グンヌヘリ", "ぬへぐんり", "蠻夛", "彁挧"])
def test_an_unknown_word_is_said_as_its_entry_says(dictionary: Dictionary, text: str) -> None:
    settled = resolve_word(SpokenForm(text=text, reading="グンヌヘリ"), dictionary)
    assert nodes_to_kana(settled.nodes) == "グンヌヘリ"
    assert len(to_accent_phrases(settled.nodes)) == 1


def test_one_node_is_forced_where_the_spelling_has_no_part_of_the_reading(
    dictionary: Dictionary,
) -> None:
    settled = resolve_word(SpokenForm(text="気を付ける", reading="ナデシコ"), dictionary)
    assert [node["string"] for node in settled.nodes] == ["気を付ける"]


@pytest.mark.parametrize(
    ("text", "reading", "near"),
    [
        ("昨日", "キオウ", "キノウ"),
        ("学校", "ガッコ", "ガッコウ"),
        ("図書館", "トシカン", "トショカン"),
        ("犬", "ネコ", None),
        ("犬", "イ", None),
        ("昨日", "キノウ", None),
    ],
)
def test_a_reading_next_to_one_that_is_known_may_be_a_typing_error(
    dictionary: Dictionary, text: str, reading: str, near: str | None
) -> None:
    assert resolve_word(SpokenForm(text=text, reading=reading), dictionary).near == near


def test_the_nearest_of_the_known_readings_is_told_with_its_distance(
    dictionary: Dictionary,
) -> None:
    assert find_nearest_reading("辛い", "カライ", dictionary) == ("カライ", 0)
    assert find_nearest_reading("昨日", "キオウ", dictionary) == ("キノウ", 1)
    assert find_nearest_reading("。", "カライ", dictionary) is None


@pytest.mark.parametrize(
    ("form", "reading"),
    [
        (SpokenForm(text="犬", reading="イヌ"), "イヌ"),
        (SpokenForm(text="犬"), None),
        (SpokenForm(text="いぬ"), "イヌ"),
        (SpokenForm(text="すげぇ"), "スゲエ"),
        (SpokenForm(text="三月", reading="サンヵゲツ"), "サンカゲツ"),
    ],
)
def test_a_word_s_reading_is_the_entry_s_or_its_own_kana(
    form: SpokenForm, reading: str | None
) -> None:
    assert find_required_reading(form) == reading


def test_an_analysis_has_a_reading_in_any_spelling_of_it(dictionary: Dictionary) -> None:
    nodes = dictionary.analyze_best("東京へ")
    assert has_reading(nodes, "トウキョウヘ")
    assert has_reading(nodes, "トーキョーエ")
    assert not has_reading(nodes, "トキョウヘ")
