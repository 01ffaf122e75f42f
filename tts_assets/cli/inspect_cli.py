"""Declarations of the commands that read, and of init, models and auth."""

from typing import Annotated

import typer

from tts_assets.cli import shared_options
from tts_assets.cli.error_boundary import handle_errors
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.typer_apps import (
    ALL_FORMATS,
    PLAIN_FORMATS,
    TidyCommand,
    auth,
    flags_from_locals,
    models,
    read_command_settings,
    register,
)


@register(
    "Start",
    "tts-assets status",
    "tts-assets status --type vocabulary",
    "tts-assets status --output-format json",
)
@handle_errors
def status(  # noqa: PLR0913 - one parameter for each option
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    only: shared_options.Only = None,
    ids: shared_options.Ids = None,
    since: shared_options.Since = None,
    on_engine_change: shared_options.OnEngineChange = None,
    report: shared_options.Report = None,
    *,
    deep: shared_options.Deep = False,
    output_format: shared_options.EveryFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Show which clips are up to date, which are stale and why."""
    settings = read_command_settings(config, ALL_FORMATS, **flags_from_locals(locals()))
    from tts_assets.cli.status_command import run_status as look  # noqa: PLC0415 - keeps --help light

    return look(settings, report=report)


@register(
    "Quality",
    "tts-assets check",
    "tts-assets check --require-approved",
    "tts-assets check --output-format github --report tts-report",
)
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
        typer.Option("--require-approved", help="Exit with 1 if a clip is not approved, too."),
    ] = False,
    deep: shared_options.Deep = False,
    output_format: shared_options.EveryFormat = None,
    quiet: shared_options.Quiet = False,
    config: shared_options.Config = None,
) -> ExitCode:
    """Exit with 1 if anything is stale; for CI, without engine, key or audio files."""
    settings = read_command_settings(config, ALL_FORMATS, **flags_from_locals(locals()))
    from tts_assets.cli.status_command import run_check as look  # noqa: PLC0415 - see status

    return look(settings, report=report, require_approved=require_approved)


@register(
    "Quality",
    "tts-assets lint",
    "tts-assets lint --verbose --type grammar",
    "tts-assets lint --since main --output-format github",
)
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
            help="Report only findings of this severity and above: error, warning or note.",
            show_default="all; notes are only counted",
        ),
    ] = None,
    *,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Show notes, which are only counted otherwise."),
    ] = False,
    output_format: shared_options.LintFormat = None,
    quiet: shared_options.Quiet = False,
    config: shared_options.Config = None,
) -> ExitCode:
    """Find doubtful readings, impossible accents and texts that cannot be spoken."""
    settings = read_command_settings(
        config, (*PLAIN_FORMATS, "github"), **flags_from_locals(locals())
    )
    from tts_assets.cli.lint_command import run_lint as look  # noqa: PLC0415 - see status

    return look(settings, severity=severity, verbose=verbose)


@register(
    "Start",
    "tts-assets init",
    "tts-assets init content/",
    "tts-assets init deck.txt --force",
)
@handle_errors
def init(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH", help="Catalogues, or folders of them.", show_default="this folder"
        ),
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing tts-assets.toml.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show the configuration, and write nothing.")
    ] = False,
) -> ExitCode:
    """Inspect your files, and write a tts-assets.toml that says how to read them."""
    from tts_assets.cli.init_command import run_init as look  # noqa: PLC0415 - see status

    return look(paths or [], force=force, dry_run=dry_run)


@register(
    "Quality",
    "tts-assets explain 197",
    "tts-assets explain 197 --type vocabulary",
    "tts-assets explain 橋 --listen",
    "tts-assets explain n5-12 --output-format json",
)
@handle_errors
def explain(  # noqa: PLR0913 - see status
    entry: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="The id of an entry, a pattern such as 'n5-*', or a text.",
            autocompletion=shared_options.complete_id,
        ),
    ],
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    *,
    listen: Annotated[
        bool, typer.Option("--listen", help="Recognize the accents in the clips, too.")
    ] = False,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Show how an entry is read and spoken, and whether its clip is up to date."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.explain_command import run_explain as look  # noqa: PLC0415 - see status

    return look(settings, entry, listen=listen)


@register(
    "Setup",
    "tts-assets providers",
    "tts-assets providers --output-format json",
)
@handle_errors
def providers(output_format: shared_options.OutputFormat = None) -> ExitCode:
    """List the engines, and which of them are ready."""
    settings = read_command_settings(None, **flags_from_locals(locals()))
    from tts_assets.cli.doctor_command import run_providers as look  # noqa: PLC0415 - see status

    return look(settings)


@register(
    "Setup",
    "tts-assets voices",
    "tts-assets voices --provider kokoro",
    "tts-assets voices --provider elevenlabs --api-key-file key.txt",
)
@handle_errors
def voices(
    provider: shared_options.Provider = None,
    api_key_file: shared_options.ApiKeyFile = None,
    output_format: shared_options.OutputFormat = None,
) -> ExitCode:
    """List an engine's voices, the default one first."""
    settings = read_command_settings(None, **flags_from_locals(locals()))
    from tts_assets.cli.doctor_command import run_voices as look  # noqa: PLC0415 - see status

    return look(settings, chosen=provider is not None)


@register(
    "Setup",
    "tts-assets setup kokoro",
    "tts-assets setup piper --yes",
    "tts-assets setup review",
)
@handle_errors
def setup(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="An engine (kokoro, piper...), or review, asr, keyring.",
            autocompletion=shared_options.complete_provider,
        ),
    ],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Install and download without asking.")
    ] = False,
    progress: shared_options.Progress = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Install an engine with its packages and models, and check that it is ready."""
    settings = read_command_settings(config, progress=progress)
    from tts_assets.cli.setup_command import run_setup  # noqa: PLC0415 - see status

    return run_setup(settings, name, yes=yes)


@register(
    "Setup",
    "tts-assets doctor",
    "tts-assets doctor --provider kokoro",
    "tts-assets doctor --output-format json",
)
@handle_errors
def doctor(
    provider: shared_options.Provider = None,
    output: shared_options.Output = None,
    api_key_file: shared_options.ApiKeyFile = None,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Check what is installed, and how to add what is missing."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.doctor_command import run_doctor as look  # noqa: PLC0415 - see status

    return look(settings)


@register(
    "Also",
    "tts-assets schema configuration",
    "tts-assets schema report",
)
@handle_errors
def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="configuration, events, ledger, report, standing, timeline or verdicts.",
            autocompletion=shared_options.complete_schema,
        ),
    ],
) -> ExitCode:
    """Print the JSON Schema of a file that tts-assets reads or writes."""
    from tts_assets.cli.output import published_schemas  # noqa: PLC0415 - see status
    from tts_assets.cli.output.command_output import CommandOutput  # noqa: PLC0415 - see status
    from tts_assets.config.settings import OutputFormat  # noqa: PLC0415 - see status

    CommandOutput(OutputFormat.JSON).print_json(published_schemas.build_schema(name))
    return ExitCode.OK


# The commands `models list`, `fetch`, `path` and `remove`.


@models.command(cls=TidyCommand, name="list")
@handle_errors
def list_models(
    output_format: shared_options.OutputFormat = None, config: shared_options.Config = None
) -> ExitCode:
    """List models, whether they are installed, and their licences."""
    from tts_assets.cli.models_command import run_models_list as look  # noqa: PLC0415 - keeps --help light

    return look(read_command_settings(config, **{"output-format": output_format}))


@models.command(cls=TidyCommand, name="fetch")
@handle_errors
def fetch_models(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="Models, voices of Piper, or kokoro or piper for everything that engine needs.",
            autocompletion=shared_options.complete_model,
        ),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Download without asking.")] = False,
    mirror: Annotated[
        str | None,
        typer.Option(
            "--mirror",
            metavar="URL",
            help="Download from this host; checked in the same way.",
            show_default="the publisher",
        ),
    ] = None,
    progress: shared_options.Progress = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Download models; shows size, source and licence first, and verifies them."""
    from tts_assets.cli.models_command import run_models_fetch  # noqa: PLC0415 - see above

    settings = read_command_settings(config, progress=progress, **{"models.mirror": mirror})
    given = {"--mirror": mirror, "--progress": progress, "--config": config}
    return run_models_fetch(settings, names, yes=yes, given=given)


