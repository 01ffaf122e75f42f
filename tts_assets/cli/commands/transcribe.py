"""The command `transcribe`."""

from typing import Annotated

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import app, settings_of
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode


@app.command()
@answered
def transcribe(  # noqa: PLR0913 - one parameter for each option
    recordings: Annotated[
        list[str],
        typer.Argument(metavar="AUDIO", help="Recordings, folders of them, or globs."),
    ],
    recognizer: Annotated[
        str | None,
        typer.Option(
            "--recognizer",
            metavar="NAME",
            help="Who listens: faster-whisper or pocketsphinx.",
            show_default="faster-whisper",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="tiny, base, small, medium, large-v3, turbo, or a folder.",
            show_default="small",
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option("--language", metavar="CODE", help="What is spoken.", show_default="ja"),
    ] = None,
    concurrency: Annotated[
        str | None,
        typer.Option(
            "--concurrency", "-j", metavar="N|auto", help="Chunks at once.", show_default="auto"
        ),
    ] = None,
    *,
    parallel: Annotated[
        bool | None,
        typer.Option(
            "--parallel/--no-parallel",
            help="Several chunks at once, or one after the other.",
            show_default="parallel",
        ),
    ] = None,
    chunk_seconds: Annotated[
        str | None,
        typer.Option(
            "--chunk-seconds",
            metavar="SECONDS",
            help="How long a chunk is at most.",
            show_default="30",
        ),
    ] = None,
    chunk_timeout: Annotated[
        str | None,
        typer.Option(
            "--chunk-timeout",
            metavar="SECONDS",
            help="What one chunk may take.",
            show_default="300",
        ),
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option("--jobs", metavar="N", help="Recordings at once.", show_default="1"),
    ] = None,
    how: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help="text, json, srt or vtt."),
    ] = "text",
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="The folder that gets a file for each recording.",
            show_default="standard output",
        ),
    ] = None,
    progress: options.Progress = None,
    config: options.Config = None,
) -> ExitCode:
    """Write down what is said in recordings of any length, heard in parallel."""
    table = {
        "recognizer": recognizer,
        "model": model,
        "language": language,
        "concurrency": concurrency,
        "parallel": parallel,
        "chunk-seconds": chunk_seconds,
        "chunk-timeout": chunk_timeout,
        "jobs": jobs,
    }
    flags = {f"transcribe.{key}": value for key, value in table.items()}
    settings = settings_of(config, progress=progress, **flags)
    from tts_assets.cli.transcribe import transcribe as listen  # noqa: PLC0415 - keeps --help light

    return listen(settings, recordings, how=how, output=output)
