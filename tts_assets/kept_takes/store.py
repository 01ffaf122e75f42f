"""The takes of one output folder: what earlier runs paid for, found again, kept and deleted."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets import decisions
from tts_assets.kept_takes.journal import (
    NAME,
    Closed,
    Kept,
    Purchase,
    Sent,
    encode_line,
    read_purchases,
    refuse_unreadable,
)
from tts_assets.kept_takes.kept import (
    Opinion,
    find_file,
    find_folder,
    name_take,
    read_take,
    select_decisions,
    to_opinion,
)
from tts_assets.kept_takes.order import Order, RequestedClip
from tts_assets.regular_files import refuse_link
from tts_assets.storage import AppendLog, fatal, sweep, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from tts_assets.kept_takes.journal import Line

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
        self._index()
        arrived = (each.arrived for each in self._known.values())
        self._history_ids = {each.history_item_id for each in arrived if each is not None}
        has_sounds = any(each.kept is not None for each in self._known.values())
        self._decided = select_decisions(decisions.read(Path(output)) if has_sounds else ())

    def _index(self) -> None:
        self._by_key.clear()
        self._by_group.clear()
        self._by_place.clear()
        for each in self._known.values():
            self._by_key.setdefault(each.sent.key, []).append(each)
            self._by_group.setdefault(each.group, []).append(each)
            self._by_place.setdefault(each.place, []).append(each)

    @contextmanager
    def open_order(self, clip: RequestedClip, *, segment: int | None = None) -> Iterator[Order]:
        """What the present task asks of a service within the block is recorded for this clip."""
        with Order(self, clip, segment).enter() as order:
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
    def known_history_ids(self) -> set[str]:
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
        return [each.group for each in earlier if each.sent.segment is None]

    def sum_earlier(self, groups: Iterable[tuple[str, int | None]]) -> float | None:
        """Credits that requests of groups cost that are not in the ledger yet; None for none known."""
        bills = (each.billed for group in groups for each in self._by_group.get(group, ()))
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

    def keep(self, purchase: Purchase, data: bytes, kept: Kept) -> None:
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
            self.append(Closed(recipe=recipe, segment=segment))
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

    def sweep(
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
        with fatal(f"cannot read {path}, which has the requests that were paid for"):
            refuse_unreadable(self.folder)
        left = [
            each
            for each in read_purchases(self.folder).values()
            if wanted is None or each.sent.recipe in wanted or each.place in places
        ]
        data = b"".join(encode_line(line) for each in left for line in each.lines)
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
        self._index()

    def _is_of_use(self, purchase: Purchase) -> bool:
        return self.find_opinion(purchase) is not Opinion.REJECTED

    def _delete_unused(self, sums: Collection[str]) -> None:
        for file in self.folder.iterdir():
            # Other files in the folder are not ours.
            if _SOUND.fullmatch(file.stem) and file.stem not in sums:
                file.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()
