"""The takes of one output folder: paid audio that is recorded, reused and deleted."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tts_assets.errors import ClipError
from tts_assets.regular_files import refuse_link
from tts_assets.store import decisions
from tts_assets.store.atomic_files import AppendLog, atomic_write, sweep, translate_os_errors
from tts_assets.store.paid_journal import (
    NAME,
    Arrived,
    ClosedRequest,
    KeptSpeech,
    Opinion,
    Purchase,
    Sent,
    Void,
    encode_line,
    find_file,
    find_folder,
    name_take,
    read_purchases,
    read_take,
    refuse_unreadable,
    select_decisions,
    to_opinion,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from contextlib import AbstractContextManager

    from tts_assets.model import Alignment
    from tts_assets.store.paid_journal import Line

_SOUND_HASH = re.compile("[0-9a-f]{64}")

MOST_TAKES = 2  #: after this many refused takes of one request, a person must decide

#: What a person can do about refused takes; appended to the reason of the refusal.
ADVICE = (
    "; its takes are kept: listen to them with `tts-assets review` and accept or reject them, use them "
    "with `generate --accept-doubtful`, or buy others with `generate --only failed`"
)


class TakeStore:
    """All takes of one output folder; only the holder of that folder's lock may write."""

    def __init__(
        self, temp: str, output: str, *, accept: bool = False, buy_again: bool = False
    ) -> None:
        """Read the journal of earlier runs; nothing is written before a request is sent.

        Args:
            temp: the folder of all temporary files.
            output: the output folder.
            accept: use undecided takes as if a person had accepted them.
            buy_again: send new requests even if undecided takes are kept.

        Raises:
            InputError: the journal of decisions is damaged.
        """
        self.folder = find_folder(temp, output)
        self.accept = accept
        self.buy_again = buy_again
        self._log: AppendLog | None = None
        self._purchases = read_purchases(self.folder)
        self._claimed: set[str] = set()
        self._open: dict[str, Purchase] = {}
        self._by_key: dict[str, list[Purchase]] = {}
        self._by_group: dict[tuple[str, int | None], list[Purchase]] = {}
        self._by_place: dict[tuple[str, str, str], list[Purchase]] = {}
        self._build_index()
        arrived = (each.arrived for each in self._purchases.values())
        #: The history items of all requests whose headers arrived.
        self.history_ids = {each.history_item_id for each in arrived if each is not None}
        has_sounds = any(each.kept is not None for each in self._purchases.values())
        self._decided = select_decisions(decisions.read_journal(Path(output)) if has_sounds else ())

    def _build_index(self) -> None:
        self._by_key.clear()
        self._by_group.clear()
        self._by_place.clear()
        for each in self._purchases.values():
            self._by_key.setdefault(each.sent.key, []).append(each)
            self._by_group.setdefault(each.group_key, []).append(each)
            self._by_place.setdefault(each.clip_location, []).append(each)

    def open_order(
        self, clip: RequestedClip, *, segment: int | None = None
    ) -> AbstractContextManager[ClipRequests]:
        """Record requests of the current task within the block for this clip."""
        return ClipRequests(self, clip, segment).make_current()

    def find_opinion(self, purchase: Purchase) -> Opinion:
        """A person's decision on the sound of a request."""
        if purchase.kept is None:
            return Opinion.UNDECIDED
        return to_opinion(self._decided.get((name_take(purchase.kept), purchase.kept.sha256)))

    def find_earlier(self, key: str) -> list[Purchase]:
        """Unused requests of earlier runs that sent exactly the same, newest first."""
        found = [each for each in self._by_key.get(key, ()) if each.sent.id not in self._claimed]
        return sorted(found, key=lambda each: each.sent.at, reverse=True)

    def find_lost(self, sent: Sent) -> list[Purchase]:
        """Requests of any run without a response, for the same text, voice and model as this one."""
        return [
            each
            for each in (*self._purchases.values(), *self._open.values())
            if each.arrived is None
            and (each.sent.text, each.sent.voice, each.sent.model)
            == (sent.text, sent.voice, sent.model)
        ]

    def note_open(self, purchase: Purchase) -> None:
        """Remember a request of this run until its response headers arrive."""
        self._open[purchase.sent.id] = purchase

    def note_answer(self, purchase: Purchase) -> None:
        """Remember that the response headers arrived, and the history item of the request."""
        self._open.pop(purchase.sent.id, None)
        if purchase.arrived is not None:
            self.history_ids.add(purchase.arrived.history_item_id)

    def claim(self, purchase: Purchase) -> None:
        """Reserve the sound of an earlier request: no other part of a text uses it in this run."""
        self._claimed.add(purchase.sent.id)

    def release(self, purchase: Purchase) -> None:
        """Undo `claim`."""
        self._claimed.discard(purchase.sent.id)

    def find_groups(self, place: tuple[str, str, str]) -> list[tuple[str, int | None]]:
        """The groups of all requests for a clip in one piece, whatever their recipes."""
        earlier = self._by_place.get(place, ())
        return [each.group_key for each in earlier if each.sent.segment is None]

    def sum_earlier(self, groups: Iterable[tuple[str, int | None]]) -> float | None:
        """The credits of requests in groups that are not in the ledger yet; None if unknown."""
        costs = (each.cost for group in groups for each in self._by_group.get(group, ()))
        reported = [cost for cost in costs if cost is not None]
        return sum(reported) if reported else None

    def needs_no_request(self, recipe: str) -> bool:
        """Whether a clip in one piece will be generated, or will fail, without a new request."""
        kept = [each for each in self._by_group.get((recipe, None), ()) if each.kept is not None]
        if any(
            self.find_opinion(each) is Opinion.ACCEPTED or not (each.kept and each.kept.fault)
            for each in kept
        ):
            return True
        undecided = [each for each in kept if self.find_opinion(each) is Opinion.UNDECIDED]
        return bool(undecided) and (
            self.accept or (len(undecided) >= MOST_TAKES and not self.buy_again)
        )

    def find_undecided(self) -> dict[str, str]:
        """Why clips await a decision, by recipe; after `delete_settled`, also those of this run."""
        refused: dict[tuple[str, str], list[str]] = {}
        for each in self._purchases.values():
            is_undecided = self.find_opinion(each) is Opinion.UNDECIDED
            if each.kept is not None and each.kept.fault and is_undecided:
                refused.setdefault((each.sent.recipe, each.sent.key), []).append(each.kept.fault)
        return {
            recipe: f"{faults[-1]}{ADVICE}"
            for (recipe, _), faults in refused.items()
            if len(faults) >= MOST_TAKES
        }

    def has_others(self, recipes: Collection[str]) -> bool:
        """Whether anything is kept for other recipes than these."""
        return any(each.sent.recipe not in recipes for each in self._purchases.values())

    def read(self, purchase: Purchase) -> bytes:
        """The bytes of the sound of a request; none if its file is missing."""
        return b"" if purchase.kept is None else read_take(self.folder, purchase.kept)

    def store_sound(self, purchase: Purchase, data: bytes, kept: KeptSpeech) -> None:
        """Write the sound of a request, and record it."""
        path = find_file(self.folder, kept)
        if path is None:
            return
        with translate_os_errors(f"cannot write to {self.folder}"):
            self._make_folder()
            atomic_write(path, data, sync=False)
        purchase.kept = kept
        self.append(kept)

    def append(self, line: Line) -> None:
        """Add a line to the journal."""
        if self._log is None:
            with translate_os_errors(f"cannot write to {self.folder}"):
                self._make_folder()
            self._log = AppendLog(self.folder / NAME)
        self._log.append(encode_line(line))

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        refuse_link(self.folder)

    def close_order(
        self, groups: Collection[tuple[str, int | None]], purchases: Iterable[Purchase]
    ) -> None:
        """Record that a clip, or a segment, is stored, and delete the sounds it was generated from.

        These are the sounds of the groups, and of the requests of this run.
        """
        earlier = [each for group in groups for each in self._by_group.get(group, ())]
        if self._log is None and not earlier:
            return
        for recipe, segment in groups:
            self.append(ClosedRequest(recipe=recipe, segment=segment))
        for purchase in (*earlier, *purchases):
            path = None if purchase.kept is None else find_file(self.folder, purchase.kept)
            if path is not None:
                with suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        """Sync and close the journal."""
        log, self._log = self._log, None
        if log is not None:
            log.close()

    def delete_settled(
        self, pending: Collection[str] | None, places: Collection[tuple[str, str, str]] = ()
    ) -> None:
        """Drop settled requests, and delete unused sounds; only under the output folder's lock.

        Args:
            pending: the recipes still to generate; None if not all clips were checked.
            places: file, entry and part of the clips still to generate: other sound settings give
                them other recipes, but what was paid for them can still be used.
        """
        self.close()
        if not self.folder.is_dir():
            return
        path = self.folder / NAME
        with translate_os_errors(f"cannot read {path}, the record of paid requests"):
            refuse_unreadable(self.folder)
        remaining = [
            each
            for each in read_purchases(self.folder).values()
            if pending is None or each.sent.recipe in pending or each.clip_location in places
        ]
        data = b"".join(encode_line(line) for each in remaining for line in each.journal_lines)
        with translate_os_errors(f"cannot write to {self.folder}"):
            refuse_link(self.folder)
            sweep(self.folder)
            if data:
                atomic_write(path, data, sync=False)
            else:
                path.unlink(missing_ok=True)
            self._delete_unused(
                {each.kept.sha256 for each in remaining if each.kept and self._is_usable(each)}
            )
        self._purchases = {each.sent.id: each for each in remaining}
        self._build_index()

    def _is_usable(self, purchase: Purchase) -> bool:
        return self.find_opinion(purchase) is not Opinion.REJECTED

    def _delete_unused(self, hashes: Collection[str]) -> None:
        for file in self.folder.iterdir():
            # Other files in the folder are not ours.
            if _SOUND_HASH.fullmatch(file.stem) and file.stem not in hashes:
                file.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()


