"""Regenerate clips from the page: check a request, queue it, run batches, publish the results."""

from __future__ import annotations

import glob
from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import msgspec

from tts_assets.build.build import generate
from tts_assets.build.events import SegmentMade, Started, Waiting
from tts_assets.build.plan import make_plan, voice_selection
from tts_assets.build.plan.output_folder import open_storage
from tts_assets.build.pool import Stop
from tts_assets.catalogues import override_file, review_edits
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.config.settings import Only
from tts_assets.engines import registry
from tts_assets.errors import TtsAssetsError
from tts_assets.model import Decided, Kind
from tts_assets.review.row_builder import load_entry_rows
from tts_assets.review.save_decisions import PageRequestError, RegenerateRequest
from tts_assets.store import segment_cache
from tts_assets.store.decisions import SoundDecision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tts_assets.build.events import Event, Report
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip
    from tts_assets.review.event_stream import EventStream
    from tts_assets.review.review_rows import ClipUse, ReviewRow
    from tts_assets.review.row_store import RowStore
    from tts_assets.review.save_decisions import DecisionWriter

_GONE_MESSAGE = "its entry is gone, or has another id: reload the page"


#: Requests that may wait.
_MAX_QUEUE = 1_000
_WAITING_MESSAGE = "another run is using the output folder: waiting for it"
_UNMARKED_MESSAGE = "it could not be marked as rejected, as another take requires: try again"

#: Why the new sound is not shown.
CHANGED_MESSAGE = "its entry or its override has changed: `generate` generates the current version"

#: Why a queued clip was not generated.
STOPPED_MESSAGE = "the server was stopped before it was generated: run `generate`"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegenerateJob:
    """A queued clip."""

    number: str  #: identifies it on the pages
    row: ReviewRow  #: the row that shows it
    before: str  #: the hash of the sound when it was requested
    use: ClipUse  #: which of the row's clips
    order: RegenerateRequest  #: the request

    @property
    def is_take(self) -> bool:
        """Whether to repeat it unchanged, with a voice that varies."""
        return not self.order.say


def narrow_settings(settings: Settings, uses: Iterable[ClipUse]) -> Settings:
    """Settings that select these clips' entries; all are of one catalogue and one kind."""
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
    """Check a request, and write its override; blocks.

    Raises:
        PageRequestError: it cannot be done; nothing was written.
    """
    if not 0 <= order.use < len(row.uses):
        raise PageRequestError("the audio no longer belongs to this clip: reload the page")
    use = row.uses[order.use]
    try:
        _apply_request(narrow_settings(settings, [use]), row, use, order)
    except TtsAssetsError as exc:
        # From the engine, the overrides file, the ledger or the settings.
        raise PageRequestError(str(exc), HTTPStatus.CONFLICT) from exc
    return RegenerateJob(number=number, row=row, before=row.sha256, use=use, order=order)


def _apply_request(
    settings: Settings, row: ReviewRow, use: ClipUse, order: RegenerateRequest
) -> None:
    provider, _ = registry.choose_engine(settings)
    plan = make_plan.make_plan(settings, provider)
    clip = next((item.clip for item in plan.planned if _clip_key(item.clip) == use.key), None)
    if clip is None:
        problems = plan.trouble.problems
        raise PageRequestError(str(problems[0]) if problems else _GONE_MESSAGE, HTTPStatus.CONFLICT)
    if not order.say:
        _check_voices_vary(settings, provider, clip)
        return
    try:
        created = review_edits.make_override(
            clip,
            review_edits.OverrideValues.from_json(order.say),
            settings.overrides,
            earlier=plan.overrides.find_override(clip),
            by=order.by,
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            reason=order.reason,
        )
        # An override that cannot be read back would make every later command fail.
        override = review_edits.Override.from_json(created.to_json())
    except ValueError as exc:
        raise PageRequestError(str(exc)) from exc
    speakers = voice_selection.list_speakers(settings, provider)
    kana = "".join(phrase.kana for phrase in row.phrases)
    if problem := review_edits.find_edit_problem(clip, override.say, speakers, kana):
        raise PageRequestError(problem)
    override_file.write_override(settings.overrides, override)


def _check_voices_vary(settings: Settings, provider: Provider, clip: Clip) -> None:
    """Reject an unchanged clip whose voices would all repeat it identically."""
    own = voice_selection.find_voice(settings, provider)
    if clip.voice is not None:
        own = replace(own, name=clip.voice)
    voices = voice_selection.create_voice_assigner(settings, provider)(clip.form, own).values()
    if all(provider.repeats(name) for name in {each.name for each in voices} or {own.name}):
        raise PageRequestError(
            "nothing was changed, and this voice always produces the same audio: change "
            "the text, reading, accent, voice or speed"
        )


def _clip_key(clip: Clip) -> tuple[str, str, str, str]:
    """As ClipUse.key."""
    return clip.file, shorten_source_name(clip.source), clip.entry, clip.part


