"""Progress on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tts_assets.build.events import (
    ClipFailed,
    ClipMade,
    Event,
    SegmentMade,
    ServiceWait,
    Started,
    Waiting,
)
from tts_assets.cli.output.console_text import (
    WAITING_MESSAGE,
    LinePrinter,
    format_count,
    resolve_progress,
    to_one_line,
)
from tts_assets.config.settings import Progress as Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console


#: Without a terminal a line comes every so many seconds, or when a twentieth more is done.
_LINE_SECONDS = 10.0
_LINE_SHARE = 0.05

#: The bar's estimate looks back this far: a single clip may take most of a minute.
_ESTIMATE_SECONDS = 600.0


class _ProgressView(Protocol):
    def set_total(self, total: int) -> None: ...

    def show_progress(self, done: int, total: int, words: str) -> None: ...


@contextmanager
def show_build_progress(wanted: Wanted, console: Console) -> Iterator[Callable[[Event], None]]:
    """A callback for a run's events that shows them in the wanted way.

    Args:
        wanted: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: where to; standard error.
    """
    wanted = resolve_progress(wanted, console)
    if wanted is Wanted.BAR:
        with _create_clip_bar(console) as bar:
            yield _BuildReporter(console, _ClipBar(bar))
    elif wanted is Wanted.LINES:
        yield _BuildReporter(console, _ClipLines(console))
    else:
        yield lambda _: None


@contextmanager
def show_count_progress(wanted: Wanted, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A callback that shows how many of how many are done; the arguments are those of reporter."""
    wanted = resolve_progress(wanted, console)
    if wanted is Wanted.BAR:
        with _create_clip_bar(console) as bar:
            yield _create_counter(_ClipBar(bar))
    elif wanted is Wanted.LINES:
        yield _create_counter(_ClipLines(console))
    else:
        yield lambda _, __: None


def _create_counter(face: _ProgressView) -> Callable[[int, int], None]:
    begun = time.monotonic()

    def show_count(done: int, total: int) -> None:
        face.set_total(total)
        seconds = max(time.monotonic() - begun, 1e-6)
        face.show_progress(done, total, f"{done / seconds:,.1f} a second")

    return show_count


class _BuildReporter(LinePrinter):
    """Turns events into figures: how many, how fast, how far past real time."""

    def __init__(self, console: Console, face: _ProgressView) -> None:
        super().__init__(console)
        self._face = face
        self._total = self._workers = 0
        self._begun = time.monotonic()
        self._sounding = 0.0
        self._segments = 0

    def __call__(self, event: Event) -> None:
        match event:
            case Waiting(path=path):
                self.print_once(WAITING_MESSAGE.format(path))
            case Started(jobs=jobs, workers=workers):
                self._total, self._workers = jobs, workers
                self._begun = time.monotonic()
                self.print_once(f"{format_count(jobs, 'clip')} to make, {workers} at once")
                self._face.set_total(jobs)
            case ServiceWait():
                self.print_line(_format_wait_line(event))
            case SegmentMade():
                self._segments += 1
                self._show_counts(event)
            case ClipMade():
                self._sounding += event.audio_seconds
                self._show_counts(event)
            case ClipFailed():
                self._show_counts(event)

    def _show_counts(self, event: SegmentMade | ClipMade | ClipFailed) -> None:
        counts = event.counts
        seconds = max(time.monotonic() - self._begun, 1e-6)
        done = counts.done + counts.failed
        # One more may stand in line.
        active = min(counts.active, self._workers)
        words = (
            f"{counts.failed:,} failed, {active} active, {done / seconds:,.1f} clips/s, "
            f"{self._sounding / seconds:.1f}x real time"
        )
        self._face.show_progress(done, self._total, words)


def _format_wait_line(event: ServiceWait) -> str:
    """That the service refuses, why, and for how long the run waits."""
    waits = "waits" if event.requests == 1 else "wait"
    return (
        f"{format_count(event.requests, 'request')} {waits} for the service, the latest for "
        f"{event.seconds:,.0f} s: {to_one_line(event.reason)} ({event.refusals:,} refused, "
        f"{event.retries:,} repeated so far)"
    )


class _ClipBar:
    """One bar of real work; what was fresh already is not in it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, words="")

    def set_total(self, total: int) -> None:
        self._progress.update(self._task, total=total)

    def show_progress(self, done: int, total: int, words: str) -> None:
        self._progress.update(self._task, completed=done, total=total, words=words)


class _ClipLines:
    """A line when enough has happened."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = self._last = time.monotonic()
        self._share = 0.0

    def set_total(self, total: int) -> None:
        """The first line comes with the first clips."""

    def show_progress(self, done: int, total: int, words: str) -> None:
        now, share = time.monotonic(), done / max(total, 1)
        enough = now - self._last >= _LINE_SECONDS or share - self._share >= _LINE_SHARE
        if not (enough and now - self._last >= 1.0) and done != total:
            return
        self._last, self._share = now, share
        words = f"{done:,}/{total:,} ({share:.0%}), {words}"
        if done:
            words += f", {(now - self._begun) / done * (total - done):,.0f} s left"
        self._console.print(words, markup=False, highlight=False, soft_wrap=True)


def _create_clip_bar(console: Console) -> Progress:
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}", markup=False),
        TimeRemainingColumn(),
        console=console,
        speed_estimate_period=_ESTIMATE_SECONDS,
        redirect_stdout=False,
        redirect_stderr=False,
    )
