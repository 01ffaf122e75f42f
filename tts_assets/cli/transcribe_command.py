"""The command `transcribe`: recordings to text, JSON or subtitles."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tts_assets.cli.exit_code import ExitCode, choose_exit_code, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import to_one_line
from tts_assets.cli.output.transcription_progress import (
    TranscriptFormat,
    format_transcript,
    format_transcription_figures,
    show_transcription_progress,
    to_transcript_data,
)
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import FatalError, UsageError, format_count
from tts_assets.regular_files import refuse_linked_folders
from tts_assets.store import atomic_files
from tts_assets.transcribe.transcription import transcribe_recordings
from tts_assets.transcribe.transcription_events import (
    RecordingTranscribed,
    Transcript,
    TranscriptionEvent,
    TranscriptionStarted,
)


def run_transcribe(
    settings: Settings, paths: Sequence[str], *, format_name: str, output: str | None
) -> ExitCode:
    """Transcribe recordings, write the transcripts and return the exit code.

    Args:
        settings: the settings.
        paths: recordings, folders of them, globs.
        format_name: the format of the transcripts.
        output: the folder for one file per recording; None for standard output.
    """
    transcript_format = _parse_format(format_name)
    show = CommandOutput(OutputFormat.TEXT)
    writer = (
        _TranscriptPrinter(show, transcript_format)
        if output is None
        else _TranscriptFolder(Path(output), transcript_format)
    )
    done = total = 0

    def show_partial_count() -> None:
        show.print_error(f"stopped after {done:,} of {format_count(total, 'recording')}")

    with show_transcription_progress(settings.progress, show.errors) as progress:

        def handle_event(event: TranscriptionEvent) -> None:
            nonlocal done, total
            progress(event)
            if isinstance(event, TranscriptionStarted):
                total = event.recordings
                writer.start_output(total)
            elif isinstance(event, RecordingTranscribed):
                writer.add_transcript(event.number, event.transcript)
                done += 1

        work = partial(
            transcribe_recordings,
            settings,
            paths,
            distinct=output is not None,
            on_event=handle_event,
        )
        report = run_until_signal(work, show_summary=show_partial_count)
    writer.finish_output()
    if not (report.recordings or report.problems):
        show.print_error("there is no recording to transcribe")
    for line in format_transcription_figures(report) if report.recordings else ():
        show.print_error(line)
    return choose_exit_code(
        problems=report.problems, findings=report.failed, nothing=not report.recordings
    )


def _parse_format(name: str) -> TranscriptFormat:
    try:
        return TranscriptFormat(name)
    except ValueError as exc:
        raise UsageError(
            f"--format is {name!r}, but must be one of {', '.join(TranscriptFormat)}"
        ) from exc


def _unwritable_error(path: Path, error: OSError) -> FatalError:
    return FatalError(f"cannot write {path}: {error.strerror or error}; give another --output")


class _TranscriptFolder:
    """Transcripts in a folder, a file for each recording."""

    def __init__(self, folder: Path, transcript_format: TranscriptFormat) -> None:
        self._folder = folder
        self._format = transcript_format

    def start_output(self, recordings: int) -> None:
        """Create the folder, and check that it is writable before hours of work.

        Raises:
            FatalError: the folder cannot be written.
        """
        del recordings
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise _unwritable_error(self._folder, exc) from exc
        if not os.access(self._folder, os.W_OK):
            raise FatalError(f"cannot write into {self._folder}: give another --output")

    def add_transcript(self, number: int, transcript: Transcript) -> None:
        """Write a transcript atomically, under the name of its recording.

        Raises:
            FatalError: the file cannot be written.
        """
        del number
        path = self._folder / f"{transcript.name}{self._format.file_suffix}"
        text = format_transcript(transcript, self._format)
        try:
            refuse_linked_folders(self._folder, [transcript.name.rpartition("/")[0]])
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_files.sweep(path.parent)
            atomic_files.atomic_write(path, text.encode("utf-8", "backslashreplace"))
            atomic_files.sync_folder(path.parent)
        except OSError as exc:
            raise _unwritable_error(path, exc) from exc

    def finish_output(self) -> None:
        """Do nothing: all files are already written."""


class _TranscriptPrinter:
    """Transcripts on standard output, in the order of their recordings."""

    def __init__(self, show: CommandOutput, transcript_format: TranscriptFormat) -> None:
        self._show = show
        self._format = transcript_format
        self._waiting: dict[int, Transcript] = {}
        self._printed: list[Transcript] = []
        self._recordings = 0

    def start_output(self, recordings: int) -> None:
        """Note the number of recordings.

        Raises:
            UsageError: the format is subtitles, and there are several recordings.
        """
        self._recordings = recordings
        if recordings > 1 and self._format in (TranscriptFormat.SRT, TranscriptFormat.VTT):
            raise UsageError(
                f"{recordings} recordings cannot share one {self._format} on standard output: "
                "give --output DIR to write a file for each"
            )

    def add_transcript(self, number: int, transcript: Transcript) -> None:
        """Print the transcripts whose turn it is; JSON is one document, printed at the end."""
        self._waiting[number] = transcript
        while (ready := self._waiting.pop(len(self._printed), None)) is not None:
            self._printed.append(ready)
            if self._format is not TranscriptFormat.JSON:
                self._print_transcript(ready)

    def finish_output(self) -> None:
        """Print the JSON document."""
        if self._format is TranscriptFormat.JSON:
            self._show.print_json(
                {"recordings": [to_transcript_data(each) for each in self._printed]}
            )

    def _print_transcript(self, transcript: Transcript) -> None:
        if self._recordings > 1:
            self._show.print_line(f"== {to_one_line(transcript.file)} ==")
        self._show.print_lines(format_transcript(transcript, self._format).splitlines())
