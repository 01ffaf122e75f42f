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
from tts_assets.errors import ClipError, FatalError, StoppedError, UsageError, suggest
from tts_assets.model import Format
from tts_assets.regular_files import read_regular
from tts_assets.store.atomic_files import fatal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.speak_text import Spoken, Words
    from tts_assets.config.settings import Settings


#: Players that take a sound on standard input, the likeliest first.
_PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"),
    ("mpv", "--no-terminal", "--no-video", "-"),
    ("aplay", "--quiet", "-"),
    ("play", "-q", "-t", "wav", "-"),
)

#: A line of progress comes every so many seconds.
_PROGRESS_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOutput:
    """Where the sound goes.

    Args:
        file: its path; None for standard output.
        play: to a player instead.
    """

    file: str | None = None
    play: bool = False


def run_speak(settings: Settings, words: Words, target: SpeakOutput) -> ExitCode:
    """Say it, and say how that went in an exit code.

    Raises:
        UsageError: it is not told where the sound goes, or two ways are.
        FatalError: there is no player, or the sound cannot be written.
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
        with _open_output(target, settings) as (into, asked):
            tell = create_line_progress(_PROGRESS_SECONDS, show_segments)
            work = partial(speak_text.speak, asked, words, into, on_segment=tell, stop=stop)
            # What a stream has not got is of no use; a file is taken up again.
            spoken = run_until_signal(
                work, on_first=request_stop if isinstance(into, Path) else None
            )
    except StoppedError as exc:
        show.print_error(str(exc))
        return get_signal_code()
    except ClipError as exc:
        show.print_error(f"error: {exc}")
        return ExitCode.FINDINGS
    _show_result(spoken, show)
    return ExitCode.OK


def read_speak_text(given: str) -> str:
    """The text that somebody gave: itself, the file of that name, or standard input for ``-``.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        if given == "-":
            data = b"" if sys.stdin is None else sys.stdin.buffer.read()
        # Path raises where a text is no path.
        elif os.path.exists(given) and not os.path.isdir(given):  # noqa: PTH110, PTH112
            data = read_regular(given)
        else:
            return given
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageError(f"{given} is not UTF-8 (byte {exc.start}): save it as UTF-8") from exc
    except OSError as exc:
        raise UsageError(f"{given} cannot be read: {exc.strerror}") from exc


def choose_format(settings: Settings, file: str | None) -> Settings:
    """The settings with the format that the name of a file asks for, if it asks for one.

    Raises:
        UsageError: it asks for one that there is not.
    """
    ending = Path(file or "").suffix.removeprefix(".").lower()
    if not ending:
        return settings
    if ending not in set(Format):
        raise UsageError(
            f"--output: {file} ends in .{ending}: name a file that ends in "
            f".{', .'.join(Format)}, or give --format{suggest(ending, Format)}"
        )
    return replace(settings, sound=replace(settings.sound, format=Format(ending)))


@contextmanager
def _open_output(
    target: SpeakOutput, settings: Settings
) -> Iterator[tuple[Path | BinaryIO, Settings]]:
    """Where the sound goes, and the settings with the format for that."""
    if target.play:
        if target.file is not None:
            raise UsageError("--play and --output exclude each other: give one of them")
        with _start_player() as (into, only):
            sound = replace(settings.sound, format=only)
            yield into, replace(settings, sound=sound)
    elif target.file is not None and _is_stream_target(Path(target.file)):
        with fatal(f"cannot write {target.file}"), Path(target.file).open("wb") as into:
            yield into, settings
    elif target.file is not None:
        yield Path(target.file), settings
    elif sys.__stdout__ is None or sys.stdout.isatty():
        raise UsageError("choose where the audio goes: --output FILE, --play, or a pipe")
    else:
        with require_stdout():
            yield sys.stdout.buffer, settings
            sys.stdout.buffer.flush()


def _is_stream_target(path: Path) -> bool:
    """Whether it is a pipe or a device, in whose place no file is to be put."""
    # Path.exists() raises where a name is too long, or a folder may not be searched.
    return os.path.exists(path) and not (path.is_file() or path.is_dir())  # noqa: PTH110


@contextmanager
def _start_player() -> Iterator[tuple[BinaryIO, Format]]:
    """The standard input of a player, and the format that it takes.

    Raises:
        FatalError: there is none, or it does not take the sound.
    """
    command = next((each for each in _PLAYERS if shutil.which(each[0])), None)
    if command is None:
        names = ", ".join(each[0] for each in _PLAYERS)
        raise FatalError(
            f"no audio player was found: install one of {names}, or give --output FILE"
        )
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        into = cast("IO[bytes]", process.stdin)
        try:
            with track_child(process.pid):
                yield cast("BinaryIO", into), Format.WAV
                into.close()
        except KeyboardInterrupt:
            process.kill()
            raise
        except BrokenPipeError as exc:
            raise FatalError(f"{command[0]} cannot play it: give --output FILE") from exc
        finally:
            # What it did not take is still held, and would be written once more.
            with suppress(BrokenPipeError):
                into.close()
    if process.returncode:
        raise FatalError(f"{command[0]} ended with {process.returncode}: give --output FILE")


def _show_result(spoken: Spoken, show: CommandOutput) -> None:
    for finding in spoken.findings:
        show.print_error(f"warning: {finding.told}")
    parts = "1 segment" if spoken.segments == 1 else f"{spoken.segments:,} segments"
    show.print_error(f"{spoken.seconds:,.1f} s of audio from {parts}")
    if spoken.credit:
        show.print_error(f"voice: {spoken.credit}")
