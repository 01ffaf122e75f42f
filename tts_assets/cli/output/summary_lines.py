"""The figures of a run and of a standing, a line each: what it is in the first ten columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tts_assets.build.plan.planner import TO_MAKE, Judged, State
from tts_assets.cli.output.console_text import format_count, format_megabytes, to_one_line
from tts_assets.cli.output.cost_report import (
    format_cost_lines,
    format_lost_lines,
    format_traffic_line,
)
from tts_assets.store.paid_journal import Opinion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.build.events import Orphan, Report, Standing
    from tts_assets.build.plan.planner import KeptClipGroup


#: Columns of a line that say what it is about.
LABEL_WIDTH = 10
_COMPARISON_TEXTS = {
    Judged.LEDGER: "the ledger alone: no audio file is here",
    Judged.FILES: "the files that are here, and their sizes; --deep reads them",
    Judged.BYTES: "the bytes of every file",
}


def format_report_lines(report: Report) -> list[str]:
    """The figures of a run; after a start that failed, only the next step."""
    lines = [] if _has_never_started(report) else _format_figures(report)
    lines += [*_format_left(report), *_format_service(report)]
    if report.stopped:
        lines.append(f"stopped   {_describe_next_step(report)}")
    if report.fatal:
        lines.append(f"ended     early: fix the error, then {_describe_rerun(report)}")
    if report.credit and report.made:
        lines.append(f"credit    {to_one_line(report.credit)}")
    return lines


def _has_never_started(report: Report) -> bool:
    changed = report.made + report.moved + report.urls_written + report.timelines_written
    return report.fatal is not None and not (changed or report.failures)


def _format_figures(report: Report) -> list[str]:
    lines = _format_engine(report.chosen)
    lines += _format_dry_run(report) if report.dry_run else _format_made(report)
    if report.passed_over:
        lines.append(f"not chosen {format_count(report.passed_over, 'clip')} (--only)")
    lines += [*_format_kept(report.kept), *_format_unchanged(report.states)]
    lines += _format_unusable(len(report.unspoken), len(report.problems))
    if not report.dry_run:
        missed = f"; {describe_missed_urls(report)}" if report.urls_missed else ""
        where = "written" if report.shard is None else "kept for `tts-assets merge`"
        lines.append(f"URLs      {report.urls_written:,} {where}{missed}")
        if report.shard is not None:
            lines.append(f"shard     {to_one_line(report.shard)}")
    return lines


def describe_missed_urls(report: Report) -> str:
    """How many entries did not get their URLs."""
    return f"{format_count(report.urls_missed, 'entry', 'entries')} changed meanwhile"


def format_status_lines(standing: Standing) -> list[str]:
    """How the clips of all catalogues stand."""
    states = standing.states
    # In the order of the states, which is that of a clip's life.
    counts = [(state, states.get(state, 0)) for state in State if state in TO_MAKE]
    told = ", ".join(f"{count:,} {state.value}" for state, count in counts if count)
    lines = _format_engine(standing.chosen)
    total = format_count(sum(count for _, count in counts), "clip")
    lines.append(f"to make   {total}{told and ': '}{told}")
    if standing.urls_to_write:
        lines.append(f"URLs      {standing.urls_to_write:,} of fresh clips to write")
    lines += _format_timelines(standing.timelines_to_write)
    lines += [
        *_format_kept(standing.kept),
        *_format_unchanged(states),
        *_format_decisions(standing),
    ]
    lines += _format_takes(standing)
    lines += _format_unusable(len(standing.unspoken), len(standing.problems))
    if standing.orphans:
        lines.append(f"orphans   {_describe_orphans(standing.orphans)}")
    lines.append(f"judged by {_COMPARISON_TEXTS[standing.judged_by]}")
    return lines


def _format_takes(standing: Standing) -> list[str]:
    count = Counter(each.opinion for each in standing.takes)
    if not count:
        return []
    told = ", ".join(f"{count[each]:,} {each.value}" for each in Opinion if count[each])
    advice = "" if not count[Opinion.UNDECIDED] else "; listen with `tts-assets review`"
    return [f"takes     {format_count(len(standing.takes), 'refused take')} kept: {told}{advice}"]


def _format_timelines(count: int) -> list[str]:
    return [f"timelines {count:,} of fresh passages to write"] if count else []


def _format_engine(reason: str | None) -> list[str]:
    return [] if reason is None else [f"engine    {to_one_line(reason)}"]


def _format_dry_run(report: Report) -> list[str]:
    lines = [f"to make   {format_count(report.to_make, 'clip')}; nothing was changed"]
    if report.to_move:
        lines.append(
            f"to move   {format_count(report.to_move, 'asset')} to other names, without speaking"
        )
    if report.urls_to_write:
        lines.append(f"URLs      {report.urls_to_write:,} of fresh clips to write")
    return [*lines, *_format_timelines(report.timelines_to_write)]


def _format_made(report: Report) -> list[str]:
    pace = f" in {report.seconds:,.1f} s, {report.workers} at once"
    sound = f", {report.audio_seconds:,.0f} s of speech" if report.made else ""
    lines = [
        f"made      {format_count(report.made, 'clip')}{sound}{pace}",
        f"failed    {len(report.failures):,}",
    ]
    if report.moved:
        lines.append(
            f"moved     {format_count(report.moved, 'asset')} to other names, without speaking"
        )
    if report.flawed:
        flawed = format_count(len(report.flawed), "clip")
        lines.append(
            f"flawed    {flawed} made, and not as they should sound: see `tts-assets verify`"
        )
    if report.timelines_written:
        lines.append(f"timelines {report.timelines_written:,} of fresh passages written")
    if report.doubts:
        doubts = format_count(len(report.doubts), "reading or accent", "readings or accents")
        lines.append(f"doubtful  {doubts}: see `tts-assets lint`")
    return lines


def _format_kept(kept: Iterable[KeptClipGroup]) -> list[str]:
    """Clips that stay although the engine changed, and the way out."""
    lines = [
        f"kept      {format_count(each.clips, 'clip')} of {to_one_line(each.before)}; it is {to_one_line(each.now)} now"
        for each in kept
    ]
    return [*lines, '          on-engine-change = "remake" makes them anew'] if lines else []


def _format_unchanged(states: Mapping[State, int]) -> list[str]:
    lines = [f"fresh     {states.get(State.FRESH, 0):,}"]
    if states.get(State.LOCKED):
        lines.append(f"locked    {states[State.LOCKED]:,} (recordings that are not ours are kept)")
    return lines


def _format_decisions(standing: Standing) -> list[str]:
    """What was decided of sounds, if anything was, and what is still to be decided."""
    counts = {
        "approved": standing.approved,
        "rejected": standing.states.get(State.REJECTED, 0),
    }
    undecided = standing.states.get(State.FRESH, 0) - standing.approved
    lines = []
    if any(counts.values()):
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
        lines.append(f"decided   {told}, {undecided:,} undecided")
    if standing.unapproved:
        clips = format_count(len(standing.unapproved), "clip")
        lines.append(f"approval  {clips} with sounds that nobody has approved: `tts-assets review`")
    return lines


def _format_unusable(unspoken: int, problems: int) -> list[str]:
    lines = [f"unspoken  {format_count(unspoken, 'text')} with nothing to say"] if unspoken else []
    return [*lines, f"errors    {problems:,} in the catalogues"] if problems else lines


def _describe_orphans(orphans: tuple[Orphan, ...]) -> str:
    size = format_megabytes(sum(each.bytes for each in orphans))
    count = format_count(len(orphans), "asset")
    return f"{count} ({size}) that no catalogue refers to; tts-assets prune lists them"


def _format_left(report: Report) -> list[str]:
    """What another run is to make; that of an engine that charges is told with its cost."""
    if not report.left or (report.cost is not None and report.cost.left.clips):
        return []
    clips = format_count(report.left, "clip")
    if report.dry_run:
        return [f"left      {clips} of these for another run, because of {report.bound}"]
    next_step = _describe_step_after_limit(report)
    return [f"left      {clips} for another run, because of {report.bound}; {next_step}"]


def _describe_step_after_limit(report: Report) -> str:
    # A run that made nothing would stop at the same clips again.
    return _describe_next_step(report) if report.made or report.moved else "raise that limit"


def _describe_next_step(report: Report) -> str:
    again = _describe_rerun(report)
    return f"fix what failed, then {again}" if report.failures else again


def _describe_rerun(report: Report) -> str:
    if report.forced:
        return "note that --force starts over; clips that it did not reach are unchanged"
    return "run the same command again to generate the rest"


def _format_service(report: Report) -> list[str]:
    lines = []
    if report.traffic is not None and report.traffic.requests:
        lines += [format_traffic_line(report.traffic), *format_lost_lines(report.traffic)]
    if report.cost is not None and report.to_make:
        next_step = "" if report.dry_run else _describe_step_after_limit(report)
        lines += format_cost_lines(report.cost, dry_run=report.dry_run, next_step=next_step)
    return lines
