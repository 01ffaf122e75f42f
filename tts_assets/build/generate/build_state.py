"""The state of one run: its plan, its remaining jobs, and which rejected clips it regenerates."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread
import msgspec

from tts_assets.build.events import Doubt, Failure, Flawed, Report
from tts_assets.build.plan import planner, voice_selection
from tts_assets.build.plan.make_plan import make_plan
from tts_assets.build.plan.plan import Plan
from tts_assets.build.plan.planner import Job, State, list_jobs
from tts_assets.catalogues.catalogue_reader import UnusedPathError
from tts_assets.catalogues.open_catalogues import pause_garbage_collector
from tts_assets.config.settings import Only
from tts_assets.engines.protocol import Remote
from tts_assets.errors import format_count
from tts_assets.store import segment_cache
from tts_assets.store.paid_speech import TakeStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from tts_assets.build.events import Event
    from tts_assets.build.generate.cost import CostTracker, Limits
    from tts_assets.build.metrics import MetricsRecorder
    from tts_assets.build.plan.plan_memory import PlanMemory
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.build.pool import Stop
    from tts_assets.config.settings import Settings
    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.engines.protocol import Provider, VoiceInfo
    from tts_assets.model import Clip, Finding, Pronunciation, Voice


T = TypeVar("T")


def leave_repeating(settings: Settings, provider: Provider, plan: Plan) -> int:
    """Remove the rejected clips from a plan that would get the same audio again.

    With ``--only rejected``, keep them.

    Returns:
        The number of clips removed.
    """
    if Only.REJECTED in settings.only or not plan.states[State.REJECTED]:
        return 0
    repeating = _Repeating(settings, provider, plan)
    kept = [item for item in plan.planned if not repeating.has(item)]
    left = len(plan.planned) - len(kept)
    plan.planned = kept
    return left


def note_rejected_clips(left: int, repeated: int) -> Iterator[str]:
    """Yield the notes about rejected clips.

    Some were left out because they would sound the same, others repeat exactly the rejected bytes.
    """
    advice = "set another reading, accent or voice in the entry or in an override"
    if left:
        clips = format_count(left, "rejected clip was", "rejected clips were")
        yield (
            f"{clips} not regenerated, because this voice would produce the same audio: "
            f"{advice}, or use --only rejected to regenerate anyway"
        )
    if repeated:
        clips = format_count(repeated, "clip was", "clips were")
        still = "is" if repeated == 1 else "are"
        yield (
            f"{clips} regenerated with exactly the rejected audio and {still} still rejected: {advice}"
        )


class _Repeating:
    """Predicts whether regenerating a rejected clip would produce the same bytes."""

    def __init__(self, settings: Settings, provider: Provider, plan: Plan) -> None:
        self._provider = provider
        self._recorded = plan.recorded
        self._own = voice_selection.find_voice(settings, provider)
        self._assign_voices = voice_selection.create_voice_assigner(settings, provider)

    def has(self, item: ClipPlan) -> bool:
        if item.state is not State.REJECTED:
            return False
        record = self._recorded.get(item.asset)
        # With another recipe, this engine has not generated the clip before.
        is_same = record is not None and record.recipe == item.recipe
        return is_same and all(
            self._provider.repeats(each.name) for each in self._voices(item.clip)
        )

    def _voices(self, clip: Clip) -> list[Voice]:
        own = self._own if clip.voice is None else replace(self._own, name=clip.voice)
        return [own, *self._assign_voices(clip.form, own).values()] if clip.form.turns else [own]


# The state of a run: its settings, its progress, and its report.


@dataclass(slots=True, kw_only=True)
class BuildState:
    """The settings, plan and progress of a run."""

    settings: Settings
    provider: Provider
    tell: Callable[[Event], None]  #: receives the events
    stop: Stop  #: asks the run to stop
    limits: Limits  #: the limits of the run, and the jobs left for another
    chosen: str | None = None  #: why the engine was chosen; None if it was requested
    plan: Plan = field(default_factory=Plan)
    begun: float = field(default_factory=time.monotonic)
    states: dict[planner.State, int] = field(default_factory=dict)  #: before the run
    workers: int = 0  #: the clips generated at the same time
    too_many: int = 0  #: the requested workers if the engine takes fewer, else 0
    to_make: int = 0  #: the jobs of the first plan
    jobs: list[Job] = field(default_factory=list)  #: those of the current plan
    generated: set[str] = field(default_factory=set)  #: recipes
    to_move: int = 0  #: the assets of the first plan that exist under another name
    moved: set[str] = field(default_factory=set)  #: their new names
    temporary: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)  #: the reasons, by recipe
    doubts: dict[str, Pronunciation] = field(default_factory=dict)
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    left_rejected: int = 0  #: rejected clips that would sound the same
    repeated: set[str] = field(default_factory=set)  #: recipes with exactly the rejected bytes
    audio_seconds: float = 0.0
    credits: dict[str, None] = field(default_factory=dict)  #: the credit lines of clips; the keys
    costs: CostTracker | None = None
    takes: TakeStore | None = None
    limiter: Limiter | None = None
    history: MetricsRecorder | None = None
    urls_to_write: int = 0
    timelines_to_write: int = 0
    timelines_written: int = 0
    urls_written: int = 0
    urls_missed: int = 0
    fatal: str | None = None
    stopped: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the plan covers all clips of all catalogues."""
        return self.settings.is_whole and not self.plan.trouble.problems

    @property
    def is_whole_shard(self) -> bool:
        """Whether the plan covers all clips of a shard."""
        settings = replace(self.settings, shard=None)
        is_shard = self.settings.shard is not None
        return is_shard and settings.is_whole and not self.plan.trouble.problems

    @property
    def temp(self) -> Path:
        """The folder for the segments of unfinished passages."""
        return segment_cache.cache_dir_for(self.settings.temp, self.settings.folder)

    @property
    def rejected_audio(self) -> Path:
        """The folder that keeps rejected audio for comparison."""
        return segment_cache.rejected_audio_dir_for(self.settings.temp, self.settings.state_folder)

    @property
    def recipes_to_generate(self) -> set[str]:
        """The recipes to generate among the clips of the plan."""
        return {item.recipe for item in self.plan.planned if item.state in planner.TO_GENERATE}

    @property
    def has_work(self) -> bool:
        """Whether there are clips to generate, assets to move, or time lines to write."""
        due = self.jobs or self.plan.untimed
        return bool(due) or any(item.held for item in self.plan.planned)


