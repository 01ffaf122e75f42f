"""What is drawn of sounds: their outlines, how high a voice is in them, and where it is silent."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from tts_assets.errors import ClipError
from tts_assets.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tts_assets.checks.listening import Heard

#: What pictures are like; those of other versions are made anew.
PREVIEW_VERSION = 1

#: Bars that an outline has at most: a short sound has one for every 10 ms.
_MAX_BARS = 200
#: Steps of 10 ms that lie between two values of the pitch.
_PITCH_HOPS = 2
#: Seconds from one value of the pitch to the next.
PITCH_STEP = 0.02
#: What the pitch is told in: this many steps for an octave above so many Hz.
_STEPS_PER_OCTAVE, _LOWEST_HZ = 48, 50.0
#: The longest silences are told; no text of one clip has more pauses.
_MAX_GAPS = 64
#: What is read at once: a minute of speech, as it is stored usually.
_SMALL_BYTES = 1 << 20
#: Sound of other rates is no speech.
_LEAST_RATE_HZ, _MOST_RATE_HZ = 2_000, 400_000


class SoundPreview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is drawn of one sound.

    Args:
        sha256: of the file's bytes, in hex.
        version: see :data:`VERSION`.
        seconds: how long it is.
        peaks: the highest magnitude in each of up to 200 equal parts, 255 for full scale.
        pitch: of the first 30 seconds, how high the voice is every 20 ms: 0 where there is none,
            else 1 + 48 for each octave above 50 Hz.
        begin: where the first sound begins, in seconds.
        end: where the last one ends.
        gaps: begin and end of the longest silences between them.
    """

    sha256: str
    version: int = PREVIEW_VERSION
    seconds: float = 0.0
    peaks: bytes = b""
    pitch: bytes = b""
    begin: float = 0.0
    end: float = 0.0
    gaps: tuple[tuple[float, float], ...] = ()


def has_bytes(path: Path, sha256: str) -> bool:
    """Whether a file is there and has these bytes."""
    try:
        with _open_sound(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def draw_preview(path: Path, sha256: str) -> SoundPreview | None:
    """What is drawn of a file; None where it is not there or has other bytes.

    It is read block by block: an hour takes little more memory than a minute.
    """
    try:
        with _open_sound(path) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return None
            file.seek(0)
            return _measure_preview(file, sha256)
    except OSError:
        return None


@contextmanager
def _open_sound(path: Path) -> Iterator[io.BytesIO | io.BufferedReader]:
    """A file from its beginning; a small one is in memory, as libsndfile reads it bit by bit."""
    with open_regular(path) as file:
        is_small = os.fstat(file.fileno()).st_size <= _SMALL_BYTES
        yield io.BytesIO(file.read()) if is_small else file


def _measure_preview(file: BinaryIO, sha256: str) -> SoundPreview:
    from tts_assets.audio.stored import opened  # noqa: PLC0415 - heavy, and not needed for --help
    from tts_assets.checks.course import LEAST_PAUSE, Course  # noqa: PLC0415
    from tts_assets.checks.listening import block_size, listen  # noqa: PLC0415

    try:
        with opened(file) as stored:
            if not _LEAST_RATE_HZ <= stored.rate_hz <= _MOST_RATE_HZ:
                return SoundPreview(sha256=sha256)
            blocks = stored.blocks(block_size(stored.rate_hz))
            heard = listen(blocks, stored.rate_hz, measure_level=False)
    except ClipError:
        # What is wrong with it, findings tell.
        return SoundPreview(sha256=sha256)
    blank = SoundPreview(
        sha256=sha256, seconds=round(heard.seconds, 3), peaks=_compute_peaks(heard.peaks)
    )
    if not any(blank.peaks):
        return blank
    course = Course(heard=heard)
    gaps = [gap for gap in course.gaps() if gap.seconds >= LEAST_PAUSE]
    gaps = sorted(sorted(gaps, key=lambda gap: -gap.seconds)[:_MAX_GAPS])
    return msgspec.structs.replace(
        blank,
        pitch=_encode_pitch(heard),
        begin=round(course.begin, 3),
        end=round(course.end, 3),
        gaps=tuple((round(gap.begin, 3), round(gap.end, 3)) for gap in gaps),
    )


def _compute_peaks(peaks: NDArray[Any]) -> bytes:
    """The highest of so many parts, as bytes."""
    import numpy as np  # noqa: PLC0415 - see _drawn

    count = min(_MAX_BARS, peaks.size)
    if not count:
        return b""
    begins = np.arange(count) * peaks.size // count
    bars = np.maximum.reduceat(peaks, begins)
    return bytes(np.clip(np.rint(bars * 255), 0, 255).astype(np.uint8))


def _encode_pitch(heard: Heard) -> bytes:
    import numpy as np  # noqa: PLC0415 - see _drawn

    hertz = heard.hertz[::_PITCH_HOPS]
    voiced = ~np.isnan(hertz)
    steps = np.zeros(hertz.size, dtype=np.uint8)
    above = _STEPS_PER_OCTAVE * np.log2(hertz[voiced] / _LOWEST_HZ)
    steps[voiced] = np.clip(1 + np.rint(above), 1, 255).astype(np.uint8)
    return bytes(steps)
