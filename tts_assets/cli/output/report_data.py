"""A run, its events and a status as plain data, of the types that the schemas describe."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, cast

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
from tts_assets.cli.output.console_text import shorten_text, to_one_line
from tts_assets.cli.output.cost_report import to_cost_data, to_traffic_data
from tts_assets.cli.output.document_types import (
    ClipFailedLine,
    ClipMadeLine,
    CountsData,
    DecisionsData,
    EstimatedLine,
    EventLine,
    SegmentMadeLine,
    ServiceWaitLine,
    StandingDocument,
    StartedLine,
    WaitingLine,
)
from tts_assets.cli.output.report_types import (
    ChangeData,
    ClipData,
    DoubtfulClip,
    FailedClip,
    FindingData,
    FlawedClip,
    HistogramData,
    HistoryData,
    KeptClips,
    KeptTake,
    OrphanData,
    PlannedClip,
    ProblemData,
    ReportDocument,
    SlowClip,
    States,
    UnspokenText,
)
from tts_assets.japanese.accent_notation import format_accent_phrases, format_pitch_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tts_assets.build.events import Doubt, Event, Failure, Flawed, Report, Standing
    from tts_assets.build.metrics import Histogram, RunHistory, SlowestClip
    from tts_assets.build.plan.planner import ClipPlan, KeptClipGroup
    from tts_assets.build.pool import Counts
    from tts_assets.errors import InputError
    from tts_assets.model import Clip, Finding, Unspoken
    from tts_assets.store.paid_journal import DoubtfulTake


def to_report_data(report: Report) -> ReportDocument:
    """A report as plain data."""
    lines = find_failure_lines(report)
    return {
        "dry_run": report.dry_run,
        "catalogues": report.catalogues,
        "states": _to_states_data(report.states),
        "to_make": report.to_make,
        "passed_over": report.passed_over,
        "made": report.made,
        "to_move": report.to_move,
        "moved": report.moved,
        "left": report.left,
        "bound": report.bound,
        "failed": [_to_failed_data(each, lines.get(each.clip)) for each in report.failures],
        "doubts": [_to_uncertain_data(each) for each in report.doubts],
        "flawed": [_to_clip_findings_data(each) for each in report.flawed],
        "planned": [_to_planned_data(each) for each in report.planned],
        "kept": _to_kept_data(report.kept),
        "unspoken": [_to_skipped_data(each) for each in report.unspoken],
        "problems": [to_problem_data(each) for each in report.problems],
        "notes": list(report.notes),
        "unmatched": report.unmatched,
        "urls_to_write": report.urls_to_write,
        "timelines_to_write": report.timelines_to_write,
        "timelines_written": report.timelines_written,
        "urls_written": report.urls_written,
        "shard": report.shard,
        "urls_missed": report.urls_missed,
        "workers": report.workers,
        "seconds": round(report.seconds, 3),
        "audio_seconds": round(report.audio_seconds, 3),
        "fatal": report.fatal,
        "forced": report.forced,
        "stopped": report.stopped,
        "provider": report.provider,
        "chosen": report.chosen,
        "credit": report.credit,
        "traffic": None if report.traffic is None else to_traffic_data(report.traffic),
        "cost": None if report.cost is None else to_cost_data(report.cost),
        "history": None if report.history is None else _to_history_data(report, report.history),
    }


def to_status_data(standing: Standing) -> StandingDocument:
    """A standing as plain data."""
    return {
        "stale": standing.stale,
        "catalogues": standing.catalogues,
        "states": _to_states_data(standing.states),
        "planned": [_to_planned_data(each) for each in standing.planned],
        "decisions": _to_decisions_data(standing),
        "unapproved": None
        if standing.unapproved is None
        else [_to_planned_data(each) for each in standing.unapproved],
        "takes": [_to_take_data(each) for each in standing.takes],
        "kept": _to_kept_data(standing.kept),
        "orphans": None
        if standing.orphans is None
        else [
            OrphanData(asset=each.asset, bytes=each.bytes, ours=each.ours)
            for each in standing.orphans
        ],
        "judged_by": standing.judged_by,
        "unspoken": [_to_skipped_data(each) for each in standing.unspoken],
        "problems": [to_problem_data(each) for each in standing.problems],
        "notes": list(standing.notes),
        "unmatched": standing.unmatched,
        "urls_to_write": standing.urls_to_write,
        "timelines_to_write": standing.timelines_to_write,
        "provider": standing.provider,
        "chosen": standing.chosen,
        "seconds": round(standing.seconds, 3),
    }


def to_event_data(
    event: Event,
) -> EventLine:
    """An event as plain data."""
    match event:
        case Waiting() | Estimated():
            return _to_preparation_data(event)
        case Started():
            return StartedLine(
                event="started",
                jobs=event.jobs,
                workers=event.workers,
                states=_to_states_data(event.states),
            )
        case ServiceWait():
            return _to_service_wait_data(event)
        case SegmentMade():
            return _to_segment_made_data(event)
        case ClipMade():
            return _to_clip_made_data(event)
        case ClipFailed():
            return _to_clip_failed_data(event)


def _to_preparation_data(event: Waiting | Estimated) -> WaitingLine | EstimatedLine:
    if isinstance(event, Waiting):
        return WaitingLine(event="waiting", path=event.path)
    return EstimatedLine(event="estimated", cost=to_cost_data(event.cost))


def _to_service_wait_data(event: ServiceWait) -> ServiceWaitLine:
    return {
        "event": "service-wait",
        "reason": event.reason,
        "seconds": round(event.seconds, 3),
        "requests": event.requests,
        "refusals": event.refusals,
        "retries": event.retries,
    }


def _to_segment_made_data(event: SegmentMade) -> SegmentMadeLine:
    return {
        "event": "segment-made",
        "recipe": event.job.recipe,
        "segment": event.number + 1,
        "segments": event.out_of,
        "seconds": round(event.seconds, 3),
        "counts": _to_counts_data(event.counts),
    }


def find_failure_lines(report: Report) -> dict[Clip, int | None]:
    """The lines of the records whose clips failed, as the plan knows them."""
    return find_record_lines(report, {each.clip for each in report.failures})


def find_record_lines(report: Report, clips: set[Clip]) -> dict[Clip, int | None]:
    """The lines of the records of some clips that were to be made, as the plan knows them."""
    if not clips:
        return {}
    return {item.clip: item.line for item in report.planned if item.clip in clips}


def _to_clip_made_data(event: ClipMade) -> ClipMadeLine:
    said = event.pronunciation
    return {
        "event": "clip-made",
        "recipe": event.job.recipe,
        "assets": list(event.job.assets),
        "clips": [_to_clip_data(clip) for clip in event.job.clips],
        "seconds": round(event.seconds, 3),
        "audio_seconds": round(event.audio_seconds, 3),
        "said": None if said is None else format_accent_phrases(said.phrases),
        "findings": [to_finding_data(each) for each in event.findings],
        "counts": _to_counts_data(event.counts),
    }


def _to_clip_failed_data(event: ClipFailed) -> ClipFailedLine:
    return {
        "event": "clip-failed",
        "recipe": event.job.recipe,
        "clips": [_to_clip_data(clip) for clip in event.job.clips],
        "reason": str(event.error),
        "attempt": event.attempt,
        "seconds": round(event.seconds, 3),
        "counts": _to_counts_data(event.counts),
    }


def _to_counts_data(counts: Counts) -> CountsData:
    return {
        "queued": counts.queued,
        "active": counts.active,
        "done": counts.done,
        "failed": counts.failed,
    }


def _to_states_data(states: Mapping[State, int]) -> States:
    # A test sees to it that the type has the names of all states.
    return cast("States", {state.value: states.get(state, 0) for state in State})


def _to_decisions_data(standing: Standing) -> DecisionsData:
    fresh = standing.states.get(State.FRESH, 0)
    return {
        "approved": standing.approved,
        "rejected": standing.states.get(State.REJECTED, 0),
        "undecided": fresh - standing.approved,
    }


def _to_clip_data(clip: Clip) -> ClipData:
    return {
        "file": clip.file,
        "kind": clip.kind,
        "entry": clip.entry,
        "part": clip.part,
        "text": clip.form.text,
        "reading": clip.form.reading,
        "accent": clip.form.accent,
    }


def _to_planned_data(item: ClipPlan) -> PlannedClip:
    return {
        **_to_clip_data(item.clip),
        "line": item.line,
        "state": item.state,
        "reason": item.reason,
        "changes": [
            ChangeData(what=each.what, before=each.before, now=each.now) for each in item.changes
        ],
        "recipe": item.recipe,
        "asset": item.asset,
        "url": item.url,
        "held": item.held,
    }


def _to_history_data(report: Report, history: RunHistory) -> HistoryData:
    lines = find_record_lines(report, {each.clip for each in history.slowest})
    return {
        "begun_seconds": round(history.begun_seconds, 3),
        "seconds": round(history.seconds, 3),
        "step_seconds": history.step_seconds,
        "made": list(history.made),
        "failed": list(history.failed),
        "audio_seconds": [round(each, 3) for each in history.audio_seconds],
        "in_hand": [round(each, 3) for each in history.in_hand],
        "lengths": _to_histogram_data(history.lengths),
        "loudness": _to_histogram_data(history.loudness),
        "wanted_lufs": history.wanted_lufs,
        "tolerance_lu": history.tolerance_lu,
        "slowest": [_to_slow_data(each, lines.get(each.clip)) for each in history.slowest],
    }


def _to_histogram_data(of: Histogram) -> HistogramData:
    return {"edges": list(of.edges), "counts": list(of.counts)}


def _to_slow_data(slow: SlowestClip, line: int | None) -> SlowClip:
    return {
        **_to_clip_data(slow.clip),
        "line": line,
        "seconds": round(slow.seconds, 3),
        "audio_seconds": round(slow.audio_seconds, 3),
    }


def _to_failed_data(failure: Failure, line: int | None) -> FailedClip:
    return {**_to_clip_data(failure.clip), "line": line, "reason": failure.reason}


def _to_uncertain_data(doubt: Doubt) -> DoubtfulClip:
    said = doubt.pronunciation
    return {
        **_to_clip_data(doubt.clip),
        "said": format_accent_phrases(said.phrases),
        "pitch": format_pitch_line(said.phrases),
        "basis": said.basis,
        "accent_basis": said.accent_basis,
        "doubt": said.doubt,
        "near": said.near,
    }


def to_finding_data(finding: Finding) -> FindingData:
    """What is wrong with how a clip sounds."""
    return {
        "rule": finding.rule,
        "measured": finding.measured,
        "limit": finding.limit,
        "message": finding.told,
    }


def _to_clip_findings_data(flawed: Flawed) -> FlawedClip:
    return {
        **_to_clip_data(flawed.clip),
        "findings": [to_finding_data(each) for each in flawed.findings],
    }


def _to_kept_data(kept: Iterable[KeptClipGroup]) -> list[KeptClips]:
    return [KeptClips(before=each.before, now=each.now, clips=each.clips) for each in kept]


def _to_skipped_data(each: Unspoken) -> UnspokenText:
    return {
        "file": each.file,
        "kind": each.kind,
        "entry": each.entry,
        "part": each.part,
        "reason": each.reason,
    }


def _to_take_data(take: DoubtfulTake) -> KeptTake:
    sent, arrived, kept = take.purchase.sent, take.purchase.arrived, take.record
    return {
        "file": sent.file,
        "entry": sent.entry,
        "part": sent.part,
        "segment": None if sent.segment is None else sent.segment + 1,
        "text": sent.text,
        "reason": kept.fault,
        "opinion": take.opinion,
        "name": take.file_name,
        "sha256": kept.sha256,
        "path": str(take.path),
        "seconds": kept.seconds,
        "provider": sent.service,
        "voice": sent.voice,
        "model": sent.model,
        "sent": _format_moment(sent.at),
        "request_id": "" if arrived is None else arrived.request_id,
        "history_item_id": "" if arrived is None else arrived.history_item_id,
        "billed": take.purchase.cost,
        "recipe": sent.recipe,
    }


def _format_moment(seconds: float) -> str:
    """A time since the epoch as ISO 8601 writes it; "" where there is no such time."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def to_problem_data(problem: InputError) -> ProblemData:
    return {
        "file": problem.file,
        "line": problem.line,
        "entry": problem.entry,
        "message": problem.message,
    }


