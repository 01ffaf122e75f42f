"""One clip held against all rules: as samples, as bytes in memory, or as a file."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tts_assets.audio.expected_length import Rule
from tts_assets.errors import ClipError
from tts_assets.model import Finding
from tts_assets.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.joining import Stored
    from tts_assets.model import Samples


#: Sound of other rates is not listened to: nothing of a voice is left in it, or it is none.
_LEAST_RATE_HZ, _MOST_RATE_HZ = 2_000, 400_000


def check_samples(samples: Samples, rate_hz: int, expected: ExpectedSound) -> tuple[Finding, ...]:
    """What is wrong with samples.

    Args:
        samples: float32, shape (n,), full scale at -1..1; of a segment, of any scale.
        rate_hz: samples per second.
        expected: what they are held against.
    """
    from tts_assets.audio.measure import block_size  # noqa: PLC0415 - heavy, see check_file

    step = block_size(rate_hz)
    blocks = (samples[start : start + step] for start in range(0, samples.size, step))
    return tuple(_of_sound(blocks, rate_hz, expected))


def check_file(path: Path, expected: ExpectedSound) -> tuple[Finding, ...]:
    """What is wrong with a file, whatever is in it; it is read block by block.

    Args:
        path: the file.
        expected: what it is held against.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        return tuple(_of_file(file, expected))


def check_bytes(
    data: bytes,
    expected: ExpectedSound,
    *,
    lufs: float | None = None,
    peak_dbtp: float | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with a clip in memory, as :func:`check_file` tells it of a file.

    Args:
        data: the encoded clip.
        expected: what it is held against.
        lufs: its loudness, where its maker has measured it in these bytes.
        peak_dbtp: its true peak; with both, neither is measured again.
    """
    known = None if lufs is None or peak_dbtp is None else _Level(lufs, peak_dbtp)
    return tuple(_of_file(io.BytesIO(data), expected, known))


def check_level(lufs: float, peak_dbtp: float, expected: ExpectedSound) -> tuple[Finding, ...]:
    """What is wrong with the level of a sound, by the figures that its maker has measured.

    For what was joined of segments: each of them was held against all rules by itself.

    Args:
        lufs: its loudness.
        peak_dbtp: its true peak.
        expected: what they are held against.
    """
    from tts_assets.audio.timing_checks import wrong_figures  # noqa: PLC0415 - heavy, see check_file

    return tuple(wrong_figures(lufs, peak_dbtp, expected))


class _Level(NamedTuple):
    """What was measured already."""

    lufs: float
    peak_dbtp: float


def _of_file(
    file: BinaryIO, expected: ExpectedSound, known: _Level | None = None
) -> Iterator[Finding]:
    # Heavy libraries are behind it, and rules are named without them.
    from tts_assets.audio.joining import open_stored  # noqa: PLC0415
    from tts_assets.audio.measure import block_size  # noqa: PLC0415

    try:
        # Before anything decodes it: libmpg123 prints what it thinks of damage.
        _refuse_parts(file)
        with open_stored(file) as stored:
            yield from _of_outside(stored, expected)
            if _LEAST_RATE_HZ <= stored.rate_hz <= _MOST_RATE_HZ:
                blocks = stored.blocks(block_size(stored.rate_hz))
                yield from _of_sound(blocks, stored.rate_hz, expected, known)
    except ClipError as exc:
        yield Finding(Rule.UNDECODABLE, "no sound", expected.sound.format, str(exc))


def _refuse_parts(file: BinaryIO) -> None:
    from tts_assets.audio import containers  # noqa: PLC0415 - heavy, see check_file

    if fault := containers.find_fault(file):
        raise ClipError(f"it is not whole: {fault}")
    file.seek(0)


def _of_outside(stored: Stored, expected: ExpectedSound) -> Iterator[Finding]:
    sound = expected.sound
    if stored.format is not sound.format:
        told = f"it is stored as {stored.kind} instead of {sound.format}"
        yield Finding(Rule.FORMAT, stored.kind, sound.format, told)
    if stored.rate_hz != sound.rate_hz:
        told = f"it has {stored.rate_hz} Hz instead of {sound.rate_hz}"
        yield Finding(Rule.RATE, f"{stored.rate_hz} Hz", f"{sound.rate_hz} Hz", told)
    if stored.channels != 1:
        told = f"it has {stored.channels} channels instead of 1"
        yield Finding(Rule.CHANNELS, str(stored.channels), "1", told)


def _of_sound(
    blocks: Iterable[Samples], rate_hz: int, expected: ExpectedSound, known: _Level | None = None
) -> Iterator[Finding]:
    """What is heard; what makes the rest meaningless is found alone."""
    from tts_assets.audio import pitch_checks as accent  # noqa: PLC0415 - see _of_file
    from tts_assets.audio import pitch_checks as voice  # noqa: PLC0415
    from tts_assets.audio import timing_checks as ends  # noqa: PLC0415
    from tts_assets.audio import timing_checks as levels  # noqa: PLC0415
    from tts_assets.audio import timing_checks as times  # noqa: PLC0415
    from tts_assets.audio.measure import listen  # noqa: PLC0415
    from tts_assets.audio.speech_activity import SpeechActivity  # noqa: PLC0415

    heard = listen(blocks, rate_hz, measure_level=known is None and not expected.is_segment)
    if known is not None:
        heard = replace(heard, lufs=known.lufs, peak_dbtp=known.peak_dbtp)
    nothing = tuple(levels.check_silence(heard))
    yield from nothing
    if nothing:
        return
    course = SpeechActivity(heard=heard)
    if not expected.is_segment:
        yield from levels.wrong_level(heard, expected)
        yield from times.wrong_edges(course, expected)
    for rule in (
        levels.wrong_waveform,
        times.wrong_length,
        times.wrong_gaps,
        ends.wrong_end,
        times.find_repetition,
        voice.no_speech,
        voice.wrong_pitch,
        accent.wrong_accents,
    ):
        yield from rule(course, expected)
