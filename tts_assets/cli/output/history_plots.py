"""The history of a run as plots: numbers to draw, with a description in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.errors import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.build.events import Report
    from tts_assets.build.metrics import Histogram, RunHistory
    from tts_assets.engines.http.rate_limiter import Traffic


_SLOW_RATE = 0.5  #: below this many clips per second, the rate is shown per minute

#: A last step shorter than this share of the others is merged into the previous one.
_SHORT_STEP_SHARE = 0.5

_MARGIN_LU = 0.5  #: margin around the tolerance on the axis, in LU


class PlotLine(NamedTuple):
    """A line of a plot."""

    name: str  #: its label
    color: str  #: the name of its colour in the style sheet
    values: tuple[float, ...]  #: a value for each step


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePlot:
    """Lines over the time of a run, in steps."""

    title: str  #: its title
    told: str  #: a description in words
    unit: str  #: the unit of the values
    seconds: tuple[float, ...]  #: the lower edges of the bins and the upper edge of the last one
    lines: tuple[PlotLine, ...]  #: the values of each step


class AxisTick(NamedTuple):
    """A mark on an axis: its position, in steps, and its label."""

    at: float
    label: str


class TargetBand(NamedTuple):
    """The tolerated range and the target, in steps."""

    begin: float
    end: float
    wanted: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlot:
    """A histogram of clips."""

    title: str  #: its title
    told: str  #: a description in words
    unit: str  #: the unit of the steps
    steps: tuple[str, ...]  #: the label of each step
    counts: tuple[int, ...]  #: the number of clips in each step
    ticks: tuple[AxisTick, ...]  #: the marks on the axis
    band: TargetBand | None = None  #: the target range; None for none


def build_time_plots(report: Report) -> tuple[TimePlot, ...]:
    """Plot the progress of a run over time."""
    history = report.history
    if history is None:
        return ()
    steps = _HistorySteps(history)
    plots = [_plot_clips(history, steps), _plot_speech(history, steps)]
    plots.append(_plot_workers(report, history, steps))
    return tuple(each for each in plots if each is not None)


def build_bar_plots(history: RunHistory | None) -> tuple[BarPlot, ...]:
    """Plot the loudness and the lengths of the clips."""
    if history is None or not history.lengths.counts:
        return ()
    return _plot_loudness(history), _plot_lengths(history.lengths)


def format_duration(seconds: float) -> str:
    """Format a duration briefly, such as 1 min 30 s."""
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
    """The steps of a history; a very short last step is merged into the previous one."""

    def __init__(self, history: RunHistory) -> None:
        width, count = history.step_seconds, len(history.made)
        self._starts = [width * at for at in range(count)]
        if count > 1 and history.seconds - self._starts[-1] < _SHORT_STEP_SHARE * width:
            self._starts.pop()
        self.edges = (*self._starts, history.seconds)
        self._widths = [
            max(end - begin, 1e-3) for begin, end in zip(self.edges, self.edges[1:], strict=False)
        ]

    def sum_steps(self, values: Sequence[float]) -> list[float]:
        """Merge the values of the history's steps into these steps."""
        count = len(self._starts)
        return [*values[: count - 1], sum(values[count - 1 :])]

    def compute_rates(self, values: Sequence[float], each_seconds: float = 1) -> tuple[float, ...]:
        """The rate per second, or per ``each_seconds``, in each step."""
        by_width = zip(self.sum_steps(values), self._widths, strict=True)
        return tuple(round(each_seconds * value / width, 3) for value, width in by_width)


