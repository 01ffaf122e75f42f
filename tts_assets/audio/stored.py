"""A sound file as it is stored: what its outside tells, and its samples block by block."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import soundfile

from tts_assets.audio.codec import Sequential
from tts_assets.errors import ClipError
from tts_assets.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.model import Samples

_FORMATS = {
    ("MP3", "MPEG_LAYER_III"): Format.MP3,
    ("OGG", "OPUS"): Format.OPUS,
    ("OGG", "VORBIS"): Format.OGG,
    ("FLAC", "PCM_16"): Format.FLAC,
    ("WAV", "PCM_16"): Format.WAV,
}


# Samples of all channels that are read at once.
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An open sound file.

    Args:
        format: its encoding; None for one that no asset has.
        kind: container and encoding, as libsndfile calls them.
        rate_hz: samples per second.
        channels: how many there are.
        file: what reads it.
    """

    format: Format | None
    kind: str
    rate_hz: int
    channels: int
    file: soundfile.SoundFile

    def blocks(self, size: int) -> Iterator[Samples]:
        """Its samples from where it is read to, channels averaged, so many at once; shape (n,).

        Raises:
            ClipError: it is damaged from here on.
        """
        try:
            while (block := self._next(size)).size:
                yield block
        except soundfile.SoundFileError as exc:
            raise _damage_error(exc) from exc

    def _next(self, size: int) -> Samples:
        """So many samples, or what is left; no more at once of many channels than of one."""
        parts: list[Samples] = []
        while size:
            asked = min(size, max(1, _AT_ONCE // self.channels))
            frames = self.file.read(asked, dtype="float32", always_2d=True)
            parts.append(frames[:, 0] if self.channels == 1 else frames.mean(axis=1))
            size = size - asked if len(frames) == asked else 0
        return np.concatenate(parts)


@contextmanager
def open_stored(file: BinaryIO) -> Iterator[Stored]:
    """Open a sound file, with its samples still to be read.

    Raises:
        ClipError: it is no sound file that libsndfile can read.
    """
    try:
        sound = Sequential(file)
    except (soundfile.SoundFileError, OSError) as exc:
        raise _damage_error(exc) from exc
    with sound:
        yield Stored(
            format=_FORMATS.get((sound.format, sound.subtype)),
            kind=f"{sound.format} {sound.subtype}".lower().replace("_", " "),
            rate_hz=sound.samplerate,
            channels=sound.channels,
            file=sound,
        )


def _damage_error(exc: Exception) -> ClipError:
    return ClipError(f"libsndfile cannot read it: {getattr(exc, 'error_string', exc)}")
