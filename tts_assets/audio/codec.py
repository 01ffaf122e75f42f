"""Samples to bytes and back: the one door to libsndfile."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from tts_assets.audio import mp3
from tts_assets.audio.ogg import with_serial
from tts_assets.domain import Format
from tts_assets.errors import ClipError
from tts_assets.formats import OPUS_KBPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tts_assets.domain import Samples, Sound

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


def encode(samples: Samples, sound: Sound) -> bytes:
    """Store a clip in memory; equal samples and settings give equal bytes.

    Args:
        samples: shape (n,), full scale at -1..1, at ``sound.rate_hz``.
        sound: settings that ``formats.problem_with`` finds nothing wrong with.
    """
    if sound.format is Format.MP3:
        return mp3.encode(samples, sound)
    prepared = _sixteen_bits(samples) if sound.format in LOSSLESS else samples
    container, subtype = _CONTAINERS[sound.format]
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        samplerate=sound.rate_hz,
        channels=1,
        format=container,
        subtype=subtype,
        compression_level=_compression(sound),
    ) as file:
        for start in range(0, prepared.size, _BLOCK):
            file.write(prepared[start : start + _BLOCK])
    data = buffer.getvalue()
    return with_serial(data, _SERIAL) if container == "OGG" else data


def decode(data: bytes) -> tuple[Samples, int]:
    """Read a whole sound file from memory.

    Returns:
        Float32 samples of shape (n,), channels averaged, and samples per second.

    Raises:
        ClipError: the bytes are no sound file that libsndfile can read.
    """
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


def _sixteen_bits(samples: Samples) -> NDArray[np.int16]:
    """Whole numbers; libsndfile would wrap what exceeds full scale."""
    whole = np.rint(samples * _PCM_SCALE)
    return np.clip(whole, -_PCM_SCALE, _PCM_SCALE - 1).astype(np.int16)
