"""Progress on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, Progress, TextColumn

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

    from tts_assets.build.pool import Counts


#: Without a terminal a line comes every so many seconds, or when a twentieth more is done.
_LINE_SECONDS = 10.0
_LINE_SHARE = 0.05

#: Below this many columns there is no bar: the figures need the room.
_BAR_COLUMNS = 60
_LEAST_BAR = 12

#: No estimate before so much of the work is done, as the first clips also start the engine.
_LEAST_SHARE = 0.02
_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """The progress of a run.

    Args:
        done: finished items, failed ones included.
        total: all of them.
        share: the finished share of the work, 0 to 1.
        details: what else can be shown, the most important first.
        seconds_left: an estimate; None before there can be one.
    """

    done: int
    total: int
    share: float
    details: tuple[str, ...]
    seconds_left: float | None

    def format(self, columns: int) -> str:
        """The figures in at most so many columns; details that do not fit are left out."""
        count = f"{self.done:,}/{self.total:,}"
        left = "" if self.seconds_left is None else f"{_format_seconds(self.seconds_left)} left"
        words = [count, *self.details[:1], left]
        for number in range(2, len(self.details) + 1):
            more = [count, *self.details[:number], left]
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


def _estimate_seconds(begun: float, share: float) -> float | None:
    elapsed = time.monotonic() - begun
    if share < _LEAST_SHARE or elapsed < _LEAST_SECONDS:
        return None
    return elapsed / share * (1 - share)


class _ProgressView(Protocol):
    def show(self, figures: _Figures) -> None: ...


@contextmanager
def show_build_progress(wanted: Wanted, console: Console) -> Iterator[Callable[[Event], None]]:
    """A callback for a run's events that shows them in the wanted way.

    Args:
        wanted: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: where to; standard error.
    """
    with _open_view(wanted, console) as view:
        yield (lambda _: None) if view is None else _BuildReporter(console, view)


@contextmanager
def show_count_progress(wanted: Wanted, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A callback that shows how many of how many items are done."""
    begun = time.monotonic()
    with _open_view(wanted, console) as view:

        def show_count(done: int, total: int) -> None:
            share = done / max(total, 1)
            rate = done / max(time.monotonic() - begun, 1e-6)
            figures = _Figures(
                done=done,
                total=total,
                share=share,
                details=(f"{rate:,.1f} a second",),
                seconds_left=_estimate_seconds(begun, share),
            )
            if view is not None:
                view.show(figures)

        yield show_count


@contextmanager
def _open_view(wanted: Wanted, console: Console) -> Iterator[_ProgressView | None]:
    match resolve_progress(wanted, console):
        case Wanted.BAR:
            with _create_clip_bar(console) as progress:
                yield _ClipBar(progress)
        case Wanted.LINES:
            yield _ClipLines(console)
        case _:
            yield None


class _BuildReporter(LinePrinter):
    """Turns events into figures: how many, how fast, how far past real time."""

    def __init__(self, console: Console, view: _ProgressView) -> None:
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
            _Figures(
                done=done,
                total=self._started.jobs,
                share=share,
                details=(
                    f"{counts.failed:,} failed",
                    f"{done / seconds:,.1f} clips/s",
                    f"{self._audio_seconds / seconds:.1f}x real time",
                    # One more may stand in line.
                    f"{min(counts.active, self._started.workers)} active",
                ),
                seconds_left=_estimate_seconds(self._begun, share),
            )
        )


def _format_start(event: Started) -> str:
    places = "" if event.places == event.jobs else f" for {format_count(event.places, 'place')}"
    return (
        f"{format_count(event.jobs, 'clip')} to generate{places} with {event.provider}/{event.voice}, "
        f"{event.workers} at a time"
    )


def _format_wait_line(event: ServiceWait) -> str:
    """That the service refuses, why, and for how long the run waits."""
    waits = "waits" if event.requests == 1 else "wait"
    return (
        f"{format_count(event.requests, 'request')} {waits} for the service, the latest for "
        f"{event.seconds:,.0f} s: {to_one_line(event.reason)} ({event.refusals:,} refused, "
        f"{event.retries:,} repeated so far)"
    )


class _ClipBar:
    """One bar of real work; up-to-date clips are not in it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        # Nothing is drawn before there is something to show: an error may come first.
        self._task = progress.add_task("", total=1.0, words="", visible=False)

    def show(self, figures: _Figures) -> None:
        columns = self._progress.console.width
        room = columns - (_LEAST_BAR if columns >= _BAR_COLUMNS else 0)
        words = figures.format(room - 1)
        self._progress.update(self._task, completed=figures.share, words=words, visible=True)


class _ClipLines:
    """A line when enough has happened."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = time.monotonic()
        self._share = 0.0

    def show(self, figures: _Figures) -> None:
        now = time.monotonic()
        enough = now - self._last >= _LINE_SECONDS or figures.share - self._share >= _LINE_SHARE
        if not (enough and now - self._last >= 1.0) and figures.done != figures.total:
            return
        self._last, self._share = now, figures.share
        words = f"{figures.share:.0%}: {figures.format(1000)}"
        self._console.print(words, markup=False, highlight=False, soft_wrap=True)


def _create_clip_bar(console: Console) -> Progress:
    words = TextColumn("{task.fields[words]}", markup=False)
    columns = (BarColumn(bar_width=None), words) if console.width >= _BAR_COLUMNS else (words,)
    return Progress(
        *columns,
        console=console,
        expand=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
