"""Declarations of the commands that write: generate, merge, migrate, prune, verify, bench, speak, transcribe, review."""

from typing import Annotated, Any

import typer

from tts_assets.cli import shared_options
from tts_assets.cli.error_boundary import handle_errors
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.typer_apps import (
    ALL_FORMATS,
    TidyCommand,
    TidyGroup,
    app,
    flags_from_locals,
    format_examples,
    read_command_settings,
    register,
)
from tts_assets.errors import UsageError


@register(
    "Start",
    "tts-assets generate",
    "tts-assets generate --dry-run",
    "tts-assets generate content/ --provider kokoro --voice jf_alpha -j 4",
)
@handle_errors
def generate(  # noqa: PLR0913 - one parameter for each option
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    concurrency: shared_options.Concurrency = None,
    cluster: shared_options.Cluster = None,
    timeout: shared_options.Timeout = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    only: shared_options.Only = None,
    ids: shared_options.Ids = None,
    since: shared_options.Since = None,
    shard: shared_options.Shard = None,
    on_engine_change: shared_options.OnEngineChange = None,
    report: shared_options.Report = None,
    *,
    deep: shared_options.Deep = False,
    force: Annotated[
        bool, typer.Option("--force", help="Regenerate up-to-date clips, too.")
    ] = False,
    accept_doubtful: shared_options.AcceptDoubtful = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            "-n",
            help="Show what would be generated, why, and what it costs.",
        ),
    ] = False,
    update_json: Annotated[
        bool | None,
        typer.Option(
            "--update-json/--no-update-json",
            help="Write the URLs into the catalogues.",
            show_default="--update-json",
        ),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", "-x", help="The same as --max-failures 1.")
    ] = False,
    max_failures: shared_options.MaxFailures = None,
    max_clips: shared_options.MaxClips = None,
    max_duration: shared_options.MaxDuration = None,
    max_chars: shared_options.MaxChars = None,
    max_cost: shared_options.MaxCost = None,
    api_key_file: shared_options.ApiKeyFile = None,
    progress: shared_options.Progress = None,
    output_format: shared_options.EveryFormat = None,
    quiet: shared_options.Quiet = False,
    verbose: shared_options.Verbose = False,
    config: shared_options.Config = None,
) -> ExitCode:
    """Generate missing and stale clips, and write their URLs into the catalogues."""
    if fail_fast:
        max_failures = "1"
    settings = read_command_settings(config, ALL_FORMATS, **flags_from_locals(locals()))
    from tts_assets.cli.generate_command import run_generate  # noqa: PLC0415 - keeps --help light

    return run_generate(settings, dry_run=dry_run, report=report)


