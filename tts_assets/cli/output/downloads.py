"""Downloads on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tts_assets.cli.output.teller import Teller, resolved
from tts_assets.cli.output.text import safe
from tts_assets.config.model import Progress as Wanted
from tts_assets.engines.models.events import Advanced, Event, Retrying, SetAside, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import TaskID


#: Without a terminal a line comes every so many seconds.
_LINE_SECONDS = 10.0


def megabytes(size: int | None) -> str:
    """A size for people; decimal, as servers and disks are counted."""
    return "size unknown" if size is None else f"{size / 1e6:,.1f} MB"


@contextmanager
def downloads(wanted: Wanted, console: Console) -> Iterator[Callable[[Event], None]]:
    """A callback that shows how downloads go in the wanted way.

    Args:
        wanted: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: where to; standard error.
    """
    wanted = resolved(wanted, console)
    if wanted is Wanted.BAR:
        with _bars(console) as bars:
            yield _Narrator(console, _Bars(bars).move)
    elif wanted is Wanted.LINES:
        yield _Narrator(console, _Lines(console).move)
    else:
        yield lambda _: None


class _Narrator(Teller):
    """Tells what happens; how far a download is, is for others to show."""

    def __init__(self, console: Console, move: Callable[[Advanced], None]) -> None:
        super().__init__(console)
        self._move = move

    def __call__(self, event: Event) -> None:
        match event:
            case Advanced():
                self._move(event)
            case Waiting(file=file):
                self.once(f"another run is at {file}: waiting for it to end")
            case Retrying(file=file, reason=reason, seconds=seconds, anew=anew):
                how = "beginning anew" if anew else "trying again"
                self.say(f"{file}: {reason}; {how} in {seconds:g} s")
            case SetAside(file=file, path=path, reason=reason):
                self.say(f"{file}: {reason}: it is not used, and kept as {path}")
            case _:
                pass


class _Bars:
    """One bar for each file."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def move(self, event: Advanced) -> None:
        if event.file not in self._tasks:
            # What an earlier run fetched is no pace of this one.
            self._tasks[event.file] = self._progress.add_task(
                event.file, total=event.total, completed=event.done
            )
        self._progress.update(self._tasks[event.file], completed=event.done, total=event.total)


class _Lines:
    """A line at the beginning, at the end, and now and then between."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._file = ""
        self._begun = self._last = 0.0
        self._before = 0

    def move(self, event: Advanced) -> None:
        now = time.monotonic()
        if event.file != self._file:
            self._file, self._begun, self._before = event.file, now, event.done
        elif event.done != event.total and now - self._last < _LINE_SECONDS:
            return
        self._last = now
        pace = (event.done - self._before) / max(now - self._begun, 1e-6)
        words = f"{event.file}: {megabytes(event.done)}"
        if event.total:
            words += f" of {megabytes(event.total)} ({event.done / event.total:.0%})"
        if pace:
            words += f", {megabytes(int(pace))}/s"
        self._console.print(safe(words), markup=False, highlight=False, soft_wrap=True)


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        redirect_stdout=False,
        redirect_stderr=False,
    )
