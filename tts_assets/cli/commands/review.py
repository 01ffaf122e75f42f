"""The command `review`, by which people listen and decide, and `review apply`."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tts_assets.cli import options
from tts_assets.cli.apps import app, settings_of, typed
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode
from tts_assets.errors import UsageError


class _WithCommands(TyperGroup):
    """A command with paths of its own that has further commands; one of these comes first."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """That of the further command, if the first word names one: it would pass for a path."""
        command = self.commands.get(args[0]) if args else None
        if command is None:
            return super().make_context(info_name, args, parent, **extra)
        return command.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)


review = typer.Typer(
    cls=_WithCommands,
    invoke_without_command=True,
    subcommand_metavar="",
    context_settings={"allow_interspersed_args": True},
)


app.add_typer(review, name="review")


@review.callback()
@answered
def listen(  # noqa: PLR0913 - one parameter for each option
    paths: options.Paths = None,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="DIR|FILE.html",
            help="Write the page into a folder, with its clips; or as one file beside them.",
        ),
    ] = None,
    *,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Show the page from this machine, and take decisions at once."
        ),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65535,
            help="Of --serve.",
            show_default="the same each time, if it is free",
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="With --serve: open no browser.")
    ] = False,
    kinds: options.Type = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    output: options.Output = None,
    sound_format: options.Format = None,
    ids: options.Ids = None,
    since: options.Since = None,
    api_key_file: options.ApiKeyFile = None,
    progress: options.Progress = None,
    config: options.Config = None,
) -> ExitCode:
    """Have people listen and decide; `review apply` takes in what they decided elsewhere.

    A folder that is called like a command is written ./apply.
    """
    if export is not None and serve:
        raise UsageError("--serve and --export are two ways to show the clips: give one of them")
    if export is None and not serve:
        raise UsageError(
            "say how the clips are shown: --serve, from this machine, or --export DIR, for anywhere"
        )
    if not serve and (port is not None or no_open):
        raise UsageError("--port and --no-open belong to --serve: leave them out, or give that")
    settings = settings_of(config, **typed(locals()))
    if export is not None:
        from tts_assets.cli.review_export import export as write  # noqa: PLC0415 - see generate

        return write(settings, export)
    from tts_assets.cli.review_serve import serve as show  # noqa: PLC0415 - see generate

    return show(settings, port=port, open_browser=not no_open)


@review.command()
@answered
def apply(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="What the page saved, or the journal of another output folder.",
            show_default="the journal of this one",
        ),
    ] = None,
    output: options.Output = None,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Take decisions into the ledger, so that every other command knows them."""
    settings = settings_of(config, **typed(locals()))
    from tts_assets.cli.review_apply import apply as take  # noqa: PLC0415 - see generate

    return take(settings, files or [])
