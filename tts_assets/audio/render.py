"""From a sound of any length to its file: at its level as players hear it, whatever codecs do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tts_assets.audio.codec import LOSSLESS, decode_encoded, encode, refuse_what_is_too_long
from tts_assets.audio.level import Levelled, Measured, hop_energies, level, measure_level
from tts_assets.audio.waveform import BLOCK
from tts_assets.errors import ClipError
from tts_assets.model import Format

if TYPE_CHECKING:
    from tts_assets.audio.waveform import Waveform
    from tts_assets.model import Sound


# True-peak meters differ by some hundredths, and codecs lift a peak by 0.3 dB as a rule.
_METER_ERROR_DB = 0.05
_PEAK_MARGIN_DB = 0.1
_LOSSY_PEAK_MARGIN_DB = 0.3

# Among thousands of peaks they lift some further. A limiter that reaches a little deeper takes much
# less than encoding a long sound again. Measured on 2 to 10 minutes of OpenJTalk at -19 LUFS.
_LONG_PEAK_MARGIN_DB = {Format.MP3: 1.5, Format.OPUS: 0.8, Format.OGG: 2.3}
_TOLERANCE_LU = 0.25
_ATTEMPTS = 6


class _Take(NamedTuple):
    """A sound as it was encoded, and what is heard of it."""

    levelled: Levelled
    heard: Measured


def render(wave: Waveform, sound: Sound, into: BinaryIO) -> Measured:
    """Level and encode; again with corrected aims while the decoded file misses the settings.

    Args:
        wave: the sound with its silence around it, its peak near 1, at ``sound.rate_hz``.
        sound: settings that ``audio.formats.find_edit_problem`` finds nothing wrong with.
        into: a file open for reading and writing; what it holds is replaced.

    Returns:
        Loudness and true peak of the file as decoded, to hundredths.

    Raises:
        ClipError: the encoder left nothing audible, or the format cannot hold so much.
        OSError: the file cannot be written.
    """
    refuse_what_is_too_long(wave.size, sound)
    lossless = sound.format in LOSSLESS
    lufs = sound.lufs
    ceiling = find_ceiling_dbtp(sound)
    if wave.size > BLOCK and not lossless:
        ceiling = sound.peak_dbtp - _LONG_PEAK_MARGIN_DB[sound.format]
    energies = hop_energies(wave, sound.rate_hz)
    takes: list[_Take] = []
    for attempt in range(1, _ATTEMPTS + 1):
        levelled = level(wave, sound.rate_hz, lufs=lufs, peak_dbtp=ceiling, energies=energies)
        if takes and levelled.way == takes[-1].levelled.way:
            break
        takes.append(_take(levelled, sound, into))
        miss = sound.lufs - takes[-1].heard.lufs
        over = takes[-1].heard.peak_dbtp - sound.peak_dbtp + _METER_ERROR_DB
        if lossless or (over <= 0.0 and abs(miss) <= _TOLERANCE_LU):
            break
        lufs += miss
        ceiling -= max(0.0, over) * attempt
    best = min(takes, key=lambda take: _shortfall(take.heard, sound))
    if best is not takes[-1]:
        encode(best.levelled.wave, sound, into)
    return Measured(round(best.heard.lufs, 2), round(best.heard.peak_dbtp, 2))


def find_ceiling_dbtp(sound: Sound) -> float:
    """The true peak to level to, so that what is decoded stays under that of the settings."""
    lossless = sound.format in LOSSLESS
    return sound.peak_dbtp - (_PEAK_MARGIN_DB if lossless else _LOSSY_PEAK_MARGIN_DB)


def _take(levelled: Levelled, sound: Sound, into: BinaryIO) -> _Take:
    """Encode, and measure what players will hear."""
    encode(levelled.wave, sound, into)
    found = measure_level(decode_encoded(into), sound.rate_hz)
    if not math.isfinite(found.lufs):
        raise ClipError(
            f"Nothing audible is left of the clip as {sound.format} at {sound.lufs:g} LUFS:"
            " raise bitrate_kbps or lufs."
        )
    return _Take(levelled, found)


def _shortfall(found: Measured, sound: Sound) -> tuple[float, float]:
    """What a take lacks, the ceiling before the loudness; less is better."""
    return max(0.0, found.peak_dbtp - sound.peak_dbtp), abs(sound.lufs - found.lufs)
