"""What one clip asks of a service: each request is recorded before it is sent, and as its answer arrives."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import msgspec

from tts_assets.errors import ClipError
from tts_assets.kept_takes.journal import Arrived, Kept, Purchase, Sent, Void

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.domain import Alignment
    from tts_assets.kept_takes.store import TakeStore

_SERVICE_ID = re.compile("[A-Za-z0-9_-]{1,64}")
#: The longest fault that is recorded, in characters.
_LONGEST_FAULT = 500

_order: ContextVar[Order | None] = ContextVar("_order", default=None)


def find_order() -> Order | None:
    """The clip that the present task makes; None outside of a run that records its requests."""
    return _order.get()


def sum_billed(billed: float | None) -> float | None:
    """Credits of all requests for the clip of the present task, those of earlier runs among them.

    Args:
        billed: what is known of this run, where its requests are not recorded.
    """
    order = find_order()
    return billed if order is None else order.sum_billed(billed)


class RequestedClip(msgspec.Struct, frozen=True, kw_only=True):
    """The clip that requests are made for; the fields are those of `Sent`."""

    recipe: str
    asset: str
    file: str
    entry: str
    part: str


class Order:
    """What one clip, or one segment of a passage, asks of a service; see `find_order`."""

    def __init__(self, store: TakeStore, clip: RequestedClip, segment: int | None) -> None:
        """Begin."""
        self.store = store
        self._clip = clip
        self._segment = segment
        self._tickets: list[Ticket] = []
        self._used: list[Purchase] = []
        self._is_spoken = False

    def use(self, purchase: Purchase) -> None:
        """Remember that the sound of an earlier request is used."""
        self._used.append(purchase)

    @contextmanager
    def enter(self) -> Iterator[Order]:
        """Be the order of the present task within the block."""
        token = _order.set(self)
        try:
            yield self
        except ClipError as exc:
            self.refuse(str(exc))
            raise
        finally:
            _order.reset(token)

    @property
    def uses_earlier(self) -> bool:
        """Whether the sound of an earlier request is used."""
        return bool(self._used)

    def note_spoken(self) -> None:
        """Remember that the service has spoken all of the text, as far as its sound shows."""
        self._is_spoken = True

    def refuse(self, reason: str) -> None:
        """Record that no clip could be made of sounds that passed the checks.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        for purchase in (*self._used, *(each.purchase for each in self._tickets)):
            if self._is_spoken and purchase.kept is not None and not purchase.kept.fault:
                purchase.kept = msgspec.structs.replace(
                    purchase.kept, fault=reason[:_LONGEST_FAULT], is_unfit=True
                )
                self.store.append(purchase.kept)

    def sum_billed(self, billed: float | None) -> float | None:
        """See the function of that name."""
        own = [each.purchase.billed for each in self._tickets]
        known = [each for each in own if each is not None]
        now = sum(known) if known else billed
        before = self.store.sum_earlier(self._find_groups())
        return now if before is None else before + (now or 0.0)

    def begin(self, *, key: str, text: str, service: str, voice: str, model: str) -> Ticket:
        """Record that a request is about to be sent; arguments as in `Sent`.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        sent = self.sent(key=key, text=text, service=service, voice=voice, model=model)
        self.store.append(sent)
        ticket = Ticket(self.store, Purchase(sent=sent))
        self.store.note_open(ticket.purchase)
        self._tickets.append(ticket)
        return ticket

    def sent(self, *, key: str, text: str, service: str, voice: str, model: str) -> Sent:
        """The record of a request that is sent now."""
        return Sent(
            id=uuid.uuid4().hex,
            key=key,
            recipe=self._clip.recipe,
            segment=self._segment,
            asset=self._clip.asset,
            file=self._clip.file,
            entry=self._clip.entry,
            part=self._clip.part,
            text=text,
            service=service,
            voice=voice,
            model=model,
            at=time.time(),
        )

    def close(self) -> None:
        """Record that the clip, or the segment, is stored.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        purchases = (each.purchase for each in self._tickets)
        self.store.close_order(self._find_groups(), purchases)

    def _find_groups(self) -> list[tuple[str, int | None]]:
        """Earlier requests that count for the clip, or the segment: its own, and those it uses.

        Changed settings of the sound give a clip another recipe, though the same is sent for it.
        """
        found = [(self._clip.recipe, self._segment), *(each.group for each in self._used)]
        if self._segment is None:
            clip = self._clip
            found += self.store.find_groups((clip.file, clip.entry, clip.part))
        return [*dict.fromkeys(found)]


class Ticket:
    """A request on its way."""

    def __init__(self, store: TakeStore, purchase: Purchase) -> None:
        """Follow a request."""
        self.store = store
        self.purchase = purchase
        self.is_cancelled = False

    def arrive(self, *, request_id: str, history_item_id: str, billed: float | None) -> None:
        """Record the headers of an answer with sound; ids that cannot be ids are left out.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        ids = [
            each if _SERVICE_ID.fullmatch(each) else "" for each in (request_id, history_item_id)
        ]
        self.purchase.arrived = Arrived(
            id=self.purchase.sent.id, request_id=ids[0], history_item_id=ids[1], billed=billed
        )
        self.store.note_answer(self.purchase)
        self.store.append(self.purchase.arrived)

    def cancel(self) -> None:
        """Record that no sound was made.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        self.is_cancelled = True
        self.store.note_answer(self.purchase)
        self.store.append(Void(id=self.purchase.sent.id))

    def keep(
        self,
        data: bytes,
        ending: str,
        *,
        seconds: float,
        fault: str,
        alignment: Alignment | None = None,
    ) -> None:
        """Keep the sound that arrived; arguments as in `Kept`.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        kept = Kept(
            id=self.purchase.sent.id,
            sha256=hashlib.sha256(data).hexdigest(),
            ending=ending,
            bytes=len(data),
            seconds=round(seconds, 3),
            fault=fault[:_LONGEST_FAULT],
            alignment=alignment,
        )
        self.store.keep(self.purchase, data, kept)
