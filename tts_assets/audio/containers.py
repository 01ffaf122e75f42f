"""Containers of audio: whether a file is whole, frame by frame; MP3 frames and LAME's tag."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from tts_assets.audio import ogg
from tts_assets.audio.formats import MPEG_1_KBPS, MPEG_2_KBPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_POLYNOMIAL = 0xA001
_PERIOD = 32_767


def checksum(data: bytes | bytearray) -> int:
    """CRC-16 of data that are there: see :class:`Crc16`."""
    crc = Crc16()
    crc.add(data)
    return crc.value()


class Crc16:
    """CRC-16 with polynomial 0x8005, least significant bit first, from 0.

    What a bit adds depends on its distance from the end alone, and the same comes again every
    32767 bits: so long data are laid over one another at that length first, as bytes, then as bits.
    """

    def __init__(self) -> None:
        self._folded = np.zeros(_PERIOD, np.uint8)
        self._size = 0

    def add(self, data: bytes | bytearray) -> None:
        """Take the next bytes."""
        place = self._size % _PERIOD
        padded = np.frombuffer(data.rjust(place + len(data), b"\0"), np.uint8)
        for start in range(0, padded.size, _PERIOD):
            row = padded[start : start + _PERIOD]
            self._folded[: row.size] ^= row
        self._size += len(data)

    def value(self) -> int:
        """The checksum of all bytes so far."""
        width = max(1, min(self._size, _PERIOD))
        # The last byte lies last.
        folded = np.roll(self._folded[:width], -self._size % width)
        bits = np.zeros((-(-8 * width // _PERIOD), _PERIOD), np.uint8)
        bits.reshape(-1)[bits.size - 8 * width :] = np.unpackbits(folded, bitorder="little")
        return int(np.bitwise_xor.reduce(_shares() * np.bitwise_xor.reduce(bits, axis=0)))


@cache
def _shares() -> NDArray[np.uint16]:
    """What each bit adds to the checksum, in the order of the bits."""
    shares = np.empty(_PERIOD, np.uint16)
    share = 1
    for place in reversed(range(_PERIOD)):
        share = share >> 1 ^ _POLYNOMIAL * (share & 1)
        shares[place] = share
    return shares


# The frames of an MP3 file: whether all are there, and the bytes that a decoder needs.


#: ISO/IEC 11172-3, 2.4.1.3 and 2.4.2.3: 11 bits of sync, the version, the layer, no CRC.
_HEADER_BYTES = 4
_SYNC = 0xFFE00000
_LAYER_3 = 0b01
_MPEG_1, _RESERVED, _MPEG_25 = 3, 1, 0
_RATES_HZ = (44_100, 48_000, 32_000)
_MONO = 3

#: Xing, LAME and ffmpeg write how many frames and bytes there are into the first frame, behind the
#: side information; Fraunhofer's VBRI stands at one place.
_VBRI_AT = 36
_TAG_BYTES = 64

#: The mark, the flags and two counts.
_INFO_BYTES = 17

#: A count from here on, and 0, was written before the sound was known.
_UNKNOWN = 1 << 31

#: Encoders differ in whether the count includes the frame of the tag itself.
_TAG_FRAME = 1

#: libmpg123 warns of a tag whose byte count is a hundredth off.
_BYTE_SHARE = 0.005

#: ID3v1; ID3v2 and APEv2 have their size in their header.
_MP3_ID3V1_BYTES = 128
_ID3V2_HEADER, _APE_HEADER = 10, 32
_FOOTER = 0x10


class _Header(NamedTuple):
    """The header of a frame.

    Args:
        kind: what all frames of a file have in common: version and rate.
        kbps: index of the bit rate.
        size: bytes of the frame.
        side: bytes from its beginning to the end of its side information.
    """

    kind: tuple[int, int]
    kbps: int
    size: int
    side: int


class _Tag(NamedTuple):
    """What the first frame counts; None where it does not know."""

    begin: int
    end: int
    frames: int | None
    bytes: int | None


@dataclass(slots=True)
class Mp3Frames:
    """The frames of a file, in order.

    Args:
        size: bytes of the file.
        count: whole frames, without those that hold a tag only.
        spans: where runs of such frames begin and end.
        tags: the frames that count others.
        kbps: indices of the bit rates of all others.
        fault: why the file is not whole, in words; None where nothing is wrong.
    """

    size: int
    count: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)
    tags: list[_Tag] = field(default_factory=list)
    kbps: set[int] = field(default_factory=set)
    fault: str | None = None

    @property
    def has_true_tag(self) -> bool:
        """Whether there is one tag, which counts what is there."""
        if len(self.tags) != 1 or not self.spans:
            return False
        tag, behind = self.tags[0], self.spans[-1][1] - self.tags[0].begin
        if tag.frames is None or not 0 <= tag.frames - self.count <= _TAG_FRAME:
            return False
        return tag.bytes is None or abs(tag.bytes - behind) <= _BYTE_SHARE * behind

    def add(self, begin: int, header: _Header) -> None:
        """Count a frame."""
        end = begin + header.size
        self.count += 1
        self.kbps.add(header.kbps)
        if self.spans and self.spans[-1][1] == begin:
            self.spans[-1] = (self.spans[-1][0], end)
        else:
            self.spans.append((begin, end))


def read_frames(file: BinaryIO) -> Mp3Frames | None:
    """Go through a file from header to header, without decoding; None for one of another kind.

    Args:
        file: any file, open for reading; a few bytes of it are in memory at a time.
    """
    size = file.seek(0, 2)
    at = _skip_tags(file, 0, size)
    first = _parse(_read(file, at, _HEADER_BYTES))
    if first is None:
        return None
    found = Mp3Frames(size=size)
    while at < size:
        header = _parse(_read(file, at, _HEADER_BYTES))
        if header is None or header.kind != first.kind:
            behind = _skip_tags(file, at, size)
            if behind == at:
                found.fault = _describe_end(file, at, size)
                break
            at = behind
        elif at + header.size > size:
            found.fault = f"{size - at} of the {header.size} bytes of its last frame are there"
            break
        else:
            _take(found, file, at, header)
            at += header.size
    found.fault = found.fault or _count_fault(found)
    return found


def playable(data: bytes, frames: Mp3Frames) -> bytes:
    """The frames alone, behind a tag that counts them where the bit rate varies.

    libmpg123 guesses the length by the first frames where no tag counts them, stops where a wrong one
    says, and prints what it thinks of that, of damage and of strange ID3 tags.

    Args:
        data: the file.
        frames: what :func:`read_frames` found in it; no fault.
    """
    audio = b"".join(data[begin:end] for begin, end in frames.spans)
    if frames.has_true_tag:
        return data[frames.tags[0].begin : frames.tags[0].end] + audio
    header = _parse(audio[:_HEADER_BYTES])
    is_constant = len(frames.kbps) == 1
    if is_constant or header is None or header.size < header.side + _INFO_BYTES:
        return audio
    size = header.size - (audio[2] >> 1 & 1)
    # Without padding and CRC, and silent.
    head = bytes([audio[0], audio[1] | 1, audio[2] & ~2, audio[3]]).ljust(header.side, b"\0")
    counts = (1 | 2, frames.count, size + len(audio))
    info = b"Info" + b"".join(each.to_bytes(4) for each in counts)
    return (head + info).ljust(size, b"\0") + audio


def _take(found: Mp3Frames, file: BinaryIO, at: int, header: _Header) -> None:
    # A tag is at the beginning of a file; files may have been joined.
    tag = _parse_tag(_read(file, at, min(header.size, _TAG_BYTES)), at, header)
    if tag is None:
        found.add(at, header)
    else:
        found.tags.append(tag)


def _describe_end(file: BinaryIO, at: int, size: int) -> str | None:
    """What is wrong with the bytes behind the last frame; None for a few zeros."""
    if size - at < _HEADER_BYTES:
        return "its last frame is cut"
    if not _read(file, at, size - at).strip(b"\0"):
        return None
    return f"from byte {at} of {size} on it is damaged"


def _count_fault(found: Mp3Frames) -> str | None:
    """Whether the tag counts more than there is; joined files have more than their first tag says."""
    if not found.tags:
        return None
    tag = found.tags[0]
    if tag.frames is not None and found.count + _TAG_FRAME < tag.frames:
        return f"{found.count} of the {tag.frames} frames that it counts are there"
    if tag.bytes is not None and found.size < tag.bytes:
        return f"{found.size} of the {tag.bytes} bytes that it counts are there"
    return None


def _parse(head: bytes) -> _Header | None:
    word = int.from_bytes(head)
    version, layer = word >> 19 & 3, word >> 17 & 3
    rate, kbps = word >> 10 & 3, word >> 12 & 15
    is_header = len(head) == _HEADER_BYTES and word & _SYNC == _SYNC and layer == _LAYER_3
    if not is_header or version == _RESERVED or rate == len(_RATES_HZ) or kbps in (0, 15):
        return None
    is_first = version == _MPEG_1
    rate_hz = _RATES_HZ[rate] // (1 if is_first else 4 if version == _MPEG_25 else 2)
    table, slots = (MPEG_1_KBPS, 144) if is_first else (MPEG_2_KBPS, 72)
    size = slots * 1000 * table[kbps - 1] // rate_hz + (word >> 9 & 1)
    is_mono = word >> 6 & 3 == _MONO
    side = (17 if is_mono else 32) if is_first else (9 if is_mono else 17)
    return _Header((version, rate), kbps, size, _HEADER_BYTES + side)


def _parse_tag(frame: bytes, at: int, header: _Header) -> _Tag | None:
    end = at + header.size
    if frame[_VBRI_AT : _VBRI_AT + 4] == b"VBRI":
        size, count = (_read_number(frame, _VBRI_AT + begin) for begin in (10, 14))
        return _Tag(at, end, count, size)
    if frame[header.side : header.side + 4] not in (b"Xing", b"Info"):
        return None
    fields, place = _read_number(frame, header.side + 4) or 0, header.side + 8
    count = _read_number(frame, place) if fields & 1 else None
    size = _read_number(frame, place + 4 * (fields & 1)) if fields & 2 else None
    return _Tag(at, end, count, size)


def _read_number(frame: bytes, at: int) -> int | None:
    number = int.from_bytes(frame[at : at + 4])
    return number if 0 < number < _UNKNOWN else None


def _skip_tags(file: BinaryIO, at: int, size: int) -> int:
    """Behind all tags that begin here; here, where none does."""
    while at < size:
        head = _read(file, at, _APE_HEADER)
        length = next((length(head) for mark, length in _TAGS if head.startswith(mark)), 0)
        if not length:
            return at
        at += length
    return min(at, size)


def _id3v2_bytes(head: bytes) -> int:
    """Its size has seven bits in each byte."""
    length = 0
    for byte in head[6:_ID3V2_HEADER]:
        length = length << 7 | byte & 0x7F
    footer = _ID3V2_HEADER if head[5:6] and head[5] & _FOOTER else 0
    return _ID3V2_HEADER + length + footer


def _ape_bytes(head: bytes) -> int:
    """The size in it is that of all but its header."""
    return _APE_HEADER + int.from_bytes(head[12:16], "little")


_TAGS: tuple[tuple[bytes, Callable[[bytes], int]], ...] = (
    (b"ID3", _id3v2_bytes),
    (b"TAG", lambda _: _MP3_ID3V1_BYTES),
    (b"APETAGEX", _ape_bytes),
)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


# Whether a sound file is whole: what its container counts is held against what is there.


#: A length from here on, or 0, was written before the sound was known.
UNKNOWN_BYTES = 1 << 28
_RIFF_HEAD, _CHUNK_HEAD = 12, 8
_BLOCK_ALIGN = slice(12, 14)
_FORMAT_BYTES = 16

#: RFC 9639: the marker and the block STREAMINFO; frames begin with 15 bits of sync.
_STREAMINFO = slice(8, 42)
_FRAME_BEGINS = (b"\xff\xf8", b"\xff\xf9")
_FRAME_HEADER_BYTES = 16
_LARGEST_FRAME = 1 << 17
_ID3V1_BYTES = 128


def find_fault(file: BinaryIO, *, needs_end: bool = True) -> str | None:
    """Why a file is not whole, in words; None where it is, and where its container cannot know.

    Args:
        file: WAV, FLAC, Ogg, MP3 or anything else, open for reading; it is not decoded.
        needs_end: whether an Ogg file must say where it ends; some servers leave that out.
    """
    file.seek(0)
    begin = file.read(_RIFF_HEAD)
    if begin[:4] == b"RIFF" and begin[8:] == b"WAVE":
        return _find_wav_fault(file)
    if begin.startswith(b"fLaC"):
        return _find_flac_fault(file)
    if begin.startswith(b"OggS"):
        return ogg.find_fault(file, needs_end=needs_end)
    frames = read_frames(file)
    return None if frames is None else frames.fault


def _find_wav_fault(file: BinaryIO) -> str | None:
    """RIFF stores its length, and that of the samples; writers to a pipe know neither."""
    size = file.seek(0, 2)
    riff, align, at = _number(file, 4), 1, _RIFF_HEAD
    while at + _CHUNK_HEAD <= size:
        begin = at + _CHUNK_HEAD
        file.seek(at)
        name, length = file.read(4), _number(file, at + 4)
        if name == b"data":
            return _data_fault(size - begin, length, riff + 8 - begin, align)
        if name == b"fmt ":
            align = max(1, int.from_bytes(file.read(_FORMAT_BYTES)[_BLOCK_ALIGN], "little"))
        at = begin + length + length % 2
    return None


def _data_fault(there: int, length: int, by_riff: int, align: int) -> str | None:
    for counted in (length, by_riff):
        if 0 < counted < UNKNOWN_BYTES:
            return f"{there} of {counted} bytes are there" if there < counted else None
    return f"{there} bytes are no whole samples of {align} bytes" if there % align else None


def _number(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(4), "little")


def _find_flac_fault(file: BinaryIO) -> str | None:
    """The last frame ends with the file, and as many samples are there as STREAMINFO says."""
    file.seek(0)
    info = file.read(_STREAMINFO.stop)[_STREAMINFO]
    if len(info) < _STREAMINFO.stop - _STREAMINFO.start:
        return "its header is cut"
    block, told = int.from_bytes(info[:2]), int.from_bytes(info[13:18]) & (1 << 36) - 1
    size = file.seek(0, 2)
    file.seek(max(0, size - _LARGEST_FRAME))
    tail = file.read()
    if tail[-_ID3V1_BYTES:].startswith(b"TAG"):
        tail = tail[:-_ID3V1_BYTES]
    there = _find_last_sample(tail, block)
    if there is None:
        return "its last frame is cut"
    if there < told:
        return f"{there} of the {told} samples that it counts are there"
    return None


def _find_last_sample(tail: bytes, block: int) -> int | None:
    """Samples of the file up to its last frame; None where none ends with the file."""
    at = len(tail)
    while (at := max(tail.rfind(mark, 0, at) for mark in _FRAME_BEGINS)) >= 0:
        end = _parse_frame(tail[at : at + _FRAME_HEADER_BYTES], block)
        if end is not None and _crc16(tail[at:-2]) == int.from_bytes(tail[-2:]):
            return end
    return None


def _parse_frame(head: bytes, block: int) -> int | None:
    """Where a frame ends, in samples of the file; None where no header begins (RFC 9639, 9.1)."""
    # A frame of silence is shorter than the longest header.
    head = head.ljust(_FRAME_HEADER_BYTES, b"\0")
    kind = head[2] >> 4
    number, at = _decode_number(head)
    if not kind or not at:
        return None
    # 0b0110 and 0b0111: one or two bytes at the end of the header.
    if kind in (6, 7):
        samples = int.from_bytes(head[at : at + kind - 5]) + 1
        at += kind - 5
    else:
        samples = 192 if kind == 1 else 576 << kind - 2 if kind < 6 else 256 << kind - 8
    rate = head[2] & 15
    at += {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if _crc8(head[:at]) != head[at]:
        return None
    begin = number if head[1] & 1 else number * block
    return begin + samples


def _decode_number(head: bytes) -> tuple[int, int]:
    """The number of a frame or its first sample, and where it ends; coded as UTF-8 of up to 36 bits."""
    first = head[4]
    ones = 8 - (first ^ 0xFF).bit_length()
    if ones in (1, 8):
        return 0, 0
    number = first & 0x7F >> ones
    for byte in head[5 : 4 + ones]:
        number = number << 6 | byte & 0x3F
    return number, 4 + max(1, ones)


def _crc8(data: bytes) -> int:
    """Polynomial 0x07, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 * (crc >> 7)) & 0xFF
    return crc


def _crc16(data: bytes) -> int:
    """Polynomial 0x8005, most significant bit first: the mirror image of LAME's."""
    mirrored = checksum(data.translate(ogg.MIRRORED))
    return int.from_bytes(mirrored.to_bytes(2, "little").translate(ogg.MIRRORED))
