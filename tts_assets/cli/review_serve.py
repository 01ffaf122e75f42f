"""`review --serve`: the page from this machine, its address told, and signals answered."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
import webbrowser
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import anyio

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.progress import counter
from tts_assets.cli.output.show import Show
from tts_assets.cli.signals import run_until_signal, signal_code
from tts_assets.errors import FatalError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tts_assets.config.model import Settings
    from tts_assets.review.review_rows import ReviewRows

_NEEDED = ("starlette", "uvicorn")


def serve(settings: Settings, *, port: int | None, open_browser: bool) -> ExitCode:
    """Serve the page until Ctrl-C, and say in the exit code how it ended.

    Args:
        settings: which clips, and how those that are made again are made.
        port: of 127.0.0.1; 0 for any free one, None for the project's usual one, or any if it is taken.
        open_browser: whether the page is opened, where there is a display.

    Raises:
        FatalError: the packages that serve it are not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise FatalError(
            "the packages that serve the page are not installed: "
            "pip install 'tts-assets[review]', or write the page with --export DIR"
        )
    from tts_assets.review.review_server import open_listener  # noqa: PLC0415 - it needs the extra

    told = _Told(Show(settings.output_format), may_open=open_browser)
    with open_listener(port, Path.cwd()) as listener:
        return run_until_signal(
            partial(_serve, settings, listener, told), on_first=told.take_first_signal
        )


async def _serve(settings: Settings, listener: socket.socket, told: _Told) -> ExitCode:
    from tts_assets.review.review_server import ServerHooks, ServerStop, serve_review  # noqa: PLC0415 - see above
    from tts_assets.review.review_service import ReviewService  # noqa: PLC0415 - see above

    with counter(settings.progress, told.show.errors) as count, anyio.CancelScope() as opening:
        told.end = opening.cancel
        project = Path.cwd().name
        house = await ReviewService.open(
            settings, project=project, note=told.note, bug=told.bug, on_progress=count
        )
    if opening.cancel_called:
        return signal_code()
    told.found(house.found)
    if not house.found.clips:
        return ExitCode.USAGE if house.found.problems else ExitCode.NOTHING
    stop = ServerStop()

    def end() -> None:
        stop.request()
        told.stopping()

    told.end = end
    await serve_review(
        house, listener, hooks=ServerHooks(ready=told.ready, bug=told.bug), stop=stop
    )
    return ExitCode.OK


class _Told:
    """What is told to who sits at the terminal."""

    def __init__(self, show: Show, *, may_open: bool) -> None:
        self.show = show
        self.end: Callable[[], None] = lambda: None  #: answers the first signal
        self._may_open = may_open and _has_display()

    def take_first_signal(self) -> None:
        self.end()

    def ready(self, address: str, once: str) -> None:
        self.show.line(f"the page is at {address}")
        self.show.error("Ctrl-C ends it; what was decided is kept")
        if self._may_open:
            # A browser may run for longer than the server does: nobody waits for it.
            Thread(target=webbrowser.open, args=(once,), daemon=True).start()

    def found(self, found: ReviewRows) -> None:
        self.show.trouble(found.problems, found.notes)
        if found.unmatched is not None:
            self.show.error(f"error: {found.unmatched}")
        if not found.clips:
            self.show.line("no clip to hear")

    def note(self, words: str) -> None:
        self.show.error(f"note: {words}")

    def bug(self, error: Exception) -> None:
        self.show.error("".join(traceback.format_exception(error)))
        self.show.error("this is a bug in tts-assets: please report it with the lines above")

    def stopping(self) -> None:
        self.show.error(
            "stopping: the server finishes what it does; press Ctrl-C again to end at once"
        )


def _has_display() -> bool:
    """Whether a browser would have a window: one without would take the terminal."""
    if os.name != "posix" or sys.platform == "darwin":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
