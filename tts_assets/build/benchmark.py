"""The use case `bench`: measures speed, efficiency and memory, and recommends a number of workers."""

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
from msgspec import structs

from tts_assets.build.generate.clip import auto_workers, check_ready, create_context, record
from tts_assets.build.generate.executor import slot_count
from tts_assets.build.generate.work_items import cuts_of
from tts_assets.build.plan import voice_selection
from tts_assets.build.plan.planner import Job
from tts_assets.build.pool import FailureRules, Pool, restart_time_limit
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.settings import time_limits
from tts_assets.engines import machine, protocol, registry
from tts_assets.errors import ClipError, FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tts_assets.build.generate.clip import BuildContext
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider


#: More workers are not worth their memory if they are not at least this share faster.
_MIN_GAIN = 0.05


class BenchMeasurement(NamedTuple):
    """Some clips, generated once."""

    seconds: float  #: the time it took
    clips: int  #: the number of clips
    audio_seconds: float  #: their total length
    failed: int  #: the number of clips that failed
    peak_mib: int  #: the peak memory of the engine's processes; 0 if it has none of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """The result of a number of workers: the medians of all rounds."""

    workers: int  #: the number
    clips_per_second: float  #: the clips generated per second
    audio_per_second: float  #: the seconds of audio per second: the inverse of the real-time factor
    speed_up: float  #: the speed, relative to the first row
    efficiency: float  #: the same per worker: 1.0 if the speed-up equals the ratio of the workers
    peak_mib: int  #: the peak memory of the engine's processes; 0 if it has none of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchReport:
    """The result of a benchmark."""

    provider: str  #: the engine's name
    voice: str  #: the voice's name
    clips: int = 0  #: the clips of each measurement; 0 if the catalogues have none
    audio_seconds: float = 0.0  #: their total length
    failed: int = 0  #: the number of clips that failed
    rounds: int = 0  #: how often each number of workers was measured
    rows: tuple[BenchRow, ...] = ()  #: the results, the fewest workers first
    #: The fewest workers that are nearly as fast as any, if there is enough memory for them.
    recommended: int | None = None
    auto: int | None = None  #: the workers of ``--concurrency auto`` on this machine
    notes: tuple[str, ...] = ()  #: notes on the engine and the catalogues
    seconds: float = 0.0  #: the duration of the benchmark


def summarize_rounds(measured: Mapping[int, Sequence[BenchMeasurement]]) -> tuple[BenchRow, ...]:
    """The results of several rounds, by the number of workers."""
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
    """The fewest workers with free memory within 5 % of the fastest; else the fewest of all."""
    fitting = [row for row in rows if row.peak_mib <= free_mib] or list(rows[:1])
    best = max((row.clips_per_second for row in fitting), default=0.0)
    enough = (row.workers for row in fitting if row.clips_per_second >= (1 - _MIN_GAIN) * best)
    return next(enough, None)


#: The interval of measuring memory; an engine keeps the memory of a clip for longer.
_POLL_SECONDS = 0.1


class PeakMemory:
    """Measures the peak memory of all child processes together, while it is entered."""

    def __init__(self) -> None:
        self.mib = 0
        self._is_over = threading.Event()
        # A thread, because the event loop is busy with clips.
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
    # Without /proc, no process can be measured.
    with suppress(psutil.Error, OSError):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                found += child.memory_info().rss
    return found


# A random sample of the clips of all catalogues.


_SAMPLE_SEED = 7  #: the same catalogues always give the same sample

#: A passage counts once for this many characters: the usual length of a segment.
_CHARACTERS_PER_SEGMENT = 30


class ClipSample(NamedTuple):
    """Random clips, each as likely as any other; segments represent passages."""

    jobs: list[Job]  #: the clips; none has turns
    notes: tuple[str, ...]  #: notes on the catalogues

    def take_jobs(self, count: int) -> list[Job]:
        """This many jobs, repeated if there are fewer; the longest first, as in a run."""
        some = islice(cycle(self.jobs), count)
        return sorted(some, key=lambda job: len(job.form.text), reverse=True)