def _plot_clips(history: RunHistory, steps: _HistorySteps) -> TimePlot:
    generated, failed = sum(history.made), sum(history.failed)
    rate = generated / max(history.seconds, 1e-3)
    unit, per_seconds = ("clips a second", 1) if rate >= _SLOW_RATE else ("clips a minute", 60)
    lines = [PlotLine("made", "good", steps.compute_rates(history.made, per_seconds))]
    if failed:
        lines.append(PlotLine("failed", "bad", steps.compute_rates(history.failed, per_seconds)))
    failures = f", and {failed:,} failed" if failed else ""
    # Omit the peak if steps are shorter than a second.
    peak = f", {max(lines[0].values):,.1f} at most" if history.step_seconds >= 1 else ""
    return TimePlot(
        title="Clips",
        told=f"{format_count(generated, 'clip')} in {format_duration(history.seconds)}{failures}: {per_seconds * rate:,.1f} {unit}{peak}.",
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
    # With some engines, one more clip is queued, so that no worker is idle.
    limit = inf if report.traffic is not None else report.workers
    in_steps = zip(history.in_hand, _compute_step_widths(history), strict=True)
    busy = [min(hand, limit) * width for hand, width in in_steps]
    in_hand = steps.compute_rates(busy)
    if report.traffic is not None:
        return _plot_requests(report.traffic, in_hand, steps)
    mean = sum(busy) / max(history.seconds, 1e-3)
    available = (float(report.workers),) * len(in_hand)
    return TimePlot(
        title="Workers",
        told=f"{mean:.1f} of {format_count(report.workers, 'worker')} were busy on average.",
        unit="at once",
        seconds=steps.edges,
        lines=(PlotLine("there", "quiet", available), PlotLine("busy", "accent", in_hand)),
    )


def _plot_requests(traffic: Traffic, in_hand: tuple[float, ...], steps: _HistorySteps) -> TimePlot:
    changes = traffic.limits or ((0.0, 0),)
    allowed = tuple(float(_find_limit_at(changes, end)) for end in steps.edges[1:])
    limits = [limit for _, limit in changes]
    fewest, most = min(limits), max(limits)
    allowed_at_once = f"{most}" if fewest == most else f"Between {fewest} and {most}"
    return TimePlot(
        title="Requests",
        told=f"{allowed_at_once} were allowed at once, by the service's limit; "
        f"{traffic.refusals:,} of {format_count(traffic.requests, 'request')} were refused because the limit was reached.",
        unit="at once",
        seconds=steps.edges,
        lines=(
            PlotLine("requests allowed", "quiet", allowed),
            PlotLine("clips in hand", "accent", in_hand),
        ),
    )


def _find_limit_at(limits: Sequence[tuple[float, int]], until: float) -> int:
    """The limit at a time; the oldest limits may be missing."""
    earlier = [limit for at, limit in limits if at <= until]
    return earlier[-1] if earlier else limits[0][1]


def _compute_step_widths(history: RunHistory) -> list[float]:
    count = len(history.made)
    last = history.seconds - (count - 1) * history.step_seconds
    return [*[history.step_seconds] * (count - 1), last]


def _plot_loudness(history: RunHistory) -> BarPlot:
    histogram, target, tolerance = history.loudness, history.wanted_lufs, history.tolerance_lu
    step_width = histogram.edges[1] - histogram.edges[0]
    # Show the whole tolerance, even if all clips are in the middle of it.
    low = min(histogram.edges[0], target - tolerance - _MARGIN_LU)
    high = max(histogram.edges[-1], target + tolerance + _MARGIN_LU)
    before = round((histogram.edges[0] - low) / step_width)
    after = round((high - histogram.edges[-1]) / step_width)
    counts = (*(0,) * before, *histogram.counts, *(0,) * after)
    begin = histogram.edges[0] - before * step_width

    def to_step(lufs: float) -> float:
        return round((lufs - begin) / step_width, 3)

    # Clips on the edge of the tolerance count as within.
    within = sum(
        count
        for count, edge in zip(histogram.counts, histogram.edges, strict=False)
        if abs(edge + step_width / 2 - target) <= tolerance + step_width / 4
    )
    integers = range(int(begin) - 1, int(begin + len(counts) * step_width) + 2)
    ticks = [
        AxisTick(to_step(lufs), f"{lufs}") for lufs in integers if 0 <= to_step(lufs) <= len(counts)
    ]
    return BarPlot(
        title="Loudness",
        told=f"{within:,} of {format_count(sum(counts), 'clip')} are within {tolerance:g} LU of the wanted "
        f"{target:g} LUFS; the middle one has {_find_median(histogram):.1f}.",
        unit="LUFS",
        steps=tuple(f"{begin + step_width * (at + 0.5):.1f}" for at in range(len(counts))),
        counts=counts,
        ticks=tuple(ticks),
        band=TargetBand(
            to_step(target - tolerance),
            to_step(target + tolerance),
            to_step(target),
            f"{target:g} ± {tolerance:g} LU",
        ),
    )


def _plot_lengths(histogram: Histogram) -> BarPlot:
    labels = [_format_seconds(edge) for edge in histogram.edges]
    total = sum(histogram.counts)
    return BarPlot(
        title="Length",
        told=f"Half of {format_count(total, 'clip')} are shorter than about {_format_seconds(_find_median(histogram))}; all "
        f"are between {labels[0]} and {labels[-1]}.",
        unit="of speech",
        steps=tuple(f"{low} to {high}" for low, high in pairwise(labels)),
        counts=histogram.counts,
        ticks=tuple(AxisTick(at, name) for at, name in enumerate(labels)),
    )


def _find_median(histogram: Histogram) -> float:
    """The centre of the step that contains the median."""
    half = sum(histogram.counts) / 2
    at = next(at for at, count in enumerate(accumulate(histogram.counts)) if count >= half)
    return (histogram.edges[at] + histogram.edges[at + 1]) / 2


def _format_seconds(value: float) -> str:
    return format_duration(value) if value >= 10 else f"{value:.2g} s"
