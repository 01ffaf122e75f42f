"""Prices: what a table may say, which one fits, and when it is old."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tts_assets.config.prices import LIST_PRICES, Price, find_price, parse_price
from tts_assets.errors import UsageError

ROW = {"provider": "x", "per-1000-credits": 0.5, "currency": "EUR", "read": date(2026, 1, 2)}


def _price(**changes: Any) -> Price:
    values: dict[str, Any] = {
        "provider": "x", "per_1000_credits": 0.5, "currency": "EUR", "read": date(2026, 1, 2)
    }  # fmt: skip
    return Price(**values | changes)


def test_a_table_becomes_a_price_for_all_models() -> None:
    assert parse_price(ROW, "") == _price(model="*")


def test_a_day_may_be_text() -> None:
    assert parse_price(ROW | {"read": "2026-01-02"}, "") == _price()


@pytest.mark.parametrize("missing", list(ROW))
def test_every_key_but_the_model_must_be_there(missing: str) -> None:
    rest = {key: value for key, value in ROW.items() if key != missing}
    with pytest.raises(UsageError, match=f"price 1: {missing} is missing"):
        parse_price(rest, "a.toml: price 1")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("provider", ""),
        ("model", 3),
        ("per-1000-credits", -1),
        ("per-1000-credits", "0.5"),
        ("per-1000-credits", True),
        ("per-1000-credits", float("nan")),
        ("per-1000-credits", float("inf")),
        ("currency", " "),
        ("read", "yesterday"),
        ("read", 20260102),
        ("read", datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_wrong_value_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"price 1: {key} = "):
        parse_price(ROW | {key: value}, "price 1")


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no key 'modell'; did you mean model\?"):
        parse_price(ROW | {"modell": "a"}, "price 1")


def test_the_first_price_that_fits_the_model_is_taken() -> None:
    dear, cheap = _price(model="big*", per_1000_credits=2.0), _price()
    assert find_price((dear, cheap), "x", "big-2") is dear
    assert find_price((dear, cheap), "x", "small") is cheap
    assert find_price((dear, cheap), "y", "small") is None


def test_a_price_of_one_s_own_wins_over_the_one_known_here() -> None:
    own = _price(provider="elevenlabs", model="eleven_v3")
    assert find_price((own,), "elevenlabs", "eleven_v3") is own
    assert find_price((own,), "elevenlabs", "eleven_multilingual_v2") is LIST_PRICES[0]


def test_nobody_knows_what_other_servers_charge() -> None:
    assert find_price((), "openai", "gpt-4o-mini-tts") is None


def test_credits_are_counted_by_the_thousand() -> None:
    assert _price().compute_cost(3000) == 1.5


@pytest.mark.parametrize(("days", "old"), [(0, False), (180, False), (181, True)])
def test_a_price_is_old_after_half_a_year(days: int, old: bool) -> None:  # noqa: FBT001 - a parameter
    # Today, and not the day on which the tests began.
    today = datetime.now(tz=UTC).date()
    assert _price(read=today - timedelta(days=days)).is_old is old
