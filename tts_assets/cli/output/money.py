"""What a run costs and what went to and fro: in words for people, and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.cli.output.text import many
from tts_assets.engines.protocol import Balance

if TYPE_CHECKING:
    from tts_assets.build.events import Bill, Cost, Rebilled
    from tts_assets.cli.output.bills import (
        BalanceData,
        BillData,
        CostData,
        PriceData,
        SumData,
        TrafficData,
    )
    from tts_assets.engines.http.limiter import Traffic


#: More reasons for paying again are counted, not told.
_REASONS = 3


#: The smallest sum that is told as such.
_SMALLEST = 0.01


def paid_again(cost: Cost, rebilled: Rebilled) -> str:
    """That clips which were paid for before are paid for again, and why."""
    named = rebilled.reasons[:_REASONS]
    reasons = [
        each.words if len(rebilled.reasons) == 1 else f"{each.words} ({each.clips:,})"
        for each in named
    ]
    if more := len(rebilled.reasons) - len(named):
        reasons.append(f"{many(more, 'reason')} more")
    count = rebilled.bill.clips
    was, is_made = ("was", "is") if count == 1 else ("were", "are")
    return (
        f"{count:,} of {many(rebilled.out_of, 'clip')} {was} paid for before, and {is_made} made "
        f"again because {', '.join(reasons)}: {_credits(cost, rebilled.bill.credits)}"
    )


def expected(cost: Cost) -> str:
    """What the clips of a run are going to cost, in one line."""
    return (
        f"{cost.provider} {cost.model}: {_bill(cost, cost.expected)} for {_clips(cost.expected)}"
        f"{_unsayable(cost)}"
    )


def cost_lines(cost: Cost, *, dry_run: bool, next_step: str = "") -> list[str]:
    """Lines of a summary; ``next_step`` says how to generate the clips that a bound left."""
    if dry_run:
        lines = [f"cost      {expected(cost)}", *_price(cost), *_quota(cost)]
    else:
        lines = [*_billed(cost), *_price(cost)]
    if cost.left.clips:
        lines.append(
            f"left      {_clips(cost.left)} for another run, because of {cost.bound}: "
            f"{_credits(cost, cost.left.credits)}{next_step and f'; {next_step}'}"
        )
    return lines


def traffic_line(traffic: Traffic) -> str:
    """What went to and fro, in a line of a summary."""
    limits = sorted({limit for _, limit in traffic.limits})
    room = f"; {' to '.join(map(str, dict.fromkeys((limits[0], limits[-1]))))} at once"
    return (
        f"service   {many(traffic.requests, 'request')}, {traffic.refusals:,} refused, "
        f"{traffic.retries:,} repeated{room if limits else ''}; waited {traffic.waited_seconds:.0f} s"
    )


def lost_lines(traffic: Traffic) -> list[str]:
    """How many replies were lost whose cost is not known; nothing where none was."""
    count = traffic.lost
    was = "was" if count == 1 else "were"
    told = f"{many(count, 'reply', 'replies')} {was} lost, and may have been billed"
    return [f"lost      {told}"] if count else []


def traffic_data(traffic: Traffic) -> TrafficData:
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


def cost_data(cost: Cost) -> CostData:
    """What a run costs as plain data; money is null where nobody knows the price."""
    rebilled = cost.rebilled
    return {
        "provider": cost.provider,
        "model": cost.model,
        "price": _price_data(cost),
        "expected": _bill_data(cost, cost.expected),
        "left": {**_bill_data(cost, cost.left), "bound": cost.bound},
        "unsayable": cost.unsayable,
        "due": _bill_data(cost, cost.due),
        "billed": None if cost.billed is None else _sum_data(cost, cost.billed),
        "rebilled": None
        if rebilled is None
        else {
            **_bill_data(cost, rebilled.bill),
            "out_of": rebilled.out_of,
            "reasons": [{"words": each.words, "clips": each.clips} for each in rebilled.reasons],
        },
        "balance": _balance_data(cost),
    }


def _price_data(cost: Cost) -> PriceData | None:
    price = cost.price
    if price is None:
        return None
    return {
        "per_1000_credits": price.per_1000_credits,
        "currency": price.currency,
        "read": price.read.isoformat(),
        "old": price.is_old,
    }


def _balance_data(cost: Cost) -> BalanceData | None:
    balance = cost.balance
    if not isinstance(balance, Balance):
        return None if balance is None else {"credits": None, "reason": balance}
    return {
        "credits": balance.credits,
        "resets": None if balance.resets is None else balance.resets.isoformat(),
        "too_few": max(0.0, cost.expected.credits - balance.credits),
    }


def _bill_data(cost: Cost, bill: Bill) -> BillData:
    return {
        "clips": bill.clips,
        "characters": bill.characters,
        **_sum_data(cost, bill.credits),
    }


def _sum_data(cost: Cost, credit_count: float) -> SumData:
    money = cost.money(credit_count)
    return {"credits": credit_count, "money": None if money is None else round(money, 6)}


def _billed(cost: Cost) -> list[str]:
    """What was charged beside what should have been; nothing where nothing was made or charged."""
    if cost.billed is None:
        told = f"{_credits(cost, cost.expected.credits)} expected{_share_made(cost)}"
        return [f"billed    {told}; the service tells nothing"] if cost.due.clips else []
    if not (cost.billed or cost.due.clips):
        return []
    should = f"{_number(cost.expected.credits)} were expected{_share_made(cost)}"
    return [f"billed    {_credits(cost, cost.billed)}; {should}"]


def _share_made(cost: Cost) -> str:
    """How much of what was expected was for the clips that were made, where some were not."""
    if cost.due.credits == cost.expected.credits:
        return ""
    return f", {_number(cost.due.credits)} of them for the clips that were made"


def _price(cost: Cost) -> list[str]:
    """Where the price comes from, if there is something to do about it."""
    price = cost.price
    if price is None or not price.is_old:
        return []
    told = f"read {price.read}, {price.days} days ago"
    return [f"price     {told}: see whether it still holds, and say so in [[price]]"]


def _quota(cost: Cost) -> list[str]:
    balance = cost.balance
    if not isinstance(balance, Balance):
        return [] if balance is None else [f"quota     not known: {balance}"]
    lacking = cost.expected.credits - balance.credits
    enough = "enough" if lacking <= 0 else f"{_number(lacking)} too few"
    resets = f"; more on {balance.resets:%Y-%m-%d %H:%M %Z}".rstrip() if balance.resets else ""
    return [f"quota     {_number(balance.credits)} credits left: {enough}{resets}"]


def _unsayable(cost: Cost) -> str:
    return (
        f"; {cost.unsayable:,} of them cannot be said, and cost nothing" if cost.unsayable else ""
    )


def _bill(cost: Cost, bill: Bill) -> str:
    return f"{many(bill.characters, 'character')}, {_credits(cost, bill.credits)}"


def _credits(cost: Cost, credit_count: float) -> str:
    """Credits, and the money for them."""
    money = cost.money(credit_count)
    if money is None or cost.price is None:
        return f"{_number(credit_count)} credits, money not known: add [[price]]"
    currency = cost.price.currency
    if 0 < money < _SMALLEST:
        return f"{_number(credit_count)} credits, less than {_SMALLEST} {currency}"
    return f"{_number(credit_count)} credits, {money:,.2f} {currency}"


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _clips(bill: Bill) -> str:
    return many(bill.clips, "clip")
