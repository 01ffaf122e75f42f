"""The published schemas: they are schemas, the data keep to them, and the readers agree with them."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types

from tests.cli.output.samples import failed, planned, standing
from tests.conftest import ROOT
from tests.paid import PricedEngine
from tests.plugin_engines import Paid
from tts_assets import ClipMade, Estimated, Event, ServiceWait, Settings, Started, generate_sync
from tts_assets.build import status
from tts_assets.build.plan.planner import State
from tts_assets.cli.output import published_schemas
from tts_assets.cli.output.console_text import to_encodable
from tts_assets.cli.output.document_types import States
from tts_assets.cli.output.report_data import to_event_data, to_report_data, to_status_data
from tts_assets.config import option_table, prices, source_table
from tts_assets.config.load_settings import load
from tts_assets.config.option_table import OPTIONS, ROWS, parse_dictionary_word, parse_speaker
from tts_assets.config.prices import parse_price
from tts_assets.config.source_table import parse_source
from tts_assets.engines import registry
from tts_assets.errors import TtsAssetsError, UsageError

CLIP = {"text": "word", "to": "audioUrl"}
SOURCE = {"files": "x.json", "kind": "vocabulary", "clip": [CLIP]}
WORD = {"surface": "勇人", "reading": "ゆうと"}
PRICE = {"provider": "x", "per-1000-credits": 0.1, "currency": "EUR", "read": "2026-10-03"}

#: Values as TOML can hold them.
VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-10, 10**6),
        st.floats(-100, 1e5),
        st.text(max_size=3),
        st.sampled_from(
            ["auto", "all", "kanji", "mp3", "json", "cpu", "keep", "on", "90s", "1e3", "http://x"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=4,
)


def _problems(name: str, value: object) -> list[str]:
    return [
        error.message
        for error in _validator(published_schemas.build_schema(name)).iter_errors(value)
    ]


def _validator(schema: dict[str, Any]) -> Any:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _closed(schema: Any) -> Any:
    """The same schema, in which no object has more keys than are described."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {key: _closed(each) for key, each in schema.items()} | more


