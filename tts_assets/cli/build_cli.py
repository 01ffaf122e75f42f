"""Declarations of the commands that write: generate, merge, migrate, prune, verify, bench, speak, transcribe, review."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.shared_options import ENTRIES, SOUND, VOICE, declare_option
from tts_assets.cli.typer_apps import (
    ALL_FORMATS,
    TidyCommand,
    TidyGroup,
    app,
    format_examples,
    register,
    take_options,
)
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings


@register(
    "Start",
    "tts-assets generate",
    "tts-assets generate --dry-run",
    "tts-assets generate content/ --provider kokoro --voice jf_alpha -j 4",
)
@take_options(
    *ENTRIES,
    *SOUND,
    *("concurrency", "cluster", "timeout", "only", "shard", "on_engine_change", "report"),
    *("deep", "force", "accept_doubtful", "update_json"),
    *("max_failures", "max_clips", "max_duration", "max_chars", "max_cost", "api_key_file"),
    *("progress", "output_format", "quiet", "verbose", "config"),
    formats=ALL_FORMATS,
)
def generate(
    settings: "Settings",
    report: str | None,
    *,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", "-n", help="Show what would be generated, why, and what it costs."
        ),
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", "-x", help="The same as --max-failures 1.")
    ] = False,
) -> ExitCode:
    """Generate missing and stale clips, and write their URLs into the catalogues."""
    from tts_assets.cli.generate_command import run_generate  # noqa: PLC0415 - keeps --help light

    if fail_fast:
        settings = replace(settings, max_failures=1)
    return run_generate(settings, dry_run=dry_run, report=report)


@register(
    "Housekeeping",
    "tts-assets merge",
    "tts-assets merge audio-shard-1-of-2 audio-shard-2-of-2",
    "tts-assets merge --output public/audio",
)
@take_options("output", "output_format", "quiet", "config")
def merge(
    settings: "Settings",
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Folders that runs with --shard wrote.",
            show_default="all beside the output folder",
        ),
    ] = None,
) -> ExitCode:
    """Join the folders that runs with --shard wrote: clips, ledger and URLs."""
    from tts_assets.cli.merge_command import run_merge  # noqa: PLC0415 - see generate

    return run_merge(settings, parts or [])


@register(
    "Housekeeping",
    "tts-assets migrate --dry-run",
    "tts-assets migrate",
    "tts-assets migrate --format opus",
)
@take_options(*SOUND, "output_format", "config")
def migrate(
    settings: "Settings",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be renamed.")
    ] = False,
) -> ExitCode:
    """Rename clips after the template of their names changed; generates nothing."""
    from tts_assets.cli.migrate_command import run_migrate  # noqa: PLC0415 - see generate

    return run_migrate(settings, dry_run=dry_run)


@register(
    "Housekeeping",
    "tts-assets prune",
    "tts-assets prune --yes",
    "tts-assets prune --output-format json",
)
@take_options("output", "output_format", "config")
def prune(
    settings: "Settings",
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete what is listed.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only list, which is the default.")
    ] = False,
) -> ExitCode:
    """List clips that no catalogue refers to; delete them with --yes."""
    if yes and dry_run:
        raise UsageError("--yes and --dry-run exclude each other: give one of them")
    from tts_assets.cli.prune_command import run_prune  # noqa: PLC0415 - see generate

    return run_prune(settings, yes=yes)


# The commands `review` and `review apply`.


class _ReviewGroup(TidyGroup):
    """A command that takes paths and has subcommands; a subcommand's name takes precedence."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the subcommand if the first word names one, which would parse as a path."""
        command = self.commands.get(args[0]) if args else None
        if command is None:
            return super().make_context(info_name, args, parent, **extra)
        return command.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)


review = typer.Typer(
    cls=_ReviewGroup,
    invoke_without_command=True,
    subcommand_metavar="",
    context_settings={"allow_interspersed_args": True},
)


app.add_typer(
    review,
    name="review",
    rich_help_panel="Quality",
    epilog=format_examples(
        "tts-assets review --serve",
        "tts-assets review --export public/review",
        "tts-assets review apply decisions.json",
    ),
)


@review.callback()
@take_options(*ENTRIES, *SOUND, "api_key_file", "progress", "config")
def review_clips(
    settings: "Settings",
    export: Annotated[
        str | None,
        declare_option(
            "--export DIR|FILE.html",
            "Write the page into a folder, with its clips; or into one file that refers to them.",
        ),
    ] = None,
    *,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Serve the page on this machine; decisions are saved at once."
        ),
    ] = False,
    port: Annotated[
        int | None,
        declare_option(
            "--port N",
            "The port of --serve; 0 for any free one.",
            "the same each time",
            limits=(0, 65535),
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="With --serve: open no browser.")
    ] = False,
) -> ExitCode:
    """Listen to clips, approve or reject them; `review apply` imports decisions.

    A folder that is called like a command is written ./apply.
    """
    if export is not None and serve:
        raise UsageError("--serve and --export exclude each other: give one of them")
    if export is None and not serve:
        raise UsageError(
            "choose how to show the clips: --serve on this machine, or --export DIR for "
            "anywhere else"
        )
    if not serve and (port is not None or no_open):
        raise UsageError("--port and --no-open need --serve: add it, or omit them")
    if export is not None:
        from tts_assets.cli.review_command import run_review_export  # noqa: PLC0415 - see generate

        return run_review_export(settings, export)
    from tts_assets.cli.review_command import run_review_serve  # noqa: PLC0415 - see generate

    return run_review_serve(settings, port=port, open_browser=not no_open)


