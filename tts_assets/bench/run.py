"""The use case: draw clips, make them with few and with many workers in turn, tell what is best."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tts_assets import machine, providers, survey
from tts_assets.bench.figures import (
    BenchMeasurement,
    BenchReport,
    recommend_workers,
    summarize_rounds,
)
from tts_assets.bench.measure import BenchmarkSetup
from tts_assets.bench.sample import draw_sample
from tts_assets.errors import ClipError, UsageError
from tts_assets.studios import auto_workers, check_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.providers import Provider
    from tts_assets.settings import Settings

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
        voice=survey.voice(settings, provider).name,
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
    provider = providers.choose(settings).provider
    if isinstance(provider, providers.Priced) and not (trial.paid and trial.clips):
        raise UsageError(
            f"{provider.name} charges for each clip, and a bench makes them again and again and "
            "keeps none: give --paid and --clips N if that is what you want"
        )
    check_ready(settings, provider)
    return provider


def _default_worker_counts(provider: Provider) -> tuple[int, ...]:
    """1, 2, 4... up to all cores, or up to what a service may be asked at once."""
    if isinstance(provider, providers.Remote):
        most = provider.max_concurrent
    else:
        most = min(machine.cores(), machine.MOST_WORKERS)
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
            raise ClipError(f"{report.provider} can make none of the clips: `generate` tells why")
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
        bounded = (f"{report.provider} takes {most} workers at most here",)
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
