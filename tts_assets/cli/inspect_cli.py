"""Declarations of the commands that read, and of init, setup, models and auth."""

from typing import TYPE_CHECKING, Annotated

import typer

from tts_assets.cli.error_boundary import handle_errors
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.shared_options import (
    ENTRIES,
    SOUND,
    complete_id,
    complete_model,
    complete_provider,
    complete_schema,
    declare_option,
)
from tts_assets.cli.typer_apps import (
    ALL_FORMATS,
    PLAIN_FORMATS,
    TidyCommand,
    auth,
    models,
    register,
    take_options,
)
from tts_assets.config.keys import ENVIRONMENT

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings


_STATUS_OPTIONS = (
    *ENTRIES,
    *SOUND,
    "on_engine_change",
    "report",
    "deep",
    "output_format",
    "config",
)


@register(
    "Start",
    "tts-assets status",
    "tts-assets status --type vocabulary",
    "tts-assets status --output-format json",
)
@take_options(*_STATUS_OPTIONS, "only", formats=ALL_FORMATS)
def status(settings: "Settings", report: str | None) -> ExitCode:
    """Show which clips are up to date, which are stale and why."""
    from tts_assets.cli.status_command import run_status  # noqa: PLC0415 - keeps --help light

    return run_status(settings, report=report)


@register(
    "Quality",
    "tts-assets check",
    "tts-assets check --require-approved",
    "tts-assets check --output-format github --report tts-report",
)
@take_options(*_STATUS_OPTIONS, "quiet", formats=ALL_FORMATS)
def check(
    settings: "Settings",
    report: str | None,
    *,
    require_approved: Annotated[
        bool, typer.Option("--require-approved", help="Exit with 1 if a clip is not approved, too.")
    ] = False,
) -> ExitCode:
    """Exit with 1 if anything is stale; for CI, without engine, key or audio files."""
    from tts_assets.cli.status_command import run_check  # noqa: PLC0415 - see status

    return run_check(settings, report=report, require_approved=require_approved)


@register(
    "Quality",
    "tts-assets lint",
    "tts-assets lint --verbose --type grammar",
    "tts-assets lint --since main --output-format github",
)
@take_options(*(*ENTRIES, "output_format", "quiet", "config"), formats=(*PLAIN_FORMATS, "github"))
def lint(
    settings: "Settings",
    severity: Annotated[
        str | None,
        declare_option(
            "--severity LEVEL",
            "Report only findings of this severity and above: error, warning or note.",
            "all; notes are only counted",
        ),
    ] = None,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show notes, which are only counted otherwise.")
    ] = False,
) -> ExitCode:
    """Find doubtful readings, impossible accents and texts that cannot be spoken."""
    from tts_assets.cli.lint_command import run_lint  # noqa: PLC0415 - see status

    return run_lint(settings, severity=severity, verbose=verbose)


@register(
    "Start", "tts-assets init", "tts-assets init content/", "tts-assets init deck.txt --force"
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
    from tts_assets.cli.init_command import run_init  # noqa: PLC0415 - see status

    return run_init(paths or [], force=force, dry_run=dry_run)


@register(
    "Quality",
    "tts-assets explain 197",
    "tts-assets explain 197 --type vocabulary",
    "tts-assets explain 橋 --listen",
    "tts-assets explain n5-12 --output-format json",
)
@take_options("paths", "kinds", *SOUND, "output_format", "config")
def explain(
    settings: "Settings",
    entry: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="The id of an entry, a pattern such as 'n5-*', or a text.",
            autocompletion=complete_id,
        ),
    ],
    *,
    listen: Annotated[
        bool, typer.Option("--listen", help="Recognize the accents in the clips, too.")
    ] = False,
) -> ExitCode:
    """Show how an entry is read and spoken, and whether its clip is up to date."""
    from tts_assets.cli.explain_command import run_explain  # noqa: PLC0415 - see status

    return run_explain(settings, entry, listen=listen)


@register("Setup", "tts-assets providers", "tts-assets providers --output-format json")
@take_options("output_format")
def providers(settings: "Settings") -> ExitCode:
    """List the engines, and which of them are ready."""
    from tts_assets.cli.doctor_command import run_providers  # noqa: PLC0415 - see status

    return run_providers(settings)


@register(
    "Setup",
    "tts-assets voices",
    "tts-assets voices --provider kokoro",
    "tts-assets voices --provider elevenlabs --api-key-file key.txt",
)
@take_options("provider", "api_key_file", "output_format")
def voices(settings: "Settings", provider: str | None) -> ExitCode:
    """List an engine's voices, the default one first."""
    from tts_assets.cli.doctor_command import run_voices  # noqa: PLC0415 - see status

    return run_voices(settings, chosen=provider is not None)


