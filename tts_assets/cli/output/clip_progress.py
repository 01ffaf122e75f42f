"""The progress of a run that generates clips, from its events."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
    to_one_line,
)
from tts_assets.cli.output.progress_view import (
    ProgressFigures,
    estimate_seconds,
    open_progress_view,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from tts_assets.build.pool import Counts
    from tts_assets.cli.output.progress_view import ProgressView
    from tts_assets.config.settings import Progress as Wanted


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
    waits = "waits" if event.requests == 1 else "wait"
    return (
        f"{format_count(event.requests, 'request')} {waits} for the service, the latest for "
        f"{event.seconds:,.0f} s: {to_one_line(event.reason)} ({event.refusals:,} refused, "
        f"{event.retries:,} repeated so far)"
    )
