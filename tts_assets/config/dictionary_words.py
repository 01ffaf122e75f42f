"""The user's own dictionary: ``[[dictionary]]`` tables of the configuration."""

from __future__ import annotations

import unicodedata
from typing import Any

from tts_assets.config import json_schema
from tts_assets.config.option_values import Table, require_one_of, require_text
from tts_assets.errors import UsageError, show_value
from tts_assets.model import DictionaryWord, WordKind, is_katakana, kana_to_katakana, split_morae

#: Kana, and the forms of them that are composed into others.
_KANA = "ぁ-ゖゟァ-ヺーヿ\u3099\u309a\u32d0-\u32fe\u3300-\u3357\uff66-\uff9f"


#: What ``[[dictionary]]`` accepts, as far as a schema can say it.
SCHEMA = json_schema.build_table_schema(
    {
        "surface": {"type": "string", "pattern": r"^\s*\S+\s*$"},
        "reading": {"type": "string", "pattern": rf"^\s*[{_KANA}]+\s*$"},
        "accent": {"type": "integer", "minimum": 0},
        "kind": json_schema.build_enum_schema(WordKind),
    },
    needed=("surface", "reading"),
)


def parse_dictionary_word(values: object, where: str) -> DictionaryWord:
    """The word that a table describes.

    Args:
        values: the table, as TOML gives it.
        where: how messages call it, such as ``tts-assets.toml: dictionary 2``.

    Raises:
        UsageError: a key is unknown or missing, or a value is wrong.
    """
    table = Table(values, where)
    word = DictionaryWord(
        surface=table.need("surface", _parse_surface),
        reading=table.need("reading", _parse_word_reading),
        accent=table.take("accent", _parse_word_accent, None),
        kind=table.take("kind", require_one_of(WordKind), WordKind.NOUN),
    )
    table.end()
    count = len(split_morae(word.reading))
    if word.accent is not None and word.accent > count:
        raise UsageError(
            f"{where}: accent = {show_value(word.accent)}: {word.reading} has only {count} morae; give the "
            "mora after which the pitch falls, or 0"
        )
    return word


def _parse_surface(value: Any) -> str:
    surface = unicodedata.normalize("NFC", require_text(value)).strip()
    if any(unicodedata.category(character)[0] in "CZ" for character in surface):
        raise ValueError("it must be one word without spaces or control characters")
    return surface


def _parse_word_reading(value: Any) -> str:
    reading = kana_to_katakana(require_text(value).strip())
    if not is_katakana(reading):
        raise ValueError("it must be kana")
    return reading


def _parse_word_accent(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("it must be a whole number: the mora after which the pitch falls, or 0")
    return value
