"""The command `lint`: findings in the catalogues, as text, JSON or GitHub annotations."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from tts_assets.cli.exit_code import ExitCode, choose_exit_code, run_until_signal
from tts_assets.cli.output import ci_output
from tts_assets.cli.output.ci_output import (
    append_step_summary,
    format_markdown_table,
    limit_table_lines,
)
from tts_assets.cli.output.command_output import CommandOutput, attempt_write
from tts_assets.cli.output.console_text import to_one_line
from tts_assets.cli.output.report_data import AnnotationLevel, ReportItem
from tts_assets.config.settings import OutputFormat, Progress, Settings
from tts_assets.errors import UsageError, format_count
from tts_assets.model import Basis
from tts_assets.quality import lint_catalogues
from tts_assets.quality.quality_reports import LintReport, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.quality.quality_reports import LintFinding


#: More texts than this take the dictionary so long that a progress message is due.
_MANY_TEXTS = 5_000


def run_lint(settings: Settings, *, severity: str | None = None, verbose: bool = False) -> ExitCode:
    """Check the catalogues, print the findings and return the exit code.

    Args:
        settings: the catalogues to check.
        severity: the lowest severity to show and count; None for all.
        verbose: show notes in text output; ``severity`` "note" shows them, too.

    Raises:
        UsageError: the severity is unknown.
    """
    show = CommandOutput(settings.output_format, settings.verbosity)
    least = _parse_severity(severity)
    on_read = partial(_show_text_count, settings, show)
    report = run_until_signal(
        partial(lint_catalogues.lint_catalogues, settings, least=least, on_read=on_read)
    )
    match settings.output_format:
        case OutputFormat.JSON:
            show.print_json(to_findings_data(report))
        case OutputFormat.GITHUB:
            show.print_lines([*format_lint_annotations(report), *format_lint_summary(report)])
        case OutputFormat.TEXT:
            with_notes = verbose or severity is not None
            show.print_lines(
                [*format_finding_lines(report, with_notes=with_notes), *format_lint_summary(report)]
            )
            if not with_notes and report.count_findings(Severity.NOTE):
                show.print_line(format_hidden_notes(report))
    for note in report.notes:
        show.print_error(f"note: {note}")
    if report.unmatched is not None:
        show.print_error(f"error: {report.unmatched}")
    if not (report.catalogues or report.findings):
        show.print_error("there is no catalogue to check")
    code = choose_exit_code(
        findings=report.count_findings(Severity.ERROR) or report.count_findings(Severity.WARNING),
        nothing=report.unmatched is not None or not report.catalogues,
    )
    if settings.output_format is OutputFormat.GITHUB:
        return attempt_write(lambda: append_step_summary(to_lint_markdown(report)), show, code)
    return code


def _parse_severity(severity: str | None) -> Severity:
    try:
        return Severity.NOTE if severity is None else Severity(severity)
    except ValueError as exc:
        raise UsageError(
            f"--severity {severity!r}: there is no such severity: give error, warning or note"
        ) from exc


def _show_text_count(settings: Settings, show: CommandOutput, texts: int) -> None:
    if texts > _MANY_TEXTS and settings.progress is not Progress.NONE:
        show.print_error(f"analysing {texts:,} different texts")


# Findings as lines for people, a JSON document, or annotations of a GitHub workflow.
_ANNOTATION_LEVELS = {
    Severity.ERROR: AnnotationLevel.ERROR,
    Severity.WARNING: AnnotationLevel.WARNING,
    Severity.NOTE: AnnotationLevel.NOTICE,
}
_READING_SOURCES = {
    Basis.SPELLING: ("spelling", "the dictionary's first reading is the entry's"),
    Basis.NBEST: ("n-best", "another of the dictionary's readings is the entry's"),
    Basis.FORCED: ("forced", "no reading of the dictionary is; the entry's is forced"),
    Basis.UNCHECKED: ("no reading", "the entry has no reading; the dictionary's is used"),
}


def format_finding_lines(report: LintReport, *, with_notes: bool = True) -> Iterator[str]:
    """A line for each finding, in the format of compilers."""
    for finding in report.findings:
        if with_notes or finding.severity is not Severity.NOTE:
            yield _format_finding(finding)


def format_lint_summary(report: LintReport) -> Iterator[str]:
    """The number of findings, and the sources of the readings."""
    yield _format_finding_counts(report)
    yield f"{'reading':<10}  {'clips':>7}"
    for name, clips, meaning in _iter_reading_rows(report):
        yield f"{name:<10}  {clips:>7,}  {meaning}"


def format_hidden_notes(report: LintReport) -> str:
    """The number of hidden notes of each rule, and the option that shows them."""
    rules = Counter(
        finding.rule.value for finding in report.findings if finding.severity is Severity.NOTE
    )
    counts = ", ".join(f"{count:,} {rule}" for rule, count in rules.most_common())
    return f"{format_count(rules.total(), 'note')} ({counts}): --verbose shows {'it' if rules.total() == 1 else 'them'}"


def to_findings_data(report: LintReport) -> dict[str, Any]:
    """A report as plain data."""
    return {
        "findings": [asdict(finding) for finding in report.findings],
        "counts": {severity.value: report.count_findings(severity) for severity in Severity},
        "readings": {basis.value: report.readings.get(basis, 0) for basis in Basis},
        "catalogues": report.catalogues,
        "clips": report.clips,
        "notes": list(report.notes),
        "seconds": round(report.seconds, 3),
    }


def format_lint_annotations(report: LintReport) -> Iterator[str]:
    """Annotations of a GitHub workflow for the first findings of each severity."""
    return ci_output.format_annotations(map(_to_finding_item, report.findings))


def to_lint_markdown(report: LintReport) -> str:
    """The whole report in Markdown, for the step summary."""
    rows = ((name, f"{count:,}", meaning) for name, count, meaning in _iter_reading_rows(report))
    lines = [
        "### tts-assets lint",
        "",
        _format_finding_counts(report),
        "",
        *format_markdown_table(("reading", "clips", ""), rows),
        "",
    ]
    if report.findings:
        table = format_markdown_table(
            ("severity", "rule", "where", "what"), map(_list_cells, report.findings)
        )
        lines += limit_table_lines(table, len(report.findings))
    return "\n".join([*lines, ""])


def _format_finding(finding: LintFinding) -> str:
    item = _to_finding_item(finding)
    return f"{item.location}: {finding.severity} {item.sort}: {item.description}"


def _list_cells(finding: LintFinding) -> tuple[str, ...]:
    item = _to_finding_item(finding)
    return (finding.severity.value, item.sort, item.location, item.description)


def _to_finding_item(finding: LintFinding) -> ReportItem:
    name = " ".join(each for each in (finding.entry, finding.part) if each is not None)
    return ReportItem(
        level=_ANNOTATION_LEVELS[finding.severity],
        sort=finding.rule.value,
        file=to_one_line(finding.file),
        line=finding.line,
        kind="",
        name=to_one_line(name),
        what=to_one_line(finding.message),
    )


def _format_finding_counts(report: LintReport) -> str:
    counts = [
        format_count(report.count_findings(severity), severity.value)
        for severity in Severity
        if severity.is_at_least(report.least)
    ]
    catalogues = format_count(report.catalogues, "catalogue")
    return f"{', '.join(counts)} in {format_count(report.clips, 'clip')} of {catalogues}"


def _iter_reading_rows(report: LintReport) -> Iterator[tuple[str, int, str]]:
    for basis, (name, meaning) in _READING_SOURCES.items():
        yield name, report.readings.get(basis, 0), meaning
