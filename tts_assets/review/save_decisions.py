"""The use case `review apply`: decisions that people made elsewhere, in the journal and in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import anyio.to_thread
import msgspec

from tts_assets.build.events import Waiting
from tts_assets.build.plan.output_folder import bytes_of
from tts_assets.errors import FatalError, InputError, UsageError
from tts_assets.model import Decided
from tts_assets.store import atomic_files, ledger_line, segment_cache
from tts_assets.store.atomic_files import Storage
from tts_assets.store.decisions import (
    JOURNAL_NAME,
    LONGEST_NAME,
    LONGEST_REASON,
    VERSION,
    Use,
    append_decisions,
    latest,
    load,
    parse,
    read_journal,
    record_decisions,
)
from tts_assets.store.ledger import read_ledger
from tts_assets.store.paid_journal import find_takes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.build.events import Event
    from tts_assets.config.settings import Settings
    from tts_assets.review.row_store import RowStore
    from tts_assets.store.decisions import SoundDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """What became of decisions; of several on one sound only the latest counts.

    Args:
        journal: the path of the journal.
        read: how many decisions there were.
        new: how many of them the journal did not have.
        written: those that the ledger has now.
        known: those that it had, or that later ones took the place of.
        stale: those on sounds that are not there any more.
        takes: those on kept takes, which the next run of `generate` uses or buys again.
        is_history: the decisions were those of the journal itself, in which stale ones are no news.
    """

    journal: str
    read: int
    new: int
    written: tuple[SoundDecision, ...]
    known: tuple[SoundDecision, ...]
    stale: tuple[SoundDecision, ...]
    takes: tuple[SoundDecision, ...]
    is_history: bool


def apply_decisions(
    settings: Settings,
    files: Sequence[Path] = (),
    *,
    on_event: Callable[[Event], None] | None = None,
) -> ApplyResult:
    """Bring decisions into the journal of the output folder, and from there into its ledger.

    All files are read before anything is changed. What is applied again changes nothing, and what
    was cut off goes on where it ended.

    Args:
        settings: which output folder.
        files: what the page saved, or journals; none for the journal of the output folder.
        on_event: called while somebody else writes into the output folder.

    Raises:
        UsageError: there is no output folder, or neither a file nor a journal.
        InputError: a file, the journal or the ledger is damaged.
        FatalError: the output folder cannot be written to.
    """
    folder = Path(settings.output)
    journal = folder / JOURNAL_NAME
    if not (folder.is_dir() and (files or journal.exists())):
        what = "no journal of decisions" if folder.is_dir() else "no such output folder"
        raise UsageError(
            f"{folder}: there is {what}: give --output, or the file that the review page saved"
        )
    given = [each for file in files for each in load(file)]
    before = read_journal(folder)
    tell = on_event or (lambda _: None)

    def report_waiting() -> None:
        tell(Waiting(path=str(folder)))

    new = append_decisions(folder, given, waiting=report_waiting)
    asked = {(each.asset, each.sha256) for each in given}
    # What is given may have been taken back since. Of other sounds nothing is brought back by it.
    due = [each for each in before if not files or (each.asset, each.sha256) in asked]
    settled = record_decisions(Storage(folder), [*due, *given], waiting=report_waiting)
    _sweep_rejected_audio(settings)
    kept = {
        (take.file_name, take.record.sha256) for take in find_takes(settings.temp, settings.output)
    }
    return ApplyResult(
        journal=str(journal),
        read=len(given if files else before),
        new=new,
        written=settled.written,
        known=settled.known,
        stale=tuple(each for each in settled.stale if (each.asset, each.sha256) not in kept),
        takes=tuple(each for each in settled.stale if (each.asset, each.sha256) in kept),
        is_history=not files,
    )


def _sweep_rejected_audio(settings: Settings) -> None:
    """Delete the earlier sounds that nobody compares any more."""
    place = segment_cache.folder(settings.temp, settings.output)
    if not place.is_dir():
        return
    folder = Path(settings.output)
    file = str(folder / ledger_line.LEDGER_NAME)
    storage = Storage(folder)
    known = read_ledger(
        bytes_of(folder / ledger_line.LEDGER_NAME), file=file, hash_of=storage.hash_of
    )
    segment_cache.sweep_rejected_audio(place, read_journal(folder), known.approved)


# What pages send: decisions, and clips that are to be made again.


class PageRequestError(Exception):
    """Something that a page asked for cannot be done; why, in words for people."""

    def __init__(self, words: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        """Say why, and as what HTTP status."""
        super().__init__(words)
        self.status = status


class DecisionBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, each as the journal has them; one that is none must not keep the others back."""

    decisions: list[msgspec.Raw]


class RegenerateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A clip that is to be made again.

    Args:
        asset: of which row.
        sha256: the hash of the sound that the page shows of it.
        use: which of the row's clips.
        say: what is to be said in place of what is said now; nothing for another take.
        by: who asks; "" where nobody says.
        reason: why; "" for no reason.
    """

    asset: str
    sha256: str
    use: int = 0
    say: dict[str, Any] | None = None
    by: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


# Decisions of pages: in the journal before they are answered, in the ledger when nobody waits.


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
        every = await anyio.to_thread.run_sync(read_journal, self._folder)
        due: dict[tuple[str, str], SoundDecision] = {}
        for (asset, sha256), each in latest(every).items():
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
        append = partial(append_decisions, self._folder, good, waiting=_check_cancelled)
        try:
            await anyio.to_thread.run_sync(append)
        except (InputError, FatalError) as problem:
            # It may be mended: the page keeps them, and asks again.
            raise PageRequestError(str(problem), HTTPStatus.INSUFFICIENT_STORAGE) from problem
        self._desk.record_decisions(latest(good))
        self._due.extend(good)
        self._come.set()

    def list_uses(self, asset: str) -> tuple[Use, ...]:
        """Where a sound is heard."""
        row = self._desk.get_row(asset)
        uses = () if row is None else row.uses
        return tuple(Use(file=use.file, entry=use.entry, part=use.part) for use in uses)

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
            store = atomic_files.Storage(self._folder)
            settle = partial(record_decisions, store, due, waiting=waiting)
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
    document = b'{"version":%d,"decisions":[%b]}' % (VERSION, bytes(raw))
    return parse(document, file="the page")[0]


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
