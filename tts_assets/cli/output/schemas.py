"""JSON Schemas (draft 2020-12) of the configuration, a ledger's lines, and what commands write."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, get_args, is_typeddict

import msgspec

from tts_assets.cli.output import bills, documents, lines, verdict_types
from tts_assets.config import dictionary_words, fragments, prices, speakers
from tts_assets.config.model import Settings
from tts_assets.config.options import OPTIONS, TABLES
from tts_assets.config.sources.table import SCHEMA
from tts_assets.errors import UsageError
from tts_assets.model import Decision
from tts_assets.store.ledger import line
from tts_assets.store.timelines import document

if TYPE_CHECKING:
    from tts_assets.config.fragments import Schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[str, type] = {
    "ledger": line.Line,
    "report": documents.ReportDocument,
    "standing": documents.StandingDocument,
    "timeline": document.TimelineDocument,
    "verdicts": verdict_types.VerdictsDocument,
}


#: The types that documents are made of.
_DOCUMENTS: dict[str, type] = {
    Decision.__name__: Decision,
} | {
    name: value
    for module in (bills, documents, lines, document, verdict_types)
    for name, value in vars(module).items()
    if is_typeddict(value)
}


#: What there are schemas of.
NAMES = ("configuration", "events", *_TYPES)


#: Tables of which a configuration may have several.
_ROWS = {
    "source": SCHEMA,
    "dictionary": dictionary_words.SCHEMA,
    "price": prices.SCHEMA,
    "speaker": speakers.SCHEMA,
}
_ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_ROLE = re.compile(r":\w+:`")


def schema(name: str) -> Schema:
    """The JSON Schema of ``configuration``, ``ledger`` (one line of it), or what commands write.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in NAMES:
        raise UsageError(f"there is no schema {name!r}; there are: {', '.join(NAMES)}")
    match name:
        case "configuration":
            found = _configuration()
        case "events":
            found = _one_of(*get_args(lines.EventLine), lines.ReportLine)
        case _:
            found = _described(_TYPES[name])
    return {"$schema": _DIALECT, "title": f"tts-assets {name}", **found}


def _configuration() -> Schema:
    """``tts-assets.toml``, and the same as ``[tool.tts-assets]``."""
    keys: dict[str, dict[str, Schema]] = {name: {} for name in ("", *TABLES)}
    for key in OPTIONS:
        table, _, name = key.rpartition(".")
        keys[table][name] = _setting(key)
    tables = {name: fragments.table(inner) for name, inner in keys.items() if name}
    rows = {name: fragments.many_of(row) for name, row in _ROWS.items()}
    return fragments.table(keys[""] | tables | rows)


def _setting(key: str) -> Schema:
    field, parse = OPTIONS[key]
    model = TABLES.get(key.rpartition(".")[0], Settings)
    found = dict(parse.schema)
    if told := _arguments(model).get(field):
        found["description"] = told.replace("None", "nothing")
    default = next(each.default for each in fields(model) if each.name == field)
    if default not in (None, MISSING):
        found["default"] = msgspec.to_builtins(default)
    return found


def _one_of(*models: type) -> Schema:
    """The schema of a line that is of one of these types."""
    defs: Schema = {}
    for model in models:
        defs |= _described(model)["$defs"]
    return {"anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models], "$defs": defs}


def _described(model: type) -> Schema:
    """The schema of a type, with the words of its docstrings at the keys that they are about."""
    found: Schema = msgspec.json.schema(model)
    for name, part in found["$defs"].items():
        if "properties" not in part:
            # A list of several things, or one of several words.
            if "description" in part:
                part["description"] = _about(part["description"])
            continue
        kind = model if name == model.__name__ else _DOCUMENTS[name]
        part["description"] = _about(kind.__doc__ or "")
        for key, told in (_inherited(kind) | _arguments(kind)).items():
            part["properties"][key]["description"] = told.replace("None", "null")
    return found


def _about(docstring: str) -> str:
    """What a docstring says of the whole."""
    return _sentences(inspect.cleandoc(docstring).partition("\nArgs:\n")[0])


def _inherited(model: type) -> dict[str, str]:
    """What the types that a type of dicts extends say of its keys."""
    found: dict[str, str] = {}
    if is_typeddict(model):
        # Before Python 3.12 it does not know them by name: they are those with some of its keys.
        for other in _DOCUMENTS.values():
            if other.__annotations__.keys() < model.__annotations__.keys():
                found |= _arguments(other)
    return found


def _arguments(model: type) -> dict[str, str]:
    """What a class says of its fields."""
    args = inspect.cleandoc(model.__doc__ or "").partition("\nArgs:\n")[2]
    return {name: _sentences(told) for name, told in _ARGUMENT.findall(args)}


def _sentences(text: str) -> str:
    """Words of a docstring on one line, with the marks of Markdown."""
    return _ROLE.sub("`", " ".join(text.split())).replace("``", "`")
