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
from tts_assets.cli.output.console_text import format_count, to_one_line
from tts_assets.cli.output.progress_view import show_count_progress
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import FatalError, format_command
from tts_assets.model import Decided
from tts_assets.review.export_page import export_page as write
from tts_assets.review.save_decisions import ApplyResult
from tts_assets.review.save_decisions import apply_decisions as take

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator

    from tts_assets.review.export_page import ExportResult
    from tts_assets.review.review_rows import ReviewRows
    from tts_assets.store.decisions import SoundDecision


#: More are counted, not listed.
_MAX_STALE_LISTED = 20


def run_review_apply(settings: Settings, files: list[str]) -> ExitCode:
    """Take decisions into the ledger, show how that went, and say it in the exit code.

    Args:
        settings: which output folder.
        files: what the review page saved, or journals; none for the journal of the output folder.
    """
    show = CommandOutput(settings.output_format)
    applied = take(settings, [Path(file) for file in files], on_event=show.show_waiting)
    if settings.output_format is OutputFormat.JSON:
        show.print_json(to_applied_data(applied))
    else:
        _print_applied(applied, show)
    # That clips were made again since is the way of a journal, and nothing to act on.
    return ExitCode.FINDINGS if applied.stale and not applied.is_history else ExitCode.OK


def to_applied_data(applied: ApplyResult) -> dict[str, Any]:
    """What became of decisions, as plain data."""
    return {
        "journal": applied.journal,
        "read": applied.read,
        "new": applied.new,
        "applied": len(applied.written),
        **_count_decisions(applied.written),
        "known": len(applied.known),
        "takes": _count_decisions(applied.takes),
        "stale": [
            {
                "asset": each.asset,
                "sha256": each.sha256,
                "decided": each.decided.value,
                "at": each.at,
                "by": each.by,
                "reason": each.reason,
            }
            for each in applied.stale
        ],
    }


def _print_applied(applied: ApplyResult, show: CommandOutput) -> None:
    if not applied.is_history:
        for each in applied.stale[:_MAX_STALE_LISTED]:
            show.print_error(f"stale: {to_one_line(each.asset)}: {_describe_stale_decision(each)}")
        if len(applied.stale) > _MAX_STALE_LISTED:
            rest = len(applied.stale) - _MAX_STALE_LISTED
            show.print_error(f"... and {rest:,} more; --output-format json has them all")
    counts = ", ".join(
        f"{count:,} {what}" for what, count in _count_decisions(applied.written).items()
    )
    show.print_line(f"read      {format_count(applied.read, 'decision')}, {applied.new:,} new")
    show.print_line(f"applied   {format_count(len(applied.written), 'decision')}: {counts}")
    if applied.known:
        show.print_line(
            f"known     {format_count(len(applied.known), 'decision')} already in the ledger"
        )
    if applied.takes:
        takes = format_count(len(applied.takes), "decision")
        show.print_line(f"takes     {takes} on kept takes: `tts-assets generate` applies them")
    if applied.stale:
        told = "" if applied.is_history else "; listen to the current ones"
        stale = format_count(len(applied.stale), "decision")
        show.print_line(f"stale     {stale} on audio that no longer exists{told}")


def _describe_stale_decision(each: SoundDecision) -> str:
    who = f" by {to_one_line(each.by)}" if each.by else ""
    return f"{each.decided}{who} at {each.at}, regenerated or deleted since"


def _count_decisions(decisions: Iterable[SoundDecision]) -> dict[str, int]:
    found = Counter(each.decided for each in decisions)
    return {decided.value: found[decided] for decided in Decided}


# `review --export`: the page written, and told how it is opened and how decisions come back.


def run_review_export(settings: Settings, target: str) -> ExitCode:
    """Write the page, and say in the exit code how that went.

    Args:
        settings: which clips.
        target: the folder, or the file that ends in ``.html``.
    """
    show = CommandOutput(settings.output_format)
    project = Path.cwd().name
    with show_count_progress(settings.progress, show.errors) as count:
        done = run_until_signal(
            partial(write, settings, target, project=project, on_progress=count)
        )
    found = done.found
    show.show_problems(found.problems, found.notes)
    if found.unmatched is not None:
        show.print_error(f"error: {found.unmatched}")
    for line in _iter_export_lines(done):
        show.print_line(line)
    if found.problems:
        return ExitCode.USAGE
    return ExitCode.NOTHING if done.page is None or found.unmatched else ExitCode.OK


