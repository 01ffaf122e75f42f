"""Finished segments joined to one asset, or streamed in order, block by block."""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, Self

import numpy as np
import soundfile

from tts_assets.audio import codec, mp3
from tts_assets.audio.codec import Sequential
from tts_assets.audio.level import audible_powers, compute_gated_lufs, level
from tts_assets.audio.prepare import silences
from tts_assets.audio.render import find_ceiling_dbtp, render
from tts_assets.audio.waveform import Waveform, whole
from tts_assets.errors import ClipError
from tts_assets.model import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from numpy.typing import NDArray

    from tts_assets.model import Samples, Sound


# As silent as ``trim`` takes for silence, of a segment whose peak is near 1.
_HEARD = 10.0 ** (-50.0 / 20.0)


class Joint(NamedTuple):
    """A segment in its place.

    Args:
        read: loads its samples as ``audio.prepare.ready`` returned them; called a few times.
        frames: how many samples it has.
        level: as ``audio.prepare.ready`` returned it.
        voice: who speaks; segments of one voice are brought to their level together.
        pause_ms: the silence behind it.
    """

    read: Callable[[], Samples]
    frames: int
    level: float
    voice: str
    pause_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedSound:
    """What became of segments: the asset's figures, as in Recording, and where each is heard.

    Args:
        seconds: its length.
        lufs: its integrated loudness.
        peak_dbtp: its true peak.
        spans: of each segment where its sound begins and ends, in seconds from the beginning.
        starts: of each segment where its samples begin, a little before its sound does.
    """

    seconds: float
    lufs: float
    peak_dbtp: float
    spans: tuple[tuple[float, float], ...]
    starts: tuple[float, ...]


def join(joints: Sequence[Joint], sound: Sound, into: BinaryIO) -> JoinedSound:
    """Put segments in a row, level them as one and encode them; equal input gives equal bytes.

    Where several voices speak, each is first brought to the loudness of the others. Loudness and
    true peak hold for the whole file as players decode it, as in :func:`tts_assets.audio.finish`,
    which makes the same bytes of a single segment. Memory does not grow with the length.

    Args:
        joints: the segments in their order.
        sound: settings that ``audio.formats.find_edit_problem`` finds nothing wrong with.
        into: a file open for reading and writing; what it holds is replaced.

    Raises:
        ClipError: there are no segments, one of them is silent, not finite or of another length
            than it should be, nothing audible is left, or the format cannot hold so much.
        OSError: a file cannot be read or written.
    """
    if not joints:
        raise ClipError("There is no segment to join: the text may hold nothing that can be said.")
    gains, margins = _gains(joints, sound.rate_hz)
    gaps = _gaps(joints, margins, sound.rate_hz)
    places = _places(joints, gaps, sound)
    wave = _row(joints, places, gaps, gains, sound)
    found = render(wave, sound, into)
    return JoinedSound(
        seconds=round(wave.size / sound.rate_hz, 3),
        lufs=found.lufs,
        peak_dbtp=found.peak_dbtp,
        spans=tuple(
            ((place + before) / sound.rate_hz, (place + joint.frames - behind) / sound.rate_hz)
            for place, joint, (before, behind) in zip(places, joints, margins, strict=True)
        ),
        starts=tuple(place / sound.rate_hz for place in places),
    )


class _Margins(NamedTuple):
    """Samples at both ends of a segment in which nothing is heard."""

    before: int
    behind: int


def _margins(samples: Samples) -> _Margins:
    """What ``trim`` left of the silence; it is part of the pauses."""
    (loud,) = np.nonzero(np.abs(samples) > _HEARD)
    if not loud.size:
        return _Margins(0, 0)
    return _Margins(int(loud[0]), samples.size - 1 - int(loud[-1]))


