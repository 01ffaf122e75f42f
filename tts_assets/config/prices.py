"""Prices of credits: a few built-in ones, and the ``[[price]]`` tables of the configuration."""

from __future__ import annotations

import fnmatch
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tts_assets.config import option_values
from tts_assets.config.option_values import TableKey, parse_table, require_text

if TYPE_CHECKING:
    from collections.abc import Iterable


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
LIST_PRICES = (
    Price(provider="elevenlabs", per_1000_credits=0.08, currency="USD", read=date(2026, 10, 3)),
)


def find_price(user_prices: Iterable[Price], provider: str, model: str) -> Price | None:
    """The first matching price, the user's own before the built-in ones; None if none matches."""
    matching = (
        price
        for price in (*user_prices, *LIST_PRICES)
        if price.provider == provider and fnmatch.fnmatchcase(model, price.model)
    )
    return next(matching, None)


def parse_price(values: object, where: str) -> Price:
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
