"""Parses ``[[source]]`` tables of the configuration into sources, with errors that name the key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tts_assets.config import option_values
from tts_assets.config.catalogue_sources import (
    BUILT_IN,
    RULE_FIELDS,
    AlternativesPolicy,
    ClipRule,
    IdOrigin,
    IdRule,
    OverwritePolicy,
    SkipCondition,
    Source,
    TextType,
    check_targets,
)
from tts_assets.config.option_values import (
    Table,
    parse_speed,
    require_one_of,
    require_switch,
    require_text,
    require_texts,
    string,
)
from tts_assets.config.source_paths import KEY_PATH, FieldPath, PathStep, parse_path
from tts_assets.errors import UsageError
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_FUNCTION = re.compile(r"(?P<name>[a-z]+)\((?P<argument>.*)\)", re.DOTALL)
_ID_FUNCTIONS = "key(), file(), hash() or parent(FIELD)"
_SKIP_SCHEMA = option_values.build_table_schema(
    {
        "field": option_values.TEXT,
        "is": {"not": {"const": []}},
        "matches": option_values.STRING,
        "missing": option_values.SWITCH,
    },
    required=("field",),
    anyOf=[
        {"required": ["is"]},
        {"required": ["matches"]},
        {"required": ["missing"], "properties": {"missing": {"const": True}}},
    ],
)
_CLIP_SCHEMA = option_values.build_table_schema(
    {
        "part": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,40}$"},
        "each": option_values.TEXT,
        "say": option_values.build_enum_schema(TextType),
        **dict.fromkeys((*RULE_FIELDS, "split"), option_values.TEXTS),
        "alternatives": option_values.build_enum_schema(AlternativesPolicy),
        "join": option_values.STRING,
        "skip": {"anyOf": [_SKIP_SCHEMA, option_values.build_array_schema(_SKIP_SCHEMA)]},
        "speed": option_values.SPEED.schema,
        "to": {"anyOf": [option_values.TEXT, {"const": False}]},
        "timeline": {"anyOf": [option_values.TEXT, {"const": False}]},
    },
    required=("to",),
    anyOf=[
        {"required": ["text"]},
        {"required": ["furigana"]},
        {"required": ["reading", "say"], "properties": {"say": {"const": TextType.READING.value}}},
    ],
)

#: The schema of ``[[source]]``. It describes paths only as text; the parser checks the rest.
SOURCE_SCHEMA = option_values.build_table_schema(
    {
        "files": option_values.TEXTS,
        "kind": option_values.build_enum_schema(Kind),
        "records": option_values.TEXT,
        "id": option_values.TEXTS,
        "asset": option_values.TEXT,
        "url": option_values.TEXT,
        "overwrite": option_values.build_enum_schema(OverwritePolicy),
        "voices": {"type": "object", "additionalProperties": option_values.STRING},
        "columns": option_values.TEXTS,
        "delimiter": {"type": "string", "minLength": 1, "maxLength": 1},
        "clip": {"type": "array", "items": _CLIP_SCHEMA, "minItems": 1},
    },
    required=("files", "kind"),
)


def parse_source(values: object, where: str) -> Source:
    """The source that a table describes.

    Args:
        values: the table, as TOML gives it.
        where: its name in messages, such as ``tts-assets.toml: source 2``.

    Raises:
        UsageError: a key is unknown or missing, or a value is wrong.
    """
    table = Table(values, where)
    files = table.require("files", require_texts)
    kind = table.require("kind", require_one_of(Kind))
    shape = BUILT_IN[kind]
    source = Source(
        name=where,
        kind=kind,
        files=files,
        records=table.get("records", _parse_records_path, shape.records),
        id=table.get("id", _parse_id, shape.id),
        asset=table.get("asset", require_text, None),
        url=table.get("url", require_text, None),
        overwrite=table.get("overwrite", require_one_of(OverwritePolicy), OverwritePolicy.OURS),
        voices=table.get("voices", _parse_voices, {}),
        columns=table.get("columns", require_texts, None),
        delimiter=table.get("delimiter", _parse_character, None),
        clips=table.get("clip", lambda rules: _parse_clip_rules(rules, where), shape.clips),
    )
    table.finish()
    check_targets(source)
    return source


def _parse_clip_rules(values: Any, where: str) -> tuple[ClipRule, ...]:
    if not isinstance(values, list) or not values:
        raise TypeError("it must be one or more [[source.clip]] tables")
    rules = tuple(
        _parse_clip_rule(each, f"{where}, clip {number}") for number, each in enumerate(values, 1)
    )
    parts = [rule.part for rule in rules]
    duplicate = next((part for part in parts if parts.count(part) > 1), None)
    if duplicate is not None:
        raise UsageError(f"{where}: two clips have the part {duplicate!r}: give each a unique one")
    return rules


def _parse_clip_rule(values: object, where: str) -> ClipRule:
    table = Table(values, where)
    rule = ClipRule(
        part=table.get("part", _parse_part_name, "word"),
        each=table.get("each", _parse_field_path, None),
        say=table.get("say", require_one_of(TextType), TextType.WORD),
        text=table.get("text", _parse_field_paths, ()),
        reading=table.get("reading", _parse_field_paths, ()),
        furigana=table.get("furigana", _parse_field_paths, ()),
        accent=table.get("accent", _parse_field_paths, ()),
        speaker=table.get("speaker", _parse_field_paths, ()),
        language=table.get("language", _parse_field_paths, ()),
        split=table.get("split", require_texts, None),
        alternatives=table.get(
            "alternatives", require_one_of(AlternativesPolicy), AlternativesPolicy.FIRST
        ),
        join=table.get("join", string, None),
        skip=table.get("skip", lambda conditions: _parse_skips(conditions, where), ()),
        speed=table.get("speed", parse_speed, None),
        to=table.require("to", _parse_target),
        timeline=table.get("timeline", _parse_target, None),
    )
    table.finish()
    if not (rule.text or rule.furigana or (rule.reading and rule.say is TextType.READING)):
        raise UsageError(f'{where}: text is missing (or reading, with say = "reading")')
    _check_index_steps(rule, where)
    return rule


def _check_index_steps(rule: ClipRule, where: str) -> None:
    if rule.each is not None or rule.alternatives is AlternativesPolicy.ALL:
        return
    for key, path in rule.targets.items():
        if PathStep.SAME in path.steps:
            raise UsageError(
                f"{where}: {key} = {path.text!r} has [#], the index of an item: it needs "
                '`each`, or alternatives = "all"'
            )


def _parse_skips(values: Any, where: str) -> tuple[SkipCondition, ...]:
    rows = values if isinstance(values, list) else [values]
    return tuple(_parse_skip(each, f"{where}, skip") for each in rows)


def _parse_skip(values: object, where: str) -> SkipCondition:
    table = Table(values, where)
    condition = SkipCondition(
        field=table.require("field", _parse_field_path),
        values=table.get("is", _parse_values, ()),
        pattern=table.get("matches", re.compile, None),
        missing=table.get("missing", require_switch, default=False),
    )
    table.finish()
    if not (condition.values or condition.pattern or condition.missing):
        raise UsageError(f"{where}: add a condition: is = ..., matches = '...' or missing = true")
    return condition


def _parse_id(value: Any) -> IdRule:
    fields = require_texts(value)
    call = _FUNCTION.fullmatch(fields[0]) if len(fields) == 1 else None
    if call is None:
        return IdRule(paths=tuple(map(parse_path, fields)))
    name, argument = call["name"], call["argument"]
    if name not in {"key", "file", "hash", "parent"} or bool(argument) != (name == "parent"):
        raise ValueError(f"it must be a field, or {_ID_FUNCTIONS}")
    return IdRule(of=IdOrigin(name), paths=(parse_path(argument),) if argument else ())


def _parse_records_path(value: Any) -> FieldPath:
    path = _parse_field_path(value)
    if PathStep.SAME in path.steps:
        raise ValueError("[#] has no meaning here; write [*] for every item")
    return path


def _parse_target(value: Any) -> FieldPath | None:
    """The path for the URL; None for False, which means nowhere."""
    if value is False:
        return None
    if value is True:
        raise ValueError("it must be a path, or false for nowhere")
    path = _parse_field_path(value)
    if not path.steps or PathStep.EVERY in path.steps or path.steps.count(PathStep.SAME) > 1:
        raise ValueError(
            "it must name one value: key, object.key, list[#] or list[#].key; false for nowhere"
        )
    if not isinstance(path.steps[-1], str) and path.steps[-1] is not PathStep.SAME:
        raise ValueError("it must end in a key, or in [#]")
    return path


def _parse_field_path(value: Any) -> FieldPath:
    return parse_path(require_text(value))


def _parse_field_paths(value: Any) -> tuple[FieldPath, ...]:
    paths = tuple(
        KEY_PATH if each == KEY_PATH.text else parse_path(each) for each in require_texts(value)
    )
    if any(PathStep.SAME in path.steps for path in paths):
        raise ValueError("[#] is for `to` and `timeline`; here write @ for the item")
    return paths


def _parse_part_name(value: Any) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", require_text(value)):
        raise ValueError("it must be a name of letters, digits and _, such as example")
    return str(value)


def _parse_character(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 1:
        raise ValueError("it must be one character")
    return value


def _parse_values(value: Any) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _parse_voices(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
        raise TypeError("it must be a table of speakers and the names of their voices")
    return dict(value)