def find_failure(job: RegenerateJob, report: Report) -> str | None:
    """Why a clip was not generated; None if it was, or was up to date."""
    key = job.use.key
    reason = next((each.reason for each in report.failures if _clip_key(each.clip) == key), None)
    if reason is None and not any(_clip_key(item.clip) == key for item in report.planned):
        # Its entry may have changed, or could not be marked as rejected.
        problem = next((str(each) for each in report.problems), None)
        return problem or (_UNMARKED_MESSAGE if job.is_take else None)
    if reason is None and report.stopped:
        return STOPPED_MESSAGE
    if reason is None and report.left:
        return f"left for another run by {report.bound}"
    return reason or report.fatal


class RegenerateQueue:
    """Queues requests, and generates their clips in batches by the use case `generate`."""

    def __init__(
        self,
        settings: Settings,
        rows: RowStore,
        votes: DecisionWriter,
        events: EventStream,
        bug: Callable[[Exception], None],
    ) -> None:
        self._settings = settings
        self._rows = rows
        self._votes = votes
        self._events = events
        self._report_bug = bug
        self._waiting: deque[RegenerateJob] = deque()
        self._changed: dict[tuple[str, str], None] = {}
        self._has_work = anyio.Event()
        self._preparing = anyio.Lock()
        self._generating = anyio.Lock()
        self._number = 0
        self._stop = Stop()
        self._segments: Counter[str] = Counter()

    async def enqueue(self, order: RegenerateRequest) -> str:
        """Queue a request; the number of its job.

        Raises:
            PageRequestError: it cannot be done, and why.
        """
        if self._stop.requested:
            raise PageRequestError("the server is being stopped", HTTPStatus.SERVICE_UNAVAILABLE)
        if len(self._waiting) >= _MAX_QUEUE:
            raise PageRequestError(
                f"{_MAX_QUEUE:,} clips are queued: wait for some of them",
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
        row = self._rows.get_row(order.asset)
        if row is None:
            raise PageRequestError(
                "this audio no longer exists: reload the page", HTTPStatus.CONFLICT
            )
        if row.sha256 != order.sha256:
            raise PageRequestError(
                "this clip has been regenerated: listen to the new audio",
                HTTPStatus.CONFLICT,
            )
        # One at a time: an override is based on the one before.
        async with self._preparing:
            number = str(self._number + 1)
            job = await anyio.to_thread.run_sync(prepare_job, self._settings, number, row, order)
            self._number += 1
        if self._stop.requested:
            raise PageRequestError(STOPPED_MESSAGE, HTTPStatus.SERVICE_UNAVAILABLE)
        self._waiting.append(job)
        self._publish_job(job, "queued")
        self._has_work.set()
        return number

    def refresh_asset(self, asset: str) -> None:
        """Reload the rows of a sound that another program has replaced, and publish them."""
        row = self._rows.get_row(asset)
        if row is not None:
            self._changed[row.uses[0].file, row.uses[0].entry] = None
            self._has_work.set()

    async def process_requests(self) -> None:
        """Generate what is queued; never ends."""
        while True:
            await self._has_work.wait()
            self._has_work = anyio.Event()
            while (self._waiting or self._changed) and not self._stop.requested:
                async with self._generating:
                    await self._process_next()

    async def _process_next(self) -> None:
        if self._waiting:
            await self._generate_batch(self._take_batch())
            return
        file, entry = self._changed.popitem()[0]
        try:
            found = await load_entry_rows(self._settings, file=file, entry=entry)
        except TtsAssetsError:
            # The page keeps the old row until it is reloaded.
            return
        except Exception as bug:  # noqa: BLE001 - the server goes on
            self._report_bug(bug)
            return
        for asset, row in self._rows.refresh_rows(found):
            self._publish_event("", asset, "made", row=row)

    async def finish(self) -> None:
        """Let the current batch end, and fail the queued jobs."""
        self._stop.request()
        async with self._generating:
            while self._waiting:
                self._publish_job(self._waiting.popleft(), "failed", STOPPED_MESSAGE)

    def _take_batch(self) -> list[RegenerateJob]:
        """The jobs that one run can generate: those of one catalogue, kind and mode."""
        first = _batch_key(self._waiting[0])
        batch = [job for job in self._waiting if _batch_key(job) == first]
        self._waiting = deque(job for job in self._waiting if _batch_key(job) != first)
        # An unchanged repeat stays bound to the sound that was played.
        return [
            job if job.is_take else replace(job, row=self._rows.find_row(job.use) or job.row)
            for job in batch
        ]

    async def _generate_batch(self, batch: list[RegenerateJob]) -> None:
        self._publish_jobs(batch, "making")
        try:
            report = await self._run_batch(batch)
            await self._publish_results(batch, report)
        except (TtsAssetsError, PageRequestError) as exc:
            self._publish_jobs(batch, "failed", str(exc))
        except Exception as bug:  # noqa: BLE001 - the server goes on
            self._report_bug(bug)
            self._publish_jobs(batch, "failed", "this is a bug: see the terminal for details")

    async def _run_batch(self, batch: list[RegenerateJob]) -> Report:
        settings = narrow_settings(self._settings, [job.use for job in batch])
        await anyio.to_thread.run_sync(self._keep_sounds, batch)
        if batch[0].is_take:
            await self._reject_sounds(batch)
            settings = replace(settings, only=(Only.REJECTED,))
        return await generate(
            settings, on_event=partial(self._handle_event, batch), stop=self._stop
        )

    def _keep_sounds(self, batch: list[RegenerateJob]) -> None:
        """Keep the current sounds for comparison with the new ones."""
        place = segment_cache.rejected_audio_dir_for(
            self._settings.temp, self._settings.state_folder
        )
        for job in batch:
            asset = job.row.asset
            # The file may have been replaced by a pipe, or a link to anything.
            if self._rows.has_sound(asset, job.row.sha256):
                segment_cache.keep_rejected_audio(
                    place, asset, open_storage(self._settings), unless=""
                )

    async def _reject_sounds(self, batch: list[RegenerateJob]) -> None:
        """Only rejected sounds are generated again unchanged."""
        now = f"{datetime.now(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
        await self._votes.append_decisions(
            [
                SoundDecision(
                    asset=job.row.asset,
                    sha256=job.row.sha256,
                    decided=Decided.REJECTED,
                    at=now,
                    by=job.order.by,
                    reason=job.order.reason or "another take",
                    clips=self._votes.list_uses(job.row.asset),
                )
                for job in batch
            ]
        )
        await self._votes.write_ledger()

    def _handle_event(self, batch: list[RegenerateJob], event: Event) -> None:
        """Publish the progress of a run."""
        if isinstance(event, Waiting | Started):
            message = _WAITING_MESSAGE if isinstance(event, Waiting) else ""
            self._publish_jobs(batch, "making", message)
        elif isinstance(event, SegmentMade):
            keys = set(map(_clip_key, event.job.clips))
            # Segments finish in any order: count them.
            for job in batch:
                if job.use.key in keys:
                    self._segments[job.number] += 1
                    done = self._segments[job.number]
                    self._publish_job(job, "making", done=done, out_of=event.out_of)

    async def _publish_results(self, batch: list[RegenerateJob], report: Report) -> None:
        for path, entry in dict.fromkeys((job.use.file, job.use.entry) for job in batch):
            own = [job for job in batch if (job.use.file, job.use.entry) == (path, entry)]
            found = await load_entry_rows(self._settings, file=path, entry=entry)
            changed = self._rows.refresh_rows(found)
            shown = {use.key[1:] for row in found.clips for use in row.uses}
            for job in own:
                self._publish_result(job, report, is_shown=job.use.key[1:] in shown)
            published = {job.row.asset for job in own}
            for asset, row in changed:
                if asset not in published:
                    self._publish_event("", asset, "made", row=row)

    def _publish_result(self, job: RegenerateJob, report: Report, *, is_shown: bool) -> None:
        """Publish the outcome of a job; `is_shown`: its clip has an up-to-date sound."""
        row = self._rows.find_row(job.use)
        is_new = row is not None and row.sha256 != job.row.sha256
        why = find_failure(job, report) or (None if is_shown else CHANGED_MESSAGE)
        if why is not None and not is_new:
            self._publish_job(job, "failed", why)
        elif row is not None and row.sha256 != job.before:
            # Perhaps by an earlier job with the same override.
            self._publish_job(job, "made", row=row)
        else:
            self._publish_job(job, "same", "the new audio is identical, byte for byte", row=row)

    def _publish_jobs(self, batch: Iterable[RegenerateJob], state: str, message: str = "") -> None:
        for job in batch:
            self._publish_job(job, state, message)

    def _publish_job(self, job: RegenerateJob, state: str, message: str = "", **more: Any) -> None:
        self._publish_event(job.number, job.row.asset, state, message, **more)

    def _publish_event(  # noqa: PLR0913 - the fields of an event
        self,
        number: str,
        asset: str,
        state: str,
        message: str = "",
        *,
        row: ReviewRow | None = None,
        done: int = 0,
        out_of: int = 1,
    ) -> None:
        """Publish an event.

        Args:
            number: of the job; "" without one.
            asset: of the row; if `row` has another asset, it takes that row's place.
            state: queued, making, made, same or failed.
            message: for people.
            row: its current state.
            done: segments of the sound that are finished.
            out_of: all segments of the sound.
        """
        if row is not None and row.asset != asset:
            # The asset is current, perhaps again: drop the event that replaced it.
            self._events.drop_subject(row.asset)
        event = {
            "type": "again",
            "job": number,
            "asset": asset,
            "state": state,
            "message": message,
            "row": None if row is None else msgspec.to_builtins(row),
            "done": done,
            "out_of": out_of,
        }
        self._events.publish(asset, event)


def _batch_key(job: RegenerateJob) -> tuple[str, str, bool]:
    return job.use.file, job.use.kind, job.is_take
