"""The command `bench`."""

from typing import Annotated

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import app, settings_of, typed
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode


@app.command()
@answered
def bench(  # noqa: PLR0913 - one parameter for each option
    paths: options.Paths = None,
    kinds: options.Type = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    sound_format: options.Format = None,
    workers: Annotated[
        str | None,
        typer.Option(
            "--workers",
            metavar="N,N...",
            help="How many at once, with commas.",
            show_default="1, 2, 4... up to the cores",
        ),
    ] = None,
    clips: Annotated[
        int | None,
        typer.Option(
            "--clips",
            metavar="N",
            min=1,
            max=100_000,
            help="Make N clips each time.",
            show_default="as many as there is time for",
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", metavar="S", min=0, max=86_400, help="Begin no round that ends later."
        ),
    ] = 60,
    *,
    paid: Annotated[
        bool, typer.Option("--paid", help="Also with an engine that charges for each clip.")
    ] = False,
    api_key_file: options.ApiKeyFile = None,
    progress: options.Progress = None,
    output_format: options.OutputFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Measure how much faster more workers are here, and tell how many to take; keeps nothing."""
    settings = settings_of(config, **typed(locals()))
    from tts_assets.cli.bench import bench as look  # noqa: PLC0415 - keeps --help light

    return look(settings, workers=workers, clips=clips, seconds=seconds, paid=paid)
