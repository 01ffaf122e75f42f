"""One measurement: clips are made as a run makes them, with so many workers, and thrown away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tts_assets.bench.figures import BenchMeasurement
from tts_assets.bench.memory import PeakMemory
from tts_assets.errors import ClipError, FatalError
from tts_assets.generate_clips.making import places
from tts_assets.make_clip import record
from tts_assets.pool import FailureRules, Pool, time_limit_restarter
from tts_assets.providers import Bounded
from tts_assets.settings import time_limits
from tts_assets.studios import studio_of

if TYPE_CHECKING:
    from tts_assets.bench.sample import ClipSample
    from tts_assets.make_clip import Made, Studio
    from tts_assets.plan import Job
    from tts_assets.providers import Provider
    from tts_assets.settings import Settings

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
                studio = studio_of(settings, self._provider, speaker, workers)
                await self._make_clips(
                    studio, workers, self._sample.take_jobs(_WARM_UP_CLIPS * workers)
                )
                begun = time.perf_counter()
                made, failed = await self._make_clips(
                    studio, workers, self._sample.take_jobs(clips)
                )
                seconds = time.perf_counter() - begun
        audio_seconds = sum(each.seconds for each in made)
        return workers, BenchMeasurement(seconds, len(made), audio_seconds, failed, peak.mib)

    async def _make_clips(
        self, studio: Studio, workers: int, jobs: list[Job]
    ) -> tuple[list[Made], int]:
        async def make_job(job: Job) -> Made:
            restart = time_limit_restarter(time_limits(len(job.form.text)))
            restart()
            return (await record(job, studio, on_start=restart)).made

        pool = Pool(
            make_job,
            limit=places(workers, studio.speaker),
            timeout=self._settings.timeout_seconds,
            rules=_FAILURE_RULES,
        )
        async with pool:
            found = [result.value async for result in pool.run(jobs)]
        if pool.over is not None:
            raise pool.over
        made = [each for each in found if each is not None]
        return made, len(found) - len(made)
