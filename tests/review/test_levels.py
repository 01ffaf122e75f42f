"""How far the learners of an entry are, by its record, or by the names around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tts_assets.review.review_items import find_jlpt_level

if TYPE_CHECKING:
    from tts_assets.model import Place


@pytest.mark.parametrize(
    ("record", "level"),
    [
        ({"level": "N5"}, "N5"),
        ({"level": "n4"}, "N4"),
        ({"Level": "JLPT N3"}, "N3"),
        ({"level": "\uff2e\uff12"}, "N2"),
        ({"level": "N5-N4"}, "N5"),
        ({"jlpt": 1}, "N1"),
        ({"jlpt": "5"}, "N5"),
        ({"jlptLevel": 2}, "N2"),
        ({"JLPT_level": "N2"}, "N2"),
        ({"tags": ["food", "jlpt-n4"]}, "N4"),
        ({"tags": "verb JLPT::N3 common"}, "N3"),
        ({"tags": ["JLPT5"]}, "N5"),
        ({"level": "beginner", "tags": ["N5"]}, "N5"),
        # Levels of other scales.
        ({"level": 5}, ""),
        ({"level": "12"}, ""),
        ({"level": "N6"}, ""),
        ({"jlpt": 0}, ""),
        ({"jlpt": True}, ""),
        ({"jlpt": None, "tags": None}, ""),
        ({"tags": [{"N5": 1}, ["N5"]]}, ""),
        # Words in which it stands by chance.
        ({"tags": ["mn5x", "n55", "don4"]}, ""),
        ({"level": "N" * 10_000 + " N5"}, ""),
        ({"word": "N5"}, ""),
        ({}, ""),
    ],
)
def test_a_record_tells_its_level(record: dict[str, Any], level: str) -> None:
    assert find_jlpt_level([record], (0,), "words.json") == level


@pytest.mark.parametrize(
    ("file", "level"),
    [
        ("data/n5.json", "N5"),
        ("data/vocabulary_N4.json", "N4"),
        ("data/jlpt-3-kanji.csv", "N3"),
        ("n2/vocabulary.json", "N2"),
        ("n1/kanji-n2.json", "N2"),
        ("n1/data/vocabulary.json", ""),
        ("data/lesson5.json", ""),
        ("data/mn5.json", ""),
    ],
)
def test_a_file_or_its_folder_tells_it_where_no_record_does(file: str, level: str) -> None:
    assert find_jlpt_level([{"word": "猫"}], (0,), file) == level


@pytest.mark.parametrize(
    ("root", "at", "level"),
    [
        ([{"level": "N5", "examples": [{"level": "N4"}]}], (0, "examples", 0), "N4"),
        ([{"level": "N5", "examples": [{"text": "猫"}]}], (0, "examples", 0), "N5"),
        ({"level": "N3", "entries": [{"word": "猫"}]}, ("entries", 0), "N3"),
        ({"n2": [{"word": "猫"}]}, ("n2", 0), "N2"),
        ({"n2": [{"word": "猫", "level": "N1"}]}, ("n2", 0), "N1"),
        # The place is of a file that somebody has changed meanwhile.
        ([{"level": "N5"}], (4, "examples", 0), ""),
        ("猫", ("n2", 0), ""),
        (None, (), ""),
    ],
)
def test_the_innermost_that_tells_it_counts(root: object, at: Place, level: str) -> None:
    assert find_jlpt_level(root, at, "words.json") == level