def _gaps(joints: Sequence[Joint], margins: Sequence[_Margins], rate_hz: int) -> list[int]:
    """The silence to put behind each segment, so that nothing is heard for as long as is asked."""
    after = [*(each.before for each in margins[1:]), 0]
    return [
        max(0, round(joint.pause_ms * rate_hz / 1000) - own.behind - next_before)
        if joint.pause_ms
        else 0
        for joint, own, next_before in zip(joints, margins, after, strict=True)
    ]


def _places(joints: Sequence[Joint], gaps: Sequence[int], sound: Sound) -> list[int]:
    """Where each segment begins, in samples."""
    places = []
    place, _ = silences(0, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=0)
    for joint, gap in zip(joints, gaps, strict=True):
        places.append(place)
        place += joint.frames + gap
    return places


def _row(
    joints: Sequence[Joint],
    places: Sequence[int],
    gaps: Sequence[int],
    gains: Sequence[np.float32],
    sound: Sound,
) -> Waveform:
    """All segments with the silence around and between them."""
    size = places[-1] - places[0] + joints[-1].frames + gaps[-1]
    lead, trail = silences(size, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms)

    def blocks() -> Iterator[Samples]:
        yield np.zeros(lead, dtype=np.float32)
        for joint, gap, gain in zip(joints, gaps, gains, strict=True):
            yield joint.read() * gain
            yield np.zeros(gap, dtype=np.float32)
        yield np.zeros(trail, dtype=np.float32)

    return Waveform(size=lead + size + trail, blocks=blocks)


def _gains(joints: Sequence[Joint], rate_hz: int) -> tuple[list[np.float32], list[_Margins]]:
    """What each segment is multiplied with, so that all voices are equally loud; and its margins.

    Within a voice segments keep the levels at which the engine spoke them. The voice that is the
    softest for its peak stays at a peak of 1, so that no other rises above it.
    """
    tops: dict[str, float] = {}
    for joint in joints:
        tops[joint.voice] = max(joint.level, tops.get(joint.voice, 0.0))
    powers: dict[str, list[NDArray[np.float64]]] = {voice: [] for voice in tops}
    margins: list[_Margins] = []
    for number, joint in enumerate(joints, start=1):
        samples = _check_samples(joint, f"Segment {number} of {len(joints)}")
        margins.append(_margins(samples))
        if len(tops) > 1:
            gain = np.float32(joint.level / tops[joint.voice])
            powers[joint.voice].append(audible_powers(whole(samples * gain), rate_hz))
    evening_db = _balance_db(powers)
    gains = [
        np.float32(joint.level / tops[joint.voice] * 10.0 ** (evening_db[joint.voice] / 20.0))
        for joint in joints
    ]
    return gains, margins


def _balance_db(powers: dict[str, list[NDArray[np.float64]]]) -> dict[str, float]:
    """Gain of each voice, from the powers of its blocks; 0 for one alone."""
    if len(powers) == 1:
        return dict.fromkeys(powers, 0.0)
    lufs = {voice: compute_gated_lufs(np.concatenate(some)) for voice, some in powers.items()}
    # A hum below what can be heard has no loudness that could be evened.
    least = min((value for value in lufs.values() if value > -np.inf), default=0.0)
    # Noise in the last bits of a measurement must not reach the samples.
    return {
        voice: round(least - value, 2) if value > -np.inf else 0.0 for voice, value in lufs.items()
    }


def _check_samples(joint: Joint, name: str) -> Samples:
    """The samples of a segment, if they are those that it should have."""
    samples = joint.read()
    if samples.shape != (joint.frames,):
        raise ClipError(
            f"{name} has samples of shape {samples.shape} where {joint.frames} were made: its file"
            " is damaged, so delete it and run again."
        )
    peak = float(np.abs(samples).max(initial=0.0))
    if not 0.0 < peak < np.inf:
        raise ClipError(
            f"{name} cannot be heard, as its samples reach {peak:g} times full scale: its file is"
            " damaged, so delete it and run again."
        )
    return samples


# A sound file as it is stored: what its outside tells, and its samples block by block.
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


# A sound that is sent on while the rest of it is still being made, to where nothing can go back.


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
