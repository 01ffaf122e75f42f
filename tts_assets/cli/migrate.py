"""The command `migrate`: moves assets to the names of a new template, and says what became of them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from tts_assets.build.migrate import Migrated
from tts_assets.build.migrate import migrate as move
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import of_pruned
from tts_assets.cli.output.data import problem_data
from tts_assets.cli.output.show import Show
from tts_assets.cli.output.summary import changed_meanwhile
from tts_assets.cli.output.text import many, one_line
from tts_assets.cli.signals import run_until_signal
from tts_assets.config.model import OutputFormat, Settings


def migrate(settings: Settings, *, dry_run: bool) -> ExitCode:
    """Move, show what was done, and say in the exit code how it went."""
    show = Show(settings.output_format)
    migrated = run_until_signal(partial(move, settings, dry_run=dry_run, on_event=show.waiting))
    if settings.output_format is OutputFormat.JSON:
        show.data(_data(migrated))
    else:
        show.lines(_lines(migrated))
        _tell(migrated, show)
    for fatal in _fatal(migrated):
        show.error(f"error: {fatal}")
    return _exit_code(migrated)


def _lines(migrated: Migrated) -> Iterator[str]:
    report, pruned = migrated.report, migrated.pruned
    word = "move" if migrated.dry_run else "moved"
    for each in migrated.moves:
        yield f"{word:<9} {one_line(each.before)} -> {one_line(each.now)}"
    if migrated.dry_run:
        yield f"to move   {many(report.to_move, 'asset')}; nothing was changed"
        yield f"URLs      {report.urls_to_write:,} of fresh clips to write"
    else:
        missed = f"; {changed_meanwhile(report)}" if report.urls_missed else ""
        yield f"moved     {many(report.moved, 'asset')}"
        yield f"URLs      {report.urls_written:,} written{missed}"
    if pruned is not None:
        yield f"deleted   {many(len(pruned.deleted), 'earlier name')}"
    left = report.to_make if migrated.dry_run else report.left
    if left:
        yield f"left      {many(left, 'clip')} to be made: `tts-assets generate` does it"


def _tell(migrated: Migrated, show: Show) -> None:
    """What kept anything from being done."""
    for problem in migrated.report.problems:
        show.error(f"error: {problem}")
    for note in migrated.report.notes:
        show.error(f"note: {note}")
    if migrated.unmoved:
        show.error(
            f"not moved: {many(migrated.unmoved, 'asset')} with other bytes than were made; "
            "`tts-assets generate` makes such clips anew"
        )
    pruned = migrated.pruned
    if pruned is None:
        return
    for each in pruned.spared:
        show.error(f"kept: {one_line(each.asset)}: {each.reason}")
    if pruned.orphans and not pruned.may_delete:
        show.error(
            "earlier names are not deleted before every catalogue can be read whole; "
            "`tts-assets prune` lists them"
        )


def _data(migrated: Migrated) -> dict[str, Any]:
    report, pruned = migrated.report, migrated.pruned
    return {
        "dry_run": migrated.dry_run,
        "moves": [each._asdict() for each in migrated.moves],
        "moved": report.moved,
        "unmoved": migrated.unmoved,
        "urls_to_write": report.urls_to_write,
        "urls_written": report.urls_written,
        "urls_missed": report.urls_missed,
        "deleted": [] if pruned is None else [each.asset for each in pruned.deleted],
        "spared": [] if pruned is None else [each._asdict() for each in pruned.spared],
        "left": report.to_make if migrated.dry_run else report.left,
        "catalogues": report.catalogues,
        "problems": list(map(problem_data, report.problems)),
        "notes": list(report.notes),
        "fatal": next(_fatal(migrated), None),
    }


def _fatal(migrated: Migrated) -> Iterator[str]:
    if migrated.report.fatal is not None:
        yield migrated.report.fatal
    if migrated.pruned is not None and migrated.pruned.fatal is not None:
        yield migrated.pruned.fatal


def _exit_code(migrated: Migrated) -> ExitCode:
    report, pruned = migrated.report, migrated.pruned
    if any(_fatal(migrated)):
        return ExitCode.FATAL
    if report.problems:
        return ExitCode.USAGE
    if pruned is not None and pruned.orphans and of_pruned(pruned) is not ExitCode.OK:
        return of_pruned(pruned)
    if migrated.unmoved or report.urls_missed:
        return ExitCode.FINDINGS
    return ExitCode.OK if report.catalogues else ExitCode.NOTHING
