"""The commands that only look, and `init`, which writes a configuration where there is none."""

from typing import Annotated

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import EVERY, PLAIN, app, settings_of, typed
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode
from tts_assets.config.model import OutputFormat


@app.command()
@answered
def status(  # noqa: PLR0913 - one parameter for each option
    paths: options.Paths = None,
    kinds: options.Type = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    output: options.Output = None,
    sound_format: options.Format = None,
    ids: options.Ids = None,
    since: options.Since = None,
    on_engine_change: options.OnEngineChange = None,
    *,
    deep: options.Deep = False,
    output_format: options.EveryFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Show how every clip stands, what is stale and why, and which assets nothing refers to."""
    settings = settings_of(config, EVERY, **typed(locals()))
    from tts_assets.cli.status import status as look  # noqa: PLC0415 - keeps --help light

    return look(settings)


@app.command()
@answered
def check(  # noqa: PLR0913 - one parameter for each option
    paths: options.Paths = None,
    kinds: options.Type = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    output: options.Output = None,
    sound_format: options.Format = None,
    ids: options.Ids = None,
    since: options.Since = None,
    on_engine_change: options.OnEngineChange = None,
    report: options.Report = None,
    *,
    require_approved: Annotated[
        bool,
        typer.Option(
            "--require-approved", help="Also if a sound is not approved; recordings need not be."
        ),
    ] = False,
    deep: options.Deep = False,
    output_format: options.EveryFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Exit with 1 if anything is stale; needs no engine, no key and no audio files."""
    settings = settings_of(config, EVERY, **typed(locals()))
    from tts_assets.cli.status import check as look  # noqa: PLC0415 - see status

    return look(settings, report=report, require_approved=require_approved)


@app.command()
@answered
def lint(  # noqa: PLR0913 - one parameter for each option
    paths: options.Paths = None,
    kinds: options.Type = None,
    ids: options.Ids = None,
    since: options.Since = None,
    severity: Annotated[
        str | None,
        typer.Option(
            "--severity",
            metavar="LEVEL",
            help="Show and count only findings of this severity or a worse one: error, warning or "
            "note.",
            show_default="all; notes are only counted",
        ),
    ] = None,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show notes, too, which text only counts.")
    ] = False,
    output_format: options.LintFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Find wrong readings, accents that cannot be, and texts that yield no clip; makes no sound."""
    settings = settings_of(config, (*PLAIN, OutputFormat.GITHUB), **typed(locals()))
    from tts_assets.cli.lint import lint as look  # noqa: PLC0415 - see status

    return look(settings, severity=severity, verbose=verbose)


@app.command()
@answered
def init(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Catalogues, or folders of them.", show_default="this folder"),
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a tts-assets.toml that is there.")
    ] = False,
) -> ExitCode:
    """Look at your files, and write a tts-assets.toml that says how to read them."""
    from tts_assets.cli.init import init as look  # noqa: PLC0415 - see status

    return look(paths or [], force=force)


@app.command()
@answered
def explain(  # noqa: PLR0913 - see status
    entry: Annotated[str, typer.Argument(metavar="ID", help="The id of an entry.")],
    paths: options.Paths = None,
    kinds: options.Type = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    output: options.Output = None,
    sound_format: options.Format = None,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Show what is said for an entry, where it is stored, and whether it is fresh."""
    settings = settings_of(config, **typed(locals()))
    from tts_assets.cli.explain import explain as look  # noqa: PLC0415 - see status

    return look(settings, entry)


@app.command()
@answered
def providers(output_format: options.OutputFormat = None) -> ExitCode:
    """List the engines, and which of them can be used here."""
    settings = settings_of(None, **typed(locals()))
    from tts_assets.cli.look import providers as look  # noqa: PLC0415 - see status

    return look(settings)


@app.command()
@answered
def voices(
    provider: options.Provider = None,
    api_key_file: options.ApiKeyFile = None,
    output_format: options.OutputFormat = None,
) -> ExitCode:
    """List an engine's voices, the default one first."""
    settings = settings_of(None, **typed(locals()))
    from tts_assets.cli.look import voices as look  # noqa: PLC0415 - see status

    return look(settings)


@app.command()
@answered
def doctor(
    provider: options.Provider = None,
    output: options.Output = None,
    api_key_file: options.ApiKeyFile = None,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Check what is installed, what is missing, and what to do about it."""
    settings = settings_of(config, **typed(locals()))
    from tts_assets.cli.look import doctor as look  # noqa: PLC0415 - see status

    return look(settings)


@app.command()
@answered
def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="configuration, ledger, report, standing, timeline or verdicts."
        ),
    ],
) -> ExitCode:
    """Print the JSON Schema of a file that tts-assets reads or writes."""
    from tts_assets.cli.schema import schema as show  # noqa: PLC0415 - see status

    return show(name)
