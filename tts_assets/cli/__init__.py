"""The command line: words in, one use case, one exit code out; the only door to typer."""

from tts_assets.cli.exit_code import ExitCode

__all__ = ["ExitCode"]
