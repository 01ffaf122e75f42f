"""Word nodes: what they say and how their phrases go."""

import pytest

from tests.japanese.labels import heard
from tts_assets.japanese.analysis import (
    count_morae,
    expand_small_kana,
    join_into_phrase,
    node_to_kana,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_spelling,
    to_accent_phrases,
)
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.model import Phrase

TEXT = "好きです、「東京」へ。"


def test_marks_are_not_said(dictionary: Dictionary) -> None:
    nodes = dictionary.analyze_best(TEXT)
    assert nodes_to_kana(nodes) == "スキデストーキョーエ"
    assert nodes_to_spelling(nodes) == "スキデストウキョウヘ"
    assert nodes_to_key(nodes) == "スキデストオキョオエ"
    assert count_morae(nodes) == 9


def test_a_mark_between_phrases_is_a_pause_and_one_at_the_end_is_not(
    dictionary: Dictionary,
) -> None:
    assert to_accent_phrases(dictionary.analyze_best(TEXT)) == (
        Phrase(kana="スキデス", accent=2, pause=True),
        Phrase(kana="トーキョー", accent=0, pause=True),
        Phrase(kana="エ", accent=0),
    )


def test_nothing_said_has_no_phrases(dictionary: Dictionary) -> None:
    assert to_accent_phrases(dictionary.analyze_best("。")) == ()


def test_one_phrase_has_all_words_and_no_marks(dictionary: Dictionary) -> None:
    nodes = dictionary.analyze_best("水、お湯")
    whole = join_into_phrase(nodes, 3)
    assert to_accent_phrases(whole) == (Phrase(kana="ミズオユ", accent=3),)
    assert len(to_accent_phrases(nodes)) == 2


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("スゲェ", "スゲエ"),
        ("アァ", "アア"),
        ("サンヵゲツ", "サンカゲツ"),
        ("ャ", "ヤ"),
        ("マッチャ", "マッチャ"),
        ("ティー", "ティー"),
        ("ヒャッカ", "ヒャッカ"),
        ("", ""),
    ],
)
def test_small_kana_that_join_none_before_them_are_large(small: str, large: str) -> None:
    assert expand_small_kana(small) == large


@pytest.mark.parametrize(
    "sound", ["アァ", "ヌァ", "ヵ", "サヵ", "ャ", "キャ", "デェ", "グゥ", "ヶ", "ホァ"]
)
def test_a_word_sounds_as_its_labels_do_where_it_has_small_kana(
    dictionary: Dictionary, sound: str
) -> None:
    (node,) = dictionary.analyze_best("犬")
    node["pron"], node["mora_size"] = sound, 1
    labels = [] if sound == "ヵ" else dictionary.make_labels([node])
    one_sound = sound in {"デェ", "グゥ"}
    assert node_to_kana(node) == (sound if one_sound else heard(labels))
