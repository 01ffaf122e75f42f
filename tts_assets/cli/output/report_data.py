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

    from tts_assets.build.events import Doubt, Event, Flawed, Report, Standing
    from tts_assets.build.metrics import RunHistory
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.errors import InputError
    from tts_assets.model import Clip, Finding, Pronunciation, Unspoken
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
        failures=[
            {**_to_clip_data(each.clip), "line": lines.get(each.clip), "reason": each.reason}
            for each in report.failures
        ],
        doubts=[_to_uncertain_data(each) for each in report.doubts],
        flawed=[_to_clip_findings_data(each) for each in report.flawed],
        planned=[_to_planned_data(each) for each in report.planned],
        unspoken=[_to_skipped_data(each) for each in report.unspoken],
        problems=[to_problem_data(each) for each in report.problems],
        traffic=None if report.traffic is None else to_traffic_data(report.traffic),
        cost=None if report.cost is None else to_cost_data(report.cost),
        history=None if report.history is None else _to_history_data(report, report.history),
    )


def to_status_data(standing: Standing) -> dict[str, Any]:
    """A status as plain data."""
    unapproved = standing.unapproved
    plain = to_plain_data(
        standing,
        states=_to_states_data(standing.states),
        planned=[_to_planned_data(each) for each in standing.planned],
        approved=count_decisions(standing),
        unapproved=None if unapproved is None else [_to_planned_data(each) for each in unapproved],
        takes=[_to_take_data(each) for each in standing.takes],
        unspoken=[_to_skipped_data(each) for each in standing.unspoken],
        problems=[to_problem_data(each) for each in standing.problems],
    )
    return {"stale": standing.stale, **plain}


def to_event_data(event: Event) -> dict[str, Any]:
    """An event as plain data."""
    line: dict[str, Any] = {"event": _EVENT_NAMES[type(event)]}
    match event:
        case Waiting() | ServiceWait():
            return line | to_plain_data(event)
        case Estimated():
            return line | {"cost": to_cost_data(event.cost)}
        case Started():
            states = _to_states_data(event.states)
            return line | {"jobs": event.jobs, "workers": event.workers, "states": states}
        case SegmentMade():
            line |= {
                "recipe": event.job.recipe,
                "segment": event.number + 1,
                "segments": event.out_of,
                "seconds": round(event.seconds, 3),
            }
        case ClipMade(pronunciation=spoken):
            line |= {
                "recipe": event.job.recipe,
                "assets": list(event.job.assets),
                "clips": [_to_clip_data(clip) for clip in event.job.clips],
                "seconds": round(event.seconds, 3),
                "audio_seconds": round(event.audio_seconds, 3),
                "said": None if spoken is None else _format_spoken(spoken),
                "findings": [to_finding_data(each) for each in event.findings],
            }
        case ClipFailed():
            line |= {
                "recipe": event.job.recipe,
                "clips": [_to_clip_data(clip) for clip in event.job.clips],
                "reason": str(event.error),
                "attempt": event.attempt,
                "seconds": round(event.seconds, 3),
            }
    return line | {"counts": to_plain_data(event.counts)}


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


def _to_clip_data(clip: Clip) -> dict[str, Any]:
    return {
        "file": clip.file,
        "kind": clip.kind,
        "entry": clip.entry,
        "part": clip.part,
        "text": clip.form.text,
        "reading": clip.form.reading,
        "accent": clip.form.accent,
    }


def _to_planned_data(item: ClipPlan) -> dict[str, Any]:
    return {
        **_to_clip_data(item.clip),
        "line": item.line,
        "state": item.state,
        "reason": item.reason,
        "changes": [to_plain_data(each) for each in item.changes],
        "recipe": item.recipe,
        "asset": item.asset,
        "url": item.url,
        "held": item.held,
    }


def _to_history_data(report: Report, history: RunHistory) -> dict[str, Any]:
    lines = find_record_lines(report, {each.clip for each in history.slowest})
    return to_plain_data(
        history,
        in_hand=[round(each, 3) for each in history.in_hand],
        slowest=[
            {
                **_to_clip_data(each.clip),
                "line": lines.get(each.clip),
                "seconds": round(each.seconds, 3),
                "audio_seconds": round(each.audio_seconds, 3),
            }
            for each in history.slowest
        ],
    )


def _format_spoken(spoken: Pronunciation) -> str:
    # Loads rules of Japanese, which most reports do without.
    from tts_assets.japanese.accent_notation import format_accent_phrases  # noqa: PLC0415

    return format_accent_phrases(spoken.phrases)


def _to_uncertain_data(doubt: Doubt) -> dict[str, Any]:
    from tts_assets.japanese.accent_notation import format_pitch_line  # noqa: PLC0415 - see below

    spoken = doubt.pronunciation
    return {
        **_to_clip_data(doubt.clip),
        "said": _format_spoken(spoken),
        "pitch": format_pitch_line(spoken.phrases),
        "basis": spoken.basis,
        "accent_basis": spoken.accent_basis,
        "doubt": spoken.doubt,
        "near": spoken.near,
    }


def to_finding_data(finding: Finding) -> dict[str, str]:
    """A failed audio check as plain data."""
    return {
        "rule": finding.rule,
        "measured": finding.measured,
        "limit": finding.limit,
        "message": finding.told,
    }


def _to_clip_findings_data(flawed: Flawed) -> dict[str, Any]:
    return {
        **_to_clip_data(flawed.clip),
        "findings": [to_finding_data(each) for each in flawed.findings],
    }


def _to_skipped_data(each: Unspoken) -> dict[str, Any]:
    return {
        "file": each.file,
        "kind": each.kind,
        "entry": each.entry,
        "part": each.part,
        "reason": each.reason,
    }


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


def to_problem_data(problem: InputError) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "entry": problem.entry,
        "message": problem.message,
    }


# Items to check, in one shape for lines, annotations, Markdown and JUnit.


class AnnotationLevel(StrEnum):
    """The severity of an item; the values are GitHub's commands for annotations."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class ReportItem(NamedTuple):
    """One item to check; every text is on one line, and safe to show.

    Args:
        level: the severity.
        sort: ``failed``, a state or a rule.
        file: the catalogue's path as given.
        line: the line in the file, from 1; None if unknown.
        kind: the kind of content; "" if the item is not about a clip.
        name: the entry, its part and the text, if known.
        what: the reason or the problem, as text.
        asset: the asset to generate or check; "" if irrelevant.
    """

    level: AnnotationLevel
    sort: str
    file: str
    line: int | None
    kind: str
    name: str
    what: str
    asset: str = ""

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


def to_planned_item(item: ClipPlan, level: AnnotationLevel = AnnotationLevel.WARNING) -> ReportItem:
    """A clip to generate."""
    clip_item = to_clip_item(level, item.state.value, item.clip, item.line, item.reason)
    return clip_item._replace(asset=to_one_line(item.asset))


def to_unapproved_item(item: ClipPlan) -> ReportItem:
    """A clip whose sound is not approved."""
    clip_item = to_clip_item(
        AnnotationLevel.WARNING, "unapproved", item.clip, item.line, item.reason
    )
    return clip_item._replace(asset=to_one_line(item.asset))


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
