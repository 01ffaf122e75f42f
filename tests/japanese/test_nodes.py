"""Word nodes: what they say and how their phrases go."""

from tts_assets.domain import Phrase
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.nodes import as_one_phrase, phrases, said, said_key, size, spelled

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
