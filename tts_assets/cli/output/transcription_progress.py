"""Progress of a transcription, and transcripts as text, JSON or subtitles."""

from __future__ import annotations

import html
import time
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tts_assets.cli.output.console_text import (
    LinePrinter,
    resolve_progress,
    to_json_document,
    to_one_line,
    to_plain_data,
)
from tts_assets.cli.output.progress_view import (
    ProgressFigures,
    estimate_seconds,
    open_progress_view,
)
from tts_assets.config.settings import Progress
from tts_assets.errors import format_count
from tts_assets.transcribe.transcription_events import (
    ChunkRecognized,
    ConcurrencyReduced,
    RecordingTranscribed,
    RecordingUnusable,
    TranscriptGap,
    TranscriptionEvent,
    TranscriptionStarted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from tts_assets.cli.output.progress_view import ProgressView
    from tts_assets.transcribe.transcription_events import (
        Transcript,
        TranscriptionReport,
        TranscriptPiece,
    )


@contextmanager
def show_transcription_progress(
    progress: Progress, console: Console
) -> Iterator[Callable[[TranscriptionEvent], None]]:
    """A callback that shows the progress of a transcription.

    Args:
        progress: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: the console on standard error.
    """
    resolved = resolve_progress(progress, console)
    # Without a bar, each chunk gets a line.
    with open_progress_view(
        resolved if resolved is Progress.BAR else Progress.NONE, console
    ) as bar:
        yield _TranscriptionReporter(console, bar, quiet=resolved is Progress.NONE)


def format_transcription_figures(report: TranscriptionReport) -> Iterator[str]:
    """The figures of a transcription."""
    recognized = report.chunks - report.failed
    speed = report.audio_seconds / max(report.seconds, 1e-6)
    yield (
        f"transcribed {format_count(report.recordings, 'recording')}, {format_clock(report.audio_seconds)} of "
        f"sound, in {report.seconds:,.1f} s ({speed:.1f}x real time, "
        f"{format_count(report.workers, 'worker')})"
    )
    yield f"chunks      {recognized:,} of {report.chunks:,} recognized ({report.success_rate:.1%})"


class _TranscriptionReporter(LinePrinter):
    """Prints the progress of a transcription; errors even if progress is off."""

    def __init__(self, console: Console, bar: ProgressView | None, *, quiet: bool) -> None:
        super().__init__(console)
        self._bar = bar
        self._quiet = quiet
        self._started_at = time.monotonic()
        self._done_seconds = self._total_seconds = 0.0

    def __call__(self, event: TranscriptionEvent) -> None:
        match event:
            case RecordingUnusable(problem=problem):
                self.print_line(f"error: {to_one_line(str(problem))}")
            case ChunkRecognized():
                self._show_chunk(event)
            case _ if self._quiet:
                pass
            case TranscriptionStarted(recordings=recordings, seconds=seconds, workers=workers):
                length = f", {format_clock(seconds)} of sound" if seconds else ""
                self.print_line(
                    f"{format_count(recordings, 'recording')}{length}, {format_count(workers, 'chunk')} at once"
                )
                self._total_seconds = seconds
            case ConcurrencyReduced(workers=workers):
                self.print_line(
                    f"{format_count(workers, 'chunk')} at a time from now on, because of failures"
                )
            case RecordingTranscribed(transcript=transcript):
                if not transcript.pieces and transcript.problem is None:
                    self.print_line(f"{to_one_line(transcript.file)}: it contains no speech")

    def _show_chunk(self, event: ChunkRecognized) -> None:
        where = f"{to_one_line(event.file)} {format_clock(event.begin)}-{format_clock(event.end)}"
        if event.error is not None:
            tries = format_count(event.attempts, "attempt")
            self.print_line(f"failed: {where}: {event.error} ({tries})")
        elif self._bar is None and not self._quiet:
            content = format_count(event.letters, "letter") if event.letters else "no speech"
            self.print_line(f"{where}: {content}, {event.seconds:,.1f} s")
        if self._bar is not None:
            self._done_seconds += event.end - event.begin
            share = min(1.0, self._done_seconds / max(self._total_seconds, self._done_seconds))
            figures = ProgressFigures(
                count=f"{share:.0%} of the sound",
                share=share,
                is_last=False,
                details=(),
                seconds_left=estimate_seconds(self._started_at, share),
            )
            self._bar.show(figures)


# Transcripts as text, as JSON and as subtitles: SubRip and WebVTT.


_MIN_CUE_SECONDS = 0.02  #: minimum length of a cue: players do not show shorter ones


class TranscriptFormat(StrEnum):
    """The format of a transcript."""

    TEXT = "text"
    JSON = "json"
    SRT = "srt"
    VTT = "vtt"

    @property
    def file_suffix(self) -> str:
        """The suffix of its files."""
        return ".txt" if self is TranscriptFormat.TEXT else f".{self.value}"


def format_transcript(transcript: Transcript, format_: TranscriptFormat) -> str:
    """Format a transcript as the text of a file; the output is deterministic."""
    match format_:
        case TranscriptFormat.TEXT:
            return "".join(f"{line}\n" for line in map(_format_piece, transcript.pieces))
        case TranscriptFormat.JSON:
            return to_json_document(to_transcript_data(transcript))
        case TranscriptFormat.SRT:
            return "\n".join(_format_srt(transcript.pieces))
        case TranscriptFormat.VTT:
            return "\n".join(["WEBVTT\n", *_format_vtt(transcript.pieces)])


def to_transcript_data(transcript: Transcript) -> dict[str, Any]:
    """A transcript as plain data; times in seconds."""
    return to_plain_data(
        transcript,
        text="\n".join(map(_format_piece, transcript.pieces)),
        segments=list(map(_to_piece_data, transcript.pieces)),
    )


def format_clock(seconds: float) -> str:
    """Format a time for people: ``01:30``, ``1:01:30``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _format_piece(piece: TranscriptPiece) -> str:
    if isinstance(piece, TranscriptGap):
        return f"[inaudible {format_clock(piece.begin)}-{format_clock(piece.end)}]"
    return to_one_line(piece.text)


def _to_piece_data(piece: TranscriptPiece) -> dict[str, Any]:
    if isinstance(piece, TranscriptGap):
        begin, end = round(piece.begin, 3), round(piece.end, 3)
        return to_plain_data(piece, begin=begin, end=end, text="", inaudible=True)
    words = [to_plain_data(word, confidence=round(word.confidence, 4)) for word in piece.words]
    return to_plain_data(
        piece,
        text=piece.text.strip(),
        confidence=round(piece.confidence, 4),
        inaudible=False,
        words=words,
    )


def _format_srt(pieces: Sequence[TranscriptPiece]) -> Iterator[str]:
    """SubRip cues, whose text is one line: a line with only a number would begin the next cue."""
    for number, (begin, end, text) in enumerate(_iter_cues(pieces), 1):
        times = f"{_format_timestamp(begin, ',')} --> {_format_timestamp(end, ',')}"
        yield f"{number}\n{times}\n{text.replace('-->', '->')}\n"


def _format_vtt(pieces: Sequence[TranscriptPiece]) -> Iterator[str]:
    """WebVTT cues (w3.org/TR/webvtt1), whose text must not contain mark-up or an arrow."""
    for begin, end, text in _iter_cues(pieces):
        times = f"{_format_timestamp(begin, '.')} --> {_format_timestamp(end, '.')}"
        yield f"{times}\n{html.escape(text, quote=False)}\n"


def _iter_cues(pieces: Sequence[TranscriptPiece]) -> Iterator[tuple[float, float, str]]:
    """Yield begin, end and text of cues that do not overlap and have a minimum length."""
    last_end = 0.0
    for piece in pieces:
        text = "[inaudible]" if isinstance(piece, TranscriptGap) else to_one_line(piece.text)
        if not text:
            continue
        begin = max(piece.begin, last_end)
        last_end = max(piece.end, begin + _MIN_CUE_SECONDS)
        yield begin, last_end, text


def _format_timestamp(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}{point}{thousandths:03}"
