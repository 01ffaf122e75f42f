"""A run, its events and a standing as plain data, of the types that are described to programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

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
from tts_assets.cli.output.documents import (
    ChangeData,
    ClipData,
    DecisionsData,
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
    StandingDocument,
    States,
    UnspokenText,
)
from tts_assets.cli.output.lines import (
    ClipFailedLine,
    ClipMadeLine,
    CountsData,
    EstimatedLine,
    EventLine,
    SegmentMadeLine,
    ServiceWaitLine,
    StartedLine,
    WaitingLine,
)
from tts_assets.cli.output.money import cost_data, traffic_data
from tts_assets.japanese.accent_notation import format_accent_phrases, format_pitch_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.build.events import Doubt, Event, Failure, Flawed, Report, Standing
    from tts_assets.build.history import Histogram, History, Slow
    from tts_assets.build.plan.changes import Kept
    from tts_assets.build.plan.planner import Planned
    from tts_assets.build.pool import Counts
    from tts_assets.errors import InputError
    from tts_assets.model import Clip, Finding, Unspoken
    from tts_assets.store.kept_takes.kept import DoubtfulTake


def report_data(report: Report) -> ReportDocument:
    """A report as plain data."""
    lines = failure_lines(report)
    return {
        "dry_run": report.dry_run,
        "catalogues": report.catalogues,
        "states": _states(report.states),
        "to_make": report.to_make,
        "passed_over": report.passed_over,
        "made": report.made,
        "to_move": report.to_move,
        "moved": report.moved,
        "left": report.left,
        "bound": report.bound,
        "failed": [_failed(each, lines.get(each.clip)) for each in report.failures],
        "doubts": [_doubtful(each) for each in report.doubts],
        "flawed": [_flawed(each) for each in report.flawed],
        "planned": [_planned(each) for each in report.planned],
        "kept": _kept(report.kept),
        "unspoken": [_unspoken(each) for each in report.unspoken],
        "problems": [problem_data(each) for each in report.problems],
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
        "traffic": None if report.traffic is None else traffic_data(report.traffic),
        "cost": None if report.cost is None else cost_data(report.cost),
        "history": None if report.history is None else _history(report, report.history),
    }


def standing_data(standing: Standing) -> StandingDocument:
    """A standing as plain data."""
    return {
        "stale": standing.stale,
        "catalogues": standing.catalogues,
        "states": _states(standing.states),
        "planned": [_planned(each) for each in standing.planned],
        "decisions": _decisions(standing),
        "unapproved": None
        if standing.unapproved is None
        else [_planned(each) for each in standing.unapproved],
        "takes": [_describe_take(each) for each in standing.takes],
        "kept": _kept(standing.kept),
        "orphans": None
        if standing.orphans is None
        else [
            OrphanData(asset=each.asset, bytes=each.bytes, ours=each.ours)
            for each in standing.orphans
        ],
        "judged_by": standing.judged_by,
        "unspoken": [_unspoken(each) for each in standing.unspoken],
        "problems": [problem_data(each) for each in standing.problems],
        "notes": list(standing.notes),
        "unmatched": standing.unmatched,
        "urls_to_write": standing.urls_to_write,
        "timelines_to_write": standing.timelines_to_write,
        "provider": standing.provider,
        "chosen": standing.chosen,
        "seconds": round(standing.seconds, 3),
    }


def event_data(
    event: Event,
) -> EventLine:
    """An event as plain data."""
    match event:
        case Waiting() | Estimated():
            return _before_start(event)
        case Started():
            return StartedLine(
                event="started",
                jobs=event.jobs,
                workers=event.workers,
                states=_states(event.states),
            )
        case ServiceWait():
            return _service_wait(event)
        case SegmentMade():
            return _segment_made(event)
        case ClipMade():
            return _made(event)
        case ClipFailed():
            return _not_made(event)


def _before_start(event: Waiting | Estimated) -> WaitingLine | EstimatedLine:
    if isinstance(event, Waiting):
        return WaitingLine(event="waiting", path=event.path)
    return EstimatedLine(event="estimated", cost=cost_data(event.cost))


def _service_wait(event: ServiceWait) -> ServiceWaitLine:
    return {
        "event": "service-wait",
        "reason": event.reason,
        "seconds": round(event.seconds, 3),
        "requests": event.requests,
        "refusals": event.refusals,
        "retries": event.retries,
    }


def _segment_made(event: SegmentMade) -> SegmentMadeLine:
    return {
        "event": "segment-made",
        "recipe": event.job.recipe,
        "segment": event.number + 1,
        "segments": event.out_of,
        "seconds": round(event.seconds, 3),
        "counts": _counts(event.counts),
    }


def failure_lines(report: Report) -> dict[Clip, int | None]:
    """The lines of the records whose clips failed, as the plan knows them."""
    return lines_of(report, {each.clip for each in report.failures})


def lines_of(report: Report, clips: set[Clip]) -> dict[Clip, int | None]:
    """The lines of the records of some clips that were to be made, as the plan knows them."""
    if not clips:
        return {}
    return {item.clip: item.line for item in report.planned if item.clip in clips}


def _made(event: ClipMade) -> ClipMadeLine:
    said = event.pronunciation
    return {
        "event": "clip-made",
        "recipe": event.job.recipe,
        "assets": list(event.job.assets),
        "clips": [_clip(clip) for clip in event.job.clips],
        "seconds": round(event.seconds, 3),
        "audio_seconds": round(event.audio_seconds, 3),
        "said": None if said is None else format_accent_phrases(said.phrases),
        "findings": [finding_data(each) for each in event.findings],
        "counts": _counts(event.counts),
    }


def _not_made(event: ClipFailed) -> ClipFailedLine:
    return {
        "event": "clip-failed",
        "recipe": event.job.recipe,
        "clips": [_clip(clip) for clip in event.job.clips],
        "reason": str(event.error),
        "attempt": event.attempt,
        "seconds": round(event.seconds, 3),
        "counts": _counts(event.counts),
    }


def _counts(counts: Counts) -> CountsData:
    return {
        "queued": counts.queued,
        "active": counts.active,
        "done": counts.done,
        "failed": counts.failed,
    }


def _states(states: Mapping[State, int]) -> States:
    # A test sees to it that the type has the names of all states.
    return cast("States", {state.value: states.get(state, 0) for state in State})


def _decisions(standing: Standing) -> DecisionsData:
    fresh = standing.states.get(State.FRESH, 0)
    return {
        "approved": standing.approved,
        "rejected": standing.states.get(State.REJECTED, 0),
        "undecided": fresh - standing.approved,
    }


def _clip(clip: Clip) -> ClipData:
    return {
        "file": clip.file,
        "kind": clip.kind,
        "entry": clip.entry,
        "part": clip.part,
        "text": clip.form.text,
        "reading": clip.form.reading,
        "accent": clip.form.accent,
    }


def _planned(item: Planned) -> PlannedClip:
    return {
        **_clip(item.clip),
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


def _history(report: Report, history: History) -> HistoryData:
    lines = lines_of(report, {each.clip for each in history.slowest})
    return {
        "begun_seconds": round(history.begun_seconds, 3),
        "seconds": round(history.seconds, 3),
        "step_seconds": history.step_seconds,
        "made": list(history.made),
        "failed": list(history.failed),
        "audio_seconds": [round(each, 3) for each in history.audio_seconds],
        "in_hand": [round(each, 3) for each in history.in_hand],
        "lengths": _histogram(history.lengths),
        "loudness": _histogram(history.loudness),
        "wanted_lufs": history.wanted_lufs,
        "tolerance_lu": history.tolerance_lu,
        "slowest": [_slow(each, lines.get(each.clip)) for each in history.slowest],
    }


def _histogram(of: Histogram) -> HistogramData:
    return {"edges": list(of.edges), "counts": list(of.counts)}


def _slow(slow: Slow, line: int | None) -> SlowClip:
    return {
        **_clip(slow.clip),
        "line": line,
        "seconds": round(slow.seconds, 3),
        "audio_seconds": round(slow.audio_seconds, 3),
    }


def _failed(failure: Failure, line: int | None) -> FailedClip:
    return {**_clip(failure.clip), "line": line, "reason": failure.reason}


def _doubtful(doubt: Doubt) -> DoubtfulClip:
    said = doubt.pronunciation
    return {
        **_clip(doubt.clip),
        "said": format_accent_phrases(said.phrases),
        "pitch": format_pitch_line(said.phrases),
        "basis": said.basis,
        "accent_basis": said.accent_basis,
        "doubt": said.doubt,
        "near": said.near,
    }


def finding_data(finding: Finding) -> FindingData:
    """What is wrong with how a clip sounds."""
    return {
        "rule": finding.rule,
        "measured": finding.measured,
        "limit": finding.limit,
        "message": finding.told,
    }


def _flawed(flawed: Flawed) -> FlawedClip:
    return {**_clip(flawed.clip), "findings": [finding_data(each) for each in flawed.findings]}


def _kept(kept: Iterable[Kept]) -> list[KeptClips]:
    return [KeptClips(before=each.before, now=each.now, clips=each.clips) for each in kept]


def _unspoken(each: Unspoken) -> UnspokenText:
    return {
        "file": each.file,
        "kind": each.kind,
        "entry": each.entry,
        "part": each.part,
        "reason": each.reason,
    }


def _describe_take(take: DoubtfulTake) -> KeptTake:
    sent, arrived, kept = take.purchase.sent, take.purchase.arrived, take.kept
    return {
        "file": sent.file,
        "entry": sent.entry,
        "part": sent.part,
        "segment": None if sent.segment is None else sent.segment + 1,
        "text": sent.text,
        "reason": kept.fault,
        "opinion": take.opinion,
        "name": take.name,
        "sha256": kept.sha256,
        "path": str(take.path),
        "seconds": kept.seconds,
        "provider": sent.service,
        "voice": sent.voice,
        "model": sent.model,
        "sent": _format_moment(sent.at),
        "request_id": "" if arrived is None else arrived.request_id,
        "history_item_id": "" if arrived is None else arrived.history_item_id,
        "billed": take.purchase.billed,
        "recipe": sent.recipe,
    }


def _format_moment(seconds: float) -> str:
    """A time since the epoch as ISO 8601 writes it; "" where there is no such time."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def problem_data(problem: InputError) -> ProblemData:
    return {
        "file": problem.file,
        "line": problem.line,
        "entry": problem.entry,
        "message": problem.message,
    }
