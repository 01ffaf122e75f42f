"""The command `merge`: joins what runs with --shard made, and says what is still missing."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.prune import waiting
from tts_assets.console import Show
from tts_assets.console.text import one_line
from tts_assets.merge import Merged
from tts_assets.merge import merge as join
from tts_assets.settings import OutputFormat, Settings


def merge(settings: Settings, parts: Sequence[str]) -> ExitCode:
    """Join the parts, say what became of them, and in the exit code whether anything is missing."""
    show = Show(settings.output_format)
    merged = join(settings, [Path(part) for part in parts], on_event=waiting(show))
    if settings.output_format is OutputFormat.JSON:
        show.data(merged_data(merged))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(merged))
        for problem in merged.problems:
            show.error(f"error: {problem}")
    return exit_code(merged)


def merged_data(merged: Merged) -> dict[str, Any]:
    """What became of the parts, as plain data."""
    return {
        "parts": list(merged.parts),
        "count": merged.count,
        "missing": list(merged.missing),
        "copied": merged.copied,
        "there": merged.there,
        "failed": merged.failed,
        "urls_written": merged.urls_written,
        "urls_missed": merged.urls_missed,
        "urls_waiting": merged.urls_waiting,
        "problems": [
            {"file": each.file, "line": each.line, "entry": each.entry, "message": each.message}
            for each in merged.problems
        ],
    }


def exit_code(merged: Merged) -> ExitCode:
    """Whether all is there that the shards were to make."""
    if merged.problems:
        return ExitCode.USAGE
    if merged.missing or merged.failed or merged.urls_missed:
        return ExitCode.FINDINGS
    return ExitCode.OK


def _lines(merged: Merged) -> Iterator[str]:
    there = f"; {merged.there:,} were there already" if merged.there else ""
    yield f"merged    {len(merged.parts):,} parts: {merged.copied:,} assets{there}"
    if merged.failed:
        yield f"failed    {merged.failed:,} clips: `generate --only failed` tries them again"
    if merged.missing:
        shards = ", ".join(f"{index}/{merged.count}" for index in merged.missing)
        yield f"missing   the shards {shards}: merge them when they are made"
        if merged.urls_waiting:
            yield f"URLs      {merged.urls_waiting:,} are written when the last shard is merged"
    else:
        missed = f"; {merged.urls_missed:,} entries changed since" if merged.urls_missed else ""
        yield f"URLs      {merged.urls_written:,} written{missed}"
    folders = one_line(", ".join(merged.parts))
    yield f"parts     are not needed any more, and may be deleted: {folders}"
