"""Phonemes for Piper's Japanese voices, held against those that the library makes itself."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
from piper.phonemize_japanese import JapanesePhonemizer

from tests.conftest import ROOT
from tests.japanese.accents import ACCENTED
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.engine_notation import is_question, to_piper_phonemes
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import _JOINED, Basis, SpokenForm, is_katakana

_MORAE = [chr(code) for code in range(ord("ア"), ord("ヴ") + 1)] + [
    large + small for small, joined in _JOINED.items() for large in joined
]


@pytest.fixture(scope="module")
def library() -> JapanesePhonemizer:
    return JapanesePhonemizer()


def _said(dictionary: Dictionary, form: SpokenForm) -> list[str]:
    """Each sentence of a form."""
    parts = resolve_reading(form, dictionary).parts
    return ["".join(to_piper_phonemes(dictionary.make_labels(nodes))) for nodes in parts]


def _of_library(library: JapanesePhonemizer, text: str) -> list[str]:
    return ["".join(sentence) for sentence in library.phonemize(text)]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _sentences() -> list[str]:
    """The single sentences of the project's own data."""
    found: dict[str, None] = {}
    for path in sorted(Path(ROOT / "data").glob("*.json")):
        texts = _texts(json.loads(path.read_bytes()))
        found.update(
            dict.fromkeys(text for text in texts if 0 < text.find("。") == len(text) - 1 < 100)
        )
    return list(found)


def test_words_that_are_read_by_their_spelling_are_as_the_library_has_them(
    dictionary: Dictionary, library: JapanesePhonemizer
) -> None:
    compared = 0
    for word in ACCENTED:
        form = SpokenForm(text=word.text, reading=word.reading)
        found = resolve_reading(form, dictionary)
        if found.pronunciation.basis is Basis.SPELLING and found.parts[
            0
        ] == dictionary.analyze_best(word.text):
            assert _said(dictionary, form) == _of_library(library, word.text)
            compared += 1
    assert compared >= 200


def test_sentences_are_as_the_library_has_them(
    dictionary: Dictionary, library: JapanesePhonemizer
) -> None:
    sentences = _sentences()
    assert len(sentences) >= 100
    # Of たい, the accent is another than the library's.
    for text in (each for each in sentences if "たい" not in each):
        labels = dictionary.make_labels(dictionary.analyze_best(text))
        assert ["".join(to_piper_phonemes(labels))] == _of_library(library, text)


@pytest.mark.parametrize(
    ("text", "reading", "said"),
    [
        ("開く", "アク", "a↑kɯ."),
        ("開く", "ヒラク", "hi↑ɾa↓kɯ."),
        ("辛い", "カライ", "ka↑ɾa↓i."),
        ("方", "カタ", "ka↑ta."),
    ],
)
def test_the_guard_wins_over_what_the_library_would_read(
    dictionary: Dictionary, text: str, reading: str, said: str
) -> None:
    assert _said(dictionary, SpokenForm(text=text, reading=reading)) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [("橋が", "ha↑ɕi↓ɡa."), ("箸が", "ha↓ɕiɡa."), ("端が", "ha↑ɕiɡa.")],
)
def test_words_that_differ_in_accent_only_differ(
    dictionary: Dictionary, text: str, said: str
) -> None:
    assert _said(dictionary, SpokenForm(text=text)) == [said]


def test_all_accents_of_a_word_differ_before_a_particle(dictionary: Dictionary) -> None:
    forms = [SpokenForm(text="心が", reading="ココロガ", accent=accent) for accent in range(4)]
    said = [_said(dictionary, form)[0] for form in forms]
    assert said == ["ko↑koɾoɡa.", "ko↓koɾoɡa.", "ko↑ko↓ɾoɡa.", "ko↑koɾo↓ɡa."]


def test_a_fall_after_the_last_mora_is_heard_with_a_particle_only(dictionary: Dictionary) -> None:
    flat, last = (SpokenForm(text="端", reading="ハシ", accent=accent) for accent in (0, 2))
    assert _said(dictionary, flat) == _said(dictionary, last)


def test_the_fall_is_where_the_data_say(dictionary: Dictionary) -> None:
    for word in ACCENTED:
        form = SpokenForm(text=word.text, reading=word.reading, accent=word.accent)
        (said,) = _said(dictionary, form)
        assert _fall(said) == (0 if word.accent == _morae(said) else word.accent), word


def _fall(said: str) -> int:
    """The mora after which the pitch falls; 0 for none."""
    before, fall, _ = said.partition("↓")
    return _morae(before) if fall else 0


def _morae(said: str) -> int:
    return sum(phoneme in "aiɯeoɴʔ" for phoneme in said)


def test_every_sound_of_japanese_is_a_phoneme_that_voices_have(dictionary: Dictionary) -> None:
    kana = [mora for mora in _MORAE if is_katakana(mora)]
    forms = [SpokenForm(text=f"カ{mora}", reading=f"カ{mora}") for mora in kana]
    said = "".join(itertools.chain.from_iterable(_said(dictionary, form) for form in forms))
    assert set(said) <= DEFAULT_PHONEME_ID_MAP.keys()


def test_a_sound_that_the_library_leaves_out_is_said(dictionary: Dictionary) -> None:
    assert _said(dictionary, SpokenForm(text="フュージョン", reading="フュージョン")) == [
        "ɸʲɯ↓ɯdʑoɴ."
    ]


def test_pauses_and_questions_are_marked(dictionary: Dictionary) -> None:
    form = SpokenForm(text="今日、行く？はい。", sentence=True)
    assert _said(dictionary, form) == ["kʲo↓o,i↑kɯ?", "ha↓i."]


def test_a_word_that_has_lost_its_mark_can_be_asked(dictionary: Dictionary) -> None:
    labels = dictionary.make_labels(resolve_reading(SpokenForm(text="猫"), dictionary).parts[0])
    assert not is_question(labels)
    assert "".join(to_piper_phonemes(labels, question=True)) == "ne↓ko?"
