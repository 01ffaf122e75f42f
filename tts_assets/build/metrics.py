"""The metrics of a run over time: speed, slow clips, lengths and loudness."""

from __future__ import annotations

import heapq
import time
from bisect import bisect_right
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.model import Clip


MOST_STEPS = 100  #: the maximum number of steps: beyond it, each two steps are merged
_FIRST_SECONDS = 0.125  #: the initial width of a step; powers of two double exactly

#: The bins of lengths, from this to about a day; four of them double the length.
_SHORTEST_SECONDS = 0.1
_STEPS_OF_LENGTH = 80
_STEPS_OF_DOUBLE = 4

#: The bins of loudness: how far they reach from the target, and their number per LU.
_FAR_LU = 6
_STEPS_OF_LU = 10
_SLOWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """A histogram.

    Args:
        edges: the lower edges of the bins and the upper edge of the last one.
        counts: the number of values in each bin.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class SlowestClip(NamedTuple):
    """A slow clip."""

    clip: Clip  #: the first clip that uses it
    seconds: float  #: the time it took; of a passage, of all its segments together
    audio_seconds: float  #: its length


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHistory:
    """The progress of a run, in at most 100 equal time steps.

    Args:
        begun_seconds: the start of the first step, in seconds from the beginning of the run.
        seconds: the duration; the last step ends there.
        step_seconds: the length of a step.
        made: the clips finished in each step.
        failed: the clips that failed in each step.
        audio_seconds: the length of the clips finished in each step.
        in_hand: the average number of clips and segments in progress in each step.
        lengths: the lengths of the clips, in seconds.
        loudness: the loudness of the clips, in LUFS.
        wanted_lufs: the target loudness, in LUFS.
        tolerance_lu: the tolerance of the loudness, in LU.
        slowest: the slowest clips, slowest first.
    """

    begun_seconds: float
    seconds: float
    step_seconds: float
    made: tuple[int, ...]
    failed: tuple[int, ...]
    audio_seconds: tuple[float, ...]
    in_hand: tuple[float, ...]
    lengths: Histogram
    loudness: Histogram
    wanted_lufs: float
    tolerance_lu: float
    slowest: tuple[SlowestClip, ...]


class MetricsRecorder:
    """Records the history of a run."""

    def __init__(
        self,
        *,
        wanted_lufs: float,
        tolerance_lu: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the history; ``clock`` returns seconds, the rest is as in `RunHistory`."""
        self._clock = clock
        self._begun = clock()
        self._wanted_lufs = wanted_lufs
        self._tolerance_lu = tolerance_lu
        self._made: list[float] = []
        self._failed: list[float] = []
        self._audio: list[float] = []
        self._busy: list[float] = []
        self._steps = _Steps(self._made, self._failed, self._audio, self._busy)
        self._lengths = _Counts(
            [_SHORTEST_SECONDS * 2 ** (at / _STEPS_OF_DOUBLE) for at in range(_STEPS_OF_LENGTH + 1)]
        )
        # The target lies in the middle of a bin, as do most clips.
        half = _FAR_LU * _STEPS_OF_LU + 0.5
        self._loudness = _Counts(
            [wanted_lufs + (at - half) / _STEPS_OF_LU for at in range(int(2 * half) + 1)]
        )
        self._spent: dict[str, _Spent] = {}
        self._slowest: list[tuple[float, int, SlowestClip]] = []
        self._number = count()

    def record_work(self, recipe: str, seconds: float) -> None:
        """Record the work on a clip or a segment, which ended now."""
        now = self._now()
        begin = max(0.0, now - seconds)
        first, spent = self._spent.get(recipe, (begin, 0.0))
        self._spent[recipe] = _Spent(min(first, begin), spent + seconds)
        self._steps.spread(self._busy, begin, now, now - begin)

    def record_made(self, recipe: str, clip: Clip, audio_seconds: float, lufs: float) -> None:
        """Record a finished clip, after all its work."""
        now = self._now()
        begin, seconds = self._spent.pop(recipe, (now, 0.0))
        self._made[self._steps.at(now)] += 1
        # Spread the length over the time of the work: a long passage would peak where it is joined.
        self._steps.spread(self._audio, begin, now, audio_seconds)
        self._lengths.add(audio_seconds)
        self._loudness.add(lufs)
        item = (seconds, -next(self._number), SlowestClip(clip, seconds, audio_seconds))
        if len(self._slowest) < _SLOWEST:
            heapq.heappush(self._slowest, item)
        else:
            heapq.heappushpop(self._slowest, item)

    def record_failed(self, recipe: str) -> None:
        """Record a failed clip."""
        self._spent.pop(recipe, None)
        self._failed[self._steps.at(self._now())] += 1

    def history(self, run_begun: float) -> RunHistory | None:
        """The history of a run that began then by the same clock; None if nothing has happened."""
        steps = self._steps
        if not self._made:
            return None
        widths = steps.widths()
        return RunHistory(
            begun_seconds=self._begun - run_begun,
            seconds=steps.end,
            step_seconds=steps.width,
            made=tuple(map(int, self._made)),
            failed=tuple(map(int, self._failed)),
            audio_seconds=tuple(self._audio),
            in_hand=tuple(
                busy / width if width else 0.0
                for busy, width in zip(self._busy, widths, strict=True)
            ),
            lengths=self._lengths.histogram(),
            loudness=self._loudness.histogram(),
            wanted_lufs=self._wanted_lufs,
            tolerance_lu=self._tolerance_lu,
            slowest=tuple(slow for *_, slow in sorted(self._slowest, reverse=True)),
        )

    def _now(self) -> float:
        return self._clock() - self._begun


