"""The one place where errors become exit codes."""

import functools
import importlib.util
import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec

import typer

from tts_assets.cli.exit_code import ExitCode
from tts_assets.errors import FatalError, InputError, TtsAssetsError, UsageError

P = ParamSpec("P")


def answered(command: Callable[P, ExitCode]) -> Callable[P, None]:
    """Make a command that returns an exit code into one that typer can run."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _keep_output_ours()
        for stream in (sys.stdout, sys.stderr):
            # Some terminals and pipes cannot take Japanese: better an escape than no report.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = command(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            # Nobody reads any more; Python would complain once again while it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = ExitCode.PIPE
        except (KeyboardInterrupt, typer.Abort):
            code = ExitCode.INTERRUPTED
        except Exception as exc:  # noqa: BLE001 - the boundary
            code = _code_of(exc)
        raise typer.Exit(code)

    return run


def _keep_output_ours() -> None:
    """Retries are told to structlog where that is installed, which prints to standard output."""
    if importlib.util.find_spec("structlog") is not None:
        import stamina.instrumentation  # noqa: PLC0415 - heavy, and hardly ever needed

        stamina.instrumentation.set_on_retry_hooks([])


def _code_of(error: Exception) -> ExitCode:
    from tts_assets.console.text import safe  # noqa: PLC0415 - rich is heavy for --help

    if not isinstance(error, TtsAssetsError):
        sys.stderr.write(safe("".join(traceback.format_exception(error))))
        sys.stderr.write("this is a bug in tts-assets: please report it with the lines above\n")
        return ExitCode.BUG
    sys.stderr.write(f"error: {safe(str(error))}\n")
    if isinstance(error, UsageError | InputError):
        return ExitCode.USAGE
    return ExitCode.FATAL if isinstance(error, FatalError) else ExitCode.FINDINGS
