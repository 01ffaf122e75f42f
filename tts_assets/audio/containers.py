"""Whether a sound file is whole: what its container counts is held against what is there."""

from __future__ import annotations

from typing import BinaryIO

from tts_assets.audio import ogg
from tts_assets.audio.mp3_frames import checksum, read_frames

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
