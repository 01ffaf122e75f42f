"""Findings shown: lines for people, one JSON document, annotations of a GitHub workflow."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tts_assets.cli.output import github
from tts_assets.cli.output.items import Item, Level
from tts_assets.cli.output.markdown import fitting, table
from tts_assets.cli.output.text import many, one_line
from tts_assets.model import Basis
from tts_assets.quality.quality_reports import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.quality.quality_reports import LintFinding, LintReport

_LEVELS = {
    Severity.ERROR: Level.ERROR,
    Severity.WARNING: Level.WARNING,
    Severity.NOTE: Level.NOTICE,
}
_BASES = {
    Basis.SPELLING: ("spelling", "the spelling is read as the entry says"),
    Basis.NBEST: ("n-best", "one of the dictionary's next analyses is"),
    Basis.FORCED: ("forced", "none is: the reading is set against the dictionary"),
    Basis.UNCHECKED: ("no reading", "the entry gives none that counts: it is the dictionary's"),
}


def finding_lines(report: LintReport, *, with_notes: bool = True) -> Iterator[str]:
    """A line for each finding, as compilers write them."""
    for finding in report.findings:
        if with_notes or finding.severity is not Severity.NOTE:
            yield _line(finding)


def summary_lines(report: LintReport) -> Iterator[str]:
    """How many findings there are, and where the readings come from."""
    yield _counts(report)
    yield f"{'reading':<10}  {'clips':>7}"
    for name, clips, meaning in _rows(report):
        yield f"{name:<10}  {clips:>7,}  {meaning}"


def hidden_notes_line(report: LintReport) -> str:
    """How many notes of each rule are not shown, and how to see them."""
    rules = Counter(
        finding.rule.value for finding in report.findings if finding.severity is Severity.NOTE
    )
    named = ", ".join(f"{count:,} {rule}" for rule, count in rules.most_common())
    return f"{many(rules.total(), 'note')} ({named}): --verbose shows {'it' if rules.total() == 1 else 'them'}"


def findings_data(report: LintReport) -> dict[str, Any]:
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


def annotation_lines(report: LintReport) -> Iterator[str]:
    """Annotations of a GitHub workflow for the first findings of each severity."""
    return github.annotation_lines(map(_item, report.findings))


def step_summary(report: LintReport) -> str:
    """The whole report in Markdown, for the summary of a workflow's step."""
    rows = ((name, f"{count:,}", meaning) for name, count, meaning in _rows(report))
    lines = [
        "### tts-assets lint",
        "",
        _counts(report),
        "",
        *table(("reading", "clips", ""), rows),
        "",
    ]
    if report.findings:
        found = table(("severity", "rule", "where", "what"), map(_cells, report.findings))
        lines += fitting(found, len(report.findings))
    return "\n".join([*lines, ""])


def _line(finding: LintFinding) -> str:
    item = _item(finding)
    return f"{item.where}: {finding.severity} {item.sort}: {item.told}"


def _cells(finding: LintFinding) -> tuple[str, ...]:
    item = _item(finding)
    return (finding.severity.value, item.sort, item.where, item.told)


def _item(finding: LintFinding) -> Item:
    name = " ".join(each for each in (finding.entry, finding.part) if each is not None)
    return Item(
        level=_LEVELS[finding.severity],
        sort=finding.rule.value,
        file=one_line(finding.file),
        line=finding.line,
        kind="",
        name=one_line(name),
        what=one_line(finding.message),
    )


def _counts(report: LintReport) -> str:
    found = [
        many(report.count_findings(severity), severity.value)
        for severity in Severity
        if severity.is_at_least(report.least)
    ]
    catalogues = many(report.catalogues, "catalogue")
    return f"{', '.join(found)} in {many(report.clips, 'clip')} of {catalogues}"


def _rows(report: LintReport) -> Iterator[tuple[str, int, str]]:
    for basis, (name, meaning) in _BASES.items():
        yield name, report.readings.get(basis, 0), meaning