def _as_json(value: Any) -> Any:
    """A value of TOML as tools that check it against a schema see it: days are text."""
    if isinstance(value, dict):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Words of which some fail, cannot be said or cannot be used, and an engine that charges."""
    for engine in (Paid, PricedEngine):
        monkeypatch.setitem(
            registry._BUILT_IN, engine.name, f"{engine.__module__}:{engine.__name__}"
        )
    entries = [
        {"id": number, "word": word} for number, word in enumerate(("一番", "失敗", "〜"), 1)
    ]
    (tmp_path / "vocabulary.json").write_text(json.dumps([*entries, {"id": 1, "word": "二"}, 7]))
    return Settings(
        paths=(str(tmp_path / "vocabulary.json"),),
        provider="priced",
        output=str(tmp_path / "audio"),
        concurrency=1,
    )


@pytest.mark.parametrize("name", published_schemas.SCHEMA_NAMES)
def test_each_schema_is_one_and_says_what_each_key_means(name: str) -> None:
    schema = published_schemas.build_schema(name)
    Draft202012Validator.check_schema(schema)
    parts = schema.get("$defs", {"": {"properties": _values(schema)}})
    silent = [
        (part, key)
        for part, each in parts.items()
        for key, described in each.get("properties", {}).items()
        if "description" not in described
    ]
    assert silent == []
    assert "Args:" not in json.dumps(schema)
    assert "None" not in json.dumps(schema)


def _values(schema: dict[str, Any]) -> dict[str, Any]:
    """The settings of a configuration that are no tables."""
    keys: dict[str, Any] = schema.get("properties", {})
    return {
        key: each
        for key, each in keys.items()
        if each.get("type") != "object" and not _is_rows(each)
    }


def _is_rows(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" and schema["items"].get("type") == "object"


def test_a_schema_that_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="there are: configuration, events, ledger, report"):
        published_schemas.build_schema("lint")


def test_the_states_of_a_document_are_those_of_the_plan() -> None:
    assert set(States.__struct_fields__) == {state.value for state in State}


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_report_of_a_run_is_what_its_schema_says(shop: Settings, *, dry_run: bool) -> None:
    report = generate_sync(shop, dry_run=dry_run)
    assert report.cost
    assert report.problems
    told = json.loads(json.dumps(to_encodable(to_report_data(report))))
    assert bool(told["failed"]) is not dry_run
    assert (
        list(_validator(_closed(published_schemas.build_schema("report"))).iter_errors(told)) == []
    )


def test_the_events_of_a_run_are_what_their_schema_says(shop: Settings) -> None:
    events: list[Event] = [
        ServiceWait(reason="it is busy", seconds=4.0, requests=2, refusals=3, retries=1)
    ]
    report = generate_sync(shop, on_event=events.append)
    assert {ServiceWait, Estimated, Started, ClipMade} <= {type(event) for event in events}
    told = [to_event_data(event) for event in events]
    told.append({"event": "report", **to_report_data(report)})
    for line in json.loads(json.dumps(to_encodable(told))):
        assert _problems("events", line) == []
    assert _problems("events", {"event": "service-wait"}) != []


def test_the_report_of_a_run_without_costs_is_what_its_schema_says() -> None:
    told = json.loads(json.dumps(to_report_data(failed(planned()))))
    assert _problems("report", told) == []
    assert _problems("report", told | {"made": "1"}) == ["'1' is not of type 'integer'"]


def test_a_standing_is_what_its_schema_says(shop: Settings) -> None:
    generate_sync(shop)
    for found in (status.summarize_status(shop, find_orphans=True), standing(planned())):
        told = json.loads(json.dumps(to_encodable(to_status_data(found))))
        assert (
            list(_validator(_closed(published_schemas.build_schema("standing"))).iter_errors(told))
            == []
        )
        assert _problems("standing", told | {"judged_by": "guess"}) != []


def test_every_line_of_a_ledger_is_what_its_schema_says(shop: Settings) -> None:
    report = generate_sync(shop)
    lines = (Path(shop.output) / "ledger.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == report.made > 0
    for line in lines:
        assert _problems("ledger", json.loads(line)) == []
    assert _problems("ledger", {"asset": "x"}) != []


def _blocks() -> list[str]:
    pages = sorted((ROOT / "docs").rglob("*.md"))
    return [
        block
        for page in pages
        for block in re.findall(
            r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
    ]


@pytest.mark.parametrize("number", range(len(_blocks())))
def test_the_configuration_of_the_guides_is_what_the_schema_says(number: int) -> None:
    assert _problems("configuration", _as_json(tomllib.loads(_blocks()[number]))) == []


VALIDATORS = {key: _validator(parse.schema) for key, (_, parse) in OPTIONS.items()}


@settings(max_examples=300)
@example(key="asset", value="\0")
@example(key="output", value="http://x")
@example(key="output", value="s3://bucket/../words")
@example(key="output", value="gs://bucket//")
@example(key="output", value="file:///audio%00")
@example(key="output", value="file://")
@given(key=st.sampled_from(sorted(OPTIONS)), value=VALUES)
def test_what_the_schema_accepts_for_a_setting_is_accepted(key: str, value: Any) -> None:
    valid = VALIDATORS[key].is_valid(value)
    try:
        OPTIONS[key][1](value)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        assert not valid
    else:
        # Text that stands for a number or a list is for the environment; so are blanks around it.
        assert valid or _is_text(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(map(_is_text, value)))


WRONG = [
    "colour = 1",
    "speed = 9",
    "speed = true",
    "concurrency = 0",
    "concurrency = 1.5",
    'type = ["poems"]',
    "voice = ''",
    "max-duration = '1d'",
    "max-duration = 'm'",
    "max-duration = '100000001s'",
    "max-duration = '1666667m'",
    "max-duration = '27778h'",
    "max-duration = ''",
    "paths = 'a,,b'",
    "type = 'kanji, poems'",
    "[[dictionary]]\nsurface = '東京'\nreading = 'tokyo'",
    "[[dictionary]]\nsurface = '東京'\nreading = 'とう きょう'",
    "paths = [1]",
    "sound = 3",
    "[sound]\nformat = 'aac'",
    "[sound]\nloudness = 1",
    "[models]\nmirror = 'ftp://x'",
    "[openai]\nbase-url = 'x'",
    "[source]\nfiles = 'x'\nkind = 'kanji'",
    "[[dictionary]]\nsurface = 'x'",
    "[[price]]\nprovider = 'x'",
    "[[speaker]]\nname = '男'\nspeed = 5",
    "[[speaker]]\nname = '男'\nspeed = '1'",
    "[[speaker]]\nspeed = 1",
    "[[price]]\nprovider = 'x'\nper-1000-credits = 0\ncurrency = 'EUR'\nread = 'today'",
    "[[source]]\nfiles = 'x'\nkind = 'kanji'\ncolor = 1",
    "[[source]]\nfiles = 'x'\nkind = 'kanji'\n[[source.clip]]\ntext = 'x'",
]
RIGHT = [
    "",
    "concurrency = 'auto'",
    "concurrency = 4.0",
    "type = ['all']",
    "max-duration = '90s'",
    "max-duration = 90",
    "max-duration = '1.5h'",
    "max-duration = '100000000s'",
    "max-duration = '1666665.5m'",
    "max-duration = '0027776h'",
    "paths = 'data, more'",
    "type = 'kanji, all'",
    "[elevenlabs]\nvoices = 'a,b'",
    "[[dictionary]]\nsurface = '東京'\nreading = ' とうきょう '",
    "[[dictionary]]\nsurface = '東京'\nreading = 'ﾄｳｷｮｳ'",
    "[[dictionary]]\nsurface = '学校'\nreading = 'か\u3099っこう'",
    "paths = []",
    "[sound]",
    "[[price]]\nprovider = 'x'\nper-1000-credits = 0\ncurrency = 'EUR'\nread = 2026-10-03",
    "[[source]]\nfiles = ['x', 'y']\nkind = 'kanji'",
    "[[speaker]]\nname = '男'\nvoice = 'mei'\nspeed = 1",
]


@pytest.mark.parametrize(
    ("text", "right"), [(t, False) for t in WRONG] + [(t, True) for t in RIGHT]
)
def test_the_schema_and_the_reader_agree_about_a_file(
    tmp_path: Path, text: str, *, right: bool
) -> None:
    (tmp_path / "tts-assets.toml").write_text(text, encoding="utf-8")
    assert (_problems("configuration", _as_json(tomllib.loads(text))) == []) is right
    try:
        load(flags={}, environment={}, folder=tmp_path)
    except UsageError:
        assert not right
    else:
        assert right


def _source_with_clip(clip: object, where: str) -> object:
    return parse_source(SOURCE | {"clip": [clip]}, where)


def _source_with_skip(skip: object, where: str) -> object:
    return _source_with_clip(CLIP | {"skip": skip}, where)


CLIP_SCHEMA = source_table.SOURCE_SCHEMA["properties"]["clip"]["items"]
SKIP_SCHEMA = CLIP_SCHEMA["properties"]["skip"]["anyOf"][0]
TABLES = [
    pytest.param(parse_source, source_table.SOURCE_SCHEMA, SOURCE, id="source"),
    pytest.param(_source_with_clip, CLIP_SCHEMA, CLIP, id="source.clip"),
    pytest.param(_source_with_skip, SKIP_SCHEMA, {"field": "x", "is": 1}, id="source.clip.skip"),
    pytest.param(parse_dictionary_word, option_table.DICTIONARY_SCHEMA, WORD, id="dictionary"),
    pytest.param(parse_price, prices.PRICE_SCHEMA, PRICE, id="price"),
    pytest.param(parse_speaker, option_table.SPEAKER_SCHEMA, {"name": "男"}, id="speaker"),
]


@pytest.mark.parametrize(
    ("read", "schema", "value"),
    [
        (_source_with_clip, CLIP_SCHEMA, {"reading": "r", "say": "reading", "to": False}),
        (_source_with_clip, CLIP_SCHEMA, {"furigana": ["f"], "to": "a"}),
        (_source_with_skip, SKIP_SCHEMA, {"field": "x", "matches": "a+"}),
        (_source_with_skip, SKIP_SCHEMA, {"field": "x", "missing": True}),
    ],
)
def test_another_key_may_stand_for_one_that_is_needed(read: Any, schema: Any, value: Any) -> None:
    read(value, "")
    assert _validator(schema).is_valid(value)


def test_every_table_of_which_there_may_be_several_has_a_schema() -> None:
    properties = published_schemas.build_schema("configuration")["properties"]
    assert [name for name, _, _ in ROWS if not _is_rows(properties[name])] == []


@pytest.mark.parametrize(("read", "schema", "right"), TABLES)
def test_a_table_has_the_same_keys_for_its_reader_and_in_its_schema(
    read: Any, schema: Any, right: dict[str, Any]
) -> None:
    wrong = "q" * 30
    with pytest.raises(UsageError) as refused:
        read(right | {wrong: 1}, "")
    assert str(refused.value).split("there are: ")[1].split(", ") == list(schema["properties"])
    assert not _validator(schema).is_valid(right | {wrong: 1})


@pytest.mark.parametrize(("read", "schema", "right"), TABLES)
def test_a_table_needs_the_same_keys_for_its_reader_and_in_its_schema(
    read: Any, schema: Any, right: dict[str, Any]
) -> None:
    assert _validator(schema).is_valid(right)
    read(right, "")
    for key in right:
        less = {name: each for name, each in right.items() if name != key}
        try:
            read(less, "")
        except UsageError:
            assert not _validator(schema).is_valid(less), key
        else:
            assert _validator(schema).is_valid(less), key


@pytest.mark.parametrize(("read", "schema", "right"), TABLES)
@given(data=st.data())
def test_what_a_table_s_reader_accepts_its_schema_accepts(
    read: Any, schema: Any, right: dict[str, Any], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(schema["properties"])))
    value = right | {key: data.draw(VALUES)}
    try:
        read(value, "")
    except TtsAssetsError:
        return
    assert _validator(schema).is_valid(value)
