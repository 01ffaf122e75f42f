"""Ogg streams (RFC 3533): check that all pages are there, and set the serial number."""

from __future__ import annotations

import zlib
from typing import BinaryIO

_CAPTURE = b"OggS"
_FLAGS, _FIRST_PAGE, _LAST_PAGE = 5, 0x02, 0x04
_SERIAL = slice(14, 18)
_NUMBER = slice(18, 22)
_CHECKSUM = slice(22, 26)
_SEGMENT_COUNT = 26
_HEADER_BYTES = 27

#: Each byte with its bits in reverse.
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def set_serial(file: BinaryIO, serial: int) -> None:
    """Set the serial number of every page of a stream, and its checksum, one page at a time.

    Raises:
        ValueError: the file is not pages from end to end.
    """
    start = 0
    file.seek(0)
    while page := _page(file, start):
        page[_SERIAL] = serial.to_bytes(4, "little")
        page[_CHECKSUM] = bytes(4)
        page[_CHECKSUM] = checksum(page).to_bytes(4, "little")
        file.seek(start)
        file.write(page)
        start += len(page)
        file.seek(start)


def find_fault(file: BinaryIO, *, needs_end: bool) -> str | None:
    """The missing or damaged part of a file; None if it is complete.

    One page at a time is in memory. ``needs_end`` requires the end-of-stream flag of the last page
    (RFC 3533, section 6).
    """
    start, flags, numbers = 0, 0, dict[bytes, int]()
    file.seek(0)
    try:
        while page := _page(file, start):
            counted, page[_CHECKSUM] = int.from_bytes(page[_CHECKSUM], "little"), bytes(4)
            if counted != checksum(page):
                return f"its page at byte {start} is damaged"
            serial, number = bytes(page[_SERIAL]), int.from_bytes(page[_NUMBER], "little")
            if not page[_FLAGS] & _FIRST_PAGE and number != numbers.get(serial, -1) + 1:
                return f"pages are missing before byte {start}"
            start, flags, numbers[serial] = start + len(page), page[_FLAGS], number
    except ValueError:
        return f"no whole page begins at byte {start}"
    return None if flags & _LAST_PAGE or not needs_end else "its last pages are missing"


def checksum(page: bytes | bytearray) -> int:
    """CRC-32 of RFC 3533: polynomial 0x04c11db7, most significant bit first, from 0, no final xor.

    zlib's is its mirror image, from all ones and with a final xor: mirror the bits of input and
    result, and undo both inversions.
    """
    mirrored = zlib.crc32(page.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(MIRRORED), "big")


def _page(file: BinaryIO, start: int) -> bytearray:
    """Read the page at the current position of the file; empty at the end."""
    page = bytearray(file.read(_HEADER_BYTES))
    if not page:
        return page
    if not page.startswith(_CAPTURE) or len(page) < _HEADER_BYTES:
        raise ValueError(f"No Ogg page at byte {start}.")
    lacing = file.read(page[_SEGMENT_COUNT])
    body = file.read(sum(lacing))
    if len(lacing) < page[_SEGMENT_COUNT] or len(body) < sum(lacing):
        raise ValueError(f"The Ogg page at byte {start} ends behind the end of its file.")
    return page + lacing + body
