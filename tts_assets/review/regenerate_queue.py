"""A clip that is to be made again: looked up, what was typed for it checked, and written down."""

from __future__ import annotations

import glob
from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio.to_thread

from tts_assets.build.build import generate
from tts_assets.build.events import SegmentMade, Started, Waiting
from tts_assets.build.plan import make_plan, plan_types
from tts_assets.build.pool import Stop
from tts_assets.catalogues import override_file, review_edits
from tts_assets.config.settings import Only
from tts_assets.engines import registry
from tts_assets.errors import TtsAssetsError
from tts_assets.model import Decided, Kind
from tts_assets.review.review_rows import row_to_builtins
from tts_assets.review.row_builder import load_entry_rows
from tts_assets.review.save_decisions import PageRequestError, RegenerateRequest
from tts_assets.store import segment_cache
from tts_assets.store.decisions import SoundDecision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tts_assets.build.events import Event, Report
    from tts_assets.build.plan import planner
    from tts_assets.config.settings import Settings
    from tts_assets.model import Clip
    from tts_assets.review.event_stream import EventStream
    from tts_assets.review.review_rows import ClipUse, ReviewRow
    from tts_assets.review.row_store import RowStore
    from tts_assets.review.save_decisions import DecisionWriter

_GONE_MESSAGE = "its entry is not there any more, or has another id: reload the page"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegenerateJob:
    """A clip that waits to be made again.

    Args:
        number: what the pages call it.
        row: what they show of it.
        heard: the hash of the sound that was there when it was ordered.
        use: which of its clips.
        is_take: it is said once more as it is, by a voice that does not repeat itself.
        by: who asked.
        reason: why.
    """

    number: str
    row: ReviewRow
    heard: str
    use: ClipUse
    is_take: bool
    by: str = ""
    reason: str = ""


def narrow_settings(settings: Settings, uses: Iterable[ClipUse]) -> Settings:
    """Settings for these clips' entries and no others; all are of one catalogue and one kind."""
    every = list(uses)
    return replace(
        settings,
        paths=(every[0].file,),
        kinds=(Kind(every[0].kind),),
        ids=tuple(dict.fromkeys(glob.escape(use.entry) for use in every)),
        only=(),
        since=None,
        partial=True,
        force=False,
        deep=False,
    )


def prepare_job(
    settings: Settings, number: str, row: ReviewRow, order: RegenerateRequest
) -> RegenerateJob:
    """Check an order, and write what was typed into the overrides; blocks.

    Raises:
        RefusedError: it cannot be done; nothing was written.
    """
    if not 0 <= order.use < len(row.uses):
        raise PageRequestError("the sound has no such clip any more: reload the page")
    use = row.uses[order.use]
    job = RegenerateJob(
        number=number,
        row=row,
        heard=row.sha256,
        use=use,
        is_take=not order.say,
        by=order.by,
        reason=order.reason,
    )
    try:
        _JobPreparation(narrow_settings(settings, [use]), job).apply_request(order)
    except TtsAssetsError as problem:
        # The engine, the file of overrides, the ledger or the settings.
        raise PageRequestError(str(problem), HTTPStatus.CONFLICT) from problem
    return job


class _JobPreparation:
    """The clip as it stands in its catalogue now."""

    def __init__(self, settings: Settings, job: RegenerateJob) -> None:
        self._settings = settings
        self._job = job
        self._provider, _ = registry.choose_engine(settings)
        self._found = make_plan.make_plan(settings, self._provider)

    def apply_request(self, order: RegenerateRequest) -> None:
        """Check what was typed, and write it."""
        clip = self._find_clip()
        if self._job.is_take:
            self._check_take(clip)
            return
        try:
            written = self._build_override(clip, order)
        except ValueError as problem:
            raise PageRequestError(str(problem)) from problem
        speaking = plan_types.list_speakers(self._settings, self._provider)
        heard = "".join(phrase.kana for phrase in self._job.row.phrases)
        wrong = review_edits.find_edit_problem(clip, written.say, speaking, heard)
        if wrong is not None:
            raise PageRequestError(wrong)
        override_file.write_override(self._settings.overrides, written)

    def _build_override(self, clip: Clip, order: RegenerateRequest) -> review_edits.Override:
        """The override for what was typed.

        Raises:
            ValueError: what is wrong with it, in words.
        """
        made = review_edits.make_override(
            clip,
            review_edits.OverrideValues.from_json(order.say),
            self._settings.overrides,
            earlier=self._found.overrides.find_override(clip),
            by=order.by,
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            reason=order.reason,
        )
        # What cannot be read again would keep every later command from its work.
        return review_edits.Override.from_json(made.to_json())

    def _find_clip(self) -> Clip:
        use = self._job.use
        for item in self._found.planned:
            clip = item.clip
            if (clip.file, clip.source, clip.entry, clip.part) == (
                use.file,
                use.source,
                use.entry,
                use.part,
            ):
                return clip
        why = self._found.trouble.problems
        raise PageRequestError(str(why[0]) if why else _GONE_MESSAGE, HTTPStatus.CONFLICT)

    def _check_take(self, clip: Clip) -> None:
        """Refuse to have the same said once more by voices that would say it in the same way."""
        if all(self._provider.repeats(name) for name in self._collect_voices(clip)):
            raise PageRequestError(
                "nothing was changed, and this voice always says the same in the same way: give "
                "another text, reading, accent, voice or speed"
            )

    def _collect_voices(self, clip: Clip) -> set[str]:
        own = plan_types.find_voice(self._settings, self._provider)
        if clip.voice is not None:
            own = replace(own, name=clip.voice)
        cast = plan_types.cast(self._settings, self._provider)
        return {each.name for each in cast(clip.form, own).values()} or {own.name}


