"""The history of a run as plots: numbers to draw, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.cli.output.text import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.build.events import Report
    from tts_assets.build.history import Histogram, History
    from tts_assets.engines.http.limiter import Traffic


#: Below so many clips a second they are counted by the minute.
_SLOW = 0.5


#: A last step that is shorter than this share of the others says little of its own.
_SHORT = 0.5


#: How much is shown beside the tolerance, in LU.
_BESIDE_LU = 0.5


class Line(NamedTuple):
    """A line of a plot.

    Args:
        name: what it shows.
        color: the name of its colour in the style sheet.
        values: one for each x.
    """

    name: str
    color: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Lines over the time of a run, in steps.

    Args:
        title: what it shows.
        told: the same in words.
        unit: of the values.
        seconds: where each step begins, and where the last one ends.
        lines: the values of each step.
    """

    title: str
    told: str
    unit: str
    seconds: tuple[float, ...]
    lines: tuple[Line, ...]


class Tick(NamedTuple):
    """A mark on an axis: where, counted in steps, and its words."""

    at: float
    label: str


class Band(NamedTuple):
    """What may be, and what is wanted, counted in steps."""

    begin: float
    end: float
    wanted: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """How many clips lie in each of some steps.

    Args:
        title: what it shows.
        told: the same in words.
        unit: of the steps.
        steps: each in words.
        counts: how many clips are in each.
        ticks: what the axis says.
        band: where they should be; None for anywhere.
    """

    title: str
    told: str
    unit: str
    steps: tuple[str, ...]
    counts: tuple[int, ...]
    ticks: tuple[Tick, ...]
    band: Band | None = None


def courses(report: Report) -> tuple[Course, ...]:
    """How a run went over time."""
    history = report.history
    if history is None:
        return ()
    steps = _Steps(history)
    found = [_clips(history, steps), _speech(history, steps)]
    found.append(_workers(report, history, steps))
    return tuple(each for each in found if each is not None)


def bars(history: History | None) -> tuple[Bars, ...]:
    """How loud and how long the clips are."""
    if history is None or not history.lengths.counts:
        return ()
    return _loudness(history), _lengths(history.lengths)


