"""Read and write audio files through libsndfile."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import soundfile
import soxr

from tts_assets.audio import mp3
from tts_assets.audio.containers import extract_frames, read_frames
from tts_assets.audio.formats import OPUS_KBPS
from tts_assets.audio.ogg import set_serial
from tts_assets.audio.waveform import BLOCK, Waveform, prefetch, regroup_blocks, whole
from tts_assets.errors import ClipError
from tts_assets.model import Format
from tts_assets.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tts_assets.model import Samples, Sound


class WatchedFile:
    """A file for libsndfile that stores its first exception, which the calling C code would lose."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell

    def write(self, data: bytes) -> int:
        try:
            if self._error is None:
                self._file.write(data)
        except OSError as exc:
            self._error = exc
        # After a smaller number, libsndfile continues, or an assertion fails.
        return len(data)

    def check(self) -> None:
        """Raise the first exception."""
        if self._error is not None:
            raise self._error


LOSSLESS = frozenset({Format.FLAC, Format.WAV})
_CONTAINERS = {
    Format.OPUS: ("OGG", "OPUS"),
    Format.OGG: ("OGG", "VORBIS"),
    Format.FLAC: ("FLAC", "PCM_16"),
    Format.WAV: ("WAV", "PCM_16"),
}

# Replaces libsndfile's random serial number, so that equal clips have equal bytes.
_SERIAL = 0x74747361

_BLOCK = 1 << 14  # libvorbis keeps each block on the stack; ten minutes would crash it

# If a file lacks its length, libsndfile reports a larger number; no recording is longer.
UNKNOWN_FRAMES = 1 << 40

_READ = 1 << 18  # the number of frames to read at once from such a file
_SEEK_FAILED = 39  # SFE_SEEK_FAILED of libsndfile 1.2.2
_PCM_SCALE = 32_768
_MAX_BYTES = (1 << 32) - (1 << 12)  # the limit of 32 bits, less the headers


def encode(wave: Waveform, sound: Sound, into: BinaryIO) -> None:
    """Store a sound; equal samples and settings give equal bytes.

    Args:
        wave: full scale at -1..1, at ``sound.rate_hz``.
        sound: settings that ``audio.formats.find_sound_problem`` accepts.
        into: a file open for reading and writing, which is overwritten.

    Raises:
        OSError: it cannot be written.
    """
    wave = prefetch(wave)
    into.seek(0)
    into.truncate()
    if sound.format is Format.MP3:
        mp3.encode(wave, sound, into)
        return
    file = WatchedFile(into)
    with open_writer(file, sound) as encoder:
        for block in regroup_blocks(wave.blocks(), _BLOCK):
            encoder.write(to_int16(block) if sound.format in LOSSLESS else block)
            file.check()
    file.check()
    if sound.format not in LOSSLESS:
        set_serial(into, _SERIAL)


def open_writer(file: Any, sound: Sound) -> soundfile.SoundFile:
    """Open a file for writing in any format but MP3."""
    container, subtype = _CONTAINERS[sound.format]
    return soundfile.SoundFile(
        file,
        "w",
        samplerate=sound.rate_hz,
        channels=1,
        format=container,
        subtype=subtype,
        compression_level=_compression(sound),
    )


def decode_encoded(file: BinaryIO) -> Waveform:
    """Decode a file that ``encode`` has written; short ones into memory."""
    file.seek(0)
    with Sequential(file) as opened:
        size = int(opened.frames)
        if size <= BLOCK:
            return whole(opened.read(size, dtype="float32"))

    def blocks() -> Iterator[Samples]:
        file.seek(0)
        with Sequential(file) as opened:
            for start in range(0, size, BLOCK):
                yield opened.read(min(BLOCK, size - start), dtype="float32")

    return prefetch(Waveform(size=size, blocks=blocks))


