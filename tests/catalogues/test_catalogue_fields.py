"""Fields of records: conditions, languages, and lists where an object belongs."""

import json
import tomllib
from typing import Any

import pytest

from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_files import Catalogue
from tts_assets.catalogues.catalogue_reader import read_catalogue
from tts_assets.config.source_table import parse_source


def _read(clip: str, data: str, file: str) -> Catalogue:
    toml = f'files = "x"\nkind = "vocabulary"\nid = "key()"\n[[clip]]\nto = false\n{clip}'
    return read_catalogue(
        parse_document(data.encode(), file=file), parse_source(tomllib.loads(toml), "source 1")
    )


def _said(clip: str, data: str, file: str) -> list[str]:
    return [each.form.text for each in _read(clip, data, file).clips]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("1", ["猫", "鳥", "魚"]),
        ("true", ["犬", "鳥", "魚"]),
        ("false", ["犬", "猫", "魚"]),
        ('"1"', ["猫", "鳥", "魚"]),
        ('"true"', ["犬", "猫", "鳥", "魚"]),
        ("[1, true]", ["鳥", "魚"]),
    ],
)
@pytest.mark.parametrize("file", ["x.csv", "x.tsv"])
def test_the_texts_of_a_table_stand_for_numbers_and_truth(
    file: str, wanted: str, said: list[str]
) -> None:
    data = "w,hide\n犬,1\n猫,TRUE\n鳥,false\n魚,\n"
    clip = f'text = "w"\nskip = {{ field = "hide", is = {wanted} }}'
    assert _said(clip, data.replace(",", "\t" if file == "x.tsv" else ","), file) == said


def test_in_json_a_text_is_no_number() -> None:
    rows = json.dumps([{"w": "犬", "hide": "1"}, {"w": "猫", "hide": 1}, {"w": "鳥", "hide": True}])
    assert _said('text = "w"\nskip = { field = "hide", is = 1 }', rows, "x.json") == ["犬", "鳥"]


@pytest.mark.parametrize(
    "language", ["ja", "ja-JP", "ja_JP", "jp", "JP", "jpn", "日本語", "Japanese", " ja "]
)
def test_japanese_has_many_names(language: str) -> None:
    rows = json.dumps([{"w": "犬", "l": language}, {"w": "dog", "l": "en"}])
    assert _said('text = "w"\nlanguage = "l"', rows, "x.json") == ["犬"]


_WRITE = "'ex' is a list, but must be an object: write ex[*]"


@pytest.mark.parametrize(
    ("clip", "row", "message"),
    [
        ('each = "ex"\ntext = "jp"', {"ex": [{"jp": "犬"}]}, _WRITE),
        ('text = "ex.jp"', {"ex": [{"jp": "犬"}]}, _WRITE),
        ('text = "ex[*]"', {"ex": "犬"}, "'ex' is text, but must be a list"),
    ],
)
def test_a_list_that_is_taken_for_an_object_is_told_how_to_write(
    clip: str, row: Any, message: str
) -> None:
    catalogue = _read(clip, json.dumps([row]), "x.json")
    assert [problem.message for problem in catalogue.problems] == [message]
