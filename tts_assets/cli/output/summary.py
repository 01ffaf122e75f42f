"""The figures of a run and of a standing, a line each: what it is in the first ten columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tts_assets.build.plan.changes import Judged
from tts_assets.build.plan.planner import TO_MAKE, State
from tts_assets.cli.output.downloads import megabytes
from tts_assets.cli.output.money import cost_lines, lost_lines, traffic_line
from tts_assets.cli.output.text import many, one_line
from tts_assets.store.kept_takes.kept import Opinion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.build.events import Orphan, Report, Standing
    from tts_assets.build.plan.changes import Kept


#: Columns of a line that say what it is about.
LABEL = 10
_JUDGED = {
    Judged.LEDGER: "the ledger alone: no audio file is here",
    Judged.FILES: "the files that are here, and their sizes; --deep reads them",
    Judged.BYTES: "the bytes of every file",
}


def report_lines(report: Report) -> list[str]:
    """The figures of a run; after a start that failed, only the next step."""
    lines = [] if _never_started(report) else _figures(report)
    lines += [*_left(report), *_service(report)]
    if report.stopped:
        lines.append(f"stopped   {_next_step(report)}")
    if report.fatal:
        lines.append(f"ended     early: fix the error, then {_run_again(report)}")
    if report.credit and report.made:
        lines.append(f"credit    {one_line(report.credit)}")
    return lines


def _never_started(report: Report) -> bool:
    changed = report.made + report.moved + report.urls_written + report.timelines_written
    return report.fatal is not None and not (changed or report.failures)


def _figures(report: Report) -> list[str]:
    lines = _chosen(report.chosen)
    lines += _to_make(report) if report.dry_run else _made(report)
    if report.passed_over:
        lines.append(f"not chosen {many(report.passed_over, 'clip')} (--only)")
    lines += [*_kept(report.kept), *_at_rest(report.states)]
    lines += _unusable(len(report.unspoken), len(report.problems))
    if not report.dry_run:
        missed = f"; {changed_meanwhile(report)}" if report.urls_missed else ""
        where = "written" if report.shard is None else "kept for `tts-assets merge`"
        lines.append(f"URLs      {report.urls_written:,} {where}{missed}")
        if report.shard is not None:
            lines.append(f"shard     {one_line(report.shard)}")
    return lines


def changed_meanwhile(report: Report) -> str:
    """How many entries did not get their URLs."""
    return f"{many(report.urls_missed, 'entry', 'entries')} changed meanwhile"


def standing_lines(standing: Standing) -> list[str]:
    """How the clips of all catalogues stand."""
    states = standing.states
    # In the order of the states, which is that of a clip's life.
    counts = [(state, states.get(state, 0)) for state in State if state in TO_MAKE]
    told = ", ".join(f"{count:,} {state.value}" for state, count in counts if count)
    lines = _chosen(standing.chosen)
    total = many(sum(count for _, count in counts), "clip")
    lines.append(f"to make   {total}{told and ': '}{told}")
    if standing.urls_to_write:
        lines.append(f"URLs      {standing.urls_to_write:,} of fresh clips to write")
    lines += _timelines(standing.timelines_to_write)
    lines += [*_kept(standing.kept), *_at_rest(states), *_decided(standing)]
    lines += _count_takes(standing)
    lines += _unusable(len(standing.unspoken), len(standing.problems))
    if standing.orphans:
        lines.append(f"orphans   {_orphans(standing.orphans)}")
    lines.append(f"judged by {_JUDGED[standing.judged_by]}")
    return lines


def _count_takes(standing: Standing) -> list[str]:
    count = Counter(each.opinion for each in standing.takes)
    if not count:
        return []
    told = ", ".join(f"{count[each]:,} {each.value}" for each in Opinion if count[each])
    advice = "" if not count[Opinion.UNDECIDED] else "; listen with `tts-assets review`"
    return [f"takes     {many(len(standing.takes), 'refused take')} kept: {told}{advice}"]


def _timelines(count: int) -> list[str]:
    return [f"timelines {count:,} of fresh passages to write"] if count else []


def _chosen(reason: str | None) -> list[str]:
    return [] if reason is None else [f"engine    {one_line(reason)}"]


def _to_make(report: Report) -> list[str]:
    lines = [f"to make   {many(report.to_make, 'clip')}; nothing was changed"]
    if report.to_move:
        lines.append(f"to move   {many(report.to_move, 'asset')} to other names, without speaking")
    if report.urls_to_write:
        lines.append(f"URLs      {report.urls_to_write:,} of fresh clips to write")
    return [*lines, *_timelines(report.timelines_to_write)]


def _made(report: Report) -> list[str]:
    pace = f" in {report.seconds:,.1f} s, {report.workers} at once"
    sound = f", {report.audio_seconds:,.0f} s of speech" if report.made else ""
    lines = [
        f"made      {many(report.made, 'clip')}{sound}{pace}",
        f"failed    {len(report.failures):,}",
    ]
    if report.moved:
        lines.append(f"moved     {many(report.moved, 'asset')} to other names, without speaking")
    if report.flawed:
        flawed = many(len(report.flawed), "clip")
        lines.append(
            f"flawed    {flawed} made, and not as they should sound: see `tts-assets verify`"
        )
    if report.timelines_written:
        lines.append(f"timelines {report.timelines_written:,} of fresh passages written")
    if report.doubts:
        doubts = many(len(report.doubts), "reading or accent", "readings or accents")
        lines.append(f"doubtful  {doubts}: see `tts-assets lint`")
    return lines


def _kept(kept: Iterable[Kept]) -> list[str]:
    """Clips that stay although the engine changed, and the way out."""
    lines = [
        f"kept      {many(each.clips, 'clip')} of {one_line(each.before)}; it is {one_line(each.now)} now"
        for each in kept
    ]
    return [*lines, '          on-engine-change = "remake" makes them anew'] if lines else []


def _at_rest(states: Mapping[State, int]) -> list[str]:
    lines = [f"fresh     {states.get(State.FRESH, 0):,}"]
    if states.get(State.LOCKED):
        lines.append(f"locked    {states[State.LOCKED]:,} (recordings that are not ours are kept)")
    return lines


def _decided(standing: Standing) -> list[str]:
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
        clips = many(len(standing.unapproved), "clip")
        lines.append(f"approval  {clips} with sounds that nobody has approved: `tts-assets review`")
    return lines


def _unusable(unspoken: int, problems: int) -> list[str]:
    lines = [f"unspoken  {many(unspoken, 'text')} with nothing to say"] if unspoken else []
    return [*lines, f"errors    {problems:,} in the catalogues"] if problems else lines


def _orphans(orphans: tuple[Orphan, ...]) -> str:
    size = megabytes(sum(each.bytes for each in orphans))
    count = many(len(orphans), "asset")
    return f"{count} ({size}) that no catalogue refers to; tts-assets prune lists them"


def _left(report: Report) -> list[str]:
    """What another run is to make; that of an engine that charges is told with its cost."""
    if not report.left or (report.cost is not None and report.cost.left.clips):
        return []
    clips = many(report.left, "clip")
    if report.dry_run:
        return [f"left      {clips} of these for another run, because of {report.bound}"]
    next_step = _next_step_after_limit(report)
    return [f"left      {clips} for another run, because of {report.bound}; {next_step}"]


def _next_step_after_limit(report: Report) -> str:
    # A run that made nothing would stop at the same clips again.
    return _next_step(report) if report.made or report.moved else "raise that limit"


def _next_step(report: Report) -> str:
    again = _run_again(report)
    return f"fix what failed, then {again}" if report.failures else again


def _run_again(report: Report) -> str:
    if report.forced:
        return "note that --force starts over; clips that it did not reach are unchanged"
    return "run the same command again to generate the rest"


def _service(report: Report) -> list[str]:
    lines = []
    if report.traffic is not None and report.traffic.requests:
        lines += [traffic_line(report.traffic), *lost_lines(report.traffic)]
    if report.cost is not None and report.to_make:
        next_step = "" if report.dry_run else _next_step_after_limit(report)
        lines += cost_lines(report.cost, dry_run=report.dry_run, next_step=next_step)
    return lines
