"""The options that several commands share, declared once."""

from typing import Annotated, TypeAlias

import typer

from tts_assets.config.keys import ENVIRONMENT

Paths: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(help="Catalogues, or folders of them.", show_default="data"),
]
Type: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        "-t",
        metavar="KIND",
        help="vocabulary, grammar, kanji, characters, reading, listening; may be repeated.",
        show_default="all",
    ),
]
Provider: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--provider", "-p", metavar="NAME", help="The engine, or auto.", show_default="openjtalk"
    ),
]
Voice: TypeAlias = Annotated[
    str | None,
    typer.Option("--voice", metavar="NAME", help="One of `voices`.", show_default="the first"),
]
Speed: TypeAlias = Annotated[
    str | None,
    typer.Option("--speed", metavar="X", help="1.0 is the voice's own pace.", show_default="1.0"),
]
Output: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="DIR", help="The folder of the assets.", show_default="audio"
    ),
]
Format: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--format", "-f", metavar="FORMAT", help="mp3, opus, ogg, flac or wav.", show_default="mp3"
    ),
]
Concurrency: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--concurrency", "-j", metavar="N|auto", help="Clips at once.", show_default="auto"
    ),
]
Timeout: TypeAlias = Annotated[
    str | None,
    typer.Option("--timeout", metavar="SECONDS", help="What one clip may take.", show_default="60"),
]
MaxFailures: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-failures", metavar="N", help="Stop after N failed clips.", show_default="never"
    ),
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="WHAT",
        help="Make only new, missing, changed, failed or rejected clips; may be repeated.",
        show_default="all",
    ),
]
Ids: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--id",
        metavar="GLOB",
        help="Only entries with such an id; may be repeated.",
        show_default="all",
    ),
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="REV",
        help="Only entries that changed since this git revision.",
        show_default="all",
    ),
]
Shard: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Make this part of the clips, in a folder of its own, for `merge`.",
        show_default="all of them",
    ),
]
MaxClips: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-clips", metavar="N", help="Begin at most N clips.", show_default="no bound"
    ),
]
MaxDuration: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-duration",
        metavar="TIME",
        help="Begin no clip after so many seconds, or 90s, 30m, 2h.",
        show_default="no bound",
    ),
]
OnEngineChange: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--on-engine-change",
        metavar="HOW",
        help="keep or remake the clips of another version or model of the engine.",
        show_default="keep",
    ),
]
Deep: TypeAlias = Annotated[
    bool, typer.Option("--deep", help="Read every file, and hold it against its hash.")
]
AcceptDoubtful: TypeAlias = Annotated[
    bool,
    typer.Option("--accept-doubtful", help="Use the takes that earlier runs paid for and refused."),
]
Report: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="DIR",
        help="Write report.json, junit.xml, summary.md and report.html there.",
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
        help="Send at most N characters to an engine that charges.",
        show_default="no bound",
    ),
]
MaxCost: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-cost",
        metavar="MONEY",
        help="Pay at most this, in the currency of the price.",
        show_default="no bound",
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
        help="A file that holds the engine's key.",
        show_default="the variable of the engine, or the keyring",
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
Config: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Read this file.",
        show_default="tts-assets.toml or pyproject.toml, here or above",
    ),
]
