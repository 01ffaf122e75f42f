"""Plain words, which most records have: found sooner than all others, and just the same."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_assets.catalogues.catalogue_document import parse_document
from tts_assets.catalogues.catalogue_files import Catalogue
from tts_assets.catalogues.catalogue_reader import read_catalogue
from tts_assets.catalogues.compiled_rules import compile_plain_word
from tts_assets.config.catalogue_sources import BUILT_IN, OverwritePolicy, SkipCondition, Source
from tts_assets.config.source_paths import parse_path
from tts_assets.model import Clip, Kind, SpokenForm

SOURCE = BUILT_IN[Kind.VOCABULARY]

WORDS = [
    "開く",
    "かく",
    "カード",
    "食べ物(たべもの)",
    "〜製",
    "っ",
    "一日",
    "々",
    "",
    " ",
    None,
    5,
    ["開く"],
]
VALUES: dict[str, list[Any]] = {
    "id": [1, 2, "3", "a", "A", None, True, 1.5],
    "word": WORDS,
    "reading": ["あく", "アク", "あ・く", "勉強する", "べんきょうする", "kaku", "", None, 5],
    "accent": [0, 2, "HL", "", None, "?"],
    "pitch": [1, None],
    "tts": [{"reading": "ひらく"}, {}, None],
    "audioUrl": ["/audio/a.mp3", "a text", "", " ", None, 5],
}
RECORDS = st.fixed_dictionaries(
    {"id": st.sampled_from(VALUES["id"])},
    optional={key: st.sampled_from(values) for key, values in VALUES.items() if key != "id"},
)


def _asking_for_more(source: Source) -> Source:
    """A source whose rule leaves out what no record has, and so has to look at each."""
    skip = SkipCondition(field=parse_path("nowhere"), values=("x",))
    return replace(source, clips=tuple(replace(rule, skip=(skip,)) for rule in source.clips))


def _read(records: list[Any], source: Source) -> Catalogue:
    return read_catalogue(
        parse_document(json.dumps(records).encode(), file="vocabulary.json"), source
    )


@settings(derandomize=True, max_examples=250)
@given(
    records=st.lists(RECORDS, max_size=4),
    overwrite=st.sampled_from(OverwritePolicy),
)
def test_clips_and_problems_are_those_that_the_slow_way_finds(
    records: list[Any], overwrite: OverwritePolicy
) -> None:
    source = replace(SOURCE, overwrite=overwrite)
    quick, slow = _read(records, source), _read(records, _asking_for_more(source))
    assert quick.clips == slow.clips
    assert quick.unspoken == slow.unspoken
    assert list(map(str, quick.problems)) == list(map(str, slow.problems))


def _clip(record: Any) -> Clip | None:
    found = compile_plain_word(SOURCE.clips[0], SOURCE, "vocabulary.json")
    assert found is not None
    return found(record, (3,), "7")


def test_a_plain_word_is_found_at_once() -> None:
    clip = _clip({"word": "開く", "reading": "あく"})
    assert clip is not None
    assert (clip.form, clip.place) == (SpokenForm("開く", "アク"), (3, "audioUrl"))


@pytest.mark.parametrize(
    "record",
    [
        {"word": "開く", "reading": "あく", "accent": 0},
        {"word": "開く", "reading": "あく", "tts": {"reading": "ひらく"}},
        {"word": "開く", "reading": "あく", "audioUrl": 5},
        {"word": "〜製", "reading": "せい"},
        {"word": "あ" * 5_001},
        ["開く"],
    ],
)
def test_whatever_else_a_record_has_is_looked_at(record: Any) -> None:
    assert _clip(record) is None


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.VOCABULARY])
def test_rules_that_ask_for_more_find_none(kind: Kind) -> None:
    source = BUILT_IN[kind]
    assert [compile_plain_word(rule, source, "a.json") for rule in source.clips] == [None] * len(
        source.clips
    )
