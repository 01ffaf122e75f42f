"""What a command says: events, reports, tables and errors, in the format that is asked for."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tts_assets.build.events import ClipFailed, Waiting
from tts_assets.cli.output import github
from tts_assets.cli.output.data import event_data, report_data, standing_data
from tts_assets.cli.output.items import (
    Level,
    describe_take,
    errors_of,
    of_clip,
    of_standing,
    planned,
    problem,
    unapproved,
)
from tts_assets.cli.output.junit import report_xml, standing_xml
from tts_assets.cli.output.lines import ReportLine, StandingLine, VerdictsLine
from tts_assets.cli.output.money import expected, paid_again
from tts_assets.cli.output.step_summary import report_markdown, standing_markdown
from tts_assets.cli.output.streams import errors, results, send
from tts_assets.cli.output.summary import report_lines, standing_lines
from tts_assets.cli.output.teller import WAITING
from tts_assets.cli.output.text import document, json_line, many, one_line, safe
from tts_assets.cli.output.verdicts import (
    figure_lines,
    items_of,
    verdict_lines,
    verdicts_data,
    verdicts_markdown,
    verdicts_xml,
)
from tts_assets.config.model import OutputFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tts_assets.build.events import Cost, Event, Report, Standing
    from tts_assets.cli.output.items import Item
    from tts_assets.errors import InputError
    from tts_assets.model import Clip
    from tts_assets.quality.quality_reports import VerifyReport


#: More of one sort are counted, not listed.
_LISTED = 20


class _Console(Console):
    """A console that leaves it to its caller what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Show:
    """Writes results to standard output, and everything else to standard error.

    What cannot be written to standard error is left out; results that cannot be written are a
    ``FatalError``, or a ``BrokenPipeError`` where nobody reads them any more.
    """

    def __init__(self, output_format: OutputFormat) -> None:
        """Choose between text for people and the formats for programs."""
        self._format = output_format
        self.errors = Console(file=errors(), soft_wrap=True, emoji=False)
        self._out = _Console(soft_wrap=True, emoji=False)
        self._waited: set[str] = set()
        self._failed: set[Clip] = set()

    def event(self, event: Event) -> None:
        """Show a failure at once, and every event as a line of JSON if that is asked for."""
        if isinstance(event, ClipFailed):
            self._fail(event)
        if self._format is not OutputFormat.JSONL:
            return
        if isinstance(event, Waiting) and not self._is_new(event):
            return
        line = json_line(event_data(event))
        # The run is about clips, not about telling; its report meets the same error once more.
        with suppress(OSError, ValueError):
            send(line)

    def waiting(self, event: Event) -> None:
        """That another run is at work in a folder, once for each."""
        if isinstance(event, Waiting) and self._is_new(event):
            self.error(WAITING.format(event.path))

    def report(self, report: Report) -> None:
        """What a run did.

        Raises:
            UsageError: the summary of a workflow's step cannot be written; all else was told.
        """
        if report.fatal:
            self.error(f"error: {report.fatal}")
        match self._format:
            case OutputFormat.JSON:
                self.data(report_data(report))
            case OutputFormat.JSONL:
                _write(json_line(ReportLine(event="report", **report_data(report))))
            case OutputFormat.JUNIT:
                _write(report_xml(report))
            case OutputFormat.GITHUB:
                self._annotate(errors_of(report), report_lines(report))
                self._notes(report.notes)
                github.append_summary(report_markdown(report))
            case OutputFormat.TEXT:
                self._report(report)

    def standing(self, standing: Standing) -> None:
        """How the clips of all catalogues stand; errors as in ``report``."""
        match self._format:
            case OutputFormat.JSON:
                self.data(standing_data(standing))
            case OutputFormat.JSONL:
                _write(json_line(StandingLine(event="standing", **standing_data(standing))))
            case OutputFormat.JUNIT:
                _write(standing_xml(standing))
            case OutputFormat.GITHUB:
                self._annotate(of_standing(standing), standing_lines(standing))
                self._notes(standing.notes)
                github.append_summary(standing_markdown(standing))
            case OutputFormat.TEXT:
                self._standing(standing)

    def verdicts(self, report: VerifyReport) -> None:
        """What is wrong with assets; errors as in ``report``."""
        match self._format:
            case OutputFormat.JSON:
                self.data(verdicts_data(report))
            case OutputFormat.JSONL:
                _write(json_line(VerdictsLine(event="verdicts", **verdicts_data(report))))
            case OutputFormat.JUNIT:
                _write(verdicts_xml(report))
            case OutputFormat.GITHUB:
                self._annotate(items_of(report), figure_lines(report))
                self._notes(report.notes)
                github.append_summary(verdicts_markdown(report))
            case OutputFormat.TEXT:
                self.lines(verdict_lines(report))
                self._notes(report.notes)
                self._figures(figure_lines(report))

    def trouble(self, problems: Sequence[InputError], notes: Iterable[str]) -> None:
        """What cannot be used, and what is to be known of the rest."""
        self._complain(map(problem, problems), len(problems))
        self._notes(notes)

    def estimate(self, cost: Cost, *, dry_run: bool) -> None:
        """What a run is going to cost, told before anything is sent."""
        if cost.rebilled is not None:
            hint = "" if dry_run else "; --dry-run looks without paying"
            self.error(f"warning: {paid_again(cost, cost.rebilled)}{hint}")
        if not dry_run:
            self.error(f"{expected(cost)} expected")

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people, or a list of objects for programs."""
        if self._format is OutputFormat.JSON:
            self.data([dict(zip(headings, row, strict=True)) for row in rows])
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(_in_column(cell)) for cell in row))
        with results():
            self._out.print(table)

    def data(self, value: Any) -> None:
        """One JSON document."""
        _write(document(value))

    def line(self, words: str) -> None:
        """A line of results."""
        with results():
            self._out.print(safe(words), markup=False, highlight=False)

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of results that are safe to show already."""
        with results():
            sys.stdout.writelines(f"{line}\n" for line in lines)
            sys.stdout.flush()

    def error(self, words: str) -> None:
        """A line of what went wrong."""
        self.errors.print(safe(words), markup=False, highlight=False)

    def _report(self, report: Report) -> None:
        if report.dry_run:
            self._list(map(planned, report.planned), len(report.planned), self.line)
        failures = tuple(each for each in report.failures if each.clip not in self._failed)
        listed = replace(report, failures=failures)
        self._complain(errors_of(listed), len(listed.problems) + len(failures))
        self._notes(report.notes)
        self._figures(report_lines(report))

    def _fail(self, event: ClipFailed) -> None:
        # GitHub's annotations, which follow the run, name each failure themselves.
        if self._format is OutputFormat.GITHUB:
            return
        first, *others = event.job.clips
        item = of_clip(Level.ERROR, "failed", first, event.line, str(event.error))
        more = f" (and {many(len(others), 'other entry', 'other entries')})" if others else ""
        self._failed.update(event.job.clips)
        self.error(f"{item.sort}: {item.where}: {item.told}{more}")

    def _standing(self, standing: Standing) -> None:
        self._list(map(planned, standing.planned), len(standing.planned), self.line)
        waiting = standing.unapproved or ()
        self._list(map(unapproved, waiting), len(waiting), self.line)
        self._list(map(describe_take, standing.takes), len(standing.takes), self.line)
        self._complain(map(problem, standing.problems), len(standing.problems))
        self._notes(standing.notes)
        self._figures(standing_lines(standing))

    def _complain(self, items: Iterable[Item], count: int) -> None:
        """What went wrong; the sort comes first, as with all errors."""
        told = (f"{item.sort}: {item.where}: {item.told}" for item in items)
        self._list(told, count, self.error)

    def _is_new(self, event: Waiting) -> bool:
        """Whether it was not told yet that the run waits there."""
        is_new = event.path not in self._waited
        self._waited.add(event.path)
        return is_new

    def _annotate(self, items: Iterable[Item], lines: Iterable[str]) -> None:
        self.lines(github.annotation_lines(items))
        self._figures(lines)

    def _figures(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.line(line)

    def _notes(self, notes: Iterable[str]) -> None:
        for note in notes:
            self.error(f"note: {one_line(note)}")

    def _list(self, told: Iterable[object], count: int, say: Callable[[str], None]) -> None:
        """The first lines, and how many more there are."""
        for each in islice(told, _LISTED):
            say(str(each))
        if count > _LISTED:
            say(f"... and {count - _LISTED:,} more; --output-format json has them all")


def _write(data: str) -> None:
    with results():
        send(data)


def _in_column(cell: str) -> str:
    # Where a cell is folded, any part of it may begin a line.
    return safe(cell).replace("::", "\\u003a:")
