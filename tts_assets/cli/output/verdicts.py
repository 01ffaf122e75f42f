"""Verdicts on assets shown: lines for people, data for programs, JUnit XML, and Markdown."""

from __future__ import annotations

import shlex
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from tts_assets.cli.output.data import finding_data, problem_data
from tts_assets.cli.output.items import Item, Level, problem
from tts_assets.cli.output.junit import items_xml
from tts_assets.cli.output.step_summary import page
from tts_assets.cli.output.text import many, one_line, short
from tts_assets.quality.quality_reports import DAMAGED, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.cli.output.verdict_types import HeardIn, VerdictData, VerdictsDocument
    from tts_assets.model import Finding
    from tts_assets.quality.quality_reports import AssetResult, ClipName, VerifyReport


#: A rule of those for files; what breaks it cannot be listened to.
_UNDECODABLE = "undecodable"


def verdicts_data(report: VerifyReport) -> VerdictsDocument:
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
        "verdicts": [_verdict(each) for each in report.verdicts],
        "problems": [problem_data(each) for each in report.problems],
        "notes": list(report.notes),
        "unmatched": report.unmatched,
        "seconds": round(report.seconds, 3),
        "fatal": report.fatal,
    }


def items_of(report: VerifyReport) -> Iterator[Item]:
    """Entries that cannot be used, and one item for each rule that an asset breaks."""
    return chain(map(problem, report.problems), _broken(report))


def verdict_lines(report: VerifyReport) -> Iterator[str]:
    """A line for each of them, as compilers write them."""
    for item in items_of(report):
        sort = "" if item.sort == "error" else f"{item.sort}: "
        yield f"{item.where}: {item.level}: {sort}{item.told}"


def figure_lines(report: VerifyReport) -> list[str]:
    """The figures of a report: what each is in the first ten columns."""
    catalogues = f" of {many(report.catalogues, 'catalogue')}" if report.catalogues else ""
    lines = [f"checked   {many(report.checked, 'asset')}{catalogues} in {report.seconds:,.1f} s"]
    rules = Counter(each.rule for verdict in report.verdicts for each in verdict.findings)
    told = ", ".join(f"{count:,} {one_line(rule)}" for rule, count in rules.most_common())
    lines.append(f"wrong     {many(len(report.verdicts), 'asset')}{told and ': '}{told}")
    if report.foreign:
        lines.append(f"foreign   {report.foreign:,} that the ledger does not know")
    if report.error_rate is not None:
        share = f"{report.error_rate:.1%} of their morae misheard in the mean"
        lines.append(f"heard     {many(report.heard, 'asset')}, {share}")
    if report.unmade:
        lines.append(f"not made  {many(report.unmade, 'clip')}: `tts-assets status` tells which")
    if report.problems:
        lines.append(f"errors    {len(report.problems):,} in the catalogues")
    if report.fatal:
        lines.append("unheard   recognition failed: fix the error, then verify the sample again")
    return lines


def verdicts_xml(report: VerifyReport) -> str:
    """A report as JUnit XML: a rule that an asset breaks is a failure."""
    figures = {
        "checked": report.checked,
        "foreign": report.foreign,
        "heard": report.heard,
        "unmade": report.unmade,
    }
    fatal = one_line(report.fatal or "")
    return items_xml(items_of(report), figures, report.seconds, about=("recognition", fatal))


def verdicts_markdown(report: VerifyReport) -> str:
    """A report in Markdown: for the summary of a workflow's step, and for a file."""
    lines = figure_lines(report)
    if report.fatal:
        lines.append(f"error     {one_line(report.fatal)}")
    return page("verify", lines, list(items_of(report)))


def _broken(report: VerifyReport) -> Iterator[Item]:
    for verdict in report.verdicts:
        for finding in verdict.findings:
            yield _item(verdict, finding)


def _item(verdict: AssetResult, finding: Finding) -> Item:
    asset, text = one_line(verdict.asset), short(verdict.text)
    level = Level.ERROR if verdict.ours else Level.WARNING
    clips, sort = verdict.clips, one_line(finding.rule)
    more = f"; heard in {many(len(clips) - 1, 'more clip')}" if len(clips) > 1 else ""
    what = f"{one_line(finding.told)}{more}; {one_line(_advice(verdict))}"
    if not clips:
        return Item(level, sort, asset, None, "asset", text, what)
    clip = clips[0]
    name = f"{one_line(clip.entry)} {one_line(clip.part)} {text}".strip()
    return Item(level, sort, one_line(clip.file), clip.line, clip.kind.value, name, what, asset)


def _advice(verdict: AssetResult) -> str:
    """What to do about an asset."""
    rules = {finding.rule for finding in verdict.findings}
    if not verdict.ours:
        if rules == {MISSING}:
            return "name one that is there"
        return "listen to it; it is somebody's own recording: record it again, or take it away"
    if rules == {MISSING}:
        return f"{_remake(verdict)} makes it"
    remake = _remake(verdict, "--force") if verdict.clips else "make it anew"
    if rules & {DAMAGED, _UNDECODABLE}:
        return f"bring back what was made, or {remake}"
    # An engine that says a form alike each time says it so once more.
    return (
        "listen to it; if it is wrong, see `tts-assets lint` for its reading and accent, or try "
        f"another voice, and {remake}"
    )


def _remake(verdict: AssetResult, *options: str) -> str:
    """The command that makes an asset: other catalogues may have entries of the same id."""
    chosen = [each for clip in verdict.clips[:1] for each in (clip.file, "--id", clip.entry)]
    return f"`{shlex.join(['tts-assets', 'generate', *chosen, *options])}`"


def _verdict(verdict: AssetResult) -> VerdictData:
    return {
        "asset": verdict.asset,
        "ours": verdict.ours,
        "text": verdict.text,
        "clips": [_clip(each) for each in verdict.clips],
        "findings": [finding_data(each) for each in verdict.findings],
        "advice": _advice(verdict),
    }


def _clip(name: ClipName) -> HeardIn:
    return {
        "file": name.file,
        "line": name.line,
        "kind": name.kind,
        "entry": name.entry,
        "part": name.part,
    }
