"""A run, a standing and verdicts as a page: figures, plots, and what to look at by its causes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.build.plan.planner import State
from tts_assets.cli.output.causes import Group, by_cause, by_sort
from tts_assets.cli.output.data import lines_of
from tts_assets.cli.output.items import Level, errors_of, of_clip, planned, problem
from tts_assets.cli.output.money import traffic_data
from tts_assets.cli.output.plots import Bars, Course, bars, courses, span
from tts_assets.cli.output.summary import LABEL, report_lines, standing_lines
from tts_assets.cli.output.text import encodable, many, one_line
from tts_assets.cli.output.verdicts import figure_lines, items_of
from tts_assets.review import html_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tts_assets.build.events import Report, Standing
    from tts_assets.cli.output.items import Item
    from tts_assets.quality.quality_reports import VerifyReport

_DATA = "report-data"


class Tile(NamedTuple):
    """A figure that is seen first.

    Args:
        value: the figure.
        label: what it counts.
        mood: ``good``, ``bad`` or ``plain``.
    """

    value: str
    label: str
    mood: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of all clips stand in a way."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A small table.

    Args:
        heads: the heads of its columns.
        rows: its cells.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page, with a heading.

    Args:
        name: its place in the page's address.
        title: its heading.
        told: what its figures mean, in a sentence.
        courses: plots over time.
        bars: plots of how many clips are how.
        groups: what to look at.
        shares: how all clips are divided.
        table: anything else.
    """

    name: str
    title: str
    told: str = ""
    courses: tuple[Course, ...] = ()
    bars: tuple[Bars, ...] = ()
    groups: tuple[Group, ...] = ()
    shares: tuple[Share, ...] = ()
    table: Table | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it shows nothing."""
        return not (self.courses or self.bars or self.groups or self.shares or self.table)


def report_page(report: Report) -> bytes:
    """What a run did; of a dry run, what it would do."""
    command = "generate --dry-run" if report.dry_run else "generate"
    sections = (
        Section(name="course", title="Over time", courses=courses(report)),
        Section(name="sound", title="How the clips sound", bars=bars(report.history)),
        _groups("failed", "What failed", by_cause(errors_of(report)), _failed_alike(report)),
        _groups("flawed", "What sounds wrong", by_sort(_flawed(report))),
        _groups("doubts", "Readings to look at", by_cause(_doubtful(report))),
        _states(report.states, "Before the run"),
        _groups("planned", _why(report), by_cause(map(planned, report.planned)), _alike(report)),
        _service(report),
        _slowest(report),
        _figures(report_lines(report), report.notes),
    )
    return _page(command, _report_tiles(report), sections, _ended(report))


def standing_page(standing: Standing) -> bytes:
    """How the clips of all catalogues stand."""
    stale, problems = len(standing.planned), len(standing.problems)
    tiles = (
        Tile(f"{stale:,}", "to make", "bad" if stale else "good"),
        Tile(f"{standing.states.get(State.FRESH, 0):,}", "fresh"),
        *([Tile(f"{problems:,}", "cannot be used", "bad")] if problems else []),
    )
    sections = (
        _states(standing.states, "How the clips stand"),
        _groups("problems", "What cannot be used", by_cause(map(problem, standing.problems))),
        _groups("planned", "What is to be made", by_cause(map(planned, standing.planned))),
        _figures(standing_lines(standing), standing.notes),
    )
    return _page("check", tiles, sections)


def verdicts_page(report: VerifyReport) -> bytes:
    """What is wrong with the sound of assets."""
    wrong = len(report.verdicts)
    tiles = (
        Tile(f"{wrong:,}", "wrong", "bad" if wrong else "good"),
        Tile(f"{report.checked:,}", "checked"),
        *([Tile(f"{report.heard:,}", "listened to")] if report.heard else []),
    )
    sections = (
        _groups("wrong", "What is wrong, by rule", by_sort(items_of(report))),
        _figures(figure_lines(report), report.notes),
    )
    return _page("verify", tiles, sections)


def _ended(report: Report) -> str:
    """Why a run ended before it was done; empty where it was."""
    if report.fatal:
        return f"It ended early: {one_line(report.fatal)}"
    if report.bound:
        return f"It ended early, because of {one_line(report.bound)}."
    return "Somebody stopped it." if report.stopped else ""


def _page(
    command: str, tiles: Iterable[Tile], sections: Iterable[Section], ended: str = ""
) -> bytes:
    data = {
        "command": f"tts-assets {command}",
        "ended": ended,
        "tiles": [tile._asdict() for tile in tiles],
        "sections": [_plain(each) for each in sections if not each.is_empty],
    }
    text = json.dumps(encodable(data), ensure_ascii=False, separators=(",", ":"))
    title = f"tts-assets {command}"
    return html_page.build_page(
        html_page.REPORT_LAYOUT, title=title, data={_DATA: text.encode()}
    ).html


def _plain(value: Any) -> Any:
    """Nested data with the names of their fields, those of named tuples, too."""
    if isinstance(value, tuple | list):
        named = getattr(value, "_asdict", None)
        if named is not None:
            return {name: _plain(each) for name, each in named().items()}
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def _report_tiles(report: Report) -> Iterator[Tile]:
    if report.dry_run:
        yield Tile(f"{report.to_make:,}", "to make")
    else:
        failed = len(report.failures)
        yield Tile(f"{report.made:,}", "made", "good" if report.made else "plain")
        yield Tile(f"{failed:,}", "failed", "bad" if failed else "plain")
        if left := _not_begun(report):
            yield Tile(f"{left:,}", "left to make", "bad" if report.fatal else "plain")
    if report.flawed:
        yield Tile(f"{len(report.flawed):,}", "sound wrong", "bad")
    if report.audio_seconds:
        yield Tile(span(report.audio_seconds), "of speech")
    yield Tile(span(report.seconds), "in all")
    if report.cost is not None:
        cost = report.cost
        credit_count = cost.expected.credits if report.dry_run else cost.billed or cost.due.credits
        money, price = cost.money(credit_count), cost.price
        yield Tile(f"{credit_count:,.0f}", "credits")
        if money is not None and price is not None:
            yield Tile(f"{money:,.2f} {price.currency}", "cost")


def _not_begun(report: Report) -> int:
    """What a run did not come to: it was stopped, came to a bound, or its engine gave up."""
    failed = 0 if report.history is None else sum(report.history.failed)
    return max(0, report.to_make - report.made - failed)


def _groups(name: str, title: str, groups: tuple[Group, ...], told: str = "") -> Section:
    return Section(name=name, title=title, told=told, groups=groups)


def _why(report: Report) -> str:
    return f"Why clips {'are' if report.dry_run else 'were'} to be made"


def _alike(report: Report) -> str:
    return _shared_by(len(report.planned), report.to_make)


def _failed_alike(report: Report) -> str:
    sounds = 0 if report.history is None else sum(report.history.failed)
    return _shared_by(len(report.failures), sounds)


def _shared_by(places: int, sounds: int) -> str:
    """That what is the same in several places is made once, where that makes figures differ."""
    if not 0 < sounds < places:
        return ""
    where = many(places, "place")
    return f"{where} in catalogues, {many(sounds, 'sound')}: what is said alike is made once."


def _flawed(report: Report) -> Iterator[Item]:
    lines = lines_of(report, {each.clip for each in report.flawed})
    for each in report.flawed:
        for finding in each.findings:
            line = lines.get(each.clip)
            yield of_clip(Level.WARNING, finding.rule, each.clip, line, finding.told)


def _doubtful(report: Report) -> Iterator[Item]:
    lines = lines_of(report, {each.clip for each in report.doubts})
    for each in report.doubts:
        told = each.pronunciation.doubt or ""
        yield of_clip(Level.WARNING, "doubts", each.clip, lines.get(each.clip), told)


def _states(states: Mapping[State, int], title: str) -> Section:
    shares = tuple(
        Share(name=state.value, count=states[state]) for state in State if states.get(state)
    )
    return Section(name="states", title=title, shares=shares)


def _service(report: Report) -> Section:
    if report.traffic is None:
        return Section(name="service", title="")
    told = traffic_data(report.traffic)
    rows = (
        ("requests", f"{told['requests']:,}"),
        ("refused for want of room", f"{told['refusals']:,}"),
        ("repeated after an error", f"{told['retries']:,}"),
        ("waits", f"{told['waits']:,}, {span(told['waited_seconds'])} in all"),
    )
    return Section(name="service", title="The service", table=Table(heads=("", ""), rows=rows))


def _slowest(report: Report) -> Section:
    slowest = () if report.history is None else report.history.slowest
    lines = lines_of(report, {each.clip for each in slowest})
    items = (
        of_clip(Level.NOTICE, "slow", slow.clip, lines.get(slow.clip), span(slow.seconds))
        for slow in slowest
    )
    rows = tuple(
        (item.what, span(slow.audio_seconds), f"{item.kind} {item.name}", item.where)
        for item, slow in zip(items, slowest, strict=True)
    )
    heads = ("took", "sounds for", "clip", "where")
    return Section(
        name="slowest",
        title="What took longest",
        told="How long somebody was at it, waits included; of a long text all its segments together, "
        "also those that were made at once.",
        table=Table(heads=heads, rows=rows) if rows else None,
    )


def _figures(lines: Iterable[str], notes: Iterable[str]) -> Section:
    rows = [(line[:LABEL].strip(), line[LABEL:].strip()) for line in lines]
    rows += [("note", note) for note in notes]
    return Section(
        name="figures", title="All figures", table=Table(heads=("", ""), rows=tuple(rows))
    )
