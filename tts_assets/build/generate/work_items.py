"""Work items: whole clips and segments of passages, in the order they are executed."""

from __future__ import annotations

from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from anyio import to_thread

from tts_assets.build.generate.clip import FinishedClip, make_clip
from tts_assets.build.generate.passage import Passage
from tts_assets.config.settings import time_limits
from tts_assets.engines.protocol import TimestampProvider
from tts_assets.engines.reading_cache import split_passages
from tts_assets.errors import ClipError
from tts_assets.japanese.segmentation import MIN_SEGMENT_CHARS
from tts_assets.store import segment_cache
from tts_assets.store.paid_speech import RequestedClip

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AbstractContextManager

    from tts_assets.build.generate.clip import BuildContext, OutputTarget
    from tts_assets.build.plan.planner import Job
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Segment, SpokenForm
    from tts_assets.store.paid_speech import ClipRequests


Cut: TypeAlias = tuple["Segment", ...] | str  #: the segments of a text, or why segmentation failed


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """The work of one worker: a whole clip, a segment of a passage, or joining a passage."""

    job: Job  #: the job that it belongs to
    passage: Passage | None = None  #: the passage that it belongs to; None for a clip in one piece
    number: int | None = None  #: its segment, from 0; None if all exist and must be joined

    @property
    def is_segment_to_say(self) -> bool:
        """Whether it is a segment that does not exist yet."""
        return (
            self.passage is not None
            and self.number is not None
            and not self.passage.has(self.number)
        )

    @property
    def time_limits(self) -> int:
        """The factor on the time limit, by the length of the text."""
        form = self.job.form
        if self.passage is not None and self.number is not None:
            return time_limits(self.passage.characters(self.number))
        return time_limits(max(len(form.text), len(form.reading or "")))


def limit_workers(workers: int, jobs: Sequence[Job]) -> int:
    """The number of workers that can have work at once, without segmenting the texts of jobs."""
    if len(jobs) < workers:
        segments = sum(len(job.form.text) // MIN_SEGMENT_CHARS for job in jobs if job.form.turns)
        workers = min(workers, len(jobs) + segments)
    return max(1, workers)


class WorkQueue:
    """The work items of all jobs of a run, and their execution."""

    def __init__(self, context: BuildContext, target: OutputTarget, cuts: dict[str, Cut]) -> None:
        """Start without failed clips; ``cuts`` are the segments of passages, by their recipes."""
        self._context = context
        self._target = target
        self._cuts = cuts
        self._failed: set[str] = set()

    async def iter_items(self, jobs: AsyncGenerator[Job, None]) -> AsyncGenerator[WorkItem, None]:
        """The work items of jobs in order, without those of failed passages."""
        async with aclosing(jobs) as open_jobs:
            async for job in open_jobs:
                self._refuse_folders(job)
                found = self._cuts.get(job.recipe)
                # If segmentation failed, the worker raises the reason.
                if found is None or isinstance(found, str):
                    yield WorkItem(job=job)
                    continue
                passage = Passage(job, found, self._context)
                missing: list[int | None] = [*await passage.find_missing_segments()]
                for number in missing or [None]:
                    if job.recipe in self._failed:
                        break
                    yield WorkItem(job=job, passage=passage, number=number)

    def _refuse_folders(self, job: Job) -> None:
        """Fail a clip whose path is a folder before it is spoken, which may cost money."""
        try:
            for asset in job.assets:
                self._target.storage.refuse_folder(asset)
        except ClipError as exc:
            self._cuts[job.recipe] = str(exc)

    async def make(
        self, piece: WorkItem, *, restart_timer: Callable[[], None]
    ) -> FinishedClip | None:
        """Execute a work item; None if its clip is not complete yet."""
        job, passage = piece.job, piece.passage
        if job.recipe in self._failed:
            return None
        if passage is None:
            if isinstance(why := self._cuts.get(job.recipe), str):
                raise ClipError(why)
            with self._record(job, None) as order:
                clip = await make_clip(
                    job, self._context, self._target, restart_timer=restart_timer
                )
                _close(order)
            return clip
        if piece.number is not None:
            with self._record(job, piece.number) as order:
                await passage.speak(piece.number, restart_timer=restart_timer)
                _close(order)
            if not passage.is_whole:
                return None
        restart_timer()
        return await passage.finish(self._target)

    def _record(self, job: Job, segment: int | None) -> AbstractContextManager[ClipRequests | None]:
        """Record the requests to a service within the block for this clip."""
        takes, first = self._context.takes, job.clips[0]
        if takes is None:
            return nullcontext()
        clip = RequestedClip(
            recipe=job.recipe,
            asset=job.assets[0],
            file=first.file,
            entry=first.entry,
            part=first.part,
        )
        return takes.open_order(clip, segment=segment)

    def fail(self, job: Job) -> bool:
        """Mark a clip as failed; whether it is the first failure."""
        before = job.recipe in self._failed
        self._failed.add(job.recipe)
        return not before


def _close(order: ClipRequests | None) -> None:
    if order is not None:
        order.close_clip()


async def cuts_of(
    jobs: Sequence[Job], settings: Settings, provider: Provider | None = None
) -> dict[str, Cut]:
    """The segments of all passages, by their recipes; uses the dictionary only if necessary."""
    passages = [job for job in jobs if job.form.turns]
    forms = [job.form for job in passages]
    timed = [number for number, job in enumerate(passages) if _has_words(job, provider)]
    cuts = await split_passages(forms, settings.pauses, settings.words, with_phrases=timed)
    return {job.recipe: each for job, each in zip(passages, cuts, strict=True)}


def _has_words(job: Job, provider: object) -> bool:
    """Whether the time line of a passage needs its words."""
    if not isinstance(provider, TimestampProvider):
        return False
    is_requested = any(clip.timeline is not None for clip in job.clips)
    return provider.wants_timestamps(is_requested=is_requested)


async def find_missing_forms(
    jobs: Sequence[Job], settings: Settings
) -> dict[str, tuple[SpokenForm, ...]]:
    """The missing segments of passages that earlier runs left incomplete, by their recipes."""
    temp = segment_cache.cache_dir_for(settings.temp, settings.folder)

    def find_cached() -> dict[str, set[int]]:
        passages = [job.recipe for job in jobs if job.form.turns]
        found = {recipe: segment_cache.find_numbers(temp, recipe) for recipe in passages}
        return {recipe: numbers for recipe, numbers in found.items() if numbers}

    cached = await to_thread.run_sync(find_cached)
    cuts = await cuts_of([job for job in jobs if job.recipe in cached], settings)
    return {
        recipe: tuple(
            segment.form for number, segment in enumerate(cut) if number not in cached[recipe]
        )
        for recipe, cut in cuts.items()
        if not isinstance(cut, str)
    }
