"""The typer applications that commands register with, and how a command gets its settings."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tts_assets import __version__
from tts_assets.config.load_settings import load
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import UsageError

#: What every command writes; some write more.
PLAIN_FORMATS = (OutputFormat.TEXT, OutputFormat.JSON)
ALL_FORMATS = tuple(OutputFormat)

#: Parameters of commands with another name than their setting.
_SETTING_KEYS = {"kinds": "type", "ids": "id", "sound_format": "sound.format"}
app = typer.Typer(
    name="tts-assets",
    help="Speech for learning content: JSON catalogues in, correct and fresh audio clips out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models = typer.Typer(help="The models that engines speak with: list, fetch, find, remove.")


app.add_typer(models, name="models", no_args_is_help=True)
auth = typer.Typer(help="The keys of paid engines in this machine's keyring: set, list, remove.")


app.add_typer(auth, name="auth", no_args_is_help=True)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"tts-assets {__version__}")
        raise typer.Exit


@app.callback()
def _main_callback(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def flags_from_locals(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, by the keys of the settings; of the parameters of a command, its locals."""
    return {
        _SETTING_KEYS.get(name, name.replace("_", "-")): None if value == [] else value
        for name, value in parameters.items()
    }


def read_command_settings(
    config: str | None, formats: tuple[OutputFormat, ...] = PLAIN_FORMATS, /, **flags: Any
) -> Settings:
    """The settings of a command.

    A format that was not typed, and that the command does not write, is meant for other commands:
    this one writes text.

    Args:
        config: the file to read.
        formats: what it can write to standard output.
        flags: what was typed, by key; None for what was not. Those of no setting are left out.

    Raises:
        UsageError: they are wrong, or the command does not write in the format that was typed.
    """
    settings = load(
        flags=flags,
        environment=os.environ,
        folder=Path.cwd(),
        config=Path(config) if config else None,
    )
    if settings.output_format not in formats:
        if flags.get("output-format") is None:
            return replace(settings, output_format=OutputFormat.TEXT)
        raise UsageError(
            f"output-format {settings.output_format} is not for this command: give "
            f"{' or '.join(formats)}"
        )
    return settings
