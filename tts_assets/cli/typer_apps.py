"""The typer applications that commands register with, and how they load settings."""

import copy
import functools
import inspect
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from tts_assets import __version__
from tts_assets.cli.error_boundary import (
    handle_errors,
    prepare_streams,
    report_unwritten_output,
)
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.shared_options import SHARED, build_format_option
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings

#: The output formats of every command; some have more. From `OutputFormat`, whose module --help does not load.
PLAIN_FORMATS = ("text", "json")
ALL_FORMATS = (*PLAIN_FORMATS, "jsonl", "github", "junit")

#: Settings of the parameters with another name.
_SETTING_KEYS = {
    "kinds": "type",
    "ids": "id",
    "assets": "paths",
    "sound_format": "sound.format",
    "mirror": "models.mirror",
    **{name: f"verify.{name}" for name in ("sample", "seed", "cer")},
    **{
        name: f"transcribe.{name}"
        for name in ("recognizer", "model", "language", "parallel", "jobs")
    },
    "chunks": "transcribe.concurrency",
    "chunk_seconds": "transcribe.chunk-seconds",
    "chunk_timeout": "transcribe.chunk-timeout",
}
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
    """Prepare parameters for help: hide the type of switches, and group many options in panels."""
    panels = {f"--{name}": panel for panel, names in _PANELS.items() for name in names}
    options = [each for each in params if each.param_type_name == "option"]
    if not any("--provider" in option.opts for option in options):
        # Such a command writes no clips.
        panels |= {"--format": "Output", "--output": "Output"}
    for argument in params:
        if argument.param_type_name == "argument":
            # Typer adds the Python type, <str>.
            argument.type = copy.copy(argument.type)
            argument.type.get_metavar = lambda *_, **__: ""
            argument.make_metavar = functools.partial(_format_argument, argument)
    for option in options:
        if option.is_flag and option.metavar is None:
            option.metavar = ""
        if len(options) > _MANY_OPTIONS:
            names = (panels[name] for name in option.opts if name in panels)
            option.rich_help_panel = next(names, None)
    return params


def _format_argument(argument: Any, *_: object, usage: bool = False, **__: object) -> str:
    """The name of an argument; in the usage line, as `NAME`, `[NAME]` or `[NAME]...`."""
    name = argument.metavar or argument.name.upper()
    if not usage:
        return str(name)
    name = f"{{{name}}}" if "|" in name else name
    optional = name if argument.required else f"[{name}]"
    return optional if argument.nargs == 1 else f"{optional}..."


def _build_narrow_help(command: Any, ctx: Any, columns: int) -> str:
    """Help without tables: each option on its own line, and its description below."""
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
    from rich.text import Text  # noqa: PLC0415 - rich is heavy

    examples = Text.from_markup(command.epilog or "").plain
    return "\n\n".join(part for part in (*parts, examples) if part)


class _TidyHelp:
    """Help for a command or a group, as wide as the terminal."""

    def get_help(self, ctx: Any) -> str:
        """Format the help for the width of the terminal."""
        columns = shutil.get_terminal_size().columns
        if columns < _TABLE_COLUMNS:
            return _build_narrow_help(self, ctx, columns)
        text: str = super().get_help(ctx)  # type: ignore[misc]  # of the command
        return text

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, ``--help`` included."""
        return _tidy_help(super().get_params(ctx))  # type: ignore[misc]  # see above


class TidyCommand(_TidyHelp, TyperCommand):
    """A command with tidy help."""


class TidyGroup(_TidyHelp, TyperGroup):
    """A group of commands with tidy help."""


def _show_usage_error(error: Any) -> None:
    from tts_assets.cli.output.console_text import (  # noqa: PLC0415 - rich is heavy
        open_error_console,
        print_message,
    )

    message, context = error.format_message(), getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        # The message is the help itself, or empty if that was already printed.
        typer.echo(message, nl=bool(message))
        return
    hint = f" (see `{context.command_path} --help`)" if context else ""
    line = f"error: {message[:1].lower()}{message[1:]}".rstrip(".")
    print_message(open_error_console(), line + hint)


class _OrderedGroup(TidyGroup):
    """Lists commands in the order in which users need them."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command; usage errors look like all other errors."""
        prepare_streams()
        try:
            code = super().main(*args, **(extra | {"standalone_mode": False}))
        except OSError as exc:
            # Commands handle their own errors: help or the version could not be written.
            code = report_unwritten_output(exc)
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
    """Format the examples below a command's help."""
    lines = "\n".join(commands)
    if "[" in lines:
        from rich.markup import escape  # noqa: PLC0415 - rich is heavy

        lines = escape(lines)
    return f"[bold]Examples:[/bold]\n{lines}"