# What somebody should look at, in one shape: for lines, annotations, Markdown and JUnit alike.


class AnnotationLevel(StrEnum):
    """How much something matters; the values are GitHub's commands for annotations."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class ReportItem(NamedTuple):
    """One thing to look at; every text is on one line, and safe to show.

    Args:
        level: how much it matters.
        sort: what it is: ``failed``, a state, a rule.
        file: the catalogue's path as given.
        line: where in it, from 1; None where that is not known.
        kind: what the catalogue teaches; "" where no clip is meant.
        name: the entry, its part and the text; as far as they are known.
        what: the audio checks that it failed.
        asset: what is to be made; "" where that does not matter.
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
        """Who it is about, and what is wrong."""
        who = f"{self.kind} {self.name}".strip()
        if self.asset:
            return f"{who} -> {self.asset} ({self.what})"
        return f"{who}: {self.what}" if who else self.what

    def __str__(self) -> str:
        return f"{self.location}: {self.sort}: {self.description}"


def iter_report_errors(report: Report) -> Iterator[ReportItem]:
    """Entries that cannot be used, and clips that could not be made."""
    lines = find_failure_lines(report)
    failed = (
        to_clip_item(AnnotationLevel.ERROR, "failed", each.clip, lines.get(each.clip), each.reason)
        for each in report.failures
    )
    return chain(map(to_problem_item, report.problems), failed)


