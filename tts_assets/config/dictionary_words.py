"""``[[dictionary]]`` and ``[[price]]`` tables of the configuration."""

from __future__ import annotations

import fnmatch
import math
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tts_assets.config import option_values
from tts_assets.config.option_values import Table, require_one_of, require_text
from tts_assets.errors import UsageError, show_value
from tts_assets.model import DictionaryWord, WordKind, is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterable


#: Kana, and the forms of them that are composed into others.
_KANA = "ぁ-ゖゟァ-ヺーヿ\u3099\u309a\u32d0-\u32fe\u3300-\u3357\uff66-\uff9f"

#: What ``[[dictionary]]`` accepts, as far as a schema can say it.
DICTIONARY_SCHEMA = option_values.build_table_schema(
    {
        "surface": {"type": "string", "pattern": r"^\s*\S+\s*$"},
        "reading": {"type": "string", "pattern": rf"^\s*[{_KANA}]+\s*$"},
        "accent": {"type": "integer", "minimum": 0},
        "kind": option_values.build_enum_schema(WordKind),
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


# What services charge for their credits: a few prices known here, and those of the configuration.


#: Prices change a few times a year: after so many days one has to be looked at again.
_OLD_DAYS = 180

#: What ``[[price]]`` accepts, as far as a schema can say it.
PRICE_SCHEMA = option_values.build_table_schema(
    {
        "provider": option_values.TEXT,
        "model": option_values.TEXT,
        "per-1000-credits": {"type": "number", "minimum": 0},
        "currency": option_values.TEXT,
        "read": {"type": "string", "format": "date"},
    },
    needed=("provider", "per-1000-credits", "currency", "read"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of credits.

    Args:
        provider: the engine that they are for.
        model: a glob for the names of its models.
        per_1000_credits: the price of 1,000 credits.
        currency: the sign or code of the currency.
        read: the day on which the price was looked up.
    """

    provider: str
    model: str = "*"
    per_1000_credits: float
    currency: str
    read: date

    def of(self, credit_count: float) -> float:
        """What so many credits cost."""
        return credit_count * self.per_1000_credits / 1000

    @property
    def days(self) -> int:
        """How long ago it was looked up."""
        return (datetime.now(tz=UTC).date() - self.read).days

    @property
    def is_old(self) -> bool:
        """Whether it should be looked up again before anybody relies on it."""
        return self.days > _OLD_DAYS


#: The vendors' list prices, from their pricing pages on the day given. ElevenLabs: 0.08 USD for
#: 1,000 characters of v4, v3 and multilingual v2, which count one credit each; half of that for
#: the models whose characters count half a credit. OpenAI counts no credits.
BUILT_IN = (
    Price(provider="elevenlabs", per_1000_credits=0.08, currency="USD", read=date(2026, 10, 3)),
)


def price_for(own: Iterable[Price], provider: str, model: str) -> Price | None:
    """The first price that fits, the user's own before those known here; None where none does.

    Args:
        own: the prices of the configuration.
        provider: the engine's name.
        model: the name of its model.
    """
    fitting = (
        price
        for price in (*own, *BUILT_IN)
        if price.provider == provider and fnmatch.fnmatchcase(model, price.model)
    )
    return next(fitting, None)


def price_of(values: object, where: str) -> Price:
    """The price that a table describes.

    Args:
        values: the table, as TOML gives it.
        where: how messages call it, such as ``tts-assets.toml: price 2``.

    Raises:
        UsageError: a key is unknown or missing, or a value is wrong.
    """
    table = Table(values, where)
    price = Price(
        provider=table.need("provider", require_text),
        model=table.take("model", require_text, "*"),
        per_1000_credits=table.need("per-1000-credits", _amount),
        currency=table.need("currency", require_text),
        read=table.need("read", _day),
    )
    table.end()
    return price


def _amount(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("it must be a number")
    if not 0 <= value < math.inf:
        raise ValueError("it must be 0 or more")
    return float(value)


def _day(value: Any) -> date:
    if isinstance(value, str):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("it must be the date on which the price was read, such as 2026-10-03")
    return value
