"""The command `lint`: what is doubtful in the catalogues, as text, JSON or GitHub annotations."""

from functools import partial

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import tried
from tts_assets.cli.output.findings import (
    annotation_lines,
    finding_lines,
    findings_data,
    hidden_notes_line,
    step_summary,
    summary_lines,
)
from tts_assets.cli.output.github import append_summary
from tts_assets.cli.output.show import Show
from tts_assets.cli.signals import run_until_signal
from tts_assets.config.model import OutputFormat, Progress, Settings
from tts_assets.errors import UsageError
from tts_assets.quality import lint_catalogues
from tts_assets.quality.quality_reports import LintReport, Severity

#: So many texts take the dictionary longer than people wait without a word.
_MANY = 5_000


def lint(settings: Settings, *, severity: str | None = None, verbose: bool = False) -> ExitCode:
    """Look, show the findings, and return the exit code.

    Args:
        settings: what to look at.
        severity: the least severity that is shown and counted; None for all.
        verbose: whether people see notes, too; ``severity`` "note" shows them as well.

    Raises:
        UsageError: there is no such severity.
    """
    show = Show(settings.output_format)
    least = _parse_severity(severity)
    on_read = partial(_tell, settings, show)
    report = run_until_signal(
        partial(lint_catalogues.lint_catalogues, settings, least=least, on_read=on_read)
    )
    match settings.output_format:
        case OutputFormat.JSON:
            show.data(findings_data(report))
        case OutputFormat.GITHUB:
            show.lines([*annotation_lines(report), *summary_lines(report)])
        case OutputFormat.TEXT:
            with_notes = verbose or severity is not None
            show.lines([*finding_lines(report, with_notes=with_notes), *summary_lines(report)])
            if not with_notes and report.count_findings(Severity.NOTE):
                show.line(hidden_notes_line(report))
    for note in report.notes:
        show.error(f"note: {note}")
    if report.unmatched is not None:
        show.error(f"error: {report.unmatched}")
    if not (report.catalogues or report.findings):
        show.error("there is no catalogue to look at")
    code = _exit_code(report)
    if settings.output_format is OutputFormat.GITHUB:
        return tried(lambda: append_summary(step_summary(report)), show, code)
    return code


def _parse_severity(severity: str | None) -> Severity:
    try:
        return Severity.NOTE if severity is None else Severity(severity)
    except ValueError as exc:
        raise UsageError(
            f"--severity {severity!r}: there is no such severity: give error, warning or note"
        ) from exc


def _tell(settings: Settings, show: Show, texts: int) -> None:
    if texts > _MANY and settings.progress is not Progress.NONE:
        show.error(f"reading {texts:,} different texts")


def _exit_code(report: LintReport) -> ExitCode:
    if report.count_findings(Severity.ERROR) or report.count_findings(Severity.WARNING):
        return ExitCode.FINDINGS
    is_nothing = report.unmatched is not None or not report.catalogues
    return ExitCode.NOTHING if is_nothing else ExitCode.OK
