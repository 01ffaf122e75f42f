"""The command line as a whole: importing the declarations registers the commands."""

import copy
from collections.abc import Sequence

import typer
from typer.models import CommandInfo

from tts_assets.cli import build_cli, inspect_cli  # noqa: F401 - they register their commands
from tts_assets.cli.typer_apps import app

__all__ = ["app", "create_app"]

#: Command lines that list the commands. Without arguments, a shell may ask to complete a line.
_HELP = (["-h"], ["--help"])


def create_app(arguments: Sequence[str]) -> typer.Typer:
    """The application for a command line, with the options that it needs.

    Typer builds the options of all commands, which takes longer than many commands themselves.

    Args:
        arguments: those behind the name of the program.
    """
    if list(arguments) in _HELP:
        return _list_commands(app)
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


def _list_commands(group: typer.Typer) -> typer.Typer:
    """A group that has the commands of another, without their options."""
    listing = copy.copy(group)
    listing.registered_commands = [_omit_options(each) for each in group.registered_commands]
    listing.registered_groups = [copy.copy(each) for each in group.registered_groups]
    for each in listing.registered_groups:
        if each.typer_instance is not None:
            each.typer_instance = _list_commands(each.typer_instance)
    return listing


def _omit_options(command: CommandInfo) -> CommandInfo:
    def callback() -> None:
        """Has no parameters, of which options would be built."""

    if command.callback is not None:
        callback.__name__, callback.__doc__ = command.callback.__name__, command.callback.__doc__
    bare = copy.copy(command)
    bare.callback = callback
    return bare
