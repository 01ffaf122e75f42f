"""The whole command line: importing the declarations registers the commands."""

import copy
from collections.abc import Sequence

import typer
from typer.models import CommandInfo

from tts_assets.cli import build_cli, inspect_cli  # noqa: F401 - importing registers the commands
from tts_assets.cli.typer_apps import app

__all__ = ["app", "create_app"]

#: Arguments that list the commands. Not the empty list: a shell asks for completion without arguments.
_HELP = (["-h"], ["--help"])


def create_app(arguments: Sequence[str]) -> typer.Typer:
    """The application with only the commands that a command line needs.

    Typer builds the options of all commands, which takes longer than many commands themselves.

    Args:
        arguments: the arguments after the program's name.
    """
    if list(arguments) in _HELP:
        return _list_commands(app)
    matching = [
        each
        for each in app.registered_commands
        if each.callback is not None and [each.callback.__name__] == list(arguments[:1])
    ]
    if not matching:
        return app
    single = copy.copy(app)
    single.registered_commands = matching
    return single


def _list_commands(group: typer.Typer) -> typer.Typer:
    """A copy of a group whose commands have no options."""
    listing = copy.copy(group)
    listing.registered_commands = [_omit_options(each) for each in group.registered_commands]
    listing.registered_groups = [copy.copy(each) for each in group.registered_groups]
    for each in listing.registered_groups:
        if each.typer_instance is not None:
            each.typer_instance = _list_commands(each.typer_instance)
    return listing


def _omit_options(command: CommandInfo) -> CommandInfo:
    def callback() -> None:
        """Have no parameters, so typer builds no options."""

    if command.callback is not None:
        callback.__name__, callback.__doc__ = command.callback.__name__, command.callback.__doc__
    bare = copy.copy(command)
    bare.callback = callback
    return bare