def register(panel: str, *examples: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command in a panel of the help."""
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


def take_options(
    *names: str, formats: tuple[str, ...] = PLAIN_FORMATS
) -> Callable[[Callable[..., ExitCode]], Callable[..., None]]:
    """Add shared options to a command, and load its settings from them.

    Args:
        names: parameters declared in `shared_options`. If the command has a parameter of that
            name, it gets the value as typed; ``settings`` gets the settings.
        formats: the output formats of the command.
    """
    shared = {name: SHARED[name] for name in names if name != "output_format"}
    if "output_format" in names:
        shared["output_format"] = build_format_option(formats)

    def decorate(command: Callable[..., ExitCode]) -> Callable[..., None]:
        parameters = inspect.signature(command).parameters
        others = [each for name, each in parameters.items() if name not in (*shared, "settings")]
        # Required arguments come first.
        required = [each for each in others if each.default is each.empty]
        optional = [each.replace(kind=each.KEYWORD_ONLY) for each in others if each not in required]

        @functools.wraps(command)
        def run(**arguments: Any) -> ExitCode:
            flags = {
                _SETTING_KEYS.get(name, name.replace("_", "-")): arguments[name] for name in shared
            }
            settings = read_command_settings(flags.pop("config", None), formats, **flags)
            values = arguments | {"settings": settings}
            return command(**{name: values[name] for name in parameters})

        signature = inspect.Signature([*required, *shared.values(), *optional])
        run.__signature__ = signature  # type: ignore[attr-defined]  # typer reads it
        run.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        return handle_errors(run)

    return decorate


def read_command_settings(
    config: str | None, formats: tuple[str, ...] = PLAIN_FORMATS, /, **flags: Any
) -> "Settings":
    """Load the settings of a command.

    An empty list counts as not given. If a configured output format is not one of the command's,
    the command prints text.

    Args:
        config: the configuration file.
        formats: the output formats of the command.
        flags: the options as typed, by key; None if not given. Options without a setting are
            ignored.

    Raises:
        UsageError: a setting is invalid, or the command lacks the output format given as an option.
    """
    # Heavy, and not needed for --help.
    from tts_assets.config.load_settings import load  # noqa: PLC0415
    from tts_assets.config.settings import OutputFormat, Verbosity  # noqa: PLC0415

    verbosity = Verbosity.VERBOSE if flags.get("verbose") else Verbosity.NORMAL
    if flags.get("quiet"):
        verbosity = Verbosity.QUIET
        flags["progress"] = flags.get("progress") or "none"
    settings = load(
        flags={key: None if value == [] else value for key, value in flags.items()},
        environment=os.environ,
        folder=Path.cwd(),
        config=None if config is None else Path(config),
    )
    settings = replace(settings, verbosity=verbosity)
    if settings.output_format not in formats:
        if flags.get("output-format") is None:
            return replace(settings, output_format=OutputFormat.TEXT)
        raise UsageError(
            f"this command has no output format {settings.output_format}: give "
            f"{', '.join(formats[:-1])} or {formats[-1]}"
        )
    return settings
