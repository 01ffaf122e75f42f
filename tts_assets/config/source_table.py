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
    TableKey,
    parse_speed,
    parse_table,
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


def parse_source(values: object, where: str) -> Source:
    """The source that a table describes; arguments as in `parse_table`."""
    given = parse_table(
        values, where, _SOURCE_KEYS, clip=lambda rules: _parse_clip_rules(rules, where)
    )
    shape = BUILT_IN[given["kind"]]
    found = {name: value for name, value in given.items() if value is not None}
    found["clips"] = found.pop("clip", shape.clips)
    source = Source(**{"name": where, "records": shape.records, "id": shape.id, **found})
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
    given = parse_table(
        values, where, _CLIP_KEYS, skip=lambda conditions: _parse_skips(conditions, where)
    )
    rule = ClipRule(**given)
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
    given = parse_table(values, where, _SKIP_KEYS)
    condition = SkipCondition(
        field=given["field"],
        values=given["is"],
        pattern=given["matches"],
        missing=given["missing"],
    )
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


_SKIP_KEYS = {
    "field": TableKey(_parse_field_path, option_values.TEXT),
    "is": TableKey(_parse_values, {"not": {"const": []}}, ()),
    "matches": TableKey(re.compile, option_values.STRING, None),
    "missing": TableKey(require_switch, option_values.SWITCH, default=False),
}
_SKIP_SCHEMA = option_values.build_keys_schema(
    _SKIP_KEYS,
    anyOf=[
        {"required": ["is"]},
        {"required": ["matches"]},
        {"required": ["missing"], "properties": {"missing": {"const": True}}},
    ],
)
_PATHS = TableKey(_parse_field_paths, option_values.TEXTS, ())
_PLACE = {"anyOf": [option_values.TEXT, {"const": False}]}
_CLIP_KEYS = {
    "part": TableKey(
        _parse_part_name, {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,40}$"}, "word"
    ),
    "each": TableKey(_parse_field_path, option_values.TEXT, None),
    "say": TableKey(
        require_one_of(TextType), option_values.build_enum_schema(TextType), TextType.WORD
    ),
    **dict.fromkeys(RULE_FIELDS, _PATHS),
    "split": TableKey(require_texts, option_values.TEXTS, None),
    "alternatives": TableKey(
        require_one_of(AlternativesPolicy),
        option_values.build_enum_schema(AlternativesPolicy),
        AlternativesPolicy.FIRST,
    ),
    "join": TableKey(string, option_values.STRING, None),
    "skip": TableKey(
        tuple, {"anyOf": [_SKIP_SCHEMA, option_values.build_array_schema(_SKIP_SCHEMA)]}, ()
    ),
    "speed": TableKey(parse_speed, option_values.SPEED.schema, None),
    "to": TableKey(_parse_target, _PLACE),
    "timeline": TableKey(_parse_target, _PLACE, None),
}
_CLIP_SCHEMA = option_values.build_keys_schema(
    _CLIP_KEYS,
    anyOf=[
        {"required": ["text"]},
        {"required": ["furigana"]},
        {"required": ["reading", "say"], "properties": {"say": {"const": TextType.READING.value}}},
    ],
)
_SOURCE_KEYS = {
    "files": TableKey(require_texts, option_values.TEXTS),
    "kind": TableKey(require_one_of(Kind), option_values.build_enum_schema(Kind)),
    "records": TableKey(_parse_records_path, option_values.TEXT, None),
    "id": TableKey(_parse_id, option_values.TEXTS, None),
    "asset": TableKey(require_text, option_values.TEXT, None),
    "url": TableKey(require_text, option_values.TEXT, None),
    "overwrite": TableKey(
        require_one_of(OverwritePolicy), option_values.build_enum_schema(OverwritePolicy), None
    ),
    "voices": TableKey(
        _parse_voices, {"type": "object", "additionalProperties": option_values.STRING}, None
    ),
    "columns": TableKey(require_texts, option_values.TEXTS, None),
    "delimiter": TableKey(
        _parse_character, {"type": "string", "minLength": 1, "maxLength": 1}, None
    ),
    "clip": TableKey(tuple, {"type": "array", "items": _CLIP_SCHEMA, "minItems": 1}, None),
}

#: The schema of ``[[source]]``. It describes paths only as text; the parser checks the rest.
SOURCE_SCHEMA = option_values.build_keys_schema(_SOURCE_KEYS)
