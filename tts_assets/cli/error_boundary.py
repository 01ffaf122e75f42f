"""The one place that maps errors to exit codes."""

import functools
import io
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TextIO

import typer

from tts_assets.cli.exit_code import (
    ExitCode,
    end_process,
    get_received_signal,
    get_signal_code,
    watch_signals,
)
from tts_assets.errors import (
    OUT_OF_MEMORY,
    FatalError,
    InputError,
    TtsAssetsError,
    UsageError,
    find_path_failure,
    find_system_failure,
    is_out_of_memory,
    show_value,
)

P = ParamSpec("P")


def handle_errors(command: Callable[P, ExitCode]) -> Callable[P, None]:
    """Wrap a command that returns an exit code so that typer can run it."""

    @functools.wraps(command)
    def run_and_exit(*args: P.args, **kwargs: P.kwargs) -> None:
        prepare_streams()
        try:
            with watch_signals():
                code = _run_command(partial(command, *args, **kwargs))
                for stream in (sys.stdout, sys.stderr):
                    _discard_unwritten(stream)
                if get_received_signal() is not None:
                    end_process(code)
        except KeyboardInterrupt:
            # A signal arrived just before the command began, or after it ended.
            code = get_signal_code()
        raise typer.Exit(code)

    return run_and_exit


def _run_command(command: Callable[[], ExitCode]) -> ExitCode:
    try:
        code = command()
        _flush_results()
    except (KeyboardInterrupt, typer.Abort):
        return get_signal_code()
    except Exception as exc:  # noqa: BLE001 - the boundary
        # Python 3.11 wraps an interrupt of an import that defines a class.
        if isinstance(exc.__cause__, KeyboardInterrupt):
            return get_signal_code()
        code = ExitCode.PIPE if isinstance(exc, BrokenPipeError) else _get_exit_code(exc)
        # After a signal, closed streams and interrupted work are expected.
        is_unexpected = get_received_signal() is None or code is ExitCode.BUG
        return code if is_unexpected else get_signal_code()
    return code


def report_unwritten_output(error: OSError) -> ExitCode:
    """Report that standard output cannot be written, and return the exit code."""
    from tts_assets.cli.output.console_text import require_stdout  # noqa: PLC0415 - see _flush_results

    def fail() -> ExitCode:
        with require_stdout():
            raise error

    code = _run_command(fail)
    _discard_unwritten(sys.stdout)
    return code


def prepare_streams() -> None:
    """Replace closed streams, and let the others escape characters that they cannot encode."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # The stream was closed before the process began: discard the output.
            null = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, open(null, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            # Escape Japanese text that the terminal or pipe cannot encode.
            stream.reconfigure(errors="backslashreplace")


def _flush_results() -> None:
    from tts_assets.cli.output.console_text import require_stdout  # noqa: PLC0415 - rich is heavy for --help

    with require_stdout():
        sys.stdout.flush()


def _discard_unwritten(stream: TextIO) -> None:
    """Discard output that cannot be written, or Python would report it again at exit."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _get_exit_code(error: Exception) -> ExitCode:
    if not isinstance(error, TtsAssetsError) and is_out_of_memory(error):
        _print_to_stderr(f"error: {OUT_OF_MEMORY}\n")
        # An orderly end ends threads, which takes memory, too.
        end_process(ExitCode.FATAL)
    from tts_assets.cli.output.console_text import (  # noqa: PLC0415 - see _flush_results
        escape_unsafe,
        open_error_console,
        print_message,
    )

    if not isinstance(error, TtsAssetsError) and (failure := find_system_failure(error)):
        path = f"{failure.filename}: " if failure.filename else ""
        _print_to_stderr(
            escape_unsafe(
                f"error: {path}{failure.strerror}: the disk or the system failed; run again\n"
            )
        )
        return ExitCode.FATAL
    if failure := find_path_failure(error):
        reason = f"{show_value(failure.filename)} cannot be used: {failure.strerror}"
        _print_to_stderr(
            escape_unsafe(
                f"error: {reason}: correct this path or its permissions, then run again\n"
            )
        )
        return ExitCode.USAGE
    if not isinstance(error, TtsAssetsError):
        _print_to_stderr(escape_unsafe("".join(traceback.format_exception(error))))
        _print_to_stderr("this is a bug in tts-assets: please report it with the lines above\n")
        return ExitCode.BUG
    print_message(open_error_console(), f"error: {error}")
    if isinstance(error, UsageError | InputError):
        return ExitCode.USAGE
    return ExitCode.FATAL if isinstance(error, FatalError) else ExitCode.FINDINGS


def _print_to_stderr(text: str) -> None:
    # The exit code reports the failure, too.
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()
