"""Turn the speech of an engine into a clip: level and encode until the file meets the settings."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from tts_assets.audio.codec import LOSSLESS, check_file_size, decode_encoded, encode
from tts_assets.audio.level import Levelled, Measured, level, measure_hop_energies, measure_level
from tts_assets.audio.prepare import compute_silences, prepare_speech
from tts_assets.audio.waveform import BLOCK, whole
from tts_assets.errors import ClipError
from tts_assets.model import Format, Recording

if TYPE_CHECKING:
    from tts_assets.audio.waveform import Waveform
    from tts_assets.model import Sound, Speech


# True-peak meters differ by some hundredths, and codecs usually raise a peak by 0.3 dB.
_METER_ERROR_DB = 0.05
_PEAK_MARGIN_DB = 0.1
_LOSSY_PEAK_MARGIN_DB = 0.3

# They raise some of thousands of peaks further. A larger margin is cheaper than encoding a long sound
# again. Measured on 2 to 10 minutes of OpenJTalk at -19 LUFS.
_LONG_PEAK_MARGIN_DB = {Format.MP3: 1.5, Format.OPUS: 0.8, Format.OGG: 2.3}
_TOLERANCE_LU = 0.25
_ATTEMPTS = 6


def finish(speech: Speech, sound: Sound) -> Recording:
    """Trim, resample, level and encode speech of an engine; equal input gives equal bytes.

    Loudness and true peak are those of the decoded file: it is decoded and measured, and levelled
    again if a lossy codec changed them too much.

    Args:
        speech: float32 samples of shape (n,), of any scale up to 64 times full scale.
        sound: settings that ``audio.formats.find_sound_problem`` accepts.

    Returns:
        The encoded file, its length without the codec's padding, and its loudness and true peak
        (ITU-R BS.1770-4) as decoded.

    Raises:
        ClipError: the samples are shorter than 10 ms, silent, not finite, too loud, or of another
            shape; or nothing audible is left after encoding.
    """
    samples = prepare_speech(speech, sound.rate_hz).samples
    silence = compute_silences(
        samples.size, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms
    )
    samples = np.pad(samples, silence)
    file = io.BytesIO()
    level = render(whole(samples), sound, file)
    return Recording(
        data=file.getvalue(),
        seconds=round(samples.size / sound.rate_hz, 3),
        lufs=level.lufs,
        peak_dbtp=level.peak_dbtp,
    )


class _Take(NamedTuple):
    levelled: Levelled
    measured: Measured


def render(wave: Waveform, sound: Sound, into: BinaryIO) -> Measured:
    """Level and encode, and repeat with corrected targets while the decoded file misses the settings.

    Args:
        wave: the padded sound, its peak near 1, at ``sound.rate_hz``.
        sound: settings that ``audio.formats.find_sound_problem`` accepts.
        into: a file open for reading and writing, which is overwritten.

    Returns:
        Loudness and true peak of the file as decoded, to hundredths.

    Raises:
        ClipError: nothing audible is left, or the format cannot hold so much.
        OSError: the file cannot be written.
    """
    check_file_size(wave.size, sound)
    lossless = sound.format in LOSSLESS
    lufs = sound.lufs
    ceiling = find_ceiling_dbtp(sound)
    if wave.size > BLOCK and not lossless:
        ceiling = sound.peak_dbtp - _LONG_PEAK_MARGIN_DB[sound.format]
    energies = measure_hop_energies(wave, sound.rate_hz)
    takes: list[_Take] = []
    for attempt in range(1, _ATTEMPTS + 1):
        levelled = level(wave, sound.rate_hz, lufs=lufs, peak_dbtp=ceiling, energies=energies)
        if takes and levelled.way == takes[-1].levelled.way:
            break
        takes.append(_encode_take(levelled, sound, into))
        miss = sound.lufs - takes[-1].measured.lufs
        over = takes[-1].measured.peak_dbtp - sound.peak_dbtp + _METER_ERROR_DB
        if lossless or (over <= 0.0 and abs(miss) <= _TOLERANCE_LU):
            break
        lufs += miss
        ceiling -= max(0.0, over) * attempt
    best = min(takes, key=lambda take: _shortfall(take.measured, sound))
    if best is not takes[-1]:
        encode(best.levelled.wave, sound, into)
    return Measured(round(best.measured.lufs, 2), round(best.measured.peak_dbtp, 2))


def find_ceiling_dbtp(sound: Sound) -> float:
    """The ceiling for levelling that keeps the decoded file under that of the settings."""
    lossless = sound.format in LOSSLESS
    return sound.peak_dbtp - (_PEAK_MARGIN_DB if lossless else _LOSSY_PEAK_MARGIN_DB)


def _encode_take(levelled: Levelled, sound: Sound, into: BinaryIO) -> _Take:
    encode(levelled.wave, sound, into)
    measured = measure_level(decode_encoded(into), sound.rate_hz)
    if not math.isfinite(measured.lufs):
        raise ClipError(
            f"Nothing audible is left of the clip as {sound.format} at {sound.lufs:g} LUFS:"
            " raise bitrate_kbps or lufs."
        )
    return _Take(levelled, measured)


def _shortfall(measured: Measured, sound: Sound) -> tuple[float, float]:
    """The errors of an attempt, to compare: ceiling first, then loudness."""
    return max(0.0, measured.peak_dbtp - sound.peak_dbtp), abs(sound.lufs - measured.lufs)
