"""Output for CI: JUnit XML, GitHub annotations, and the step summary in Markdown."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from tts_assets.build.plan.planner import State
from tts_assets.cli.output.console_text import (
    escape_unsafe,
    shorten_text,
    to_one_line,
    to_plain_data,
)
from tts_assets.cli.output.cost_report import (
    LABEL_WIDTH,
    describe_missed_urls,
    format_report_lines,
    format_status_lines,
)
from tts_assets.cli.output.report_data import (
    AnnotationLevel,
    ReportItem,
    iter_report_errors,
    iter_status_items,
    to_planned_item,
    to_problem_item,
)
from tts_assets.errors import UsageError, format_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tts_assets.build.events import Report, Standing
    from tts_assets.model import Finding
    from tts_assets.quality.quality_reports import AssetResult, VerifyReport


#: Characters that XML 1.0 forbids; the others are already escaped, because they act on terminals, too.
_NON_XML_PATTERN = re.compile("[\ufffe\uffff]")

_SUMMARY_SUITE = "tts-assets"  #: the suite for cases about all catalogues

#: The counts of JUnit, by the element of a case.
_COUNT_ATTRIBUTES = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class _JUnitCase(NamedTuple):
    """A test case; one without an outcome passed."""

    suite: str
    classname: str
    name: str
    outcome: str | None = None
    sort: str = ""
    message: str = ""
    line: int | None = None


def to_report_xml(report: Report) -> str:
    """A run: failed clips are failures, unusable entries are errors; a dry run skips clips."""
    missed = describe_missed_urls(report) if report.urls_missed else ""
    cases = (
        _create_summary_case("run", "error", to_one_line(report.fatal or "")),
        _create_summary_case("URLs", "failure", missed),
        *map(_create_item_case, iter_report_errors(report)),
        *_iter_passing_cases(report),
    )
    figures = {
        "to_make": report.to_make,
        "passed_over": report.passed_over,
        "made": report.made,
        "moved": report.moved,
        "left": report.left,
        "urls_written": report.urls_written,
    }
    return _build_document(cases, _count_states(report.states) | figures, report.seconds)


def to_status_xml(standing: Standing) -> str:
    """A status: clips to generate or approve are failures, unusable entries are errors."""
    count = standing.urls_to_write
    unwritten = f"{format_count(count, 'URL')} to be written" if count else ""
    summaries = [_create_summary_case("URLs", "failure", unwritten)]
    if untimed := standing.timelines_to_write:
        message = f"{format_count(untimed, 'time line')} to be written"
        summaries.append(_create_summary_case("time lines", "failure", message))
    cases = chain(summaries, map(_create_item_case, iter_status_items(standing)))
    figures = {
        "urls_to_write": standing.urls_to_write,
        "timelines_to_write": standing.timelines_to_write,
        "kept": sum(each.clips for each in standing.kept),
        "orphans": len(standing.orphans or ()),
        "approved": standing.approved,
        "unapproved": len(standing.unapproved or ()),
    }
    return _build_document(cases, _count_states(standing.states) | figures, standing.seconds)


def _create_summary_case(name: str, outcome: str, message: str) -> _JUnitCase:
    """A case about all catalogues; it passes if the message is empty."""
    if not message:
        return _JUnitCase(_SUMMARY_SUITE, _SUMMARY_SUITE, name)
    return _JUnitCase(_SUMMARY_SUITE, _SUMMARY_SUITE, name, outcome, outcome, message)


def _create_item_case(item: ReportItem) -> _JUnitCase:
    outcome = "failure" if item.kind else "error"
    classname = item.kind or "catalogue"
    name = item.name or item.file
    return _JUnitCase(item.file, classname, name, outcome, item.sort, item.what, item.line)


def _iter_passing_cases(report: Report) -> Iterator[_JUnitCase]:
    """The clips that did not fail: generated, or planned by a dry run."""
    # An interrupted run does not record which of them it generated.
    if not report.dry_run and (report.stopped or report.fatal or report.left):
        return
    failed = {each.clip for each in report.failures}
    for each in report.planned:
        if each.clip in failed:
            continue
        item = to_planned_item(each)
        case = _JUnitCase(item.file, item.kind, item.name, line=item.line)
        if report.dry_run:
            case = case._replace(outcome="skipped", sort=item.sort, message=item.what)
        yield case


def _count_states(states: Mapping[State, int]) -> dict[str, int]:
    return {state.value: states.get(state, 0) for state in State}


def _build_document(cases: Iterable[_JUnitCase], figures: Mapping[str, int], seconds: float) -> str:
    root = ET.Element("testsuites", {"name": _SUMMARY_SUITE, "time": f"{seconds:.3f}"})
    suites: dict[str, ET.Element] = {}
    for case in cases:
        suite = suites.get(case.suite)
        if suite is None:
            suite = suites[case.suite] = ET.SubElement(
                root, "testsuite", name=_escape_xml(case.suite)
            )
        _add_case(suite, case)
    _add_properties(suites[_SUMMARY_SUITE], figures)
    for suite in suites.values():
        _set_counts(suite)
    _set_counts(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_case(suite: ET.Element, case: _JUnitCase) -> None:
    attributes = {"classname": _escape_xml(case.classname), "name": _escape_xml(case.name)}
    if case.suite != _SUMMARY_SUITE:
        attributes["file"] = _escape_xml(case.suite)
    if case.line is not None:
        attributes["line"] = str(case.line)
    element = ET.SubElement(suite, "testcase", attributes)
    if case.outcome is not None:
        message = {"message": _escape_xml(case.message), "type": _escape_xml(case.sort)}
        # A skipped case has no type.
        if case.outcome == "skipped":
            del message["type"]
        ET.SubElement(element, case.outcome, message)


def _add_properties(suite: ET.Element, figures: Mapping[str, int]) -> None:
    properties = ET.Element("properties")
    for name, value in figures.items():
        ET.SubElement(properties, "property", name=name, value=str(value))
    suite.insert(0, properties)


def _set_counts(element: ET.Element) -> None:
    """Set the numbers of cases and of each outcome."""
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    for outcome, name in _COUNT_ATTRIBUTES.items():
        element.set(name, str(sum(1 for _ in element.iter(outcome))))


def _escape_xml(text: str) -> str:
    """Escape the characters that XML forbids."""
    return _NON_XML_PATTERN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


# Output for a GitHub workflow: annotations on lines of files, and the step summary.


_MAX_ANNOTATIONS = 10  #: GitHub shows this many annotations of a level for one step

#: The variable with the path of the step summary in GitHub Actions.
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
_PLURALS = {
    AnnotationLevel.ERROR: "errors",
    AnnotationLevel.WARNING: "warnings",
    AnnotationLevel.NOTICE: "notes",
}


def format_annotations(items: Iterable[ReportItem]) -> Iterator[str]:
    """Workflow commands for the first items of each level, and the number of the others.

    Syntax and escapes follow GitHub's toolkit, ``packages/core/src/command.ts``.
    """
    first: dict[AnnotationLevel, list[ReportItem]] = {level: [] for level in AnnotationLevel}
    counts = dict.fromkeys(AnnotationLevel, 0)
    for item in items:
        counts[item.level] += 1
        if counts[item.level] <= _MAX_ANNOTATIONS:
            first[item.level].append(item)
    for level, listed in first.items():
        yield from map(_format_annotation, listed)
        if counts[level] > _MAX_ANNOTATIONS:
            yield f"+{counts[level] - _MAX_ANNOTATIONS:,} more {_PLURALS[level]}"


def append_step_summary(text: str) -> None:
    """Append Markdown to the step summary, if the workflow has one.

    Raises:
        UsageError: the summary file cannot be written.
    """
    path = os.environ.get(_SUMMARY_VARIABLE)
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as exc:
        raise UsageError(f"{_SUMMARY_VARIABLE}: {path} cannot be written: {exc.strerror}") from exc


def _format_annotation(item: ReportItem) -> str:
    where = {"file": item.file, "line": item.line, "title": item.sort}
    properties = ",".join(
        f"{name}={_escape_property(str(value))}" for name, value in where.items() if value
    )
    return f"::{item.level} {properties}::{_escape_message(item.description)}"


def _escape_message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_message(escape_unsafe(text)).replace(":", "%3A").replace(",", "%2C")


# A run and a status in Markdown, for the step summary and for a file.


def to_report_markdown(report: Report) -> str:
    """The figures and failures of a run; the planned clips of a dry run."""
    items = list(iter_report_errors(report))
    if report.dry_run:
        items += map(to_planned_item, report.planned)
    lines = format_report_lines(report)
    if report.fatal:
        lines.append(f"error     {to_one_line(report.fatal)}")
    return _format_command_markdown(
        "generate --dry-run" if report.dry_run else "generate", lines, items
    )


def to_status_markdown(standing: Standing) -> str:
    """The figures of a status, and the clips to generate."""
    return _format_command_markdown(
        "check", format_status_lines(standing), list(iter_status_items(standing))
    )


def _format_command_markdown(command: str, lines: Iterable[str], items: list[ReportItem]) -> str:
    """The figures of a command and its items."""
    figures = ((line[:LABEL_WIDTH].strip(), line[LABEL_WIDTH:].strip()) for line in lines)
    page = [f"### tts-assets {command}", "", *format_markdown_table(("", ""), figures), ""]
    if items:
        page += limit_table_lines(_format_item_table(items), len(items))
    return "\n".join([*page, ""])


def _format_item_table(items: Iterable[ReportItem]) -> Iterator[str]:
    cells = (
        (each.sort, each.location, f"{each.kind} {each.name}".strip(), each.what) for each in items
    )
    return format_markdown_table(("state", "where", "clip", "why"), cells)


# Markdown tables with escaped text.


#: GitHub rejects a summary of more than 1 MiB; the step may write to it, too.
_MAX_SUMMARY_BYTES = 900_000
_MARKUP_PATTERN = re.compile(r"([!-/:-@\[-`{-~])")


def escape_markdown(text: str) -> str:
    """Escape all Markdown markup."""
    return _MARKUP_PATTERN.sub(r"\\\1", text)


def format_markdown_table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table, with escaped cells."""
    titles = list(headings)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(map(escape_markdown, row))} |"


