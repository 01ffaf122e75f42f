"""Bytes that a service sent become samples, or are told for what they are."""

import io
import struct

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tts_assets.engines.decode_response import (
    EndMissingError,
    check_sound_body,
    decode_speech,
    find_length_fault,
    is_cut,
)
from tts_assets.engines.http.service_calls import ServiceResponse, TransientError
from tts_assets.engines.paid_purchases import _to_file
from tts_assets.errors import ClipError
from tts_assets.model import Format

RATE_HZ = 24_000
TONE = (0.5 * np.sin(np.arange(12_000) / 20)).astype(np.float32)
PCM = (TONE * 32_767).astype("<i2").tobytes()


def file(form: str, subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, TONE, RATE_HZ, format=form, subtype=subtype)
    return buffer.getvalue()


WAV = file("WAV", "PCM_16")
FILES = {
    "wav": WAV,
    "flac": file("FLAC"),
    "opus": file("OGG", "OPUS"),
    "mp3": file("MP3"),
    "mp3 with tags": b"ID3\x04\x00\x00\x00\x00\x00\x0a" + b"\0" * 10 + file("MP3"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["", "application/octet-stream", "audio/mpeg", "audio/x-wav"])
def test_a_file_is_known_by_its_bytes(name: str, kind: str) -> None:
    samples, rate_hz = decode_speech(FILES[name], kind, pcm_rate_hz=None)
    assert (samples.dtype.name, samples.ndim, rate_hz) == ("float32", 1, RATE_HZ)
    assert samples.size / rate_hz == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("kind", ["", "audio/pcm", "audio/l16", "application/octet-stream"])
def test_bare_samples_have_the_rate_that_was_asked_for(kind: str) -> None:
    samples, rate_hz = decode_speech(PCM, kind, pcm_rate_hz=8_000)
    assert rate_hz == 8_000
    assert np.abs(samples - TONE).max() < 1e-4


@pytest.mark.parametrize(
    ("name", "kind"), [("wav", "audio/pcm"), ("mp3", "audio/mpeg"), ("flac", "")]
)
def test_a_file_in_place_of_bare_samples_is_read_as_a_file(name: str, kind: str) -> None:
    assert decode_speech(FILES[name], kind, pcm_rate_hz=8_000)[1] == RATE_HZ


@pytest.mark.parametrize("kind", ["", "audio/pcm", "audio/l16", "audio/mpeg"])
def test_an_mp3_in_place_of_bare_samples_is_known_whatever_its_type(kind: str) -> None:
    samples, rate_hz = decode_speech(FILES["mp3"], kind, pcm_rate_hz=8_000)
    assert (samples.size, rate_hz) == (TONE.size, RATE_HZ)
    with pytest.raises(ClipError, match=r"the response is MP3 instead of PCM, and .* incomplete"):
        decode_speech(FILES["mp3"][:-1], kind, pcm_rate_hz=8_000)


@pytest.mark.parametrize("kind", ["", "audio/pcm", "audio/l16", "audio/mpeg"])
def test_an_mp3_in_place_of_bare_samples_is_kept_as_a_file(kind: str) -> None:
    headers = {"content-type": kind}
    response = ServiceResponse(status=200, headers=headers, body=FILES["mp3"])
    assert _to_file(response, 8_000) == (FILES["mp3"], Format.MP3)


def test_a_server_may_leave_out_where_an_ogg_file_ends() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.tile(TONE, 8), RATE_HZ, format="OGG", subtype="OPUS")
    cut = b"OggS".join(buffer.getvalue().split(b"OggS")[:-1])
    assert decode_speech(cut, "", pcm_rate_hz=None, needs_end=False)[1] == RATE_HZ
    with pytest.raises(EndMissingError, match="incomplete: its last pages are missing"):
        decode_speech(cut, "", pcm_rate_hz=None)


def test_bare_samples_that_begin_like_a_frame_of_mpeg_are_samples() -> None:
    assert decode_speech(b"\xff\xfb" * 10, "audio/pcm", pcm_rate_hz=8_000)[0].size == 10


def with_length(data: int, riff: int = 0) -> bytes:
    return WAV[:4] + struct.pack("<I", riff) + WAV[8:40] + struct.pack("<I", data) + WAV[44:]


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 36])
def test_a_stream_that_did_not_know_its_length_is_read_to_its_end(length: int) -> None:
    samples, _ = decode_speech(with_length(length, length), "audio/wav", pcm_rate_hz=None)
    assert samples.size == TONE.size


def test_what_stands_behind_the_samples_is_not_heard() -> None:
    samples, _ = decode_speech(WAV + b"LIST\x04\0\0\0abcd", "audio/wav", pcm_rate_hz=None)
    assert samples.size == TONE.size


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "audio/pcm"),
        (b"<!DOCTYPE html>", "text/html"),
        ("<p>音</p>".encode(), "text/html"),
        (PCM, "text/html"),
        (b'{"error": 1}', "application/json"),
        (b'{"error": 1}', "application/problem+json"),
        (b'{"error": 1}', "audio/mpeg"),
        (b"internal server error\n", ""),
    ],
)
@pytest.mark.parametrize("pcm_rate_hz", [None, 8_000])
def test_what_is_no_sound_may_go_better_another_time(
    body: bytes, kind: str, pcm_rate_hz: int | None
) -> None:
    with pytest.raises(TransientError, match=r"empty|not audio|no known|no samples"):
        check_sound_body(body, kind, pcm_rate_hz=pcm_rate_hz)
    with pytest.raises(TransientError):
        decode_speech(body, kind, pcm_rate_hz=pcm_rate_hz)


