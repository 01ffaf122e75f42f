"""JSON Schemas (draft 2020-12) of the configuration, ledger lines and command output."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

import msgspec

from tts_assets.cli.output import document_types
from tts_assets.cli.output.document_types import extract_field_texts, extract_summary
from tts_assets.config import option_table, option_values, prices
from tts_assets.config.option_table import OPTIONS
from tts_assets.config.settings import TABLES, Settings
from tts_assets.config.source_table import SOURCE_SCHEMA
from tts_assets.errors import UsageError
from tts_assets.store import ledger_line, timelines

if TYPE_CHECKING:
    from tts_assets.config.option_values import Schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCHEMA_TYPES: dict[str, type] = {
    "ledger": ledger_line.Line,
    "report": document_types.ReportDocument,
    "standing": document_types.StandingDocument,
    "timeline": timelines.TimelineDocument,
    "verdicts": document_types.VerdictsDocument,
}

SCHEMA_NAMES = ("configuration", "events", *_SCHEMA_TYPES)  #: the names of all schemas

#: Arrays of tables in the configuration.
_ROW_SCHEMAS = {
    "source": SOURCE_SCHEMA,
    "dictionary": option_table.DICTIONARY_SCHEMA,
    "price": prices.PRICE_SCHEMA,
    "speaker": option_table.SPEAKER_SCHEMA,
}


def build_schema(name: str) -> Schema:
    """Build the JSON Schema with this name; ``ledger`` is that of one line.

    Raises:
        UsageError: no schema has this name.
    """
    if name not in SCHEMA_NAMES:
        raise UsageError(f"there is no schema {name!r}; there are: {', '.join(SCHEMA_NAMES)}")
    match name:
        case "configuration":
            schema = _build_configuration()
        case "events":
            schema = _build_union_schema(*document_types.EVENT_LINES)
        case _:
            schema = _build_type_schema(_SCHEMA_TYPES[name])
    return {"$schema": _DIALECT, "title": f"tts-assets {name}", **schema}


def _build_configuration() -> Schema:
    """Build the schema of ``tts-assets.toml``, and of ``[tool.tts-assets]``."""
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
    schema = dict(parse.schema)
    if text := extract_field_texts(model.__doc__).get(field):
        schema["description"] = text.replace("None", "unset")
    default = next(each.default for each in fields(model) if each.name == field)
    if default not in (None, MISSING):
        schema["default"] = msgspec.to_builtins(default)
    return schema


def _build_union_schema(*models: type) -> Schema:
    """Build the schema of a line of one of these types."""
    defs: Schema = {}
    for model in models:
        defs |= _build_type_schema(model)["$defs"]
    return {"anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models], "$defs": defs}


def _build_type_schema(model: type) -> Schema:
    """Build the schema of a type; its docstring describes the keys."""
    schema: Schema = msgspec.json.schema(model)
    for definition in schema["$defs"].values():
        docstring, keys = definition.get("description", ""), definition.get("properties", {})
        if docstring:
            definition["description"] = extract_summary(docstring)
        texts = extract_field_texts(docstring)
        for key in keys.keys() & texts.keys():
            keys[key]["description"] = texts[key].replace("None", "null")
    return schema
