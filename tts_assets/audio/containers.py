"""Check by their containers that audio files are complete; parse MP3 frames and tags."""

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
    """CRC-16 of data in memory, see :class:`Crc16`."""
    crc = Crc16()
    crc.add(data)
    return crc.value()


class Crc16:
    """CRC-16 with polynomial 0x8005, least significant bit first, from 0.

    The contribution of a bit depends only on its distance from the end, with a period of 32767 bits, so
    long data are first folded to that length, as bytes, then as bits.
    """

    def __init__(self) -> None:
        self._folded = np.zeros(_PERIOD, np.uint8)
        self._size = 0

    def add(self, data: bytes | bytearray) -> None:
        place = self._size % _PERIOD
        padded = np.frombuffer(data.rjust(place + len(data), b"\0"), np.uint8)
        for start in range(0, padded.size, _PERIOD):
            row = padded[start : start + _PERIOD]
            self._folded[: row.size] ^= row
        self._size += len(data)

    def value(self) -> int:
        width = max(1, min(self._size, _PERIOD))
        # Rotate, so that the last byte comes last.
        folded = np.roll(self._folded[:width], -self._size % width)
        bits = np.zeros((-(-8 * width // _PERIOD), _PERIOD), np.uint8)
        bits.reshape(-1)[bits.size - 8 * width :] = np.unpackbits(folded, bitorder="little")
        return int(np.bitwise_xor.reduce(_shares() * np.bitwise_xor.reduce(bits, axis=0)))


@cache
def _shares() -> NDArray[np.uint16]:
    """The contribution of each bit to the checksum."""
    shares = np.empty(_PERIOD, np.uint16)
    share = 1
    for place in reversed(range(_PERIOD)):
        share = share >> 1 ^ _POLYNOMIAL * (share & 1)
        shares[place] = share
    return shares


#: ISO/IEC 11172-3, 2.4.1.3 and 2.4.2.3: 11 bits of sync, the version, the layer, no CRC.
_HEADER_BYTES = 4
_SYNC = 0xFFE00000
_LAYER_3 = 0b01
_MPEG_1, _RESERVED, _MPEG_25 = 3, 1, 0
_RATES_HZ = (44_100, 48_000, 32_000)
_MONO = 3

#: Xing, LAME and ffmpeg write the number of frames and bytes into the first frame, after the side
#: information; Fraunhofer's VBRI has a fixed offset.
_VBRI_AT = 36
_TAG_BYTES = 64

_INFO_BYTES = 17  #: the size of the marker, the flags and two counts
_UNKNOWN = 1 << 31  #: counts from this value on, and 0, are placeholders
_TAG_FRAME = 1  #: some encoders count the frame of the tag itself
_BYTE_SHARE = 0.005  #: libmpg123 warns about a tag whose byte count is off by a hundredth
_MP3_ID3V1_BYTES = 128  #: the size of ID3v1; ID3v2 and APEv2 have it in their header
_ID3V2_HEADER, _APE_HEADER = 10, 32
_FOOTER = 0x10


class _Header(NamedTuple):
    """The header of a frame."""

    kind: tuple[int, int]  #: version and rate, equal in all frames of a file
    kbps: int  #: index of the bit rate
    size: int  #: bytes of the frame
    side: int  #: bytes up to the end of its side information


class _Tag(NamedTuple):
    """A frame with counts, which may be unknown."""

    begin: int
    end: int
    frames: int | None
    bytes: int | None


@dataclass(slots=True)
class Mp3Frames:
    """The frames of a file, in order."""

    size: int  #: bytes of the file
    count: int = 0  #: whole frames without tags
    #: Begin and end of runs of such frames.
    spans: list[tuple[int, int]] = field(default_factory=list)
    tags: list[_Tag] = field(default_factory=list)  #: frames with counts only
    kbps: set[int] = field(default_factory=set)  #: indices of the bit rates of the others
    fault: str | None = None  #: why the file is not complete

    @property
    def has_true_tag(self) -> bool:
        """Whether there is one tag with correct counts."""
        if len(self.tags) != 1 or not self.spans:
            return False
        tag, size = self.tags[0], self.spans[-1][1] - self.tags[0].begin
        if tag.frames is None or not 0 <= tag.frames - self.count <= _TAG_FRAME:
            return False
        return tag.bytes is None or abs(tag.bytes - size) <= _BYTE_SHARE * size

    def add(self, begin: int, header: _Header) -> None:
        end = begin + header.size
        self.count += 1
        self.kbps.add(header.kbps)
        if self.spans and self.spans[-1][1] == begin:
            self.spans[-1] = (self.spans[-1][0], end)
        else:
            self.spans.append((begin, end))


def read_frames(file: BinaryIO) -> Mp3Frames | None:
    """Parse the frame headers of a file without decoding; None if it is not an MP3 file."""
    size = file.seek(0, 2)
    at = _skip_tags(file, 0, size)
    first = _parse(_read(file, at, _HEADER_BYTES))
    if first is None:
        return None
    frames = Mp3Frames(size=size)
    while at < size:
        header = _parse(_read(file, at, _HEADER_BYTES))
        if header is None or header.kind != first.kind:
            after = _skip_tags(file, at, size)
            if after == at:
                frames.fault = _describe_end(file, at, size)
                break
            at = after
        elif at + header.size > size:
            frames.fault = (
                f"only {size - at} of the {header.size} bytes of its last frame are present"
            )
            break
        else:
            # Any frame may be a tag, as files may have been concatenated.
            tag = _parse_tag(_read(file, at, min(header.size, _TAG_BYTES)), at, header)
            if tag is None:
                frames.add(at, header)
            else:
                frames.tags.append(tag)
            at += header.size
    frames.fault = frames.fault or _count_fault(frames)
    return frames


def extract_frames(data: bytes, frames: Mp3Frames) -> bytes:
    """The frames without other data, after a correct tag if the bit rate varies.

    Without a tag, libmpg123 guesses the length; with a wrong one, it stops early. It prints messages
    about that, about damage and about unusual ID3 tags.
    """
    audio = b"".join(data[begin:end] for begin, end in frames.spans)
    if frames.has_true_tag:
        return data[frames.tags[0].begin : frames.tags[0].end] + audio
    header = _parse(audio[:_HEADER_BYTES])
    is_constant = len(frames.kbps) == 1
    if is_constant or header is None or header.size < header.side + _INFO_BYTES:
        return audio
    size = header.size - (audio[2] >> 1 & 1)
    # A silent frame without padding and CRC.
    head = bytes([audio[0], audio[1] | 1, audio[2] & ~2, audio[3]]).ljust(header.side, b"\0")
    counts = (1 | 2, frames.count, size + len(audio))
    info = b"Info" + b"".join(each.to_bytes(4) for each in counts)
    return (head + info).ljust(size, b"\0") + audio


def _describe_end(file: BinaryIO, at: int, size: int) -> str | None:
    """The fault of the bytes after the last frame; None for zeros."""
    if size - at < _HEADER_BYTES:
        return "its last frame is truncated"
    if not _read(file, at, size - at).strip(b"\0"):
        return None
    return f"it is damaged from byte {at} of {size}"


def _count_fault(frames: Mp3Frames) -> str | None:
    """The fault if the tag counts more than the file has; concatenated files have more than it counts."""
    if not frames.tags:
        return None
    tag = frames.tags[0]
    if tag.frames is not None and frames.count + _TAG_FRAME < tag.frames:
        return f"only {frames.count} of the {tag.frames} frames it declares are present"
    if tag.bytes is not None and frames.size < tag.bytes:
        return f"only {frames.size} of the {tag.bytes} bytes it declares are present"
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
    """The offset after all tags that begin at an offset."""
    while at < size:
        head = _read(file, at, _APE_HEADER)
        length = next((length(head) for mark, length in _TAGS if head.startswith(mark)), 0)
        if not length:
            return at
        at += length
    return min(at, size)


def _id3v2_bytes(head: bytes) -> int:
    """The size of an ID3v2 tag, whose header has seven bits of it in each byte."""
    length = 0
    for byte in head[6:_ID3V2_HEADER]:
        length = length << 7 | byte & 0x7F
    footer = _ID3V2_HEADER if head[5:6] and head[5] & _FOOTER else 0
    return _ID3V2_HEADER + length + footer


def _ape_bytes(head: bytes) -> int:
    """The size of an APE tag, whose header excludes itself."""
    return _APE_HEADER + int.from_bytes(head[12:16], "little")


_TAGS: tuple[tuple[bytes, Callable[[bytes], int]], ...] = (
    (b"ID3", _id3v2_bytes),
    (b"TAG", lambda _: _MP3_ID3V1_BYTES),
    (b"APETAGEX", _ape_bytes),
)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


UNKNOWN_BYTES = 1 << 28  #: lengths from this value on, and 0, are placeholders
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
    """The reason why a file is incomplete, by the lengths and checksums of its container; None if complete.

    The file is not decoded, and may be of any format. ``needs_end`` requires the end-of-stream flag of
    an Ogg file, which some servers omit.
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
    """Check the lengths of RIFF and of the samples; writers to a pipe leave both unknown."""
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
            return f"only {there} of {counted} bytes are present" if there < counted else None
    return f"{there} bytes are no whole samples of {align} bytes" if there % align else None


def _number(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(4), "little")


def _find_flac_fault(file: BinaryIO) -> str | None:
    """Check that the last frame ends with the file, and the number of samples in STREAMINFO."""
    file.seek(0)
    info = file.read(_STREAMINFO.stop)[_STREAMINFO]
    if len(info) < _STREAMINFO.stop - _STREAMINFO.start:
        return "its header is truncated"
    block, total = int.from_bytes(info[:2]), int.from_bytes(info[13:18]) & (1 << 36) - 1
    size = file.seek(0, 2)
    file.seek(max(0, size - _LARGEST_FRAME))
    tail = file.read()
    if tail[-_ID3V1_BYTES:].startswith(b"TAG"):
        tail = tail[:-_ID3V1_BYTES]
    there = _find_last_sample(tail, block)
    if there is None:
        return "its last frame is truncated"
    if there < total:
        return f"only {there} of the {total} samples it declares are present"
    return None


def _find_last_sample(tail: bytes, block: int) -> int | None:
    """The number of samples up to the end of the last frame; None if no frame ends with the file."""
    at = len(tail)
    while (at := max(tail.rfind(mark, 0, at) for mark in _FRAME_BEGINS)) >= 0:
        end = _parse_frame(tail[at : at + _FRAME_HEADER_BYTES], block)
        if end is not None and _crc16(tail[at:-2]) == int.from_bytes(tail[-2:]):
            return end
    return None


def _parse_frame(head: bytes, block: int) -> int | None:
    """The end of a frame, counted in samples; None without a header (RFC 9639, 9.1)."""
    # A frame of silence may be shorter than the longest header.
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
    """The number of a frame or its first sample, coded as UTF-8 of up to 36 bits, and its end."""
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
