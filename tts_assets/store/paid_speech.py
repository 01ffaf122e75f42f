"""The takes of one output folder: what earlier runs paid for, found again, kept and deleted."""

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
from tts_assets.store.atomic_files import AppendLog, fatal, sweep, write_whole
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

    from tts_assets.model import Alignment
    from tts_assets.store.paid_journal import Line

_SOUND = re.compile("[0-9a-f]{64}")

#: So many refused takes of one request are bought before a person has to decide.
MOST_TAKES = 2

#: What a person can do about them, behind the reason for which they were refused.
ADVICE = (
    "; its takes are kept: listen to them with `tts-assets review` and accept or reject them, use them "
    "with `generate --accept-doubtful`, or buy others with `generate --only failed`"
)


class TakeStore:
    """All takes of one output folder; only the holder of that folder's lock may write."""

    def __init__(
        self, temp: str, output: str, *, accept: bool = False, buy_again: bool = False
    ) -> None:
        """Read what earlier runs left; nothing is written before a request is sent.

        Args:
            temp: the folder of all temporary files.
            output: the output folder.
            accept: use undecided takes as if a person had accepted them.
            buy_again: send new requests although undecided takes are kept.

        Raises:
            InputError: the journal of decisions is damaged.
        """
        self.folder = find_folder(temp, output)
        self.accept = accept
        self.buy_again = buy_again
        self._log: AppendLog | None = None
        self._known = read_purchases(self.folder)
        self._claimed: set[str] = set()
        self._open: dict[str, Purchase] = {}
        self._by_key: dict[str, list[Purchase]] = {}
        self._by_group: dict[tuple[str, int | None], list[Purchase]] = {}
        self._by_place: dict[tuple[str, str, str], list[Purchase]] = {}
        self._build_index()
        arrived = (each.arrived for each in self._known.values())
        self._history_ids = {each.history_item_id for each in arrived if each is not None}
        has_sounds = any(each.kept is not None for each in self._known.values())
        self._decided = select_decisions(decisions.read_journal(Path(output)) if has_sounds else ())

    def _build_index(self) -> None:
        self._by_key.clear()
        self._by_group.clear()
        self._by_place.clear()
        for each in self._known.values():
            self._by_key.setdefault(each.sent.key, []).append(each)
            self._by_group.setdefault(each.group_key, []).append(each)
            self._by_place.setdefault(each.clip_location, []).append(each)

    @contextmanager
    def open_order(
        self, clip: RequestedClip, *, segment: int | None = None
    ) -> Iterator[ClipRequests]:
        """What the present task asks of a service within the block is recorded for this clip."""
        with ClipRequests(self, clip, segment).make_current() as order:
            yield order

    def find_opinion(self, purchase: Purchase) -> Opinion:
        """What a person decided of the sound of a request."""
        if purchase.kept is None:
            return Opinion.UNDECIDED
        return to_opinion(self._decided.get((name_take(purchase.kept), purchase.kept.sha256)))

    def find_earlier(self, key: str) -> list[Purchase]:
        """Requests of earlier runs that sent exactly the same and are still to be used, newest first."""
        found = [each for each in self._by_key.get(key, ()) if each.sent.id not in self._claimed]
        return sorted(found, key=lambda each: each.sent.at, reverse=True)

    def find_lost(self, sent: Sent) -> list[Purchase]:
        """Requests of any run without an answer for the same text, voice and model as this one."""
        return [
            each
            for each in (*self._known.values(), *self._open.values())
            if each.arrived is None
            and (each.sent.text, each.sent.voice, each.sent.model)
            == (sent.text, sent.voice, sent.model)
        ]

    @property
    def history_ids(self) -> set[str]:
        """The history items of all requests whose headers arrived."""
        return self._history_ids

    def note_open(self, purchase: Purchase) -> None:
        """Remember a request of this run until its headers arrive."""
        self._open[purchase.sent.id] = purchase

    def note_answer(self, purchase: Purchase) -> None:
        """Remember that the headers of an answer arrived, and which history item is the request's."""
        self._open.pop(purchase.sent.id, None)
        if purchase.arrived is not None:
            self._history_ids.add(purchase.arrived.history_item_id)

    def claim(self, purchase: Purchase) -> None:
        """Use the sound of an earlier request: no other part of a text gets it in this run."""
        self._claimed.add(purchase.sent.id)

    def release(self, purchase: Purchase) -> None:
        """Take back `claim`."""
        self._claimed.discard(purchase.sent.id)

    def find_groups(self, place: tuple[str, str, str]) -> list[tuple[str, int | None]]:
        """The groups of all requests for a clip in one piece, under whatever recipes."""
        earlier = self._by_place.get(place, ())
        return [each.group_key for each in earlier if each.sent.segment is None]

    def sum_earlier(self, groups: Iterable[tuple[str, int | None]]) -> float | None:
        """Credits that requests of groups cost that are not in the ledger yet; None for none known."""
        bills = (each.cost for group in groups for each in self._by_group.get(group, ()))
        known = [billed for billed in bills if billed is not None]
        return sum(known) if known else None

    def needs_no_request(self, recipe: str) -> bool:
        """Whether a clip in one piece will be made, or will fail, without a new request."""
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
        """Why clips wait for a person's decision, by their recipes; after `sweep` those of this run, too."""
        refused: dict[tuple[str, str], list[str]] = {}
        for each in self._known.values():
            is_undecided = self.find_opinion(each) is Opinion.UNDECIDED
            if each.kept is not None and each.kept.fault and is_undecided:
                refused.setdefault((each.sent.recipe, each.sent.key), []).append(each.kept.fault)
        return {
            recipe: f"{faults[-1]}{ADVICE}"
            for (recipe, _), faults in refused.items()
            if len(faults) >= MOST_TAKES
        }

    def has_others(self, wanted: Collection[str]) -> bool:
        """Whether anything is kept for recipes that are not wanted."""
        return any(each.sent.recipe not in wanted for each in self._known.values())

    def read(self, purchase: Purchase) -> bytes:
        """The bytes of the sound of a request; none where it is gone."""
        return b"" if purchase.kept is None else read_take(self.folder, purchase.kept)

    def store_sound(self, purchase: Purchase, data: bytes, kept: KeptSpeech) -> None:
        """Bring the sound of a request to the disk, and record it.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        path = find_file(self.folder, kept)
        if path is None:
            return
        with fatal(f"cannot write to {self.folder}"):
            self._make_folder()
            write_whole(path, data, sync=False)
        purchase.kept = kept
        self.append(kept)

    def append(self, line: Line) -> None:
        """Add a line to the journal.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        if self._log is None:
            with fatal(f"cannot write to {self.folder}"):
                self._make_folder()
            self._log = AppendLog(self.folder / NAME)
        self._log.append(encode_line(line))

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        refuse_link(self.folder)

    def close_order(
        self, groups: Collection[tuple[str, int | None]], purchases: Iterable[Purchase]
    ) -> None:
        """Record that a clip, or a segment, is stored, and delete the sounds that it is made of.

        Args:
            groups: recipes with segments, as in `Sent`.
            purchases: those of this run.

        Raises:
            FatalError: the disk is full, gone or read-only.
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
        """Bring the journal to the disk.

        Raises:
            FatalError: that fails.
        """
        log, self._log = self._log, None
        if log is not None:
            log.close()

    def delete_settled(
        self, wanted: Collection[str] | None, places: Collection[tuple[str, str, str]] = ()
    ) -> None:
        """Forget what is settled, and delete sounds of no use; only under the output folder's lock.

        Args:
            wanted: the recipes that are still to be made; None where not all clips were looked at.
            places: file, entry and part of the clips that are: with other settings of the sound
                they have other recipes, and what was paid for them is still of use.

        Raises:
            FatalError: the journal cannot be read, or the disk is full, gone or read-only.
        """
        self.close()
        if not self.folder.is_dir():
            return
        path = self.folder / NAME
        with fatal(f"cannot read {path}, the record of paid requests"):
            refuse_unreadable(self.folder)
        left = [
            each
            for each in read_purchases(self.folder).values()
            if wanted is None or each.sent.recipe in wanted or each.clip_location in places
        ]
        data = b"".join(encode_line(line) for each in left for line in each.journal_lines)
        with fatal(f"cannot write to {self.folder}"):
            refuse_link(self.folder)
            sweep(self.folder)
            if data:
                write_whole(path, data, sync=False)
            else:
                path.unlink(missing_ok=True)
            self._delete_unused(
                {each.kept.sha256 for each in left if each.kept and self._is_of_use(each)}
            )
        self._known = {each.sent.id: each for each in left}
        self._build_index()

    def _is_of_use(self, purchase: Purchase) -> bool:
        return self.find_opinion(purchase) is not Opinion.REJECTED

    def _delete_unused(self, sums: Collection[str]) -> None:
        for file in self.folder.iterdir():
            # Other files in the folder are not ours.
            if _SOUND.fullmatch(file.stem) and file.stem not in sums:
                file.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()


# What one clip asks of a service: each request is recorded before it is sent, and as its answer arrives.
_SERVICE_ID = re.compile("[A-Za-z0-9_-]{1,64}")

#: The longest fault that is recorded, in characters.
_LONGEST_FAULT = 500
_order: ContextVar[ClipRequests | None] = ContextVar("_order", default=None)


def find_order() -> ClipRequests | None:
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


class ClipRequests:
    """What one clip, or one segment of a passage, asks of a service; see `find_order`."""

    def __init__(self, store: TakeStore, clip: RequestedClip, segment: int | None) -> None:
        """Begin."""
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
        """Be the order of the present task within the block."""
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
        """Remember that the service has spoken all of the text, as far as its sound shows."""
        self._is_spoken = True

    def record_rejection(self, reason: str) -> None:
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
        own = [each.purchase.cost for each in self._tickets]
        known = [each for each in own if each is not None]
        now = sum(known) if known else billed
        before = self.store.sum_earlier(self._find_groups())
        return now if before is None else before + (now or 0.0)

    def begin_request(self, *, key: str, text: str, service: str, voice: str, model: str) -> Ticket:
        """Record that a request is about to be sent; arguments as in `Sent`.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        sent = self.record_sent(key=key, text=text, service=service, voice=voice, model=model)
        self.store.append(sent)
        ticket = Ticket(self.store, Purchase(sent=sent))
        self.store.note_open(ticket.purchase)
        self._tickets.append(ticket)
        return ticket

    def record_sent(self, *, key: str, text: str, service: str, voice: str, model: str) -> Sent:
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

    def close_clip(self) -> None:
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
        found = [(self._clip.recipe, self._segment), *(each.group_key for each in self._used)]
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

    def record_arrival(
        self, *, request_id: str, history_item_id: str, billed: float | None
    ) -> None:
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

    def record_void(self) -> None:
        """Record that no sound was made.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
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
        """Keep the sound that arrived; arguments as in `Kept`.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
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