def to_planned_item(item: ClipPlan, level: AnnotationLevel = AnnotationLevel.WARNING) -> ReportItem:
    """A clip that is to be made."""
    found = to_clip_item(level, item.state.value, item.clip, item.line, item.reason)
    return found._replace(asset=to_one_line(item.asset))


def to_unapproved_item(item: ClipPlan) -> ReportItem:
    """A clip with a sound that nobody has approved."""
    found = to_clip_item(AnnotationLevel.WARNING, "unapproved", item.clip, item.line, item.reason)
    return found._replace(asset=to_one_line(item.asset))


def to_take_item(take: DoubtfulTake) -> ReportItem:
    """A sound that was paid for and refused, and that a person has to decide."""
    sent = take.purchase.sent
    name = f"{to_one_line(sent.entry)} {to_one_line(sent.part)} {shorten_text(sent.text)}"
    what = f"{take.record.fault}; {take.opinion.value}, kept as {take.path}"
    return ReportItem(
        AnnotationLevel.WARNING,
        "doubtful take",
        to_one_line(sent.file),
        None,
        "",
        name,
        to_one_line(what),
    )


def to_problem_item(each: InputError) -> ReportItem:
    """An entry or a file that cannot be used."""
    file, entry = to_one_line(each.file), to_one_line(each.entry or "")
    return ReportItem(
        AnnotationLevel.ERROR, "error", file, each.line, "", entry, to_one_line(each.message)
    )


def iter_status_items(standing: Standing) -> Iterator[ReportItem]:
    """Entries that cannot be used, clips that are to be made, and those that are to be approved."""
    return chain(
        map(to_problem_item, standing.problems),
        map(to_planned_item, standing.planned),
        map(to_unapproved_item, standing.unapproved or ()),
    )


def to_clip_item(
    level: AnnotationLevel, sort: str, clip: Clip, line: int | None, what: str
) -> ReportItem:
    """A clip, and what is the matter with it."""
    name = f"{to_one_line(clip.entry)} {to_one_line(clip.part)} {shorten_text(clip.form.text)}"
    return ReportItem(
        level, sort, to_one_line(clip.file), line, clip.kind.value, name, to_one_line(what)
    )
