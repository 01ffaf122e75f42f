"""The commands `status` and `check`: how everything stands; only `check` says it in its exit code."""

from tts_assets.build.events import Standing
from tts_assets.build.status import summarize_status
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.command_output import (
    CommandOutput,
    exit_code_for,
    finish_command,
    prepare_report_folder,
)
from tts_assets.config.settings import Settings


def run_status(settings: Settings, *, report: str | None) -> ExitCode:
    """Look, and show how everything stands.

    Args:
        settings: what to look at.
        report: the folder that gets the report's files; None for none.
    """
    folder = prepare_report_folder(report)
    standing = summarize_status(settings, find_orphans=settings.is_whole)
    return finish_command(
        CommandOutput(settings.output_format, settings.verbosity), standing, folder, ExitCode.OK
    )


def run_check(
    settings: Settings, *, report: str | None, require_approved: bool = False
) -> ExitCode:
    """Look, show what is stale, and say in the exit code whether anything is.

    Args:
        settings: what to look at.
        report: the folder that gets the report's files; None for none.
        require_approved: whether a sound that nobody has approved is a finding, too.
    """
    folder = prepare_report_folder(report)
    standing = summarize_status(settings, require_approved=require_approved)
    return finish_command(
        CommandOutput(settings.output_format, settings.verbosity),
        standing,
        folder,
        _get_check_exit_code(standing),
    )


def _get_check_exit_code(standing: Standing) -> ExitCode:
    if standing.problems:
        return ExitCode.USAGE
    if standing.stale or standing.unapproved:
        return ExitCode.FINDINGS
    return exit_code_for(standing)
