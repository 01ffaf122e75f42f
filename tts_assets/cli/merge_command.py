"""The command `merge`: merges the output of runs with --shard, and reports missing shards."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tts_assets.build.shards.merge_shards import Merged, merge
from tts_assets.cli.exit_code import ExitCode, choose_exit_code
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import to_one_line, to_plain_data
from tts_assets.cli.output.progress_view import create_line_progress
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import format_count

_PROGRESS_SECONDS = 10  #: interval of progress lines
_MAX_ASSETS_NAMED = 8  #: further assets to check are only counted


def run_merge(settings: Settings, parts: Sequence[str]) -> ExitCode:
    """Merge the shards, print the result, and return FINDINGS if anything is missing."""
    show = CommandOutput(settings.output_format, settings.verbosity)

    def show_copied(copied: int, total: int) -> None:
        show.print_error(f"merged {copied:,} of {format_count(total, 'asset')}")

    merged = merge(
        settings,
        [Path(part) for part in parts],
        on_event=show.show_waiting,
        on_copied=create_line_progress(_PROGRESS_SECONDS, show_copied),
    )
    if settings.output_format is OutputFormat.JSON:
        show.print_json(to_plain_data(merged))
    else:
        show.print_lines(_format_merge_lines(merged))
        show.show_problems(merged.problems)
    return exit_code_for_merge(merged)


def exit_code_for_merge(merged: Merged) -> ExitCode:
    """The exit code: OK if the assets of all shards are present."""
    lacking = merged.missing or merged.changed or merged.failed or merged.left
    return choose_exit_code(problems=merged.problems, findings=lacking or merged.urls_missed)


def _format_merge_lines(merged: Merged) -> Iterator[str]:
    present = f"; {format_count(merged.there, 'other')} already present" if merged.there else ""
    yield f"merged    {format_count(len(merged.parts), 'shard')}: {format_count(merged.copied, 'asset')}{present}"
    if merged.changed:
        names = to_one_line(", ".join(merged.changed[:_MAX_ASSETS_NAMED]))
        more = (
            f" and {len(merged.changed) - _MAX_ASSETS_NAMED:,} more"
            if merged.changed[_MAX_ASSETS_NAMED:]
            else ""
        )
        yield (
            f"kept      {format_count(len(merged.changed), 'asset')} added after "
            f"the shards were planned: {names}{more}"
        )
    if merged.failed:
        yield (
            f"failed    {format_count(merged.failed, 'clip')}: `generate --only failed` retries "
            "them"
        )
    if merged.left:
        yield (
            f"left      {format_count(merged.left, 'clip')} that the shards did not reach: "
            "`generate` generates them"
        )
    if merged.missing:
        shards = ", ".join(f"{index}/{merged.count}" for index in merged.missing)
        one = len(merged.missing) == 1
        advice = "shard {}: merge it when it is" if one else "shards {}: merge them when they are"
        yield f"missing   {advice.format(shards)} generated"
        if merged.urls_waiting:
            yield f"URLs      {merged.urls_waiting:,} to write when the last shard is merged"
    else:
        changed = format_count(merged.urls_missed, "entry", "entries")
        missed = f"; {changed} changed since" if merged.urls_missed else ""
        yield f"URLs      {merged.urls_written:,} written{missed}"
    folders = to_one_line(", ".join(merged.parts))
    yield f"shards    no longer needed; you can delete them: {folders}"
