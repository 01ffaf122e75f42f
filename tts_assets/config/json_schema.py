"""Fragments of JSON Schema (draft 2020-12) that say what readers of the configuration accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Schema: TypeAlias = "dict[str, Any]"


#: Text that is not empty.
TEXT: Schema = {"type": "string", "pattern": r"\S"}


#: Any text.
STRING: Schema = {"type": "string"}


#: One text, or a list of them.
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}


#: True or false.
SWITCH: Schema = {"type": "boolean"}


def build_enum_schema(choices: Iterable[str]) -> Schema:
    """One of the values of an enumeration."""
    return {"enum": [str(choice) for choice in choices]}


def build_array_schema(item: Schema) -> Schema:
    """A list, which may be empty."""
    return {"type": "array", "items": item}


def build_table_schema(
    keys: Mapping[str, Schema], *, needed: Iterable[str] = (), **more: Any
) -> Schema:
    """A table that has no other keys.

    Args:
        keys: what each key accepts.
        needed: those that must be there.
        more: what else holds.
    """
    required = list(needed)
    return {
        "type": "object",
        "properties": dict(keys),
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **more,
    }
