"""Progress on standard error: a bar on a terminal, a line now and then elsewhere.

The events of a run that generates clips become figures here.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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
    resolve_progress,
    to_one_line,
)
from tts_assets.config.settings import Progress as Wanted
from tts_assets.errors import format_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from tts_assets.build.pool import Counts


#: Without a terminal, the interval of lines in seconds, and the share of work between two lines.
_LINE_SECONDS = 10.0
_LINE_SHARE = 0.05

#: Narrower terminals show no bar, because the figures need the space.
_BAR_COLUMNS = 60
_LEAST_BAR = 12

#: The share of work before the first estimate, because the first clips also start the engine.
_LEAST_SHARE = 0.02
_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressFigures:
    """The progress of some work."""

    count: str  #: the finished and the total amount
    share: float  #: the finished share of the work, 0 to 1
    is_last: bool  #: whether the work is complete
    details: tuple[str, ...]  #: further figures, the most important first
    seconds_left: float | None  #: an estimate; None if it is too early for one

    def format(self, columns: int) -> str:
        """The figures in at most this many columns; details that do not fit are omitted."""
        left = "" if self.seconds_left is None else f"{_format_seconds(self.seconds_left)} left"
        words = [self.count, *self.details[:1], left]
        for number in range(2, len(self.details) + 1):
            more = [self.count, *self.details[:number], left]
            if len(", ".join(filter(None, more))) > columns:
                break
            words = more
        return ", ".join(filter(None, words))


def _format_seconds(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def estimate_seconds(begun: float, share: float) -> float | None:
    """Estimate the remaining seconds; None if it is too early.

    Args:
        begun: the start of the work, by the monotonic clock.
        share: the finished share of the work.
    """
    elapsed = time.monotonic() - begun
    if share < _LEAST_SHARE or elapsed < _LEAST_SECONDS:
        return None
    return elapsed / share * (1 - share)


class ProgressView(Protocol):
    """A way to show progress."""

    def show(self, figures: ProgressFigures, name: str = "") -> None:
        """Show the progress of some work; the name distinguishes several works."""


def create_line_progress(
    seconds: float, show_line: Callable[[int, int], None]
) -> Callable[[int, int], None]:
    """A callback for the number of finished items, which shows a line at most every ``seconds``."""
    last = time.monotonic()

    def show_count(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= seconds:
            last = now
            show_line(done, total)

    return show_count


@contextmanager
def show_count_progress(wanted: Wanted, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A callback that shows the number of finished items."""
    begun = time.monotonic()
    with open_progress_view(wanted, console) as view:

        def show_count(done: int, total: int) -> None:
            share = done / max(total, 1)
            rate = done / max(time.monotonic() - begun, 1e-6)
            figures = ProgressFigures(
                count=f"{done:,}/{total:,}",
                share=share,
                is_last=done == total,
                details=(f"{rate:,.1f} a second",),
                seconds_left=estimate_seconds(begun, share),
            )
            if view is not None:
                view.show(figures)

        yield show_count


@contextmanager
def open_progress_view(wanted: Wanted, console: Console) -> Iterator[ProgressView | None]:
    """The view for a setting of progress; None for none.

    Args:
        wanted: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: the console on standard error.
    """
    match resolve_progress(wanted, console):
        case Wanted.BAR:
            with _create_bars(console) as progress:
                yield _ProgressBars(progress)
        case Wanted.LINES:
            yield _ProgressLines(console)
        case _:
            yield None


