"""The options that several commands share, declared once, and how a shell completes their values."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias

import typer

from tts_assets.config.keys import ENVIRONMENT

# Completion. Imports are inside the functions, as declarations must not load what completing needs. Nothing here may
# fail or print: a shell shows either as garbage.

#: More than a shell lists at a time.
_MOST_IDS = 200


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
    """The voices of the engine on the line, if it is local and ready."""
    from tts_assets.cli.typer_apps import read_command_settings  # noqa: PLC0415 - completion alone needs it
    from tts_assets.engines import registry  # noqa: PLC0415 - completion alone needs it

    names: list[str] = []
    # Whatever is wrong is the command's to report.
    with contextlib.suppress(Exception):
        settings = read_command_settings(ctx.params.get("config"), provider=ctx.params["provider"])
        names = [voice.name for voice in registry.load_engine(settings.provider, settings).voices()]
    return _starting_with(incomplete, names)


def complete_model(incomplete: str) -> list[str]:
    """The models that can be fetched by a name."""
    from tts_assets.engines.models import known_models  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, known_models.list_model_names())


def complete_schema(incomplete: str) -> list[str]:
    """The published schemas."""
    from tts_assets.cli.output.published_schemas import SCHEMA_NAMES  # noqa: PLC0415 - completion alone needs it

    return _starting_with(incomplete, SCHEMA_NAMES)


def complete_id(ctx: typer.Context, incomplete: str) -> list[str]:
    """Ids of entries of the catalogues on the line, or of the configuration's."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        for entry in _iter_ids(ctx.params):
            if entry.startswith(incomplete) and entry not in found:
                found.append(entry)
            if len(found) == _MOST_IDS:
                break
    return found


def _iter_ids(params: Mapping[str, Any]) -> Iterator[str]:
    from tts_assets.catalogues.catalogue_files import LoadProblems  # noqa: PLC0415 - completion alone needs it
    from tts_assets.catalogues.open_catalogues import open_catalogues  # noqa: PLC0415 - completion alone needs it
    from tts_assets.cli.typer_apps import read_command_settings  # noqa: PLC0415 - completion alone needs it

    settings = read_command_settings(
        params.get("config"), paths=params.get("paths") or None, type=params.get("kinds") or None
    )
    for reader in open_catalogues(settings, LoadProblems()):
        for clip in reader.iter_clips():
            yield clip.entry


# Options.

Paths: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Catalogues, or folders of them.",
        show_default="of the configuration, or data",
    ),
]
Type: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        "-t",
        metavar="KIND",
        help="Only this kind: vocabulary, grammar, kanji, characters, reading or listening; repeatable.",
        show_default="all",
        autocompletion=complete_kind,
    ),
]
Provider: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--provider",
        "-p",
        metavar="ENGINE",
        help="openjtalk, kokoro, piper, say, elevenlabs, openai, voicevox, one of a plug-in, or auto: "
        "the best that is ready.",
        show_default="openjtalk",
        autocompletion=complete_provider,
    ),
]
Voice: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--voice",
        metavar="NAME",
        help="A voice of the engine; `tts-assets voices` lists them.",
        show_default="the engine's first",
        autocompletion=complete_voice,
    ),
]
Speed: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--speed",
        metavar="FACTOR",
        help="0.25 to 4; 1.0 is the voice's own pace.",
        show_default="1.0",
    ),
]
Output: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR|URL",
        help="The folder for the clips, or a bucket such as s3://BUCKET/PREFIX.",
        show_default="audio",
    ),
]
Format: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="mp3, opus, ogg (Vorbis), flac or wav.",
        show_default="mp3",
        autocompletion=complete_format,
    ),
]
Concurrency: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--concurrency",
        "-j",
        metavar="N|auto",
        help="Clips at the same time, 1 to 256.",
        show_default="auto",
    ),
]
Cluster: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS|local:N",
        help="Generate on a Dask cluster: tcp://HOST:8786, or N processes on this machine.",
        show_default="this process",
    ),
]
Timeout: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="Time limit of a clip, per 100 characters of its text.",
        show_default="60",
    ),
]
MaxFailures: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-failures", metavar="N", help="Stop after N failed clips.", show_default="no limit"
    ),
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="WHAT",
        help="Only new, missing, changed, failed or rejected clips; repeatable.",
        show_default="all",
        autocompletion=complete_only,
    ),
]
Ids: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--id",
        metavar="GLOB",
        help="Only entries with a matching id, such as 'n5-*'; repeatable.",
        show_default="all",
        autocompletion=complete_id,
    ),
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="REV",
        help="Only entries whose spoken text changed since this git revision.",
        show_default="all",
    ),
]
Shard: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Generate this part of the clips into a folder of its own, for `merge`.",
        show_default="everything",
    ),
]
MaxClips: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-clips", metavar="N", help="Generate at most N clips.", show_default="no limit"
    ),
]
MaxDuration: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-duration",
        metavar="TIME",
        help="Start no clip after this time: 90s, 30m or 2h.",
        show_default="no limit",
    ),
]
OnEngineChange: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--on-engine-change",
        metavar="HOW",
        help="keep or remake clips of another version or model of the engine.",
        show_default="keep",
    ),
]
Deep: TypeAlias = Annotated[
    bool, typer.Option("--deep", help="Read every clip, and compare it with its hash.")
]
AcceptDoubtful: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--accept-doubtful",
        help="Use takes that earlier runs paid for and refused, without a new request.",
    ),
]
Report: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="DIR",
        help="Write report.json, junit.xml, summary.md and report.html into this folder.",
        show_default="none",
    ),
]
EveryFormat: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--output-format",
        metavar="FORMAT",
        help="text, json, jsonl, github or junit.",
        show_default="text",
    ),
]
MaxChars: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-chars",
        metavar="N",
        help="Send at most N characters to a paid engine.",
        show_default="no limit",
    ),
]
MaxCost: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-cost",
        metavar="MONEY",
        help="Spend at most this, in the currency of the price.",
        show_default="no limit",
    ),
]
Progress: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--progress", metavar="HOW", help="auto, bar, lines or none.", show_default="auto"
    ),
]
KeyOf: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help=f"{' or '.join(ENVIRONMENT)}.")
]
ApiKeyFile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--api-key-file",
        metavar="FILE",
        help="A file that contains the engine's API key.",
        show_default="the engine's variable, or the keyring",
    ),
]
OutputFormat: TypeAlias = Annotated[
    str | None,
    typer.Option("--output-format", metavar="FORMAT", help="text or json.", show_default="text"),
]
LintFormat: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--output-format", metavar="FORMAT", help="text, json or github.", show_default="text"
    ),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Verbose: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print a line for each clip.")
]
Config: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration file.",
        show_default="tts-assets.toml or pyproject.toml, here or above",
    ),
]
