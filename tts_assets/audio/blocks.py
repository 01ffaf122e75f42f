"""A sound file of any length, read block by block: mono, at the rate that is asked for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from tts_assets.audio.codec import Sequential
from tts_assets.errors import ClipError
from tts_assets.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tts_assets.model import Samples


#: Frames that are read at once.
_BLOCK = 1 << 17

# What libsndfile calls a length that the file does not tell is larger; no recording is longer.
_UNKNOWN_FRAMES = 1 << 40

# SFE_SEEK_FAILED of libsndfile 1.2.2.
_SEEK_FAILED = 39

#: MP3 files without a tag tell their length only roughly.
_SLACK_SECONDS = 1.0


def seconds_of(path: Path) -> float | None:
    """How long a file sounds, by its header; None where it does not tell.

    Raises:
        ClipError: it cannot be read, is no sound file that libsndfile can read, or has no sound.
    """
    with _open_sound(path) as file:
        if file.frames == 0:
            raise ClipError("it has 0 seconds of sound: record it again, or leave it out")
        return None if file.frames >= _UNKNOWN_FRAMES else file.frames / file.samplerate


def mono_blocks(path: Path, rate_hz: int) -> Iterator[Samples]:
    """The samples of a file in blocks of some seconds, channels averaged, at another rate.

    Yields:
        Float32 samples of shape (n,); what is not finite is silence.

    Raises:
        ClipError: as for ``seconds_of``, or the file is damaged behind what was yielded.
    """
    with _open_sound(path) as file:
        resampler = soxr.ResampleStream(file.samplerate, rate_hz, 1, dtype="float32")
        told = None if file.frames >= _UNKNOWN_FRAMES else file.frames
        done = 0
        for block in _frames(file):
            done += len(block)
            mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32), posinf=0.0, neginf=0.0)
            yield resampler.resample_chunk(mono)
        yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
        if told is not None and told - done > _SLACK_SECONDS * file.samplerate:
            raise ClipError(
                f"it is cut off after {done / file.samplerate:,.1f} of "
                f"{told / file.samplerate:,.1f} seconds: copy or record it again"
            )


def _frames(file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """Blocks of shape (n, channels), until the end; a FLAC that was streamed tells none."""
    is_told = file.frames < _UNKNOWN_FRAMES
    done = 0
    while True:
        block = np.full((_BLOCK, file.channels), np.nan, dtype=np.float32)
        try:
            read = file.read(out=block)
        except soundfile.SoundFileError as exc:
            # What is behind the last sample can be read no more, nor gone to.
            if is_told or getattr(exc, "code", None) != _SEEK_FAILED:
                raise ClipError(
                    f"it cannot be read beyond {done / file.samplerate:,.1f} seconds "
                    f"({_brief(exc)}): copy or record it again"
                ) from exc
            read = block
        if not is_told:
            read = read[~np.isnan(read[:, 0])]
        done += len(read)
        if len(read):
            yield read
        if len(read) < _BLOCK:
            return


@contextmanager
def _open_sound(path: Path) -> Iterator[soundfile.SoundFile]:
    try:
        # libsndfile would say no more than that the system had an error.
        with open_regular(path):
            pass
        file = Sequential(path)
    except OSError as exc:
        raise ClipError(f"it cannot be read: {exc.strerror or exc}") from exc
    # Of a name that ends in .raw, soundfile wants to be told more.
    except (soundfile.SoundFileError, TypeError) as exc:
        raise ClipError(
            "it is no sound file of a known format, such as wav, flac, ogg, opus or mp3: convert "
            "it to one of them"
        ) from exc
    with file:
        yield file


def _brief(error: Exception) -> str:
    """What libsndfile says, without the path."""
    return str(error).rpartition(": ")[2].split("\n", 1)[0].rstrip(".")[:100]
