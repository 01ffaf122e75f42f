"""Audio files read and written through libsndfile, whose write errors are made visible."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import soundfile

from tts_assets.audio import mp3
from tts_assets.audio.containers import playable, read_frames
from tts_assets.audio.formats import OPUS_KBPS
from tts_assets.audio.ogg import set_serial
from tts_assets.audio.waveform import BLOCK, Waveform, ahead, in_blocks, whole
from tts_assets.errors import ClipError
from tts_assets.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.model import Samples, Sound


class _WatchedFile:
    """A file as libsndfile uses it, which remembers the first error of writing.

    libsndfile calls it from C, where no exception passes: it would be printed, and lost.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell

    def write(self, data: bytes) -> int:
        try:
            if self.error is None:
                self._file.write(data)
        except OSError as exc:
            self.error = exc
        # Whoever is told less goes on all the same, or stops at an assertion.
        return len(data)


@contextmanager
def open_for_writing(file: BinaryIO) -> Iterator[_WatchedFile]:
    """A file to hand to libsndfile for writing.

    Raises:
        OSError: it could not be written.
    """
    told = _WatchedFile(file)
    yield told
    if told.error is not None:
        raise told.error


# Sounds to files and back: the one door to libsndfile.
LOSSLESS = frozenset({Format.FLAC, Format.WAV})
_CONTAINERS = {
    Format.OPUS: ("OGG", "OPUS"),
    Format.OGG: ("OGG", "VORBIS"),
    Format.FLAC: ("FLAC", "PCM_16"),
    Format.WAV: ("WAV", "PCM_16"),
}

# libsndfile draws a new number for every Ogg file; equal clips shall be equal bytes.
_SERIAL = 0x74747361

# libvorbis keeps what it is given at once on the stack, and dies of ten minutes.
_BLOCK = 1 << 14

# What libsndfile calls a length that the file does not tell is larger; no clip is longer.
_UNKNOWN_FRAMES = 1 << 40

# Frames that are read at once of such a file.
_READ = 1 << 18

# SFE_SEEK_FAILED of libsndfile 1.2.2.
_SEEK_FAILED = 39
_PCM_SCALE = 32_768

# What 32 bits can tell, less the headers.
_LARGEST_BYTES = (1 << 32) - (1 << 12)


def encode(wave: Waveform, sound: Sound, into: BinaryIO) -> None:
    """Store a sound; equal samples and settings give equal bytes.

    Args:
        wave: full scale at -1..1, at ``sound.rate_hz``.
        sound: settings that ``audio.formats.find_edit_problem`` finds nothing wrong with.
        into: a file open for reading and writing; what it holds is replaced.

    Raises:
        OSError: it cannot be written.
    """
    wave = ahead(wave)
    into.seek(0)
    into.truncate()
    if sound.format is Format.MP3:
        mp3.encode(wave, sound, into)
        return
    with open_for_writing(into) as file, writer(file, sound) as encoder:
        for block in in_blocks(wave.blocks(), _BLOCK):
            encoder.write(sixteen_bits(block) if sound.format in LOSSLESS else block)
            if file.error is not None:
                break
    if sound.format not in LOSSLESS:
        set_serial(into, _SERIAL)


def writer(file: Any, sound: Sound) -> soundfile.SoundFile:
    """What writes blocks of a sound to a file, in any format but MP3."""
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
    """What players will hear of a file that ``encode`` has written; in memory where it is short."""
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

    return ahead(Waveform(size=size, blocks=blocks))


class Sequential(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file read from its beginning to its end.

    soundfile seeks to where it is after each read, which makes MP3 lose the bits that frames have
    left to the next ones, and FLAC of unknown length fail at its end.
    """

    def seekable(self) -> bool:
        return False


def decode(data: bytes, *, may_be_cut: bool = False) -> tuple[Samples, int]:
    """Read a whole sound file from memory.

    Args:
        data: the file.
        may_be_cut: read the whole frames of an MP3 whose end is missing, too.

    Returns:
        Float32 samples of shape (n,), channels averaged, and samples per second.

    Raises:
        ClipError: the bytes are no sound file that libsndfile can read, or an MP3 that is not whole.
    """
    if frames := read_frames(io.BytesIO(data)):
        if frames.fault is not None and not may_be_cut:
            raise ClipError(f"the sound is not whole: {frames.fault}")
        data = playable(data, frames)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            samples, rate_hz = _all_of(file), file.samplerate
    except soundfile.SoundFileError as exc:
        raise ClipError(
            f"{len(data)} bytes that begin with {data[:8]!r} are no sound file of a known format"
            " (wav, flac, ogg, opus or mp3): check what the engine or server returned."
        ) from exc
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)
    return np.ascontiguousarray(mono, dtype=np.float32), int(rate_hz)


def _all_of(file: soundfile.SoundFile) -> NDArray[np.float32]:
    """Samples of shape (n, channels); a FLAC that was streamed does not tell how many it has."""
    if file.frames < _UNKNOWN_FRAMES:
        whole: NDArray[np.float32] = file.read(dtype="float32", always_2d=True)
        return whole
    blocks: list[NDArray[np.float32]] = []
    while not blocks or len(blocks[-1]) == _READ:
        block = np.full((_READ, file.channels), np.nan, dtype=np.float32)
        try:
            file.read(out=block)
        except soundfile.LibsndfileError as exc:
            # What is behind the last sample can be read no more, nor gone to.
            if exc.code != _SEEK_FAILED:
                raise
        blocks.append(block[~np.isnan(block[:, 0])])
    return np.concatenate(blocks)


def refuse_what_is_too_long(size: int, sound: Sound) -> None:
    """WAV tells its length in 32 bits, and so does LAME's tag.

    Raises:
        ClipError: a file with so many samples would be larger than its format can be.
    """
    match sound.format:
        case Format.WAV:
            data_bytes = 2 * size
        case Format.MP3:
            data_bytes = size * sound.bitrate_kbps * 125 // sound.rate_hz
        case _:
            return
    if data_bytes > _LARGEST_BYTES:
        raise ClipError(
            f"{size / sound.rate_hz / 3600:.1f} hours of sound are more than a file of the format"
            f" {sound.format} can hold, which is 4 GB: choose another format or a lower rate, or"
            " divide the text."
        )


def _compression(sound: Sound) -> float | None:
    """Turn a bit rate or quality into libsndfile's scale, where 0 is best; None for its default.

    libsndfile maps the scale to whole bit/s over Opus's range and cuts off fractions; half a bit
    more lands on the wanted number.
    """
    match sound.format:
        case Format.OPUS:
            least, most = OPUS_KBPS
            return max(0.0, (most - sound.bitrate_kbps - 0.0005) / (most - least))
        case Format.OGG:
            return 1.0 - sound.vorbis_quality
        case _:
            return None


def sixteen_bits(samples: Samples) -> NDArray[np.int16]:
    """Samples as whole numbers, shape (n,); libsndfile would wrap what exceeds full scale."""
    whole = np.rint(samples * _PCM_SCALE)
    return np.clip(whole, -_PCM_SCALE, _PCM_SCALE - 1).astype(np.int16)
