"""A run and a standing in Markdown: for the summary of a workflow's step, and for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.cli.output.items import errors_of, of_standing, planned
from tts_assets.cli.output.markdown import fitting, table
from tts_assets.cli.output.summary import LABEL, report_lines, standing_lines
from tts_assets.cli.output.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.build.events import Report, Standing
    from tts_assets.cli.output.items import Item


def report_markdown(report: Report) -> str:
    """What a run did, and what failed; of a dry run, what it would make."""
    items = list(errors_of(report))
    if report.dry_run:
        items += map(planned, report.planned)
    lines = report_lines(report)
    if report.fatal:
        lines.append(f"error     {one_line(report.fatal)}")
    return page("generate --dry-run" if report.dry_run else "generate", lines, items)


def standing_markdown(standing: Standing) -> str:
    """How the clips stand, and which are to be made."""
    return page("check", standing_lines(standing), list(of_standing(standing)))


def page(command: str, lines: Iterable[str], items: list[Item]) -> str:
    """The figures of a command, and all that somebody should look at."""
    figures = ((line[:LABEL].strip(), line[LABEL:].strip()) for line in lines)
    page = [f"### tts-assets {command}", "", *table(("", ""), figures), ""]
    if items:
        page += fitting(_rows(items), len(items))
    return "\n".join([*page, ""])


def _rows(items: Iterable[Item]) -> Iterator[str]:
    cells = (
        (each.sort, each.where, f"{each.kind} {each.name}".strip(), each.what) for each in items
    )
    return table(("state", "where", "clip", "why"), cells)
