"""The command `lint`: what is doubtful in the catalogues, as text, JSON or GitHub annotations."""

from functools import partial

from tts_assets import lint as look
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import tried
from tts_assets.cli.signals import run_until_signal
from tts_assets.console import Show
from tts_assets.console.findings import (
    annotation_lines,
    finding_lines,
    findings_data,
    step_summary,
    summary_lines,
)
from tts_assets.console.github import append_summary
from tts_assets.lint import LintReport, Severity
from tts_assets.settings import OutputFormat, Progress, Settings

#: So many texts take the dictionary longer than people wait without a word.
_MANY = 5_000


def lint(settings: Settings) -> ExitCode:
    """Look, show what was found, and say it in an exit code."""
    show = Show(settings.output_format)
    report = run_until_signal(partial(look.lint, settings, on_read=partial(_tell, settings, show)))
    match settings.output_format:
        case OutputFormat.JSON:
            show.data(findings_data(report))
        case OutputFormat.GITHUB:
            show.lines([*annotation_lines(report), *summary_lines(report)])
        case OutputFormat.TEXT:
            show.lines([*finding_lines(report), *summary_lines(report)])
    for note in report.notes:
        show.error(f"note: {note}")
    if not (report.catalogues or report.findings):
        show.error("there is no catalogue to look at")
    code = _exit_code(report)
    if settings.output_format is OutputFormat.GITHUB:
        return tried(lambda: append_summary(step_summary(report)), show, code)
    return code


def _tell(settings: Settings, show: Show, texts: int) -> None:
    if texts > _MANY and settings.progress is not Progress.NONE:
        show.error(f"reading {texts:,} different texts")


def _exit_code(report: LintReport) -> ExitCode:
    if report.count(Severity.ERROR) or report.count(Severity.WARNING):
        return ExitCode.FINDINGS
    return ExitCode.OK if report.catalogues else ExitCode.NOTHING
