"""How commands end: a report is written and shown, and an exit code says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.build.events import Report
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.report_files import write_report
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tts_assets.build.events import Standing
    from tts_assets.build.prune import Pruned
    from tts_assets.cli.output.show import Show


def told(show: Show, what: Report | Standing, folder: Path | None, code: ExitCode) -> ExitCode:
    """Write the files of a report, show it, and give the exit code.

    Args:
        show: where to.
        what: the report.
        folder: the folder of its files; None for none.
        code: how it went; it stays so, unless that is well and something could not be written.

    Raises:
        FatalError: standard output cannot be written.
    """
    if what.unmatched is not None:
        show.error(f"error: {what.unmatched}")
    # Standard output may be full, or closed: the files come first.
    if folder is not None:
        code = tried(lambda: write_report(folder, what), show, code)
    if isinstance(what, Report):
        return tried(lambda: show.report(what), show, code)
    return tried(lambda: show.standing(what), show, code)


def tried(write: Callable[[], None], show: Show, code: ExitCode) -> ExitCode:
    """Write something beside what a command is for; the code tells of it where all else is well."""
    try:
        write()
    except UsageError as exc:
        show.error(f"error: {exc}")
        return code or ExitCode.USAGE
    return code


def of_found(what: Report | Standing) -> ExitCode:
    """The exit code of what went well, if there was anything to look at."""
    is_nothing = what.unmatched is not None or not what.catalogues
    return ExitCode.NOTHING if is_nothing else ExitCode.OK


def of_pruned(pruned: Pruned) -> ExitCode:
    """How it went to delete; what is somebody's, and kept, is as it should be."""
    if pruned.fatal is not None:
        return ExitCode.FATAL
    if pruned.problems or (pruned.catalogues and pruned.passed_over):
        return ExitCode.USAGE
    if pruned.spared:
        return ExitCode.FINDINGS
    return ExitCode.OK if pruned.catalogues else ExitCode.NOTHING
