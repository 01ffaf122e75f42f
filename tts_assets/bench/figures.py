"""What the measurements of a bench come to: speed, efficiency, memory, and how many to take."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: More workers that bring less than this part more are not worth their memory.
_MIN_GAIN = 0.05


class BenchMeasurement(NamedTuple):
    """Some clips made once.

    Args:
        seconds: how long that took.
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
        workers: how many.
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