def test_bytes_of_no_known_format_are_told() -> None:
    with pytest.raises(TransientError, match=r"no known audio format: .* of an unknown type"):
        decode_speech(b"\0\1\2\3" * 8, "", pcm_rate_hz=None)
    with pytest.raises(TransientError, match="of audio/mpeg"):
        decode_speech(b"\0\1\2\3" * 8, "audio/mpeg", pcm_rate_hz=8_000)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (WAV[:-1_000], "incomplete: only 23000 of 24000 bytes are present"),
        (WAV[:44], "incomplete: only 0 of 24000 bytes are present"),
        (WAV[:36], "no samples"),
        (WAV[:12], "no samples"),
        (with_length(0)[:44], "no samples"),
        (FILES["flac"][:30], "incomplete: its header is truncated"),
        (b"OggS" + b"\0" * 100, "incomplete: its page at byte 0 is damaged"),
        (FILES["mp3"][:-1], "incomplete: .* bytes of its last frame are present"),
        (FILES["opus"][:-1], "incomplete: no whole page begins at byte"),
    ],
)
def test_a_broken_file_costs_its_clip(body: bytes, message: str) -> None:
    with pytest.raises(ClipError, match=message):
        decode_speech(body, "audio/wav", pcm_rate_hz=None)


def test_half_a_sample_is_a_cut() -> None:
    with pytest.raises(ClipError, match="not whole 16-bit samples"):
        decode_speech(PCM[:-1], "audio/pcm", pcm_rate_hz=RATE_HZ)


def fading(seconds: float, silence: int = 0) -> NDArray[np.float32]:
    faded = TONE * np.linspace(1, 0, TONE.size, dtype=np.float32) ** 2
    return np.concatenate((faded[: int(seconds * RATE_HZ)], np.zeros(silence, np.float32)))


@pytest.mark.parametrize(
    ("samples", "cut"),
    [
        (TONE, True),
        (fading(0.5), False),
        (fading(0.2), True),
        (fading(0.2, silence=2_000), True),
        (fading(0.5, silence=2_000), False),
        # Encoders pad by less, so that a voice that ends so has ended.
        (fading(0.2, silence=4_000), False),
        (np.zeros(1_000, np.float32), False),
        (TONE[:5], True),
    ],
)
def test_what_ends_loudly_was_cut(samples: NDArray[np.float32], *, cut: bool) -> None:
    assert is_cut(samples, RATE_HZ) is cut


@pytest.mark.parametrize(
    ("shortest", "longest", "peak", "found"),
    [
        (0.5, 1.0, 1.0, None),
        (0.51, 1.0, 1.0, "the audio is 0.50 s long, but its text takes more than 0.51 s"),
        (0.0, -2.4, 1.0, None),
        (0.0, -2.6, 1.0, "the audio is 0.50 s long, but its text takes less than 0.40 s"),
        (0.0, 1.0, 0.0, "the audio of 0.50 s is silent"),
        (0.0, 1.0, 1e-4, "the audio of 0.50 s is silent"),
        (0.0, 1.0, -1.0, None),
    ],
)
def test_what_cannot_be_speech_has_a_fault(
    shortest: float, longest: float, peak: float, found: str | None
) -> None:
    sound = np.full(12_000, peak, np.float32)
    assert find_length_fault(sound, RATE_HZ, shortest=shortest, longest=longest) == found


def test_a_page_is_not_quoted_for_it_may_repeat_a_key() -> None:
    with pytest.raises(TransientError) as caught:
        check_sound_body(b"you sent sk_secret", "text/plain", pcm_rate_hz=None)
    assert str(caught.value) == "the response was not audio but 18 bytes of text/plain"


@pytest.mark.parametrize("kind", ["audio/pcm", "application/octet-stream", ""])
@pytest.mark.parametrize("lead", ["", "\ufeff", "x", "xx"])
def test_a_text_in_japanese_is_no_sound_whatever_its_type(kind: str, lead: str) -> None:
    page = f"{lead}ただいまメンテナンス中です。しばらくしてから、もう一度お試しください。" * 99
    with pytest.raises(TransientError, match="not audio but"):
        check_sound_body(page.encode(), kind, pcm_rate_hz=24_000)


def test_silence_and_speech_are_no_text() -> None:
    noise = np.random.default_rng(1).integers(-9_000, 9_000, 12_000).astype("<i2").tobytes()
    for start in range(0, 20_000, 2):
        check_sound_body(noise[start:], "", pcm_rate_hz=24_000)
    check_sound_body(bytes(2_000), "", pcm_rate_hz=24_000)
