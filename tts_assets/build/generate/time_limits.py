"""How much a run begins: so many clips, and until when; the rest is left for another run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tts_assets.build.plan.planner import Job
    from tts_assets.config.settings import Settings


class Limits:
    """What a run takes of its work, what it leaves, and by which bound.

    Attributes:
        taken: the jobs of this run, in the order of the catalogues.
        left: those for another run.
        bound: the setting that left them, with its value; None if nothing is left.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin: the run's time counts from here."""
        self.taken: list[Job] = []
        self.left: list[Job] = []
        self.bound: str | None = None
        self._clips = settings.max_clips
        self._seconds = settings.max_duration_seconds
        # The clock on the wall may be set while clips are made.
        self._begun = time.monotonic()

    def take(
        self, jobs: Sequence[Job], passed: Callable[[Job], str | None] = lambda _: None
    ) -> list[Job]:
        """The first jobs that together pass no bound.

        Args:
            jobs: in the order of the catalogues, so that runs that follow each other come to an
                end; the first that passes a bound is left, and all that come after it.
            passed: the bound that a job would pass in addition to those before it.
        """
        self.taken, self.left, self.bound = list(jobs), [], None
        for number, job in enumerate(jobs):
            bound = self._enough(number) or self.late() or passed(job)
            if bound is not None:
                self.leave(jobs[number:], bound)
                break
        return list(self.taken)

    def dispatch(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """The jobs one by one, until it is late."""
        for number, job in enumerate(jobs):
            if (bound := self.late()) is not None:
                self.leave(jobs[number:], bound)
                return
            yield job

    def late(self) -> str | None:
        """The bound that time has passed."""
        if self._seconds is None or time.monotonic() - self._begun < self._seconds:
            return None
        return f"max-duration = {self._seconds:g} s"

    def leave(self, jobs: Sequence[Job], bound: str) -> None:
        """Leave jobs that were taken for another run."""
        recipes = {job.recipe for job in jobs}
        self.taken = [job for job in self.taken if job.recipe not in recipes]
        self.left = [*jobs, *self.left]
        self.bound = bound

    def _enough(self, number: int) -> str | None:
        """The bound that one more clip than that would pass."""
        if self._clips is None or number < self._clips:
            return None
        return f"max-clips = {self._clips}"
