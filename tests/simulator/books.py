"""What was asked, how it ended, and what it cost."""

import secrets
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.simulator.contract import SimulatedOrder
from tests.simulator.refusals import SimulatedRefusalError
from tests.simulator.scenario import Scenario
from tests.simulator.wire import WireRequest


@dataclass(slots=True, kw_only=True)
class SimulatedBill:
    """Speech that was made, and is paid for whether it arrives or not.

    Args:
        request_id: as told in the answer.
        history_item_id: its sound in the history; "" where none is kept.
        text: what was said.
        voice: by whom.
        model: its identifier.
        credits: what it cost.
        delivered: whether all of it, undamaged, went to a client that was still there; False
            until it is sent.
        fault: what was done to the answer, if anything.
        seconds: how long it took to make.
        settings: of the voice, as they were in effect.
    """

    request_id: str = field(default_factory=lambda: secrets.token_urlsafe(15))
    history_item_id: str = ""
    text: str
    voice: str
    model: str
    credits: int
    delivered: bool = False
    fault: str | None
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class SimulatedBooks:
    """Counts and bills; credits of speech in the making are set aside."""

    requests: deque[WireRequest]
    bills: list[SimulatedBill] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    total: int = 0
    spent: int = 0
    aside: int = 0

    def set_aside(self, order: SimulatedOrder, scenario: Scenario) -> None:
        """Keep the credits of an order; refused if there are not enough left."""
        quota = scenario.quota
        left = order.credits if quota is None else quota - self.spent - self.aside
        if order.credits > left:
            message = (
                f"This request exceeds your quota of {quota}. You have {max(0, left)} credits"
                f" remaining, while {order.credits} credits are required for this request."
            )
            raise SimulatedRefusalError("quota_exceeded", message)
        self.aside += order.credits

    def charge(self, bill: SimulatedBill) -> None:
        """Write down speech that was made."""
        self.bills.append(bill)
        self.spent += bill.credits

    def told(self) -> dict[str, Any]:
        """All of it, as JSON values; requests are counted only."""
        return {
            "requests": self.total,
            "outcomes": dict(self.outcomes),
            "credits": self.spent,
            "billing": msgspec.to_builtins(self.bills),
        }


def recorded(request: WireRequest) -> dict[str, Any]:
    """A request as JSON values; its body is None where it is no JSON."""
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "json": body,
    }
