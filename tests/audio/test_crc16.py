"""The checksum of LAME's tag, of data as a whole and in pieces."""

import numpy as np
import pytest

from tts_assets.audio.containers import Crc16, checksum


@pytest.mark.parametrize("size", [0, 1, 167, 4_095, 4_096, 32_766, 32_767, 32_768, 100_000])
def test_the_checksum_is_that_of_every_bit_in_turn(size: int) -> None:
    data = np.random.default_rng(1).bytes(size)
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ 0xA001 * (register & 1)
    assert checksum(data) == register


@pytest.mark.parametrize("piece", [1, 1_000, 32_767, 40_000])
def test_pieces_have_the_checksum_of_the_whole(piece: int) -> None:
    data = np.random.default_rng(1).bytes(100_000)
    crc = Crc16()
    for start in range(0, len(data), piece):
        crc.add(data[start : start + piece])
    assert crc.value() == checksum(data)
