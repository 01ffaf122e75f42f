"""The commands `status` and `check`; only `check` exits with 1 if something is stale."""

from tts_assets.build.status import summarize_status
from tts_assets.cli.exit_code import ExitCode, choose_exit_code
from tts_assets.cli.output.command_output import (
    CommandOutput,
    finish_command,
    is_nothing,
    prepare_report_folder,
)
from tts_assets.config.settings import Settings


def run_status(settings: Settings, *, report: str | None) -> ExitCode:
    """Print the status of all clips.

    Args:
        settings: the selection of clips.
        report: the folder for report files; None for none.
    """
    folder = prepare_report_folder(report)
    standing = summarize_status(settings, find_orphans=settings.is_whole)
    return finish_command(
        CommandOutput(settings.output_format, settings.verbosity), standing, folder, ExitCode.OK
    )


def run_check(
    settings: Settings, *, report: str | None, require_approved: bool = False
) -> ExitCode:
    """Print stale clips, and return FINDINGS if there are any.

    Args:
        settings: the selection of clips.
        report: the folder for report files; None for none.
        require_approved: whether clips without an approved sound are findings, too.
    """
    folder = prepare_report_folder(report)
    standing = summarize_status(settings, require_approved=require_approved)
    code = choose_exit_code(
        problems=standing.problems,
        findings=standing.stale or standing.unapproved,
        nothing=is_nothing(standing),
    )
    return finish_command(
        CommandOutput(settings.output_format, settings.verbosity), standing, folder, code
    )
