"""One measurement: clips are made as a run makes them, with so many workers, and thrown away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tts_assets.bench.figures import Measured
from tts_assets.bench.memory import PeakMemory
from tts_assets.errors import ClipError, FatalError
from tts_assets.generate_clips.making import places
from tts_assets.make_clip import record
from tts_assets.pool import FailureRules, Pool, time_limit_restarter
from tts_assets.providers import Bounded
from tts_assets.settings import time_limits
from tts_assets.studios import studio_of

if TYPE_CHECKING:
    from tts_assets.bench.sample import Sample
    from tts_assets.make_clip import Made, Studio
    from tts_assets.plan import Job
    from tts_assets.providers import Provider
    from tts_assets.settings import Settings

#: The first clips of a worker are slower: it is made, and its memory grows.
_WARM_UP = 2

_RULES = FailureRules(failures=(ClipError,), fatal=(FatalError,))


class Stand:
    """An engine and the clips that it is measured with."""

    def __init__(self, settings: Settings, provider: Provider, sample: Sample) -> None:
        """Begin."""
        self._settings = settings
        self._provider = provider
        self._sample = sample

    async def measured(self, workers: int, clips: int) -> tuple[int, Measured]:
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
                await self._made(studio, workers, self._sample.first(_WARM_UP * workers))
                begun = time.perf_counter()
                made, failed = await self._made(studio, workers, self._sample.first(clips))
                seconds = time.perf_counter() - begun
        audio_seconds = sum(each.seconds for each in made)
        return workers, Measured(seconds, len(made), audio_seconds, failed, peak.mib)

    async def _made(self, studio: Studio, workers: int, jobs: list[Job]) -> tuple[list[Made], int]:
        async def work(job: Job) -> Made:
            restart = time_limit_restarter(time_limits(len(job.form.text)))
            restart()
            return (await record(job, studio, on_start=restart)).made

        pool = Pool(
            work,
            limit=places(workers, studio.speaker),
            timeout=self._settings.timeout_seconds,
            rules=_RULES,
        )
        async with pool:
            found = [result.value async for result in pool.run(jobs)]
        if pool.over is not None:
            raise pool.over
        made = [each for each in found if each is not None]
        return made, len(found) - len(made)