def limit_table_lines(lines: Iterable[str], rows: int) -> Iterator[str]:
    """Cut a table to the size of a summary, and count the omitted rows."""
    size = 0
    for index, line in enumerate(lines):
        size += len(line.encode()) + 1
        if size > _MAX_SUMMARY_BYTES:
            yield from ("", f"+{rows - (index - 2):,} more")
            return
        yield line


# The results of `verify`: lines for people, data for programs, JUnit XML and Markdown.


_UNDECODABLE = "undecodable"  #: the rule for files that cannot be decoded


def to_verify_data(report: VerifyReport) -> dict[str, Any]:
    """A report as plain data."""
    rate = report.error_rate
    plain = to_plain_data(
        report,
        error_rate=None if rate is None else round(rate, 4),
        verdicts=[to_plain_data(each, advice=_advise_action(each)) for each in report.verdicts],
    )
    return {"wrong": bool(report.verdicts), **plain}


def iter_verify_items(report: VerifyReport) -> Iterator[ReportItem]:
    """Unusable entries, and an item for each audio check that an asset failed."""
    return chain(map(to_problem_item, report.problems), _iter_rule_items(report))


def format_verify_lines(report: VerifyReport) -> Iterator[str]:
    """A line for each item, in the format of compilers."""
    for item in iter_verify_items(report):
        sort = "" if item.sort == "error" else f"{item.sort}: "
        yield f"{item.location}: {item.level}: {sort}{item.description}"


