"""The options for settings, declared once for all commands, and how a shell completes their values."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import Parameter, isfunction
from typing import Annotated, Any

import typer

# Completion. Imports are inside the functions, because declarations must stay light. Completion must not fail or
# print: a shell shows either as garbage.

_MAX_IDS = 200  #: more than a shell lists at a time


def _starting_with(incomplete: str, values: Iterable[str]) -> list[str]:
    return [value for value in values if value.startswith(incomplete)]


def _complete_from(name: str) -> Callable[[str], list[str]]:
    """Complete the values that an object contains, or returns; only completion imports it."""

    def complete(incomplete: str) -> list[str]:
        import pkgutil  # noqa: PLC0415 - completion alone needs it

        found = pkgutil.resolve_name(name)
        return _starting_with(incomplete, found() if isfunction(found) else found)

    return complete


complete_model = _complete_from("tts_assets.engines.models.known_models:list_model_names")
complete_schema = _complete_from("tts_assets.cli.output.published_schemas:SCHEMA_NAMES")


def complete_provider(incomplete: str) -> list[str]:
    """The engines, those of plug-ins included."""
    from tts_assets.engines import registry  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, [*registry.list_engine_names(), "auto"])


def complete_voice(ctx: typer.Context, incomplete: str) -> list[str]:
    """The voices of the engine on the command line, if it is local and ready."""
    from tts_assets.cli.typer_apps import read_command_settings  # noqa: PLC0415 - completion alone needs it
    from tts_assets.engines import registry  # noqa: PLC0415 - completion alone needs it

    names: list[str] = []
    # The command itself reports errors.
    with contextlib.suppress(Exception):
        settings = read_command_settings(ctx.params.get("config"), provider=ctx.params["provider"])
        names = [voice.name for voice in registry.load_engine(settings.provider, settings).voices()]
    return _starting_with(incomplete, names)


def complete_id(ctx: typer.Context, incomplete: str) -> list[str]:
    """Entry ids of the catalogues on the command line, or of the configured ones."""
    ids: list[str] = []
    with contextlib.suppress(Exception):
        for entry_id in _iter_ids(ctx.params):
            if entry_id.startswith(incomplete) and entry_id not in ids:
                ids.append(entry_id)
            if len(ids) == _MAX_IDS:
                break
    return ids


def _iter_ids(params: Mapping[str, Any]) -> Iterator[str]:
    from tts_assets.catalogues.catalogue_files import LoadProblems  # noqa: PLC0415 - completion alone needs it
    from tts_assets.catalogues.open_catalogues import open_catalogues  # noqa: PLC0415 - completion alone needs it
    from tts_assets.cli.typer_apps import read_command_settings  # noqa: PLC0415 - completion alone needs it

    settings = read_command_settings(
        params.get("config"),
        paths=params.get("paths") or params.get("assets") or None,
        type=params.get("kinds") or None,
    )
    for reader in open_catalogues(settings, LoadProblems()):
        for clip in reader.iter_clips():
            yield clip.entry


# Options.


def declare_option(
    usage: str,
    text: str,
    default: str = "",
    complete: Callable[..., list[str]] | None = None,
    *,
    limits: tuple[float | None, float | None] = (None, None),
) -> Any:
    """An option with a value: its usage, such as ``--output -o DIR``, its help, and its default."""
    *flags, metavar = usage.split(" ")
    return typer.Option(
        *flags,
        metavar=metavar,
        help=text,
        show_default=default or True,
        autocompletion=complete,
        min=limits[0],
        max=limits[1],
    )


#: Options with one value, by parameter name.
_VALUES = {
    "provider": declare_option(
        "--provider -p ENGINE",
        "openjtalk, kokoro, piper, say, elevenlabs, openai, voicevox, one of a plug-in, or auto: the best that is ready.",
        "openjtalk",
        complete_provider,
    ),
    "voice": declare_option(
        "--voice NAME",
        "A voice of the engine; `tts-assets voices` lists them.",
        "the engine's first",
        complete_voice,
    ),
    "speed": declare_option("--speed FACTOR", "0.25 to 4; 1.0 is the voice's own pace.", "1.0"),
    "output": declare_option(
        "--output -o DIR|URL",
        "The folder for the clips, or a bucket such as s3://BUCKET/PREFIX.",
        "audio",
    ),
    "sound_format": declare_option(
        "--format -f FORMAT",
        "mp3, opus, ogg (Vorbis), flac or wav.",
        "mp3",
        _complete_from("tts_assets.model:Format"),
    ),
    "concurrency": declare_option(
        "--concurrency -j N|auto", "Clips at the same time, 1 to 256.", "auto"
    ),
    "cluster": declare_option(
        "--cluster ADDRESS|local:N",
        "Generate on a Dask cluster: tcp://HOST:8786, or N processes on this machine.",
        "this process",
    ),
    "timeout": declare_option(
        "--timeout SECONDS", "Time limit of a clip, per 100 characters of its text.", "60"
    ),
    "max_failures": declare_option("--max-failures N", "Stop after N failed clips.", "no limit"),
    "since": declare_option(
        "--since REV", "Only entries whose spoken text changed since this git revision.", "all"
    ),
    "shard": declare_option(
        "--shard I/N",
        "Generate this shard of the clips into a folder of its own, for `merge`.",
        "everything",
    ),
    "max_clips": declare_option("--max-clips N", "Generate at most N clips.", "no limit"),
    "max_duration": declare_option(
        "--max-duration TIME", "Start no clip after this time: 90s, 30m or 2h.", "no limit"
    ),
    "on_engine_change": declare_option(
        "--on-engine-change HOW",
        "keep or remake clips of another version or model of the engine.",
        "keep",
    ),
    "report": declare_option(
        "--report DIR",
        "Write report.json, junit.xml, summary.md and report.html into this folder.",
        "none",
    ),
    "max_chars": declare_option(
        "--max-chars N", "Send at most N characters to a paid engine.", "no limit"
    ),
    "max_cost": declare_option(
        "--max-cost MONEY", "Spend at most this, in the currency of the price.", "no limit"
    ),
    "progress": declare_option("--progress HOW", "auto, bar, lines or none.", "auto"),
    "api_key_file": declare_option(
        "--api-key-file FILE",
        "A file that contains the engine's API key.",
        "the engine's variable, or the keyring",
    ),
    "config": declare_option(
        "--config FILE",
        "The configuration file.",
        "tts-assets.toml or pyproject.toml, here or above",
    ),
    "sample": declare_option(
        "--sample N|X%", "Check that many clips by speech recognition.", "none"
    ),
    "seed": declare_option("--seed N", "Draw other clips for --sample.", "0"),
    "cer": declare_option(
        "--cer SHARE", "The share of morae that recognition may mishear, 0 to 1.", "0.34"
    ),
    "recognizer": declare_option(
        "--recognizer NAME", "faster-whisper or pocketsphinx (English).", "faster-whisper"
    ),
    "model": declare_option(
        "--model NAME", "tiny, base, small, medium, large-v3, turbo, or a folder.", "small"
    ),
    "language": declare_option("--language CODE", "The language of the recordings.", "ja"),
    "chunks": declare_option("--concurrency -j N|auto", "Chunks at the same time.", "auto"),
    "chunk_seconds": declare_option(
        "--chunk-seconds SECONDS", "The maximum length of a chunk.", "30"
    ),
    "chunk_timeout": declare_option("--chunk-timeout SECONDS", "Time limit of a chunk.", "300"),
    "jobs": declare_option("--jobs N", "Recordings at the same time.", "1"),
    "mirror": declare_option(
        "--mirror URL", "Download from this host; checked in the same way.", "the publisher"
    ),
}

#: Repeatable options and arguments.
_LISTS = {
    "paths": typer.Argument(
        metavar="PATH",
        help="Catalogues, or folders of them.",
        show_default="of the configuration, or data",
    ),
    "assets": typer.Argument(
        metavar="PATH",
        help="Catalogues or sounds, or folders of either.",
        show_default="of the configuration, or data",
    ),
    "kinds": declare_option(
        "--type -t KIND",
        "Only this kind: vocabulary, grammar, kanji, characters, reading or listening; repeatable.",
        "all",
        _complete_from("tts_assets.model:Kind"),
    ),
    "only": declare_option(
        "--only WHAT",
        "Only new, missing, changed, failed or rejected clips; repeatable.",
        "all",
        _complete_from("tts_assets.config.settings:Only"),
    ),
    "ids": declare_option(
        "--id GLOB",
        "Only entries with a matching id, such as 'n5-*'; repeatable.",
        "all",
        complete_id,
    ),
}
_SWITCHES = {
    "deep": typer.Option("--deep", help="Read every clip, and compare it with its hash."),
    "accept_doubtful": typer.Option(
        "--accept-doubtful",
        help="Use takes that earlier runs paid for and refused, without a new request.",
    ),
    "force": typer.Option("--force", help="Regenerate up-to-date clips, too."),
    "quiet": typer.Option("--quiet", "-q", help="Print errors only."),
    "verbose": typer.Option("--verbose", "-v", help="Print a line for each clip."),
}

#: Switches with an off form.
_TOGGLES = {
    "update_json": typer.Option(
        "--update-json/--no-update-json",
        help="Write the URLs into the catalogues.",
        show_default="--update-json",
    ),
    "parallel": typer.Option(
        "--parallel/--no-parallel",
        help="Recognize several chunks at the same time.",
        show_default="parallel",
    ),
}

#: Command parameters that set settings.
SHARED = {
    name: Parameter(
        name, Parameter.KEYWORD_ONLY, annotation=Annotated[kind, option], default=default
    )
    for kind, default, options in (
        (str | None, None, _VALUES),
        (list[str] | None, None, _LISTS),
        (bool, False, _SWITCHES),
        (bool | None, None, _TOGGLES),
    )
    for name, option in options.items()
}

# Groups of options that several commands share.
ENTRIES = ("paths", "kinds", "ids", "since")
VOICE = ("provider", "voice", "speed")
SOUND = (*VOICE, "output", "sound_format")


def build_format_option(formats: Sequence[str]) -> Parameter:
    """The option for the format of results."""
    option = typer.Option(
        "--output-format",
        metavar="FORMAT",
        help=f"{', '.join(formats[:-1])} or {formats[-1]}.",
        show_default="text",
    )
    return SHARED["config"].replace(name="output_format", annotation=Annotated[str | None, option])
