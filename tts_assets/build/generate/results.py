"""The results of work items: finished and failed clips, reported as they arrive."""

from __future__ import annotations

from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

from anyio import current_time

from tts_assets.audio.expected_length import TOLERANCE_LU
from tts_assets.build.events import ClipFailed, ClipMade, SegmentMade, ServiceWait
from tts_assets.build.generate.clip import to_timeout_error
from tts_assets.build.metrics import MetricsRecorder
from tts_assets.build.pool import AdaptiveConcurrency, Counts
from tts_assets.errors import FatalError, TtsAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.build.events import Event
    from tts_assets.build.generate.build_state import BuildState
    from tts_assets.build.generate.clip import FinishedClip
    from tts_assets.build.generate.work_items import WorkItem, WorkQueue
    from tts_assets.build.pool import Pool, Result
    from tts_assets.engines.http.rate_limiter import Rest


#: The factor on the time limit for services: their client enforces its own time limit, which is
#: longer for texts in kana. This one catches what the client does not notice.
SLACK = 4

#: Shorter waits for a service are not reported.
_LONG_WAIT_SECONDS = 2.0
_WAITS_APART_SECONDS = 10.0


class ServiceWaits:
    """Reports that the run waits for a service, at most once in ten seconds."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        """Report nothing yet."""
        self._tell = tell
        self._next = -inf

    def take(self, rest: Rest) -> None:
        """Report a waiting call if it waits for long, or if no request succeeded for long."""
        now = current_time()
        is_long = max(rest.seconds, rest.fruitless_seconds) >= _LONG_WAIT_SECONDS
        if not is_long or now < self._next:
            return
        self._next = now + _WAITS_APART_SECONDS
        self._tell(
            ServiceWait(
                reason=rest.reason,
                seconds=rest.seconds,
                requests=rest.calls,
                refusals=rest.refusals,
                retries=rest.retries,
            )
        )


class Results:
    """Handles the results of a pool, one by one."""

    def __init__(
        self, run: BuildState, queue: WorkQueue, pool: Pool[WorkItem, FinishedClip | None]
    ) -> None:
        """Adapt the concurrency here, unless a service's limiter or a cluster does it."""
        self._run = run
        self._queue = queue
        self._pool = pool
        self._done = self._failed = 0
        is_own = run.limiter is None and run.settings.cluster is None
        self._concurrency = AdaptiveConcurrency(pool.limit) if is_own else None
        self._history = run.history = MetricsRecorder(
            wanted_lufs=run.settings.sound.lufs, tolerance_lu=TOLERANCE_LU
        )

    def take(self, result: Result[WorkItem, FinishedClip | None]) -> None:
        """Handle the result of a work item."""
        self._adapt_concurrency(result)
        self._history.record_work(result.job.job.recipe, result.seconds)
        if result.error is not None:
            self._fail(result)
        elif result.value is not None:
            self._finish_clip(result, result.value)
        else:
            self._finish_segment(result)

    def _adapt_concurrency(self, result: Result[WorkItem, FinishedClip | None]) -> None:
        """Reduce the concurrency if many items fail: the machine may be overloaded."""
        limit = None if self._concurrency is None else self._concurrency.record_result(result)
        if limit is not None:
            self._pool.limit = limit

    def _finish_segment(self, result: Result[WorkItem, FinishedClip | None]) -> None:
        """Report a finished segment, unless its passage failed before."""
        item = result.job
        if item.passage is None or item.number is None or not item.passage.has(item.number):
            return
        self._run.tell(
            SegmentMade(
                job=item.job,
                number=item.number,
                out_of=len(item.passage),
                seconds=result.seconds,
                counts=self._counts(),
            )
        )

    def _finish_clip(
        self, result: Result[WorkItem, FinishedClip | None], clip: FinishedClip
    ) -> None:
        run, job, recording = self._run, result.job.job, clip.recording
        self._done += 1
        run.generated.add(job.recipe)
        if run.costs is not None:
            run.costs.record_made(job, recording.billed)
        run.audio_seconds += recording.seconds
        self._history.record_made(job.recipe, job.clips[0], recording.seconds, recording.lufs)
        if recording.credit:
            run.credits[recording.credit] = None
        pronunciation = recording.pronunciation
        if pronunciation is not None and pronunciation.doubt is not None:
            run.doubts[job.recipe] = pronunciation
        if clip.repeated:
            run.repeated.add(job.recipe)
        if recording.findings:
            run.findings[job.recipe] = recording.findings
        run.tell(
            ClipMade(
                job=job,
                seconds=result.seconds,
                audio_seconds=recording.seconds,
                counts=self._counts(),
                pronunciation=pronunciation,
                findings=recording.findings,
            )
        )

    def _fail(self, result: Result[WorkItem, FinishedClip | None]) -> None:
        run, item = self._run, result.job
        # Report a passage once, with its first failed segment.
        if not self._queue.fail(item.job):
            return
        if run.costs is not None:
            run.costs.record_failed(item.job)
        slack = 1 if run.limiter is None else SLACK
        error = result.error
        if not isinstance(error, TtsAssetsError):
            error = to_timeout_error(slack * run.settings.timeout_seconds * item.time_limits)
        if isinstance(error, FatalError):
            # Not this clip's fault: the next run generates it.
            run.fatal = run.fatal or str(error)
            return
        if item.passage is not None and item.number is not None and item.is_segment_to_say:
            error = type(error)(f"{item.passage.describe_segment(item.number)}: {error}")
        self._failed += 1
        self._history.record_failed(item.job.recipe)
        run.failures[item.job.recipe] = str(error)
        run.tell(
            ClipFailed(
                job=item.job,
                error=error,
                seconds=result.seconds,
                attempt=result.attempt,
                counts=self._counts(),
                line=self._lines.get(item.job.recipe),
            )
        )

    @cached_property
    def _lines(self) -> dict[str, int | None]:
        """The line of the first entry of each recipe."""
        return {item.recipe: item.line for item in reversed(self._run.plan.planned)}

    def _counts(self) -> Counts:
        """The progress in clips, not in work items."""
        left = len(self._run.jobs) - self._done - self._failed
        active = min(self._pool.counts.active, left)
        return Counts(queued=left - active, active=active, done=self._done, failed=self._failed)
