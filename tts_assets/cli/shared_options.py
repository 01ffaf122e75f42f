"""The options for settings, declared once for all commands, and how a shell completes their values."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import Parameter
from typing import Annotated, Any

import typer

# Completion. Imports are inside the functions, because declarations must stay light. Completion must not fail or
# print: a shell shows either as garbage.

#: More than a shell lists at a time.
_MAX_IDS = 200


def _starting_with(incomplete: str, values: Iterable[str]) -> list[str]:
    return [value for value in values if value.startswith(incomplete)]


def complete_kind(incomplete: str) -> list[str]:
    """The kinds of catalogues."""
    from tts_assets.model import Kind  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, Kind)


def complete_format(incomplete: str) -> list[str]:
    """The formats of clips."""
    from tts_assets.model import Format  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, Format)


def complete_only(incomplete: str) -> list[str]:
    """The states that ``--only`` selects."""
    from tts_assets.config.settings import Only  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, Only)


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


def complete_model(incomplete: str) -> list[str]:
    """The models that can be downloaded by name."""
    from tts_assets.engines.models import known_models  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, known_models.list_model_names())


def complete_schema(incomplete: str) -> list[str]:
    """The published schemas."""
    from tts_assets.cli.output.published_schemas import SCHEMA_NAMES  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, SCHEMA_NAMES)


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

#: Options with one value, by parameter name.
_VALUES = {
    "provider": typer.Option(
        "--provider",
        "-p",
        metavar="ENGINE",
        help="openjtalk, kokoro, piper, say, elevenlabs, openai, voicevox, one of a plug-in, or auto: "
        "the best that is ready.",
        show_default="openjtalk",
        autocompletion=complete_provider,
    ),
    "voice": typer.Option(
        "--voice",
        metavar="NAME",
        help="A voice of the engine; `tts-assets voices` lists them.",
        show_default="the engine's first",
        autocompletion=complete_voice,
    ),
    "speed": typer.Option(
        "--speed",
        metavar="FACTOR",
        help="0.25 to 4; 1.0 is the voice's own pace.",
        show_default="1.0",
    ),
    "output": typer.Option(
        "--output",
        "-o",
        metavar="DIR|URL",
        help="The folder for the clips, or a bucket such as s3://BUCKET/PREFIX.",
        show_default="audio",
    ),
    "sound_format": typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="mp3, opus, ogg (Vorbis), flac or wav.",
        show_default="mp3",
        autocompletion=complete_format,
    ),
    "concurrency": typer.Option(
        "--concurrency",
        "-j",
        metavar="N|auto",
        help="Clips at the same time, 1 to 256.",
        show_default="auto",
    ),
    "cluster": typer.Option(
        "--cluster",
        metavar="ADDRESS|local:N",
        help="Generate on a Dask cluster: tcp://HOST:8786, or N processes on this machine.",
        show_default="this process",
    ),
    "timeout": typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="Time limit of a clip, per 100 characters of its text.",
        show_default="60",
    ),
    "max_failures": typer.Option(
        "--max-failures", metavar="N", help="Stop after N failed clips.", show_default="no limit"
    ),
    "since": typer.Option(
        "--since",
        metavar="REV",
        help="Only entries whose spoken text changed since this git revision.",
        show_default="all",
    ),
    "shard": typer.Option(
        "--shard",
        metavar="I/N",
        help="Generate this part of the clips into a folder of its own, for `merge`.",
        show_default="everything",
    ),
    "max_clips": typer.Option(
        "--max-clips", metavar="N", help="Generate at most N clips.", show_default="no limit"
    ),
    "max_duration": typer.Option(
        "--max-duration",
        metavar="TIME",
        help="Start no clip after this time: 90s, 30m or 2h.",
        show_default="no limit",
    ),
    "on_engine_change": typer.Option(
        "--on-engine-change",
        metavar="HOW",
        help="keep or remake clips of another version or model of the engine.",
        show_default="keep",
    ),
    "report": typer.Option(
        "--report",
        metavar="DIR",
        help="Write report.json, junit.xml, summary.md and report.html into this folder.",
        show_default="none",
    ),
    "max_chars": typer.Option(
        "--max-chars",
        metavar="N",
        help="Send at most N characters to a paid engine.",
        show_default="no limit",
    ),
    "max_cost": typer.Option(
        "--max-cost",
        metavar="MONEY",
        help="Spend at most this, in the currency of the price.",
        show_default="no limit",
    ),
    "progress": typer.Option(
        "--progress", metavar="HOW", help="auto, bar, lines or none.", show_default="auto"
    ),
    "api_key_file": typer.Option(
        "--api-key-file",
        metavar="FILE",
        help="A file that contains the engine's API key.",
        show_default="the engine's variable, or the keyring",
    ),
    "config": typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration file.",
        show_default="tts-assets.toml or pyproject.toml, here or above",
    ),
    "sample": typer.Option(
        "--sample",
        metavar="N|X%",
        help="Check that many clips by speech recognition.",
        show_default="none",
    ),
    "seed": typer.Option(
        "--seed", metavar="N", help="Draw other clips for --sample.", show_default="0"
    ),
    "cer": typer.Option(
        "--cer",
        metavar="SHARE",
        help="The share of morae that recognition may mishear, 0 to 1.",
        show_default="0.34",
    ),
    "recognizer": typer.Option(
        "--recognizer",
        metavar="NAME",
        help="faster-whisper or pocketsphinx (English).",
        show_default="faster-whisper",
    ),
    "model": typer.Option(
        "--model",
        metavar="NAME",
        help="tiny, base, small, medium, large-v3, turbo, or a folder.",
        show_default="small",
    ),
    "language": typer.Option(
        "--language", metavar="CODE", help="The language of the recordings.", show_default="ja"
    ),
    "chunks": typer.Option(
        "--concurrency",
        "-j",
        metavar="N|auto",
        help="Chunks at the same time.",
        show_default="auto",
    ),
    "chunk_seconds": typer.Option(
        "--chunk-seconds",
        metavar="SECONDS",
        help="The maximum length of a chunk.",
        show_default="30",
    ),
    "chunk_timeout": typer.Option(
        "--chunk-timeout", metavar="SECONDS", help="Time limit of a chunk.", show_default="300"
    ),
    "jobs": typer.Option(
        "--jobs", metavar="N", help="Recordings at the same time.", show_default="1"
    ),
    "mirror": typer.Option(
        "--mirror",
        metavar="URL",
        help="Download from this host; checked in the same way.",
        show_default="the publisher",
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
        metavar="PATH", help="Catalogues or sounds, or folders of either.", show_default="data"
    ),
    "kinds": typer.Option(
        "--type",
        "-t",
        metavar="KIND",
        help="Only this kind: vocabulary, grammar, kanji, characters, reading or listening; repeatable.",
        show_default="all",
        autocompletion=complete_kind,
    ),
    "only": typer.Option(
        "--only",
        metavar="WHAT",
        help="Only new, missing, changed, failed or rejected clips; repeatable.",
        show_default="all",
        autocompletion=complete_only,
    ),
    "ids": typer.Option(
        "--id",
        metavar="GLOB",
        help="Only entries with a matching id, such as 'n5-*'; repeatable.",
        show_default="all",
        autocompletion=complete_id,
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