def format_verify_figures(report: VerifyReport) -> list[str]:
    """The figures of a report, labelled in the first ten columns."""
    catalogues = f" of {format_count(report.catalogues, 'catalogue')}" if report.catalogues else ""
    lines = [
        f"checked   {format_count(report.checked, 'asset')}{catalogues} in {report.seconds:,.1f} s"
    ]
    rules = Counter(each.rule for verdict in report.verdicts for each in verdict.findings)
    named = ", ".join(f"{count:,} {to_one_line(rule)}" for rule, count in rules.most_common())
    lines.append(f"wrong     {format_count(len(report.verdicts), 'asset')}{named and ': '}{named}")
    if report.foreign:
        lines.append(f"foreign   {report.foreign:,} not in the ledger")
    if report.error_rate is not None:
        rate = f"mean error rate {report.error_rate:.1%} of morae"
        lines.append(f"heard     {format_count(report.recognized, 'asset')}, {rate}")
    if report.ungenerated:
        lines.append(
            f"not made  {format_count(report.ungenerated, 'clip')}: `tts-assets status` lists them"
        )
    if report.problems:
        lines.append(f"errors    {len(report.problems):,} in the catalogues")
    if report.fatal:
        lines.append(
            "unheard   recognition failed: correct the error, then verify the sample again"
        )
    return lines


