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
from tts_assets.config.option_values import TableKey, parse_table, require_one_of, require_text
from tts_assets.errors import UsageError, format_count, show_value
from tts_assets.model import DictionaryWord, WordKind, is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterable


#: Kana, and their compatibility forms, which normalisation composes.
_KANA = "ぁ-ゖゟァ-ヺーヿ\u3099\u309a\u32d0-\u32fe\u3300-\u3357\uff66-\uff9f"


def parse_dictionary_word(values: object, where: str) -> DictionaryWord:
    """The word that a table describes; arguments as in `parse_table`."""
    word = DictionaryWord(**parse_table(values, where, _DICTIONARY_KEYS))
    count = len(split_morae(word.reading))
    if word.accent is not None and word.accent > count:
        raise UsageError(
            f"{where}: accent = {show_value(word.accent)}: {word.reading} has only "
            f"{format_count(count, 'mora', 'morae')}; give the mora after which the pitch falls, or 0"
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


_DICTIONARY_KEYS = {
    "surface": TableKey(_parse_surface, {"type": "string", "pattern": r"^\s*\S+\s*$"}),
    "reading": TableKey(_parse_word_reading, {"type": "string", "pattern": rf"^\s*[{_KANA}]+\s*$"}),
    "accent": TableKey(_parse_word_accent, {"type": "integer", "minimum": 0}, None),
    "kind": TableKey(
        require_one_of(WordKind), option_values.build_enum_schema(WordKind), WordKind.NOUN
    ),
}

#: The schema of ``[[dictionary]]``; the parser checks the rest.
DICTIONARY_SCHEMA = option_values.build_keys_schema(_DICTIONARY_KEYS)


# Prices of credits: a few built-in ones, and those of the configuration.


#: Prices change a few times a year: after this many days, a price should be checked again.
_OLD_DAYS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of credits.

    Args:
        provider: the engine that charges them.
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

    def compute_cost(self, credit_count: float) -> float:
        """The price of this many credits."""
        return credit_count * self.per_1000_credits / 1000

    @property
    def days(self) -> int:
        """The number of days since the price was looked up."""
        return (datetime.now(tz=UTC).date() - self.read).days

    @property
    def is_old(self) -> bool:
        """Whether the price should be looked up again before it is relied on."""
        return self.days > _OLD_DAYS


#: The vendors' list prices, from their pricing pages on the given day. ElevenLabs: 0.08 USD for
#: 1,000 characters of v4, v3 and multilingual v2, which cost one credit each; half of that for
#: the models whose characters cost half a credit. OpenAI has no credits.
BUILT_IN = (
    Price(provider="elevenlabs", per_1000_credits=0.08, currency="USD", read=date(2026, 10, 3)),
)


def price_for(user_prices: Iterable[Price], provider: str, model: str) -> Price | None:
    """The first matching price, the user's own before the built-in ones; None if none matches."""
    matching = (
        price
        for price in (*user_prices, *BUILT_IN)
        if price.provider == provider and fnmatch.fnmatchcase(model, price.model)
    )
    return next(matching, None)


def price_of(values: object, where: str) -> Price:
    """The price that a table describes; arguments as in `parse_table`."""
    return Price(**parse_table(values, where, _PRICE_KEYS))


def _parse_amount(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("it must be a number")
    if not 0 <= value < math.inf:
        raise ValueError("it must be 0 or more")
    return float(value)


def _parse_date(value: Any) -> date:
    if isinstance(value, str):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("it must be the date on which the price was read, such as 2026-10-03")
    return value


_PRICE_KEYS = {
    "provider": TableKey(require_text, option_values.TEXT),
    "model": TableKey(require_text, option_values.TEXT, "*"),
    "per-1000-credits": TableKey(_parse_amount, {"type": "number", "minimum": 0}),
    "currency": TableKey(require_text, option_values.TEXT),
    "read": TableKey(_parse_date, {"type": "string", "format": "date"}),
}

#: The schema of ``[[price]]``; the parser checks the rest.
PRICE_SCHEMA = option_values.build_keys_schema(_PRICE_KEYS)
