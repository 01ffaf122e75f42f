"""MP3: loud, long and clean as the clip was, at all bit rates, from however many threads."""

import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from tests.audio.sounds import encoded, spoken, tone
from tts_assets.audio.codec import decode
from tts_assets.audio.containers import checksum
from tts_assets.audio.formats import compute_mp3_frame_bytes, list_mp3_kbps
from tts_assets.model import Sound

_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_RATES = [(rate_hz, kbps) for rate_hz in _HZ for kbps in list_mp3_kbps(rate_hz)]
_TAGGED = [
    (rate_hz, kbps) for rate_hz, kbps in _RATES if compute_mp3_frame_bytes(rate_hz, kbps) > 170
]

# Of a file at 24 kHz: the frame's header; "Info", fields, frames and bytes; delays; bytes again.
_FIELDS = (slice(4), slice(13, 29), slice(154, 157), slice(161, 165))

_SPEECH = spoken("学校").samples[::2] * np.float32(0.5)


def _written_by_libsndfile(kbps: int) -> bytes:
    """The same speech with LAME's own tag."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", samplerate=24_000, channels=1, format="MP3",
        compression_level=(159.5 - kbps) / 152, bitrate_mode="CONSTANT",
    ) as file:  # fmt: skip
        file.write(_SPEECH)
    return buffer.getvalue()


@pytest.mark.parametrize(("rate_hz", "kbps"), _RATES)
def test_a_tone_is_as_loud_as_before(rate_hz: int, kbps: int) -> None:
    sound = Sound(rate_hz=rate_hz, bitrate_kbps=kbps)
    heard, _ = decode(encoded(tone(440, 1, rate_hz=rate_hz, dbfs=-6), sound))
    middle = heard[rate_hz // 4 : rate_hz * 3 // 4]
    assert 20 * np.log10(middle.std() * np.sqrt(2)) == pytest.approx(-6, abs=0.1)


@pytest.mark.parametrize(("rate_hz", "kbps"), _TAGGED)
@pytest.mark.parametrize("size", [1, 575, 576, 1_153, 30_011])
def test_a_decoded_clip_has_as_many_samples_as_before(size: int, rate_hz: int, kbps: int) -> None:
    data = encoded(np.zeros(size, np.float32), Sound(rate_hz=rate_hz, bitrate_kbps=kbps))
    assert decode(data)[0].size == size


@pytest.mark.parametrize(("rate_hz", "kbps"), _TAGGED)
def test_a_click_stays_where_it_was(rate_hz: int, kbps: int) -> None:
    clip = np.zeros(rate_hz // 2, np.float32)
    clip[rate_hz // 4] = 0.9
    heard, _ = decode(encoded(clip, Sound(rate_hz=rate_hz, bitrate_kbps=kbps)))
    assert abs(int(np.argmax(np.abs(heard))) - rate_hz // 4) <= 1


@pytest.mark.parametrize("kbps", [64, 80, 144])
def test_the_tag_tells_frames_bytes_and_delays_as_lame_would(kbps: int) -> None:
    ours, lames = encoded(_SPEECH, Sound(bitrate_kbps=kbps)), _written_by_libsndfile(kbps)
    assert len(ours) == len(lames)
    assert all(ours[field] == lames[field] for field in _FIELDS)


def test_both_checksums_of_the_tag_are_right() -> None:
    for data in (encoded(_SPEECH, Sound()), _written_by_libsndfile(64)):
        assert int.from_bytes(data[165:167]) == checksum(data[192:])
        assert int.from_bytes(data[167:169]) == checksum(data[:167])


def test_without_a_sample_there_is_still_a_file() -> None:
    assert decode(encoded(_SPEECH[:0], Sound()))[0].size == 0


def test_silence_stays_silence() -> None:
    heard, _ = decode(encoded(np.zeros(24_000, np.float32), Sound()))
    assert not heard.any()


@pytest.mark.parametrize("factor", [1.0, 1.5, 20.0])
def test_beyond_full_scale_all_is_turned_down_and_nothing_clipped(factor: float) -> None:
    wave = tone(440, 1, rate_hz=24_000)
    heard, _ = decode(encoded(wave * np.float32(factor), Sound(bitrate_kbps=160)))
    wave, heard = wave[6_000:18_000], heard[6_000:18_000]
    likeness = np.dot(wave, heard) / np.linalg.norm(wave) / np.linalg.norm(heard)
    assert np.abs(heard).max() < 1.0
    assert likeness > 0.99999


def test_threads_at_once_make_the_same_bytes() -> None:
    clips = [np.roll(_SPEECH, shift) for shift in range(24)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda clip: encoded(clip, Sound()), clips))
    assert together == [encoded(clip, Sound()) for clip in clips]


def test_ten_minutes_need_little_more_memory_than_their_file() -> None:
    sound = Sound(rate_hz=8_000, bitrate_kbps=24)
    clip = np.tile(tone(440, 1, rate_hz=8_000, dbfs=-6), 600)
    tracemalloc.start()
    try:
        data = encoded(clip, sound)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decode(data)[0].size == clip.size
    assert peak < 4 * len(data) + 2_000_000
