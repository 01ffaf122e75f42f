"""Decisions of pages: in the journal before they are answered, in the ledger when nobody waits."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.from_thread
import anyio.to_thread
import msgspec

from tts_assets import decisions, storage
from tts_assets.domain import Decided
from tts_assets.errors import FatalError, InputError
from tts_assets.review.serve.orders import PageRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tts_assets.decisions import SoundDecision
    from tts_assets.review.serve.desk import RowStore

#: Decisions come one after the other: so long nothing comes before they go into the ledger.
_IDLE_SECONDS = 1.0
#: How long the end waits for a run that is at work in the folder, in seconds.
_CLOSE_SECONDS = 1.0


class SaveResult(NamedTuple):
    """What became of the decisions of one request.

    Args:
        saved: how many are in the journal now, or were before.
        stale: the assets of those on sounds that are not there any more.
        refused: what is wrong with those that are none, in words.
    """

    saved: int
    stale: tuple[str, ...]
    refused: tuple[str, ...]


class _FolderBusyError(Exception):
    """A run is at work in the folder for longer than anybody waits."""


class DecisionWriter:
    """Takes decisions, and brings them into the ledger."""

    def __init__(self, folder: Path, desk: RowStore, note: Callable[[str], None]) -> None:
        """Begin.

        Args:
            folder: of the assets.
            desk: the rows that are decided of.
            note: told what people should know.
        """
        self._folder = folder
        self._desk = desk
        self._note = note
        # Whatever an earlier server left in the journal when it was killed.
        self._due: list[SoundDecision] = []
        self._come = anyio.Event()
        self._settling = anyio.Lock()

    async def load_journal(self) -> None:
        """Show, and have brought into the ledger, what is in the journal only.

        Raises:
            InputError: the journal is damaged.
        """
        every = await anyio.to_thread.run_sync(decisions.read, self._folder)
        due: dict[tuple[str, str], SoundDecision] = {}
        for (asset, sha256), each in decisions.latest(every).items():
            row = self._desk.get_row(asset)
            if row is None or row.sha256 != sha256 or row.decision == each.decision:
                continue
            # What the ledger has from elsewhere may be later; and nothing need not be taken back.
            is_due = each.decided is not Decided.UNDECIDED
            if is_due if row.decision is None else row.decision.at < each.at:
                due[asset, sha256] = each
        if due:
            self._desk.record_decisions(due)
            self._due.extend(due.values())
            self._come.set()

    async def save_raw(self, raw: Sequence[msgspec.Raw]) -> SaveResult:
        """Keep decisions: they are on the disk when this returns.

        Args:
            raw: each as a line of the journal; where it was heard, the rows tell.

        Raises:
            RefusedError: they cannot be written.
        """
        good: list[SoundDecision] = []
        stale: list[str] = []
        refused: list[str] = []
        for each in raw:
            try:
                found = _parse_decision(each)
            except InputError as problem:
                refused.append(problem.message)
                continue
            if await self._is_current(found):
                clips = self.list_uses(found.asset)
                good.append(msgspec.structs.replace(found, clips=clips))
            else:
                stale.append(found.asset)
        await self.append_decisions(good)
        return SaveResult(len(good), tuple(dict.fromkeys(stale)), tuple(refused))

    async def append_decisions(self, good: Sequence[SoundDecision]) -> None:
        """Bring decisions into the journal, and to the pages.

        Raises:
            RefusedError: they cannot be written.
        """
        if not good:
            return
        append = partial(decisions.append, self._folder, good, waiting=_check_cancelled)
        try:
            await anyio.to_thread.run_sync(append)
        except (InputError, FatalError) as problem:
            # It may be mended: the page keeps them, and asks again.
            raise PageRequestError(str(problem), HTTPStatus.INSUFFICIENT_STORAGE) from problem
        self._desk.record_decisions(decisions.latest(good))
        self._due.extend(good)
        self._come.set()

    def list_uses(self, asset: str) -> tuple[decisions.Use, ...]:
        """Where a sound is heard."""
        row = self._desk.get_row(asset)
        uses = () if row is None else row.uses
        return tuple(decisions.Use(file=use.file, entry=use.entry, part=use.part) for use in uses)

    async def write_pending(self) -> None:
        """Bring decisions into the ledger whenever none came for a moment; never ends."""
        while True:
            await self._come.wait()
            count = -1
            while count != len(self._due):
                count = len(self._due)
                await anyio.sleep(_IDLE_SECONDS)
            self._come = anyio.Event()
            await self.write_ledger()

    async def write_ledger(self, patience_seconds: float | None = None) -> None:
        """Bring all decisions into the ledger; what cannot be brought there stays in the journal.

        Args:
            patience_seconds: how long to wait for a run that is at work in the folder; None for
                as long as it takes.
        """
        async with self._settling:
            due, self._due = self._due, []
            if not due:
                return
            until = None if patience_seconds is None else anyio.current_time() + patience_seconds
            waiting = partial(_wait_for_folder, until)
            store = storage.Storage(self._folder)
            settle = partial(decisions.settle, store, due, waiting=waiting)
            try:
                # It may wait for long: it must not take a thread from others.
                await anyio.to_thread.run_sync(settle, limiter=anyio.CapacityLimiter(1))
            except _FolderBusyError:
                self._due[:0] = due
                self._note(
                    "a run is at work in the output folder: decisions are in the journal, and "
                    "`tts-assets review apply` takes them into the ledger when it is done"
                )
            except (InputError, FatalError) as problem:
                self._due[:0] = due
                self._note(f"decisions are in the journal, and not in the ledger: {problem}")
            except BaseException:
                self._due[:0] = due
                raise

    async def close(self) -> None:
        """Bring what is left into the ledger, without waiting long for others."""
        await self.write_ledger(_CLOSE_SECONDS)

    async def _is_current(self, found: SoundDecision) -> bool:
        """Whether a decision is on what the page shows now, and what is on the disk."""
        row = self._desk.get_row(found.asset)
        if row is None or row.sha256 != found.sha256:
            return False
        return await anyio.to_thread.run_sync(self._desk.has_sound, found.asset, found.sha256)


def _parse_decision(raw: msgspec.Raw) -> SoundDecision:
    """One decision, checked as those of a file are.

    Raises:
        InputError: it is none.
    """
    document = b'{"version":%d,"decisions":[%b]}' % (decisions.VERSION, bytes(raw))
    return decisions.parse(document, file="the page")[0]


def _check_cancelled() -> None:
    anyio.from_thread.check_cancelled()


def _wait_for_folder(until: float | None) -> None:
    """Wait on, from a thread, unless nobody waits any more.

    Raises:
        _BusyError: it has been long enough.
    """
    _check_cancelled()
    if until is not None and anyio.from_thread.run_sync(anyio.current_time) > until:
        raise _FolderBusyError
