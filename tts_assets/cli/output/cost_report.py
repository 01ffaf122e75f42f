"""What a run costs and what went to and fro: in words for people, and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.cli.output.console_text import format_count
from tts_assets.engines.protocol import Balance

if TYPE_CHECKING:
    from tts_assets.build.events import Charges, Cost, Rebilled
    from tts_assets.cli.output.report_types import (
        BalanceData,
        BillData,
        CostData,
        PriceData,
        SumData,
        TrafficData,
    )
    from tts_assets.engines.http.rate_limiter import Traffic


#: More reasons for paying again are counted, not told.
_MAX_REASONS = 3


#: The smallest sum that is told as such.
_MIN_MONEY = 0.01


def describe_repeat_charges(cost: Cost, rebilled: Rebilled) -> str:
    """That clips which were paid for before are paid for again, and why."""
    named = rebilled.reasons[:_MAX_REASONS]
    reasons = [
        each.words if len(rebilled.reasons) == 1 else f"{each.words} ({each.clips:,})"
        for each in named
    ]
    if more := len(rebilled.reasons) - len(named):
        reasons.append(f"{format_count(more, 'reason')} more")
    count = rebilled.bill.clips
    was, is_made = ("was", "is") if count == 1 else ("were", "are")
    return (
        f"{count:,} of {format_count(rebilled.out_of, 'clip')} {was} paid for before, and {is_made} made "
        f"again because {', '.join(reasons)}: {_format_credits(cost, rebilled.bill.credits)}"
    )


def describe_expected_cost(cost: Cost) -> str:
    """What the clips of a run are going to cost, in one line."""
    return (
        f"{cost.provider} {cost.model}: {_describe_charges(cost, cost.expected)} for {_format_clip_count(cost.expected)}"
        f"{_describe_unspeakable(cost)}"
    )


def format_cost_lines(cost: Cost, *, dry_run: bool, next_step: str = "") -> list[str]:
    """Lines of a summary; ``next_step`` says how to generate the clips that a bound left."""
    if dry_run:
        lines = [
            f"cost      {describe_expected_cost(cost)}",
            *_format_price_warning(cost),
            *_format_quota_lines(cost),
        ]
    else:
        lines = [*_format_billed_lines(cost), *_format_price_warning(cost)]
    if cost.left.clips:
        lines.append(
            f"left      {_format_clip_count(cost.left)} for another run, because of {cost.bound}: "
            f"{_format_credits(cost, cost.left.credits)}{next_step and f'; {next_step}'}"
        )
    return lines


def format_traffic_line(traffic: Traffic) -> str:
    """What went to and fro, in a line of a summary."""
    limits = sorted({limit for _, limit in traffic.limits})
    room = f"; {' to '.join(map(str, dict.fromkeys((limits[0], limits[-1]))))} at once"
    return (
        f"service   {format_count(traffic.requests, 'request')}, {traffic.refusals:,} refused, "
        f"{traffic.retries:,} repeated{room if limits else ''}; waited {traffic.waited_seconds:.0f} s"
    )


def format_lost_lines(traffic: Traffic) -> list[str]:
    """How many replies were lost whose cost is not known; nothing where none was."""
    count = traffic.lost
    was = "was" if count == 1 else "were"
    told = f"{format_count(count, 'reply', 'replies')} {was} lost, and may have been billed"
    return [f"lost      {told}"] if count else []


def to_traffic_data(traffic: Traffic) -> TrafficData:
    """The same as plain data."""
    return {
        "requests": traffic.requests,
        "lost": traffic.lost,
        "refusals": traffic.refusals,
        "retries": traffic.retries,
        "waits": traffic.waits,
        "waited_seconds": round(traffic.waited_seconds, 3),
        "limits": [{"seconds": round(at, 3), "limit": limit} for at, limit in traffic.limits],
    }


def to_cost_data(cost: Cost) -> CostData:
    """What a run costs as plain data; money is null where nobody knows the price."""
    rebilled = cost.rebilled
    return {
        "provider": cost.provider,
        "model": cost.model,
        "price": _to_price_data(cost),
        "expected": _to_charges_data(cost, cost.expected),
        "left": {**_to_charges_data(cost, cost.left), "bound": cost.bound},
        "unsayable": cost.unsayable,
        "due": _to_charges_data(cost, cost.due),
        "billed": None if cost.billed is None else _to_sum_data(cost, cost.billed),
        "rebilled": None
        if rebilled is None
        else {
            **_to_charges_data(cost, rebilled.bill),
            "out_of": rebilled.out_of,
            "reasons": [{"words": each.words, "clips": each.clips} for each in rebilled.reasons],
        },
        "balance": _to_balance_data(cost),
    }


def _to_price_data(cost: Cost) -> PriceData | None:
    price = cost.price
    if price is None:
        return None
    return {
        "per_1000_credits": price.per_1000_credits,
        "currency": price.currency,
        "read": price.read.isoformat(),
        "old": price.is_old,
    }


def _to_balance_data(cost: Cost) -> BalanceData | None:
    balance = cost.balance
    if not isinstance(balance, Balance):
        return None if balance is None else {"credits": None, "reason": balance}
    return {
        "credits": balance.credits,
        "resets": None if balance.resets is None else balance.resets.isoformat(),
        "too_few": max(0.0, cost.expected.credits - balance.credits),
    }


def _to_charges_data(cost: Cost, bill: Charges) -> BillData:
    return {
        "clips": bill.clips,
        "characters": bill.characters,
        **_to_sum_data(cost, bill.credits),
    }


def _to_sum_data(cost: Cost, credit_count: float) -> SumData:
    money = cost.money(credit_count)
    return {"credits": credit_count, "money": None if money is None else round(money, 6)}


def _format_billed_lines(cost: Cost) -> list[str]:
    """What was charged beside what should have been; nothing where nothing was made or charged."""
    if cost.billed is None:
        told = (
            f"{_format_credits(cost, cost.expected.credits)} expected{_describe_made_share(cost)}"
        )
        return [f"billed    {told}; the service tells nothing"] if cost.due.clips else []
    if not (cost.billed or cost.due.clips):
        return []
    should = f"{_format_number(cost.expected.credits)} were expected{_describe_made_share(cost)}"
    return [f"billed    {_format_credits(cost, cost.billed)}; {should}"]


def _describe_made_share(cost: Cost) -> str:
    """How much of what was expected was for the clips that were made, where some were not."""
    if cost.due.credits == cost.expected.credits:
        return ""
    return f", {_format_number(cost.due.credits)} of them for the clips that were made"


def _format_price_warning(cost: Cost) -> list[str]:
    """Where the price comes from, if there is something to do about it."""
    price = cost.price
    if price is None or not price.is_old:
        return []
    told = f"read {price.read}, {price.days} days ago"
    return [f"price     {told}: see whether it still holds, and say so in [[price]]"]


def _format_quota_lines(cost: Cost) -> list[str]:
    balance = cost.balance
    if not isinstance(balance, Balance):
        return [] if balance is None else [f"quota     not known: {balance}"]
    lacking = cost.expected.credits - balance.credits
    enough = "enough" if lacking <= 0 else f"{_format_number(lacking)} too few"
    resets = f"; more on {balance.resets:%Y-%m-%d %H:%M %Z}".rstrip() if balance.resets else ""
    return [f"quota     {_format_number(balance.credits)} credits left: {enough}{resets}"]


def _describe_unspeakable(cost: Cost) -> str:
    return (
        f"; {cost.unsayable:,} of them cannot be said, and cost nothing" if cost.unsayable else ""
    )


def _describe_charges(cost: Cost, bill: Charges) -> str:
    return f"{format_count(bill.characters, 'character')}, {_format_credits(cost, bill.credits)}"


def _format_credits(cost: Cost, credit_count: float) -> str:
    """Credits, and the money for them."""
    money = cost.money(credit_count)
    if money is None or cost.price is None:
        return f"{_format_number(credit_count)} credits, money not known: add [[price]]"
    currency = cost.price.currency
    if 0 < money < _MIN_MONEY:
        return f"{_format_number(credit_count)} credits, less than {_MIN_MONEY} {currency}"
    return f"{_format_number(credit_count)} credits, {money:,.2f} {currency}"


def _format_number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _format_clip_count(bill: Charges) -> str:
    return format_count(bill.clips, "clip")
