"""Declarations of the commands that read, and of init, models and auth."""

from typing import Annotated

import typer

from tts_assets.cli import shared_options
from tts_assets.cli.error_boundary import handle_errors
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.typer_apps import (
    ALL_FORMATS,
    PLAIN_FORMATS,
    app,
    auth,
    flags_from_locals,
    models,
    read_command_settings,
)
from tts_assets.config.settings import OutputFormat


@app.command()
@handle_errors
def status(  # noqa: PLR0913 - one parameter for each option
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    ids: shared_options.Ids = None,
    since: shared_options.Since = None,
    on_engine_change: shared_options.OnEngineChange = None,
    *,
    deep: shared_options.Deep = False,
    output_format: shared_options.EveryFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Show how every clip stands, what is stale and why, and which assets nothing refers to."""
    settings = read_command_settings(config, ALL_FORMATS, **flags_from_locals(locals()))
    from tts_assets.cli.status_command import run_status as look  # noqa: PLC0415 - keeps --help light

    return look(settings)


@app.command()
@handle_errors
def check(  # noqa: PLR0913 - one parameter for each option
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    ids: shared_options.Ids = None,
    since: shared_options.Since = None,
    on_engine_change: shared_options.OnEngineChange = None,
    report: shared_options.Report = None,
    *,
    require_approved: Annotated[
        bool,
        typer.Option(
            "--require-approved", help="Also if a sound is not approved; recordings need not be."
        ),
    ] = False,
    deep: shared_options.Deep = False,
    output_format: shared_options.EveryFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Exit with 1 if anything is stale; needs no engine, no key and no audio files."""
    settings = read_command_settings(config, ALL_FORMATS, **flags_from_locals(locals()))
    from tts_assets.cli.status_command import run_check as look  # noqa: PLC0415 - see status

    return look(settings, report=report, require_approved=require_approved)


@app.command()
@handle_errors
def lint(  # noqa: PLR0913 - one parameter for each option
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    ids: shared_options.Ids = None,
    since: shared_options.Since = None,
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
    output_format: shared_options.LintFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Find wrong readings, accents that cannot be, and texts that yield no clip; makes no sound."""
    settings = read_command_settings(
        config, (*PLAIN_FORMATS, OutputFormat.GITHUB), **flags_from_locals(locals())
    )
    from tts_assets.cli.lint_command import run_lint as look  # noqa: PLC0415 - see status

    return look(settings, severity=severity, verbose=verbose)


@app.command()
@handle_errors
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
    from tts_assets.cli.init_command import run_init as look  # noqa: PLC0415 - see status

    return look(paths or [], force=force)


@app.command()
@handle_errors
def explain(  # noqa: PLR0913 - see status
    entry: Annotated[str, typer.Argument(metavar="ID", help="The id of an entry.")],
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Show what is said for an entry, where it is stored, and whether it is fresh."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.explain_command import run_explain as look  # noqa: PLC0415 - see status

    return look(settings, entry)


@app.command()
@handle_errors
def providers(output_format: shared_options.OutputFormat = None) -> ExitCode:
    """List the engines, and which of them can be used here."""
    settings = read_command_settings(None, **flags_from_locals(locals()))
    from tts_assets.cli.doctor_command import run_providers as look  # noqa: PLC0415 - see status

    return look(settings)


@app.command()
@handle_errors
def voices(
    provider: shared_options.Provider = None,
    api_key_file: shared_options.ApiKeyFile = None,
    output_format: shared_options.OutputFormat = None,
) -> ExitCode:
    """List an engine's voices, the default one first."""
    settings = read_command_settings(None, **flags_from_locals(locals()))
    from tts_assets.cli.doctor_command import run_voices as look  # noqa: PLC0415 - see status

    return look(settings)


@app.command()
@handle_errors
def doctor(
    provider: shared_options.Provider = None,
    output: shared_options.Output = None,
    api_key_file: shared_options.ApiKeyFile = None,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Check what is installed, what is missing, and what to do about it."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.doctor_command import run_doctor as look  # noqa: PLC0415 - see status

    return look(settings)


@app.command()
@handle_errors
def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="configuration, ledger, report, standing, timeline or verdicts."
        ),
    ],
) -> ExitCode:
    """Print the JSON Schema of a file that tts-assets reads or writes."""
    from tts_assets.cli.schema_command import run_schema as show  # noqa: PLC0415 - see status

    return show(name)


# The commands `models list`, `fetch`, `path` and `remove`.


@models.command("list")
@handle_errors
def list_models(
    output_format: shared_options.OutputFormat = None, config: shared_options.Config = None
) -> ExitCode:
    """List the models, which of them are here, and under which licence."""
    from tts_assets.cli.models_command import run_models_list as look  # noqa: PLC0415 - keeps --help light

    return look(read_command_settings(config, **{"output-format": output_format}))


@models.command("fetch")
@handle_errors
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
    progress: shared_options.Progress = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Download models: sizes, sources and licences are shown first, and sums are checked."""
    from tts_assets.cli.models_command import run_models_fetch  # noqa: PLC0415 - see above

    settings = read_command_settings(config, progress=progress, **{"models.mirror": mirror})
    given = {"--mirror": mirror, "--progress": progress, "--config": config}
    return run_models_fetch(settings, names, yes=yes, given=given)


@models.command("path")
@handle_errors
def model_path(
    name: Annotated[
        str | None, typer.Argument(help="A model.", show_default="the folder of all")
    ] = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Show where a model lies; the exit code is 1 if it is not there."""
    from tts_assets.cli.models_command import run_models_path as look  # noqa: PLC0415 - see above

    return look(read_command_settings(config), name)


@models.command("remove")
@handle_errors
def remove_models(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Models.")],
    config: shared_options.Config = None,
) -> ExitCode:
    """Delete models, and what unfinished downloads of them left."""
    from tts_assets.cli.models_command import run_models_remove  # noqa: PLC0415 - see above

    return run_models_remove(read_command_settings(config), names)


# The commands `auth set`, `list` and `remove`.


# What is too much is refused by us: typer's own words would show it, and it may be a key.
@auth.command("set", context_settings={"allow_extra_args": True})
@handle_errors
def set_key(name: shared_options.KeyOf, rest: typer.Context) -> ExitCode:
    """Store a key: it is asked for unseen, or read from standard input, and never an argument."""
    from tts_assets.cli.auth_command import run_auth_set as store  # noqa: PLC0415 - keeps --help light

    return store(name, with_key=bool(rest.args))


@auth.command("list")
@handle_errors
def list_keys(
    output_format: shared_options.OutputFormat = None, config: shared_options.Config = None
) -> ExitCode:
    """List which engines have a key, and from where; never the keys."""
    from tts_assets.cli.auth_command import run_auth_list as look  # noqa: PLC0415 - see above

    return look(read_command_settings(config, **{"output-format": output_format}))


@auth.command("remove")
@handle_errors
def remove_key(name: shared_options.KeyOf) -> ExitCode:
    """Delete a key from the keyring."""
    from tts_assets.cli.auth_command import run_auth_remove as remove  # noqa: PLC0415 - see above

    return remove(name)
