"""The command `generate`: on a first signal, finishes the clips in progress; on a second, exits."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import typer

from tts_assets.build.build import generate
from tts_assets.build.events import Estimated, Event, Report
from tts_assets.build.pool import Stop
from tts_assets.cli.exit_code import (
    ExitCode,
    choose_exit_code,
    get_received_signal,
    get_signal_code,
    run_until_signal,
)
from tts_assets.cli.output.command_output import (
    CommandOutput,
    finish_command,
    is_nothing,
    prepare_report_folder,
)
from tts_assets.cli.output.progress_view import show_build_progress
from tts_assets.config.settings import Progress, Settings
from tts_assets.errors import SETUP_ENGINES, EngineNotReadyError


def run_generate(settings: Settings, *, dry_run: bool, report: str | None) -> ExitCode:
    """Generate clips, print the result and return the exit code.

    Args:
        settings: the settings.
        dry_run: only plan.
        report: the folder for report files; None for none.

    Raises:
        KeyboardInterrupt: a second signal ended the run before it had a result.
    """
    try:
        return _attempt_generate(settings, dry_run=dry_run, report=report)
    except EngineNotReadyError as exc:
        # Heavy, and seldom needed.
        from tts_assets.cli.models_command import can_ask_user  # noqa: PLC0415
        from tts_assets.cli.setup_command import run_setup  # noqa: PLC0415

        if exc.provider not in SETUP_ENGINES or not can_ask_user():
            raise
        CommandOutput(settings.output_format, settings.verbosity).print_error(f"error: {exc}")
        if not typer.confirm(f"Set up {exc.provider} now?", default=True, err=True):
            return ExitCode.FATAL
        code = run_setup(settings, exc.provider, yes=False)
    return code or _attempt_generate(settings, dry_run=dry_run, report=report)


def _attempt_generate(settings: Settings, *, dry_run: bool, report: str | None) -> ExitCode:
    show = CommandOutput(settings.output_format, settings.verbosity)
    folder = prepare_report_folder(report)
    stop = Stop()

    def request_stop() -> None:
        stop.request()
        show.print_error("finishing the clips in progress; press Ctrl-C again to abort")

    def show_partial_report() -> None:
        partial_report = stop.report()
        # Before the plan is complete, all figures are 0.
        if isinstance(partial_report, Report) and partial_report.states:
            finish_command(show, partial_report, None, get_signal_code())

    with _show_progress(settings, show) as progress:

        def show_event(event: Event) -> None:
            # Show the estimate even if progress is off.
            if isinstance(event, Estimated):
                show.show_estimate(event.cost, dry_run=dry_run)
            progress(event)
            show.show_event(event)

        work = partial(generate, settings, dry_run=dry_run, on_event=show_event, stop=stop)
        result = run_until_signal(work, on_first=request_stop, show_summary=show_partial_report)
    return finish_command(
        show, result, folder, _get_generate_exit_code(result, get_received_signal())
    )


def _show_progress(
    settings: Settings, show: CommandOutput
) -> AbstractContextManager[Callable[[Event], None]]:
    if settings.progress is Progress.NONE:
        return nullcontext(lambda _: None)
    return show_build_progress(settings.progress, show.errors)


def _get_generate_exit_code(report: Report, received: signal.Signals | None) -> ExitCode:
    if received is not None:
        return get_signal_code()
    return choose_exit_code(
        fatal=report.fatal,
        problems=report.problems,
        findings=report.failures or report.urls_missed,
        limit=report.left and not report.dry_run,
        nothing=is_nothing(report),
    )
