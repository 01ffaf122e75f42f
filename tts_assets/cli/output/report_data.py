"""A run, its events and a status as plain data, in the types of the schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.build.events import (
    ClipFailed,
    ClipMade,
    Estimated,
    SegmentMade,
    ServiceWait,
    Started,
    Waiting,
)
from tts_assets.build.plan.planner import State
from tts_assets.cli.output.console_text import shorten_text, to_one_line, to_plain_data
from tts_assets.cli.output.cost_report import count_decisions, to_cost_data, to_traffic_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tts_assets.build.events import Doubt, Event, Report, Standing
    from tts_assets.build.metrics import RunHistory
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.errors import InputError
    from tts_assets.model import Clip, Pronunciation
    from tts_assets.store.paid_journal import DoubtfulTake

_EVENT_NAMES = {
    Waiting: "waiting",
    Estimated: "estimated",
    Started: "started",
    ServiceWait: "service-wait",
    SegmentMade: "segment-made",
    ClipMade: "clip-made",
    ClipFailed: "clip-failed",
}


def to_report_data(report: Report) -> dict[str, Any]:
    """A report as plain data."""
    lines = find_failure_lines(report)
    return to_plain_data(
        report,
        states=_to_states_data(report.states),
        failures=[to_plain_data(each, line=lines.get(each.clip)) for each in report.failures],
        doubts=[_to_uncertain_data(each) for each in report.doubts],
        traffic=None if report.traffic is None else to_traffic_data(report.traffic),
        cost=None if report.cost is None else to_cost_data(report.cost),
        history=None if report.history is None else _to_history_data(report, report.history),
    )


def to_status_data(standing: Standing) -> dict[str, Any]:
    """A status as plain data."""
    plain = to_plain_data(
        standing,
        states=_to_states_data(standing.states),
        approved=count_decisions(standing),
        takes=[_to_take_data(each) for each in standing.takes],
    )
    return {"stale": standing.stale, **plain}


def to_event_data(event: Event) -> dict[str, Any]:
    """An event as plain data."""
    changes: dict[str, Any] = {}
    match event:
        case Estimated():
            changes["cost"] = to_cost_data(event.cost)
        case Started():
            changes["states"] = _to_states_data(event.states)
        case SegmentMade():
            changes |= {"segment": event.number + 1, "segments": event.out_of}
        case ClipMade(pronunciation=spoken):
            changes["said"] = None if spoken is None else _format_spoken(spoken)
        case ClipFailed():
            changes["reason"] = str(event.error)
    return {"event": _EVENT_NAMES[type(event)], **to_plain_data(event, **changes)}


def find_failure_lines(report: Report) -> dict[Clip, int | None]:
    """The lines of the records of failed clips, from the plan."""
    return find_record_lines(report, {each.clip for each in report.failures})


def find_record_lines(report: Report, clips: set[Clip]) -> dict[Clip, int | None]:
    """The lines of the records of planned clips, from the plan."""
    if not clips:
        return {}
    return {item.clip: item.line for item in report.planned if item.clip in clips}


def _to_states_data(states: Mapping[State, int]) -> dict[str, int]:
    return {state.value: states.get(state, 0) for state in State}


def _to_history_data(report: Report, history: RunHistory) -> dict[str, Any]:
    lines = find_record_lines(report, {each.clip for each in history.slowest})
    return to_plain_data(
        history,
        in_hand=[round(each, 3) for each in history.in_hand],
        slowest=[to_plain_data(each, line=lines.get(each.clip)) for each in history.slowest],
    )


def _format_spoken(spoken: Pronunciation) -> str:
    # Loads rules of Japanese, which most reports do without.
    from tts_assets.japanese.accent_notation import format_accent_phrases  # noqa: PLC0415

    return format_accent_phrases(spoken.phrases)


def _to_uncertain_data(doubt: Doubt) -> dict[str, Any]:
    from tts_assets.japanese.accent_notation import format_pitch_line  # noqa: PLC0415 - see above

    spoken = doubt.pronunciation
    pitch = format_pitch_line(spoken.phrases)
    return to_plain_data(doubt, said=_format_spoken(spoken), pitch=pitch)


def _to_take_data(take: DoubtfulTake) -> dict[str, Any]:
    request, response, record = take.purchase.sent, take.purchase.arrived, take.record
    return {
        "file": request.file,
        "entry": request.entry,
        "part": request.part,
        "segment": None if request.segment is None else request.segment + 1,
        "text": request.text,
        "reason": record.fault,
        "opinion": take.opinion,
        "name": take.file_name,
        "sha256": record.sha256,
        "path": str(take.path),
        "seconds": record.seconds,
        "provider": request.service,
        "voice": request.voice,
        "model": request.model,
        "sent": _format_moment(request.at),
        "request_id": "" if response is None else response.request_id,
        "history_item_id": "" if response is None else response.history_item_id,
        "billed": take.purchase.cost,
        "recipe": request.recipe,
    }


def _format_moment(seconds: float) -> str:
    """A time since the epoch in ISO 8601; "" if it is out of range."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


