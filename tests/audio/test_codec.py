"""Encoding: the bytes are what the settings say, and decode to what went in."""

import io
import math

import numpy as np
import pytest
import soundfile

from tests.audio.sounds import encoded, measure_integrated_lufs, spoken, tone
from tts_assets.audio.codec import decode
from tts_assets.audio.formats import list_mp3_kbps
from tts_assets.errors import ClipError
from tts_assets.model import Format, Sound

_MAGIC = {
    Format.MP3: (b"\xff", "MP3", "MPEG_LAYER_III"),
    Format.OPUS: (b"OggS", "OGG", "OPUS"),
    Format.OGG: (b"OggS", "OGG", "VORBIS"),
    Format.FLAC: (b"fLaC", "FLAC", "PCM_16"),
    Format.WAV: (b"RIFF", "WAV", "PCM_16"),
}
_MP3_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_SPEECH = spoken("学校").samples[::2] * np.float32(0.5)


@pytest.mark.parametrize("format_", Format)
def test_bytes_are_what_the_extension_says(format_: Format) -> None:
    data = encoded(_SPEECH, Sound(format=format_))
    info = soundfile.info(io.BytesIO(data))
    magic, container, subtype = _MAGIC[format_]
    assert data.startswith(magic)
    assert (info.format, info.subtype) == (container, subtype)
    assert (info.samplerate, info.channels, info.frames) == (24_000, 1, _SPEECH.size)


@pytest.mark.parametrize("format_", Format)
def test_equal_samples_give_equal_bytes(format_: Format) -> None:
    assert encoded(_SPEECH, Sound(format=format_)) == encoded(_SPEECH, Sound(format=format_))


@pytest.mark.parametrize("format_", Format)
def test_a_decoded_clip_is_as_loud_and_as_long_as_before(format_: Format) -> None:
    samples, rate_hz = decode(encoded(_SPEECH, Sound(format=format_)))
    assert samples.dtype == np.float32
    assert (samples.shape, rate_hz) == (_SPEECH.shape, 24_000)
    assert measure_integrated_lufs(samples, 24_000) == pytest.approx(
        measure_integrated_lufs(_SPEECH, 24_000), abs=0.15
    )


@pytest.mark.parametrize(
    ("rate_hz", "kbps"), [(rate_hz, kbps) for rate_hz in _MP3_HZ for kbps in list_mp3_kbps(rate_hz)]
)
def test_every_bit_rate_of_mp3_is_met_exactly(rate_hz: int, kbps: int) -> None:
    data = encoded(tone(440, 0.5, rate_hz=rate_hz), Sound(rate_hz=rate_hz, bitrate_kbps=kbps))
    assert _frame_kbps(data) == {kbps}


def _frame_kbps(data: bytes) -> set[int]:
    """Bit rates of all frames (ISO/IEC 11172-3, 2.4.1.3), which must fill the file."""
    found, start = set(), 0
    while start < len(data):
        header = int.from_bytes(data[start : start + 4], "big")
        assert header >> 21 == 0x7FF, f"no frame at byte {start}"
        version, index, rate, padding = (
            header >> 19 & 3, header >> 12 & 15, header >> 10 & 3, header >> 9 & 1,
        )  # fmt: skip
        rate_hz = (44_100, 48_000, 32_000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
        kbps = list_mp3_kbps(48_000 if version == 3 else 24_000)[index - 1]
        found.add(kbps)
        start += (144_000 if version == 3 else 72_000) * kbps // rate_hz + padding
    return found


@pytest.mark.parametrize("kbps", [24, 64, 128])
def test_opus_comes_near_its_bit_rate(kbps: int) -> None:
    noise = np.random.default_rng(1).standard_normal(24_000 * 10, dtype=np.float32)
    data = encoded(noise * np.float32(0.1), Sound(format=Format.OPUS, bitrate_kbps=kbps))
    assert len(data) * 8 / 10_000 == pytest.approx(kbps, rel=0.15)


def test_better_vorbis_is_bigger() -> None:
    sizes = [
        len(encoded(_SPEECH, Sound(format=Format.OGG, vorbis_quality=quality)))
        for quality in (0.0, 0.5, 1.0)
    ]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("format_", [Format.WAV, Format.FLAC])
def test_16_bits_round_and_never_wrap(format_: Format) -> None:
    samples = np.array([1.5, 1.0, -1.0, -1.5, 1.4 / 32_768, -1.6 / 32_768], dtype=np.float32)
    stored, _ = decode(encoded(samples, Sound(format=format_)))
    assert (stored * 32_768).tolist() == [32_767, 32_767, -32_768, -32_768, 1, -2]


@pytest.mark.parametrize(
    ("rate_hz", "kbps"), [(24_000, 48), (24_000, 56), (48_000, 48), (16_000, 32)]
)
def test_mp3_without_a_tag_starts_on_time_all_the_same(rate_hz: int, kbps: int) -> None:
    lead = rate_hz // 10
    clip = np.pad(tone(440, 0.5, rate_hz=rate_hz), (lead, lead))
    data = encoded(clip, Sound(rate_hz=rate_hz, bitrate_kbps=kbps))
    samples, _ = decode(data)
    (sounding,) = np.nonzero(np.abs(samples) > 0.3)
    assert b"Info" not in data[:100]
    assert sounding[0] == pytest.approx(lead, abs=rate_hz // 500)


def test_ten_minutes_of_vorbis_do_not_end_the_process() -> None:
    data = encoded(np.zeros(8_000 * 600, dtype=np.float32), Sound(format=Format.OGG, rate_hz=8_000))
    assert soundfile.info(io.BytesIO(data)).frames == 8_000 * 600


def test_channels_are_averaged() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.tile([0.5, -0.25], (100, 1)), 24_000, format="WAV")
    samples, _ = decode(buffer.getvalue())
    assert np.allclose(samples, 0.125, atol=1e-4)
    assert samples.flags.c_contiguous


@pytest.mark.parametrize("data", [b"", b"<html>", b"RIFF", bytes(100)])
def test_bytes_that_are_no_sound_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(ClipError, match=f"{len(data)} bytes .* no known audio format"):
        decode(data)


def test_silence_decodes_to_silence() -> None:
    samples, _ = decode(encoded(np.zeros(24_000, dtype=np.float32), Sound(format=Format.WAV)))
    assert measure_integrated_lufs(samples, 24_000) == -math.inf
