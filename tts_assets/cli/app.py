"""The commands: `generate`, `lint`, `init`, and the lookers-on `explain`, `providers`, `voices`, `doctor`; `models`; and `auth`."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tts_assets import __version__
from tts_assets.cli import options
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode
from tts_assets.errors import UsageError
from tts_assets.settings import OutputFormat, Settings, load

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


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"tts-assets {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


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
    *,
    force: Annotated[bool, typer.Option("--force", help="Remake what is fresh, too.")] = False,
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
    max_chars: options.MaxChars = None,
    max_cost: options.MaxCost = None,
    api_key_file: options.ApiKeyFile = None,
    progress: options.Progress = None,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Make every clip that is missing or stale, and write the URLs back."""
    from tts_assets.cli.run import run  # noqa: PLC0415 - keeps --help light

    settings = _settings(
        config,
        paths=paths or None,
        type=kinds or None,
        provider=provider,
        voice=voice,
        speed=speed,
        concurrency=concurrency,
        timeout=timeout,
        output=output,
        force=force,
        progress=progress,
        **{
            "sound.format": sound_format,
            "update-json": update_json,
            "max-failures": "1" if fail_fast else max_failures,
            "max-chars": max_chars,
            "max-cost": max_cost,
            "api-key-file": api_key_file,
            "output-format": output_format,
        },
    )
    return run(settings, dry_run=dry_run)


@app.command()
@answered
def lint(
    paths: options.Paths = None,
    kinds: options.Type = None,
    output_format: options.LintFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Find wrong readings, accents that cannot be, and texts that yield no clip; makes no sound."""
    from tts_assets.cli.lint import lint as look  # noqa: PLC0415 - see generate

    settings = _loaded(
        config, paths=paths or None, type=kinds or None, **{"output-format": output_format}
    )
    return look(settings)


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
    from tts_assets.cli.init import init as look  # noqa: PLC0415 - see generate

    return look(paths or [], force=force)


@app.command()
@answered
def explain(  # noqa: PLR0913 - see generate
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
    from tts_assets.cli.explain import explain as look  # noqa: PLC0415 - see generate

    settings = _settings(
        config,
        paths=paths or None,
        type=kinds or None,
        provider=provider,
        voice=voice,
        speed=speed,
        output=output,
        **{"sound.format": sound_format, "output-format": output_format},
    )
    return look(settings, entry)


@app.command()
@answered
def providers(output_format: options.OutputFormat = None) -> ExitCode:
    """List the engines, and which of them can be used here."""
    from tts_assets.cli.look import providers as look  # noqa: PLC0415 - see generate

    return look(_settings(None, **{"output-format": output_format}))


@app.command()
@answered
def voices(
    provider: options.Provider = None,
    api_key_file: options.ApiKeyFile = None,
    output_format: options.OutputFormat = None,
) -> ExitCode:
    """List an engine's voices, the default one first."""
    from tts_assets.cli.look import voices as look  # noqa: PLC0415 - see generate

    flags = {"api-key-file": api_key_file, "output-format": output_format}
    return look(_settings(None, provider=provider, **flags))


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
    from tts_assets.cli.look import doctor as look  # noqa: PLC0415 - see generate

    flags = {"api-key-file": api_key_file, "output-format": output_format}
    return look(_settings(config, provider=provider, output=output, **flags))


@models.command("list")
@answered
def list_models(
    output_format: options.OutputFormat = None, config: options.Config = None
) -> ExitCode:
    """List the models, which of them are here, and under which licence."""
    from tts_assets.cli.models import list_models as look  # noqa: PLC0415 - see generate

    return look(_settings(config, **{"output-format": output_format}))


@models.command("fetch")
@answered
def fetch_models(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="Models; kokoro or piper for what that engine needs; any Piper voice.",
        ),
    ],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Download without asking; needed where nobody can.")
    ] = False,
    mirror: Annotated[
        str | None,
        typer.Option(
            "--mirror",
            metavar="URL",
            help="Fetch from here; sums are checked all the same.",
            show_default="where they are published",
        ),
    ] = None,
    progress: options.Progress = None,
    config: options.Config = None,
) -> ExitCode:
    """Download models: sizes, sources and licences are shown first, and sums are checked."""
    from tts_assets.cli.models import fetch  # noqa: PLC0415 - see generate

    settings = _settings(config, progress=progress, **{"models.mirror": mirror})
    given = {"--mirror": mirror, "--progress": progress, "--config": config}
    return fetch(settings, names, yes=yes, given=given)


@models.command("path")
@answered
def model_path(
    name: Annotated[
        str | None, typer.Argument(help="A model.", show_default="the folder of all")
    ] = None,
    config: options.Config = None,
) -> ExitCode:
    """Show where a model lies; the exit code is 1 if it is not there."""
    from tts_assets.cli.models import path as look  # noqa: PLC0415 - see generate

    return look(_settings(config), name)


@models.command("remove")
@answered
def remove_models(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Models.")],
    config: options.Config = None,
) -> ExitCode:
    """Delete models, and what unfinished downloads of them left."""
    from tts_assets.cli.models import remove  # noqa: PLC0415 - see generate

    return remove(_settings(config), names)


# What is too much is refused by us: typer's own words would show it, and it may be a key.
@auth.command("set", context_settings={"allow_extra_args": True})
@answered
def set_key(name: options.KeyOf, rest: typer.Context) -> ExitCode:
    """Store a key: it is asked for unseen, or read from standard input, and never an argument."""
    from tts_assets.cli.auth import set_key as store  # noqa: PLC0415 - see generate

    return store(name, with_key=bool(rest.args))


@auth.command("list")
@answered
def list_keys(
    output_format: options.OutputFormat = None, config: options.Config = None
) -> ExitCode:
    """List which engines have a key, and from where; never the keys."""
    from tts_assets.cli.auth import list_keys as look  # noqa: PLC0415 - see generate

    return look(_settings(config, **{"output-format": output_format}))


@auth.command("remove")
@answered
def remove_key(name: options.KeyOf) -> ExitCode:
    """Delete a key from the keyring."""
    from tts_assets.cli.auth import remove_key as remove  # noqa: PLC0415 - see generate

    return remove(name)


def _settings(config: str | None, **flags: Any) -> Settings:
    settings = _loaded(config, **flags)
    if settings.output_format is OutputFormat.GITHUB:
        raise UsageError("output-format github is for `lint` only: give text or json")
    return settings


def _loaded(config: str | None, **flags: Any) -> Settings:
    return load(
        flags=flags,
        environment=os.environ,
        folder=Path.cwd(),
        config=Path(config) if config else None,
    )
