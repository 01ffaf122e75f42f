"""The command `transcribe`: what is said in recordings, as text, JSON or subtitles."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.hearing import figures, hearing
from tts_assets.cli.output.show import Show
from tts_assets.cli.output.text import many, one_line
from tts_assets.cli.output.transcripts import TranscriptFormat, data, written
from tts_assets.cli.signals import run_until_signal
from tts_assets.config.model import OutputFormat, Settings
from tts_assets.errors import FatalError, UsageError
from tts_assets.regular_files import refuse_linked_folders
from tts_assets.store import storage
from tts_assets.transcribe.transcription import transcribe_recordings as listen
from tts_assets.transcribe.transcription_events import (
    RecordingTranscribed,
    Transcript,
    TranscriptionEvent,
    TranscriptionReport,
    TranscriptionStarted,
)


def transcribe(
    settings: Settings, paths: Sequence[str], *, how: str, output: str | None
) -> ExitCode:
    """Transcribe, write what was said, and say in the exit code how it went.

    Args:
        settings: of the run.
        paths: recordings, folders of them, globs.
        how: the format of the transcripts.
        output: the folder that gets a file for each; None for standard output.
    """
    wanted = _format(how)
    show = Show(OutputFormat.TEXT)
    out = _Printed(show, wanted) if output is None else _Folder(Path(output), wanted)
    done = total = 0

    def show_known() -> None:
        show.error(f"stopped after {done:,} of {many(total, 'recording')}")

    with hearing(settings.progress, show.errors) as progress:

        def tell(event: TranscriptionEvent) -> None:
            nonlocal done, total
            progress(event)
            if isinstance(event, TranscriptionStarted):
                total = event.recordings
                out.begin(total)
            elif isinstance(event, RecordingTranscribed):
                out.take(event.number, event.transcript)
                done += 1

        run = partial(listen, settings, paths, distinct=output is not None, on_event=tell)
        report = run_until_signal(run, show_summary=show_known)
    out.end()
    if not (report.recordings or report.problems):
        show.error("there is no recording to transcribe")
    for line in figures(report) if report.recordings else ():
        show.error(line)
    return _exit_code(report)


def _format(typed: str) -> TranscriptFormat:
    try:
        return TranscriptFormat(typed)
    except ValueError as exc:
        raise UsageError(
            f"--format is {typed!r}, and must be one of {', '.join(TranscriptFormat)}"
        ) from exc


def _unwritable(path: Path, error: OSError) -> FatalError:
    return FatalError(f"cannot write {path}: {error.strerror or error}; give another --output")


class _Folder:
    """Transcripts in a folder, a file for each recording."""

    def __init__(self, folder: Path, how: TranscriptFormat) -> None:
        self._folder = folder
        self._how = how

    def begin(self, recordings: int) -> None:
        """Have the folder; any number fits.

        Raises:
            FatalError: nothing can be written there, which is better known before hours are heard.
        """
        del recordings
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise _unwritable(self._folder, exc) from exc
        if not os.access(self._folder, os.W_OK):
            raise FatalError(f"cannot write into {self._folder}: give another --output")

    def take(self, number: int, transcript: Transcript) -> None:
        """Write a transcript under the name of its recording: whole, or not at all.

        Raises:
            FatalError: it cannot be written.
        """
        del number
        path = self._folder / f"{transcript.name}{self._how.ending}"
        text = written(transcript, self._how)
        try:
            refuse_linked_folders(self._folder, [transcript.name.rpartition("/")[0]])
            path.parent.mkdir(parents=True, exist_ok=True)
            storage.sweep(path.parent)
            storage.write_whole(path, text.encode("utf-8", "backslashreplace"))
            storage.sync_folder(path.parent)
        except OSError as exc:
            raise _unwritable(path, exc) from exc

    def end(self) -> None:
        """All is written."""


class _Printed:
    """Transcripts on standard output, in the order of their recordings."""

    def __init__(self, show: Show, how: TranscriptFormat) -> None:
        self._show = show
        self._how = how
        self._waiting: dict[int, Transcript] = {}
        self._printed: list[Transcript] = []
        self._recordings = 0

    def begin(self, recordings: int) -> None:
        """Know how many there are.

        Raises:
            UsageError: one file of subtitles cannot have those of several recordings.
        """
        self._recordings = recordings
        if recordings > 1 and self._how in (TranscriptFormat.SRT, TranscriptFormat.VTT):
            raise UsageError(
                f"{recordings} recordings do not go into one {self._how} on standard output: give "
                "--output DIR, for a file for each"
            )

    def take(self, number: int, transcript: Transcript) -> None:
        """Print all whose turn it is; JSON is one document, and comes at the end."""
        self._waiting[number] = transcript
        while (ready := self._waiting.pop(len(self._printed), None)) is not None:
            self._printed.append(ready)
            if self._how is not TranscriptFormat.JSON:
                self._print(ready)

    def end(self) -> None:
        """Print what comes last."""
        if self._how is TranscriptFormat.JSON:
            self._show.data({"recordings": [data(each) for each in self._printed]})

    def _print(self, transcript: Transcript) -> None:
        if self._recordings > 1:
            self._show.line(f"== {one_line(transcript.file)} ==")
        self._show.lines(written(transcript, self._how).splitlines())


def _exit_code(report: TranscriptionReport) -> ExitCode:
    if report.problems:
        return ExitCode.USAGE
    if report.failed:
        return ExitCode.FINDINGS
    return ExitCode.OK if report.recordings else ExitCode.NOTHING
