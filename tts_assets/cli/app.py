"""The command line as a whole: importing the declarations registers the commands."""

import copy
from collections.abc import Sequence

import typer

from tts_assets.cli import build_cli, inspect_cli  # noqa: F401 - they register their commands
from tts_assets.cli.typer_apps import app

__all__ = ["app", "create_app"]


def create_app(arguments: Sequence[str]) -> typer.Typer:
    """The application for a command line, with the command that it begins with alone.

    Typer builds the options of all commands, which takes longer than many commands themselves.

    Args:
        arguments: those behind the name of the program.
    """
    called = [
        each
        for each in app.registered_commands
        if each.callback is not None and [each.callback.__name__] == list(arguments[:1])
    ]
    if not called:
        return app
    alone = copy.copy(app)
    alone.registered_commands = called
    return alone
