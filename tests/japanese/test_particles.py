"""Kana that are spelled otherwise than they sound, and where that is right."""

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana_spelling import (
    apply_particle_sounds,
    begins_with_particle,
    find_own_reading,
    is_spelled_differently,
    list_sounds,
    spell_word_reading,
)
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import SpokenForm


def test_particles_and_what_has_grown_together_with_one_are_spelled_otherwise(
    dictionary: Dictionary,
) -> None:
    nodes = dictionary.analyze_best("それでは学校へは行かない")
    assert {node["string"] for node in nodes if is_spelled_differently(node)} == {
        "それでは",
        "へ",
        "は",
    }


def test_a_kana_line_may_write_a_particle_both_ways_and_other_words_one(
    dictionary: Dictionary,
) -> None:
    school, to = dictionary.analyze_best("学校へ")
    assert list_sounds(to) == ("エ", "ヘ")
    assert list_sounds(school) == ("ガッコー",)


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
    assert spell_word_reading(dictionary.analyze_best(text)) == reading


def test_a_word_does_not_begin_with_a_particle(dictionary: Dictionary) -> None:
    assert begins_with_particle(dictionary.analyze_best("はで"))
    assert not begins_with_particle(dictionary.analyze_best("学校は"))
    assert not begins_with_particle([])


@pytest.mark.parametrize(
    ("text", "reading"),
    [("はな", "ハナ"), ("カメラ", "カメラ"), ("ｶﾒﾗ", "カメラ"), ("すげぇ", "スゲエ"), ("犬", None), ("", None)],
)  # fmt: skip
def test_a_text_in_kana_is_its_own_reading(text: str, reading: str | None) -> None:
    assert find_own_reading(text) == reading


def said(text: str, reading: str | None, dictionary: Dictionary) -> str:
    """What is heard of a word."""
    found = resolve_reading(SpokenForm(text=text, reading=reading), dictionary)
    return "".join(phrase.kana for phrase in found.pronunciation.phrases)


@pytest.mark.parametrize(
    ("text", "reading", "heard"),
    [
        ("お名前は？", "オナマエハ", "オナマエワ"),
        ("これは？", "コレハ", "コレワ"),
        ("どこへ？", "ドコヘ", "ドコエ"),
        ("それは、どうも", "ソレハドウモ", "ソレワドーモ"),
    ],
)
def test_a_mark_behind_a_particle_is_the_end_of_what_it_follows(
    dictionary: Dictionary, text: str, reading: str, heard: str
) -> None:
    assert said(text, reading, dictionary) == heard


@pytest.mark.parametrize(
    ("text", "reading", "heard"),
    [
        ("目は口ほどに物を言う", "メハクチホドニモノヲイウ", "メワクチホドニモノヲイウ"),
        ("血は水よりも濃い", "チハミズヨリモコイ", "チワミズヨリモコイ"),
        ("名は体を表す", "ナハタイヲアラワス", "ナワタイヲアラワス"),
        ("気は優しくて力持ち", "キハヤサシクテチカラモチ", "キワヤサシクテチカラモチ"),
        ("歯は白い", "ハハシロイ", "ハワシロイ"),
        ("手は出さない", "テハダサナイ", "テワダサナイ"),
        ("目はいい", "メハイイ", "メワイイ"),
        ("気はとても優しい", "キハトテモヤサシイ", "キワトテモヤサシイ"),
        ("田へ行く", "タヘイク", "タエイク"),
        ("目は", "メハ", "メワ"),
    ],
)
def test_a_kanji_of_one_mora_has_a_particle_behind_it(
    dictionary: Dictionary, text: str, reading: str, heard: str
) -> None:
    assert said(text, reading, dictionary) == heard


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("身はば", "ミハバ"),
        ("木はだ", "キハダ"),
        ("荷はこび", "ニハコビ"),
        ("手はじめ", "テハジメ"),
        ("気はずかしい", "キハズカシイ"),
        ("手はなす", "テハナス"),
        ("目はなす", "メハナス"),
        ("手はなし運転", "テハナシウンテン"),
        ("野はなし", "ノハナシ"),
        ("乳はなれ", "チハナレ"),
        ("手はからい", "テハカライ"),
        ("毛はえぐすり", "ケハエグスリ"),
        ("気はやる", "キハヤル"),
        ("現実はなれ", "ゲンジツハナレ"),
    ],
)
def test_a_kanji_of_one_mora_may_begin_a_word_that_goes_on_in_kana(
    dictionary: Dictionary, text: str, reading: str
) -> None:
    assert said(text, reading, dictionary) == reading


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("てはいけない", "テワイケナイ"),
        ("てはいけません", "テワイケマセン"),
        ("てはならない", "テワナラナイ"),
        ("てはだめだ", "テワダメダ"),
        ("てはいられない", "テワイラレナイ"),
        ("はともかく", "ワトモカク"),
        ("はもちろん", "ワモチロン"),
        ("はおろか", "ワオロカ"),
        ("はさておき", "ワサテオキ"),
        ("はもとより", "ワモトヨリ"),
        ("はいけない", "ワイケナイ"),
        ("はする", "ワスル"),
        ("ては", "テワ"),
        ("のは", "ノワ"),
        ("へは", "エワ"),
        ("への", "エノ"),
    ],
)
def test_a_grammar_pattern_begins_with_a_particle(
    dictionary: Dictionary, text: str, heard: str
) -> None:
    assert said(text, None, dictionary) == heard


@pytest.mark.parametrize(
    ("text", "reading", "heard"),
    [
        ("は、より", "ハヨリ", "ワヨリ"),
        ("のは、だ", "ノハダ", "ノワダ"),
        ("ては、ては", "テハテハ", "テワテワ"),
    ],
)
def test_a_gap_in_a_pattern_shows_the_particle_before_it(
    dictionary: Dictionary, text: str, reading: str, heard: str
) -> None:
    assert said(text, reading, dictionary) == heard


@pytest.mark.parametrize("reading", ["ハモトヨリ", "ワモトヨリ"])
def test_the_reading_of_a_pattern_may_spell_the_particle_both_ways(
    dictionary: Dictionary, reading: str
) -> None:
    assert said("はもとより", reading, dictionary) == "ワモトヨリ"


@pytest.mark.parametrize(
    ("text", "reading", "sound"),
    [
        ("はおろか", "ハオロカ", "ワオロカ"),
        ("へは", "ヘハ", "エワ"),
        ("ては", "テ", "テ"),
        ("はなし", "ハナシ", "ハナシ"),
    ],
)
def test_a_reading_gets_the_particles_of_its_pattern(text: str, reading: str, sound: str) -> None:
    assert apply_particle_sounds(text, reading) == sound


@pytest.mark.parametrize(
    "text",
    ["は", "へ", "はい", "はは", "はへん", "はなし", "はじめ", "のはら", "のはな", "てはい", "てはず",
     "てはじめ", "へんじ", "へのじ", "はいる", "はいけん"],
)  # fmt: skip
def test_other_words_in_kana_begin_with_letters(dictionary: Dictionary, text: str) -> None:
    kana = find_own_reading(text)
    assert kana is not None
    assert said(text, None, dictionary).replace("ー", "") == kana
