"""What the account has spoken: items listed by pages, looked up, and their audio."""

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.books import SimulatedBill
from tests.simulator.contract import SimulatedOrder
from tests.simulator.refusals import SimulatedRefusalError
from tests.simulator.speech import CONTENT_TYPES, Speeches, SpeechFormat
from tests.simulator.wire import WireResponse

PATH = "/v1/history"
_LARGEST_PAGE = 1000
#: What is stored as MP3 has this format.
_MP3 = SpeechFormat("mp3", 44_100, 128)


@dataclass(slots=True, kw_only=True)
class Item:
    """A sound that was made, and what tells its audio."""

    id: str
    order: SimulatedOrder
    bill: SimulatedBill
    made: int = field(default_factory=lambda: int(time.time()))
    is_mp3: bool = False

    @property
    def format(self) -> SpeechFormat:
        """Of its audio: a file, also where bare samples were asked for."""
        asked = self.order.format
        if self.is_mp3:
            return _MP3
        return SpeechFormat("wav", asked.rate_hz) if asked.codec == "pcm" else asked

    def shown(self) -> dict[str, Any]:
        """As the service tells it."""
        return {
            "history_item_id": self.id,
            "request_id": self.bill.request_id,
            "voice_id": self.order.voice,
            "model_id": self.order.model.name,
            "voice_name": "Simulator",
            "voice_category": "premade",
            "text": self.order.text,
            "date_unix": self.made,
            "character_count_change_from": 0,
            "character_count_change_to": self.bill.credits,
            "content_type": CONTENT_TYPES[self.format.codec],
            "state": "created",
            "settings": self.order.settings,
            "source": "TTS",
        }


@dataclass(slots=True)
class SimulatedHistory:
    """The latest items, the newest first."""

    _items: deque[Item] = field(default_factory=lambda: deque(maxlen=2_000))

    def add(self, order: SimulatedOrder, bill: SimulatedBill, *, is_mp3: bool) -> str:
        """Remember a sound; its id."""
        item = Item(id=secrets.token_urlsafe(15), order=order, bill=bill, is_mp3=is_mp3)
        self._items.appendleft(item)
        return item.id

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """A page of what the query asks for."""
        size = int(query.get("page_size", "100"))
        if not 1 <= size <= _LARGEST_PAGE:
            problem = {"type": "range", "loc": ["query", "page_size"], "msg": "1 to 1000"}
            raise SimulatedRefusalError("unprocessable", detail=[problem])
        wanted = [item for item in self._items if _is_wanted(item, query)]
        if after := query.get("start_after_history_item_id"):
            place = next((at for at, each in enumerate(wanted, 1) if each.id == after), len(wanted))
            wanted = wanted[place:]
        shown = wanted[:size]
        return {
            "history": [item.shown() for item in shown],
            "last_history_item_id": shown[-1].id if shown else None,
            "has_more": len(wanted) > size,
            "scanned_until": None,
        }

    def item(self, name: str) -> Item:
        """An item by its id."""
        for item in self._items:
            if item.id == name:
                return item
        raise SimulatedRefusalError(
            "not_found", f"There is no item {name}.", detail="Not Found", status=404
        )

    async def audio(self, item: Item, speeches: Speeches, engine: str) -> WireResponse:
        """The audio of an item, whole whatever became of the answer that it was made for."""
        order = item.order
        body = await speeches.make(
            engine,
            order.text,
            order.voice,
            item.format,
            speed=order.speed,
            half=item.bill.fault == "half",
        )
        headers = {"content-type": CONTENT_TYPES[item.format.codec]}
        return WireResponse(headers=headers, body=body, outcome="history")


def _is_wanted(item: Item, query: dict[str, str]) -> bool:
    voice, since = query.get("voice_id"), query.get("date_after_unix")
    return (voice is None or item.order.voice == voice) and item.made >= int(since or 0)
