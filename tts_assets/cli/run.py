"""Runs `generate` with the answers to signals: the first lets it finish, the second ends it."""

import signal
from functools import partial

from tts_assets.build.events import Estimated, Event, Report
from tts_assets.build.generate.run import generate
from tts_assets.build.pool import Stop
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import of_found, told
from tts_assets.cli.output.progress import reporter
from tts_assets.cli.output.report_files import prepare_report
from tts_assets.cli.output.show import Show
from tts_assets.cli.signals import received_signal, run_until_signal, signal_code
from tts_assets.config.model import Settings


def run(settings: Settings, *, dry_run: bool, report: str | None) -> ExitCode:
    """Generate, show what happened, and say it in an exit code.

    Args:
        settings: what to do.
        dry_run: only find out what would be made.
        report: the folder that gets the report's files; None for none.

    Raises:
        KeyboardInterrupt: a second signal ended the run before it had a result.
    """
    show = Show(settings.output_format)
    folder = prepare_report(report)
    stop = Stop()

    def finish() -> None:
        stop.request()
        show.error("finishing the clips in progress; press Ctrl-C again to end at once")

    def show_known() -> None:
        known = stop.report()
        # Before there is a plan, all figures are 0.
        if isinstance(known, Report) and known.states:
            told(show, known, None, signal_code())

    with reporter(settings.progress, show.errors) as progress:

        def tell(event: Event) -> None:
            # Not a matter of progress: whoever wants none of that is told all the same.
            if isinstance(event, Estimated):
                show.estimate(event.cost, dry_run=dry_run)
            progress(event)
            show.event(event)

        work = partial(generate, settings, dry_run=dry_run, on_event=tell, stop=stop)
        done = run_until_signal(work, on_first=finish, show_summary=show_known)
    return told(show, done, folder, _exit_code(done, received_signal()))


def _exit_code(report: Report, received: signal.Signals | None) -> ExitCode:
    if received is not None:
        return signal_code()
    if report.fatal is not None:
        return ExitCode.FATAL
    if report.problems:
        return ExitCode.USAGE
    if report.failures or report.urls_missed:
        return ExitCode.FINDINGS
    if report.left and not report.dry_run:
        return ExitCode.LIMIT
    return of_found(report)
