"""Decisions from files and from the page: written to the journal, then to the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import anyio.to_thread
import msgspec

from tts_assets.build.events import Waiting
from tts_assets.build.plan.output_folder import open_storage, read_known_ledger
from tts_assets.errors import FatalError, InputError, UsageError
from tts_assets.model import Decided
from tts_assets.store import atomic_files, segment_cache
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
from tts_assets.store.paid_journal import find_takes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.build.events import Event
    from tts_assets.config.settings import Settings
    from tts_assets.review.row_store import RowStore
    from tts_assets.store.decisions import SoundDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """The result of `review apply`; of several decisions on one sound only the latest counts."""

    journal: str  #: the path of the journal
    read: int  #: the number of decisions
    new: int  #: how many of them were not in the journal
    written: tuple[SoundDecision, ...]  #: added to the ledger
    known: tuple[SoundDecision, ...]  #: already in the ledger, or superseded by later ones
    stale: tuple[SoundDecision, ...]  #: on sounds that are gone
    #: On kept takes, which the next run of `generate` uses or buys again.
    takes: tuple[SoundDecision, ...]
    is_history: bool  #: the decisions are the journal's own, where stale ones are normal


def apply_decisions(
    settings: Settings,
    files: Sequence[Path] = (),
    *,
    on_event: Callable[[Event], None] | None = None,
) -> ApplyResult:
    """Write decisions to the journal of the output folder, and from there to its ledger.

    All files are read before anything is changed. Applying a file again changes nothing, and an
    interrupted run can be repeated.

    Args:
        settings: which output folder.
        files: saved by the page, or journals; none for the journal of the output folder.
        on_event: called while another run writes to the output folder.

    Raises:
        UsageError: there is no output folder, or neither a file nor a journal.
        InputError: a file, the journal or the ledger is damaged.
        FatalError: the output folder cannot be written to.
    """
    folder = Path(settings.state_folder)
    journal = folder / JOURNAL_NAME
    if not (folder.is_dir() and (files or journal.exists())):
        what = "no journal of decisions" if folder.is_dir() else "no such output folder"
        raise UsageError(
            f"{folder}: there is {what}: give --output, or the file that the review page saved"
        )
    loaded = [each for file in files for each in load(file)]
    before = read_journal(folder)

    tell = on_event or (lambda _: None)
    report_wait = partial(tell, Waiting(path=str(folder)))
    new = append_decisions(folder, loaded, on_wait=report_wait)
    sounds = {(each.asset, each.sha256) for each in loaded}
    # Later journal entries may revoke the loaded ones; those on other sounds are not reapplied.
    due = [each for each in before if not files or (each.asset, each.sha256) in sounds]
    result = record_decisions(open_storage(settings), [*due, *loaded], on_wait=report_wait)
    _sweep_rejected_audio(settings)
    kept = {
        (take.file_name, take.record.sha256)
        for take in find_takes(settings.temp, settings.state_folder)
    }
    return ApplyResult(
        journal=str(journal),
        read=len(loaded if files else before),
        new=new,
        written=result.written,
        known=result.known,
        stale=tuple(each for each in result.stale if (each.asset, each.sha256) not in kept),
        takes=tuple(each for each in result.stale if (each.asset, each.sha256) in kept),
        is_history=not files,
    )


def _sweep_rejected_audio(settings: Settings) -> None:
    """Delete former sounds that the page no longer compares."""
    place = segment_cache.rejected_audio_dir_for(settings.temp, settings.state_folder)
    if not place.is_dir():
        return
    journal = read_journal(Path(settings.state_folder))
    approved = read_known_ledger(open_storage(settings)).approved
    segment_cache.sweep_rejected_audio(place, journal, approved)


class PageRequestError(Exception):
    """A request of the page cannot be done; the message is for people."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


class DecisionBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, each as a journal line; decoded one by one, as a bad one must not block the others."""

    decisions: list[msgspec.Raw]


class AccentsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A sound whose accents to recognize: the asset of its row, and the hash that the page shows."""

    asset: str
    sha256: str


class RegenerateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A clip to generate again."""

    asset: str  #: of its row
    sha256: str  #: the hash of the sound that the page shows
    use: int = 0  #: which of the row's clips
    say: dict[str, Any] | None = None  #: the override; nothing to repeat it unchanged
    by: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""  #: who asks; may be ""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""  #: why; may be ""


_IDLE_SECONDS = 1.0  #: seconds without a new decision before they are written to the ledger
_CLOSE_SECONDS = 1.0  #: how long the shutdown waits for a run that writes to the folder, in seconds


class SaveResult(NamedTuple):
    """The result of one request: what is in the journal, assets replaced since, and errors."""

    saved: int
    stale: tuple[str, ...]
    refused: tuple[str, ...]


class _FolderBusyError(Exception):
    """Another run holds the folder for too long."""


class DecisionWriter:
    """Writes decisions to the journal before they are answered, and to the ledger later."""

    def __init__(
        self, storage: atomic_files.Storage, rows: RowStore, note: Callable[[str], None]
    ) -> None:
        """Write to a folder, and show the decisions; ``note`` shows messages to the user."""
        self._storage = storage
        self._folder = storage.root
        self._rows = rows
        self._note = note
        self._due: list[SoundDecision] = []
        self._has_due = anyio.Event()
        self._writing = anyio.Lock()

    async def load_journal(self) -> None:
        """Show decisions that are in the journal only, and write them to the ledger later.

        Raises:
            InputError: the journal is damaged.
        """
        every = await anyio.to_thread.run_sync(read_journal, self._folder)
        due: dict[tuple[str, str], SoundDecision] = {}
        for (asset, sha256), each in latest(every).items():
            row = self._rows.get_row(asset)
            if row is None or row.sha256 != sha256 or row.decision == each.decision:
                continue
            # The ledger may have a later decision from elsewhere; without any, nothing is revoked.
            is_due = each.decided is not Decided.UNDECIDED
            if is_due if row.decision is None else row.decision.at < each.at:
                due[asset, sha256] = each
        if due:
            self._rows.record_decisions(due)
            self._due.extend(due.values())
            self._has_due.set()

    async def save_raw(self, raw: Sequence[msgspec.Raw]) -> SaveResult:
        """Save decisions, each a journal line without its clips; see `append_decisions`."""
        good: list[SoundDecision] = []
        stale: list[str] = []
        refused: list[str] = []
        for each in raw:
            try:
                document = b'{"version":%d,"decisions":[%b]}' % (VERSION, bytes(each))
                found = parse(document, file="the page")[0]
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
        """Append decisions to the journal, and show them; PageRequestError if that fails."""
        if not good:
            return
        append = partial(append_decisions, self._folder, good, on_wait=_check_cancelled)
        try:
            await anyio.to_thread.run_sync(append)
        except (InputError, FatalError) as problem:
            # The page keeps them and retries: the cause may be repaired.
            raise PageRequestError(str(problem), HTTPStatus.INSUFFICIENT_STORAGE) from problem
        self._rows.record_decisions(latest(good))
        self._due.extend(good)
        self._has_due.set()

    def list_uses(self, asset: str) -> tuple[Use, ...]:
        row = self._rows.get_row(asset)
        uses = () if row is None else row.uses
        return tuple(Use(file=use.file, entry=use.entry, part=use.part) for use in uses)

    async def write_pending(self) -> None:
        """Write decisions to the ledger whenever none arrived for a moment; never ends."""
        while True:
            await self._has_due.wait()
            count = -1
            while count != len(self._due):
                count = len(self._due)
                await anyio.sleep(_IDLE_SECONDS)
            self._has_due = anyio.Event()
            await self.write_ledger()

    async def write_ledger(self, max_wait_seconds: float | None = None) -> None:
        """Write all decisions to the ledger; on failure they stay in the journal.

        Wait so long for another run in the folder; None for ever.
        """
        async with self._writing:
            due, self._due = self._due, []
            if not due:
                return
            until = None if max_wait_seconds is None else anyio.current_time() + max_wait_seconds
            on_wait = partial(_wait_for_folder, until)
            write = partial(record_decisions, self._storage, due, on_wait=on_wait)
            try:
                # It may wait for a long time: use a separate thread.
                await anyio.to_thread.run_sync(write, limiter=anyio.CapacityLimiter(1))
            except BaseException as exc:
                self._due[:0] = due
                if not isinstance(exc, _FolderBusyError | InputError | FatalError):
                    raise
                self._note(f"decisions are in the journal, but not in the ledger: {exc}")

    async def close(self) -> None:
        """Write the rest to the ledger without waiting long for another run."""
        await self.write_ledger(_CLOSE_SECONDS)

    async def _is_current(self, found: SoundDecision) -> bool:
        """Whether a decision is on the sound that the page shows, and that is on disk."""
        row = self._rows.get_row(found.asset)
        if row is None or row.sha256 != found.sha256:
            return False
        return await anyio.to_thread.run_sync(self._rows.has_sound, found.asset, found.sha256)


def _check_cancelled() -> None:
    anyio.from_thread.check_cancelled()


def _wait_for_folder(until: float | None) -> None:
    _check_cancelled()
    if until is not None and anyio.from_thread.run_sync(anyio.current_time) > until:
        raise _FolderBusyError(
            "another run is using the output folder; when it is done, run `tts-assets review apply`"
        )
