"""The command `migrate`: renames assets after a change of the name template."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from tts_assets.build.migrate import Migrated, migrate
from tts_assets.cli.exit_code import ExitCode, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import to_one_line, to_plain_data
from tts_assets.cli.output.cost_report import describe_missed_urls
from tts_assets.cli.prune_command import exit_code_for_prune, show_spared
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import format_count


def run_migrate(settings: Settings, *, dry_run: bool) -> ExitCode:
    """Rename assets, print the result and return the exit code."""
    show = CommandOutput(settings.output_format)
    migrated = run_until_signal(
        partial(migrate, settings, dry_run=dry_run, on_event=show.show_waiting)
    )
    if settings.output_format is OutputFormat.JSON:
        show.print_json(_to_migration_data(migrated))
    else:
        show.print_lines(_format_migration_lines(migrated))
        _show_migration_problems(migrated, show)
    for fatal in _iter_fatal_errors(migrated):
        show.print_error(f"error: {fatal}")
    return _get_migrate_exit_code(migrated)


def _format_migration_lines(migrated: Migrated) -> Iterator[str]:
    report, pruned = migrated.report, migrated.pruned
    verb = "move" if migrated.dry_run else "moved"
    for each in migrated.moves:
        yield f"{verb:<9} {to_one_line(each.before)} -> {to_one_line(each.now)}"
    if migrated.dry_run:
        yield f"to move   {format_count(report.to_move, 'asset')}; nothing was changed"
        yield f"URLs      {report.urls_to_write:,} of up-to-date clips to write"
    else:
        missed = f"; {describe_missed_urls(report)}" if report.urls_missed else ""
        yield f"moved     {format_count(report.moved, 'asset')}"
        yield f"URLs      {report.urls_written:,} written{missed}"
    if pruned is not None:
        yield f"deleted   {format_count(len(pruned.deleted), 'earlier name')}"
    left = report.to_make if migrated.dry_run else report.left
    if left:
        yield f"left      {format_count(left, 'clip')} to generate: run `tts-assets generate`"


def _show_migration_problems(migrated: Migrated, show: CommandOutput) -> None:
    """Print why assets were not renamed or deleted."""
    show.show_problems(migrated.report.problems, migrated.report.notes)
    if migrated.unmoved:
        show.print_error(
            f"not moved: {format_count(migrated.unmoved, 'asset')} whose bytes differ from "
            "the ledger; `tts-assets generate` regenerates them"
        )
    pruned = migrated.pruned
    if pruned is None:
        return
    show_spared(pruned, show)
    if pruned.orphans and not pruned.may_delete:
        show.print_error(
            "earlier names are deleted only when every catalogue can be read; `tts-assets "
            "prune` lists them"
        )


def _to_migration_data(migrated: Migrated) -> dict[str, Any]:
    report, pruned = migrated.report, migrated.pruned
    return to_plain_data(
        migrated,
        deleted=[] if pruned is None else [each.asset for each in pruned.deleted],
        spared=[] if pruned is None else list(map(to_plain_data, pruned.spared)),
        left=report.to_make if migrated.dry_run else report.left,
        fatal=next(_iter_fatal_errors(migrated), None),
    )


def _iter_fatal_errors(migrated: Migrated) -> Iterator[str]:
    if migrated.report.fatal is not None:
        yield migrated.report.fatal
    if migrated.pruned is not None and migrated.pruned.fatal is not None:
        yield migrated.pruned.fatal


def _get_migrate_exit_code(migrated: Migrated) -> ExitCode:
    report, pruned = migrated.report, migrated.pruned
    if any(_iter_fatal_errors(migrated)):
        return ExitCode.FATAL
    if report.problems:
        return ExitCode.USAGE
    if pruned is not None and pruned.orphans and exit_code_for_prune(pruned) is not ExitCode.OK:
        return exit_code_for_prune(pruned)
    if migrated.unmoved or report.urls_missed:
        return ExitCode.FINDINGS
    return ExitCode.OK if report.catalogues else ExitCode.NOTHING
