"""The command that measures what is there: `verify`."""

from typing import Annotated

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import EVERY, app, settings_of, typed
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode


@app.command()
@answered
def verify(  # noqa: PLR0913 - one parameter for each option
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Catalogues, or sounds; folders of either.",
            show_default="data",
        ),
    ] = None,
    kinds: options.Type = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    concurrency: options.Concurrency = None,
    timeout: options.Timeout = None,
    output: options.Output = None,
    sound_format: options.Format = None,
    ids: options.Ids = None,
    since: options.Since = None,
    sample: Annotated[
        str | None,
        typer.Option(
            "--sample",
            metavar="N|X%",
            help="Have speech recognition listen to that many clips.",
            show_default="none",
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option("--seed", metavar="N", help="Draw other clips for it.", show_default="0"),
    ] = None,
    cer: Annotated[
        str | None,
        typer.Option(
            "--cer",
            metavar="SHARE",
            help="The share of morae that it may mishear.",
            show_default="0.34",
        ),
    ] = None,
    recognizer: Annotated[
        str | None,
        typer.Option(
            "--recognizer", metavar="NAME", help="What listens.", show_default="faster-whisper"
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="NAME", help="Its model, or a folder.", show_default="its usual one"
        ),
    ] = None,
    report: options.Report = None,
    progress: options.Progress = None,
    output_format: options.EveryFormat = None,
    config: options.Config = None,
) -> ExitCode:
    """Measure every asset, and exit with 1 if any does not sound as it should."""
    tables = {
        "verify.sample": sample,
        "verify.seed": seed,
        "verify.cer": cer,
        "transcribe.recognizer": recognizer,
        "transcribe.model": model,
    }
    settings = settings_of(config, EVERY, **typed(locals()), **tables)
    from tts_assets.cli.verify import verify as look  # noqa: PLC0415 - keeps --help light

    return look(settings, report=report)
