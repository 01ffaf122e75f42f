"""Runs `generate` with the answers to signals: the first lets it finish, the second ends it."""

import signal
from collections.abc import Callable

import anyio

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.outcome import of_found, told
from tts_assets.cli.signals import answer_signals
from tts_assets.console import Show, prepare_report, reporter
from tts_assets.events import Estimated, Event, Report
from tts_assets.generate_clips import Stop, generate
from tts_assets.settings import Settings


def run(settings: Settings, *, dry_run: bool, report: str | None) -> ExitCode:
    """Generate, show what happened, and say it in an exit code.

    Args:
        settings: what to do.
        dry_run: only find out what would be made.
        report: the folder that gets the report's files; None for none.
    """
    show = Show(settings.output_format)
    folder = prepare_report(report)
    signals = _Signals(show)
    with reporter(settings.progress, show.errors) as progress:

        def tell(event: Event) -> None:
            # Not a matter of progress: whoever wants none of that is told all the same.
            if isinstance(event, Estimated):
                show.estimate(event.cost, dry_run=dry_run)
            progress(event)
            show.event(event)

        done = anyio.run(_generate, settings, dry_run, tell, signals)
    code = _exit_code(done, signals.first)
    return code if done is None else told(show, done, folder, code)


async def _generate(
    settings: Settings,
    dry_run: bool,  # noqa: FBT001 - anyio.run passes by position
    tell: Callable[[Event], None],
    signals: "_Signals",
) -> Report | None:
    """The report; None when a second signal ended the run."""
    failure: Exception | None = None
    report = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer_signals, signals.take, tasks.cancel_scope)
        try:
            report = await generate(settings, dry_run=dry_run, on_event=tell, stop=signals.stop)
        except Exception as exc:  # noqa: BLE001 - raised again below, outside the task group
            failure = exc
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return report


class _Signals:
    """Remembers the first signal, and acts on it."""

    def __init__(self, show: Show) -> None:
        self.stop = Stop()
        self.first: signal.Signals | None = None
        self._show = show

    def take(self, received: signal.Signals) -> None:
        self.first = received
        self.stop.request()
        self._show.error("stopping: clips in flight are finished; once more ends them, too")


def _exit_code(report: Report | None, received: signal.Signals | None) -> ExitCode:
    if received is not None:
        return ExitCode.TERMINATED if received is signal.SIGTERM else ExitCode.INTERRUPTED
    assert report is not None  # noqa: S101 - only a signal leaves a run without report
    if report.fatal is not None:
        return ExitCode.FATAL
    if report.problems:
        return ExitCode.USAGE
    if report.failures or report.urls_missed:
        return ExitCode.FINDINGS
    if report.left and not report.dry_run:
        return ExitCode.LIMIT
    return of_found(report)
