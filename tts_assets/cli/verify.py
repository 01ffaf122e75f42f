"""The command `verify`: what is wrong with how assets sound, in every format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import tried
from tts_assets.cli.output.progress import counter
from tts_assets.cli.output.report_files import prepare_report, write_report
from tts_assets.cli.output.show import Show
from tts_assets.cli.output.text import many
from tts_assets.cli.signals import run_until_signal
from tts_assets.quality import verify_assets

if TYPE_CHECKING:
    from tts_assets.config.model import Settings
    from tts_assets.quality.quality_reports import VerifyReport


def verify(settings: Settings, *, report: str | None) -> ExitCode:
    """Measure, show what is wrong, and say in the exit code whether anything is.

    Args:
        settings: what to do.
        report: the folder that gets the report's files; None for none.
    """
    show = Show(settings.output_format)
    folder = prepare_report(report)
    checked = total = 0

    def show_known() -> None:
        show.error(f"stopped after {checked:,} of {many(total, 'clip')}")

    with counter(settings.progress, show.errors) as count:

        def tell(done: int, out_of: int) -> None:
            nonlocal checked, total
            checked, total = done, out_of
            count(done, out_of)

        work = partial(verify_assets.verify_assets, settings, on_progress=tell)
        found = run_until_signal(work, show_summary=show_known)
    code = _exit_code(found)
    for told in (found.fatal, found.unmatched):
        if told is not None:
            show.error(f"error: {told}")
    # Standard output may be full, or closed: the files come first.
    if folder is not None:
        code = tried(lambda: write_report(folder, found), show, code)
    return tried(lambda: show.verdicts(found), show, code)


def _exit_code(found: VerifyReport) -> ExitCode:
    if found.fatal is not None:
        return ExitCode.FATAL
    if found.problems:
        return ExitCode.USAGE
    if found.verdicts:
        return ExitCode.FINDINGS
    is_nothing = found.unmatched is not None or not found.checked
    return ExitCode.NOTHING if is_nothing else ExitCode.OK
