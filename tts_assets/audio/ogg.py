"""Ogg streams (RFC 3533) with a serial number that is always the same, so that equal is equal."""

from __future__ import annotations

import zlib

_CAPTURE = b"OggS"
_SERIAL = slice(14, 18)
_CHECKSUM = slice(22, 26)
_SEGMENT_COUNT = 26

# Each byte with its bits in reverse.
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def with_serial(data: bytes, serial: int) -> bytes:
    """Give every page of an Ogg file one serial number, and its checksum anew.

    Args:
        data: a whole Ogg file of one logical stream, shape of RFC 3533 pages without gaps.
        serial: the number, 0 to 2**32 - 1.

    Raises:
        ValueError: the bytes are not pages from end to end.
    """
    result = bytearray(data)
    start = 0
    while start < len(result):
        end = _page_end(data, start)
        page = result[start:end]
        page[_SERIAL] = serial.to_bytes(4, "little")
        page[_CHECKSUM] = bytes(4)
        page[_CHECKSUM] = checksum(page).to_bytes(4, "little")
        result[start:end] = page
        start = end
    return bytes(result)


def checksum(page: bytes | bytearray) -> int:
    """CRC-32 of RFC 3533: polynomial 0x04c11db7, most significant bit first, from 0, no final xor.

    zlib's is its mirror image: the same polynomial, least significant bit first, from all ones and
    with a final xor. So the bits go in mirrored, both inversions are undone, and the result is
    mirrored back.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def _page_end(data: bytes, start: int) -> int:
    body = start + _SEGMENT_COUNT + 1
    if data[start : start + 4] != _CAPTURE or body > len(data):
        raise ValueError(f"No Ogg page at byte {start} of {len(data)}.")
    lacing = data[body : body + data[body - 1]]
    end = body + len(lacing) + sum(lacing)
    if len(lacing) < data[body - 1] or end > len(data):
        raise ValueError(f"The Ogg page at byte {start} ends after byte {len(data)}, the last.")
    return end
