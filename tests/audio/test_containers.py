"""What a container counts is held against what is there: halves are found, whole files are not."""

import io
import re
import struct

import lameenc
import numpy as np
import pytest
import soundfile

from tests.audio.sounds import encoded, spoken
from tts_assets.audio.codec import decode
from tts_assets.audio.containers import find_fault, read_frames
from tts_assets.errors import ClipError
from tts_assets.model import Format, Sound

SPEECH = spoken("今日はいい天気ですね。")
SAMPLES = SPEECH.samples * np.float32(0.5 / np.abs(SPEECH.samples).max())
RATE_HZ = 48_000
LOST = 2_000


def by_libsndfile(container: str, subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, SAMPLES, RATE_HZ, format=container, subtype=subtype)
    return buffer.getvalue()


def by_lame() -> bytes:
    """Frames of a constant rate without a tag, as services send them."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE_HZ)
    encoder.set_bit_rate(64)
    pcm = (SAMPLES * 32_767).astype("<i2").tobytes()
    return bytes(encoder.encode(pcm) + encoder.flush())


def streamed_flac() -> bytes:
    """The number of samples and the sum are 0, as where an encoder cannot go back."""
    data = bytearray(by_libsndfile("FLAC", "PCM_16"))
    data[21] &= 0xF0
    data[22:42] = bytes(20)
    return bytes(data)


def wav(data_bytes: int | None = None, riff_bytes: int | None = None) -> bytes:
    """A WAV file that tells these lengths, or the true ones."""
    whole = by_libsndfile("WAV", "PCM_16")
    told = len(whole) - 44 if data_bytes is None else data_bytes
    riff = told + 36 if riff_bytes is None else riff_bytes
    head = whole[:4] + struct.pack("<I", min(riff, 0xFFFFFFFF)) + whole[8:40]
    return head + struct.pack("<I", told) + whole[44:]


def asset(form: Format, kbps: int = 64) -> bytes:
    return encoded(SAMPLES, Sound(format=form, rate_hz=RATE_HZ, bitrate_kbps=kbps))


XING = by_libsndfile("MP3")
LAME = by_lame()
FRAME = 192
ID3V2 = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + b"\0" * 10
WHOLE = {
    "mp3 with a tag": XING,
    "mp3 without": LAME,
    "mp3 between tags": ID3V2 + LAME + b"TAG".ljust(128, b"\0"),
    "mp3 with zeros behind": LAME + bytes(500),
    "mp3 joined to another": XING + ID3V2 + XING,
    "mp3 of ours": asset(Format.MP3),
    "mp3 of ours without a tag": asset(Format.MP3, 32),
    "opus": by_libsndfile("OGG", "OPUS"),
    "opus of ours": asset(Format.OPUS),
    "vorbis": by_libsndfile("OGG", "VORBIS"),
    "vorbis of ours": asset(Format.OGG),
    "opus joined to another": by_libsndfile("OGG", "OPUS") * 2,
    "flac": by_libsndfile("FLAC", "PCM_16"),
    "flac of ours": asset(Format.FLAC),
    "flac of a stream": streamed_flac(),
    "flac with a tag": streamed_flac() + b"TAG".ljust(128, b"\0"),
    "wav": wav(),
    "wav of ours": asset(Format.WAV),
    "wav of a stream": wav(0xFFFFFFFF),
    "wav of length 0": wav(0, 0),
    "wav whose riff is true": wav(0, len(wav()) - 8),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_has_no_fault(name: str) -> None:
    assert find_fault(io.BytesIO(WHOLE[name])) is None


@pytest.mark.parametrize("name", sorted(WHOLE))
@pytest.mark.parametrize("share", [0.35, 0.5, 0.501, 0.65])
def test_a_part_of_a_file_has_a_fault(name: str, share: float) -> None:
    if name.startswith(("mp3 joined", "opus joined")):
        share *= 0.9
    size = int(len(WHOLE[name]) * share) | 1
    fault = find_fault(io.BytesIO(WHOLE[name][:size]))
    assert fault is not None
    assert "\n" not in fault


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (LAME[: 10 * FRAME + 100], "only 100 of the 192 bytes of its last frame are present"),
        (LAME[: 10 * FRAME + 2], "its last frame is truncated"),
        (
            LAME[: 10 * FRAME] + b"x" * 300 + LAME[10 * FRAME :],
            "damaged from byte 1920 of",
        ),
        (wav()[:-LOST], r"only \d+ of \d+ bytes are present"),
        (wav(0, len(wav()) - 8)[:-LOST], r"only \d+ of \d+ bytes are present"),
        (wav(0xFFFFFFFF)[:-1], "are no whole samples of 2 bytes"),
        (WHOLE["flac"][:30], "its header is truncated"),
        (WHOLE["flac"][:-1], "its last frame is truncated"),
        (WHOLE["opus"][:-1], "no whole page begins at byte"),
        (WHOLE["opus"] + b"x", "no whole page begins at byte"),
    ],
)
def test_a_fault_says_what_is_missing(data: bytes, fault: str) -> None:
    assert re.search(fault, find_fault(io.BytesIO(data)) or "")


def test_a_flac_that_ends_between_two_frames_lacks_samples() -> None:
    data = WHOLE["flac"]
    ends = [at for at in range(42, len(data)) if data[at : at + 2] == b"\xff\xf8"]
    faults = [find_fault(io.BytesIO(data[:at])) or "" for at in ends[2:]]
    assert any("samples it declares are present" in fault for fault in faults)


def pages(data: bytes) -> list[bytes]:
    return [b"OggS" + page for page in data.split(b"OggS")[1:]]


@pytest.mark.parametrize("name", ["opus", "vorbis"])
def test_an_ogg_file_that_ends_between_two_pages_lacks_its_end(name: str) -> None:
    parts = pages(WHOLE[name])
    for count in range(3, len(parts)):
        cut = io.BytesIO(b"".join(parts[:count]))
        assert find_fault(cut) == "its last pages are missing"
        assert find_fault(cut, needs_end=False) is None


def test_an_ogg_file_with_a_lost_or_damaged_page_is_found() -> None:
    parts = pages(WHOLE["opus"])
    lost = b"".join(parts[:2] + parts[3:])
    assert "pages are missing before byte" in (find_fault(io.BytesIO(lost)) or "")
    damaged = bytearray(WHOLE["opus"])
    damaged[-5] ^= 1
    assert "is damaged" in (find_fault(io.BytesIO(damaged)) or "")


def test_a_tag_that_was_written_before_the_sound_counts_nothing() -> None:
    header = XING.index(b"Xing")
    unknown = XING[: header + 8] + bytes(8) + XING[header + 16 :]
    frames = read_frames(io.BytesIO(unknown))
    assert frames is not None
    assert (frames.fault, len(frames.tags)) == (None, 1)
    # A decoder would believe that there is nothing.
    assert not frames.has_true_tag


def test_an_mp3_that_ends_between_two_frames_lacks_frames() -> None:
    ends = [at for at in range(1, len(XING)) if XING[at : at + 2] == b"\xff\xfb"]
    faults = [find_fault(io.BytesIO(XING[:at])) or "" for at in ends[2:-2]]
    assert sum("frames it declares are present" in fault for fault in faults) > len(ends) / 2


@pytest.mark.parametrize(
    "data", [b"", b"ID3", b"\xff", b"\xff\xfb\x90", b"text", b"RIFF", bytes(99)]
)
def test_of_anything_else_nothing_is_known(data: bytes) -> None:
    assert find_fault(io.BytesIO(data)) is None


STRANGE = b"ID3\x03\x00\x00\x00\x00\x00\x20COMM\x00\x00\x00\x02" + b"\0" * 24


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (STRANGE + LAME, 1),
        (XING + XING, 2),
        (XING + bytes(1_000), 1),
        (LAME + b"TAG".ljust(128, b"\0"), 1),
    ],
)
def test_the_decoder_prints_nothing_of_odd_files_and_decodes_them_to_their_end(
    data: bytes, seconds: int, capfd: pytest.CaptureFixture[str]
) -> None:
    samples, rate_hz = decode(data)
    assert rate_hz == RATE_HZ
    assert samples.size == pytest.approx(seconds * SAMPLES.size, abs=6_000)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("data", [XING[: len(XING) // 2], LAME[: 10 * FRAME] + b"x" * 300 + LAME])
def test_the_decoder_is_not_given_what_is_not_whole(
    data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ClipError, match="the audio is incomplete: "):
        decode(data)
    assert capfd.readouterr() == ("", "")