def span(seconds: float) -> str:
    """A time in words, as short as it can be."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


class _Steps:
    """The steps of a history, without a last one that is very short."""

    def __init__(self, history: History) -> None:
        wide, number = history.step_seconds, len(history.made)
        self._starts = [wide * at for at in range(number)]
        if number > 1 and history.seconds - self._starts[-1] < _SHORT * wide:
            self._starts.pop()
        self.edges = (*self._starts, history.seconds)
        self._widths = [
            max(end - begin, 1e-3) for begin, end in zip(self.edges, self.edges[1:], strict=False)
        ]

    def sums(self, values: Sequence[float]) -> list[float]:
        """Values of all steps for these."""
        number = len(self._starts)
        return [*values[: number - 1], sum(values[number - 1 :])]

    def rates(self, values: Sequence[float], each_seconds: float = 1) -> tuple[float, ...]:
        """How many there were in a second, or so many seconds, of each step."""
        by_width = zip(self.sums(values), self._widths, strict=True)
        return tuple(round(each_seconds * value / width, 3) for value, width in by_width)


def _clips(history: History, steps: _Steps) -> Course:
    made, failed = sum(history.made), sum(history.failed)
    rate = made / max(history.seconds, 1e-3)
    unit, by = ("clips a second", 1) if rate >= _SLOW else ("clips a minute", 60)
    lines = [Line("made", "good", steps.rates(history.made, by))]
    if failed:
        lines.append(Line("failed", "bad", steps.rates(history.failed, by)))
    lost = f", and {failed:,} failed" if failed else ""
    # Of a fraction of a second a rate says little.
    peak = f", {max(lines[0].values):,.1f} at most" if history.step_seconds >= 1 else ""
    return Course(
        title="Clips",
        told=f"{many(made, 'clip')} in {span(history.seconds)}{lost}: {by * rate:,.1f} {unit}{peak}.",
        unit=unit,
        seconds=steps.edges,
        lines=tuple(lines),
    )


def _speech(history: History, steps: _Steps) -> Course | None:
    seconds = sum(history.audio_seconds)
    if not seconds:
        return None
    speed = seconds / max(history.seconds, 1e-3)
    return Course(
        title="Speech",
        told=f"{span(seconds)} of speech in {span(history.seconds)}: {speed:,.1f} times as fast as "
        "it sounds.",
        unit="seconds of speech a second",
        seconds=steps.edges,
        lines=(Line("speech", "accent", steps.rates(history.audio_seconds)),),
    )


def _workers(report: Report, history: History, steps: _Steps) -> Course:
    # With some engines one clip stands ready in line, so that no worker is idle.
    most = inf if report.traffic is not None else report.workers
    in_steps = zip(history.in_hand, _widths(history), strict=True)
    busy = [min(hand, most) * width for hand, width in in_steps]
    in_hand = steps.rates(busy)
    if report.traffic is not None:
        return _service(report.traffic, in_hand, steps)
    mean = sum(busy) / max(history.seconds, 1e-3)
    there = (float(report.workers),) * len(in_hand)
    return Course(
        title="Workers",
        told=f"{mean:.1f} of {many(report.workers, 'worker')} were busy on average.",
        unit="at once",
        seconds=steps.edges,
        lines=(Line("there", "quiet", there), Line("busy", "accent", in_hand)),
    )


def _service(traffic: Traffic, in_hand: tuple[float, ...], steps: _Steps) -> Course:
    changes = traffic.limits or ((0.0, 0),)
    allowed = tuple(float(_last(changes, end)) for end in steps.edges[1:])
    limits = [limit for _, limit in changes]
    fewest, most = min(limits), max(limits)
    allowed_at_once = f"{most}" if fewest == most else f"Between {fewest} and {most}"
    return Course(
        title="Requests",
        told=f"{allowed_at_once} were allowed at once, as the service bore them; "
        f"{traffic.refusals:,} of {many(traffic.requests, 'request')} were refused for want of room.",
        unit="at once",
        seconds=steps.edges,
        lines=(
            Line("requests allowed", "quiet", allowed),
            Line("clips in hand", "accent", in_hand),
        ),
    )


def _last(limits: Sequence[tuple[float, int]], until: float) -> int:
    """The limit at a time; of those long ago only the later ones are known."""
    found = [limit for at, limit in limits if at <= until]
    return found[-1] if found else limits[0][1]


def _widths(history: History) -> list[float]:
    number = len(history.made)
    last = history.seconds - (number - 1) * history.step_seconds
    return [*[history.step_seconds] * (number - 1), last]


def _loudness(history: History) -> Bars:
    found, wanted, tolerance = history.loudness, history.wanted_lufs, history.tolerance_lu
    wide = found.edges[1] - found.edges[0]
    # The tolerance is to be seen even where all clips are in the middle of it.
    low = min(found.edges[0], wanted - tolerance - _BESIDE_LU)
    high = max(found.edges[-1], wanted + tolerance + _BESIDE_LU)
    before = round((found.edges[0] - low) / wide)
    behind = round((high - found.edges[-1]) / wide)
    counts = (*(0,) * before, *found.counts, *(0,) * behind)
    begin = found.edges[0] - before * wide

    def place(lufs: float) -> float:
        return round((lufs - begin) / wide, 3)

    # Clips on the edge of what may be count as within.
    right = sum(
        count
        for count, edge in zip(found.counts, found.edges, strict=False)
        if abs(edge + wide / 2 - wanted) <= tolerance + wide / 4
    )
    whole = range(int(begin) - 1, int(begin + len(counts) * wide) + 2)
    ticks = [Tick(place(lufs), f"{lufs}") for lufs in whole if 0 <= place(lufs) <= len(counts)]
    return Bars(
        title="Loudness",
        told=f"{right:,} of {many(sum(counts), 'clip')} are within {tolerance:g} LU of the wanted "
        f"{wanted:g} LUFS; the middle one has {_middle(found):.1f}.",
        unit="LUFS",
        steps=tuple(f"{begin + wide * (at + 0.5):.1f}" for at in range(len(counts))),
        counts=counts,
        ticks=tuple(ticks),
        band=Band(
            place(wanted - tolerance),
            place(wanted + tolerance),
            place(wanted),
            f"{wanted:g} ± {tolerance:g} LU",
        ),
    )


def _lengths(found: Histogram) -> Bars:
    named = [_seconds(edge) for edge in found.edges]
    whole = sum(found.counts)
    return Bars(
        title="Length",
        told=f"Half of {many(whole, 'clip')} are shorter than about {_seconds(_middle(found))}; all "
        f"are between {named[0]} and {named[-1]}.",
        unit="of speech",
        steps=tuple(f"{low} to {high}" for low, high in pairwise(named)),
        counts=found.counts,
        ticks=tuple(Tick(at, name) for at, name in enumerate(named)),
    )


def _middle(found: Histogram) -> float:
    """The middle of the step in which the middle value lies."""
    half = sum(found.counts) / 2
    at = next(at for at, count in enumerate(accumulate(found.counts)) if count >= half)
    return (found.edges[at] + found.edges[at + 1]) / 2


def _seconds(value: float) -> str:
    return span(value) if value >= 10 else f"{value:.2g} s"
