"""The written configuration is TOML that loads, whatever stands in the names of fields and files."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from tests.catalogues.detect.conftest import Look

HOSTILE = [
    'a "quoted" word',
    "a kid's word",
    "both \" and ' word",
    "a\\b word",
    "new\nline word",
    "tab\tword",
    "\x1b[2Jword",
    "\x9b31mword",
    "[red]word[/red]",
    "[[x]] word",
    "word.with.dots",
    "word[0]",
    "word[*]",
    "word[#]",
    "$word",
    "@word",
    "word # x",
    "word = ]",
    "\u202eword",
    "word\u2028",
    "word\u0000",
    "word\U000e0001",
    '"""word',
    "'''word",
]


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_loads_and_leads_to_its_value(look: Look, key: str) -> None:
    rows = [{key: "会う", f"{key} kana": "あう"}, {key: "青い", f"{key} kana": "あおい"}]
    found = look({"a.json": rows})
    assert [clip.form.text for clip in found.clips] == ["会う", "青い"]
    assert found.source.clips[0].text[0].steps == (key,)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_can_do_nothing_to_a_terminal(look: Look, key: str) -> None:
    record = {key: "会う", f"{key} audio en": "/a.mp3", "id": 1, "speaker": key}
    toml = look({"a.json": {key: [record, record | {key: "水"}]}}).toml
    assert all(line.isprintable() for line in toml.split("\n"))


@pytest.mark.parametrize("name", [each for each in HOSTILE if "\0" not in each])
def test_a_hostile_file_name_loads_and_leads_to_its_file(look: Look, name: str) -> None:
    found = look({f"{name}.json": [{"term": "会う"}, {"term": "水"}]})
    assert found.source.files == (f"{name}.json",)
    assert len(found.clips) == 2


@pytest.mark.parametrize("name", ["a[1]", "a*", "a?", "[ab]"])
def test_a_pattern_escapes_what_means_more_in_patterns(look: Look, name: str) -> None:
    files = {f"{name}/{number}.json": [{"term": "会う"}, {"term": "水"}] for number in range(3)}
    assert len(look(files).clips) == 6


def test_a_key_that_no_file_can_hold_is_left_alone(look: Look) -> None:
    found = look({"a.json": '[{"term": "会う", "\\ud800 word": "水"}, {"term": "青い"}]'})
    assert [path.text for path in found.source.clips[0].text] == ["term"]


def test_a_hostile_speaker_is_a_comment_of_one_line(look: Look) -> None:
    lines = [
        {"speaker": "森\n[x", "text": "おはよう。"},
        {"speaker": "林", "text": "はい、そうです。"},
    ]
    toml = look({"a.json": [{"id": 1, "lines": lines}]}).toml
    assert '# voices = { "森\\n[x" = "mei"' in toml


_KEYS = some.sampled_from(
    [
        "id",
        "word",
        "kana",
        "audio",
        "onyomi",
        "kanji",
        "examples",
        "speaker",
        "accent",
        "lang",
        "sentence",
        "title",
        "text",
        "会",
    ]
)
_VALUES = (
    some.none()
    | some.booleans()
    | some.integers(-9, 9)
    | some.sampled_from(["会う", "あう", "ア", "学", "犬です。", "au", "/a.mp3", "ja", ""])
)
_JSON = some.recursive(
    _VALUES,
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(_KEYS | some.text(max_size=5), inner, max_size=5)
        | some.lists(
            some.dictionaries(_KEYS, inner, min_size=2, max_size=5), min_size=1, max_size=3
        )
    ),
    max_leaves=20,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(value={"kana": [{"id": None, "word": None, "kana": "あう", "audio": False}]})
@given(value=_JSON)
def test_whatever_stands_in_a_file_the_proposal_loads(look: Look, value: Any) -> None:
    look({"a.json": json.dumps(value)}, sound=False)
