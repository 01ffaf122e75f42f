"""A sound that is sent on while the rest of it is still being made, to where nothing can go back."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

import numpy as np

from tts_assets.audio import codec, mp3
from tts_assets.audio.level import level
from tts_assets.audio.render import find_ceiling_dbtp
from tts_assets.audio.waveform import whole
from tts_assets.model import Format

if TYPE_CHECKING:
    from types import TracebackType

    from tts_assets.model import Samples, Sound


# What the header of a WAV says whose length nobody knows yet: as much as it can.
_UNKNOWN_BYTES = 0xFFFF_FFFF
_WAV = "<4sI4s4sIHHIIHH4sI"
_PCM = 1


class _Encoder(Protocol):
    def write(self, samples: Samples) -> None: ...

    def close(self) -> None: ...


class Stream:
    """Segments sent on one after the other, each brought to the loudness by itself.

    What is wanted of the whole cannot be measured before its end. Used as a context manager: the
    end of the sound is written where the block ends well.
    """

    def __init__(self, sound: Sound, into: BinaryIO) -> None:
        """Begin with the lead.

        Args:
            sound: settings that ``audio.formats.find_edit_problem`` finds nothing wrong with.
            into: what is written to, front to back, and flushed after each segment.

        Raises:
            OSError: it cannot be written to.
        """
        self._sound = sound
        self._into = into
        self._frames = 0
        self._encoder = _encoder(sound, into)
        self._silence(sound.lead_ms)

    @property
    def seconds(self) -> float:
        """How long it sounds so far."""
        return self._frames / self._sound.rate_hz

    def write(self, samples: Samples, pause_ms: int) -> None:
        """Send a segment on, and the silence behind it.

        Args:
            samples: as ``audio.prepare.ready`` returned them.
            pause_ms: how long that silence is.

        Raises:
            OSError: it cannot be written to.
        """
        sound = self._sound
        ceiling = find_ceiling_dbtp(sound)
        levelled = level(whole(samples), sound.rate_hz, lufs=sound.lufs, peak_dbtp=ceiling)
        for block in levelled.wave.blocks():
            self._send(block)
        self._silence(pause_ms)
        self._into.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._silence(self._sound.trail_ms)
            self._encoder.close()
            self._into.flush()

    def _silence(self, ms: int) -> None:
        self._send(np.zeros(round(ms * self._sound.rate_hz / 1000), dtype=np.float32))

    def _send(self, samples: Samples) -> None:
        self._frames += samples.size
        self._encoder.write(samples)


def _encoder(sound: Sound, into: BinaryIO) -> _Encoder:
    match sound.format:
        case Format.MP3:
            return _Mp3(sound, into)
        case Format.WAV:
            return _Wav(sound, into)
        case _:
            return _Container(sound, into)


class _Mp3:
    """LAME's frames, without the tag that would tell how many there are."""

    def __init__(self, sound: Sound, into: BinaryIO) -> None:
        self._into = into
        self._lame = mp3.Encoder(sound)

    def write(self, samples: Samples) -> None:
        self._into.write(self._lame.encode(samples))

    def close(self) -> None:
        self._into.write(self._lame.flush())


class _Wav:
    """16-bit samples behind a header that leaves their number open."""

    def __init__(self, sound: Sound, into: BinaryIO) -> None:
        self._into = into
        rate = sound.rate_hz
        into.write(
            struct.pack(
                _WAV, b"RIFF", _UNKNOWN_BYTES, b"WAVE", b"fmt ", 16, _PCM, 1, rate, 2 * rate, 2, 16,
                b"data", _UNKNOWN_BYTES,
            )
        )  # fmt: skip

    def write(self, samples: Samples) -> None:
        self._into.write(codec.sixteen_bits(samples).astype("<i2", copy=False).tobytes())

    def close(self) -> None:
        """Nothing tells where it ends."""


class _Container:
    """What libsndfile writes, of which it can take nothing back."""

    def __init__(self, sound: Sound, into: BinaryIO) -> None:
        self._lossless = sound.format in codec.LOSSLESS
        self._tape = _Tape(into)
        self._file = codec.writer(self._tape, sound)

    def write(self, samples: Samples) -> None:
        self._file.write(codec.sixteen_bits(samples) if self._lossless else samples)
        self._tape.check()

    def close(self) -> None:
        self._file.close()
        self._tape.check()


class _Tape(io.RawIOBase):
    """A file that only goes on: what is written earlier than its end is left as it was."""

    def __init__(self, into: BinaryIO) -> None:
        super().__init__()
        self._into = into
        self._at = self._end = 0
        self._error: OSError | None = None

    def check(self) -> None:
        """Raise what went wrong: it is called from C, where no exception passes."""
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:  # type: ignore[override]
        new = bytes(data)[max(0, self._end - self._at) :]
        try:
            if self._error is None and new:
                self._into.write(new)
        except OSError as exc:
            self._error = exc
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        del size
        return b""
