"""MP3 files: LAME's frames behind the tag that tells players where the clip begins and ends."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.formats import mp3_frame_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tts_assets.domain import Samples, Sound

# LAME's default, and libsndfile's: noise shaping and the best Huffman tables. 2 takes twice the
# time and leaves speech 3 dB noisier; 5 to 9 leave out the tables, 7 to 9 the noise shaping too.
_QUALITY = 3

# LAME turns down whatever it encodes, by a factor of its table of bit rates (3.100, presets.c).
_LAME_SCALE = 0.95
_LAME_SCALES = {192: 0.97, 224: 0.98, 256: 1.0, 320: 1.0}

_LARGEST = 32_767
_BLOCK = 1 << 16

# Samples that LAME puts before the clip, and those that any decoder adds.
_ENCODER_DELAY = 576
_DECODER_DELAY = 529

# The tag as LAME has written it since 3.90, without its checksum: "Info", which fields there are
# (all four: frames, bytes, table, quality), the encoder, method, bit rate, delays, bytes, checksum
# of the frames. Some players look for the delays at this place only, whatever fields there are.
_TAG = ">4s 3I 100s 4x 9s B 10x B 3s 4x I H"
_TAG_BYTES = struct.calcsize(_TAG) + 2
_TAG_FIELDS = 0b1111
_SEEK_TABLE = bytes(percent * 256 // 100 for percent in range(100))
_CONSTANT_BIT_RATE = 1
_PADDING_BIT = 0x02

_CRC_16 = 0xA001
_CRC_16_PERIOD = 32_767


def encode(samples: Samples, sound: Sound) -> bytes:
    """Store a clip at a constant bit rate; equal samples and settings give equal bytes.

    Samples beyond full scale turn the whole clip down instead of being clipped.

    Args:
        samples: shape (n,), full scale at -1..1, at ``sound.rate_hz``.
        sound: settings that ``formats.problem_with`` finds nothing wrong with.
    """
    if not _has_room_for_a_tag(sound):
        return _frames(samples[_untold_delay(samples) :], sound)
    frames = _frames(samples, sound)
    return _tag(frames, samples.size, sound) + frames


def checksum(data: bytes) -> int:
    """CRC-16 as in LAME's tag: polynomial 0x8005, least significant bit first, from 0.

    What a bit adds depends on its distance from the end alone, and the same comes again every
    32767 bits: so long data are laid over one another at that length first, as bytes, then as bits.
    """
    width = max(1, min(len(data), _CRC_16_PERIOD))
    turns = -(-len(data) // width)
    padded = np.frombuffer(data.rjust(turns * width, b"\0"), np.uint8)
    folded = np.bitwise_xor.reduce(padded.reshape(turns, width), axis=0)
    bits = np.zeros((-(-8 * width // _CRC_16_PERIOD), _CRC_16_PERIOD), np.uint8)
    bits.reshape(-1)[bits.size - 8 * width :] = np.unpackbits(folded, bitorder="little")
    return int(np.bitwise_xor.reduce(_shares() * np.bitwise_xor.reduce(bits, axis=0)))


@cache
def _shares() -> NDArray[np.uint16]:
    """What each bit adds to the checksum, in the order of the bits."""
    shares = np.empty(_CRC_16_PERIOD, np.uint16)
    share = 1
    for place in reversed(range(_CRC_16_PERIOD)):
        share = share >> 1 ^ _CRC_16 * (share & 1)
        shares[place] = share
    return shares


def _frames(samples: Samples, sound: Sound) -> bytes:
    """LAME's frames alone."""
    import lameenc  # noqa: PLC0415 - native, and not needed for other formats

    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(sound.rate_hz)
    encoder.set_out_sample_rate(sound.rate_hz)
    encoder.set_bit_rate(sound.bitrate_kbps)
    encoder.set_quality(_QUALITY)
    gain = np.float32(_gain(samples, sound.bitrate_kbps))
    frames = bytearray()
    for start in range(0, max(1, samples.size), _BLOCK):
        block = np.rint(samples[start : start + _BLOCK] * gain).astype(np.int16)
        frames += encoder.encode(block.tobytes())
    return bytes(frames + encoder.flush())


def _gain(samples: Samples, kbps: int) -> float:
    """From full scale 1 to 16 bits, undoing LAME's factor as far as the peak allows."""
    gain = (_LARGEST + 1) / _LAME_SCALES.get(kbps, _LAME_SCALE)
    peak = max(samples.max(initial=0.0), -samples.min(initial=0.0))
    return min(gain, _LARGEST / peak) if peak else gain


def _has_room_for_a_tag(sound: Sound) -> bool:
    """Whether a frame can hold LAME's tag, which is itself a frame."""
    return mp3_frame_bytes(sound.rate_hz, sound.bitrate_kbps) >= _side_end(sound) + _TAG_BYTES


def _side_end(sound: Sound) -> int:
    """Where the header and the side information of a mono frame end (ISO/IEC 11172-3, 13818-3)."""
    return 4 + (17 if sound.rate_hz >= 32_000 else 9)


def _untold_delay(samples: Samples) -> int:
    """How much of the leading silence the delay will stand for, in samples.

    Without a tag players do not skip it.
    """
    delay = _ENCODER_DELAY + _DECODER_DELAY
    (sounding,) = np.nonzero(samples[:delay])
    return int(sounding[0]) if sounding.size else min(delay, samples.size)


def _tag(frames: bytes, size: int, sound: Sound) -> bytes:
    """A frame of silence to go first, with LAME's tag in it; what it need not say is 0.

    Args:
        frames: all that follow it.
        size: of the clip, in samples.
        sound: the settings of the clip.
    """
    frame_bytes = mp3_frame_bytes(sound.rate_hz, sound.bitrate_kbps)
    frame_samples = 1152 if sound.rate_hz >= 32_000 else 576
    count = round(len(frames) * sound.rate_hz / (frame_samples * sound.bitrate_kbps * 125))
    padding = count * frame_samples - _ENCODER_DELAY - size
    header = bytes([*frames[:3], frames[3] & ~_PADDING_BIT]).ljust(_side_end(sound), b"\0")
    told = struct.pack(
        _TAG,
        b"Info",
        _TAG_FIELDS,
        count,
        frame_bytes + len(frames),
        _SEEK_TABLE,
        b"LAME",
        _CONSTANT_BIT_RATE,
        min(sound.bitrate_kbps, 255),
        (_ENCODER_DELAY << 12 | padding).to_bytes(3, "big"),
        frame_bytes + len(frames),
        checksum(frames),
    )
    tag = header + told
    return (tag + checksum(tag).to_bytes(2, "big")).ljust(frame_bytes, b"\0")
