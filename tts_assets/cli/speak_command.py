"""The command `speak`: one text to a file, to standard output, or to a player."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from tts_assets.build import speak_text
from tts_assets.build.pool import Stop
from tts_assets.cli.exit_code import ExitCode, get_signal_code, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import require_stdout
from tts_assets.cli.output.progress_view import create_line_progress
from tts_assets.config.settings import Progress
from tts_assets.engines.process.child_registry import track_child
from tts_assets.errors import ClipError, FatalError, StoppedError, UsageError, format_count, suggest
from tts_assets.model import Format
from tts_assets.regular_files import read_regular
from tts_assets.store.atomic_files import translate_os_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.speak_text import Spoken, Words
    from tts_assets.config.settings import Settings


#: Players that read audio from standard input, the most common first.
_PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"),
    ("mpv", "--no-terminal", "--no-video", "-"),
    ("aplay", "--quiet", "-"),
    ("play", "-q", "-t", "wav", "-"),
)

_PROGRESS_SECONDS = 5.0  #: interval of progress lines


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOutput:
    """The destination of the audio."""

    file: str | None = None  #: the path; None and "-" for standard output
    play: bool = False  #: whether to play it instead


def run_speak(settings: Settings, words: Words, target: SpeakOutput) -> ExitCode:
    """Speak a text and return the exit code.

    Raises:
        UsageError: no destination or more than one was given.
        FatalError: there is no player, or the audio cannot be written.
    """
    show = CommandOutput(settings.output_format)
    stop = Stop()

    def request_stop() -> None:
        stop.request()
        show.print_error("finishing the segments in progress; press Ctrl-C again to abort")

    def show_segments(done: int, out_of: int) -> None:
        if settings.progress is not Progress.NONE:
            show.print_error(f"{done:,} of {out_of:,} segments")

    try:
        with _open_output(target, settings) as (destination, format_settings):
            on_segment = create_line_progress(_PROGRESS_SECONDS, show_segments)
            work = partial(
                speak_text.speak,
                format_settings,
                words,
                destination,
                on_segment=on_segment,
                stop=stop,
            )
            # A file can be resumed, a stream cannot: on a signal, only a file finishes its segments.
            spoken = run_until_signal(
                work, on_first=request_stop if isinstance(destination, Path) else None
            )
    except StoppedError as exc:
        show.print_error(str(exc))
        return get_signal_code()
    except ClipError as exc:
        show.print_error(f"error: {exc}")
        return ExitCode.FINDINGS
    _show_result(spoken, show)
    return ExitCode.OK


def read_speak_text(argument: str) -> str:
    """Read the text of an argument: a file, standard input for ``-``, or the argument itself.

    Raises:
        UsageError: the text cannot be read.
    """
    try:
        if argument == "-":
            data = b"" if sys.stdin is None else sys.stdin.buffer.read()
        # Path raises if the text is not a valid path.
        elif os.path.exists(argument) and not os.path.isdir(argument):  # noqa: PTH110, PTH112
            data = read_regular(argument)
        else:
            return argument
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageError(f"{argument} is not UTF-8 (byte {exc.start}): save it as UTF-8") from exc
    except OSError as exc:
        raise UsageError(f"{argument} cannot be read: {exc.strerror}") from exc


def choose_format(settings: Settings, file: str | None) -> Settings:
    """Set the format from the suffix of the file, if it has one.

    Raises:
        UsageError: the suffix is not that of a format.
    """
    suffix = Path(file or "").suffix.removeprefix(".").lower()
    if not suffix:
        return settings
    if suffix not in set(Format):
        raise UsageError(
            f"--output: {file} ends in .{suffix}: name a file that ends in "
            f".{', .'.join(Format)}, or give --format{suggest(suffix, Format)}"
        )
    return replace(settings, sound=replace(settings.sound, format=Format(suffix)))


@contextmanager
def _open_output(
    target: SpeakOutput, settings: Settings
) -> Iterator[tuple[Path | BinaryIO, Settings]]:
    """Open the destination, and set the format for it."""
    file = None if target.file == "-" else target.file
    if target.play:
        if target.file is not None:
            raise UsageError("--play and --output exclude each other: give one of them")
        with _start_player() as (stream, player_format):
            sound = replace(settings.sound, format=player_format)
            yield stream, replace(settings, sound=sound)
    elif file is not None and _is_stream_target(Path(file)):
        with translate_os_errors(f"cannot write {file}"), Path(file).open("wb") as stream:
            yield stream, settings
    elif file is not None:
        _refuse_folder(file)
        yield Path(file), settings
    elif sys.__stdout__ is None or sys.stdout.isatty():
        raise UsageError("choose where the audio goes: --output FILE, --play, or a pipe")
    else:
        with require_stdout():
            yield sys.stdout.buffer, settings
            sys.stdout.buffer.flush()


def _refuse_folder(file: str) -> None:
    """Refuse a folder, and a file in a folder that does not exist."""
    folder, name = os.path.split(file)
    if not name or os.path.isdir(file):  # noqa: PTH112 - Path refuses some texts
        raise UsageError(f"--output: {file} is a folder: name a file in it")
    if folder and not os.path.isdir(folder):  # noqa: PTH112 - see above
        raise UsageError(f"--output: there is no folder {folder}: create it first")


def _is_stream_target(path: Path) -> bool:
    """Whether the path is a pipe or a device, which must not be replaced by a file."""
    # Path.exists() raises for long names and unsearchable folders.
    return os.path.exists(path) and not (path.is_file() or path.is_dir())  # noqa: PTH110


@contextmanager
def _start_player() -> Iterator[tuple[BinaryIO, Format]]:
    """Start a player; yield its standard input and its format.

    Raises:
        FatalError: there is no player, or it rejects the audio.
    """
    command = next((each for each in _PLAYERS if shutil.which(each[0])), None)
    if command is None:
        names = ", ".join(each[0] for each in _PLAYERS)
        raise FatalError(
            f"no audio player was found: install one of {names}, or give --output FILE"
        )
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        stdin = cast("IO[bytes]", process.stdin)
        try:
            with track_child(process.pid):
                yield cast("BinaryIO", stdin), Format.WAV
                stdin.close()
        except KeyboardInterrupt:
            process.kill()
            raise
        except BrokenPipeError as exc:
            raise FatalError(f"{command[0]} cannot play it: give --output FILE") from exc
        finally:
            # close() flushes buffered audio, and fails again if the player has exited.
            with suppress(BrokenPipeError):
                stdin.close()
    if process.returncode:
        raise FatalError(f"{command[0]} ended with {process.returncode}: give --output FILE")


def _show_result(spoken: Spoken, show: CommandOutput) -> None:
    for finding in spoken.findings:
        show.print_error(f"warning: {finding.message}")
    parts = format_count(spoken.segments, "segment")
    show.print_error(f"{spoken.seconds:,.1f} s of audio from {parts}")
    if spoken.credit:
        show.print_error(f"voice: {spoken.credit}")
