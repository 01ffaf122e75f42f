"""The command `verify`: checks the audio of assets, and prints the result in any format."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.catalogues.catalogue_files import explain_missing_path
from tts_assets.cli.exit_code import ExitCode, choose_exit_code, run_until_signal
from tts_assets.cli.output.command_output import (
    CommandOutput,
    finish_command,
    prepare_report_folder,
)
from tts_assets.cli.output.progress_view import show_count_progress
from tts_assets.errors import UsageError, format_count
from tts_assets.quality import verify_assets

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings


def run_verify(settings: Settings, *, report: str | None) -> ExitCode:
    """Check assets, print the failed checks and return the exit code.

    Args:
        settings: the assets, and the checks.
        report: the folder for report files; None for none.
    """
    output = os.path.realpath(settings.state_folder)
    for path in settings.paths:
        # A missing asset is a finding, not an error. Path.exists() raises for long names.
        is_asset = os.path.realpath(path).startswith(output + os.sep)
        if not is_asset and not os.path.exists(path):  # noqa: PTH110
            raise UsageError(f"{path}: {explain_missing_path(Path(path))}")
    show = CommandOutput(settings.output_format, settings.verbosity)
    folder = prepare_report_folder(report)
    checked = total = 0

    def show_partial_count() -> None:
        show.print_error(f"stopped after {checked:,} of {format_count(total, 'clip')}")

    with show_count_progress(settings.progress, show.errors) as count:

        def show_count(done: int, out_of: int) -> None:
            nonlocal checked, total
            checked, total = done, out_of
            count(done, out_of)

        work = partial(verify_assets.verify_assets, settings, on_progress=show_count)
        result = run_until_signal(work, show_summary=show_partial_count)
    code = choose_exit_code(
        fatal=result.fatal,
        problems=result.problems,
        findings=result.verdicts,
        nothing=result.unmatched is not None or not result.checked,
    )
    return finish_command(show, result, folder, code)
