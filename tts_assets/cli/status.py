"""The commands `status` and `check`: how everything stands; only `check` says it in its exit code."""

from tts_assets import status as look
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import of_found, told
from tts_assets.console import Show, prepare_report
from tts_assets.events import Standing
from tts_assets.settings import Settings


def status(settings: Settings) -> ExitCode:
    """Look, and show how everything stands."""
    standing = look.status(settings, find_orphans=settings.is_whole)
    return told(Show(settings.output_format), standing, None, ExitCode.OK)


def check(settings: Settings, *, report: str | None) -> ExitCode:
    """Look, show what is stale, and say in the exit code whether anything is."""
    folder = prepare_report(report)
    standing = look.status(settings)
    return told(Show(settings.output_format), standing, folder, _exit_code(standing))


def _exit_code(standing: Standing) -> ExitCode:
    if standing.problems:
        return ExitCode.USAGE
    if standing.stale:
        return ExitCode.FINDINGS
    return of_found(standing)
