"""What a command prints: events, reports, tables and errors, in the requested format; report files."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

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

    Result: TypeAlias = Report | Standing | VerifyReport


#: More of one sort are counted, not listed.
_MAX_LISTED = 20


class _ResultForms(NamedTuple):
    """How a result is written: for programs, for people, for JUnit and for GitHub.

    Args:
        event: what it is, as a line of JSON Lines.
        to_data: as plain data.
        to_xml: as JUnit XML.
        to_markdown: in Markdown.
        iter_items: what somebody should look at.
        format_figures: the lines of its figures.
    """

    event: str
    to_data: Callable[[Any], dict[str, Any]]
    to_xml: Callable[[Any], str]
    to_markdown: Callable[[Any], str]
    iter_items: Callable[[Any], Iterator[ReportItem]]
    format_figures: Callable[[Any], list[str]]


_REPORT_FORMS = _ResultForms(
    "report",
    to_report_data,
    to_report_xml,
    to_report_markdown,
    iter_report_errors,
    format_report_lines,
)
_STATUS_FORMS = _ResultForms(
    "standing",
    to_status_data,
    to_status_xml,
    to_status_markdown,
    iter_status_items,
    format_status_lines,
)
_VERIFY_FORMS = _ResultForms(
    "verdicts",
    to_verify_data,
    to_verify_xml,
    to_verify_markdown,
    iter_verify_items,
    format_verify_figures,
)


def _find_forms(result: Result) -> _ResultForms:
    if isinstance(result, Report):
        return _REPORT_FORMS
    return _STATUS_FORMS if isinstance(result, Standing) else _VERIFY_FORMS


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

    def show_result(self, result: Result) -> None:
        """What a run did, how clips stand, or what is wrong with assets.

        Raises:
            UsageError: the summary of a workflow's step cannot be written; all else was told.
        """
        forms = _find_forms(result)
        match self._format:
            case OutputFormat.JSON:
                self.print_json(forms.to_data(result))
            case OutputFormat.JSONL:
                _write_results(to_json_line({"event": forms.event, **forms.to_data(result)}))
            case OutputFormat.JUNIT:
                _write_results(forms.to_xml(result))
            case OutputFormat.GITHUB:
                self.print_lines(ci_output.format_annotations(forms.iter_items(result)))
                self._print_figures(forms.format_figures(result))
                self._print_notes(result.notes)
                ci_output.append_step_summary(forms.to_markdown(result))
            case OutputFormat.TEXT:
                self._print_listing(result)
                self._print_notes(result.notes)
                self._print_figures(forms.format_figures(result))

    def show_problems(self, problems: Sequence[InputError], notes: Iterable[str] = ()) -> None:
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

    def _print_listing(self, result: Result) -> None:
        """The lines of a result for people, before its notes and figures."""
        if isinstance(result, Report):
            if result.dry_run:
                self._print_limited(map(to_planned_item, result.planned), len(result.planned))
            failures = tuple(each for each in result.failures if each.clip not in self._failed)
            listed = replace(result, failures=failures)
            self._print_items(iter_report_errors(listed), len(listed.problems) + len(failures))
        elif isinstance(result, Standing):
            waiting = result.unapproved or ()
            self._print_limited(map(to_planned_item, result.planned), len(result.planned))
            self._print_limited(map(to_unapproved_item, waiting), len(waiting))
            self._print_limited(map(to_take_item, result.takes), len(result.takes))
            self._print_items(map(to_problem_item, result.problems), len(result.problems))
        else:
            self.print_lines(format_verify_lines(result))

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

    def _print_items(self, items: Iterable[ReportItem], count: int) -> None:
        """What went wrong; the sort comes first, as with all errors."""
        told = (f"{item.sort}: {item.location}: {item.description}" for item in items)
        self._print_limited(told, count, self.print_error)

    def _is_new_wait(self, event: Waiting) -> bool:
        """Whether it was not told yet that the run waits there."""
        is_new = event.path not in self._waited
        self._waited.add(event.path)
        return is_new

    def _print_figures(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.print_line(line)

    def _print_notes(self, notes: Iterable[str]) -> None:
        for note in () if self._verbosity is Verbosity.QUIET else notes:
            self.print_error(f"note: {to_one_line(note)}")

    def _print_limited(
        self, told: Iterable[object], count: int, say: Callable[[str], None] | None = None
    ) -> None:
        """The first lines, and how many more there are; results, if nothing else is said."""
        say = say or self.print_line
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


def write_report_files(folder: Path, result: Result) -> None:
    """Write the files of a report, each whole or as it was before.

    Raises:
        UsageError: they cannot be written.
    """
    from tts_assets.cli.output import html_report  # noqa: PLC0415 - few runs write a report

    forms = _find_forms(result)
    texts = (
        to_json_document(forms.to_data(result)),
        forms.to_xml(result),
        forms.to_markdown(result),
    )
    written = (
        *(text.encode("utf-8", "backslashreplace") for text in texts),
        html_report.build_result_page(result),
    )
    with _translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        for name, data in zip(REPORT_FILES, written, strict=True):
            write_whole(folder / name, data)


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
    show: CommandOutput, result: Result, folder: Path | None, code: ExitCode
) -> ExitCode:
    """Write the files of a report, show it, and give the exit code.

    Args:
        show: where to.
        result: the report.
        folder: the folder of its files; None for none.
        code: how it went; it stays so, unless that is well and something could not be written.

    Raises:
        FatalError: standard output cannot be written.
    """
    fatal = None if isinstance(result, Standing) else result.fatal
    for told in filter(None, (fatal, result.unmatched)):
        show.print_error(f"error: {told}")
    # Standard output may be full, or closed: the files come first.
    if folder is not None:
        code = attempt_write(lambda: write_report_files(folder, result), show, code)
    return attempt_write(lambda: show.show_result(result), show, code)


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
