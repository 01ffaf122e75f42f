"""Which recordings are to be transcribed: files, folders of them, and globs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.audio.blocks import seconds_of
from tts_assets.errors import ClipError, InputError, UsageError
from tts_assets.regular_files import find_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The names of recordings in folders; one that is named itself may have any.
_AUDIO_SUFFIXES = frozenset(
    {*(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"), *(".aiff", ".aif", ".au", ".caf", ".w64")}
)


class RecordingFile(NamedTuple):
    """A sound file that can be read.

    Args:
        path: where it lies.
        name: the path that its transcript has in an output folder, without its ending.
        seconds: how long it sounds; None where it does not tell.
    """

    path: Path
    name: str
    seconds: float | None


class FoundRecordings(NamedTuple):
    """What there is to transcribe, and what cannot be."""

    recordings: tuple[RecordingFile, ...]
    problems: tuple[InputError, ...]


def find_recordings(paths: Iterable[str], *, distinct: bool = True) -> FoundRecordings:
    """The recordings that are meant, each once, with the headers of their files read.

    Args:
        paths: files, folders and globs, as typed.
        distinct: each transcript is to have a name of its own.

    Raises:
        UsageError: two transcripts would have the same name.
    """
    recordings: dict[str, RecordingFile] = {}
    problems: dict[str, InputError] = {}
    for typed in paths:
        named = list(_expand_path(typed))
        if not named:
            problems[typed] = InputError("there is no such file: name what is there", file=typed)
        for path, name in named:
            if not path.is_file():
                told = "it is no file, and recordings are read twice: store it in one"
                problems[str(path)] = InputError(told, file=str(path))
                continue
            try:
                recording = RecordingFile(path, name, seconds_of(path))
                recordings.setdefault(os.path.realpath(path), recording)
            except ClipError as exc:
                problems[str(path)] = InputError(str(exc), file=str(path))
    found = recordings.values()
    usable = _assign_names(found) if distinct else found
    return FoundRecordings(tuple(usable), tuple(problems.values()))


def _expand_path(typed: str) -> Iterator[tuple[Path, str]]:
    """Files with the names that their transcripts get: below a folder, their paths in it."""
    path = Path(typed).expanduser()
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            inner = file.relative_to(path)
            if _is_recording(inner) and file.is_file():
                yield file, inner.as_posix()
    elif path.exists():
        yield path, path.name
    else:
        for file in map(Path, find_files(str(path))):
            yield file, file.name


def _is_recording(inner: Path) -> bool:
    return inner.suffix.lower() in _AUDIO_SUFFIXES and not any(
        part[0] == "." for part in inner.parts
    )


def _assign_names(recordings: Iterable[RecordingFile]) -> Iterator[RecordingFile]:
    """Names without their endings, where that leaves no two the same."""
    found = list(recordings)
    stems = [_strip_suffix(recording.name).casefold() for recording in found]
    seen: dict[str, RecordingFile] = {}
    for recording, stem in zip(found, stems, strict=True):
        name = _strip_suffix(recording.name) if stems.count(stem) == 1 else recording.name
        other = seen.setdefault(name.casefold(), recording)
        if other is not recording:
            raise UsageError(
                f"the transcripts of {other.path} and {recording.path} would both be named {name}: "
                "transcribe the folder above them, or one after the other"
            )
        yield recording._replace(name=name)


def _strip_suffix(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)
