"""The history of a run as plots: numbers to draw, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.cli.output.console_text import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.build.events import Report
    from tts_assets.build.metrics import Histogram, RunHistory
    from tts_assets.engines.http.rate_limiter import Traffic


#: Below so many clips a second they are counted by the minute.
_SLOW_RATE = 0.5

#: A last step that is shorter than this share of the others says little of its own.
_SHORT_STEP_SHARE = 0.5

#: How much is shown beside the tolerance, in LU.
_MARGIN_LU = 0.5


class PlotLine(NamedTuple):
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
class TimePlot:
    """Lines over the time of a run, in steps.

    Args:
        title: what it shows.
        told: the same in words.
        unit: of the values.
        seconds: the lower edges of the bins and the upper edge of the last one.
        lines: the values of each step.
    """

    title: str
    told: str
    unit: str
    seconds: tuple[float, ...]
    lines: tuple[PlotLine, ...]


class AxisTick(NamedTuple):
    """A mark on an axis: where, counted in steps, and its words."""

    at: float
    label: str


class TargetBand(NamedTuple):
    """What may be, and what is wanted, counted in steps."""

    begin: float
    end: float
    wanted: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlot:
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
    ticks: tuple[AxisTick, ...]
    band: TargetBand | None = None


def build_time_plots(report: Report) -> tuple[TimePlot, ...]:
    """How a run went over time."""
    history = report.history
    if history is None:
        return ()
    steps = _HistorySteps(history)
    found = [_plot_clips(history, steps), _plot_speech(history, steps)]
    found.append(_plot_workers(report, history, steps))
    return tuple(each for each in found if each is not None)


def build_bar_plots(history: RunHistory | None) -> tuple[BarPlot, ...]:
    """How loud and how long the clips are."""
    if history is None or not history.lengths.counts:
        return ()
    return _plot_loudness(history), _plot_lengths(history.lengths)


def format_duration(seconds: float) -> str:
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


class _HistorySteps:
    """The steps of a history, without a last one that is very short."""

    def __init__(self, history: RunHistory) -> None:
        wide, number = history.step_seconds, len(history.made)
        self._starts = [wide * at for at in range(number)]
        if number > 1 and history.seconds - self._starts[-1] < _SHORT_STEP_SHARE * wide:
            self._starts.pop()
        self.edges = (*self._starts, history.seconds)
        self._widths = [
            max(end - begin, 1e-3) for begin, end in zip(self.edges, self.edges[1:], strict=False)
        ]

    def sum_steps(self, values: Sequence[float]) -> list[float]:
        """Values of all steps for these."""
        number = len(self._starts)
        return [*values[: number - 1], sum(values[number - 1 :])]

    def compute_rates(self, values: Sequence[float], each_seconds: float = 1) -> tuple[float, ...]:
        """How many there were in a second, or so many seconds, of each step."""
        by_width = zip(self.sum_steps(values), self._widths, strict=True)
        return tuple(round(each_seconds * value / width, 3) for value, width in by_width)


def _plot_clips(history: RunHistory, steps: _HistorySteps) -> TimePlot:
    made, failed = sum(history.made), sum(history.failed)
    rate = made / max(history.seconds, 1e-3)
    unit, by = ("clips a second", 1) if rate >= _SLOW_RATE else ("clips a minute", 60)
    lines = [PlotLine("made", "good", steps.compute_rates(history.made, by))]
    if failed:
        lines.append(PlotLine("failed", "bad", steps.compute_rates(history.failed, by)))
    lost = f", and {failed:,} failed" if failed else ""
    # Of a fraction of a second a rate says little.
    peak = f", {max(lines[0].values):,.1f} at most" if history.step_seconds >= 1 else ""
    return TimePlot(
        title="Clips",
        told=f"{format_count(made, 'clip')} in {format_duration(history.seconds)}{lost}: {by * rate:,.1f} {unit}{peak}.",
        unit=unit,
        seconds=steps.edges,
        lines=tuple(lines),
    )


def _plot_speech(history: RunHistory, steps: _HistorySteps) -> TimePlot | None:
    seconds = sum(history.audio_seconds)
    if not seconds:
        return None
    speed = seconds / max(history.seconds, 1e-3)
    return TimePlot(
        title="Speech",
        told=f"{format_duration(seconds)} of speech in {format_duration(history.seconds)}: {speed:,.1f} times as fast as "
        "it sounds.",
        unit="seconds of speech a second",
        seconds=steps.edges,
        lines=(PlotLine("speech", "accent", steps.compute_rates(history.audio_seconds)),),
    )


def _plot_workers(report: Report, history: RunHistory, steps: _HistorySteps) -> TimePlot:
    # With some engines one clip stands ready in line, so that no worker is idle.
    most = inf if report.traffic is not None else report.workers
    in_steps = zip(history.in_hand, _compute_step_widths(history), strict=True)
    busy = [min(hand, most) * width for hand, width in in_steps]
    in_hand = steps.compute_rates(busy)
    if report.traffic is not None:
        return _plot_requests(report.traffic, in_hand, steps)
    mean = sum(busy) / max(history.seconds, 1e-3)
    there = (float(report.workers),) * len(in_hand)
    return TimePlot(
        title="Workers",
        told=f"{mean:.1f} of {format_count(report.workers, 'worker')} were busy on average.",
        unit="at once",
        seconds=steps.edges,
        lines=(PlotLine("there", "quiet", there), PlotLine("busy", "accent", in_hand)),
    )


def _plot_requests(traffic: Traffic, in_hand: tuple[float, ...], steps: _HistorySteps) -> TimePlot:
    changes = traffic.limits or ((0.0, 0),)
    allowed = tuple(float(_find_limit_at(changes, end)) for end in steps.edges[1:])
    limits = [limit for _, limit in changes]
    fewest, most = min(limits), max(limits)
    allowed_at_once = f"{most}" if fewest == most else f"Between {fewest} and {most}"
    return TimePlot(
        title="Requests",
        told=f"{allowed_at_once} were allowed at once, as the service bore them; "
        f"{traffic.refusals:,} of {format_count(traffic.requests, 'request')} were refused for want of room.",
        unit="at once",
        seconds=steps.edges,
        lines=(
            PlotLine("requests allowed", "quiet", allowed),
            PlotLine("clips in hand", "accent", in_hand),
        ),
    )


def _find_limit_at(limits: Sequence[tuple[float, int]], until: float) -> int:
    """The limit at a time; of those long ago only the later ones are known."""
    found = [limit for at, limit in limits if at <= until]
    return found[-1] if found else limits[0][1]


def _compute_step_widths(history: RunHistory) -> list[float]:
    number = len(history.made)
    last = history.seconds - (number - 1) * history.step_seconds
    return [*[history.step_seconds] * (number - 1), last]


def _plot_loudness(history: RunHistory) -> BarPlot:
    found, wanted, tolerance = history.loudness, history.wanted_lufs, history.tolerance_lu
    wide = found.edges[1] - found.edges[0]
    # The tolerance is to be seen even where all clips are in the middle of it.
    low = min(found.edges[0], wanted - tolerance - _MARGIN_LU)
    high = max(found.edges[-1], wanted + tolerance + _MARGIN_LU)
    before = round((found.edges[0] - low) / wide)
    behind = round((high - found.edges[-1]) / wide)
    counts = (*(0,) * before, *found.counts, *(0,) * behind)
    begin = found.edges[0] - before * wide

    def to_step(lufs: float) -> float:
        return round((lufs - begin) / wide, 3)

    # Clips on the edge of what may be count as within.
    right = sum(
        count
        for count, edge in zip(found.counts, found.edges, strict=False)
        if abs(edge + wide / 2 - wanted) <= tolerance + wide / 4
    )
    whole = range(int(begin) - 1, int(begin + len(counts) * wide) + 2)
    ticks = [
        AxisTick(to_step(lufs), f"{lufs}") for lufs in whole if 0 <= to_step(lufs) <= len(counts)
    ]
    return BarPlot(
        title="Loudness",
        told=f"{right:,} of {format_count(sum(counts), 'clip')} are within {tolerance:g} LU of the wanted "
        f"{wanted:g} LUFS; the middle one has {_find_median(found):.1f}.",
        unit="LUFS",
        steps=tuple(f"{begin + wide * (at + 0.5):.1f}" for at in range(len(counts))),
        counts=counts,
        ticks=tuple(ticks),
        band=TargetBand(
            to_step(wanted - tolerance),
            to_step(wanted + tolerance),
            to_step(wanted),
            f"{wanted:g} ± {tolerance:g} LU",
        ),
    )


def _plot_lengths(found: Histogram) -> BarPlot:
    named = [_format_seconds(edge) for edge in found.edges]
    whole = sum(found.counts)
    return BarPlot(
        title="Length",
        told=f"Half of {format_count(whole, 'clip')} are shorter than about {_format_seconds(_find_median(found))}; all "
        f"are between {named[0]} and {named[-1]}.",
        unit="of speech",
        steps=tuple(f"{low} to {high}" for low, high in pairwise(named)),
        counts=found.counts,
        ticks=tuple(AxisTick(at, name) for at, name in enumerate(named)),
    )


def _find_median(found: Histogram) -> float:
    """The middle of the step in which the middle value lies."""
    half = sum(found.counts) / 2
    at = next(at for at, count in enumerate(accumulate(found.counts)) if count >= half)
    return (found.edges[at] + found.edges[at + 1]) / 2


def _format_seconds(value: float) -> str:
    return format_duration(value) if value >= 10 else f"{value:.2g} s"