@review.command(cls=TidyCommand)
@take_options("output", "output_format", "config")
def apply(
    settings: "Settings",
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Files that the page saved, or the journal of another output folder.",
            show_default="the journal of this output folder",
        ),
    ] = None,
) -> ExitCode:
    """Import decisions that the exported page saved."""
    from tts_assets.cli.review_command import run_review_apply  # noqa: PLC0415 - see generate

    return run_review_apply(settings, files or [])


@register(
    "Quality",
    "tts-assets verify",
    "tts-assets verify --id 'n5-*'",
    "tts-assets verify --sample 2% --model small",
)
@take_options(
    *("assets", "kinds", "ids", "since"),
    *SOUND,
    *("concurrency", "timeout", "sample", "seed", "cer", "recognizer", "model"),
    *("report", "progress", "output_format", "quiet", "config"),
    formats=ALL_FORMATS,
)
def verify(settings: "Settings", report: str | None) -> ExitCode:
    """Measure how clips sound, and exit with 1 if any has a defect."""
    from tts_assets.cli.verify_command import run_verify  # noqa: PLC0415 - see generate

    return run_verify(settings, report=report)


@register(
    "Also",
    "tts-assets bench",
    "tts-assets bench --seconds 30",
    "tts-assets bench --workers 1,2,4 --provider kokoro",
)
@take_options(
    *("paths", "kinds"),
    *VOICE,
    *("sound_format", "api_key_file", "progress", "output_format", "config"),
)
def bench(
    settings: "Settings",
    workers: Annotated[
        str | None,
        declare_option(
            "--workers N,N...", "Numbers of workers to compare.", "1, 2, 4... up to the cores"
        ),
    ] = None,
    clips: Annotated[
        int | None,
        declare_option(
            "--clips N",
            "Generate N clips in each round.",
            "as many as fit into --seconds",
            limits=(1, 100_000),
        ),
    ] = None,
    seconds: Annotated[
        float,
        declare_option("--seconds S", "Start no round that would end later.", limits=(0, 86_400)),
    ] = 60,
    *,
    paid: Annotated[
        bool,
        typer.Option("--paid", help="Allow a paid engine; every clip of every round is paid for."),
    ] = False,
) -> ExitCode:
    """Measure how many clips to generate at the same time on this machine."""
    from tts_assets.cli.bench_command import run_bench  # noqa: PLC0415 - see generate

    return run_bench(settings, workers=workers, clips=clips, seconds=seconds, paid=paid)


@register(
    "Also",
    "tts-assets speak 図書館 --output library.mp3",
    "tts-assets speak 箸 --accent 1 --play",
    "tts-assets speak chapter.txt --output chapter.opus",
)
@take_options(
    *VOICE, *("concurrency", "timeout", "sound_format", "api_key_file", "progress", "config")
)
def speak(  # noqa: PLR0913 - one parameter for each option
    settings: "Settings",
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|FILE|-",
            help="The text, a file that contains it, or - for standard input.",
        ),
    ],
    sound_format: str | None,
    into: Annotated[
        str | None, declare_option("--output -o FILE", "The file to write.", "standard output")
    ] = None,
    reading: Annotated[
        str | None, declare_option("--reading KANA", "The reading of the text.")
    ] = None,
    accent: Annotated[
        int | None,
        declare_option(
            "--accent N",
            "The accent of a word: the mora after which the pitch falls, 0 for flat.",
            limits=(0, None),
        ),
    ] = None,
    *,
    play: Annotated[bool, typer.Option("--play", help="Play the text aloud.")] = False,
) -> ExitCode:
    """Speak one text, to a file or as a stream."""
    from tts_assets.build.speak_text import Words  # noqa: PLC0415 - see generate
    from tts_assets.cli import speak_command as command  # noqa: PLC0415 - see generate

    if sound_format is None:
        settings = command.choose_format(settings, into)
    words = Words(text=command.read_speak_text(text), reading=reading, accent=accent)
    return command.run_speak(settings, words, command.SpeakOutput(file=into, play=play))


@register(
    "Also",
    "tts-assets transcribe lesson.mp3",
    "tts-assets transcribe recordings/ --format srt --output subtitles",
    "tts-assets transcribe talk.flac --recognizer pocketsphinx --language en",
)
@take_options(
    *("recognizer", "model", "language", "chunks", "parallel", "chunk_seconds", "chunk_timeout"),
    *("jobs", "progress", "config"),
)
def transcribe(
    settings: "Settings",
    recordings: Annotated[
        list[str], typer.Argument(metavar="AUDIO", help="Recordings, folders of them, or globs.")
    ],
    how: Annotated[str, declare_option("--format -f FORMAT", "text, json, srt or vtt.")] = "text",
    output: Annotated[
        str | None,
        declare_option(
            "--output -o DIR", "A folder that gets a file for each recording.", "standard output"
        ),
    ] = None,
) -> ExitCode:
    """Convert recordings of any length to text."""
    from tts_assets.cli.transcribe_command import run_transcribe  # noqa: PLC0415 - see generate

    return run_transcribe(settings, recordings, format_name=how, output=output)
