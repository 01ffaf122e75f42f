"""The typer applications that commands register with, and how a command gets its settings."""

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from tts_assets import __version__
from tts_assets.cli.exit_code import ExitCode
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings

#: What every command writes; some write more, or all that there is.
PLAIN_FORMATS = ("text", "json")
ALL_FORMATS = None

#: Parameters of commands with another name than their setting.
_SETTING_KEYS = {"kinds": "type", "ids": "id", "sound_format": "sound.format"}
#: Tables of options need this many columns; narrower terminals get plain help, with whole words.
_TABLE_COLUMNS = 60

#: The order of ``--help``, panel by panel.
_ORDER = (
    *("init", "generate", "status"),
    *("lint", "check", "verify", "explain", "review"),
    *("setup", "doctor", "providers", "voices", "models", "auth"),
    *("merge", "migrate", "prune"),
    *("speak", "transcribe", "bench", "schema"),
)


#: Commands with many options show them in these panels.
_PANELS = {
    "Selection": ("type", "only", "id", "since", "shard"),
    "Voice and sound": ("provider", "voice", "speed", "format", "output", "api-key-file"),
    "Write-back": ("update-json",),
    "Limits": ("max-failures", "max-clips", "max-duration", "max-chars", "max-cost", "fail-fast"),
    "Output": ("report", "progress", "output-format", "config", "quiet", "verbose", "help"),
}
_MANY_OPTIONS = 12


def _tidy_help(params: list[Any]) -> list[Any]:
    """The parameters of a command as help shows them: switches without a type, many options in panels."""
    panels = {f"--{name}": panel for panel, names in _PANELS.items() for name in names}
    options = [each for each in params if each.param_type_name == "option"]
    for argument in params:
        if argument.param_type_name == "argument":
            # The name says enough; newer typers add a Python type.
            argument.display_type_rich = lambda **_: None
    for option in options:
        if option.is_flag and option.metavar is None:
            option.metavar = ""
        if len(options) > _MANY_OPTIONS:
            names = (panels[name] for name in option.opts if name in panels)
            option.rich_help_panel = next(names, None)
    return params


def _build_narrow_help(command: Any, ctx: Any, columns: int) -> str:
    """Help without tables: each option on a line of its own, and its meaning below."""
    records = [each.get_help_record(ctx) for each in command.get_params(ctx)]
    commands = getattr(command, "commands", {})
    records += (
        [
            (name, (commands[name].help or "").split("\n\n")[0])
            for name in command.list_commands(ctx)
        ]
        if commands
        else []
    )

    def wrap(text: str, indent: str) -> str:
        return textwrap.fill(
            " ".join(text.split()), columns, initial_indent=indent, subsequent_indent=indent
        )

    parts = [wrap(command.get_usage(ctx), ""), wrap(command.help or "", "")]
    parts += [f"{record[0]}\n{wrap(record[1], '    ')}" for record in records if record]
    examples = Text.from_markup(command.epilog or "").plain
    return "\n\n".join(part for part in (*parts, examples) if part)


class TidyCommand(TyperCommand):
    """A command whose help is tidy."""

    def get_help(self, ctx: Any) -> str:
        """The help, as wide as the terminal."""
        columns = shutil.get_terminal_size().columns
        if columns < _TABLE_COLUMNS:
            return _build_narrow_help(self, ctx, columns)
        return super().get_help(ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, ``--help`` included."""
        return _tidy_help(super().get_params(ctx))


class TidyGroup(TyperGroup):
    """A group of commands whose help is tidy."""

    def get_help(self, ctx: Any) -> str:
        """The help, as wide as the terminal."""
        columns = shutil.get_terminal_size().columns
        if columns < _TABLE_COLUMNS:
            return _build_narrow_help(self, ctx, columns)
        return super().get_help(ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, ``--help`` included."""
        return _tidy_help(super().get_params(ctx))


def _show_usage_error(error: Any) -> None:
    from tts_assets.cli.output.console_text import (  # noqa: PLC0415 - rich is heavy
        open_error_console,
        print_message,
    )

    message, context = error.format_message(), getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        # It is the help itself, unless that was printed already.
        typer.echo(message, nl=bool(message))
        return
    use = f" (see `{context.command_path} --help`)" if context else ""
    words = f"error: {message[:1].lower()}{message[1:]}".rstrip(".")
    print_message(open_error_console(), words + use)


class _OrderedGroup(TidyGroup):
    """Commands in the order of a user's work, whichever module declares them."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command; a wrong use looks like every other error."""
        try:
            code = super().main(*args, **(extra | {"standalone_mode": False}))
        except Exception as exc:
            if not hasattr(exc, "format_message"):
                raise
            _show_usage_error(exc)
            code = ExitCode.USAGE
        if extra.get("standalone_mode", True):
            sys.exit(code if isinstance(code, int) else 0)
        return code

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=_ORDER.index)


app = typer.Typer(
    name="tts-assets",
    cls=_OrderedGroup,
    help="Generate the audio of Japanese-learning apps from JSON, JSON Lines and CSV.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models = typer.Typer(cls=TidyGroup, help="List, download and remove the models of engines.")


app.add_typer(models, name="models", no_args_is_help=True, rich_help_panel="Setup")
auth = typer.Typer(
    cls=TidyGroup, help="Store, list and remove API keys in the keyring of this machine."
)


app.add_typer(auth, name="auth", no_args_is_help=True, rich_help_panel="Setup")


def format_examples(*commands: str) -> str:
    """The examples below the help of a command."""
    return "[bold]Examples:[/bold]\n" + "\n".join(map(escape, commands))


def register(panel: str, *examples: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a command of the application, in a panel of its help."""
    return app.command(cls=TidyCommand, rich_help_panel=panel, epilog=format_examples(*examples))


def _show_version(is_requested: bool) -> None:  # noqa: FBT001 - typer calls it so
    if is_requested:
        typer.echo(f"tts-assets {__version__}")
        raise typer.Exit


@app.callback()
def _main_callback(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_show_version,
            is_eager=True,
            help="Show the version.",
        ),
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
    config: str | None, formats: tuple[str, ...] | None = PLAIN_FORMATS, /, **flags: Any
) -> "Settings":
    """The settings of a command.

    A format that was not typed, and that the command does not write, is meant for other commands:
    this one writes text.

    Args:
        config: the file to read.
        formats: what it can write to standard output; None for all formats.
        flags: what was typed, by key; None for what was not. Those of no setting are left out.

    Raises:
        UsageError: they are wrong, or the command does not write in the format that was typed.
    """
    # Heavy, and not needed for --help.
    from tts_assets.config.load_settings import load  # noqa: PLC0415
    from tts_assets.config.settings import OutputFormat, Verbosity  # noqa: PLC0415

    verbosity = Verbosity.VERBOSE if flags.get("verbose") else Verbosity.NORMAL
    if flags.get("quiet"):
        verbosity = Verbosity.QUIET
        flags["progress"] = flags.get("progress") or "none"
    settings = load(
        flags=flags,
        environment=os.environ,
        folder=Path.cwd(),
        config=Path(config) if config else None,
    )
    settings = replace(settings, verbosity=verbosity)
    if formats is not None and settings.output_format not in formats:
        if flags.get("output-format") is None:
            return replace(settings, output_format=OutputFormat.TEXT)
        raise UsageError(
            f"this command has no output format {settings.output_format}: give "
            f"{' or '.join(formats)}"
        )
    return settings
