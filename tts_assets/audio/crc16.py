"""CRC-16 as LAME's tag has it, of data that come in pieces."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
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