async def draw_sample(settings: Settings, most: int) -> ClipSample:
    """A sample of at most this many clips.

    Raises:
        UsageError: a path or a source is wrong.
        FatalError: the dictionary, which segments passages, cannot be used.
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
            jobs.append(structs.replace(job, form=found[number % len(found)].form))
    return ClipSample(jobs, tuple(trouble.notes))


def _sample_reservoir(
    settings: Settings, most: int, trouble: LoadProblems
) -> list[tuple[Job, int]]:
    """A sample in one pass (algorithm R of J. Vitter, Random Sampling with a Reservoir)."""
    chance = random.Random(_SAMPLE_SEED)
    kept: list[tuple[Job, int]] = []
    for seen, draw in enumerate(_iter_draws(settings, trouble)):
        if seen < most:
            kept.append(draw)
        elif (place := chance.randrange(seen + 1)) < most:
            kept[place] = draw
    chance.shuffle(kept)
    return kept


def _iter_draws(settings: Settings, trouble: LoadProblems) -> Iterator[tuple[Job, int]]:
    """Each distinct clip, and passages once for each of their likely segments, with its number."""
    known: set[int] = set()
    for reader in open_catalogues(settings, trouble):
        for clip in reader.iter_clips():
            # A collision leaves out one clip of many millions.
            name = hash((clip.form, clip.voice, clip.speed))
            if name in known:
                continue
            known.add(name)
            job = Job(
                recipe=str(len(known)),
                form=clip.form,
                voice=clip.voice,
                speed=clip.speed,
                assets=(),
                clips=(),
            )
            pieces = 1 + len(clip.form.text) // _CHARACTERS_PER_SEGMENT if clip.form.turns else 1
            yield from ((job, piece) for piece in range(pieces))


#: The first clips of a worker are slower: it starts, and its memory grows.
_WARM_UP_CLIPS = 2
_FAILURE_RULES = FailureRules(failures=(ClipError,), fatal=(FatalError,))

#: The fewest clips for each worker: with fewer, some are idle most of the time.
_MIN_CLIPS_PER_WORKER = 4

_MAX_CLIPS = 256  #: the most clips of one measurement, unless ``--clips`` is given

#: The rounds to plan time for: with fewer, one disturbed round moves the median.
_TARGET_ROUNDS = 3
_MAX_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRun:
    """The options of a benchmark."""

    workers: tuple[int, ...] = ()  #: the numbers of workers; empty for 1, 2, 4... up to the cores
    clips: int | None = (
        None  #: the clips of each measurement; None for as many as there is time for
    )
    seconds: float = 60.0  #: no round starts that would end later, except the first
    paid: bool = False  #: allow an engine that charges, together with ``clips``


async def run_benchmark(
    settings: Settings,
    trial: BenchmarkRun | None = None,
    *,
    on_measured: Callable[[int, BenchMeasurement], None] = lambda _, __: None,
) -> BenchReport:
    """Measure an engine with clips of the catalogues; nothing is stored, and no URL is written.

    Args:
        settings: the catalogues, the engine, the voice and the sound.
        trial: the options.
        on_measured: called with a number of workers and its measurement.

    Raises:
        UsageError: the settings are wrong, or the engine charges and the options do not allow it.
        FatalError: the engine cannot be used.
        ClipError: it can generate none of the clips.
    """
    begun = time.monotonic()
    trial = trial or BenchmarkRun()
    provider = _choose_provider(settings, trial)
    report = BenchReport(
        provider=provider.name,
        voice=voice_selection.find_voice(settings, provider).name,
        auto=auto_workers(provider),
    )
    sample = await draw_sample(settings, trial.clips or _MAX_CLIPS)
    if sample.jobs:
        benchmark = _Benchmark(settings, provider, sample, trial, begun)
        report = await benchmark.run_rounds(report, on_measured)
    notes = (*report.notes, *sample.notes)
    return replace(report, notes=notes, seconds=time.monotonic() - begun)


def _choose_provider(settings: Settings, trial: BenchmarkRun) -> Provider:
    provider = registry.choose_engine(settings).provider
    if isinstance(provider, protocol.Priced) and not (trial.paid and trial.clips):
        raise UsageError(
            f"{provider.name} charges for each clip, and bench generates clips repeatedly "
            "and keeps none: to run it anyway, add --paid and --clips N"
        )
    check_ready(settings, provider)
    return provider


def _default_worker_counts(provider: Provider) -> tuple[int, ...]:
    """1, 2, 4... up to all cores, or up to the concurrent requests of a service."""
    if isinstance(provider, protocol.Remote):
        most = provider.max_concurrent
    else:
        most = min(machine.count_cores(), machine.MOST_WORKERS)
    doubled = (2**power for power in range(most.bit_length()))
    return tuple(sorted({*doubled, most}))


class _Benchmark(NamedTuple):
    """Measures an engine in rounds, as long as there is time."""

    settings: Settings
    provider: Provider
    sample: ClipSample
    trial: BenchmarkRun
    begun: float

    async def run_rounds(
        self, report: BenchReport, on_measured: Callable[[int, BenchMeasurement], None]
    ) -> BenchReport:
        """The report, with the results of all rounds."""
        counts = self.trial.workers or _default_worker_counts(self.provider)
        free, at_first = machine.free_mib(), time.monotonic()
        tried = min(self.trial.clips or _MAX_CLIPS, _MIN_CLIPS_PER_WORKER * max(counts))
        most, first = await self._measure_clips(max(counts), tried)
        if not first.clips:
            raise ClipError(
                f"{report.provider} can generate none of the clips: `generate` shows why"
            )
        opening = time.monotonic() - at_first - first.seconds
        is_bounded = most < max(counts)
        counts = tuple(sorted({min(each, most) for each in counts}))
        clips = self.trial.clips or self._estimate_clip_count(counts, first, opening)
        found: dict[int, list[BenchMeasurement]] = {count: [] for count in counts}
        for number in range(_MAX_ROUNDS):
            begun = time.monotonic()
            # Alternate the order, so that a change over time favours no number.
            for count in counts[:: -1 if number % 2 else 1]:
                _, measured = await self._measure_clips(count, clips)
                found[count].append(measured)
                on_measured(count, measured)
            if self._time_left < time.monotonic() - begun:
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
            notes=bounded if is_bounded else (),
        )

    async def _measure_clips(self, workers: int, clips: int) -> tuple[int, BenchMeasurement]:
        """Generate clips; the actual number of workers, which the engine may bound, and the result."""
        settings = self.settings
        with PeakMemory() as peak:
            async with self.provider.open(
                workers=workers, timeout_seconds=settings.timeout_seconds, words=settings.words
            ) as speaker:
                if isinstance(speaker, protocol.Bounded):
                    workers = min(workers, speaker.workers)
                context = create_context(settings, self.provider, speaker, workers)
                await self._make_clips(context, workers, _WARM_UP_CLIPS * workers)
                begun = time.perf_counter()
                made, failed = await self._make_clips(context, workers, clips)
                seconds = time.perf_counter() - begun
        return workers, BenchMeasurement(seconds, len(made), sum(made), failed, peak.mib)

    async def _make_clips(
        self, context: BuildContext, workers: int, count: int
    ) -> tuple[list[float], int]:
        """Generate clips as a run does, without storing them; their lengths, and the failures."""

        async def make_job(job: Job) -> float:
            restart = restart_time_limit(time_limits(len(job.form.text)))
            return (await record(job, context, restart_timer=restart)).recording.seconds

        pool = Pool(
            make_job,
            limit=slot_count(workers, context.speaker),
            timeout=self.settings.timeout_seconds,
            rules=_FAILURE_RULES,
        )
        async with pool:
            found = [result.value async for result in pool.run(self.sample.take_jobs(count))]
        if pool.over is not None:
            raise pool.over
        made = [each for each in found if each is not None]
        return made, len(found) - len(made)

    @property
    def _time_left(self) -> float:
        return self.trial.seconds - (time.monotonic() - self.begun)

    def _estimate_clip_count(
        self, counts: Sequence[int], first: BenchMeasurement, opening: float
    ) -> int:
        """The number of clips with which all rounds end in time, by a first measurement."""
        one = first.seconds / first.clips
        # As if the speed were proportional to the workers: it may be faster, but not slower.
        all_counts = sum(one * counts[-1] / count for count in counts)
        for_clips = self._time_left / (_TARGET_ROUNDS + 1) - opening * len(counts)
        return int(max(_MIN_CLIPS_PER_WORKER * counts[-1], min(_MAX_CLIPS, for_clips / all_counts)))
