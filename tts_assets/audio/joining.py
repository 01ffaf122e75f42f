"""Concatenate prepared segments into one asset, or stream them; read stored files."""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self

import numpy as np
import soundfile

from tts_assets.audio import codec, mp3
from tts_assets.audio.codec import Sequential
from tts_assets.audio.level import compute_gated_lufs, level, measure_audible_powers
from tts_assets.audio.prepare import compute_silences
from tts_assets.audio.render import find_ceiling_dbtp, render
from tts_assets.audio.waveform import Waveform, regroup_blocks, whole
from tts_assets.errors import ClipError
from tts_assets.model import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tts_assets.model import Samples, Sound


# The level below which ``trim`` cuts silence, for a segment whose peak is near 1.
_AUDIBLE = 10.0 ** (-50.0 / 20.0)


class Joint(NamedTuple):
    """A segment to concatenate."""

    #: Loads the samples that ``audio.prepare.prepare_speech`` returned; called several times.
    read: Callable[[], Samples]
    frames: int  #: the number of samples
    level: float  #: the level that ``audio.prepare.prepare_speech`` returned
    voice: str  #: the speaker; segments of one voice are levelled together
    pause_ms: int = 0  #: the silence after it


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedSound:
    """The measurements of a joined file, as in Recording, and the times of its segments."""

    seconds: float  #: its length
    lufs: float  #: its integrated loudness
    peak_dbtp: float  #: its true peak
    #: Start and end of the audible part of each segment, in seconds.
    spans: tuple[tuple[float, float], ...]
    #: The start of the samples of each segment, shortly before its audible part.
    starts: tuple[float, ...]


def join_segments(joints: Sequence[Joint], sound: Sound, into: BinaryIO) -> JoinedSound:
    """Concatenate segments, level them as one and encode them; equal input gives equal bytes.

    Several voices are first brought to equal loudness. Loudness and true peak are those of the whole
    decoded file, as in :func:`tts_assets.audio.render.finish`, which gives the same bytes for a single
    segment. The memory use does not depend on the length.

    Args:
        joints: the segments in order.
        sound: settings that ``audio.formats.find_sound_problem`` accepts.
        into: a file open for reading and writing, which is overwritten.

    Raises:
        ClipError: there are no segments, one is silent, not finite or of the wrong length, nothing
            audible is left, or the format cannot hold so much.
        OSError: a file cannot be read or written.
    """
    if not joints:
        raise ClipError(
            "There is no segment to join: the text may contain nothing that can be spoken."
        )
    gains, margins = _compute_gains(joints, sound.rate_hz)
    gaps = _compute_gaps(joints, margins, sound.rate_hz)
    lengths = [joint.frames + gap for joint, gap in zip(joints, gaps, strict=True)]
    size = sum(lengths)
    lead, trail = compute_silences(
        size, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms
    )
    places = list(accumulate(lengths[:-1], initial=lead))

    def blocks() -> Iterator[Samples]:
        yield np.zeros(lead, dtype=np.float32)
        for joint, gap, gain in zip(joints, gaps, gains, strict=True):
            yield joint.read() * gain
            yield np.zeros(gap, dtype=np.float32)
        yield np.zeros(trail, dtype=np.float32)

    wave = Waveform(size=lead + size + trail, blocks=blocks)
    measured = render(wave, sound, into)
    return JoinedSound(
        seconds=round(wave.size / sound.rate_hz, 3),
        lufs=measured.lufs,
        peak_dbtp=measured.peak_dbtp,
        spans=tuple(
            ((place + before) / sound.rate_hz, (place + joint.frames - after) / sound.rate_hz)
            for place, joint, (before, after) in zip(places, joints, margins, strict=True)
        ),
        starts=tuple(place / sound.rate_hz for place in places),
    )


def _measure_margins(samples: Samples) -> tuple[int, int]:
    """The silent samples that ``trim`` left at both ends; they count as part of the pauses."""
    (loud,) = np.nonzero(np.abs(samples) > _AUDIBLE)
    return (int(loud[0]), samples.size - 1 - int(loud[-1])) if loud.size else (0, 0)


