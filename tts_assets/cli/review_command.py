"""The commands `review`, `review apply` and the export of a review page."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
import webbrowser
from collections import Counter
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import anyio

from tts_assets.cli.exit_code import ExitCode, get_signal_code, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import (
    format_megabytes,
    to_one_line,
    to_plain_data,
)
from tts_assets.cli.output.progress_view import show_count_progress
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import FatalError, format_command, format_count
from tts_assets.model import Decided
from tts_assets.review.export_page import export_page
from tts_assets.review.save_decisions import ApplyResult, apply_decisions

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator

    from tts_assets.review.export_page import ExportResult
    from tts_assets.review.review_rows import ReviewRows
    from tts_assets.store.decisions import SoundDecision


_MAX_STALE_LISTED = 20  #: further ones are only counted


def run_review_apply(settings: Settings, files: list[str]) -> ExitCode:
    """Apply decisions to the ledger, print the result and return the exit code.

    Args:
        settings: the output folder.
        files: files saved by the review page, or journals; empty for the journal of the output
            folder.
    """
    show = CommandOutput(settings.output_format)
    applied = apply_decisions(settings, [Path(file) for file in files], on_event=show.show_waiting)
    if settings.output_format is OutputFormat.JSON:
        show.print_json(to_applied_data(applied))
    else:
        _print_applied(applied, show)
    # Stale decisions are normal in a journal, because clips are regenerated over time.
    return ExitCode.FINDINGS if applied.stale and not applied.is_history else ExitCode.OK


def to_applied_data(applied: ApplyResult) -> dict[str, Any]:
    """The applied and stale decisions as plain data."""
    return {
        "journal": applied.journal,
        "read": applied.read,
        "new": applied.new,
        "applied": len(applied.written),
        **_count_decisions(applied.written),
        "known": len(applied.known),
        "takes": _count_decisions(applied.takes),
        "stale": list(map(to_plain_data, applied.stale)),
    }


def _print_applied(applied: ApplyResult, show: CommandOutput) -> None:
    if not applied.is_history:
        for each in applied.stale[:_MAX_STALE_LISTED]:
            show.print_error(f"stale: {to_one_line(each.asset)}: {_describe_stale_decision(each)}")
        if len(applied.stale) > _MAX_STALE_LISTED:
            rest = len(applied.stale) - _MAX_STALE_LISTED
            show.print_error(f"... and {rest:,} more; --output-format json has them all")
    counts = ", ".join(
        f"{count:,} {decision}" for decision, count in _count_decisions(applied.written).items()
    )
    show.print_line(f"read      {format_count(applied.read, 'decision')}, {applied.new:,} new")
    show.print_line(f"applied   {format_count(len(applied.written), 'decision')}: {counts}")
    if applied.known:
        show.print_line(
            f"known     {format_count(len(applied.known), 'decision')} already in the ledger, or "
            "superseded by later ones there"
        )
    if applied.takes:
        takes = format_count(len(applied.takes), "decision")
        show.print_line(f"takes     {takes} on kept takes: `tts-assets generate` applies them")
    if applied.stale:
        advice = "" if applied.is_history else "; listen to the current ones"
        stale = format_count(len(applied.stale), "decision")
        show.print_line(f"stale     {stale} on audio that no longer exists{advice}")


def _describe_stale_decision(each: SoundDecision) -> str:
    author = f" by {to_one_line(each.by)}" if each.by else ""
    return f"{each.decided}{author} at {each.at}, regenerated or deleted since"


def _count_decisions(decisions: Iterable[SoundDecision]) -> dict[str, int]:
    counts = Counter(each.decided for each in decisions)
    return {decided.value: counts[decided] for decided in Decided}


# `review --export`: writes the page, and explains how to open it and apply decisions.


def run_review_export(settings: Settings, target: str) -> ExitCode:
    """Write the page and return the exit code.

    Args:
        settings: the selection of clips.
        target: the folder, or the file that ends in ``.html``.
    """
    show = CommandOutput(settings.output_format)
    project = Path.cwd().name
    with show_count_progress(settings.progress, show.errors) as count:
        exported = run_until_signal(
            partial(export_page, settings, target, project=project, on_progress=count)
        )
    rows = exported.found
    show.show_problems(rows.problems, rows.notes)
    if rows.unmatched is not None:
        show.print_error(f"error: {rows.unmatched}")
    for line in _iter_export_lines(exported):
        show.print_line(line)
    if rows.problems:
        return ExitCode.USAGE
    return ExitCode.NOTHING if exported.page is None or rows.unmatched else ExitCode.OK


def _iter_export_lines(exported: ExportResult) -> Iterator[str]:
    if exported.page is None:
        yield "no clip to review: nothing was written"
        return
    yield (
        f"{format_count(len(exported.found.clips), 'sound')} to review: {exported.undecided:,} "
        f"undecided, {exported.flagged:,} flagged"
    )
    if exported.beside:
        yield f"{exported.page}: {format_megabytes(exported.page_bytes + exported.sound_bytes)} with its audio"
    else:
        yield f"{exported.page}: {format_megabytes(exported.page_bytes)}; the audio stays where it is"
    yield "open it in a browser; its button saves the decisions as decisions.json"
    yield "`tts-assets review apply decisions.json` applies them"


# `review --serve`: serves the page on this machine until a signal arrives.
_SERVER_PACKAGES = ("starlette", "uvicorn")


def run_review_serve(settings: Settings, *, port: int | None, open_browser: bool) -> ExitCode:
    """Serve the page until Ctrl-C and return the exit code.

    Args:
        settings: the selection of clips, and the settings to regenerate them.
        port: the port on 127.0.0.1; 0 for any free one, None for the project's usual one, or any
            free one if that is in use.
        open_browser: open the page in a browser, if there is a display.

    Raises:
        FatalError: the packages of the server are not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in _SERVER_PACKAGES):
        raise FatalError(
            "the packages that serve the page are not installed: "
            f"{format_command('setup', 'review')}, or write the page with --export DIR"
        )
    from tts_assets.review.review_server import open_listener  # noqa: PLC0415 - needs the extra

    messages = _ServerMessages(CommandOutput(settings.output_format), may_open=open_browser)
    with open_listener(port, Path.cwd()) as listener:
        return run_until_signal(
            partial(_serve_until_stopped, settings, listener, messages),
            on_first=messages.handle_first_signal,
        )