# Items to check, in one shape for lines, annotations, Markdown and JUnit.


class AnnotationLevel(StrEnum):
    """The severity of an item; the values are GitHub's commands for annotations."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class ReportItem(NamedTuple):
    """One item to check; every text is on one line, and safe to show."""

    level: AnnotationLevel  #: the severity
    sort: str  #: ``failed``, a state or a rule
    file: str  #: the catalogue's path as given
    line: int | None  #: the line in the file, from 1; None if unknown
    kind: str  #: the kind of content; "" if the item is not about a clip
    name: str  #: the entry, its part and the text, if known
    what: str  #: the reason or the problem, as text
    asset: str = ""  #: the asset to generate or check; "" if irrelevant

    @property
    def location(self) -> str:
        """File and line."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def description(self) -> str:
        """The clip and the problem."""
        clip = f"{self.kind} {self.name}".strip()
        if self.asset:
            return f"{clip} -> {self.asset} ({self.what})"
        return f"{clip}: {self.what}" if clip else self.what

    def __str__(self) -> str:
        return f"{self.location}: {self.sort}: {self.description}"


def iter_report_errors(report: Report) -> Iterator[ReportItem]:
    """Unusable entries and failed clips."""
    lines = find_failure_lines(report)
    failed = (
        to_clip_item(AnnotationLevel.ERROR, "failed", each.clip, lines.get(each.clip), each.reason)
        for each in report.failures
    )
    return chain(map(to_problem_item, report.problems), failed)


def to_planned_item(item: ClipPlan, sort: str = "") -> ReportItem:
    """A clip to generate; its sort is its state by default."""
    sort = sort or item.state.value
    found = to_clip_item(AnnotationLevel.WARNING, sort, item.clip, item.line, item.reason)
    return found._replace(asset=to_one_line(item.asset))


def to_unapproved_item(item: ClipPlan) -> ReportItem:
    """A clip whose sound is not approved."""
    return to_planned_item(item, "unapproved")


def to_take_item(take: DoubtfulTake) -> ReportItem:
    """A paid and automatically rejected sound that awaits a decision."""
    request = take.purchase.sent
    name = f"{to_one_line(request.entry)} {to_one_line(request.part)} {shorten_text(request.text)}"
    problem = f"{take.record.fault}; {take.opinion.value}, kept as {take.path}"
    return ReportItem(
        AnnotationLevel.WARNING,
        "doubtful take",
        to_one_line(request.file),
        None,
        "",
        name,
        to_one_line(problem),
    )


def to_problem_item(each: InputError) -> ReportItem:
    """An unusable entry or file."""
    file, entry = to_one_line(each.file), to_one_line(each.entry or "")
    return ReportItem(
        AnnotationLevel.ERROR, "error", file, each.line, "", entry, to_one_line(each.message)
    )


def iter_status_items(standing: Standing) -> Iterator[ReportItem]:
    """Unusable entries, clips to generate, and clips to approve."""
    return chain(
        map(to_problem_item, standing.problems),
        map(to_planned_item, standing.planned),
        map(to_unapproved_item, standing.unapproved or ()),
    )


def to_clip_item(
    level: AnnotationLevel, sort: str, clip: Clip, line: int | None, problem: str
) -> ReportItem:
    """A clip and its problem."""
    name = f"{to_one_line(clip.entry)} {to_one_line(clip.part)} {shorten_text(clip.form.text)}"
    return ReportItem(
        level, sort, to_one_line(clip.file), line, clip.kind.value, name, to_one_line(problem)
    )