def _compute_gaps(
    joints: Sequence[Joint], margins: Sequence[tuple[int, int]], rate_hz: int
) -> list[int]:
    """The silence to insert after each segment for the requested pauses."""
    following = [*(before for before, _ in margins[1:]), 0]
    return [
        max(0, round(joint.pause_ms * rate_hz / 1000) - after - next_before)
        if joint.pause_ms
        else 0
        for joint, (_, after), next_before in zip(joints, margins, following, strict=True)
    ]


def _compute_gains(
    joints: Sequence[Joint], rate_hz: int
) -> tuple[list[np.float32], list[tuple[int, int]]]:
    """The gain of each segment that makes all voices equally loud, and its margins.

    Segments of one voice keep their relative levels. The softest voice keeps a peak of 1, so that no
    other exceeds it.
    """
    tops: dict[str, float] = {}
    for joint in joints:
        tops[joint.voice] = max(joint.level, tops.get(joint.voice, 0.0))
    powers: dict[str, list[NDArray[np.float64]]] = {voice: [] for voice in tops}
    margins = []
    for number, joint in enumerate(joints, start=1):
        samples = _check_samples(joint, f"Segment {number} of {len(joints)}")
        margins.append(_measure_margins(samples))
        if len(tops) > 1:
            gain = np.float32(joint.level / tops[joint.voice])
            powers[joint.voice].append(measure_audible_powers(whole(samples * gain), rate_hz))
    balance_db = _balance_db(powers)
    gains = [
        np.float32(joint.level / tops[joint.voice] * 10.0 ** (balance_db[joint.voice] / 20.0))
        for joint in joints
    ]
    return gains, margins


def _balance_db(powers: dict[str, list[NDArray[np.float64]]]) -> dict[str, float]:
    """The gain of each voice, from the powers of its blocks; 0 for a single voice."""
    if len(powers) == 1:
        return dict.fromkeys(powers, 0.0)
    lufs = {voice: compute_gated_lufs(np.concatenate(some)) for voice, some in powers.items()}
    # A voice below the absolute gate has no loudness.
    least = min((value for value in lufs.values() if value > -np.inf), default=0.0)
    # Round, so that noise in the last bits of a measurement does not change the samples.
    return {
        voice: round(least - value, 2) if value > -np.inf else 0.0 for voice, value in lufs.items()
    }


def _check_samples(joint: Joint, name: str) -> Samples:
    samples = joint.read()
    if samples.shape != (joint.frames,):
        raise ClipError(
            f"{name} has samples of shape {samples.shape} instead of {joint.frames}: its "
            "file is damaged, so delete it and run again."
        )
    peak = float(np.abs(samples).max(initial=0.0))
    if not 0.0 < peak < np.inf:
        raise ClipError(
            f"{name} is unusable, because its samples reach {peak:g} times full scale: its "
            "file is damaged, so delete it and run again."
        )
    return samples


_FORMATS = {
    ("MP3", "MPEG_LAYER_III"): Format.MP3,
    ("OGG", "OPUS"): Format.OPUS,
    ("OGG", "VORBIS"): Format.OGG,
    ("FLAC", "PCM_16"): Format.FLAC,
    ("WAV", "PCM_16"): Format.WAV,
}

