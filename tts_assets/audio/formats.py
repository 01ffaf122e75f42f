"""What each encoding can store, and whether a clip's sound settings fit it."""

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
_LUFS = (-50.0, -5.0)
_PEAK_DBTP = (-50.0, 0.0)
_SILENCE_MS = (0, 5_000)
_QUALITY = (0.0, 1.0)


def mp3_kbps(rate_hz: int) -> tuple[int, ...]:
    """Bit rates that MP3 has at this sampling rate; none where it lacks the rate itself."""
    return _MP3_KBPS.get(rate_hz, ())


def mp3_frame_bytes(rate_hz: int, kbps: int) -> int:
    """Size of one MP3 frame: 1152 samples in MPEG-1, 576 below 32 kHz."""
    return (144_000 if rate_hz >= 32_000 else 72_000) * kbps // rate_hz


def problem_with(sound: Sound) -> str | None:
    """Say what is wrong with sound settings and what to do, or None when they fit together."""
    return next(_problems(sound), None)


def _problems(sound: Sound) -> Iterator[str]:
    yield from _rate_problems(sound)
    yield from _out_of_range("lufs", sound.lufs, _LUFS, "LUFS; -19 suits speech")
    yield from _out_of_range(
        "peak_dbtp", sound.peak_dbtp, _PEAK_DBTP, "dBTP; -1.5 suits lossy files"
    )
    yield from _out_of_range("lead_ms", sound.lead_ms, _SILENCE_MS, "milliseconds")
    yield from _out_of_range("trail_ms", sound.trail_ms, _SILENCE_MS, "milliseconds")
    yield from _out_of_range("vorbis_quality", sound.vorbis_quality, _QUALITY, "1 being the best")


def _rate_problems(sound: Sound) -> Iterator[str]:
    rate, kbps = sound.rate_hz, sound.bitrate_kbps
    match sound.format:
        case Format.MP3 if rate not in _MP3_KBPS:
            yield _not_one_of("rate_hz", rate, "mp3", tuple(_MP3_KBPS))
        case Format.MP3 if kbps not in mp3_kbps(rate):
            yield _not_one_of("bitrate_kbps", kbps, f"mp3 at {rate} Hz", mp3_kbps(rate))
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
    # A comparison with NaN is false, so it is out of every range.
    if not least <= value <= most:
        yield f"{name} is {value}: choose a number from {least:g} to {most:g} ({unit})."
