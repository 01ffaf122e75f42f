"""Ogg pages: one serial number for all, and checksums that hold."""

import io

import numpy as np
import pytest
import soundfile

from tests.audio.sounds import tone
from tts_assets.audio.codec import decode
from tts_assets.audio.ogg import checksum, set_serial


def _file(subtype: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(440, 3, rate_hz=24_000), 24_000, format="OGG", subtype=subtype)
    return buffer.getvalue()


def _with_serial(data: bytes, serial: int) -> bytes:
    file = io.BytesIO(data)
    set_serial(file, serial)
    return file.getvalue()


def _pages(data: bytes) -> list[bytes]:
    return [b"OggS" + page for page in data.split(b"OggS")[1:]]


def _slow_checksum(page: bytes) -> int:
    """RFC 3533 by the letter, bit by bit."""
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register & 0x80000000 else 0)
            register &= 0xFFFFFFFF
    return register


@pytest.mark.parametrize("page", [b"", b"\0", b"\1", b"OggS", bytes(range(256)) * 3])
def test_the_checksum_is_that_of_rfc_3533(page: bytes) -> None:
    assert checksum(page) == _slow_checksum(page)


@pytest.mark.parametrize("subtype", ["OPUS", "VORBIS"])
def test_its_own_number_leaves_a_file_as_it_is(subtype: str) -> None:
    data = _file(subtype)
    assert _with_serial(data, int.from_bytes(data[14:18], "little")) == data


@pytest.mark.parametrize("subtype", ["OPUS", "VORBIS"])
def test_every_page_gets_the_number_and_still_decodes(subtype: str) -> None:
    data = _file(subtype)
    changed = _with_serial(data, 0x01020304)
    assert len(_pages(changed)) == len(_pages(data)) > 2
    assert {page[14:18] for page in _pages(changed)} == {b"\4\3\2\1"}
    assert np.array_equal(decode(changed)[0], decode(data)[0])


@pytest.mark.parametrize("subtype", ["OPUS", "VORBIS"])
def test_two_encodings_become_equal(subtype: str) -> None:
    assert _with_serial(_file(subtype), 7) == _with_serial(_file(subtype), 7)


@pytest.mark.parametrize("bad", [b"ID3", b"OggS", _file("OPUS")[:-1], _file("OPUS") + b"x"])
def test_bytes_that_are_no_pages_are_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match=r"Ogg page"):
        _with_serial(bad, 1)