_AT_ONCE = 1 << 20  # the number of samples of all channels to read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An open sound file."""

    format: Format | None  #: its encoding; None if it is not a format of assets
    kind: str  #: container and encoding, in libsndfile's names
    rate_hz: int  #: samples per second
    channels: int  #: the number of channels
    file: soundfile.SoundFile  #: the open file

    def blocks(self, size: int) -> Iterator[Samples]:
        """Its samples in blocks, channels averaged; raises ClipError if damaged."""
        frames = codec.iter_frames(self.file, max(1, min(size, _AT_ONCE // self.channels)))
        mono = (each[:, 0] if self.channels == 1 else each.mean(axis=1) for each in frames)
        try:
            yield from regroup_blocks(mono, size)
        except soundfile.SoundFileError as exc:
            raise _damage_error(exc) from exc


@contextmanager
def open_stored(file: BinaryIO) -> Iterator[Stored]:
    """Open a sound file; raises ClipError if libsndfile cannot read it."""
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
    reason = str(getattr(exc, "error_string", exc)).rstrip(".")
    return ClipError(f"libsndfile cannot read it: {reason}")


_UNKNOWN_BYTES = 0xFFFF_FFFF  #: the length in the header of a WAV file that is still being written
_WAV = "<4sI4s4sIHHIIHH4sI"
_PCM = 1


class Stream:
    """Writes segments to a sink that cannot seek, each levelled separately.

    The loudness of the whole is unknown before the end. As a context manager, it writes the end of
    the file if the block succeeds.
    """

    def __init__(self, sound: Sound, into: BinaryIO) -> None:
        """Write the lead.

        Args:
            sound: settings that ``audio.formats.find_sound_problem`` accepts.
            into: written front to back, and flushed after each segment.

        Raises:
            OSError: it cannot be written to.
        """
        self._sound = sound
        self._into = into
        self._frames = 0
        self._encode, self._close = _open_encoder(sound, into)
        self._write_silence(sound.lead_ms)

    @property
    def seconds(self) -> float:
        """The length written so far."""
        return self._frames / self._sound.rate_hz

    def write(self, samples: Samples, pause_ms: int) -> None:
        """Write a segment, as ``audio.prepare.prepare_speech`` returned it, and the silence after it.

        Raises:
            OSError: it cannot be written to.
        """
        sound = self._sound
        ceiling = find_ceiling_dbtp(sound)
        levelled = level(whole(samples), sound.rate_hz, lufs=sound.lufs, peak_dbtp=ceiling)
        for block in levelled.wave.blocks():
            self._write(block)
        self._write_silence(pause_ms)
        self._into.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write_silence(self._sound.trail_ms)
            self._close()
            self._into.flush()

    def _write_silence(self, ms: int) -> None:
        self._write(np.zeros(round(ms * self._sound.rate_hz / 1000), dtype=np.float32))

    def _write(self, samples: Samples) -> None:
        self._frames += samples.size
        self._encode(samples)


def _open_encoder(
    sound: Sound, into: BinaryIO
) -> tuple[Callable[[Samples], object], Callable[[], object]]:
    """Return functions that write samples and end the file."""
    match sound.format:
        case Format.MP3:
            # Omit LAME's tag, as the number of frames is unknown.
            lame = mp3.Encoder(sound)
            return lambda samples: into.write(lame.encode(samples)), lambda: into.write(
                lame.flush()
            )
        case Format.WAV:
            into.write(_create_wav_header(sound.rate_hz))
            return lambda samples: into.write(_to_pcm(samples)), lambda: None
        case _:
            return _open_container(sound, into)


def _to_pcm(samples: Samples) -> bytes:
    return codec.to_int16(samples).astype("<i2", copy=False).tobytes()


def _create_wav_header(rate_hz: int) -> bytes:
    return struct.pack(
        _WAV, b"RIFF", _UNKNOWN_BYTES, b"WAVE", b"fmt ", 16, _PCM, 1, rate_hz, 2 * rate_hz, 2, 16,
        b"data", _UNKNOWN_BYTES,
    )  # fmt: skip


def _open_container(
    sound: Sound, into: BinaryIO
) -> tuple[Callable[[Samples], object], Callable[[], object]]:
    output = codec.WatchedFile(into)
    file = codec.open_writer(_AppendOnlyFile(output), sound)

    def write(samples: Samples) -> None:
        file.write(codec.to_int16(samples) if sound.format in codec.LOSSLESS else samples)
        output.check()

    def close() -> None:
        file.close()
        output.check()

    return write, close


class _AppendOnlyFile(io.RawIOBase):
    """Ignores writes of libsndfile before the end, such as a corrected header."""

    def __init__(self, into: codec.WatchedFile) -> None:
        super().__init__()
        self._into = into
        self._at = self._end = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if new := bytes(data)[max(0, self._end - self._at) :]:
            self._into.write(new)
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