@register(
    "Setup", "tts-assets setup kokoro", "tts-assets setup piper --yes", "tts-assets setup review"
)
@take_options("progress", "config")
def setup(
    settings: "Settings",
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="An engine, such as kokoro-ja, or review, asr, pocketsphinx, keyring, bucket or cluster.",
            autocompletion=complete_provider,
        ),
    ],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Install and download without asking.")
    ] = False,
) -> ExitCode:
    """Install an engine with its packages and models, and check that it is ready."""
    from tts_assets.cli.setup_command import run_setup  # noqa: PLC0415 - see status

    return run_setup(settings, name, yes=yes)


@register(
    "Setup",
    "tts-assets doctor",
    "tts-assets doctor --provider kokoro",
    "tts-assets doctor --output-format json",
)
@take_options("provider", "output", "api_key_file", "output_format", "config")
def doctor(settings: "Settings") -> ExitCode:
    """Check what is installed, and how to add what is missing."""
    from tts_assets.cli.doctor_command import run_doctor  # noqa: PLC0415 - see status

    return run_doctor(settings)


@register("Also", "tts-assets schema configuration", "tts-assets schema report")
@handle_errors
def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="configuration, events, ledger, report, standing, timeline or verdicts.",
            autocompletion=complete_schema,
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
@take_options("output_format", "config")
def list_models(settings: "Settings") -> ExitCode:
    """List models, whether they are installed, and their licences."""
    from tts_assets.cli.models_command import run_models_list  # noqa: PLC0415 - see status

    return run_models_list(settings)


@models.command(cls=TidyCommand, name="fetch")
@take_options("mirror", "progress", "config")
def fetch_models(
    settings: "Settings",
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="Models, voices of Piper, or kokoro or piper for everything that engine needs.",
            autocompletion=complete_model,
        ),
    ],
    mirror: str | None,
    progress: str | None,
    config: str | None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Download without asking.")] = False,
) -> ExitCode:
    """Download models; shows size, source and licence first, and verifies them."""
    from tts_assets.cli.models_command import run_models_fetch  # noqa: PLC0415 - see status

    options = {"--mirror": mirror, "--progress": progress, "--config": config}
    return run_models_fetch(settings, names, yes=yes, options=options)


@models.command(cls=TidyCommand, name="path")
@take_options("config")
def model_path(
    settings: "Settings",
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A model.",
            show_default="the folder of all models",
            autocompletion=complete_model,
        ),
    ] = None,
) -> ExitCode:
    """Print the path of a model; exits with 1 if it is not installed."""
    from tts_assets.cli.models_command import run_models_path  # noqa: PLC0415 - see status

    return run_models_path(settings, name)


@models.command(cls=TidyCommand, name="remove")
@take_options("config")
def remove_models(
    settings: "Settings",
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Models.", autocompletion=complete_model)
    ],
) -> ExitCode:
    """Delete models and their unfinished downloads."""
    from tts_assets.cli.models_command import run_models_remove  # noqa: PLC0415 - see status

    return run_models_remove(settings, names)


# The commands `auth set`, `list` and `remove`.

_KeyName = Annotated[str, typer.Argument(metavar="NAME", help=f"{' or '.join(ENVIRONMENT)}.")]


# The command refuses extra arguments itself: typer's message would show them, and one may be a key.
@auth.command(cls=TidyCommand, name="set", context_settings={"allow_extra_args": True})
@handle_errors
def set_key(name: _KeyName, rest: typer.Context) -> ExitCode:
    """Store a key in the keyring: asked for without echo, or read from standard input."""
    from tts_assets.cli.auth_command import run_auth_set  # noqa: PLC0415 - see status

    return run_auth_set(name, with_key=bool(rest.args))


@auth.command(cls=TidyCommand, name="list")
@take_options("output_format", "config")
def list_keys(settings: "Settings") -> ExitCode:
    """List which engines have a key, and where it comes from; never shows keys."""
    from tts_assets.cli.auth_command import run_auth_list  # noqa: PLC0415 - see status

    return run_auth_list(settings)


@auth.command(cls=TidyCommand, name="remove")
@handle_errors
def remove_key(name: _KeyName) -> ExitCode:
    """Delete a key from the keyring."""
    from tts_assets.cli.auth_command import run_auth_remove  # noqa: PLC0415 - see status

    return run_auth_remove(name)
