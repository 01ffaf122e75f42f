"""The words at the end of a command: summary, tables, errors; as text or as one JSON document."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tts_assets.console.money import (
    cost_data,
    cost_lines,
    expected,
    paid_again,
    traffic_data,
    traffic_line,
)
from tts_assets.console.text import escaped, plain, safe, short
from tts_assets.japanese.accent import notation, pitch_line
from tts_assets.plan import State
from tts_assets.settings import OutputFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.events import Cost, Report

#: More of one sort are counted, not listed.
_LISTED = 20


class _Console(Console):
    """A console that leaves it to its caller what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Show:
    """Writes results to standard output, and everything else to standard error."""

    def __init__(self, output_format: OutputFormat) -> None:
        """Choose between text for people and one JSON document for programs."""
        self._json = output_format is OutputFormat.JSON
        self.errors = _Console(stderr=True, soft_wrap=True, emoji=False)
        self._out = _Console(soft_wrap=True, emoji=False)

    def report(self, report: Report) -> None:
        """The summary of a run."""
        if report.fatal:
            self.error(f"error: {report.fatal}")
        if self._json:
            self.data(report_data(report))
            return
        if report.dry_run:
            self._planned(report)
        self._bad(report)
        for line in _summary(report):
            self.line(line)

    def estimate(self, cost: Cost, *, dry_run: bool) -> None:
        """What a run is going to cost, told before anything is sent."""
        if cost.rebilled is not None:
            hint = "" if dry_run else "; --dry-run looks without paying"
            self.error(f"warning: {paid_again(cost, cost.rebilled)}{hint}")
        if not dry_run:
            self.error(f"{expected(cost)} expected")

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people, or a list of objects for programs."""
        if self._json:
            self.data([dict(zip(headings, row, strict=True)) for row in rows])
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(safe(cell)) for cell in row))
        self._out.print(table)

    def data(self, value: Any) -> None:
        """One JSON document."""
        sys.stdout.write(escaped(json.dumps(plain(value), ensure_ascii=False, indent=2)) + "\n")

    def line(self, words: str) -> None:
        """A line of results."""
        self._out.print(safe(words), markup=False, highlight=False)

    def error(self, words: str) -> None:
        """A line of what went wrong."""
        # Nobody reads them: no reason to stop what is being done.
        with contextlib.suppress(BrokenPipeError):
            self.errors.print(safe(words), markup=False, highlight=False)

    def _planned(self, report: Report) -> None:
        for item in report.planned[:_LISTED]:
            clip = item.clip
            self.line(
                f"{item.state.value}: {clip.file}: {clip.kind} {clip.entry} {clip.part} "
                f"{short(clip.form.text)} -> {item.asset} ({item.reason})"
            )
        self._more(len(report.planned), self.line)

    def _bad(self, report: Report) -> None:
        for problem in report.problems[:_LISTED]:
            self.error(f"error: {problem}")
        self._more(len(report.problems), self.error)
        for failure in report.failures[:_LISTED]:
            clip = failure.clip
            self.error(
                f"failed: {clip.file}: {clip.kind} {clip.entry} {clip.part} "
                f"{short(clip.form.text)}: {failure.reason}"
            )
        self._more(len(report.failures), self.error)
        for note in report.notes:
            self.error(f"note: {note}")

    def _more(self, count: int, say: Any) -> None:
        if count > _LISTED:
            say(f"... and {count - _LISTED} more; --output-format json has them all")


def report_data(report: Report) -> dict[str, Any]:
    """A report as plain data."""
    return {
        "dry_run": report.dry_run,
        "catalogues": report.catalogues,
        "states": {state.value: report.states.get(state, 0) for state in State},
        "to_make": report.to_make,
        "made": report.made,
        "failed": [
            {**_clip(failure.clip), "reason": failure.reason} for failure in report.failures
        ],
        "doubts": [
            {
                **_clip(each.clip),
                "said": notation(each.pronunciation.phrases),
                "pitch": pitch_line(each.pronunciation.phrases),
                "basis": each.pronunciation.basis.value,
                "accent_basis": each.pronunciation.accent_basis.value,
                "doubt": each.pronunciation.doubt,
                "near": each.pronunciation.near,
            }
            for each in report.doubts
        ],
        "planned": [
            {
                **_clip(item.clip),
                "state": item.state.value,
                "reason": item.reason,
                "recipe": item.recipe,
                "asset": item.asset,
                "url": item.url,
            }
            for item in report.planned
        ],
        "unspoken": [
            {
                "file": each.file,
                "kind": each.kind.value,
                "entry": each.entry,
                "part": each.part,
                "reason": each.reason,
            }
            for each in report.unspoken
        ],
        "problems": [
            {"file": each.file, "line": each.line, "entry": each.entry, "message": each.message}
            for each in report.problems
        ],
        "notes": list(report.notes),
        "urls_to_write": report.urls_to_write,
        "urls_written": report.urls_written,
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
    }


def _clip(clip: Any) -> dict[str, Any]:
    return {
        "file": clip.file,
        "kind": clip.kind.value,
        "entry": clip.entry,
        "part": clip.part,
        "text": clip.form.text,
        "reading": clip.form.reading,
        "accent": clip.form.accent,
    }


def _summary(report: Report) -> list[str]:
    states = report.states
    lines = _to_make(report) if report.dry_run else _made(report)
    if report.chosen is not None:
        lines.insert(0, f"engine    {report.chosen}")
    lines.append(f"fresh     {states.get(State.FRESH, 0)}")
    if states.get(State.LOCKED):
        lines.append(f"locked    {states[State.LOCKED]} (recordings that are not ours are kept)")
    if report.unspoken:
        lines.append(f"unspoken  {len(report.unspoken)} texts with nothing to say")
    if report.problems:
        lines.append(f"errors    {len(report.problems)} in the catalogues")
    if not report.dry_run:
        missed = f"; {report.urls_missed} entries changed meanwhile" if report.urls_missed else ""
        lines.append(f"URLs      {report.urls_written} written{missed}")
    lines += _service(report)
    if report.stopped:
        lines.append(f"stopped   {_go_on(report)}")
    if report.fatal:
        lines.append(f"ended     {report.fatal}")
        lines.append(f"          {_go_on(report)}")
    if report.credit and report.made:
        lines.append(f"credit    {report.credit}")
    return lines


def _go_on(report: Report) -> str:
    if report.forced:
        return "with --force the same command begins anew; what was not made is as it was before"
    return "run the same command again to make the rest"


def _service(report: Report) -> list[str]:
    lines = []
    if report.traffic is not None and report.traffic.requests:
        lines.append(traffic_line(report.traffic))
    if report.cost is not None and report.to_make:
        lines += cost_lines(report.cost, dry_run=report.dry_run, forced=report.forced)
    return lines


def _to_make(report: Report) -> list[str]:
    lines = [f"to make   {report.to_make} clips; nothing was changed"]
    if report.urls_to_write:
        lines.append(f"URLs      {report.urls_to_write} of fresh clips to write")
    return lines


def _made(report: Report) -> list[str]:
    pace = f" in {report.seconds:.1f} s, {report.workers} at once"
    sound = f", {report.audio_seconds:.0f} s of speech" if report.made else ""
    lines = [f"made      {report.made} clips{sound}{pace}", f"failed    {len(report.failures)}"]
    if report.doubts:
        lines.append(f"doubtful  {len(report.doubts)} readings or accents: see `tts-assets lint`")
    return lines
