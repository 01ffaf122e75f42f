"""Verdicts on assets shown: lines for people, data for programs, JUnit XML, and Markdown."""

from __future__ import annotations

import shlex
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from tts_assets.cli.output.ci_output import to_command_markdown, to_items_xml
from tts_assets.cli.output.console_text import format_count, shorten_text, to_one_line
from tts_assets.cli.output.report_data import (
    AnnotationLevel,
    ReportItem,
    to_finding_data,
    to_problem_data,
    to_problem_item,
)
from tts_assets.quality.quality_reports import DAMAGED, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.cli.output.document_types import HeardIn, VerdictData, VerdictsDocument
    from tts_assets.model import Finding
    from tts_assets.quality.quality_reports import AssetResult, ClipName, VerifyReport


#: A rule of those for files; what breaks it cannot be listened to.
_UNDECODABLE = "undecodable"


def to_verify_data(report: VerifyReport) -> VerdictsDocument:
    """A report as plain data."""
    rate = report.error_rate
    return {
        "wrong": bool(report.verdicts),
        "checked": report.checked,
        "foreign": report.foreign,
        "heard": report.heard,
        "error_rate": None if rate is None else round(rate, 4),
        "unmade": report.unmade,
        "catalogues": report.catalogues,
        "verdicts": [_to_asset_data(each) for each in report.verdicts],
        "problems": [to_problem_data(each) for each in report.problems],
        "notes": list(report.notes),
        "unmatched": report.unmatched,
        "seconds": round(report.seconds, 3),
        "fatal": report.fatal,
    }


def iter_verify_items(report: VerifyReport) -> Iterator[ReportItem]:
    """Entries that cannot be used, and one item for each rule that an asset breaks."""
    return chain(map(to_problem_item, report.problems), _iter_rule_items(report))


def format_verify_lines(report: VerifyReport) -> Iterator[str]:
    """A line for each of them, as compilers write them."""
    for item in iter_verify_items(report):
        sort = "" if item.sort == "error" else f"{item.sort}: "
        yield f"{item.location}: {item.level}: {sort}{item.description}"


def format_verify_figures(report: VerifyReport) -> list[str]:
    """The figures of a report: what each is in the first ten columns."""
    catalogues = f" of {format_count(report.catalogues, 'catalogue')}" if report.catalogues else ""
    lines = [
        f"checked   {format_count(report.checked, 'asset')}{catalogues} in {report.seconds:,.1f} s"
    ]
    rules = Counter(each.rule for verdict in report.verdicts for each in verdict.findings)
    told = ", ".join(f"{count:,} {to_one_line(rule)}" for rule, count in rules.most_common())
    lines.append(f"wrong     {format_count(len(report.verdicts), 'asset')}{told and ': '}{told}")
    if report.foreign:
        lines.append(f"foreign   {report.foreign:,} that the ledger does not know")
    if report.error_rate is not None:
        share = f"{report.error_rate:.1%} of their morae misheard in the mean"
        lines.append(f"heard     {format_count(report.heard, 'asset')}, {share}")
    if report.unmade:
        lines.append(
            f"not made  {format_count(report.unmade, 'clip')}: `tts-assets status` tells which"
        )
    if report.problems:
        lines.append(f"errors    {len(report.problems):,} in the catalogues")
    if report.fatal:
        lines.append("unheard   recognition failed: fix the error, then verify the sample again")
    return lines


def to_verify_xml(report: VerifyReport) -> str:
    """A report as JUnit XML: a rule that an asset breaks is a failure."""
    figures = {
        "checked": report.checked,
        "foreign": report.foreign,
        "heard": report.heard,
        "unmade": report.unmade,
    }
    fatal = to_one_line(report.fatal or "")
    return to_items_xml(
        iter_verify_items(report), figures, report.seconds, about=("recognition", fatal)
    )


def to_verify_markdown(report: VerifyReport) -> str:
    """A report in Markdown: for the summary of a workflow's step, and for a file."""
    lines = format_verify_figures(report)
    if report.fatal:
        lines.append(f"error     {to_one_line(report.fatal)}")
    return to_command_markdown("verify", lines, list(iter_verify_items(report)))


def _iter_rule_items(report: VerifyReport) -> Iterator[ReportItem]:
    for verdict in report.verdicts:
        for finding in verdict.findings:
            yield _to_rule_item(verdict, finding)


def _to_rule_item(verdict: AssetResult, finding: Finding) -> ReportItem:
    asset, text = to_one_line(verdict.asset), shorten_text(verdict.text)
    level = AnnotationLevel.ERROR if verdict.ours else AnnotationLevel.WARNING
    clips, sort = verdict.clips, to_one_line(finding.rule)
    more = f"; heard in {format_count(len(clips) - 1, 'more clip')}" if len(clips) > 1 else ""
    what = f"{to_one_line(finding.told)}{more}; {to_one_line(_advise_action(verdict))}"
    if not clips:
        return ReportItem(level, sort, asset, None, "asset", text, what)
    clip = clips[0]
    name = f"{to_one_line(clip.entry)} {to_one_line(clip.part)} {text}".strip()
    return ReportItem(
        level, sort, to_one_line(clip.file), clip.line, clip.kind.value, name, what, asset
    )


def _advise_action(verdict: AssetResult) -> str:
    """What to do about an asset."""
    rules = {finding.rule for finding in verdict.findings}
    if not verdict.ours:
        if rules == {MISSING}:
            return "name one that is there"
        return "listen to it; it is somebody's own recording: record it again, or take it away"
    if rules == {MISSING}:
        return f"{_format_remake_command(verdict)} makes it"
    remake = _format_remake_command(verdict, "--force") if verdict.clips else "make it anew"
    if rules & {DAMAGED, _UNDECODABLE}:
        return f"bring back what was made, or {remake}"
    # An engine that says a form alike each time says it so once more.
    return (
        "listen to it; if it is wrong, see `tts-assets lint` for its reading and accent, or try "
        f"another voice, and {remake}"
    )


def _format_remake_command(verdict: AssetResult, *options: str) -> str:
    """The command that makes an asset: other catalogues may have entries of the same id."""
    chosen = [each for clip in verdict.clips[:1] for each in (clip.file, "--id", clip.entry)]
    return f"`{shlex.join(['tts-assets', 'generate', *chosen, *options])}`"


def _to_asset_data(verdict: AssetResult) -> VerdictData:
    return {
        "asset": verdict.asset,
        "ours": verdict.ours,
        "text": verdict.text,
        "clips": [_to_clip_use_data(each) for each in verdict.clips],
        "findings": [to_finding_data(each) for each in verdict.findings],
        "advice": _advise_action(verdict),
    }


def _to_clip_use_data(name: ClipName) -> HeardIn:
    return {
        "file": name.file,
        "line": name.line,
        "kind": name.kind,
        "entry": name.entry,
        "part": name.part,
    }