@register(
    "Housekeeping",
    "tts-assets merge",
    "tts-assets merge audio-shard-1-of-2 audio-shard-2-of-2",
    "tts-assets merge --output public/audio",
)
@handle_errors
def merge(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PART",
            help="Folders that runs with --shard wrote.",
            show_default="all beside the output folder",
        ),
    ] = None,
    output: shared_options.Output = None,
    output_format: shared_options.OutputFormat = None,
    *,
    quiet: shared_options.Quiet = False,
    config: shared_options.Config = None,
) -> ExitCode:
    """Join the folders that runs with --shard wrote: clips, ledger and URLs."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.merge_command import run_merge as join  # noqa: PLC0415 - see generate

    return join(settings, parts or [])


@register(
    "Housekeeping",
    "tts-assets migrate --dry-run",
    "tts-assets migrate",
    "tts-assets migrate --format opus",
)
@handle_errors
def migrate(  # noqa: PLR0913 - see generate
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be renamed.")
    ] = False,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Rename clips after the template of their names changed; generates nothing."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.migrate_command import run_migrate as move  # noqa: PLC0415 - see generate

    return move(settings, dry_run=dry_run)


@register(
    "Housekeeping",
    "tts-assets prune",
    "tts-assets prune --yes",
    "tts-assets prune --output-format json",
)
@handle_errors
def prune(
    output: shared_options.Output = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete what is listed.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only list, which is the default.")
    ] = False,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """List clips that no catalogue refers to; delete them with --yes."""
    if yes and dry_run:
        raise UsageError("--yes and --dry-run exclude each other: give one of them")
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.prune_command import run_prune as delete  # noqa: PLC0415 - see generate

    return delete(settings, yes=yes)


# The command `review`, by which people listen and decide, and `review apply`.


class _ReviewGroup(TidyGroup):
    """A command with paths of its own that has further commands; one of these comes first."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """That of the further command, if the first word names one: it would pass for a path."""
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
@handle_errors
def review_clips(  # noqa: PLR0913 - one parameter for each option
    paths: shared_options.Paths = None,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="DIR|FILE.html",
            help="Write the page into a folder, with its clips; or into one file that refers to them.",
        ),
    ] = None,
    *,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Serve the page on this machine; decisions are saved at once.",
        ),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65535,
            help="The port of --serve; 0 for any free one.",
            show_default="the same each time",
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="With --serve: open no browser.")
    ] = False,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    ids: shared_options.Ids = None,
    since: shared_options.Since = None,
    api_key_file: shared_options.ApiKeyFile = None,
    progress: shared_options.Progress = None,
    config: shared_options.Config = None,
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
    settings = read_command_settings(config, **flags_from_locals(locals()))
    if export is not None:
        from tts_assets.cli.review_command import run_review_export as write  # noqa: PLC0415 - see generate

        return write(settings, export)
    from tts_assets.cli.review_command import run_review_serve as show  # noqa: PLC0415 - see generate

    return show(settings, port=port, open_browser=not no_open)


@review.command(cls=TidyCommand)
@handle_errors
def apply(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Files that the page saved, or the journal of another output folder.",
            show_default="the journal of this output folder",
        ),
    ] = None,
    output: shared_options.Output = None,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Import decisions that the exported page saved."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.review_command import run_review_apply as take  # noqa: PLC0415 - see generate

    return take(settings, files or [])


# The command that measures what is there: `verify`.


@register(
    "Quality",
    "tts-assets verify",
    "tts-assets verify --id 'n5-*'",
    "tts-assets verify --sample 2% --model small",
)
@handle_errors
def verify(  # noqa: PLR0913 - one parameter for each option
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Catalogues or sounds, or folders of either.",
            show_default="data",
        ),
    ] = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    concurrency: shared_options.Concurrency = None,
    timeout: shared_options.Timeout = None,
    output: shared_options.Output = None,
    sound_format: shared_options.Format = None,
    ids: shared_options.Ids = None,
    since: shared_options.Since = None,
    sample: Annotated[
        str | None,
        typer.Option(
            "--sample",
            metavar="N|X%",
            help="Check that many clips by speech recognition.",
            show_default="none",
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            "--seed", metavar="N", help="Draw other clips for --sample.", show_default="0"
        ),
    ] = None,
    cer: Annotated[
        str | None,
        typer.Option(
            "--cer",
            metavar="SHARE",
            help="The share of morae that recognition may mishear, 0 to 1.",
            show_default="0.34",
        ),
    ] = None,
    recognizer: Annotated[
        str | None,
        typer.Option(
            "--recognizer",
            metavar="NAME",
            help="faster-whisper or pocketsphinx (English).",
            show_default="faster-whisper",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="The recognizer's model, or a folder.",
            show_default="small",
        ),
    ] = None,
    report: shared_options.Report = None,
    progress: shared_options.Progress = None,
    output_format: shared_options.EveryFormat = None,
    *,
    quiet: shared_options.Quiet = False,
    config: shared_options.Config = None,
) -> ExitCode:
    """Measure how clips sound, and exit with 1 if any has a defect."""
    tables = {
        "verify.sample": sample,
        "verify.seed": seed,
        "verify.cer": cer,
        "transcribe.recognizer": recognizer,
        "transcribe.model": model,
    }
    settings = read_command_settings(config, ALL_FORMATS, **flags_from_locals(locals()), **tables)
    from tts_assets.cli.verify_command import run_verify as look  # noqa: PLC0415 - keeps --help light

    return look(settings, report=report)


# The command `bench`.


@register(
    "Also",
    "tts-assets bench",
    "tts-assets bench --seconds 30",
    "tts-assets bench --workers 1,2,4 --provider kokoro",
)
@handle_errors
def bench(  # noqa: PLR0913 - one parameter for each option
    paths: shared_options.Paths = None,
    kinds: shared_options.Type = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    sound_format: shared_options.Format = None,
    workers: Annotated[
        str | None,
        typer.Option(
            "--workers",
            metavar="N,N...",
            help="Numbers of workers to compare.",
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
            help="Generate N clips in each round.",
            show_default="as many as fit into --seconds",
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", metavar="S", min=0, max=86_400, help="Start no round that would end later."
        ),
    ] = 60,
    *,
    paid: Annotated[
        bool,
        typer.Option("--paid", help="Allow a paid engine; every clip of every round is paid for."),
    ] = False,
    api_key_file: shared_options.ApiKeyFile = None,
    progress: shared_options.Progress = None,
    output_format: shared_options.OutputFormat = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Measure how many clips to generate at the same time on this machine."""
    settings = read_command_settings(config, **flags_from_locals(locals()))
    from tts_assets.cli.bench_command import run_bench as look  # noqa: PLC0415 - keeps --help light

    return look(settings, workers=workers, clips=clips, seconds=seconds, paid=paid)


