"""Transcription on standard error: a line for each chunk, or a bar on a terminal; figures at the end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tts_assets.cli.output.teller import Teller, resolved
from tts_assets.cli.output.text import many, one_line
from tts_assets.cli.output.transcripts import clock
from tts_assets.config.model import Progress as Wanted
from tts_assets.transcribe.transcription_events import (
    ChunkRecognized,
    ConcurrencyReduced,
    RecordingTranscribed,
    RecordingUnusable,
    TranscriptionEvent,
    TranscriptionStarted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from tts_assets.transcribe.transcription_events import TranscriptionReport


@contextmanager
def hearing(wanted: Wanted, console: Console) -> Iterator[Callable[[TranscriptionEvent], None]]:
    """A callback that shows how a transcription goes in the wanted way.

    Args:
        wanted: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: where to; standard error.
    """
    wanted = resolved(wanted, console)
    if wanted is Wanted.BAR:
        with _bar(console) as bar:
            yield _Narrator(console, _Bar(bar))
    elif wanted is Wanted.LINES:
        yield _Narrator(console, None)
    else:
        yield _Narrator(console, None, quiet=True)


def figures(report: TranscriptionReport) -> Iterator[str]:
    """What was done, in a line or two."""
    heard = report.chunks - report.failed
    pace = report.audio_seconds / max(report.seconds, 1e-6)
    yield (
        f"transcribed {many(report.recordings, 'recording')}, {clock(report.audio_seconds)} of "
        f"sound, in {report.seconds:,.1f} s ({pace:.1f}x real time, "
        f"{many(report.workers, 'worker')})"
    )
    yield f"chunks      {heard:,} of {report.chunks:,} heard ({report.success_rate:.1%})"


class _Narrator(Teller):
    """Tells what happens; what went wrong even to who wants no progress."""

    def __init__(self, console: Console, bar: _Bar | None, *, quiet: bool = False) -> None:
        super().__init__(console)
        self._bar = bar
        self._quiet = quiet

    def __call__(self, event: TranscriptionEvent) -> None:
        match event:
            case RecordingUnusable(problem=problem):
                self.say(f"error: {one_line(str(problem))}")
            case ChunkRecognized():
                self._chunk(event)
            case _ if self._quiet:
                pass
            case TranscriptionStarted(recordings=recordings, seconds=seconds, workers=workers):
                length = f", {clock(seconds)} of sound" if seconds else ""
                self.say(
                    f"{many(recordings, 'recording')}{length}, {many(workers, 'chunk')} at once"
                )
                if self._bar is not None:
                    self._bar.begin(seconds)
            case ConcurrencyReduced(workers=workers):
                self.say(f"{many(workers, 'chunk')} at once from now on, by how many fail")
            case RecordingTranscribed(transcript=transcript):
                if not transcript.pieces and transcript.problem is None:
                    self.say(f"{one_line(transcript.file)}: nothing is said in it")

    def _chunk(self, event: ChunkRecognized) -> None:
        where = f"{one_line(event.file)} {clock(event.begin)}-{clock(event.end)}"
        if event.error is not None:
            tries = many(event.attempts, "attempt")
            self.say(f"failed: {where}: {event.error} ({tries})")
        elif self._bar is None and not self._quiet:
            what = many(event.letters, "letter") if event.letters else "nothing said"
            self.say(f"{where}: {what}, {event.seconds:,.1f} s")
        if self._bar is not None:
            self._bar.advance(event.end - event.begin)


class _Bar:
    """One bar of the seconds that are heard."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def begin(self, seconds: float) -> None:
        self._progress.update(self._task, total=seconds or None)

    def advance(self, seconds: float) -> None:
        self._progress.advance(self._task, seconds)


def _bar(console: Console) -> Progress:
    return Progress(
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} % of the sound"),
        TimeRemainingColumn(),
        console=console,
        redirect_stdout=False,
        redirect_stderr=False,
    )
