"""``[[source]]`` tables: what they can say, and how a slip in one is told."""

import tomllib
from typing import Any

import pytest

from tts_assets.config.catalogue_sources import (
    BUILT_IN,
    AlternativesPolicy,
    IdOrigin,
    OverwritePolicy,
    Source,
    TextType,
)
from tts_assets.config.source_paths import PathStep
from tts_assets.config.source_table import parse_source
from tts_assets.errors import UsageError
from tts_assets.model import Kind

WORDS = """
files = "words/*.json"
kind = "vocabulary"
records = "$.words[*]"
id = "hash()"
overwrite = "always"
voices = { "男" = "otoya" }

[[clip]]
text = ["word", "kana"]
reading = "kana"
accent = "pitch"
to = "audio.url"
"""


def _source(text: str) -> Source:
    return parse_source(tomllib.loads(text), "x.toml: source 1")


def test_a_source_says_how_its_files_are_read() -> None:
    source = _source(WORDS)
    assert (source.name, source.files, source.kind) == (
        "x.toml: source 1",
        ("words/*.json",),
        Kind.VOCABULARY,
    )
    assert source.records.steps == ("words", PathStep.EVERY)
    assert (source.id.of, source.overwrite) == (IdOrigin.HASH, OverwritePolicy.ALWAYS)
    assert source.voices == {"男": "otoya"}
    (rule,) = source.clips
    assert (rule.part, rule.say, rule.alternatives) == (
        "word",
        TextType.WORD,
        AlternativesPolicy.FIRST,
    )
    assert [path.text for path in rule.text] == ["word", "kana"]
    assert rule.to is not None
    assert rule.to.steps == ("audio", "url")


def test_without_clips_the_built_in_ones_of_its_kind_are_made() -> None:
    source = _source('files = "x.json"\nkind = "kanji"\nrecords = "$.kanji[*]"')
    assert source.clips == BUILT_IN[Kind.KANJI].clips


def test_a_url_may_go_nowhere() -> None:
    assert _source(WORDS.replace('"audio.url"', "false")).clips[0].to is None


@pytest.mark.parametrize(
    ("text", "of", "paths"),
    [
        ('"guid"', IdOrigin.FIELD, ["guid"]),
        ('["id", "word"]', IdOrigin.FIELD, ["id", "word"]),
        ('"key()"', IdOrigin.KEY, []),
        ('"file()"', IdOrigin.FILE, []),
        ('"parent(lesson.id)"', IdOrigin.PARENT, ["lesson.id"]),
    ],
)
def test_ids_come_from_fields_or_places(text: str, of: IdOrigin, paths: list[str]) -> None:
    found = _source(WORDS.replace('"hash()"', text)).id
    assert (found.of, [path.text for path in found.paths]) == (of, paths)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('kind = "vocabulary"', "", "x.toml: source 1: kind is missing"),
        ('kind = "vocabulary"', 'kind = "words"', "must be one of vocabulary, grammar"),
        ('files = "words/*.json"', "files = []", "files = .*must not be empty"),
        ("overwrite", "overwrites", "no key 'overwrites'; did you mean overwrite"),
        ("[[clip]]", "[clip]", "must be one or more"),
        ("[[clip]]", "[[clips]]", "no key 'clips'; did you mean clip"),
        ("accent", "acent", "clip 1: there is no key 'acent'; did you mean accent"),
        ('text = ["word", "kana"]', "", "clip 1: text is missing"),
        ('to = "audio.url"', "", "clip 1: to is missing"),
        ('to = "audio.url"', 'to = "a[*]"', "must name one value"),
        ('to = "audio.url"', 'to = "a[0]"', "must end in a key"),
        ('to = "audio.url"', 'to = "a[#]"', "needs `each`"),
        ('to = "audio.url"', "to = true", "must be a path, or false for nowhere"),
        ('reading = "kana"', 'reading = "a b"', "is not a path"),
        ('reading = "kana"', 'reading = "kana[#]"', "is for `to`"),
        ('id = "hash()"', 'id = "hash(x)"', "a field, or key"),
        ('id = "hash()"', 'id = "uuid()"', "a field, or key"),
        ('records = "$.words[*]"', 'records = "$.words[#]"', "no meaning here"),
        ('accent = "pitch"', 'skip = { field = "x" }', "skip: add a condition"),
        ('accent = "pitch"', 'skip = { field = "x", matches = "(" }', "matches = .*unterminated"),
        ('accent = "pitch"', 'part = "../x"', "must be a name of letters"),
        ('accent = "pitch"', 'say = "song"', "must be one of word"),
        ('voices = { "男" = "otoya" }', "voices = { x = 1 }", "table of speakers"),
        ("to =", 'each = "a[*]"\nto =', None),
    ],
)
def test_a_slip_is_told_with_its_place(before: str, after: str, message: str | None) -> None:
    text = WORDS.replace(before, after)
    assert text != WORDS
    if message is None:
        assert _source(text).clips[0].each is not None
        return
    with pytest.raises(UsageError, match=message):
        _source(text)


def test_two_clips_need_two_parts() -> None:
    rule: dict[str, Any] = {"text": "a", "to": "b"}
    table = {"files": "x", "kind": "vocabulary", "clip": [rule, rule]}
    with pytest.raises(UsageError, match="two clips have the part 'word'"):
        parse_source(table, "x")