class _ProgressBars:
    """A bar for each name."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, figures: ProgressFigures, name: str = "") -> None:
        # Draw nothing before the first figures: an error may come first.
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task("", total=1.0, words="")
        columns = self._progress.console.width
        room = columns - (_LEAST_BAR if columns >= _BAR_COLUMNS else 0)
        words = (
            f"{name}: {figures.format(room - 3 - len(name))}" if name else figures.format(room - 1)
        )
        self._progress.update(self._tasks[name], completed=figures.share, words=words)


class _ProgressLines:
    """A line after enough time or work."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._name = ""
        self._last = time.monotonic()
        self._share = 0.0

    def show(self, figures: ProgressFigures, name: str = "") -> None:
        now = time.monotonic()
        passed = now - self._last
        enough = passed >= _LINE_SECONDS or figures.share - self._share >= _LINE_SHARE
        if not (enough and passed >= 1.0) and name == self._name and not figures.is_last:
            return
        self._last, self._share, self._name = now, figures.share, name
        words = f"{name and f'{name}: '}{figures.share:.0%}: {figures.format(1000)}"
        self._console.print(words, markup=False, highlight=False, soft_wrap=True)


def _create_bars(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - heavy

    words = TextColumn("{task.fields[words]}", markup=False)
    columns = (BarColumn(bar_width=None), words) if console.width >= _BAR_COLUMNS else (words,)
    return Progress(
        *columns,
        console=console,
        expand=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


@contextmanager
def show_build_progress(wanted: Wanted, console: Console) -> Iterator[Callable[[Event], None]]:
    """A callback that shows the events of a run.

    Args:
        wanted: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: the console on standard error.
    """
    with open_progress_view(wanted, console) as view:
        yield (lambda _: None) if view is None else _BuildReporter(console, view)


class _BuildReporter(LinePrinter):
    """Turns events into figures: how many clips, how fast, and how fast for real time."""

    def __init__(self, console: Console, view: ProgressView) -> None:
        super().__init__(console)
        self._view = view
        self._started: Started | None = None
        self._begun = time.monotonic()
        self._audio_seconds = 0.0
        self._characters = 0.0
        #: Characters of passages in progress, by recipe.
        self._partial: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case Waiting(path=path):
                self.print_once(WAITING_MESSAGE.format(path))
            case Started():
                self._started = event
                self._begun = time.monotonic()
                self.print_once(_format_start(event))
            case ServiceWait():
                self.print_line(_format_wait_line(event))
            case SegmentMade(job=job, out_of=segments):
                done = len(job.form.text) / segments
                self._partial[job.recipe] = self._partial.get(job.recipe, 0.0) + done
                self._characters += done
                self._show_counts(event.counts)
            case ClipMade() | ClipFailed():
                text = event.job.form.text
                self._characters += len(text) - self._partial.pop(event.job.recipe, 0.0)
                if isinstance(event, ClipMade):
                    self._audio_seconds += event.audio_seconds
                self._show_counts(event.counts)

    def _show_counts(self, counts: Counts) -> None:
        if self._started is None:
            return
        seconds = max(time.monotonic() - self._begun, 1e-6)
        done = counts.done + counts.failed
        share = min(self._characters / max(self._started.characters, 1), 1.0)
        self._view.show(
            ProgressFigures(
                count=f"{done:,}/{self._started.jobs:,}",
                share=share,
                is_last=done == self._started.jobs,
                details=(
                    f"{counts.failed:,} failed",
                    f"{done / seconds:,.1f} clips/s",
                    f"{self._audio_seconds / seconds:.1f}x real time",
                    # One more may be queued.
                    f"{min(counts.active, self._started.workers)} active",
                ),
                seconds_left=estimate_seconds(self._begun, share),
            )
        )


def _format_start(event: Started) -> str:
    places = "" if event.places == event.jobs else f" for {format_count(event.places, 'place')}"
    return (
        f"{format_count(event.jobs, 'clip')} to generate{places} with {event.provider}/{event.voice}, "
        f"{event.workers} at a time"
    )


def _format_wait_line(event: ServiceWait) -> str:
    """The reason why the service refuses requests, and how long the run waits."""
    return (
        f"{format_count(event.requests, 'request waits', 'requests wait')} for the service, the latest for "
        f"{event.seconds:,.0f} s: {to_one_line(event.reason)} ({event.refusals:,} refused, "
        f"{event.retries:,} repeated so far)"
    )