class _Spent(NamedTuple):
    """The start of the work on a clip, and its total duration."""

    begin: float
    seconds: float


class _Counts:
    """The numbers of values between the edges of bins."""

    def __init__(self, edges: list[float]) -> None:
        self._edges = edges
        self._counts = [0] * (len(edges) - 1)

    def add(self, value: float) -> None:
        """Count a value; one beyond the edges counts in the nearest bin."""
        last = len(self._counts) - 1
        self._counts[min(max(bisect_right(self._edges, value) - 1, 0), last)] += 1

    def histogram(self) -> Histogram:
        """The bins from the first to the last that are not empty."""
        used = [number for number, values in enumerate(self._counts) if values]
        if not used:
            return Histogram(edges=(), counts=())
        first, end = used[0], used[-1] + 1
        edges = tuple(round(each, 3) for each in self._edges[first : end + 1])
        return Histogram(edges=edges, counts=tuple(self._counts[first:end]))


class _Steps:
    """Sums over equal steps from 0, in columns of one length."""

    def __init__(self, *columns: list[float]) -> None:
        self.width = _FIRST_SECONDS
        self.end = 0.0
        self._columns = columns

    def at(self, value: float) -> int:
        """The step of a value; the columns are extended to it."""
        self.end = max(self.end, value)
        while value >= MOST_STEPS * self.width:
            self._double()
        number = int(value / self.width)
        for column in self._columns:
            column.extend([0.0] * (number + 1 - len(column)))
        return number

    def spread(self, column: list[float], begin: float, end: float, amount: float) -> None:
        """Add an amount to a column, spread evenly over a span."""
        last = self.at(end)
        if end <= begin:
            column[last] += amount
            return
        for number in range(int(begin / self.width), last + 1):
            left, right = number * self.width, (number + 1) * self.width
            column[number] += amount * (min(right, end) - max(left, begin)) / (end - begin)

    def widths(self) -> list[float]:
        """The width of each step; the last one ends at the last value."""
        count_of_steps = len(self._columns[0])
        last = self.end - (count_of_steps - 1) * self.width
        return [*[self.width] * (count_of_steps - 1), last]

    def _double(self) -> None:
        self.width *= 2
        for column in self._columns:
            column[:] = [sum(column[at : at + 2]) for at in range(0, len(column), 2)]
