"""JSON Schemas (draft 2020-12) of the configuration, ledger lines, and what commands print."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, get_args, is_typeddict

import msgspec

from tts_assets.cli.output import document_types, report_types
from tts_assets.config import dictionary_words, option_table, option_values
from tts_assets.config.option_table import OPTIONS, TABLES
from tts_assets.config.settings import Settings
from tts_assets.config.source_table import SOURCE_SCHEMA
from tts_assets.errors import UsageError
from tts_assets.model import Decision
from tts_assets.store import ledger_line, timelines

if TYPE_CHECKING:
    from tts_assets.config.option_values import Schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCHEMA_TYPES: dict[str, type] = {
    "ledger": ledger_line.Line,
    "report": report_types.ReportDocument,
    "standing": document_types.StandingDocument,
    "timeline": timelines.TimelineDocument,
    "verdicts": document_types.VerdictsDocument,
}

#: The types that documents are made of.
_DOCUMENT_TYPES: dict[str, type] = {
    Decision.__name__: Decision,
} | {
    name: value
    for module in (report_types, document_types, timelines)
    for name, value in vars(module).items()
    if is_typeddict(value)
}

#: What there are schemas of.
SCHEMA_NAMES = ("configuration", "events", *_SCHEMA_TYPES)

#: Tables of which a configuration may have several.
_ROW_SCHEMAS = {
    "source": SOURCE_SCHEMA,
    "dictionary": dictionary_words.DICTIONARY_SCHEMA,
    "price": dictionary_words.PRICE_SCHEMA,
    "speaker": option_table.SCHEMA,
}
_ARGUMENT_PATTERN = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_ROLE_PATTERN = re.compile(r":\w+:`")


def build_schema(name: str) -> Schema:
    """The JSON Schema of ``configuration``, ``ledger`` (one line of it), or what commands write.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in SCHEMA_NAMES:
        raise UsageError(f"there is no schema {name!r}; there are: {', '.join(SCHEMA_NAMES)}")
    match name:
        case "configuration":
            found = _build_configuration()
        case "events":
            found = _build_union_schema(
                *get_args(document_types.EventLine), document_types.ReportLine
            )
        case _:
            found = _build_type_schema(_SCHEMA_TYPES[name])
    return {"$schema": _DIALECT, "title": f"tts-assets {name}", **found}


def _build_configuration() -> Schema:
    """``tts-assets.toml``, and the same as ``[tool.tts-assets]``."""
    keys: dict[str, dict[str, Schema]] = {name: {} for name in ("", *TABLES)}
    for key in OPTIONS:
        table, _, name = key.rpartition(".")
        keys[table][name] = _build_setting_schema(key)
    tables = {name: option_values.build_table_schema(inner) for name, inner in keys.items() if name}
    rows = {name: option_values.build_array_schema(row) for name, row in _ROW_SCHEMAS.items()}
    return option_values.build_table_schema(keys[""] | tables | rows)


def _build_setting_schema(key: str) -> Schema:
    field, parse = OPTIONS[key]
    model = TABLES.get(key.rpartition(".")[0], Settings)
    found = dict(parse.schema)
    if told := _extract_field_texts(model).get(field):
        found["description"] = told.replace("None", "unset")
    default = next(each.default for each in fields(model) if each.name == field)
    if default not in (None, MISSING):
        found["default"] = msgspec.to_builtins(default)
    return found


def _build_union_schema(*models: type) -> Schema:
    """The schema of a line that is of one of these types."""
    defs: Schema = {}
    for model in models:
        defs |= _build_type_schema(model)["$defs"]
    return {"anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models], "$defs": defs}


def _build_type_schema(model: type) -> Schema:
    """The schema of a type, with the words of its docstrings at the keys that they are about."""
    found: Schema = msgspec.json.schema(model)
    for name, part in found["$defs"].items():
        if "properties" not in part:
            # A list of several things, or one of several words.
            if "description" in part:
                part["description"] = _extract_summary(part["description"])
            continue
        kind = model if name == model.__name__ else _DOCUMENT_TYPES[name]
        part["description"] = _extract_summary(kind.__doc__ or "")
        for key, told in (_find_inherited_fields(kind) | _extract_field_texts(kind)).items():
            part["properties"][key]["description"] = told.replace("None", "null")
    return found


def _extract_summary(docstring: str) -> str:
    """What a docstring says of the whole."""
    return _join_sentences(inspect.cleandoc(docstring).partition("\nArgs:\n")[0])


def _find_inherited_fields(model: type) -> dict[str, str]:
    """What the types that a type of dicts extends say of its keys."""
    found: dict[str, str] = {}
    if is_typeddict(model):
        # Before Python 3.12 it does not know them by name: they are those with some of its keys.
        for other in _DOCUMENT_TYPES.values():
            if other.__annotations__.keys() < model.__annotations__.keys():
                found |= _extract_field_texts(other)
    return found


def _extract_field_texts(model: type) -> dict[str, str]:
    """What a class says of its fields."""
    args = inspect.cleandoc(model.__doc__ or "").partition("\nArgs:\n")[2]
    return {name: _join_sentences(told) for name, told in _ARGUMENT_PATTERN.findall(args)}


def _join_sentences(text: str) -> str:
    """Words of a docstring on one line, with the marks of Markdown."""
    return _ROLE_PATTERN.sub("`", " ".join(text.split())).replace("``", "`")
