"""The command `transcribe`: what is said in recordings, as text, JSON or subtitles."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tts_assets.cli.exit_code import ExitCode, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import format_count, to_one_line
from tts_assets.cli.output.transcription_progress import (
    TranscriptFormat,
    format_transcript,
    format_transcription_figures,
    show_transcription_progress,
    to_transcript_data,
)
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.errors import FatalError, UsageError
from tts_assets.regular_files import refuse_linked_folders
from tts_assets.store import atomic_files
from tts_assets.transcribe.transcription import transcribe_recordings as listen
from tts_assets.transcribe.transcription_events import (
    RecordingTranscribed,
    Transcript,
    TranscriptionEvent,
    TranscriptionReport,
    TranscriptionStarted,
)


def run_transcribe(
    settings: Settings, paths: Sequence[str], *, how: str, output: str | None
) -> ExitCode:
    """Transcribe, write what was said, and say in the exit code how it went.

    Args:
        settings: of the run.
        paths: recordings, folders of them, globs.
        how: the format of the transcripts.
        output: the folder that gets a file for each; None for standard output.
    """
    wanted = _parse_format(how)
    show = CommandOutput(OutputFormat.TEXT)
    out = (
        _TranscriptPrinter(show, wanted)
        if output is None
        else _TranscriptFolder(Path(output), wanted)
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
                out.start_output(total)
            elif isinstance(event, RecordingTranscribed):
                out.add_transcript(event.number, event.transcript)
                done += 1

        run = partial(listen, settings, paths, distinct=output is not None, on_event=handle_event)
        report = run_until_signal(run, show_summary=show_partial_count)
    out.finish_output()
    if not (report.recordings or report.problems):
        show.print_error("there is no recording to transcribe")
    for line in format_transcription_figures(report) if report.recordings else ():
        show.print_error(line)
    return _get_transcribe_exit_code(report)


def _parse_format(typed: str) -> TranscriptFormat:
    try:
        return TranscriptFormat(typed)
    except ValueError as exc:
        raise UsageError(
            f"--format is {typed!r}, but must be one of {', '.join(TranscriptFormat)}"
        ) from exc


def _unwritable_error(path: Path, error: OSError) -> FatalError:
    return FatalError(f"cannot write {path}: {error.strerror or error}; give another --output")


class _TranscriptFolder:
    """Transcripts in a folder, a file for each recording."""

    def __init__(self, folder: Path, how: TranscriptFormat) -> None:
        self._folder = folder
        self._how = how

    def start_output(self, recordings: int) -> None:
        """Have the folder; any number fits.

        Raises:
            FatalError: nothing can be written there, which is better known before hours are heard.
        """
        del recordings
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise _unwritable_error(self._folder, exc) from exc
        if not os.access(self._folder, os.W_OK):
            raise FatalError(f"cannot write into {self._folder}: give another --output")

    def add_transcript(self, number: int, transcript: Transcript) -> None:
        """Write a transcript under the name of its recording: whole, or not at all.

        Raises:
            FatalError: it cannot be written.
        """
        del number
        path = self._folder / f"{transcript.name}{self._how.file_suffix}"
        text = format_transcript(transcript, self._how)
        try:
            refuse_linked_folders(self._folder, [transcript.name.rpartition("/")[0]])
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_files.sweep(path.parent)
            atomic_files.write_whole(path, text.encode("utf-8", "backslashreplace"))
            atomic_files.sync_folder(path.parent)
        except OSError as exc:
            raise _unwritable_error(path, exc) from exc

    def finish_output(self) -> None:
        """All is written."""


class _TranscriptPrinter:
    """Transcripts on standard output, in the order of their recordings."""

    def __init__(self, show: CommandOutput, how: TranscriptFormat) -> None:
        self._show = show
        self._how = how
        self._waiting: dict[int, Transcript] = {}
        self._printed: list[Transcript] = []
        self._recordings = 0

    def start_output(self, recordings: int) -> None:
        """Know how many there are.

        Raises:
            UsageError: one file of subtitles cannot have those of several recordings.
        """
        self._recordings = recordings
        if recordings > 1 and self._how in (TranscriptFormat.SRT, TranscriptFormat.VTT):
            raise UsageError(
                f"{recordings} recordings cannot share one {self._how} on standard output: "
                "give --output DIR to write a file for each"
            )

    def add_transcript(self, number: int, transcript: Transcript) -> None:
        """Print all whose turn it is; JSON is one document, and comes at the end."""
        self._waiting[number] = transcript
        while (ready := self._waiting.pop(len(self._printed), None)) is not None:
            self._printed.append(ready)
            if self._how is not TranscriptFormat.JSON:
                self._print_transcript(ready)

    def finish_output(self) -> None:
        """Print what comes last."""
        if self._how is TranscriptFormat.JSON:
            self._show.print_json(
                {"recordings": [to_transcript_data(each) for each in self._printed]}
            )

    def _print_transcript(self, transcript: Transcript) -> None:
        if self._recordings > 1:
            self._show.print_line(f"== {to_one_line(transcript.file)} ==")
        self._show.print_lines(format_transcript(transcript, self._how).splitlines())


def _get_transcribe_exit_code(report: TranscriptionReport) -> ExitCode:
    if report.problems:
        return ExitCode.USAGE
    if report.failed:
        return ExitCode.FINDINGS
    return ExitCode.OK if report.recordings else ExitCode.NOTHING
