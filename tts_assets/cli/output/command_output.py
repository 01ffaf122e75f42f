"""What a command prints: events, reports, tables and errors, in the requested format; report files."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tts_assets.build.events import ClipFailed, ClipMade, Report, Standing, Waiting
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output import ci_output
from tts_assets.cli.output.ci_output import (
    format_verify_figures,
    format_verify_lines,
    iter_verify_items,
    to_report_markdown,
    to_report_xml,
    to_status_markdown,
    to_status_xml,
    to_verify_data,
    to_verify_markdown,
    to_verify_xml,
)
from tts_assets.cli.output.console_text import (
    WAITING_MESSAGE,
    escape_unsafe,
    format_count,
    open_error_console,
    print_message,
    require_stdout,
    shorten_text,
    to_json_document,
    to_json_line,
    to_one_line,
    write_stdout,
)
from tts_assets.cli.output.cost_report import (
    describe_expected_cost,
    describe_repeat_charges,
    format_report_lines,
    format_status_lines,
)
from tts_assets.cli.output.report_data import (
    AnnotationLevel,
    iter_report_errors,
    iter_status_items,
    to_clip_item,
    to_event_data,
    to_planned_item,
    to_problem_item,
    to_report_data,
    to_status_data,
    to_take_item,
    to_unapproved_item,
)
from tts_assets.config.command_options import REPORT_FILES
from tts_assets.config.settings import OutputFormat, Verbosity
from tts_assets.errors import UsageError
from tts_assets.store.atomic_files import sweep, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tts_assets.build.events import Cost, Event
    from tts_assets.cli.output.report_data import ReportItem
    from tts_assets.errors import InputError
    from tts_assets.model import Clip
    from tts_assets.quality.quality_reports import VerifyReport


#: More of one sort are counted, not listed.
_MAX_LISTED = 20


class _ResultConsole(Console):
    """A console that leaves it to its caller what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class CommandOutput:
    """Writes results to standard output, and everything else to standard error.

    What cannot be written to standard error is left out; results that cannot be written are a
    ``FatalError``, or a ``BrokenPipeError`` where nobody reads them any more.
    """

    def __init__(
        self, output_format: OutputFormat, verbosity: Verbosity = Verbosity.NORMAL
    ) -> None:
        """Choose between text for people and the formats for programs, and how much of it."""
        self._format = output_format
        self._verbosity = verbosity
        self.errors = open_error_console()
        self._out = _ResultConsole(emoji=False)
        self._waited: set[str] = set()
        self._failed: set[Clip] = set()

    def show_event(self, event: Event) -> None:
        """Show a failure at once, and every event as a line of JSON if that is asked for."""
        if isinstance(event, ClipFailed):
            self._print_failure(event)
        if isinstance(event, ClipMade) and self._verbosity is Verbosity.VERBOSE:
            self._print_clip(event)
        if self._format is not OutputFormat.JSONL:
            return
        if isinstance(event, Waiting) and not self._is_new_wait(event):
            return
        line = to_json_line(to_event_data(event))
        # The run is about clips, not about telling; its report meets the same error once more.
        with suppress(OSError, ValueError):
            write_stdout(line)

    def show_waiting(self, event: Event) -> None:
        """That another run is at work in a folder, once for each."""
        if isinstance(event, Waiting) and self._is_new_wait(event):
            self.print_error(WAITING_MESSAGE.format(event.path))

    def show_report(self, report: Report) -> None:
        """What a run did.

        Raises:
            UsageError: the summary of a workflow's step cannot be written; all else was told.
        """
        if report.fatal:
            self.print_error(f"error: {report.fatal}")
        match self._format:
            case OutputFormat.JSON:
                self.print_json(to_report_data(report))
            case OutputFormat.JSONL:
                _write_results(to_json_line({"event": "report", **to_report_data(report)}))
            case OutputFormat.JUNIT:
                _write_results(to_report_xml(report))
            case OutputFormat.GITHUB:
                self._print_annotations(iter_report_errors(report), format_report_lines(report))
                self._print_notes(report.notes)
                ci_output.append_step_summary(to_report_markdown(report))
            case OutputFormat.TEXT:
                self._print_report(report)

    def show_status(self, standing: Standing) -> None:
        """How the clips of all catalogues stand; errors as in ``report``."""
        match self._format:
            case OutputFormat.JSON:
                self.print_json(to_status_data(standing))
            case OutputFormat.JSONL:
                _write_results(to_json_line({"event": "standing", **to_status_data(standing)}))
            case OutputFormat.JUNIT:
                _write_results(to_status_xml(standing))
            case OutputFormat.GITHUB:
                self._print_annotations(iter_status_items(standing), format_status_lines(standing))
                self._print_notes(standing.notes)
                ci_output.append_step_summary(to_status_markdown(standing))
            case OutputFormat.TEXT:
                self._print_status(standing)

    def show_verify_report(self, report: VerifyReport) -> None:
        """What is wrong with assets; errors as in ``report``."""
        match self._format:
            case OutputFormat.JSON:
                self.print_json(to_verify_data(report))
            case OutputFormat.JSONL:
                _write_results(to_json_line({"event": "verdicts", **to_verify_data(report)}))
            case OutputFormat.JUNIT:
                _write_results(to_verify_xml(report))
            case OutputFormat.GITHUB:
                self._print_annotations(iter_verify_items(report), format_verify_figures(report))
                self._print_notes(report.notes)
                ci_output.append_step_summary(to_verify_markdown(report))
            case OutputFormat.TEXT:
                self.print_lines(format_verify_lines(report))
                self._print_notes(report.notes)
                self._print_figures(format_verify_figures(report))

    def show_problems(self, problems: Sequence[InputError], notes: Iterable[str]) -> None:
        """What cannot be used, and what is to be known of the rest."""
        self._print_items(map(to_problem_item, problems), len(problems))
        self._print_notes(notes)

    def show_estimate(self, cost: Cost, *, dry_run: bool) -> None:
        """What a run is going to cost, told before anything is sent."""
        if cost.rebilled is not None:
            hint = "" if dry_run else "; --dry-run looks without paying"
            self.print_error(f"warning: {describe_repeat_charges(cost, cost.rebilled)}{hint}")
        if not dry_run:
            self.print_error(f"{describe_expected_cost(cost)} expected")

    def print_table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people, or a list of objects for programs."""
        if self._format is OutputFormat.JSON:
            self.print_json([dict(zip(headings, row, strict=True)) for row in rows])
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(_escape_cell(cell)) for cell in row))
        with require_stdout():
            self._out.print(table)

    def print_json(self, value: Any) -> None:
        """One JSON document."""
        _write_results(to_json_document(value))

    def print_line(self, words: str) -> None:
        """A line of results."""
        if self._verbosity is Verbosity.QUIET:
            return
        with require_stdout():
            print_message(self._out, words)

    def print_lines(self, lines: Iterable[str]) -> None:
        """Lines of results that are safe to show already."""
        if self._verbosity is Verbosity.QUIET and self._format is OutputFormat.TEXT:
            return
        with require_stdout():
            sys.stdout.writelines(f"{line}\n" for line in lines)
            sys.stdout.flush()

    def print_error(self, words: str) -> None:
        """A line of what went wrong."""
        print_message(self.errors, words)

    def _print_report(self, report: Report) -> None:
        if report.dry_run:
            self._print_limited(
                map(to_planned_item, report.planned), len(report.planned), self.print_line
            )
        failures = tuple(each for each in report.failures if each.clip not in self._failed)
        listed = replace(report, failures=failures)
        self._print_items(iter_report_errors(listed), len(listed.problems) + len(failures))
        self._print_notes(report.notes)
        self._print_figures(format_report_lines(report))

    def _print_clip(self, event: ClipMade) -> None:
        first, *others = event.job.clips
        more = f" and {format_count(len(others), 'other place')}" if others else ""
        words = f"{first.kind} {first.entry} {first.part} {shorten_text(event.job.form.text)}{more}"
        self.print_error(f"generated {first.file}: {words}, {event.audio_seconds:.1f} s")

    def _print_failure(self, event: ClipFailed) -> None:
        # GitHub's annotations, which follow the run, name each failure themselves.
        if self._format is OutputFormat.GITHUB:
            return
        first, *others = event.job.clips
        item = to_clip_item(AnnotationLevel.ERROR, "failed", first, event.line, str(event.error))
        more = (
            f" (and {format_count(len(others), 'other entry', 'other entries')})" if others else ""
        )
        self._failed.update(event.job.clips)
        self.print_error(f"{item.sort}: {item.location}: {item.description}{more}")

    def _print_status(self, standing: Standing) -> None:
        self._print_limited(
            map(to_planned_item, standing.planned), len(standing.planned), self.print_line
        )
        waiting = standing.unapproved or ()
        self._print_limited(map(to_unapproved_item, waiting), len(waiting), self.print_line)
        self._print_limited(map(to_take_item, standing.takes), len(standing.takes), self.print_line)
        self._print_items(map(to_problem_item, standing.problems), len(standing.problems))
        self._print_notes(standing.notes)
        self._print_figures(format_status_lines(standing))

    def _print_items(self, items: Iterable[ReportItem], count: int) -> None:
        """What went wrong; the sort comes first, as with all errors."""
        told = (f"{item.sort}: {item.location}: {item.description}" for item in items)
        self._print_limited(told, count, self.print_error)

    def _is_new_wait(self, event: Waiting) -> bool:
        """Whether it was not told yet that the run waits there."""
        is_new = event.path not in self._waited
        self._waited.add(event.path)
        return is_new

    def _print_annotations(self, items: Iterable[ReportItem], lines: Iterable[str]) -> None:
        self.print_lines(ci_output.format_annotations(items))
        self._print_figures(lines)

    def _print_figures(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.print_line(line)

    def _print_notes(self, notes: Iterable[str]) -> None:
        for note in () if self._verbosity is Verbosity.QUIET else notes:
            self.print_error(f"note: {to_one_line(note)}")

    def _print_limited(
        self, told: Iterable[object], count: int, say: Callable[[str], None]
    ) -> None:
        """The first lines, and how many more there are."""
        for each in islice(told, _MAX_LISTED):
            say(str(each))
        if count > _MAX_LISTED:
            say(f"... and {count - _MAX_LISTED:,} more; --output-format json has them all")


def _write_results(data: str) -> None:
    with require_stdout():
        write_stdout(data)


def _escape_cell(cell: str) -> str:
    # Where a cell is folded, any part of it may begin a line.
    return escape_unsafe(cell).replace("::", "\\u003a:")


# Reports as files in a folder: JSON for programs, JUnit for what shows tests, Markdown and a page for people.


def prepare_report_folder(given: str | None) -> Path | None:
    """Make the folder, and see that files can be written there: better before a run than after it.

    Args:
        given: the folder as it was typed; None for none.

    Raises:
        UsageError: they cannot.
    """
    if given is None:
        return None
    if not given.strip():
        raise UsageError("--report is blank: name a folder, such as report, or omit it")
    with _translate_write_errors(given):
        folder = Path(given).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    return folder


def write_report_files(folder: Path, report: Report | Standing | VerifyReport) -> None:
    """Write the files of a report, each whole or as it was before.

    Raises:
        UsageError: they cannot be written.
    """
    files = _build_report_files(report)
    with _translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        for name, data in files.items():
            write_whole(folder / name, data)


def _build_report_files(told: Report | Standing | VerifyReport) -> dict[str, bytes]:
    from tts_assets.cli.output import html_report  # noqa: PLC0415 - few runs write a report

    if isinstance(told, Report):
        texts = (
            to_json_document(to_report_data(told)),
            to_report_xml(told),
            to_report_markdown(told),
        )
        shown = html_report.build_report_page(told)
    elif isinstance(told, Standing):
        texts = (
            to_json_document(to_status_data(told)),
            to_status_xml(told),
            to_status_markdown(told),
        )
        shown = html_report.build_status_page(told)
    else:
        texts = (
            to_json_document(to_verify_data(told)),
            to_verify_xml(told),
            to_verify_markdown(told),
        )
        shown = html_report.build_verify_page(told)
    written = (*(text.encode("utf-8", "backslashreplace") for text in texts), shown)
    return dict(zip(REPORT_FILES, written, strict=True))


@contextmanager
def _translate_write_errors(folder: Path | str) -> Iterator[None]:
    try:
        yield
    # Also where nobody has such a home.
    except (OSError, ValueError, RuntimeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(
            f"--report: {folder} cannot be written: {reason}; name a folder that can be"
        ) from exc


# How commands end: a report is written and shown, and an exit code says how it went.


def finish_command(
    show: CommandOutput, what: Report | Standing, folder: Path | None, code: ExitCode
) -> ExitCode:
    """Write the files of a report, show it, and give the exit code.

    Args:
        show: where to.
        what: the report.
        folder: the folder of its files; None for none.
        code: how it went; it stays so, unless that is well and something could not be written.

    Raises:
        FatalError: standard output cannot be written.
    """
    if what.unmatched is not None:
        show.print_error(f"error: {what.unmatched}")
    # Standard output may be full, or closed: the files come first.
    if folder is not None:
        code = attempt_write(lambda: write_report_files(folder, what), show, code)
    if isinstance(what, Report):
        return attempt_write(lambda: show.show_report(what), show, code)
    return attempt_write(lambda: show.show_status(what), show, code)


def attempt_write(write: Callable[[], None], show: CommandOutput, code: ExitCode) -> ExitCode:
    """Write something beside what a command is for; the code tells of it where all else is well."""
    try:
        write()
    except UsageError as exc:
        show.print_error(f"error: {exc}")
        return code or ExitCode.USAGE
    return code


def exit_code_for(what: Report | Standing) -> ExitCode:
    """The exit code of what went well, if there was anything to look at."""
    is_nothing = what.unmatched is not None or not what.catalogues
    return ExitCode.NOTHING if is_nothing else ExitCode.OK
