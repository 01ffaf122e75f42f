"""The command line as a whole: importing the declarations registers the commands."""

from tts_assets.cli import build_cli, inspect_cli  # noqa: F401 - they register their commands
from tts_assets.cli.typer_apps import app

__all__ = ["app"]
