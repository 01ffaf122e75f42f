"""Find the recordings to transcribe, and read them in chunks."""

from __future__ import annotations

import os
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from anyio import to_thread

from tts_assets.audio.codec import read_duration, read_mono_blocks
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ
from tts_assets.errors import ClipError, InputError, UsageError
from tts_assets.regular_files import find_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tts_assets.model import Samples


#: The suffixes of recordings in folders; a file given directly may have any suffix.
_AUDIO_SUFFIXES = frozenset(
    {*(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"), *(".aiff", ".aif", ".au", ".caf", ".w64")}
)


class RecordingFile(NamedTuple):
    """A sound file that can be read."""

    path: Path  #: its path
    name: str  #: the path of its transcript in an output folder, without the suffix
    seconds: float | None  #: its length; None if its header has none


class FoundRecordings(NamedTuple):
    """The recordings to transcribe, and the files that cannot be transcribed."""

    recordings: tuple[RecordingFile, ...]
    problems: tuple[InputError, ...]


def find_recordings(paths: Iterable[str], *, distinct: bool = True) -> FoundRecordings:
    """The recordings under these paths, each once, with the headers of their files read.

    Args:
        paths: files, folders and globs, as typed.
        distinct: whether each transcript needs its own name.

    Raises:
        UsageError: two transcripts would have the same name.
    """
    recordings: dict[str, RecordingFile] = {}
    problems: dict[str, InputError] = {}
    for typed in paths:
        files = list(_expand_path(typed))
        if not files:
            problems[typed] = InputError("there is no such file: name an existing file", file=typed)
        for path, name in files:
            if not path.is_file():
                reason = (
                    "it is not a regular file, and recordings are read twice: save it as a file"
                )
                problems[str(path)] = InputError(reason, file=str(path))
                continue
            try:
                recording = RecordingFile(path, name, read_duration(path))
                recordings.setdefault(os.path.realpath(path), recording)
            except ClipError as exc:
                problems[str(path)] = InputError(str(exc), file=str(path))
    found = recordings.values()
    usable = _assign_names(found) if distinct else found
    return FoundRecordings(tuple(usable), tuple(problems.values()))


def _expand_path(typed: str) -> Iterator[tuple[Path, str]]:
    """Files with the names of their transcripts: below a folder, their paths in it."""
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
    """Remove the suffixes of names, unless two would become the same."""
    found = list(recordings)
    stems = [_strip_suffix(recording.name).casefold() for recording in found]
    seen: dict[str, RecordingFile] = {}
    for recording, stem in zip(found, stems, strict=True):
        name = _strip_suffix(recording.name) if stems.count(stem) == 1 else recording.name
        other = seen.setdefault(name.casefold(), recording)
        if other is not recording:
            raise UsageError(
                f"the transcripts of {other.path} and {recording.path} would both be named "
                f"{name}: transcribe their parent folder, or one after the other"
            )
        yield recording._replace(name=name)


def _strip_suffix(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)


# Split a long recording into chunks at pauses; only one chunk is in memory.


_SEARCH_SHARE = 1 / 3  #: pauses are searched in the last third of a chunk

#: Without a pause, the next chunk overlaps by this much: enough for a few words.
_OVERLAP_SECONDS = 4.0

_FRAME_SAMPLES = RATE_HZ // 50  #: levels are measured in frames of 20 ms

#: The shortest pause between two phrases, in frames; stops within words are shorter.
_PAUSE_FRAMES = 15

# Pauses of OpenJTalk and espeak are 40 to 60 dB below the voice, those of recordings in rooms and
# on telephones 20 to 40 dB; voiced sounds vary by less than 20 dB.
_BELOW_VOICE_DB = 20.0

#: Anything quieter is not a voice, however loud the rest is: the noise of 12 bits.
_SILENCE_DB = -66.0
_ENERGY_FLOOR = 1e-10


class AudioChunk(NamedTuple):
    """A part of a recording, short enough for one call of a recognizer."""

    number: int  #: its position in the recording, from 0
    begin: float  #: its start, in seconds
    end: float  #: its end; without a pause, it lies after the start of the next chunk
    samples: Samples  #: float32, mono, 16 kHz; empty if there is only silence


def split_chunks(blocks: Iterable[Samples], seconds: float) -> Iterator[AudioChunk]:
    """Split a recording into chunks.

    Args:
        blocks: its samples, as ``audio.codec.read_mono_blocks`` yields them.
        seconds: the maximum length of a chunk.

    Raises:
        ClipError: the blocks raise it; the samples before it are in a last chunk.
    """
    max_samples = round(seconds * RATE_HZ)
    number = begin = size = 0
    # Blocks are joined only when a chunk is complete.
    pending: list[Samples] = []
    failure: ClipError | None = None
    try:
        for block in blocks:
            pending.append(block)
            size += block.size
            while size > max_samples:
                samples = np.concatenate(pending)
                end, next_begin = _find_cut(samples[:max_samples])
                yield _create_chunk(number, begin, samples[:end])
                # A copy: a view would keep all of the old samples.
                pending = [samples[next_begin:].copy()]
                del samples
                size -= next_begin
                number, begin = number + 1, begin + next_begin
    except ClipError as exc:
        failure = exc
    if size:
        yield _create_chunk(number, begin, np.concatenate(pending))
    if failure is not None:
        raise failure


def _create_chunk(number: int, begin: int, samples: Samples) -> AudioChunk:
    """A chunk that begins at a sample; without samples if it is silent."""
    end = begin + samples.size
    is_silent = not np.any(_frame_levels(samples) > _SILENCE_DB)
    # A copy: a view would keep the whole window.
    kept = samples[:0].copy() if is_silent else samples.copy()
    return AudioChunk(number, begin / RATE_HZ, end / RATE_HZ, kept)


def _find_cut(window: Samples) -> tuple[int, int]:
    """The end of a chunk, and the start of the next, in samples."""
    levels = _frame_levels(window)
    first = round(len(levels) * (1 - _SEARCH_SHARE))
    voice = float(np.percentile(levels, 90))
    quiet = levels[first:] <= max(voice - _BELOW_VOICE_DB, _SILENCE_DB)
    if (pause := _find_longest_pause(quiet)) is not None:
        middle = (first + sum(pause) / 2) * _FRAME_SAMPLES
        return int(middle), int(middle)
    overlap = min(round(_OVERLAP_SECONDS * RATE_HZ), window.size // 4)
    return window.size, window.size - overlap


def _find_longest_pause(quiet: NDArray[np.bool_]) -> tuple[int, int] | None:
    """The longest run of quiet frames, the last of several; None if all are too short."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    runs = [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
    longest = max(runs, key=lambda run: (run[1] - run[0], run), default=(0, 0))
    return longest if longest[1] - longest[0] >= _PAUSE_FRAMES else None


def _frame_levels(samples: Samples) -> NDArray[np.float32]:
    """The level of each frame, in dB of full scale."""
    frames = np.zeros(
        (max(1, -(-samples.size // _FRAME_SAMPLES)), _FRAME_SAMPLES), dtype=np.float32
    )
    frames.reshape(-1)[: samples.size] = samples
    energies = np.einsum("ij,ij->i", frames, frames) / _FRAME_SAMPLES
    levels: NDArray[np.float32] = 10 * np.log10(energies + _ENERGY_FLOOR)
    return levels


# Read the chunks of many recordings, some recordings at a time, when a worker is free.


class ChunkJob(NamedTuple):
    """A chunk of a recording."""

    recording: RecordingFile
    chunk: AudioChunk


async def read_chunks(
    recordings: Sequence[RecordingFile],
    *,
    at_once: int,
    chunk_seconds: float,
    on_end: Callable[[RecordingFile, int, str | None], None],
) -> AsyncIterator[ChunkJob]:
    """The chunks of all recordings, in turn from those that are open.

    Args:
        recordings: in the order in which they are opened.
        at_once: how many are open at once.
        chunk_seconds: the maximum length of a chunk.
        on_end: called when a recording has no more chunks, with their number, and with the reason
            if it ended early.
    """
    pending = deque(recordings)
    open_recordings: deque[tuple[RecordingFile, Iterator[AudioChunk], int]] = deque()
    while pending or open_recordings:
        while pending and len(open_recordings) < at_once:
            recording = pending.popleft()
            blocks = read_mono_blocks(recording.path, RATE_HZ)
            open_recordings.append((recording, split_chunks(blocks, chunk_seconds), 0))
        recording, parts, count = open_recordings.popleft()
        try:
            chunk = await to_thread.run_sync(partial(next, parts, None))
        except ClipError as exc:
            on_end(recording, count, str(exc))
            continue
        if chunk is None:
            on_end(recording, count, None)
        else:
            open_recordings.append((recording, parts, count + 1))
            yield ChunkJob(recording, chunk)
