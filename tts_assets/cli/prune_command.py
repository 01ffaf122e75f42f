"""The command `prune`: lists the assets that no catalogue refers to, and deletes those in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tts_assets.build.cleanup import Pruned, prune
from tts_assets.cli.exit_code import ExitCode, choose_exit_code
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import to_one_line, to_plain_data
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import format_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.build.events import Orphan


def run_prune(settings: Settings, *, yes: bool) -> ExitCode:
    """List the orphans, delete them with consent, and return the exit code."""
    show = CommandOutput(settings.output_format)
    pruned = prune(settings, delete=yes, on_event=show.show_waiting)
    if settings.output_format is OutputFormat.JSON:
        show.print_json(to_prune_data(pruned))
    else:
        show.print_lines(_format_prune_lines(pruned, deleting=yes))
        _show_prune_problems(pruned, show)
    if pruned.fatal is not None:
        show.print_error(f"error: {pruned.fatal}")
    return exit_code_for_prune(pruned)


def to_prune_data(pruned: Pruned) -> dict[str, Any]:
    """The result as plain data."""
    return to_plain_data(
        pruned,
        bytes=_sum_bytes(each for each in pruned.orphans if each.ours),
        deleted=[each.asset for each in pruned.deleted],
        freed=_sum_bytes(pruned.deleted),
        notes=[*pruned.passed_over, *pruned.notes, *pruned.remarks],
    )


def _format_prune_lines(pruned: Pruned, *, deleting: bool) -> Iterator[str]:
    """A line for each orphan, then the totals."""
    deleted = frozenset(pruned.deleted)
    for each in pruned.orphans:
        state = "not ours" if not each.ours else "deleted" if each in deleted else "orphan"
        size = f"{format_count(each.bytes, 'byte')}" if each.bytes else "only its line is left"
        yield f"{state:<9} {to_one_line(each.asset)} ({size})"
    ours = [each for each in pruned.orphans if each.ours]
    if deleting:
        yield f"deleted   {_format_asset_sum(pruned.deleted)}"
        lines = pruned.forgotten - len(pruned.deleted)
        if lines:
            yield f"forgotten {format_count(lines, 'line')} of assets that were already deleted"
    else:
        yield f"orphans   {_format_asset_sum(ours)}" + (
            "; --yes deletes them" if ours and pruned.may_delete else ""
        )
        if ours:
            yield (
                "          if other projects use this folder, their files are among them: give "
                "each project its own folder"
            )
    others = len(pruned.orphans) - len(ours)
    if others:
        yield f"not ours  {format_count(others, 'sound')} not in the ledger: kept"


def _show_prune_problems(pruned: Pruned, show: CommandOutput) -> None:
    """Print why assets were not deleted."""
    show.show_problems(pruned.problems, (*pruned.passed_over, *pruned.notes, *pruned.remarks))
    show_spared(pruned, show)
    if pruned.problems or (pruned.catalogues and pruned.passed_over):
        show.print_error(
            "nothing is deleted until every catalogue can be read: the assets of "
            "unreadable catalogues would look like orphans"
        )


def show_spared(pruned: Pruned, show: CommandOutput) -> None:
    """Print the assets that were kept, with the reasons."""
    for each in pruned.spared:
        show.print_error(f"kept: {to_one_line(each.asset)}: {each.reason}")


def _format_asset_sum(orphans: Iterable[Orphan]) -> str:
    assets = tuple(orphans)
    return f"{format_count(len(assets), 'asset')}, {format_count(_sum_bytes(assets), 'byte')}"


def _sum_bytes(orphans: Iterable[Orphan]) -> int:
    return sum(each.bytes for each in orphans)


def exit_code_for_prune(pruned: Pruned) -> ExitCode:
    """The exit code of a deletion; keeping files that are not in the ledger is no error."""
    return choose_exit_code(
        fatal=pruned.fatal,
        problems=pruned.problems or (pruned.catalogues and pruned.passed_over),
        findings=pruned.spared,
        nothing=not pruned.catalogues,
    )