@models.command(cls=TidyCommand, name="path")
@handle_errors
def model_path(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A model.",
            show_default="the folder of all models",
            autocompletion=shared_options.complete_model,
        ),
    ] = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Print the path of a model; exits with 1 if it is not installed."""
    from tts_assets.cli.models_command import run_models_path as look  # noqa: PLC0415 - see above

    return look(read_command_settings(config), name)


@models.command(cls=TidyCommand, name="remove")
@handle_errors
def remove_models(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME", help="Models.", autocompletion=shared_options.complete_model
        ),
    ],
    config: shared_options.Config = None,
) -> ExitCode:
    """Delete models and their unfinished downloads."""
    from tts_assets.cli.models_command import run_models_remove  # noqa: PLC0415 - see above

    return run_models_remove(read_command_settings(config), names)


# The commands `auth set`, `list` and `remove`.


# What is too much is refused by us: typer's own words would show it, and it may be a key.
@auth.command(cls=TidyCommand, name="set", context_settings={"allow_extra_args": True})
@handle_errors
def set_key(name: shared_options.KeyOf, rest: typer.Context) -> ExitCode:
    """Store a key in the keyring: asked for without echo, or read from standard input."""
    from tts_assets.cli.auth_command import run_auth_set as store  # noqa: PLC0415 - keeps --help light

    return store(name, with_key=bool(rest.args))


@auth.command(cls=TidyCommand, name="list")
@handle_errors
def list_keys(
    output_format: shared_options.OutputFormat = None, config: shared_options.Config = None
) -> ExitCode:
    """List which engines have a key, and where it comes from; never shows keys."""
    from tts_assets.cli.auth_command import run_auth_list as look  # noqa: PLC0415 - see above

    return look(read_command_settings(config, **{"output-format": output_format}))


@auth.command(cls=TidyCommand, name="remove")
@handle_errors
def remove_key(name: shared_options.KeyOf) -> ExitCode:
    """Delete a key from the keyring."""
    from tts_assets.cli.auth_command import run_auth_remove as remove  # noqa: PLC0415 - see above

    return remove(name)
