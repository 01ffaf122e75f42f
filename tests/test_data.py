"""The content of data/: enough of each kind, correct in form, with the awkward cases in it."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.conftest import ROOT
from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_files import Catalogue
from tts_assets.catalogues.catalogue_reader import guess_catalogue_kind, read_catalogue
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.model import Kind, is_katakana, kana_to_katakana


def _entries(kind: Kind) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((ROOT / f"data/{kind}.json").read_bytes())
    return entries


def _catalogue(kind: Kind) -> Catalogue:
    file = f"data/{kind}.json"
    document = parse_document((ROOT / file).read_bytes(), file=file)
    assert guess_catalogue_kind(file, document.root) is kind
    return read_catalogue(document, BUILT_IN[kind])


@pytest.mark.parametrize("kind", list(Kind))
def test_every_catalogue_is_without_problems(kind: Kind) -> None:
    catalogue = _catalogue(kind)
    assert catalogue.problems == []
    assert catalogue.clips


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        (Kind.VOCABULARY, 120),
        (Kind.GRAMMAR, 30),
        (Kind.KANJI, 60),
        (Kind.CHARACTERS, 104),
        (Kind.READING, 6),
        (Kind.LISTENING, 4),
    ],
)
def test_there_is_enough_of_every_kind(kind: Kind, least: int) -> None:
    assert len(_entries(kind)) >= least


def test_every_word_has_its_reading() -> None:
    assert all(
        is_katakana(kana_to_katakana(entry["reading"])) for entry in _entries(Kind.VOCABULARY)
    )


def test_grammar_points_have_two_examples_but_for_the_awkward_one() -> None:
    counts = [len(entry["examples"]) for entry in _entries(Kind.GRAMMAR)]
    assert sum(count >= 2 for count in counts) >= 30
    assert 0 in counts


def test_the_kana_chart_is_whole() -> None:
    entries = _entries(Kind.CHARACTERS)
    assert len({entry["hiragana"] for entry in entries}) == 104
    assert all(kana_to_katakana(entry["hiragana"]) == entry["katakana"] for entry in entries)


def test_equal_words_with_different_readings_and_equal_texts_are_in_it() -> None:
    words = Counter(
        (entry["word"], entry["reading"]) for kind in (Kind.VOCABULARY,) for entry in _entries(kind)
    )
    spellings = Counter(word for word, _ in words)
    assert max(spellings.values()) >= 2
    assert max(words.values()) >= 2


def test_ids_are_shared_between_kinds() -> None:
    ids = [{entry["id"] for entry in _entries(kind)} for kind in (Kind.VOCABULARY, Kind.GRAMMAR)]
    assert ids[0] & ids[1]
