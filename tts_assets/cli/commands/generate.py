"""The commands that make, move and delete clips: `generate`, `merge`, `migrate` and `prune`."""

from typing import Annotated

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import EVERY, app, settings_of, typed
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode


@app.command()
@answered
def generate(  # noqa: PLR0913 - one parameter for each option
    paths: options.Paths = None,
    kinds: options.Type = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    concurrency: options.Concurrency = None,
    timeout: options.Timeout = None,
    output: options.Output = None,
    sound_format: options.Format = None,
    only: options.Only = None,
    ids: options.Ids = None,
    since: options.Since = None,
    shard: options.Shard = None,
    on_engine_change: options.OnEngineChange = None,
    report: options.Report = None,
    *,
    deep: options.Deep = False,
    force: Annotated[bool, typer.Option("--force", help="Remake what is fresh, too.")] = False,
    accept_doubtful: options.AcceptDoubtful = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be made, and why.")
    ] = False,
    update_json: Annotated[
        bool | None,
        typer.Option(
            "--update-json/--no-update-json",
            help="Write the URLs into the catalogues.",
            show_default="--update-json",
        ),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", "-x", help="The same as --max-failures 1.")
    ] = False,
    max_failures: options.MaxFailures = None,
    max_clips: options.MaxClips = None,
    max_duration: options.MaxDuration = None,
    max_chars: options.MaxChars = None,
    max_cost: options.MaxCost = None,
    api_key_file: options.ApiKeyFile = None,
    progress: options.Progress = None,
    output_format: options.EveryFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Make every clip that is missing or stale, and write the URLs back."""
    if fail_fast:
        max_failures = "1"
    settings = settings_of(config, EVERY, **typed(locals()))
    from tts_assets.cli.run import run  # noqa: PLC0415 - keeps --help light

    return run(settings, dry_run=dry_run, report=report)


@app.command()
@answered
def merge(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PART",
            help="Folders that runs with --shard made.",
            show_default="all beside the output folder",
        ),
    ] = None,
    output: options.Output = None,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Join what runs with --shard made: assets, ledger and URLs, as if one run had made them."""
    settings = settings_of(config, **typed(locals()))
    from tts_assets.cli.merge import merge as join  # noqa: PLC0415 - see generate

    return join(settings, parts or [])


@app.command()
@answered
def migrate(  # noqa: PLR0913 - see generate
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    output: options.Output = None,
    sound_format: options.Format = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be moved.")
    ] = False,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Move assets to the names that a new template gives them, without making any anew."""
    settings = settings_of(config, **typed(locals()))
    from tts_assets.cli.migrate import migrate as move  # noqa: PLC0415 - see generate

    return move(settings, dry_run=dry_run)


@app.command()
@answered
def prune(
    output: options.Output = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete what is listed.")] = False,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """List the assets that no catalogue refers to, and delete those that tts-assets made."""
    settings = settings_of(config, **typed(locals()))
    from tts_assets.cli.prune import prune as delete  # noqa: PLC0415 - see generate

    return delete(settings, yes=yes)