# What became of clips that were ordered, and how pages are told.
_UNMARKED_MESSAGE = (
    "it could not be marked as rejected, which another take begins with: try once more"
)

#: Why what was made is not shown.
CHANGED_MESSAGE = (
    "its entry, or what was typed for it, was changed meanwhile: `generate` makes it as it is now"
)

#: Why a clip that waited was not made.
STOPPED_MESSAGE = "the server was stopped before it was made: `generate` makes it"


def build_job_event(  # noqa: PLR0913 - what an event has
    number: str,
    asset: str,
    state: str,
    message: str = "",
    *,
    row: ReviewRow | None = None,
    done: int = 0,
    out_of: int = 1,
) -> dict[str, Any]:
    """An event as pages are told it.

    Args:
        number: of the job; "" where nobody ordered it.
        asset: whose row it is about; where there is another row, that takes its place.
        state: queued, making, made, same or failed.
        message: what else is to be told, in words.
        row: how it stands now.
        done: how many parts of the sound are made.
        out_of: how many it has.
    """
    return {
        "type": "again",
        "job": number,
        "asset": asset,
        "state": state,
        "message": message,
        "row": None if row is None else row_to_builtins(row),
        "done": done,
        "out_of": out_of,
    }


def is_job_for(job: RegenerateJob, clip: Clip) -> bool:
    """Whether a job is for a clip."""
    use = job.use
    own = use.file, use.source, use.entry, use.part
    return own == (clip.file, clip.source, clip.entry, clip.part)


def is_job_in(rows: Iterable[ReviewRow], job: RegenerateJob) -> bool:
    """Whether a job's clip has a sound among those of its entry."""
    use = job.use
    return any(
        (use.source, use.entry, use.part) == (each.source, each.entry, each.part)
        for row in rows
        for each in row.uses
    )


def find_jobs(batch: list[RegenerateJob], made: planner.Job) -> list[RegenerateJob]:
    """Those of a batch that wait for what is made."""
    return [job for job in batch if any(is_job_for(job, clip) for clip in made.clips)]


def find_failure(job: RegenerateJob, report: Report) -> str | None:
    """Why a clip was not made; None where it was, or need not be."""
    reason = next((each.reason for each in report.failures if is_job_for(job, each.clip)), None)
    if reason is None and not any(is_job_for(job, item.clip) for item in report.planned):
        # Its entry may be no more what it was, or nobody could mark it as to be made.
        problem = next((str(each) for each in report.problems), None)
        return problem or (_UNMARKED_MESSAGE if job.is_take else None)
    if reason is None and report.stopped:
        return STOPPED_MESSAGE
    if reason is None and report.left:
        return f"left for another run by {report.bound}"
    return reason or report.fatal


# Clips that are made again, one batch after the other, while all pages are told how far that is.


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
        place = segment_cache.folder(self._settings.temp, self._settings.output)
        for job in batch:
            asset = job.row.asset
            # What has taken the place of one may be a pipe, or a link to anything.
            if self._means.desk.has_sound(asset, job.row.sha256):
                segment_cache.keep(place, Path(self._settings.output, asset), unless="")

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
        for path, entry in dict.fromkeys((job.use.file, job.use.entry) for job in batch):
            own = [job for job in batch if (job.use.file, job.use.entry) == (path, entry)]
            found = await load_entry_rows(self._settings, file=path, entry=entry, can_make=True)
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