async def _serve_until_stopped(
    settings: Settings, listener: socket.socket, messages: _ServerMessages
) -> ExitCode:
    from tts_assets.review.review_server import serve_review  # noqa: PLC0415 - see above
    from tts_assets.review.review_service import ReviewService  # noqa: PLC0415 - see above

    with (
        show_count_progress(settings.progress, messages.show.errors) as count,
        anyio.CancelScope() as opening,
    ):
        messages.end = opening.cancel
        project = Path.cwd().name
        service = await ReviewService.open(
            settings,
            project=project,
            note=messages.show_note,
            bug=messages.show_bug,
            on_progress=count,
        )
    if opening.cancel_called:
        return get_signal_code()
    messages.show_rows(service.rows.found)
    if not service.rows.found.clips:
        return ExitCode.USAGE if service.rows.found.problems else ExitCode.NOTHING
    stop = anyio.Event()

    def request_stop() -> None:
        stop.set()
        messages.show_stopping()

    messages.end = request_stop
    await serve_review(
        service, listener, ready=messages.show_address, bug=messages.show_bug, stop=stop
    )
    return ExitCode.OK


class _ServerMessages:
    """Prints the messages of the server on the terminal."""

    def __init__(self, show: CommandOutput, *, may_open: bool) -> None:
        self.show = show
        self.end: Callable[[], None] = lambda: None  #: handles the first signal
        self._may_open = may_open and _has_display()

    def handle_first_signal(self) -> None:
        self.end()

    def show_address(self, address: str, once: str) -> None:
        self.show.print_line(f"the page is at {address}")
        self.show.print_error("press Ctrl-C to stop the server; decisions are already saved")
        if self._may_open:
            # Don't wait for the browser: it may outlive the server.
            Thread(target=webbrowser.open, args=(once,), daemon=True).start()

    def show_rows(self, rows: ReviewRows) -> None:
        self.show.show_problems(rows.problems, rows.notes)
        if rows.unmatched is not None:
            self.show.print_error(f"error: {rows.unmatched}")
        if not rows.clips:
            self.show.print_line("no clip to review")

    def show_note(self, text: str) -> None:
        self.show.print_error(f"note: {text}")

    def show_bug(self, error: Exception) -> None:
        self.show.print_error("".join(traceback.format_exception(error)))
        self.show.print_error("this is a bug in tts-assets: please report it with the lines above")

    def show_stopping(self) -> None:
        self.show.print_error("finishing the requests in progress; press Ctrl-C again to abort")


def _has_display() -> bool:
    """Whether a graphical browser can open; a text browser would take over the terminal."""
    if os.name != "posix" or sys.platform == "darwin":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
