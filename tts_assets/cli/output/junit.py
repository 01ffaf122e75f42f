"""A run or a standing as JUnit XML: a suite for each catalogue, a case for each clip that matters."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from tts_assets.build.plan.planner import State
from tts_assets.cli.output.items import errors_of, of_standing, planned
from tts_assets.cli.output.summary import changed_meanwhile
from tts_assets.cli.output.text import many, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tts_assets.build.events import Report, Standing
    from tts_assets.cli.output.items import Item


#: XML 1.0 has no place for these; others are escaped already, as they act on terminals, too.
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")


#: The suite of what concerns all catalogues.
_ALL = "tts-assets"


#: What JUnit counts, by the element that a case has.
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class _Case(NamedTuple):
    """A test case; without an outcome it passed."""

    suite: str
    classname: str
    name: str
    outcome: str | None = None
    sort: str = ""
    message: str = ""
    line: int | None = None


def report_xml(report: Report) -> str:
    """A run: clips that failed are failures, what cannot be used errors; a dry run skips clips."""
    missed = changed_meanwhile(report) if report.urls_missed else ""
    cases = (
        _of_all("run", "error", one_line(report.fatal or "")),
        _of_all("URLs", "failure", missed),
        *map(_wrong, errors_of(report)),
        *_rest(report),
    )
    figures = {
        "to_make": report.to_make,
        "passed_over": report.passed_over,
        "made": report.made,
        "moved": report.moved,
        "left": report.left,
        "urls_written": report.urls_written,
    }
    return _document(cases, _named(report.states) | figures, report.seconds)


def standing_xml(standing: Standing) -> str:
    """A standing: clips to be made or to be approved are failures, what cannot be used errors."""
    count = standing.urls_to_write
    unwritten = f"{many(count, 'URL')} to be written" if count else ""
    of_all = [_of_all("URLs", "failure", unwritten)]
    if untimed := standing.timelines_to_write:
        told = f"{many(untimed, 'time line')} to be written"
        of_all.append(_of_all("time lines", "failure", told))
    cases = chain(of_all, map(_wrong, of_standing(standing)))
    figures = {
        "urls_to_write": standing.urls_to_write,
        "timelines_to_write": standing.timelines_to_write,
        "kept": sum(each.clips for each in standing.kept),
        "orphans": len(standing.orphans or ()),
        "approved": standing.approved,
        "unapproved": len(standing.unapproved or ()),
    }
    return _document(cases, _named(standing.states) | figures, standing.seconds)


def items_xml(
    items: Iterable[Item], figures: Mapping[str, int], seconds: float, *, about: tuple[str, str]
) -> str:
    """What somebody should look at, clips as failures, all else as errors.

    Args:
        items: one for each.
        figures: what else is to be told.
        seconds: how long it took to find out.
        about: the name of the case about the whole, and what is wrong there; "" for nothing.
    """
    cases = chain([_of_all(about[0], "error", about[1])], map(_wrong, items))
    return _document(cases, figures, seconds)


def _of_all(name: str, outcome: str, message: str) -> _Case:
    """A case about the whole; it passes where there is nothing to say."""
    if not message:
        return _Case(_ALL, _ALL, name)
    return _Case(_ALL, _ALL, name, outcome, outcome, message)


def _wrong(item: Item) -> _Case:
    outcome = "failure" if item.kind else "error"
    classname = item.kind or "catalogue"
    name = item.name or item.file
    return _Case(item.file, classname, name, outcome, item.sort, item.what, item.line)


def _rest(report: Report) -> Iterator[_Case]:
    """The clips that did not fail: made, or only to be made."""
    # Of a run that was cut short nobody knows which of them it made.
    if not report.dry_run and (report.stopped or report.fatal or report.left):
        return
    failed = {each.clip for each in report.failures}
    for each in report.planned:
        if each.clip in failed:
            continue
        item = planned(each)
        case = _Case(item.file, item.kind, item.name, line=item.line)
        if report.dry_run:
            case = case._replace(outcome="skipped", sort=item.sort, message=item.what)
        yield case


def _named(states: Mapping[State, int]) -> dict[str, int]:
    return {state.value: states.get(state, 0) for state in State}


def _document(cases: Iterable[_Case], figures: Mapping[str, int], seconds: float) -> str:
    root = ET.Element("testsuites", {"name": _ALL, "time": f"{seconds:.3f}"})
    suites: dict[str, ET.Element] = {}
    for case in cases:
        suite = suites.get(case.suite)
        if suite is None:
            suite = suites[case.suite] = ET.SubElement(root, "testsuite", name=_xml(case.suite))
        _add(suite, case)
    _tell(suites[_ALL], figures)
    for suite in suites.values():
        _count(suite)
    _count(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add(suite: ET.Element, case: _Case) -> None:
    attributes = {"classname": _xml(case.classname), "name": _xml(case.name)}
    if case.suite != _ALL:
        attributes["file"] = _xml(case.suite)
    if case.line is not None:
        attributes["line"] = str(case.line)
    element = ET.SubElement(suite, "testcase", attributes)
    if case.outcome is not None:
        message = {"message": _xml(case.message), "type": _xml(case.sort)}
        # That a case is skipped has no type.
        if case.outcome == "skipped":
            del message["type"]
        ET.SubElement(element, case.outcome, message)


def _tell(suite: ET.Element, figures: Mapping[str, int]) -> None:
    properties = ET.Element("properties")
    for name, value in figures.items():
        ET.SubElement(properties, "property", name=name, value=str(value))
    suite.insert(0, properties)


def _count(element: ET.Element) -> None:
    """Tell how many cases there are, and how they went."""
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    for outcome, name in _COUNTED.items():
        element.set(name, str(sum(1 for _ in element.iter(outcome))))


def _xml(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_CHARACTERS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
