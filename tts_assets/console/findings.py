"""Findings shown: lines for people, one JSON document, annotations of a GitHub workflow."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tts_assets.console.text import safe
from tts_assets.domain import Basis
from tts_assets.lint import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.lint import Finding, LintReport

#: GitHub shows this many annotations of a sort for one step.
_ANNOTATIONS = 10
#: GitHub refuses a summary of more than 1 MiB; the rest of the step's may need some of it.
_SUMMARY_BYTES = 900_000

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}
_BASES = {
    Basis.SPELLING: ("spelling", "the spelling is read as the entry says"),
    Basis.NBEST: ("n-best", "one of the dictionary's next analyses is"),
    Basis.FORCED: ("forced", "none is: the reading is set against the dictionary"),
    Basis.UNCHECKED: ("no reading", "the entry gives none that counts: it is the dictionary's"),
}
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")


def finding_lines(report: LintReport) -> Iterator[str]:
    """A line for each finding, as compilers write them."""
    return map(_line, report.findings)


def summary_lines(report: LintReport) -> Iterator[str]:
    """How many findings there are, and where the readings come from."""
    yield _counts(report)
    yield f"{'reading':<10}  {'clips':>7}"
    for name, clips, meaning in _rows(report):
        yield f"{name:<10}  {clips:>7,}  {meaning}"


def findings_data(report: LintReport) -> dict[str, Any]:
    """A report as plain data."""
    return {
        "findings": [asdict(finding) for finding in report.findings],
        "counts": {severity.value: report.count(severity) for severity in Severity},
        "readings": {basis.value: report.readings.get(basis, 0) for basis in Basis},
        "catalogues": report.catalogues,
        "clips": report.clips,
        "notes": list(report.notes),
        "seconds": round(report.seconds, 3),
    }


def annotation_lines(report: LintReport) -> Iterator[str]:
    """Workflow commands for the first findings of each severity, and how many more there are.

    Their syntax and escapes are those of GitHub's toolkit, ``packages/core/src/command.ts``.
    """
    for severity, command in _COMMANDS.items():
        of_it = [finding for finding in report.findings if finding.severity is severity]
        for finding in of_it[:_ANNOTATIONS]:
            where = {"file": finding.file, "line": finding.line, "title": finding.rule.value}
            properties = ",".join(
                f"{name}={_property(str(value))}" for name, value in where.items() if value
            )
            yield f"::{command} {properties}::{_escaped(_what(finding))}"
        if len(of_it) > _ANNOTATIONS:
            yield f"+{len(of_it) - _ANNOTATIONS} more {_PLURALS[severity]}"


def step_summary(report: LintReport) -> str:
    """The whole report in Markdown, for the summary of a workflow's step."""
    lines = [
        "### tts-assets lint",
        "",
        _counts(report),
        "",
        *_table(
            ("reading", "clips", ""), ((name, f"{n:,}", what) for name, n, what in _rows(report))
        ),
        "",
    ]
    if report.findings:
        rows = list(_table(("severity", "rule", "where", "what"), map(_cells, report.findings)))
        lines += _fitting(rows, len(report.findings))
    return "\n".join([*lines, ""])


def _line(finding: Finding) -> str:
    return f"{_where(finding)}: {finding.severity} {finding.rule}: {_what(finding)}"


def _where(finding: Finding) -> str:
    file = _one_line(finding.file)
    return file if finding.line is None else f"{file}:{finding.line}"


def _what(finding: Finding) -> str:
    """Which clip, and what is wrong with it."""
    who = " ".join(each for each in (finding.entry, finding.part) if each is not None)
    return _one_line(f"{who}: {finding.message}" if who else finding.message)


def _one_line(text: str) -> str:
    return safe(" ".join(text.split()))


def _counts(report: LintReport) -> str:
    found = [_count(report.count(severity), severity.value) for severity in Severity]
    catalogues = _count(report.catalogues, "catalogue")
    return f"{', '.join(found)} in {_count(report.clips, 'clip')} of {catalogues}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _rows(report: LintReport) -> Iterator[tuple[str, int, str]]:
    for basis, (name, meaning) in _BASES.items():
        yield name, report.readings.get(basis, 0), meaning


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(safe(text)).replace(":", "%3A").replace(",", "%2C")


def _cells(finding: Finding) -> tuple[str, ...]:
    return (finding.severity.value, finding.rule.value, _where(finding), _what(finding))


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(map(_plain, row))} |"


def _plain(text: str) -> str:
    """Text that means nothing to Markdown."""
    return _MARKUP.sub(r"\\\1", text)


def _fitting(rows: list[str], findings: int) -> list[str]:
    """As many rows of a table as a summary can hold, and how many more there are."""
    size = 0
    for index, row in enumerate(rows):
        size += len(row.encode()) + 1
        if size > _SUMMARY_BYTES:
            shown = index - 2
            return [*rows[:index], "", f"+{findings - shown:,} more"]
    return rows
