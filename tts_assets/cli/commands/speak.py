"""The command `speak`."""

from typing import Annotated

import typer

from tts_assets.cli import options
from tts_assets.cli.apps import app, settings_of, typed
from tts_assets.cli.boundary import answered
from tts_assets.cli.exit_code import ExitCode


@app.command()
@answered
def speak(  # noqa: PLR0913 - one parameter for each option
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|FILE|-", help="What to say, a file with it, or - for standard input."
        ),
    ],
    into: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to.", show_default="standard output"
        ),
    ] = None,
    reading: Annotated[
        str | None, typer.Option("--reading", metavar="KANA", help="How it is read.")
    ] = None,
    accent: Annotated[
        int | None,
        typer.Option(
            "--accent",
            metavar="N",
            min=0,
            help="Of a word: the mora after which the pitch falls, 0 for none.",
        ),
    ] = None,
    provider: options.Provider = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    concurrency: options.Concurrency = None,
    timeout: options.Timeout = None,
    sound_format: options.Format = None,
    *,
    play: Annotated[bool, typer.Option("--play", help="Play it.")] = False,
    api_key_file: options.ApiKeyFile = None,
    progress: options.Progress = None,
    config: options.Config = None,
) -> ExitCode:
    """Say one text: to a file, or as a stream that begins before the end is made."""
    flags = typed(locals())
    for name in ("text", "into", "reading", "accent", "play"):
        flags.pop(name)
    from tts_assets.build.speak.words import Words  # noqa: PLC0415 - see above
    from tts_assets.cli import speak as command  # noqa: PLC0415 - keeps --help light

    flags["sound.format"] = flags["sound.format"] or command.ending_of(into)
    settings = settings_of(config, **flags)
    words = Words(text=command.text_of(text), reading=reading, accent=accent)
    return command.speak(settings, words, command.Target(file=into, play=play))