# The requests of one clip: each is recorded before it is sent, and when its response arrives.
_SERVICE_ID = re.compile("[A-Za-z0-9_-]{1,64}")

#: The maximum length of a recorded fault, in characters.
_LONGEST_FAULT = 500
_order: ContextVar[ClipRequests | None] = ContextVar("_order", default=None)


def find_order() -> ClipRequests | None:
    """The requests of the current task's clip; None outside a run that records its requests."""
    return _order.get()


def sum_billed(billed: float | None) -> float | None:
    """The credits of all requests for the current task's clip, including those of earlier runs.

    If its requests are not recorded, those of this run: ``billed``.
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


class ClipRequests:
    """The requests of one clip, or of one segment of a passage; see `find_order`."""

    def __init__(self, store: TakeStore, clip: RequestedClip, segment: int | None) -> None:
        """Start without requests."""
        self.store = store
        self._clip = clip
        self._segment = segment
        self._tickets: list[Ticket] = []
        self._used: list[Purchase] = []
        self._is_spoken = False

    def reuse_purchase(self, purchase: Purchase) -> None:
        """Remember that the sound of an earlier request is used."""
        self._used.append(purchase)

    @contextmanager
    def make_current(self) -> Iterator[ClipRequests]:
        """Make this the order of the current task within the block."""
        token = _order.set(self)
        try:
            yield self
        except ClipError as exc:
            self.record_rejection(str(exc))
            raise
        finally:
            _order.reset(token)

    @property
    def uses_earlier(self) -> bool:
        """Whether the sound of an earlier request is used."""
        return bool(self._used)

    def note_spoken(self) -> None:
        """Remember that the sound contains all of the text, as far as the checks show."""
        self._is_spoken = True

    def record_rejection(self, reason: str) -> None:
        """Record that no clip could be generated from sounds that passed the checks."""
        for purchase in (*self._used, *(each.purchase for each in self._tickets)):
            if self._is_spoken and purchase.kept is not None and not purchase.kept.fault:
                purchase.kept = msgspec.structs.replace(
                    purchase.kept, fault=reason[:_LONGEST_FAULT], is_unfit=True
                )
                self.store.append(purchase.kept)

    def sum_billed(self, billed: float | None) -> float | None:
        """See the function of that name."""
        own = [each.purchase.cost for each in self._tickets]
        reported = [each for each in own if each is not None]
        current = sum(reported) if reported else billed
        earlier = self.store.sum_earlier(self._find_groups())
        return current if earlier is None else earlier + (current or 0.0)

    def begin_request(self, *, key: str, text: str, service: str, voice: str, model: str) -> Ticket:
        """Record that a request is about to be sent; arguments as in `Sent`."""
        sent = self.record_sent(key=key, text=text, service=service, voice=voice, model=model)
        self.store.append(sent)
        ticket = Ticket(self.store, Purchase(sent=sent))
        self.store.note_open(ticket.purchase)
        self._tickets.append(ticket)
        return ticket

    def record_sent(self, *, key: str, text: str, service: str, voice: str, model: str) -> Sent:
        """The record of a request that is about to be sent."""
        return Sent(
            **msgspec.structs.asdict(self._clip),
            id=uuid.uuid4().hex,
            key=key,
            segment=self._segment,
            text=text,
            service=service,
            voice=voice,
            model=model,
            at=time.time(),
        )

    def close_clip(self) -> None:
        """Record that the clip, or the segment, is stored."""
        purchases = (each.purchase for each in self._tickets)
        self.store.close_order(self._find_groups(), purchases)

    def _find_groups(self) -> list[tuple[str, int | None]]:
        """The groups of earlier requests for the clip or segment: its own, and those it uses.

        Changed sound settings give a clip another recipe, although the request is the same.
        """
        found = [(self._clip.recipe, self._segment), *(each.group_key for each in self._used)]
        if self._segment is None:
            clip = self._clip
            found += self.store.find_groups((clip.file, clip.entry, clip.part))
        return [*dict.fromkeys(found)]


class Ticket:
    """A request in progress."""

    def __init__(self, store: TakeStore, purchase: Purchase) -> None:
        """Follow a request."""
        self.store = store
        self.purchase = purchase
        self.is_cancelled = False

    def record_arrival(
        self, *, request_id: str, history_item_id: str, billed: float | None
    ) -> None:
        """Record the headers of a response with audio; invalid ids are left out."""
        ids = [
            each if _SERVICE_ID.fullmatch(each) else "" for each in (request_id, history_item_id)
        ]
        self.purchase.arrived = Arrived(
            id=self.purchase.sent.id, request_id=ids[0], history_item_id=ids[1], billed=billed
        )
        self.store.note_answer(self.purchase)
        self.store.append(self.purchase.arrived)

    def record_void(self) -> None:
        """Record that the service generated no sound."""
        self.is_cancelled = True
        self.store.note_answer(self.purchase)
        self.store.append(Void(id=self.purchase.sent.id))

    def keep_sound(
        self,
        data: bytes,
        ending: str,
        *,
        seconds: float,
        fault: str,
        alignment: Alignment | None = None,
    ) -> None:
        """Keep the received sound; arguments as in `KeptSpeech`."""
        kept = KeptSpeech(
            id=self.purchase.sent.id,
            sha256=hashlib.sha256(data).hexdigest(),
            ending=ending,
            bytes=len(data),
            seconds=round(seconds, 3),
            fault=fault[:_LONGEST_FAULT],
            alignment=alignment,
        )
        self.store.store_sound(self.purchase, data, kept)