# The command `speak`.


@register(
    "Also",
    "tts-assets speak 図書館 --output library.mp3",
    "tts-assets speak 箸 --accent 1 --play",
    "tts-assets speak chapter.txt --output chapter.opus",
)
@handle_errors
def speak(  # noqa: PLR0913 - one parameter for each option
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|FILE|-",
            help="The text, a file that contains it, or - for standard input.",
        ),
    ],
    into: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write.",
            show_default="standard output",
        ),
    ] = None,
    reading: Annotated[
        str | None, typer.Option("--reading", metavar="KANA", help="The reading of the text.")
    ] = None,
    accent: Annotated[
        int | None,
        typer.Option(
            "--accent",
            metavar="N",
            min=0,
            help="The accent of a word: the mora after which the pitch falls, 0 for flat.",
        ),
    ] = None,
    provider: shared_options.Provider = None,
    voice: shared_options.Voice = None,
    speed: shared_options.Speed = None,
    concurrency: shared_options.Concurrency = None,
    timeout: shared_options.Timeout = None,
    sound_format: shared_options.Format = None,
    *,
    play: Annotated[bool, typer.Option("--play", help="Play the text aloud.")] = False,
    api_key_file: shared_options.ApiKeyFile = None,
    progress: shared_options.Progress = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Speak one text, to a file or as a stream."""
    flags = flags_from_locals(locals())
    for name in ("text", "into", "reading", "accent", "play"):
        flags.pop(name)
    from tts_assets.build.speak_text import Words  # noqa: PLC0415 - see above
    from tts_assets.cli import speak_command as command  # noqa: PLC0415 - keeps --help light

    flags["sound.format"] = flags["sound.format"] or command.find_format_suffix(into)
    settings = read_command_settings(config, **flags)
    words = Words(text=command.read_speak_text(text), reading=reading, accent=accent)
    return command.run_speak(settings, words, command.SpeakOutput(file=into, play=play))


# The command `transcribe`.


@register(
    "Also",
    "tts-assets transcribe lesson.mp3",
    "tts-assets transcribe recordings/ --format srt --output subtitles",
    "tts-assets transcribe talk.flac --recognizer pocketsphinx --language en",
)
@handle_errors
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
            help="faster-whisper or pocketsphinx (English).",
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
        typer.Option(
            "--language", metavar="CODE", help="The language of the recordings.", show_default="ja"
        ),
    ] = None,
    concurrency: Annotated[
        str | None,
        typer.Option(
            "--concurrency",
            "-j",
            metavar="N|auto",
            help="Chunks at the same time.",
            show_default="auto",
        ),
    ] = None,
    *,
    parallel: Annotated[
        bool | None,
        typer.Option(
            "--parallel/--no-parallel",
            help="Recognize several chunks at the same time.",
            show_default="parallel",
        ),
    ] = None,
    chunk_seconds: Annotated[
        str | None,
        typer.Option(
            "--chunk-seconds",
            metavar="SECONDS",
            help="The maximum length of a chunk.",
            show_default="30",
        ),
    ] = None,
    chunk_timeout: Annotated[
        str | None,
        typer.Option(
            "--chunk-timeout",
            metavar="SECONDS",
            help="Time limit of a chunk.",
            show_default="300",
        ),
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option("--jobs", metavar="N", help="Recordings at the same time.", show_default="1"),
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
            help="A folder that gets a file for each recording.",
            show_default="standard output",
        ),
    ] = None,
    progress: shared_options.Progress = None,
    config: shared_options.Config = None,
) -> ExitCode:
    """Convert recordings of any length to text."""
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
    settings = read_command_settings(config, progress=progress, **flags)
    from tts_assets.cli.transcribe_command import run_transcribe as listen  # noqa: PLC0415 - keeps --help light

    return listen(settings, recordings, how=how, output=output)
