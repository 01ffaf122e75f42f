"""MP3 files: LAME's frames after a tag with the start and end of the clip."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tts_assets.audio.containers import Crc16, checksum
from tts_assets.audio.formats import compute_mp3_frame_bytes
from tts_assets.audio.waveform import Waveform, regroup_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.model import Samples, Sound


# LAME's default, and libsndfile's: noise shaping and the best Huffman tables. 2 takes twice the
# time and makes speech 3 dB noisier; 5 to 9 omit the tables, 7 to 9 the noise shaping, too.
_QUALITY = 3

# LAME attenuates its input by a factor from its table of bit rates (3.100, presets.c).
_LAME_SCALE = 0.95
_LAME_SCALES = {192: 0.97, 224: 0.98, 256: 1.0, 320: 1.0}
_INT16_MAX = 32_767

_ROUNDING = 1.0001  # an upper bound of the rounding error of a peak in single precision
_BLOCK = 1 << 16

# Samples that LAME inserts before the clip, and those that any decoder adds.
_ENCODER_DELAY = 576
_DECODER_DELAY = 529

# The tag of LAME since 3.90, without its checksum: "Info", the flags of all four fields (frames,
# bytes, table, quality), the encoder, method, bit rate, delays, bytes, checksum of the frames. Some
# players expect the delays at this offset, whatever the flags are.
_TAG = ">4s 3I 100s 4x 9s B 10x B 3s 4x I H"
_TAG_BYTES = struct.calcsize(_TAG) + 2
_TAG_FIELDS = 0b1111
_SEEK_TABLE = bytes(percent * 256 // 100 for percent in range(100))
_CONSTANT_BIT_RATE = 1
_PADDING_BIT = 0x02


def encode(wave: Waveform, sound: Sound, into: BinaryIO) -> None:
    """Store a sound at a constant bit rate; equal samples and settings give equal bytes.

    A sound beyond full scale is attenuated instead of clipped.

    Args:
        wave: full scale at -1..1, at ``sound.rate_hz``.
        sound: settings that ``audio.formats.find_sound_problem`` accepts.
        into: an empty file, open for reading and writing.
    """
    gain = _gain(wave, sound.bitrate_kbps)
    frame_bytes = compute_mp3_frame_bytes(sound.rate_hz, sound.bitrate_kbps)
    if frame_bytes < _compute_side_end(sound) + _TAG_BYTES:
        # The tag, which is a frame itself, does not fit.
        into.writelines(_frames(_cut_encoder_delay(wave), gain, sound))
        return
    # The tag describes the frames after it, so it is written last.
    into.write(bytes(frame_bytes))
    crc = Crc16()
    for frames in _frames(wave.blocks(), gain, sound):
        crc.add(frames)
        into.write(frames)
    tag = _build_tag(into, crc.value(), wave.size, sound)
    into.seek(0)
    into.write(tag)


class Encoder:
    """LAME for one sound; `gain` converts full scale 1 to 16 bits."""

    def __init__(self, sound: Sound, gain: np.float32 | None = None) -> None:
        import lameenc  # noqa: PLC0415 - native, and not needed for other formats

        self._gain = np.float32(_full_scale(sound.bitrate_kbps)) if gain is None else gain
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(1)
        self._lame.set_in_sample_rate(sound.rate_hz)
        self._lame.set_out_sample_rate(sound.rate_hz)
        self._lame.set_bit_rate(sound.bitrate_kbps)
        self._lame.set_quality(_QUALITY)
        # The first call initialises the encoder.
        self._lame.encode(b"")

    def encode(self, samples: Samples) -> bytes:
        """The frames completed by these samples, clipped at full scale."""
        whole = np.clip(np.rint(samples * self._gain), -_INT16_MAX - 1, _INT16_MAX)
        return bytes(self._lame.encode(whole.astype(np.int16).tobytes()))

    def flush(self) -> bytes:
        return bytes(self._lame.flush())


def _frames(blocks: Iterator[Samples], gain: np.float32, sound: Sound) -> Iterator[bytes]:
    encoder = Encoder(sound, gain)
    for block in regroup_blocks(blocks, _BLOCK):
        yield encoder.encode(block)
    yield encoder.flush()


def _gain(wave: Waveform, kbps: int) -> np.float32:
    """The gain from full scale 1 to 16 bits that undoes LAME's factor as far as the peak allows."""
    gain = _full_scale(kbps)
    if wave.most * gain * _ROUNDING <= _INT16_MAX:
        return np.float32(gain)
    peak = max(
        (max(block.max(), -block.min()) for block in regroup_blocks(wave.blocks())), default=0.0
    )
    return np.float32(min(gain, _INT16_MAX / peak) if peak else gain)


def _full_scale(kbps: int) -> float:
    return (_INT16_MAX + 1) / _LAME_SCALES.get(kbps, _LAME_SCALE)


def _compute_side_end(sound: Sound) -> int:
    """The end of header and side information of a mono frame (ISO/IEC 11172-3, 13818-3)."""
    return 4 + (17 if sound.rate_hz >= 32_000 else 9)


def _cut_encoder_delay(wave: Waveform) -> Iterator[Samples]:
    """Cut the encoder delay from leading silence, as players skip it only with a tag."""
    delay = _ENCODER_DELAY + _DECODER_DELAY
    for place, block in enumerate(regroup_blocks(wave.blocks())):
        if place:
            yield block
            continue
        (sounding,) = np.nonzero(block[:delay])
        yield block[int(sounding[0]) if sounding.size else delay :]


def _build_tag(file: BinaryIO, frames_checksum: int, size: int, sound: Sound) -> bytes:
    """The first frame, silence with LAME's tag; optional fields are 0.

    The file has a gap for it before the frames, and is positioned at the end; ``size`` is in samples.
    """
    length = file.tell()
    frame_bytes = compute_mp3_frame_bytes(sound.rate_hz, sound.bitrate_kbps)
    frame_samples = 1152 if sound.rate_hz >= 32_000 else 576
    bits = (length - frame_bytes) * 8
    count = round(bits * sound.rate_hz / (frame_samples * sound.bitrate_kbps * 1000))
    padding = count * frame_samples - _ENCODER_DELAY - size
    file.seek(frame_bytes)
    header = bytearray(file.read(4))
    header[3] &= ~_PADDING_BIT
    fields = struct.pack(
        _TAG,
        b"Info",
        _TAG_FIELDS,
        count,
        length,
        _SEEK_TABLE,
        b"LAME",
        _CONSTANT_BIT_RATE,
        min(sound.bitrate_kbps, 255),
        (_ENCODER_DELAY << 12 | padding).to_bytes(3, "big"),
        length,
        frames_checksum,
    )
    tag = header.ljust(_compute_side_end(sound), b"\0") + fields
    return bytes(tag + checksum(tag).to_bytes(2, "big")).ljust(frame_bytes, b"\0")