class Sequential(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file read from beginning to end without seeking.

    soundfile seeks to the current position after each read; MP3 then loses its bit reservoir, and FLAC
    of unknown length fails at its end.
    """

    def seekable(self) -> bool:
        return False


def decode(data: bytes, *, may_be_cut: bool = False) -> tuple[Samples, int]:
    """Decode an audio file in memory; ``may_be_cut`` accepts a truncated MP3.

    Returns:
        Float32 samples of shape (n,), channels averaged, and samples per second.

    Raises:
        ClipError: libsndfile cannot read the file, or an MP3 is incomplete.
    """
    if frames := read_frames(io.BytesIO(data)):
        if frames.fault is not None and not may_be_cut:
            raise ClipError(f"the audio is incomplete: {frames.fault}")
        data = extract_frames(data, frames)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            samples, rate_hz = _read_all(file), file.samplerate
    except soundfile.SoundFileError as exc:
        raise ClipError(
            f"{len(data)} bytes that begin with {data[:8]!r} have no known audio format "
            "(wav, flac, ogg, opus or mp3): check what the engine or server returned."
        ) from exc
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)
    return np.ascontiguousarray(mono, dtype=np.float32), int(rate_hz)


def _read_all(file: soundfile.SoundFile) -> NDArray[np.float32]:
    """Samples of shape (n, channels)."""
    if file.frames < UNKNOWN_FRAMES:
        samples: NDArray[np.float32] = file.read(dtype="float32", always_2d=True)
        return samples
    empty = np.empty((0, file.channels), dtype=np.float32)
    return np.concatenate([empty, *iter_frames(file, _READ)])


def iter_frames(file: soundfile.SoundFile, size: int) -> Iterator[NDArray[np.float32]]:
    """Blocks of shape (size or less, channels), also of a streamed FLAC, which lacks its length."""
    has_length = file.frames < UNKNOWN_FRAMES
    while True:
        block = np.empty((size, file.channels), dtype=np.float32)
        if not has_length:
            block.fill(np.nan)
        try:
            frames = file.read(out=block)
        except soundfile.LibsndfileError as exc:
            # The last read of a file without a length fails.
            if has_length or exc.code != _SEEK_FAILED:
                raise
            frames = block
        if not has_length:
            frames = frames[~np.isnan(frames[:, 0])]
        if len(frames):
            yield frames
        if len(frames) < size:
            return


def check_file_size(size: int, sound: Sound) -> None:
    """Raise ClipError if the length exceeds the 32 bits of WAV's header and LAME's tag."""
    match sound.format:
        case Format.WAV:
            data_bytes = 2 * size
        case Format.MP3:
            data_bytes = size * sound.bitrate_kbps * 125 // sound.rate_hz
        case _:
            return
    if data_bytes > _MAX_BYTES:
        raise ClipError(
            f"{size / sound.rate_hz / 3600:.1f} hours of audio exceed the 4 GB limit of the "
            f"format {sound.format}: choose another format or a lower rate, or split the "
            "text."
        )


def _compression(sound: Sound) -> float | None:
    """Convert a bit rate or quality to libsndfile's scale, where 0 is best; None for its default.

    libsndfile maps the scale to Opus's range and truncates to whole bit/s: add half a bit.
    """
    match sound.format:
        case Format.OPUS:
            least, most = OPUS_KBPS
            return max(0.0, (most - sound.bitrate_kbps - 0.0005) / (most - least))
        case Format.OGG:
            return 1.0 - sound.vorbis_quality
        case _:
            return None


def to_int16(samples: Samples) -> NDArray[np.int16]:
    """Samples as 16-bit integers, clipped; libsndfile would wrap around."""
    whole = np.rint(samples * _PCM_SCALE)
    return np.clip(whole, -_PCM_SCALE, _PCM_SCALE - 1).astype(np.int16)


# Files of any length, decoded in blocks, as mono at a given rate.

_FRAMES_AT_ONCE = 1 << 17  #: the number of frames to read at once
_SLACK_SECONDS = 1.0  #: the length of MP3 files without a tag is an estimate


def read_duration(path: Path) -> float | None:
    """The duration of a file by its header; None if the header lacks it.

    Raises:
        ClipError: it cannot be read, is in no format of libsndfile, or is empty.
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
            for block in iter_frames(file, _FRAMES_AT_ONCE):
                done += len(block)
                mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32), posinf=0.0, neginf=0.0)
                yield resampler.resample_chunk(mono)
        except soundfile.SoundFileError as exc:
            reason = str(exc).rpartition(": ")[2].split("\n", 1)[0].rstrip(".")[:100]
            # The error keeps this frame, and the library complains about what outlives it.
            del resampler
            raise ClipError(
                f"it cannot be read beyond {done / file.samplerate:,.1f} seconds "
                f"({reason}): copy or record it again"
            ) from exc
        yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
        del resampler
        missing = 0 if file.frames >= UNKNOWN_FRAMES else file.frames - done
        if missing > _SLACK_SECONDS * file.samplerate:
            raise ClipError(
                f"it is cut off after {done / file.samplerate:,.1f} of "
                f"{file.frames / file.samplerate:,.1f} seconds: copy or record it again"
            )


@contextmanager
def _open_sound(path: Path) -> Iterator[soundfile.SoundFile]:
    try:
        # Open it first, for the OSError: libsndfile reports only "System error".
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
