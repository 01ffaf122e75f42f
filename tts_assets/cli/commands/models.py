"""The commands `models list`, `fetch`, `path` and `remove`."""

from typing import Annotated

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import models, settings_of
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode


@models.command("list")
@answered
def list_models(
    output_format: options.OutputFormat = None, config: options.Config = None
) -> ExitCode:
    """List the models, which of them are here, and under which licence."""
    from tts_assets.cli.models import list_models as look  # noqa: PLC0415 - keeps --help light

    return look(settings_of(config, **{"output-format": output_format}))


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
    from tts_assets.cli.models import fetch  # noqa: PLC0415 - see above

    settings = settings_of(config, progress=progress, **{"models.mirror": mirror})
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
    from tts_assets.cli.models import path as look  # noqa: PLC0415 - see above

    return look(settings_of(config), name)


@models.command("remove")
@answered
def remove_models(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Models.")],
    config: options.Config = None,
) -> ExitCode:
    """Delete models, and what unfinished downloads of them left."""
    from tts_assets.cli.models import remove  # noqa: PLC0415 - see above

    return remove(settings_of(config), names)
