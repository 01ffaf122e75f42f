"""What comes of the pieces of a run: clips made and clips failed, told as they come."""

from __future__ import annotations

from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

from anyio import current_time

from tts_assets.audio.expected_length import TOLERANCE_LU
from tts_assets.build.events import ClipFailed, ClipMade, SegmentMade, ServiceWait
from tts_assets.build.generate.clip import out_of_time
from tts_assets.build.metrics import MetricsRecorder
from tts_assets.build.pool import AdaptiveConcurrency, Counts
from tts_assets.errors import FatalError, TtsAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.build.events import Event
    from tts_assets.build.generate.build_state import BuildState
    from tts_assets.build.generate.clip import StoredClip
    from tts_assets.build.generate.work_items import WorkItem, WorkQueue
    from tts_assets.build.pool import Pool, Result
    from tts_assets.engines.http.rate_limiter import Rest


#: A service's own client gives a request up in time, and has to learn that it did; in kana a text is
#: longer, and has more time. This is for what the client does not see.
SLACK = 4

#: Shorter waits for a service are not reported.
_LONG_WAIT_SECONDS = 2.0
_WAITS_APART_SECONDS = 10.0


class ServiceWaits:
    """Reports that the run waits for a service, now and then."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        """Report nothing yet."""
        self._tell = tell
        self._next = -inf

    def take(self, rest: Rest) -> None:
        """A call waits: reported if it waits for long, or if no request has gone well for long."""
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
    """Takes the results of a pool, one by one."""

    def __init__(
        self, run: BuildState, pieces: WorkQueue, pool: Pool[WorkItem, StoredClip | None]
    ) -> None:
        """Begin; a service's limiter or a cluster decides how many clips are in hand, or else we do."""
        self._run = run
        self._pieces = pieces
        self._pool = pool
        self._done = self._failed = 0
        eases = run.limiter is None and run.settings.cluster is None
        self._easing = AdaptiveConcurrency(pool.limit) if eases else None
        self._history = run.history = MetricsRecorder(
            wanted_lufs=run.settings.sound.lufs, tolerance_lu=TOLERANCE_LU
        )

    def take(self, result: Result[WorkItem, StoredClip | None]) -> None:
        """What became of a piece."""
        self._ease(result)
        self._history.record_work(result.job.job.recipe, result.seconds)
        if result.error is not None:
            self._fail(result)
        elif result.value is not None:
            self._finish_clip(result, result.value)
        else:
            self._finish_segment(result)

    def _ease(self, result: Result[WorkItem, StoredClip | None]) -> None:
        """Where much fails, the machine may have too much to do: fewer are made at once."""
        if self._easing is None:
            return
        for attempt in range(1, result.attempt + 1):
            ok = result.ok and attempt == result.attempt
            if (limit := self._easing.saw(ok)) is not None:
                self._pool.limit = limit

    def _finish_segment(self, result: Result[WorkItem, StoredClip | None]) -> None:
        """A segment is there, unless its passage was given up before that."""
        piece = result.job
        if piece.passage is None or piece.number is None or not piece.passage.has(piece.number):
            return
        self._run.tell(
            SegmentMade(
                job=piece.job,
                number=piece.number,
                out_of=len(piece.passage),
                seconds=result.seconds,
                counts=self._counts(),
            )
        )

    def _finish_clip(self, result: Result[WorkItem, StoredClip | None], made: StoredClip) -> None:
        run, job = self._run, result.job.job
        self._done += 1
        run.made.add(job.recipe)
        if run.costs is not None:
            run.costs.record_made(job, made.billed)
        run.audio_seconds += made.seconds
        self._history.record_made(job.recipe, job.clips[0], made.seconds, made.lufs)
        if made.credit:
            run.credits[made.credit] = None
        said = made.pronunciation
        if said is not None and said.doubt is not None:
            run.doubts[job.recipe] = said
        if made.repeated:
            run.repeated.add(job.recipe)
        if made.findings:
            run.findings[job.recipe] = made.findings
        run.tell(
            ClipMade(
                job=job,
                seconds=result.seconds,
                audio_seconds=made.seconds,
                counts=self._counts(),
                pronunciation=said,
                findings=made.findings,
            )
        )

    def _fail(self, result: Result[WorkItem, StoredClip | None]) -> None:
        run, piece = self._run, result.job
        # A passage fails once, with its first segment that does.
        if not self._pieces.fail(piece.job):
            return
        if run.costs is not None:
            run.costs.record_failed(piece.job)
        slack = 1 if run.limiter is None else SLACK
        error = _in_our_words(
            result.error, slack * run.settings.timeout_seconds * piece.time_limits
        )
        if isinstance(error, FatalError):
            # Not this clip's fault: it is made when the run is taken up again.
            run.fatal = run.fatal or str(error)
            return
        if piece.passage is not None and piece.number is not None and piece.is_segment_to_say:
            error = type(error)(f"{piece.passage.describe_segment(piece.number)}: {error}")
        self._failed += 1
        self._history.record_failed(piece.job.recipe)
        run.failures[piece.job.recipe] = str(error)
        run.tell(
            ClipFailed(
                job=piece.job,
                error=error,
                seconds=result.seconds,
                attempt=result.attempt,
                counts=self._counts(),
                line=self._lines.get(piece.job.recipe),
            )
        )

    @cached_property
    def _lines(self) -> dict[str, int | None]:
        """The line of the first entry of each recipe."""
        return {item.recipe: item.line for item in reversed(self._run.plan.planned)}

    def _counts(self) -> Counts:
        """How the clips stand, whatever their pieces are."""
        left = len(self._run.jobs) - self._done - self._failed
        active = min(self._pool.counts.active, left)
        return Counts(queued=left - active, active=active, done=self._done, failed=self._failed)


def _in_our_words(error: Exception | None, limit_seconds: float) -> TtsAssetsError:
    return error if isinstance(error, TtsAssetsError) else out_of_time(limit_seconds)
