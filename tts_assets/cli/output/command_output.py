"""Prints events, reports, tables and errors in the requested format, and writes report files."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tts_assets.build.events import ClipFailed, ClipMade, Report, Standing, Waiting
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.console_text import (
    WAITING_MESSAGE,
    escape_unsafe,
    is_plain_stream,
    open_error_console,
    open_safe_stderr,
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
from tts_assets.errors import UsageError, format_count
from tts_assets.store.atomic_files import atomic_write, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console

    from tts_assets.build.events import Cost, Event
    from tts_assets.cli.output.report_data import ReportItem
    from tts_assets.errors import InputError
    from tts_assets.model import Clip
    from tts_assets.quality.quality_reports import VerifyReport

    Result: TypeAlias = Report | Standing | VerifyReport


_MAX_LISTED = 20  #: further items of one sort are only counted


class _ResultForms(NamedTuple):
    """Converters of a type of result to the output formats."""

    event: str  #: the name of its line in JSON Lines
    to_data: Callable[[Any], dict[str, Any]]  #: to plain data
    to_xml: Callable[[Any], str]  #: to JUnit XML
    to_markdown: Callable[[Any], str]  #: to Markdown
    iter_items: Callable[[Any], Iterator[ReportItem]]  #: to the items to check


def _find_forms(result: Result) -> _ResultForms:
    from tts_assets.cli.output import ci_output  # noqa: PLC0415 - text, the common case, needs none

    if isinstance(result, Report):
        return _ResultForms(
            "report",
            to_report_data,
            ci_output.to_report_xml,
            ci_output.to_report_markdown,
            iter_report_errors,
        )
    if isinstance(result, Standing):
        return _ResultForms(
            "standing",
            to_status_data,
            ci_output.to_status_xml,
            ci_output.to_status_markdown,
            iter_status_items,
        )
    return _ResultForms(
        "verdicts",
        ci_output.to_verify_data,
        ci_output.to_verify_xml,
        ci_output.to_verify_markdown,
        ci_output.iter_verify_items,
    )


def _format_figures(result: Result) -> list[str]:
    """The lines of the figures of a result."""
    if isinstance(result, Report):
        return format_report_lines(result)
    if isinstance(result, Standing):
        return format_status_lines(result)
    from tts_assets.cli.output.ci_output import format_verify_figures  # noqa: PLC0415 - see above

    return format_verify_figures(result)


class CommandOutput:
    """Writes results to standard output, and everything else to standard error.

    Failures to write to standard error are ignored. Failures to write results raise a
    ``FatalError``, or a ``BrokenPipeError`` if the reader closed the pipe.
    """

    def __init__(
        self, output_format: OutputFormat, verbosity: Verbosity = Verbosity.NORMAL
    ) -> None:
        """Write in this format and with this verbosity."""
        self._format = output_format
        self._verbosity = verbosity
        self._shown_waits: set[str] = set()
        self._failed: set[Clip] = set()

    @cached_property
    def errors(self) -> Console:
        """The console of standard error."""
        return open_error_console()

    @cached_property
    def _out(self) -> Console:
        from rich.console import Console  # noqa: PLC0415 - heavy, and pipes need none

        class ResultConsole(Console):
            """A console that raises an error on a closed pipe, instead of exiting."""

            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        return ResultConsole(emoji=False)

    def show_event(self, event: Event) -> None:
        """Show a failure at once, and every event as a line of JSON if requested."""
        if isinstance(event, ClipFailed):
            self._print_failure(event)
        if isinstance(event, ClipMade) and self._verbosity is Verbosity.VERBOSE:
            self._print_clip(event)
        if self._format is not OutputFormat.JSONL:
            return
        if isinstance(event, Waiting) and not self._is_new_wait(event):
            return
        line = to_json_line(to_event_data(event))
        # Continue the run without output; printing the report raises the same error.
        with suppress(OSError, ValueError):
            write_stdout(line)

    def show_waiting(self, event: Event) -> None:
        """Print, once per folder, that the command waits for another run."""
        if isinstance(event, Waiting) and self._is_new_wait(event):
            self.print_error(WAITING_MESSAGE.format(event.path))

    def show_result(self, result: Result) -> None:
        """Print the result of a run, a status or a verification.

        Raises:
            UsageError: the step summary cannot be written; everything else was printed.
        """
        if self._format is OutputFormat.TEXT:
            self._print_listing(result)
            self._print_notes(result.notes)
            self._print_figures(_format_figures(result))
            return
        forms = _find_forms(result)
        match self._format:
            case OutputFormat.JSON:
                self.print_json(forms.to_data(result))
            case OutputFormat.JSONL:
                _write_results(to_json_line({"event": forms.event, **forms.to_data(result)}))
            case OutputFormat.JUNIT:
                _write_results(forms.to_xml(result))
            case OutputFormat.GITHUB:
                from tts_assets.cli.output import ci_output  # noqa: PLC0415 - see _find_forms

                self.print_lines(ci_output.format_annotations(forms.iter_items(result)))
                self._print_figures(_format_figures(result))
                self._print_notes(result.notes)
                ci_output.append_step_summary(forms.to_markdown(result))

    def show_problems(self, problems: Sequence[InputError], notes: Iterable[str] = ()) -> None:
        """Print unusable entries and notes."""
        self._print_items(map(to_problem_item, problems), len(problems))
        self._print_notes(notes)

    def show_estimate(self, cost: Cost, *, dry_run: bool) -> None:
        """Print the expected cost of a run, before any request is sent."""
        if cost.rebilled is not None:
            hint = "" if dry_run else "; --dry-run looks without paying"
            self.print_error(f"warning: {describe_repeat_charges(cost, cost.rebilled)}{hint}")
        if not dry_run:
            self.print_error(f"{describe_expected_cost(cost)} expected")

    def print_table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table for people, or a list of objects for programs."""
        if self._format is OutputFormat.JSON:
            self.print_json([dict(zip(headings, row, strict=True)) for row in rows])
            return
        from rich.table import Table  # noqa: PLC0415 - heavy, and few commands need it
        from rich.text import Text  # noqa: PLC0415 - see above

        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(_escape_cell(cell)) for cell in row))
        with require_stdout():
            self._out.print(table)

    def print_json(self, value: Any) -> None:
        """Print one JSON document."""
        _write_results(to_json_document(value))

    def print_line(self, text: str) -> None:
        """Print a line of results."""
        if self._verbosity is Verbosity.QUIET:
            return
        with require_stdout():
            if is_plain_stream(sys.stdout) and "\t" not in text:
                sys.stdout.write(f"{escape_unsafe(text)}\n")
                sys.stdout.flush()
            else:
                print_message(self._out, text)

    def print_lines(self, lines: Iterable[str]) -> None:
        """Print lines of results that are already safe to show."""
        if self._verbosity is Verbosity.QUIET and self._format is OutputFormat.TEXT:
            return
        with require_stdout():
            sys.stdout.writelines(f"{line}\n" for line in lines)
            sys.stdout.flush()

    def print_error(self, text: str) -> None:
        """Print a line to standard error."""
        stderr = open_safe_stderr()
        if is_plain_stream(stderr) and "\t" not in text:
            stderr.write(f"{escape_unsafe(text)}\n")
        else:
            print_message(self.errors, text)

    def _print_listing(self, result: Result) -> None:
        """Print the items of a result, which precede its notes and figures."""
        if isinstance(result, Report):
            if result.dry_run:
                self._print_limited(map(to_planned_item, result.planned), len(result.planned))
            failures = tuple(each for each in result.failures if each.clip not in self._failed)
            listed = replace(result, failures=failures)
            self._print_items(iter_report_errors(listed), len(listed.problems) + len(failures))
        elif isinstance(result, Standing):
            unapproved = result.unapproved or ()
            self._print_limited(map(to_planned_item, result.planned), len(result.planned))
            self._print_limited(map(to_unapproved_item, unapproved), len(unapproved))
            self._print_limited(map(to_take_item, result.takes), len(result.takes))
            self._print_items(map(to_problem_item, result.problems), len(result.problems))
        else:
            from tts_assets.cli.output.ci_output import (  # noqa: PLC0415 - see _find_forms
                format_verify_lines,
            )

            self.print_lines(format_verify_lines(result))

    def _print_clip(self, event: ClipMade) -> None:
        first, *others = event.job.clips
        more = f" and {format_count(len(others), 'other place')}" if others else ""
        clip = f"{first.kind} {first.entry} {first.part} {shorten_text(event.job.form.text)}{more}"
        self.print_error(f"generated {first.file}: {clip}, {event.audio_seconds:.1f} s")

    def _print_failure(self, event: ClipFailed) -> None:
        # The annotations after the run name each failure.
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
        """Print errors; the sort comes first, as in all errors."""
        lines = (f"{item.sort}: {item.location}: {item.description}" for item in items)
        self._print_limited(lines, count, self.print_error)

    def _is_new_wait(self, event: Waiting) -> bool:
        """Whether the wait for this folder was not shown before."""
        is_new = event.path not in self._shown_waits
        self._shown_waits.add(event.path)
        return is_new

    def _print_figures(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.print_line(line)

    def _print_notes(self, notes: Iterable[str]) -> None:
        for note in () if self._verbosity is Verbosity.QUIET else notes:
            self.print_error(f"note: {to_one_line(note)}")

    def _print_limited(
        self, items: Iterable[object], count: int, write: Callable[[str], None] | None = None
    ) -> None:
        """Print the first items and the number of others, by default as results."""
        write = write or self.print_line
        for each in islice(items, _MAX_LISTED):
            write(str(each))
        if count > _MAX_LISTED:
            write(f"... and {count - _MAX_LISTED:,} more; --output-format json has them all")


def _write_results(data: str) -> None:
    with require_stdout():
        write_stdout(data)


def _escape_cell(cell: str) -> str:
    # A cell may be folded anywhere, so escape workflow commands in the middle, too.
    return escape_unsafe(cell).replace("::", "\\u003a:")


# Report files: JSON for programs, JUnit for CI, Markdown and HTML for people.


def prepare_report_folder(path: str | None) -> Path | None:
    """Create the folder of a report, and check before the run that it is writable.

    Args:
        path: the folder as typed; None for none.

    Raises:
        UsageError: the folder cannot be written.
    """
    if path is None:
        return None
    if not path.strip():
        raise UsageError("--report is blank: name a folder, such as report, or omit it")
    with _translate_write_errors(path):
        folder = Path(path).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    return folder


def write_report_files(folder: Path, result: Result) -> None:
    """Write the files of a report, each atomically.

    Raises:
        UsageError: the files cannot be written.
    """
    from tts_assets.cli.output import html_report  # noqa: PLC0415 - few runs write a report

    forms = _find_forms(result)
    texts = (
        to_json_document(forms.to_data(result)),
        forms.to_xml(result),
        forms.to_markdown(result),
    )
    contents = (
        *(text.encode("utf-8", "backslashreplace") for text in texts),
        html_report.build_result_page(result),
    )
    with _translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        for name, data in zip(REPORT_FILES, contents, strict=True):
            atomic_write(folder / name, data)


@contextmanager
def _translate_write_errors(folder: Path | str) -> Iterator[None]:
    try:
        yield
    # RuntimeError: the home folder of a user is unknown.
    except (OSError, ValueError, RuntimeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(
            f"--report: {folder} cannot be written: {reason}; name a folder that can be"
        ) from exc


# The end of a command: write and show its result, and choose the exit code.


def finish_command(
    show: CommandOutput, result: Result, folder: Path | None, code: ExitCode
) -> ExitCode:
    """Write the report files, show the result, and return the exit code.

    Args:
        show: the output.
        result: the result.
        folder: the folder for report files; None for none.
        code: the exit code of the command; replaced only if it is OK and a write failed.

    Raises:
        FatalError: standard output cannot be written.
    """
    fatal = None if isinstance(result, Standing) else result.fatal
    for error in filter(None, (fatal, result.unmatched)):
        show.print_error(f"error: {error}")
    # Write the files first: standard output may be full or closed.
    if folder is not None:
        code = attempt_write(lambda: write_report_files(folder, result), show, code)
    return attempt_write(lambda: show.show_result(result), show, code)


def attempt_write(write: Callable[[], None], show: CommandOutput, code: ExitCode) -> ExitCode:
    """Write side output; return USAGE if that fails and the command itself succeeded."""
    try:
        write()
    except UsageError as exc:
        show.print_error(f"error: {exc}")
        return code or ExitCode.USAGE
    return code


def is_nothing(result: Report | Standing) -> bool:
    """Whether the selection matched nothing."""
    return result.unmatched is not None or not result.catalogues
