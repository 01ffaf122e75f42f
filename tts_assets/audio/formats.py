"""The limits of each encoding, and the check of sound settings against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.model import Sound


# ISO/IEC 11172-3 (MPEG-1), 13818-3 (MPEG-2) and the customary 2.5, layer III, kbit/s.
MPEG_1_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG_2_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
MPEG_25_KBPS = (8, 16, 24, 32, 40, 48, 56, 64)
_MP3_KBPS = {
    **dict.fromkeys((8_000, 11_025, 12_000), MPEG_25_KBPS),
    **dict.fromkeys((16_000, 22_050, 24_000), MPEG_2_KBPS),
    **dict.fromkeys((32_000, 44_100, 48_000), MPEG_1_KBPS),
}

# RFC 6716, section 2.1.3; the bit rates are those libsndfile offers per channel.
_OPUS_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
OPUS_KBPS = (6, 256)
_OTHER_HZ = (8_000, 96_000)
_RANGES = (
    ("lufs", (-50.0, -5.0), "LUFS; -19 suits speech"),
    ("peak_dbtp", (-50.0, 0.0), "dBTP; -1.5 suits lossy files"),
    ("lead_ms", (0, 5_000), "milliseconds"),
    ("trail_ms", (0, 5_000), "milliseconds"),
    ("vorbis_quality", (0.0, 1.0), "1 being the best"),
)


def list_mp3_kbps(rate_hz: int) -> tuple[int, ...]:
    """The bit rates of MP3 at this sample rate; none if MP3 does not support it."""
    return _MP3_KBPS.get(rate_hz, ())


def compute_mp3_frame_bytes(rate_hz: int, kbps: int) -> int:
    """Size of one MP3 frame: 1152 samples in MPEG-1, 576 below 32 kHz."""
    return (144_000 if rate_hz >= 32_000 else 72_000) * kbps // rate_hz


def find_sound_problem(sound: Sound) -> str | None:
    """The first problem of sound settings and its remedy; None if they are valid."""
    return next(_problems(sound), None)


def _problems(sound: Sound) -> Iterator[str]:
    yield from _rate_problems(sound)
    for name, bounds, unit in _RANGES:
        yield from _out_of_range(name, getattr(sound, name), bounds, unit)


def _rate_problems(sound: Sound) -> Iterator[str]:
    rate, kbps = sound.rate_hz, sound.bitrate_kbps
    match sound.format:
        case Format.MP3 if rate not in _MP3_KBPS:
            yield _not_one_of("rate_hz", rate, "mp3", tuple(_MP3_KBPS))
        case Format.MP3 if kbps not in list_mp3_kbps(rate):
            yield _not_one_of("bitrate_kbps", kbps, f"mp3 at {rate} Hz", list_mp3_kbps(rate))
        case Format.OPUS if rate not in _OPUS_HZ:
            yield _not_one_of("rate_hz", rate, "opus", _OPUS_HZ)
        case Format.OPUS:
            yield from _out_of_range("bitrate_kbps", kbps, OPUS_KBPS, "kbit/s for opus")
        case Format.OGG | Format.FLAC | Format.WAV:
            yield from _out_of_range("rate_hz", rate, _OTHER_HZ, "Hz")
        case _:
            pass


def _not_one_of(name: str, value: float, what: str, choices: tuple[int, ...]) -> str:
    listed = ", ".join(map(str, choices))
    return f"{name} is {value}, which {what} cannot have: choose one of {listed}."


def _out_of_range(name: str, value: float, bounds: tuple[float, float], unit: str) -> Iterator[str]:
    least, most = bounds
    # This form rejects NaN, as comparisons with it are false.
    if not least <= value <= most:
        yield f"{name} is {value}: choose a number from {least:g} to {most:g} ({unit})."