def to_verify_xml(report: VerifyReport) -> str:
    """A report as JUnit XML: each failed audio check is a failure."""
    figures = {
        "checked": report.checked,
        "foreign": report.foreign,
        "heard": report.recognized,
        "unmade": report.ungenerated,
    }
    cases = (
        _create_summary_case("recognition", "error", to_one_line(report.fatal or "")),
        *map(_create_item_case, iter_verify_items(report)),
    )
    return _build_document(cases, figures, report.seconds)


def to_verify_markdown(report: VerifyReport) -> str:
    """A report in Markdown, for the step summary and for a file."""
    lines = format_verify_figures(report)
    if report.fatal:
        lines.append(f"error     {to_one_line(report.fatal)}")
    return _format_command_markdown("verify", lines, list(iter_verify_items(report)))


def _iter_rule_items(report: VerifyReport) -> Iterator[ReportItem]:
    for verdict in report.verdicts:
        for finding in verdict.findings:
            yield _to_rule_item(verdict, finding)


def _to_rule_item(verdict: AssetResult, finding: Finding) -> ReportItem:
    asset, text = to_one_line(verdict.asset), shorten_text(verdict.text)
    level = AnnotationLevel.ERROR if verdict.ours else AnnotationLevel.WARNING
    clips, sort = verdict.clips, to_one_line(finding.rule)
    more = f"; recognized in {format_count(len(clips) - 1, 'more clip')}" if len(clips) > 1 else ""
    problem = f"{to_one_line(finding.message)}{more}; {to_one_line(_advise_action(verdict))}"
    if not clips:
        return ReportItem(level, sort, asset, None, "asset", text, problem)
    clip = clips[0]
    name = f"{to_one_line(clip.entry)} {to_one_line(clip.part)} {text}".strip()
    return ReportItem(
        level, sort, to_one_line(clip.file), clip.line, clip.kind.value, name, problem, asset
    )


def _advise_action(verdict: AssetResult) -> str:
    """What to do about an asset that failed checks."""
    # Heavy, and only `verify` needs it.
    from tts_assets.quality.quality_reports import DAMAGED, MISSING  # noqa: PLC0415

    rules = {finding.rule for finding in verdict.findings}
    if not verdict.ours:
        if rules == {MISSING}:
            return "name an existing file"
        return (
            "listen to it; it is a recording that tts-assets did not generate: record it "
            "again, or remove it"
        )
    if rules == {MISSING}:
        return f"{_format_remake_command(verdict)} makes it"
    remake = _format_remake_command(verdict, "--force") if verdict.clips else "generate it again"
    if rules & {DAMAGED, _UNDECODABLE}:
        return f"restore the generated file, or {remake}"
    # A deterministic engine would generate the same sound again.
    return (
        "listen to it; if it is wrong, check its reading and accent with `tts-assets "
        f"lint`, or try another voice, then {remake}"
    )


def _format_remake_command(verdict: AssetResult, *options: str) -> str:
    """The command that generates an asset; it names the file, because ids may repeat across catalogues."""
    selection = [each for clip in verdict.clips[:1] for each in (clip.file, "--id", clip.entry)]
    return f"`{shlex.join(['tts-assets', 'generate', *selection, *options])}`"
