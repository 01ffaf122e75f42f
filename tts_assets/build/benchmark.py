"""What the measurements of a bench come to: speed, efficiency, memory, and how many to take."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle, islice
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, Self

import anyio.to_thread

from tts_assets.build.generate.clip import auto_workers, check_ready, create_context, record
from tts_assets.build.generate.executor import slot_count
from tts_assets.build.generate.work_items import cuts_of
from tts_assets.build.plan import plan_types
from tts_assets.build.plan.planner import Job
from tts_assets.build.pool import FailureRules, Pool, time_limit_restarter
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.settings import time_limits
from tts_assets.engines import machine, protocol, registry
from tts_assets.engines.protocol import Bounded
from tts_assets.errors import ClipError, FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from tts_assets.build.generate.clip import BuildContext, StoredClip
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider


#: More workers that bring less than this part more are not worth their memory.
_MIN_GAIN = 0.05


class BenchMeasurement(NamedTuple):
    """Some clips made once.

    Args:
        seconds: the time it took.
        clips: how many were made.
        audio_seconds: how long they are.
        failed: how many could not be made.
        peak_mib: the most memory that the engine's processes had; 0 where it has none of its own.
    """

    seconds: float
    clips: int
    audio_seconds: float
    failed: int
    peak_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """What so many workers do, by the median of the rounds.

    Args:
        workers: the number.
        clips_per_second: how many clips they make.
        audio_per_second: how many seconds of sound; the real-time factor is its inverse.
        speed_up: how many times as fast they are as the first row.
        efficiency: the same for each worker: 1.0 is a speed-up as large as the workers are more.
        peak_mib: the most memory that the engine's processes had; 0 where it has none of its own.
    """

    workers: int
    clips_per_second: float
    audio_per_second: float
    speed_up: float
    efficiency: float
    peak_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchReport:
    """What was measured.

    Args:
        provider: the engine.
        voice: who spoke.
        clips: how many clips each measurement made; 0 where there are none to make.
        audio_seconds: how long they are together.
        failed: how many could not be made.
        rounds: how often each number of workers was measured.
        rows: the figures, the fewest workers first.
        recommended: the fewest workers that are nearly as fast as any, and whose memory is there.
        auto: how many ``--concurrency auto`` takes here.
        notes: what else is to be told.
        seconds: how long all took.
    """

    provider: str
    voice: str
    clips: int = 0
    audio_seconds: float = 0.0
    failed: int = 0
    rounds: int = 0
    rows: tuple[BenchRow, ...] = ()
    recommended: int | None = None
    auto: int | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def summarize_rounds(measured: Mapping[int, Sequence[BenchMeasurement]]) -> tuple[BenchRow, ...]:
    """The figures of several rounds, by the number of workers."""
    found: list[BenchRow] = []
    for workers, rounds in sorted(measured.items()):
        pace = median(each.clips / each.seconds for each in rounds)
        first = found[0] if found else None
        speed_up = 1.0 if first is None else pace / first.clips_per_second
        found.append(
            BenchRow(
                workers=workers,
                clips_per_second=pace,
                audio_per_second=median(each.audio_seconds / each.seconds for each in rounds),
                speed_up=speed_up,
                efficiency=speed_up * (first.workers if first else workers) / workers,
                peak_mib=max(each.peak_mib for each in rounds),
            )
        )
    return tuple(found)


def recommend_workers(rows: Sequence[BenchRow], free_mib: int) -> int | None:
    """The fewest workers that are within 5 % of the fastest; the fewest of all if memory is short.

    Args:
        rows: the figures, the fewest workers first.
        free_mib: the memory that was free before.
    """
    fitting = [row for row in rows if row.peak_mib <= free_mib] or list(rows[:1])
    best = max((row.clips_per_second for row in fitting), default=0.0)
    enough = (row.workers for row in fitting if row.clips_per_second >= (1 - _MIN_GAIN) * best)
    return next(enough, None)


# How much memory the processes take that this one has started.


#: How often one looks; what an engine needs for a clip stays with it for longer.
_POLL_SECONDS = 0.1


class PeakMemory:
    """The most memory that all children of this process had at once, while it is entered."""

    def __init__(self) -> None:
        """Look for nothing yet."""
        self.mib = 0
        self._is_over = threading.Event()
        # A thread: the event loop has clips to hand out, and its groups change errors.
        self._thread = threading.Thread(target=self._watch_children, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch_children(self) -> None:
        while True:
            self.mib = max(self.mib, _sum_children_rss() // 2**20)
            if self._is_over.wait(_POLL_SECONDS):
                return


def _sum_children_rss() -> int:
    import psutil  # noqa: PLC0415 - heavy

    found = 0
    # Without /proc nothing is known of any process.
    with suppress(psutil.Error, OSError):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                found += child.memory_info().rss
    return found


# Some of the clips of all catalogues, as long and as short as they come.


if TYPE_CHECKING:
    #: A clip, and which of its pieces.
    Draw: TypeAlias = tuple[Job, int]


#: Always the same clips of the same catalogues.
_SAMPLE_SEED = 7

#: A passage counts as often as it has so many characters: about as many as a segment has.
_CHARACTERS_PER_SEGMENT = 30


class ClipSample:
    """Clips in random order, each as likely as any other; segments stand for passages."""

    def __init__(self, jobs: list[Job], notes: tuple[str, ...] = ()) -> None:
        """Hold what was drawn.

        Args:
            jobs: some clips, none of which has turns.
            notes: what is to be told of the catalogues.
        """
        self._jobs = jobs
        self.notes = notes

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self._jobs)

    def take_jobs(self, count: int) -> list[Job]:
        """That many, the longest first as in a run; where there are fewer, they come again."""
        some = islice(cycle(self._jobs), count)
        return sorted(some, key=lambda job: len(job.form.text), reverse=True)


async def draw_sample(settings: Settings, most: int) -> ClipSample:
    """A sample of so many clips at most.

    Raises:
        UsageError: a path or a source is wrong.
        FatalError: the dictionary, which cuts passages, cannot be used.
    """
    trouble = LoadProblems()
    draws = await anyio.to_thread.run_sync(_sample_reservoir, settings, most, trouble)
    passages = {job.recipe: job for job, _ in draws if job.form.turns}
    cuts = await cuts_of(list(passages.values()), settings)
    jobs = []
    for job, number in draws:
        found = cuts.get(job.recipe)
        if found is None:
            jobs.append(job)
        elif not isinstance(found, str):
            form = found[number % len(found)].form
            jobs.append(job._replace(form=form))
    return ClipSample(jobs, tuple(trouble.notes))


def _sample_reservoir(settings: Settings, most: int, trouble: LoadProblems) -> list[Draw]:
    """So many of all, in one pass (algorithm R of J. Vitter, Random Sampling with a Reservoir)."""
    chance = random.Random(_SAMPLE_SEED)
    kept: list[Draw] = []
    for seen, draw in enumerate(_iter_draws(settings, trouble)):
        if seen < most:
            kept.append(draw)
        elif (place := chance.randrange(seen + 1)) < most:
            kept[place] = draw
    chance.shuffle(kept)
    return kept


def _iter_draws(settings: Settings, trouble: LoadProblems) -> Iterator[Draw]:
    """Each different clip, and passages once for each piece that they may have."""
    known: set[int] = set()
    for reader in open_catalogues(settings, trouble):
        for clip in reader.iter_clips():
            # A collision leaves out one clip of many millions.
            name = hash((clip.form, clip.voice, clip.speed))
            if name in known:
                continue
            known.add(name)
            pieces = 1 + len(clip.form.text) // _CHARACTERS_PER_SEGMENT if clip.form.turns else 1
            number = str(len(known))
            job = Job(
                recipe=number,
                form=clip.form,
                voice=clip.voice,
                speed=clip.speed,
                assets=(),
                clips=(),
            )
            yield from ((job, piece) for piece in range(pieces))


# One measurement: clips are made as a run makes them, with so many workers, and thrown away.


#: The first clips of a worker are slower: it is made, and its memory grows.
_WARM_UP_CLIPS = 2
_FAILURE_RULES = FailureRules(failures=(ClipError,), fatal=(FatalError,))


class BenchmarkSetup:
    """An engine and the clips that it is measured with."""

    def __init__(self, settings: Settings, provider: Provider, sample: ClipSample) -> None:
        """Begin."""
        self._settings = settings
        self._provider = provider
        self._sample = sample

    async def measure_clips(self, workers: int, clips: int) -> tuple[int, BenchMeasurement]:
        """Make so many clips with so many workers, or with as many as the engine takes.

        Returns:
            how many workers there were, and what they did.

        Raises:
            UsageError: the engine has no such voice.
            FatalError: the engine cannot be used, or no more.
        """
        settings = self._settings
        with PeakMemory() as peak:
            async with self._provider.open(
                workers=workers, timeout_seconds=settings.timeout_seconds, words=settings.words
            ) as speaker:
                if isinstance(speaker, Bounded):
                    workers = min(workers, speaker.workers)
                context = create_context(settings, self._provider, speaker, workers)
                await self._make_clips(
                    context, workers, self._sample.take_jobs(_WARM_UP_CLIPS * workers)
                )
                begun = time.perf_counter()
                made, failed = await self._make_clips(
                    context, workers, self._sample.take_jobs(clips)
                )
                seconds = time.perf_counter() - begun
        audio_seconds = sum(each.seconds for each in made)
        return workers, BenchMeasurement(seconds, len(made), audio_seconds, failed, peak.mib)

    async def _make_clips(
        self, context: BuildContext, workers: int, jobs: list[Job]
    ) -> tuple[list[StoredClip], int]:
        async def make_job(job: Job) -> StoredClip:
            restart = time_limit_restarter(time_limits(len(job.form.text)))
            restart()
            return (await record(job, context, on_start=restart)).made

        pool = Pool(
            make_job,
            limit=slot_count(workers, context.speaker),
            timeout=self._settings.timeout_seconds,
            rules=_FAILURE_RULES,
        )
        async with pool:
            found = [result.value async for result in pool.run(jobs)]
        if pool.over is not None:
            raise pool.over
        made = [each for each in found if each is not None]
        return made, len(found) - len(made)


# The use case: draw clips, make them with few and with many workers in turn, tell what is best.


#: Clips for each worker at least: with fewer, some have nothing to do for most of the time.
_MIN_CLIPS_PER_WORKER = 4

#: Clips of one measurement at most, where nobody says how many.
_MAX_CLIPS = 256

#: Rounds that there should be time for: one that was disturbed moves the median of fewer.
_TARGET_ROUNDS = 3
_MAX_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRun:
    """What is to be measured.

    Args:
        workers: the numbers of workers; empty for 1, 2, 4... up to the cores.
        clips: how many clips each measurement makes; None for as many as there is time for.
        seconds: no round is begun that would end later; there is one in any case.
        paid: an engine that charges may be measured, with ``clips``.
    """

    workers: tuple[int, ...] = ()
    clips: int | None = None
    seconds: float = 60.0
    paid: bool = False


async def run_benchmark(
    settings: Settings,
    trial: BenchmarkRun | None = None,
    *,
    on_measured: Callable[[int, BenchMeasurement], None] | None = None,
) -> BenchReport:
    """Measure an engine with clips of the catalogues; nothing is stored, and no URL is written.

    Args:
        settings: which catalogues, engine, voice and sound.
        trial: what is to be measured.
        on_measured: called with a number of workers and what they did.

    Raises:
        UsageError: the settings are wrong, or the engine charges and nobody said that it may.
        FatalError: the engine cannot be used.
        ClipError: it can make none of the clips.
    """
    begun = time.monotonic()
    trial = trial or BenchmarkRun()
    provider = _choose_provider(settings, trial)
    report = BenchReport(
        provider=provider.name,
        voice=plan_types.find_voice(settings, provider).name,
        auto=auto_workers(provider),
    )
    sample = await draw_sample(settings, trial.clips or _MAX_CLIPS)
    if sample:
        rounds = _BenchmarkRounds(BenchmarkSetup(settings, provider, sample), trial, begun)
        report = await rounds.run_rounds(
            report, trial.workers or _default_worker_counts(provider), on_measured
        )
    notes = (*report.notes, *sample.notes)
    return replace(report, notes=notes, seconds=time.monotonic() - begun)


def _choose_provider(settings: Settings, trial: BenchmarkRun) -> Provider:
    """The engine that is to be measured."""
    provider = registry.choose_engine(settings).provider
    if isinstance(provider, protocol.Priced) and not (trial.paid and trial.clips):
        raise UsageError(
            f"{provider.name} charges for each clip, and bench generates clips repeatedly "
            "and keeps none: to run it anyway, add --paid and --clips N"
        )
    check_ready(settings, provider)
    return provider


def _default_worker_counts(provider: Provider) -> tuple[int, ...]:
    """1, 2, 4... up to all cores, or up to what a service may be asked at once."""
    if isinstance(provider, protocol.Remote):
        most = provider.max_concurrent
    else:
        most = min(machine.count_cores(), machine.MOST_WORKERS)
    doubled = (2**power for power in range(most.bit_length()))
    return tuple(sorted({*doubled, most}))


class _BenchmarkRounds:
    """Measurements, for as long as there is time."""

    def __init__(self, stand: BenchmarkSetup, trial: BenchmarkRun, begun: float) -> None:
        self._stand = stand
        self._trial = trial
        self._begun = begun

    async def run_rounds(
        self,
        report: BenchReport,
        wanted: Sequence[int],
        on_measured: Callable[[int, BenchMeasurement], None] | None,
    ) -> BenchReport:
        """The report, with what was measured."""
        free = machine.free_mib()
        at_first = time.monotonic()
        tried = min(self._trial.clips or _MAX_CLIPS, _MIN_CLIPS_PER_WORKER * max(wanted))
        most, first = await self._stand.measure_clips(max(wanted), tried)
        if not first.clips:
            raise ClipError(
                f"{report.provider} can generate none of the clips: `generate` shows why"
            )
        opening = time.monotonic() - at_first - first.seconds
        counts = sorted({min(each, most) for each in wanted})
        clips = self._trial.clips or self._estimate_clip_count(counts, first, opening)
        found: dict[int, list[BenchMeasurement]] = {count: [] for count in counts}
        for number in range(_MAX_ROUNDS):
            begun = time.monotonic()
            # There and back again: what changes with time favours nobody.
            for count in counts[:: -1 if number % 2 else 1]:
                _, measured = await self._stand.measure_clips(count, clips)
                found[count].append(measured)
                if on_measured is not None:
                    on_measured(count, measured)
            if self._time_left() < time.monotonic() - begun:
                break
        rows, last = summarize_rounds(found), found[counts[0]][-1]
        bounded = (f"{report.provider} uses at most {most} workers on this machine",)
        return replace(
            report,
            clips=last.clips,
            audio_seconds=last.audio_seconds,
            failed=last.failed,
            rounds=len(found[counts[0]]),
            rows=rows,
            recommended=recommend_workers(rows, free),
            notes=bounded if most < max(wanted) else (),
        )

    def _time_left(self) -> float:
        return self._trial.seconds - (time.monotonic() - self._begun)

    def _estimate_clip_count(
        self, counts: Sequence[int], first: BenchMeasurement, opening: float
    ) -> int:
        """How many clips let all rounds end in time, as far as a first try with all workers tells."""
        one = first.seconds / first.clips
        # As if each worker added the same: the others may be faster than that, and not slower.
        all_counts = sum(one * counts[-1] / count for count in counts)
        for_clips = self._time_left() / (_TARGET_ROUNDS + 1) - opening * len(counts)
        return int(max(_MIN_CLIPS_PER_WORKER * counts[-1], min(_MAX_CLIPS, for_clips / all_counts)))
