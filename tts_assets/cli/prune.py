"""The command `prune`: lists the assets that no catalogue refers to, and deletes those that are ours."""

from collections.abc import Iterable, Iterator
from typing import Any

from tts_assets.build.events import Orphan
from tts_assets.build.prune import Pruned
from tts_assets.build.prune import prune as look
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import of_pruned
from tts_assets.cli.output.data import problem_data
from tts_assets.cli.output.show import Show
from tts_assets.cli.output.text import many, one_line
from tts_assets.config.model import OutputFormat, Settings


def prune(settings: Settings, *, yes: bool) -> ExitCode:
    """List the orphans, delete them if that was agreed to, and say in the exit code how it went."""
    show = Show(settings.output_format)
    pruned = look(settings, delete=yes, on_event=show.waiting)
    if settings.output_format is OutputFormat.JSON:
        show.data(pruned_data(pruned))
    else:
        show.lines(_lines(pruned, deleting=yes))
        _tell(pruned, show)
    if pruned.fatal is not None:
        show.error(f"error: {pruned.fatal}")
    return of_pruned(pruned)


def pruned_data(pruned: Pruned) -> dict[str, Any]:
    """What was found and done, as plain data."""
    return {
        "orphans": [each._asdict() for each in pruned.orphans],
        "bytes": _bytes(each for each in pruned.orphans if each.ours),
        "deleted": [each.asset for each in pruned.deleted],
        "freed": _bytes(pruned.deleted),
        "spared": [each._asdict() for each in pruned.spared],
        "forgotten": pruned.forgotten,
        "may_delete": pruned.may_delete,
        "catalogues": pruned.catalogues,
        "problems": list(map(problem_data, pruned.problems)),
        "notes": [*pruned.passed_over, *pruned.notes, *pruned.remarks],
        "fatal": pruned.fatal,
    }


def _lines(pruned: Pruned, *, deleting: bool) -> Iterator[str]:
    """One line for each orphan, and their sum."""
    gone = frozenset(pruned.deleted)
    for each in pruned.orphans:
        word = "not ours" if not each.ours else "deleted" if each in gone else "orphan"
        size = f"{many(each.bytes, 'byte')}" if each.bytes else "only its line is left"
        yield f"{word:<9} {one_line(each.asset)} ({size})"
    ours = [each for each in pruned.orphans if each.ours]
    if deleting:
        yield f"deleted   {_sum(pruned.deleted)}"
        lines = pruned.forgotten - len(pruned.deleted)
        if lines:
            yield f"forgotten {many(lines, 'line')} of assets that were gone already"
    else:
        yield f"orphans   {_sum(ours)}" + (
            "; --yes deletes them" if ours and pruned.may_delete else ""
        )
        if ours:
            yield (
                "          what other projects have in this folder is among them: give each its own"
            )
    others = len(pruned.orphans) - len(ours)
    if others:
        yield f"not ours  {many(others, 'sound')} that the ledger does not know: kept"


def _tell(pruned: Pruned, show: Show) -> None:
    """What kept anything from being deleted."""
    for problem in pruned.problems:
        show.error(f"error: {problem}")
    for each in pruned.spared:
        show.error(f"kept: {one_line(each.asset)}: {each.reason}")
    for note in (*pruned.passed_over, *pruned.notes, *pruned.remarks):
        show.error(f"note: {note}")
    if pruned.problems or (pruned.catalogues and pruned.passed_over):
        show.error(
            "nothing is deleted before every catalogue, and all that may be one, can be read whole: "
            "what the others refer to would look like orphans"
        )


def _sum(orphans: Iterable[Orphan]) -> str:
    found = tuple(orphans)
    return f"{many(len(found), 'asset')}, {many(_bytes(found), 'byte')}"


def _bytes(orphans: Iterable[Orphan]) -> int:
    return sum(each.bytes for each in orphans)
