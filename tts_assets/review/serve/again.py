"""Clips that are made again, one batch after the other, while all pages are told how far that is."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
import anyio.to_thread

from tts_assets import earlier_sounds
from tts_assets.decisions import SoundDecision
from tts_assets.domain import Decided
from tts_assets.errors import TtsAssetsError
from tts_assets.events import SegmentMade, Started, Waiting
from tts_assets.generate_clips import Stop, generate
from tts_assets.review.rows import load_entry_rows
from tts_assets.review.serve.orders import PageRequestError, RegenerateRequest
from tts_assets.review.serve.outcome import (
    CHANGED_MESSAGE,
    STOPPED_MESSAGE,
    build_job_event,
    find_failure,
    find_jobs,
    is_job_in,
)
from tts_assets.review.serve.prepared import RegenerateJob, narrow_settings, prepare_job
from tts_assets.settings import Only

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.events import Event, Report
    from tts_assets.review.row import ReviewRow
    from tts_assets.review.serve.desk import RowStore
    from tts_assets.review.serve.news import EventStream
    from tts_assets.review.serve.votes import DecisionWriter
    from tts_assets.settings import Settings

#: So many orders wait at most.
_MAX_QUEUE = 1_000
_WAITING_MESSAGE = "another run is at work in the output folder: it waits for that"


class RegenerateContext(NamedTuple):
    """What the maker works with.

    Args:
        desk: the rows.
        votes: what is decided of them.
        news: what all pages are told.
        bug: told what should never be raised.
    """

    desk: RowStore
    votes: DecisionWriter
    news: EventStream
    bug: Callable[[Exception], None]


class RegenerateQueue:
    """Takes orders, and has them made by the same use case as every other clip."""

    def __init__(self, settings: Settings, means: RegenerateContext) -> None:
        """Begin with nothing to make."""
        self._settings = settings
        self._means = means
        self._waiting: deque[RegenerateJob] = deque()
        self._changed: dict[tuple[str, str], None] = {}
        self._come = anyio.Event()
        self._preparing = anyio.Lock()
        self._making = anyio.Lock()
        self._number = 0
        self._stop = Stop()
        self._segments: Counter[str] = Counter()

    async def enqueue(self, order: RegenerateRequest) -> str:
        """Take an order; the number of its job.

        Raises:
            RefusedError: it cannot be made, and why.
        """
        if self._stop.requested:
            raise PageRequestError("the server is being stopped", HTTPStatus.SERVICE_UNAVAILABLE)
        if len(self._waiting) >= _MAX_QUEUE:
            raise PageRequestError(
                f"{_MAX_QUEUE:,} clips wait to be made: wait for some of them",
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
        row = self._means.desk.get_row(order.asset)
        if row is None:
            raise PageRequestError(
                "this sound is not there any more: reload the page", HTTPStatus.CONFLICT
            )
        if row.sha256 != order.sha256:
            raise PageRequestError(
                "this sound was made again meanwhile: listen to the new one", HTTPStatus.CONFLICT
            )
        # One after the other: what is typed for a clip is laid over what was typed before.
        async with self._preparing:
            number = str(self._number + 1)
            job = await anyio.to_thread.run_sync(prepare_job, self._settings, number, row, order)
            self._number += 1
        if self._stop.requested:
            raise PageRequestError(STOPPED_MESSAGE, HTTPStatus.SERVICE_UNAVAILABLE)
        self._waiting.append(job)
        self._publish_job(job, "queued")
        self._come.set()
        return number

    def refresh_asset(self, asset: str) -> None:
        """Have pages told what became of a sound that somebody else has replaced."""
        row = self._means.desk.get_row(asset)
        if row is not None:
            self._changed[row.uses[0].file, row.uses[0].entry] = None
            self._come.set()

    async def process_requests(self) -> None:
        """Make what is ordered; never ends."""
        while True:
            await self._come.wait()
            self._come = anyio.Event()
            while (self._waiting or self._changed) and not self._stop.requested:
                async with self._making:
                    await self._process_next()

    async def _process_next(self) -> None:
        if self._waiting:
            await self._make_batch(self._take_batch())
            return
        file, entry = self._changed.popitem()[0]
        try:
            found = await load_entry_rows(self._settings, file=file, entry=entry, can_make=True)
        except TtsAssetsError:
            # The page keeps what it shows, until somebody reloads it.
            return
        except Exception as bug:  # noqa: BLE001 - the server goes on
            self._means.bug(bug)
            return
        for asset, row in self._means.desk.refresh_rows(found):
            self._publish_event("", asset, "made", row=row)

    async def finish(self) -> None:
        """Let what is in the making end, and give up the rest."""
        self._stop.request()
        async with self._making:
            while self._waiting:
                self._publish_job(self._waiting.popleft(), "failed", STOPPED_MESSAGE)

    def _take_batch(self) -> list[RegenerateJob]:
        """The jobs that one run can make: those of one catalogue that are made in one way."""
        first = self._waiting[0]
        batch = [job for job in self._waiting if _batch_key(job) == _batch_key(first)]
        self._waiting = deque(job for job in self._waiting if job not in batch)
        return [self._with_shown_row(job) for job in batch]

    def _with_shown_row(self, job: RegenerateJob) -> RegenerateJob:
        """A job as its clip stands by now; another take is of the sound that was heard, and no other."""
        row = None if job.is_take else self._means.desk.find_row(job.use)
        return job if row is None else replace(job, row=row)

    async def _make_batch(self, batch: list[RegenerateJob]) -> None:
        """Make some clips, whatever comes of it."""
        for job in batch:
            self._publish_job(job, "making")
        try:
            report = await self._run_batch(batch)
            await self._show_results(batch, report)
        except (TtsAssetsError, PageRequestError) as problem:
            self._fail_jobs(batch, str(problem))
        except Exception as bug:  # noqa: BLE001 - the server goes on
            self._means.bug(bug)
            self._fail_jobs(batch, "this is a bug: the terminal tells more")

    async def _run_batch(self, batch: list[RegenerateJob]) -> Report:
        """One run for exactly these entries."""
        settings = narrow_settings(self._settings, [job.use for job in batch])
        await anyio.to_thread.run_sync(self._keep_sounds, batch)
        if batch[0].is_take:
            await self._reject_sounds(batch)
            settings = replace(settings, only=(Only.REJECTED,))
        return await generate(
            settings, on_event=partial(self._handle_event, batch), stop=self._stop
        )

    def _keep_sounds(self, batch: list[RegenerateJob]) -> None:
        """Keep the sounds that are there, to be compared with the new ones."""
        place = earlier_sounds.folder(self._settings.temp, self._settings.output)
        for job in batch:
            asset = job.row.asset
            # What has taken the place of one may be a pipe, or a link to anything.
            if self._means.desk.has_sound(asset, job.row.sha256):
                earlier_sounds.keep(place, Path(self._settings.output, asset), unless="")

    async def _reject_sounds(self, batch: list[RegenerateJob]) -> None:
        """Another take is made of what was rejected, and of nothing else."""
        now = _utc_now()
        await self._means.votes.append_decisions(
            [
                SoundDecision(
                    asset=job.row.asset,
                    sha256=job.row.sha256,
                    decided=Decided.REJECTED,
                    at=now,
                    by=job.by,
                    reason=job.reason or "another take",
                    clips=self._means.votes.list_uses(job.row.asset),
                )
                for job in batch
            ]
        )
        await self._means.votes.write_ledger()

    def _handle_event(self, batch: list[RegenerateJob], event: Event) -> None:
        """Tell pages how far a run is."""
        if isinstance(event, Waiting | Started):
            words = _WAITING_MESSAGE if isinstance(event, Waiting) else ""
            for job in batch:
                self._publish_job(job, "making", words)
        elif isinstance(event, SegmentMade):
            # Segments are said in any order: how many there are, not which.
            for job in find_jobs(batch, event.job):
                self._segments[job.number] += 1
                done = self._segments[job.number]
                self._publish_job(job, "making", done=done, out_of=event.out_of)

    async def _show_results(self, batch: list[RegenerateJob], report: Report) -> None:
        """Lay the new sounds before the reviewer, and tell what became of each clip."""
        desk = self._means.desk
        for file, entry in dict.fromkeys((job.use.file, job.use.entry) for job in batch):
            own = [job for job in batch if (job.use.file, job.use.entry) == (file, entry)]
            found = await load_entry_rows(self._settings, file=file, entry=entry, can_make=True)
            changed = desk.refresh_rows(found)
            for job in own:
                self._finish_job(job, report, is_shown=is_job_in(found.clips, job))
            told = {job.row.asset for job in own}
            for asset, row in changed:
                if asset not in told:
                    self._publish_event("", asset, "made", row=row)

    def _finish_job(self, job: RegenerateJob, report: Report, *, is_shown: bool) -> None:
        """Tell pages what became of a clip; whether it has a sound that is as its entry asks for."""
        row = self._means.desk.find_row(job.use)
        is_new = row is not None and row.sha256 != job.row.sha256
        why = find_failure(job, report) or (None if is_shown else CHANGED_MESSAGE)
        if why is not None and not is_new:
            self._publish_job(job, "failed", why)
        elif row is not None and row.sha256 != job.heard:
            # By an earlier order perhaps, which was made as this one says.
            self._publish_job(job, "made", row=row)
        else:
            self._publish_job(job, "same", "it sounds the same as before, to the last bit", row=row)

    def _fail_jobs(self, batch: list[RegenerateJob], why: str) -> None:
        for job in batch:
            self._publish_job(job, "failed", why)

    def _publish_job(self, job: RegenerateJob, state: str, message: str = "", **more: Any) -> None:
        self._publish_event(job.number, job.row.asset, state, message, **more)

    def _publish_event(
        self,
        number: str,
        asset: str,
        state: str,
        message: str = "",
        *,
        row: ReviewRow | None = None,
        **more: Any,
    ) -> None:
        if row is not None and row.asset != asset:
            # It has that name, again perhaps: that it once took another is no news any more.
            self._means.news.drop_subject(row.asset)
        self._means.news.publish(
            asset, build_job_event(number, asset, state, message, row=row, **more)
        )


def _batch_key(job: RegenerateJob) -> tuple[str, str, bool]:
    return job.use.file, job.use.kind, job.is_take


def _utc_now() -> str:
    return f"{datetime.now(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