def _iter_export_lines(done: ExportResult) -> Iterator[str]:
    if done.page is None:
        yield "no clip to review: nothing was written"
        return
    yield (
        f"{format_count(len(done.found.clips), 'sound')} to review: {done.undecided:,} "
        f"undecided, {done.flagged:,} flagged"
    )
    if done.beside:
        yield f"{done.page}: {_format_size(done.page_bytes + done.sound_bytes)} with its audio"
    else:
        yield f"{done.page}: {_format_size(done.page_bytes)}; the audio stays where it is"
    yield "open it in a browser; its button saves the decisions as decisions.json"
    yield "`tts-assets review apply decisions.json` applies them"


def _format_size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


# `review --serve`: the page from this machine, its address told, and signals answered.
_SERVER_PACKAGES = ("starlette", "uvicorn")


def run_review_serve(settings: Settings, *, port: int | None, open_browser: bool) -> ExitCode:
    """Serve the page until Ctrl-C, and say in the exit code how it ended.

    Args:
        settings: which clips, and how those that are made again are made.
        port: of 127.0.0.1; 0 for any free one, None for the project's usual one, or any if it is taken.
        open_browser: whether the page is opened, where there is a display.

    Raises:
        FatalError: the packages that serve it are not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in _SERVER_PACKAGES):
        raise FatalError(
            "the packages that serve the page are not installed: "
            f"{format_command('setup', 'review')}, or write the page with --export DIR"
        )
    from tts_assets.review.review_server import open_listener  # noqa: PLC0415 - it needs the extra

    told = _ServerMessages(CommandOutput(settings.output_format), may_open=open_browser)
    with open_listener(port, Path.cwd()) as listener:
        return run_until_signal(
            partial(_serve_until_stopped, settings, listener, told),
            on_first=told.handle_first_signal,
        )


async def _serve_until_stopped(
    settings: Settings, listener: socket.socket, told: _ServerMessages
) -> ExitCode:
    from tts_assets.review.review_server import serve_review  # noqa: PLC0415 - see above
    from tts_assets.review.review_service import ReviewService  # noqa: PLC0415 - see above

    with (
        show_count_progress(settings.progress, told.show.errors) as count,
        anyio.CancelScope() as opening,
    ):
        told.end = opening.cancel
        project = Path.cwd().name
        service = await ReviewService.open(
            settings, project=project, note=told.show_note, bug=told.show_bug, on_progress=count
        )
    if opening.cancel_called:
        return get_signal_code()
    told.show_found(service.rows.found)
    if not service.rows.found.clips:
        return ExitCode.USAGE if service.rows.found.problems else ExitCode.NOTHING
    stop = anyio.Event()

    def request_stop() -> None:
        stop.set()
        told.show_stopping()

    told.end = request_stop
    await serve_review(service, listener, ready=told.show_address, bug=told.show_bug, stop=stop)
    return ExitCode.OK


class _ServerMessages:
    """What is told to who sits at the terminal."""

    def __init__(self, show: CommandOutput, *, may_open: bool) -> None:
        self.show = show
        self.end: Callable[[], None] = lambda: None  #: answers the first signal
        self._may_open = may_open and _has_display()

    def handle_first_signal(self) -> None:
        self.end()

    def show_address(self, address: str, once: str) -> None:
        self.show.print_line(f"the page is at {address}")
        self.show.print_error("press Ctrl-C to stop the server; decisions are already saved")
        if self._may_open:
            # A browser may run for longer than the server does: nobody waits for it.
            Thread(target=webbrowser.open, args=(once,), daemon=True).start()

    def show_found(self, found: ReviewRows) -> None:
        self.show.show_problems(found.problems, found.notes)
        if found.unmatched is not None:
            self.show.print_error(f"error: {found.unmatched}")
        if not found.clips:
            self.show.print_line("no clip to review")

    def show_note(self, words: str) -> None:
        self.show.print_error(f"note: {words}")

    def show_bug(self, error: Exception) -> None:
        self.show.print_error("".join(traceback.format_exception(error)))
        self.show.print_error("this is a bug in tts-assets: please report it with the lines above")

    def show_stopping(self) -> None:
        self.show.print_error("finishing the requests in progress; press Ctrl-C again to abort")


def _has_display() -> bool:
    """Whether a browser would have a window: one without would take the terminal."""
    if os.name != "posix" or sys.platform == "darwin":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
