"""A run, a status and the results of `verify` as an HTML report, with failures grouped by cause."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.build.events import Report, Standing
from tts_assets.build.plan.planner import State
from tts_assets.cli.output.ci_output import format_verify_figures, iter_verify_items
from tts_assets.cli.output.console_text import (
    to_encodable,
    to_one_line,
    to_plain_data,
)
from tts_assets.cli.output.cost_report import (
    LABEL_WIDTH,
    format_report_lines,
    format_status_lines,
    to_traffic_data,
)
from tts_assets.cli.output.history_plots import (
    BarPlot,
    TimePlot,
    build_bar_plots,
    build_time_plots,
    format_duration,
)
from tts_assets.cli.output.report_data import (
    AnnotationLevel,
    find_record_lines,
    iter_report_errors,
    to_clip_item,
    to_planned_item,
    to_problem_item,
)
from tts_assets.errors import format_count
from tts_assets.review import html_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tts_assets.cli.output.report_data import ReportItem
    from tts_assets.quality.quality_reports import VerifyReport

_PAGE_DATA_ID = "report-data"


class FigureTile(NamedTuple):
    """A figure at the top of the page."""

    value: str  #: the figure
    label: str  #: its meaning
    mood: str = "plain"  #: ``good``, ``bad`` or ``plain``


@dataclass(frozen=True, slots=True, kw_only=True)
class StateShare:
    """The number of clips in a state."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """A small table."""

    rows: tuple[tuple[str, ...], ...]  #: the cells
    heads: tuple[str, ...] = ("", "")  #: the column headings


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """A section of the page."""

    name: str  #: its anchor in the page's URL
    title: str  #: its heading
    told: str = ""  #: a sentence that explains its figures
    courses: tuple[TimePlot, ...] = ()  #: plots over time
    bars: tuple[BarPlot, ...] = ()  #: histograms of clips
    groups: tuple[FailureGroup, ...] = ()  #: items to check
    shares: tuple[StateShare, ...] = ()  #: the number of clips in each state
    table: PageTable | None = None  #: other figures

    @property
    def is_empty(self) -> bool:
        """Whether the section has no content."""
        return not (self.courses or self.bars or self.groups or self.shares or self.table)


def build_result_page(result: Report | Standing | VerifyReport) -> bytes:
    """The page of a run, a status or a verification."""
    if isinstance(result, Report):
        return build_report_page(result)
    return build_status_page(result) if isinstance(result, Standing) else build_verify_page(result)


def build_report_page(report: Report) -> bytes:
    """The page of a run or a dry run."""
    command = "generate --dry-run" if report.dry_run else "generate"
    failed = 0 if report.history is None else sum(report.history.failed)
    sections = (
        PageSection(name="course", title="Over time", courses=build_time_plots(report)),
        PageSection(name="sound", title="Sound of the clips", bars=build_bar_plots(report.history)),
        _build_groups_section(
            "failed",
            "What failed",
            group_by_cause(iter_report_errors(report)),
            _describe_sharing(len(report.failures), failed),
        ),
        _build_groups_section(
            "flawed", "What sounds wrong", group_by_sort(_iter_sound_items(report))
        ),
        _build_groups_section(
            "doubts", "Readings to check", group_by_cause(_iter_reading_items(report))
        ),
        _build_states_section(report.states, "Before the run"),
        _build_groups_section(
            "planned",
            f"Why clips {'are' if report.dry_run else 'were'} to be generated",
            group_by_cause(map(to_planned_item, report.planned)),
            _describe_sharing(len(report.planned), report.to_make),
        ),
        _build_service_section(report),
        _build_slowest_section(report),
        _build_figures_section(format_report_lines(report), report.notes),
    )
    return _render_page(command, _iter_report_tiles(report), sections, _describe_early_end(report))


def build_status_page(standing: Standing) -> bytes:
    """The page of a status."""
    stale, problems = len(standing.planned), len(standing.problems)
    tiles = (
        FigureTile(f"{stale:,}", "to make", "bad" if stale else "good"),
        FigureTile(f"{standing.states.get(State.FRESH, 0):,}", "fresh"),
        *([FigureTile(f"{problems:,}", "cannot be used", "bad")] if problems else []),
    )
    sections = (
        _build_states_section(standing.states, "States of the clips"),
        _build_groups_section(
            "problems",
            "Unusable entries",
            group_by_cause(map(to_problem_item, standing.problems)),
        ),
        _build_groups_section(
            "planned", "Clips to generate", group_by_cause(map(to_planned_item, standing.planned))
        ),
        _build_figures_section(format_status_lines(standing), standing.notes),
    )
    return _render_page("check", tiles, sections)


def build_verify_page(report: VerifyReport) -> bytes:
    """The page of a verification."""
    wrong = len(report.verdicts)
    tiles = (
        FigureTile(f"{wrong:,}", "wrong", "bad" if wrong else "good"),
        FigureTile(f"{report.checked:,}", "checked"),
        *([FigureTile(f"{report.recognized:,}", "recognized")] if report.recognized else []),
    )
    sections = (
        _build_groups_section(
            "wrong", "What is wrong, by rule", group_by_sort(iter_verify_items(report))
        ),
        _build_figures_section(format_verify_figures(report), report.notes),
    )
    return _render_page("verify", tiles, sections)


def _describe_early_end(report: Report) -> str:
    """Why a run ended early; empty if it completed."""
    if report.fatal:
        return f"It ended early: {to_one_line(report.fatal)}"
    if report.bound:
        return f"It ended early, because of {to_one_line(report.bound)}."
    return "It was interrupted." if report.stopped else ""


def _render_page(
    command: str, tiles: Iterable[FigureTile], sections: Iterable[PageSection], ended: str = ""
) -> bytes:
    data = {
        "command": f"tts-assets {command}",
        "ended": ended,
        "tiles": [to_plain_data(each) for each in tiles],
        "sections": [to_plain_data(each) for each in sections if not each.is_empty],
    }
    text = json.dumps(to_encodable(data), ensure_ascii=False, separators=(",", ":"))
    title = f"tts-assets {command}"
    return html_page.build_page(
        html_page.REPORT_LAYOUT, title=title, data={_PAGE_DATA_ID: text.encode()}
    ).html


def _iter_report_tiles(report: Report) -> Iterator[FigureTile]:
    if report.dry_run:
        yield FigureTile(f"{report.to_make:,}", "to make")
    else:
        failed = len(report.failures)
        yield FigureTile(f"{report.made:,}", "made", "good" if report.made else "plain")
        yield FigureTile(f"{failed:,}", "failed", "bad" if failed else "plain")
        if left := _count_not_started(report):
            yield FigureTile(f"{left:,}", "left to make", "bad" if report.fatal else "plain")
    if report.flawed:
        yield FigureTile(f"{len(report.flawed):,}", "sound wrong", "bad")
    if report.audio_seconds:
        yield FigureTile(format_duration(report.audio_seconds), "of speech")
    yield FigureTile(format_duration(report.seconds), "in all")
    if report.cost is not None:
        cost = report.cost
        credit_count = cost.expected.credits if report.dry_run else cost.billed or cost.due.credits
        money, price = cost.money(credit_count), cost.price
        yield FigureTile(f"{credit_count:,.0f}", "credits")
        if money is not None and price is not None:
            yield FigureTile(f"{money:,.2f} {price.currency}", "cost")


def _count_not_started(report: Report) -> int:
    """The clips that an interrupted, limited or failed run did not start."""
    failed = 0 if report.history is None else sum(report.history.failed)
    return max(0, report.to_make - report.made - failed)


def _build_groups_section(
    name: str, title: str, groups: tuple[FailureGroup, ...], explanation: str = ""
) -> PageSection:
    return PageSection(name=name, title=title, told=explanation, groups=groups)


def _describe_sharing(places: int, sounds: int) -> str:
    """Explain that equal clips are generated once, if that makes figures differ."""
    if not 0 < sounds < places:
        return ""
    where = format_count(places, "place")
    return (
        f"{where} in catalogues, {format_count(sounds, 'sound')}: equal clips are generated once."
    )


def _iter_sound_items(report: Report) -> Iterator[ReportItem]:
    lines = find_record_lines(report, {each.clip for each in report.flawed})
    for each in report.flawed:
        for finding in each.findings:
            line = lines.get(each.clip)
            yield to_clip_item(
                AnnotationLevel.WARNING, finding.rule, each.clip, line, finding.message
            )


def _iter_reading_items(report: Report) -> Iterator[ReportItem]:
    lines = find_record_lines(report, {each.clip for each in report.doubts})
    for each in report.doubts:
        doubt = each.pronunciation.doubt or ""
        yield to_clip_item(
            AnnotationLevel.WARNING, "doubts", each.clip, lines.get(each.clip), doubt
        )


def _build_states_section(states: Mapping[State, int], title: str) -> PageSection:
    shares = tuple(
        StateShare(name=state.value, count=states[state]) for state in State if states.get(state)
    )
    return PageSection(name="states", title=title, shares=shares)


def _build_service_section(report: Report) -> PageSection:
    if report.traffic is None:
        return PageSection(name="service", title="")
    traffic = to_traffic_data(report.traffic)
    rows = (
        ("requests", f"{traffic['requests']:,}"),
        ("refused at the limit", f"{traffic['refusals']:,}"),
        ("repeated after an error", f"{traffic['retries']:,}"),
        ("waits", f"{traffic['waits']:,}, {format_duration(traffic['waited_seconds'])} in all"),
    )
    return PageSection(name="service", title="The service", table=PageTable(rows=rows))


def _build_slowest_section(report: Report) -> PageSection:
    slowest = () if report.history is None else report.history.slowest
    lines = find_record_lines(report, {each.clip for each in slowest})
    items = (
        to_clip_item(
            AnnotationLevel.NOTICE,
            "slow",
            slow.clip,
            lines.get(slow.clip),
            format_duration(slow.seconds),
        )
        for slow in slowest
    )
    rows = tuple(
        (item.what, format_duration(slow.audio_seconds), f"{item.kind} {item.name}", item.location)
        for item, slow in zip(items, slowest, strict=True)
    )
    heads = ("time", "length", "clip", "where")
    return PageSection(
        name="slowest",
        title="What took longest",
        told="The time that a worker took, waits included; of a passage, of all its segments together, "
        "even if they were generated at the same time.",
        table=PageTable(heads=heads, rows=rows) if rows else None,
    )


def _build_figures_section(lines: Iterable[str], notes: Iterable[str]) -> PageSection:
    rows = [(line[:LABEL_WIDTH].strip(), line[LABEL_WIDTH:].strip()) for line in lines]
    rows += [("note", note) for note in notes]
    return PageSection(name="figures", title="All figures", table=PageTable(rows=tuple(rows)))


# Items grouped by cause: messages are compared without the parts that differ from clip to clip.


#: Messages are cut to this length; longer ones differ in their beginnings, if at all.
_MAX_MESSAGE_LENGTH = 300

#: The parts of a message that are specific to one clip: quotations, non-English text, hashes and numbers.
_QUOTED_PATTERN = re.compile(
    r"""(?<!\w)(['"`]).{1,80}?\1(?!\w)|(?:[^\x00-\x7f]+\s?)+(?<!\s)|\\u[0-9a-f]{4}"""
)
_NUMBER_PATTERN = re.compile(r"\b[0-9a-f]{12,}\b|\d+(?:[.,:]\d+)*")

#: Limits of a section: groups, with one more for the rest, and example clips.
_MAX_GROUPS = 40
_MAX_EXAMPLES = 200
_MIN_EXAMPLES = 3


class GroupExample(NamedTuple):
    """One clip of a group, as text that is safe to show."""

    where: str  #: file and line
    who: str  #: the entry and its text
    what: str  #: the whole message


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Items with one cause."""

    sort: str  #: ``failed``, a state or a rule
    cause: str  #: the message without clip-specific parts
    count: int  #: the number of items
    examples: tuple[GroupExample, ...]  #: the first items


def normalise_message(message: str) -> str:
    """Replace the clip-specific parts of a message with placeholders."""
    return _NUMBER_PATTERN.sub("#", _QUOTED_PATTERN.sub("…", message[:_MAX_MESSAGE_LENGTH]))


def group_by_cause(items: Iterable[ReportItem]) -> tuple[FailureGroup, ...]:
    """Group items by sort and cause, the largest group first."""
    return _group_items(items, lambda item: (item.sort, normalise_message(item.what)))


def group_by_sort(items: Iterable[ReportItem]) -> tuple[FailureGroup, ...]:
    """Group items by sort, such as a rule, the largest group first."""
    return _group_items(items, lambda item: item.sort)


def _group_items(
    items: Iterable[ReportItem], key: Callable[[ReportItem], object]
) -> tuple[FailureGroup, ...]:
    groups_by_key: dict[object, list[ReportItem]] = {}
    for item in items:
        groups_by_key.setdefault(key(item), []).append(item)
    largest = sorted(groups_by_key.values(), key=len, reverse=True)
    listed, others = largest[:_MAX_GROUPS], largest[_MAX_GROUPS:]
    max_examples = max(_MIN_EXAMPLES, _MAX_EXAMPLES // max(1, len(listed)))
    groups = [
        _make_group(group[0].sort, _find_common_message(group), group, max_examples)
        for group in listed
    ]
    if others:
        rest = list(chain.from_iterable(others))
        groups.append(_make_group("", format_count(len(others), "other cause"), rest, max_examples))
    return tuple(groups)


def _make_group(
    sort: str, cause: str, items: Sequence[ReportItem], max_examples: int
) -> FailureGroup:
    examples = tuple(map(_make_example, items[:max_examples]))
    return FailureGroup(sort=sort, cause=cause, count=len(items), examples=examples)


def _find_common_message(items: Sequence[ReportItem]) -> str:
    """The message that the items share: in full if all are the same."""
    first = items[0].what
    is_same = all(item.what == first for item in items)
    return first[:_MAX_MESSAGE_LENGTH] if is_same else normalise_message(first)


def _make_example(item: ReportItem) -> GroupExample:
    who = f"{item.kind} {item.name}".strip()
    return GroupExample(
        item.location[-_MAX_MESSAGE_LENGTH:],
        who[:_MAX_MESSAGE_LENGTH],
        item.what[: 2 * _MAX_MESSAGE_LENGTH],
    )
