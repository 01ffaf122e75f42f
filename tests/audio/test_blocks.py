"""Sound files of any length, rate and number of channels are read block by block."""

import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio.sounds import encoded
from tts_assets.audio.codec import read_duration, read_mono_blocks
from tts_assets.errors import ClipError
from tts_assets.model import Sound

RATE_HZ = 16_000


def _tone(rate_hz: int, seconds: float = 20.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate_hz * seconds)) / rate_hz)


def _read(path: Path) -> np.ndarray:
    return np.concatenate(list(read_mono_blocks(path, RATE_HZ)))


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 96_000])
@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_every_rate_becomes_the_wanted_one(tmp_path: Path, rate_hz: int, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, _tone(rate_hz), rate_hz)
    samples = _read(path)
    assert samples.dtype == np.float32
    assert samples.size == pytest.approx(20 * RATE_HZ, abs=2)
    inner = slice(RATE_HZ, 19 * RATE_HZ)
    assert np.abs(samples[inner] - _tone(RATE_HZ)[inner]).max() < 0.01
    assert read_duration(path) == pytest.approx(20.0)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    six = np.stack([_tone(RATE_HZ, 1.0) * gain for gain in (1, 0, 0, 0.5, 0, 0)], axis=1)
    soundfile.write(path, six, RATE_HZ)
    assert np.abs(_read(path) - _tone(RATE_HZ, 1.0) / 4).max() < 1e-3


def test_a_flac_that_does_not_tell_its_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, _tone(RATE_HZ), RATE_HZ)
    data = bytearray(path.read_bytes())
    # STREAMINFO (RFC 9639, section 8.2): the last 36 bits before the MD5 are the samples.
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert read_duration(path) is None
    assert _read(path).size == 20 * RATE_HZ


def test_what_is_not_a_number_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    samples = np.array([0.5, np.nan, np.inf, -np.inf] * 100, dtype=np.float32)
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    assert set(_read(path).tolist()) == {0.5, 0.0}


def test_a_file_that_is_cut_off_is_told_behind_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.5, 0.5, 20 * RATE_HZ), RATE_HZ)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    blocks = read_mono_blocks(path, RATE_HZ)
    assert next(blocks).size
    with pytest.raises(ClipError, match=r"cut off after .* of 20\.0 seconds|read beyond") as caught:
        list(blocks)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    # Its library complains at the end of the process about a resampler that an error keeps.
    assert any(frame.f_code.co_name == "read_mono_blocks" for frame in frames)
    assert not any("resampler" in frame.f_locals for frame in frames)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.mp3", b"no sound at all" * 99, "unknown: convert it to"),
        ("a.wav", b"", "unknown: convert it to"),
        ("a.raw", bytes(99), "unknown: convert it to"),
    ],
)
def test_what_is_no_sound_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ClipError, match=told):
        read_duration(tmp_path / name)


def test_a_file_without_a_sample_is_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE_HZ)
    with pytest.raises(ClipError, match="it contains no sound"):
        read_duration(tmp_path / "a.wav")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="cannot be read: No such file"):
        list(read_mono_blocks(tmp_path / "a.wav", RATE_HZ))


_READ_BOTH_WAYS = """
import io, sys
from pathlib import Path
import numpy as np
from tts_assets.audio.codec import read_mono_blocks
from tts_assets.audio.codec import decode
from tts_assets.audio.joining import open_stored
path = Path(sys.argv[1])
together, rate_hz = decode(path.read_bytes())
blocks = np.concatenate(list(read_mono_blocks(path, rate_hz)))
with open_stored(io.BytesIO(path.read_bytes())) as stored:
    stored_blocks = np.concatenate(list(stored.blocks(10_000)))
print(np.array_equal(blocks, together), np.array_equal(stored_blocks, together))
"""


def test_an_mp3_in_blocks_is_the_same_as_at_once_and_nothing_is_printed(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal(400_000, dtype=np.float32) * np.float32(0.1)
    path = tmp_path / "a.mp3"
    path.write_bytes(encoded(noise, Sound()))
    command = [sys.executable, "-c", _READ_BOTH_WAYS, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True True\n", "")