async def refresh_plan(
    run: BuildState, memory: PlanMemory | None = None, *, lines: bool = True
) -> None:
    """Update the plan and the jobs; with a memory, reuse the remembered plan if it is valid.

    ``lines`` is as in `make_plan`.
    """
    plan = partial(make_plan, run.settings, run.provider, partial(_is_relevant, run), lines=lines)
    if memory is not None:
        plan = partial(plan, iter_clips=memory.iter_clips)
    recalled = None if memory is None else await anyio.to_thread.run_sync(memory.recall)
    if memory is None or recalled is None:
        run.plan = await anyio.to_thread.run_sync(plan)
    else:
        run.plan = memory.restore(recalled)
    _leave_misread(run.plan)
    run.left_rejected = leave_repeating(run.settings, run.provider, run.plan)
    settings = run.settings
    open_takes = partial(
        TakeStore,
        settings.temp,
        settings.folder,
        accept=settings.accept_doubtful,
        buy_again=Only.FAILED in settings.only,
    )
    run.takes = await anyio.to_thread.run_sync(open_takes)
    if run.costs is not None:
        run.costs.rejected = run.plan.rejected
        run.costs.is_paid = run.takes.needs_no_request
    run.jobs = list_run_jobs(run)


def _leave_misread(plan: Plan) -> None:
    """Remove clips whose source names a field that no record has: they may lack readings."""
    problems = plan.trouble.problems
    sources = {each.source for each in problems if isinstance(each, UnusedPathError)}
    if not sources:
        return
    left = [item for item in plan.planned if item.clip.source in sources]
    if left:
        plan.planned = [item for item in plan.planned if item.clip.source not in sources]
        clips = format_count(len(left), "clip is", "clips are")
        plan.trouble.notes.append(
            f"{clips} not generated, because of a source that names a field that no record has: "
            "correct the field or remove it"
        )


@pause_garbage_collector()
def list_run_jobs(run: BuildState) -> list[Job]:
    """The jobs of the current plan."""
    own = voice_selection.find_voice(run.settings, run.provider).name
    return [
        job if job.form.accent is None else _drop_unspoken_accent(run, job, own)
        for job in list_jobs(run.plan.planned)
    ]


def sort_longest_first(jobs: list[Job]) -> list[Job]:
    """Sort the jobs longest first, so that no worker is left with a long one at the end."""
    return sorted(jobs, key=lambda job: len(job.form.reading or job.form.text), reverse=True)


def _is_relevant(run: BuildState, item: planner.ClipPlan) -> bool:
    """Whether a clip must be generated, or its URL written."""
    if run.costs is not None and item.state is planner.State.FRESH:
        run.costs.fresh.add(item.recipe)
    return item.state in planner.TO_GENERATE or (
        item.state is planner.State.FRESH and planner.lacks_url(item)
    )


def iter_clips_with_url(run: BuildState) -> Iterator[planner.ClipPlan]:
    """The clips whose assets exist and whose catalogues lack their URLs."""
    for item in run.plan.planned if run.settings.update_json else ():
        # Don't publish a URL for audio identical to the rejected version.
        is_made = item.recipe in run.generated and item.recipe not in run.repeated
        exists = item.state is planner.State.FRESH or is_made or item.asset in run.moved
        if exists and planner.lacks_url(item):
            yield item


