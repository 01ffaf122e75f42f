"""`review --export`: the page written, and told how it is opened and how decisions come back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.progress import counter
from tts_assets.cli.output.show import Show
from tts_assets.cli.output.text import many
from tts_assets.cli.signals import run_until_signal
from tts_assets.review.export_page import export_page as write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.config.model import Settings
    from tts_assets.review.export_page import ExportResult


def export(settings: Settings, target: str) -> ExitCode:
    """Write the page, and say in the exit code how that went.

    Args:
        settings: which clips.
        target: the folder, or the file that ends in ``.html``.
    """
    show = Show(settings.output_format)
    project = Path.cwd().name
    with counter(settings.progress, show.errors) as count:
        done = run_until_signal(
            partial(write, settings, target, project=project, on_progress=count)
        )
    found = done.found
    show.trouble(found.problems, found.notes)
    if found.unmatched is not None:
        show.error(f"error: {found.unmatched}")
    for line in _told(done):
        show.line(line)
    if found.problems:
        return ExitCode.USAGE
    return ExitCode.NOTHING if done.page is None or found.unmatched else ExitCode.OK


def _told(done: ExportResult) -> Iterator[str]:
    if done.page is None:
        yield "no clip to hear: nothing was written"
        return
    yield (
        f"{many(len(done.found.clips), 'sound')} to hear: {done.undecided:,} undecided, "
        f"{done.flagged:,} flagged"
    )
    if done.beside:
        yield f"{done.page}: {_size(done.page_bytes + done.sound_bytes)} with its sounds"
    else:
        yield f"{done.page}: {_size(done.page_bytes)}; its sounds stay where they are"
    yield "open it in a browser; what is decided there is saved by its button, as decisions.json"
    yield "`tts-assets review apply decisions.json` takes that in"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
