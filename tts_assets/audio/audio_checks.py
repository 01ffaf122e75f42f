"""Check one clip against all rules: as samples, as bytes in memory, or as a file."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

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

# Import modules that load numpy in functions: listing the rules does not need them.

_LEAST_RATE_HZ, _MOST_RATE_HZ = 2_000, 400_000  #: other sample rates are not analysed


def check_samples(samples: Samples, rate_hz: int, expected: ExpectedSound) -> tuple[Finding, ...]:
    """Check float32 samples, shape (n,), full scale at -1..1; any scale for a segment."""
    from tts_assets.audio.measure import compute_block_size  # noqa: PLC0415

    step = compute_block_size(rate_hz)
    blocks = (samples[start : start + step] for start in range(0, samples.size, step))
    return tuple(_check_blocks(blocks, rate_hz, expected))


def check_file(path: Path, expected: ExpectedSound) -> tuple[Finding, ...]:
    """Check any file, block by block; raises OSError if it cannot be read."""
    with open_regular(path) as file:
        return tuple(_check_stored(file, expected))


def check_bytes(
    data: bytes,
    expected: ExpectedSound,
    *,
    lufs: float | None = None,
    peak_dbtp: float | None = None,
) -> tuple[Finding, ...]:
    """Check an encoded clip; if both its loudness and its true peak are given, measure neither."""
    level = None if lufs is None or peak_dbtp is None else (lufs, peak_dbtp)
    return tuple(_check_stored(io.BytesIO(data), expected, level))


def check_level(lufs: float, peak_dbtp: float, expected: ExpectedSound) -> tuple[Finding, ...]:
    """Check only the measured level, for joined audio whose segments were already checked."""
    from tts_assets.audio.timing_checks import check_loudness  # noqa: PLC0415

    return tuple(check_loudness(lufs, peak_dbtp, expected))


def _check_stored(
    file: BinaryIO, expected: ExpectedSound, level: tuple[float, float] | None = None
) -> Iterator[Finding]:
    from tts_assets.audio import containers  # noqa: PLC0415
    from tts_assets.audio.joining import open_stored  # noqa: PLC0415
    from tts_assets.audio.measure import compute_block_size  # noqa: PLC0415

    # Check before decoding, as libmpg123 prints messages about damage.
    if fault := containers.find_fault(file):
        yield _undecodable(expected, f"it is incomplete: {fault}")
        return
    file.seek(0)
    try:
        with open_stored(file) as stored:
            yield from _check_encoding(stored, expected)
            if _LEAST_RATE_HZ <= stored.rate_hz <= _MOST_RATE_HZ:
                blocks = stored.blocks(compute_block_size(stored.rate_hz))
                yield from _check_blocks(blocks, stored.rate_hz, expected, level)
    except ClipError as exc:
        yield _undecodable(expected, str(exc))


def _undecodable(expected: ExpectedSound, message: str) -> Finding:
    return Finding(Rule.UNDECODABLE, "no sound", expected.sound.format, message)


def _check_encoding(stored: Stored, expected: ExpectedSound) -> Iterator[Finding]:
    sound = expected.sound
    if stored.format is not sound.format:
        message = f"it is stored as {stored.kind} instead of {sound.format}"
        yield Finding(Rule.FORMAT, stored.kind, sound.format, message)
    if stored.rate_hz != sound.rate_hz:
        message = f"it has {stored.rate_hz} Hz instead of {sound.rate_hz}"
        yield Finding(Rule.RATE, f"{stored.rate_hz} Hz", f"{sound.rate_hz} Hz", message)
    if stored.channels != 1:
        message = f"it has {stored.channels} channels instead of 1"
        yield Finding(Rule.CHANNELS, str(stored.channels), "1", message)


def _check_blocks(
    blocks: Iterable[Samples],
    rate_hz: int,
    expected: ExpectedSound,
    level: tuple[float, float] | None = None,
) -> Iterator[Finding]:
    """Check the samples; silent or non-finite audio is checked by no other rule."""
    from tts_assets.audio import pitch_checks, timing_checks  # noqa: PLC0415
    from tts_assets.audio.measure import measure_sound  # noqa: PLC0415
    from tts_assets.audio.speech_activity import SpeechActivity  # noqa: PLC0415

    measured = measure_sound(
        blocks, rate_hz, measure_level=level is None and not expected.is_segment
    )
    if level is not None:
        measured = replace(measured, lufs=level[0], peak_dbtp=level[1])
    findings = tuple(timing_checks.check_silence(measured))
    yield from findings
    if findings:
        return
    speech = SpeechActivity(measured=measured)
    if not expected.is_segment:
        yield from timing_checks.check_loudness(measured.lufs, measured.peak_dbtp, expected)
        yield from timing_checks.check_edges(speech, expected)
    for rule in (
        timing_checks.check_waveform,
        timing_checks.check_length,
        timing_checks.check_pauses,
        timing_checks.check_end,
        timing_checks.find_repetition,
        pitch_checks.check_speech,
        pitch_checks.check_pitch,
        pitch_checks.check_accents,
    ):
        yield from rule(speech, expected)
