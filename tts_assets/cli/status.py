"""The commands `status` and `check`: how everything stands; only `check` says it in its exit code."""

from pathlib import Path

from tts_assets import status as look
from tts_assets.cli.exit_code import ExitCode
from tts_assets.console import Show, prepare_report, write_report
from tts_assets.events import Standing
from tts_assets.settings import Settings


def status(settings: Settings, *, whole: bool) -> ExitCode:
    """Look, and show how everything stands; ``whole``: all catalogues are looked at."""
    standing = look.status(settings, find_orphans=whole)
    _show(settings, standing)
    return _nothing(standing) or ExitCode.OK


def check(settings: Settings, *, report: str | None) -> ExitCode:
    """Look, show what is stale, and say in the exit code whether anything is."""
    folder = None if report is None else Path(report)
    if folder is not None:
        prepare_report(folder)
    standing = look.status(settings)
    _show(settings, standing)
    if folder is not None:
        write_report(folder, standing)
    return _exit_code(standing)


def _show(settings: Settings, standing: Standing) -> None:
    show = Show(settings.output_format)
    if standing.unmatched is not None:
        show.error(f"error: {standing.unmatched}")
    show.standing(standing)


def _exit_code(standing: Standing) -> ExitCode:
    if standing.problems:
        return ExitCode.USAGE
    if standing.stale:
        return ExitCode.FINDINGS
    return _nothing(standing) or ExitCode.OK


def _nothing(standing: Standing) -> ExitCode | None:
    """The exit code of a look that found nothing to look at."""
    is_nothing = standing.unmatched is not None or not standing.catalogues
    return ExitCode.NOTHING if is_nothing else None