def create_report(run: BuildState, *, dry_run: bool) -> Report:
    """The report of a run, in the order of the catalogues, not in that of completion."""
    plan = run.plan
    planned = tuple(item for item in plan.planned if item.state in planner.TO_GENERATE)
    return Report(
        dry_run=dry_run,
        states=run.states,
        to_make=run.to_make,
        passed_over=plan.passed_over,
        made=len(run.generated),
        to_move=run.to_move,
        moved=len(run.moved),
        kept=plan.kept,
        left=_count_left_over(run),
        bound=run.limits.bound,
        failures=tuple(
            Failure(clip=clip, reason=reason) for clip, reason in _select(planned, run.failures)
        ),
        doubts=tuple(
            Doubt(clip=clip, pronunciation=spoken) for clip, spoken in _select(planned, run.doubts)
        ),
        planned=planned,
        flawed=tuple(
            Flawed(clip=clip, findings=each) for clip, each in _select(planned, run.findings)
        ),
        unspoken=tuple(each for one in plan.catalogues for each in one.unspoken),
        problems=tuple(plan.trouble.problems),
        notes=(
            *plan.trouble.notes,
            *note_rejected_clips(run.left_rejected, len(run.repeated)),
            *_note_fewer_workers(run),
            *_note_ignored_accents(run),
            *_note_unused_cluster(run),
        ),
        catalogues=len(plan.catalogues),
        urls_to_write=run.urls_to_write,
        timelines_to_write=run.timelines_to_write,
        timelines_written=run.timelines_written,
        urls_written=run.urls_written,
        shard=None if run.settings.shard is None else run.settings.folder,
        urls_missed=run.urls_missed,
        seconds=time.monotonic() - run.begun,
        audio_seconds=run.audio_seconds,
        workers=run.workers,
        fatal=run.fatal,
        forced=run.settings.force,
        stopped=run.stopped or (run.stop.requested and not dry_run),
        provider=run.provider.name,
        chosen=run.chosen,
        unmatched=plan.unmatched,
        credit=_credits(run),
        traffic=None if run.limiter is None else run.limiter.measure_traffic(),
        cost=None if run.costs is None else run.costs.cost(),
        history=None if run.history is None else run.history.history(run.begun),
    )


def _select(
    planned: Iterable[planner.ClipPlan], found: Mapping[str, T]
) -> Iterator[tuple[Clip, T]]:
    """The clips whose recipes have a value, with these values."""
    return ((item.clip, found[item.recipe]) for item in planned if item.recipe in found)


def _count_left_over(run: BuildState) -> int:
    """Count the clips that a limit left for another run, including unmoved assets."""
    if run.limits.bound is None:
        return 0
    unmoved = {item.asset for item in run.plan.planned if item.held} - run.moved
    return len(run.limits.left) + len(unmoved)


def _note_fewer_workers(run: BuildState) -> tuple[str, ...]:
    """Note that the run used fewer workers than requested."""
    if not (run.too_many and run.jobs) or run.settings.concurrency is None:
        return ()
    note = (
        f"concurrency limited to {run.workers} ({run.too_many} requested): {run.provider.name} "
        "takes no more on this machine"
    )
    return (note,)


def _note_unused_cluster(run: BuildState) -> tuple[str, ...]:
    """Note that the run did not use the cluster."""
    if run.settings.cluster is None or not run.generated or not isinstance(run.provider, Remote):
        return ()
    name = run.provider.name
    return (f"{name} is a service: this machine sent its requests, not the cluster",)


def _note_ignored_accents(run: BuildState) -> tuple[str, ...]:
    """Note the pitch accents that the voices cannot follow."""
    ignored = sum(
        any(clip.form.accent is not None for clip in job.clips)
        and job.recipe in run.generated
        and not run.provider.accents(voice.name)
        for job, voice in _voices_of(run)
    )
    if not ignored:
        return ()
    accents = format_count(ignored, "pitch accent")
    return (f"{accents} ignored: this voice has no accent control",)


def _drop_unspoken_accent(run: BuildState, job: Job, own: str) -> Job:
    """Drop the accent from a job whose voice ignores it; the recipe does not include it either."""
    if run.provider.accents(job.voice or own):
        return job
    return msgspec.structs.replace(job, form=job.form._replace(accent=None))


def _credits(run: BuildState) -> str:
    """The credit lines that the licences of all used voices require."""
    lines = {voice.credit: None for job, voice in _voices_of(run) if job.recipe in run.generated}
    return "; ".join(line for line in (lines | run.credits) if line)


def _voices_of(run: BuildState) -> Iterator[tuple[Job, VoiceInfo]]:
    """Each job with its voice, if any job is done."""
    if not run.generated:
        return
    own = voice_selection.find_voice_info(run.settings, run.provider)
    by_name = {voice.name: voice for voice in run.provider.voices()}
    for job in run.jobs:
        yield job, own if job.voice is None else by_name.get(job.voice, own)
