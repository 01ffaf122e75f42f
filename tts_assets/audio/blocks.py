"""Read a sound file of any length block by block, in mono, at a given rate."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from tts_assets.audio.codec import UNKNOWN_FRAMES, Sequential, iter_frames
from tts_assets.errors import ClipError
from tts_assets.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tts_assets.model import Samples


#: Frames read at once.
_BLOCK = 1 << 17

#: The length of MP3 files without a tag is an estimate.
_SLACK_SECONDS = 1.0


def read_duration(path: Path) -> float | None:
    """The length of a file by its header; None if it lacks it.

    Raises:
        ClipError: it cannot be read, is not a sound file that libsndfile can read, or is empty.
    """
    with _open_sound(path) as file:
        if file.frames == 0:
            raise ClipError("it contains no sound: record it again, or leave it out")
        return None if file.frames >= UNKNOWN_FRAMES else file.frames / file.samplerate


def read_mono_blocks(path: Path, rate_hz: int) -> Iterator[Samples]:
    """The samples of a file in blocks of some seconds, channels averaged, resampled.

    Yields:
        Float32 samples of shape (n,); non-finite ones are replaced by silence.

    Raises:
        ClipError: as for ``read_duration``, or the file is damaged further on.
    """
    with _open_sound(path) as file:
        resampler = soxr.ResampleStream(file.samplerate, rate_hz, 1, dtype="float32")
        done = 0
        try:
            for block in iter_frames(file, _BLOCK):
                done += len(block)
                mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32), posinf=0.0, neginf=0.0)
                yield resampler.resample_chunk(mono)
        except soundfile.SoundFileError as exc:
            reason = str(exc).rpartition(": ")[2].split("\n", 1)[0].rstrip(".")[:100]
            raise ClipError(
                f"it cannot be read beyond {done / file.samplerate:,.1f} seconds "
                f"({reason}): copy or record it again"
            ) from exc
        yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
        missing = 0 if file.frames >= UNKNOWN_FRAMES else file.frames - done
        if missing > _SLACK_SECONDS * file.samplerate:
            raise ClipError(
                f"it is cut off after {done / file.samplerate:,.1f} of "
                f"{file.frames / file.samplerate:,.1f} seconds: copy or record it again"
            )


@contextmanager
def _open_sound(path: Path) -> Iterator[soundfile.SoundFile]:
    try:
        # Opened first for its OSError: libsndfile reports only "System error".
        with open_regular(path):
            pass
        file = Sequential(path)
    except OSError as exc:
        raise ClipError(f"it cannot be read: {exc.strerror or exc}") from exc
    # soundfile raises TypeError for a name that ends in .raw.
    except (soundfile.SoundFileError, TypeError) as exc:
        raise ClipError(
            "its audio format is unknown: convert it to wav, flac, ogg, opus or mp3"
        ) from exc
    with file:
        yield file
