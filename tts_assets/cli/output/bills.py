"""What programs are told of a run's costs, and of what went to a service and fro: the types."""

from typing import NotRequired, TypedDict


class LimitData(TypedDict):
    """How many requests may be open at once, and since when.

    Args:
        seconds: since the beginning of the run.
        limit: how many.
    """

    seconds: float
    limit: int


class TrafficData(TypedDict):
    """What went to a service and fro.

    Args:
        requests: how many were sent.
        lost: how many of them got no whole reply, nor its cost: the service may have billed them.
        refusals: how many the service had no room for.
        retries: how many were repetitions after an error.
        waits: how often one waited after a refusal or an error, or for the rate.
        waited_seconds: for how long at least one request waited so; simultaneous waits count once.
        limits: the limit over time.
    """

    requests: int
    lost: int
    refusals: int
    retries: int
    waits: int
    waited_seconds: float
    limits: list[LimitData]


class PriceData(TypedDict):
    """What credits cost.

    Args:
        per_1000_credits: what a thousand cost, in the currency.
        currency: its sign or code.
        read: the day on which the price was looked up, such as 2026-10-03.
        old: it should be looked up again.
    """

    per_1000_credits: float
    currency: str
    read: str
    old: bool


class SumData(TypedDict):
    """What is charged.

    Args:
        credits: what the service counts.
        money: what that costs; null where nobody knows the price.
    """

    credits: float
    money: float | None


class BillData(SumData):
    """What some clips are charged for; equal ones count once.

    Args:
        clips: how many.
        characters: how many are sent for them.
    """

    clips: int
    characters: int


class LeftData(BillData):
    """What is left for another run.

    Args:
        bound: the setting that left it, with its value; null where nothing is left.
    """

    bound: str | None


class ReasonData(TypedDict):
    """Why clips that were paid for before are made again.

    Args:
        words: why, in words for people.
        clips: how many for that reason.
    """

    words: str
    clips: int


class RebilledData(BillData):
    """Clips that were paid for before, and are paid for again.

    Args:
        out_of: how many clips there are to make in all.
        reasons: what changed since, the commonest first.
    """

    out_of: int
    reasons: list[ReasonData]


class BalanceData(TypedDict):
    """What is left of what was paid for.

    Args:
        credits: how many may still be used; null where that is not known.
        reason: why it is not known.
        resets: when there are more again; null where nobody says.
        too_few: how many are lacking for this run.
    """

    credits: float | None
    reason: NotRequired[str]
    resets: NotRequired[str | None]
    too_few: NotRequired[float]


class CostData(TypedDict):
    """What a run costs at a service that charges.

    Args:
        provider: the engine's name.
        model: the name of its model.
        price: what its credits cost; null where nobody says.
        expected: what the clips that the run set out to make are charged for, as known before the
            first request; it stays so to the end.
        left: what is left for another run because of a bound.
        unsayable: clips that cannot be said, and cost nothing.
        due: what the clips that were made should have been charged for.
        billed: what the service really charged; null where it does not tell.
        rebilled: what was paid for before; null where nothing was.
        balance: what is left of what was paid for; null where it was not asked for.
    """

    provider: str
    model: str
    price: PriceData | None
    expected: BillData
    left: LeftData
    unsayable: int
    due: BillData
    billed: SumData | None
    rebilled: RebilledData | None
    balance: BalanceData | None
