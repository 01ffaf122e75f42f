"""Word nodes: what they say and how their phrases go."""

import pytest

from tests.japanese.labels import heard
from tts_assets.domain import Phrase
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.nodes import (
    as_one_phrase,
    enlarged,
    kana,
    phrases,
    said,
    said_key,
    size,
    spelled,
)

TEXT = "好きです、「東京」へ。"


def test_marks_are_not_said(dictionary: Dictionary) -> None:
    nodes = dictionary.best(TEXT)
    assert said(nodes) == "スキデストーキョーエ"
    assert spelled(nodes) == "スキデストウキョウヘ"
    assert said_key(nodes) == "スキデストオキョオエ"
    assert size(nodes) == 9


def test_a_mark_between_phrases_is_a_pause_and_one_at_the_end_is_not(
    dictionary: Dictionary,
) -> None:
    assert phrases(dictionary.best(TEXT)) == (
        Phrase(kana="スキデス", accent=2, pause=True),
        Phrase(kana="トーキョー", accent=0, pause=True),
        Phrase(kana="エ", accent=0),
    )


def test_nothing_said_has_no_phrases(dictionary: Dictionary) -> None:
    assert phrases(dictionary.best("。")) == ()


def test_one_phrase_has_all_words_and_no_marks(dictionary: Dictionary) -> None:
    nodes = dictionary.best("水、お湯")
    whole = as_one_phrase(nodes, 3)
    assert phrases(whole) == (Phrase(kana="ミズオユ", accent=3),)
    assert len(phrases(nodes)) == 2


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
    assert enlarged(small) == large


@pytest.mark.parametrize(
    "sound", ["アァ", "ヌァ", "ヵ", "サヵ", "ャ", "キャ", "デェ", "グゥ", "ヶ", "ホァ"]
)
def test_a_word_sounds_as_its_labels_do_where_it_has_small_kana(
    dictionary: Dictionary, sound: str
) -> None:
    (node,) = dictionary.best("犬")
    node["pron"], node["mora_size"] = sound, 1
    labels = [] if sound == "ヵ" else dictionary.labels([node])
    one_sound = sound in {"デェ", "グゥ"}
    assert kana(node) == (sound if one_sound else heard(labels))
