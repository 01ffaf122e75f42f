"""What is drawn of sounds: their outlines, how high a voice is in them, and where it is silent."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgspec
from anyio import CapacityLimiter, to_thread

from tts_assets.build.pool import FailureRules, Pool
from tts_assets.engines import machine
from tts_assets.errors import ClipError, FatalError
from tts_assets.regular_files import open_regular, read_regular, refuse_link
from tts_assets.store import segment_cache
from tts_assets.store.atomic_files import AppendLog, sweep, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tts_assets.audio.measure import AudioMeasurements


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
        version: see :data:`OVERRIDES_VERSION`.
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
    from tts_assets.audio.joining import open_stored  # noqa: PLC0415 - heavy, and not needed for --help
    from tts_assets.audio.measure import block_size, listen  # noqa: PLC0415
    from tts_assets.audio.speech_activity import LEAST_PAUSE, SpeechActivity  # noqa: PLC0415

    try:
        with open_stored(file) as stored:
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
    course = SpeechActivity(heard=heard)
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


def _encode_pitch(heard: AudioMeasurements) -> bytes:
    import numpy as np  # noqa: PLC0415 - see _drawn

    hertz = heard.hertz[::_PITCH_HOPS]
    voiced = ~np.isnan(hertz)
    steps = np.zeros(hertz.size, dtype=np.uint8)
    above = _STEPS_PER_OCTAVE * np.log2(hertz[voiced] / _LOWEST_HZ)
    steps[voiced] = np.clip(1 + np.rint(above), 1, 255).astype(np.uint8)
    return bytes(steps)


# Pictures of sounds that were drawn before, kept in a file by the hash of what they show.


#: The folder within that of a place, and the file in it.
FOLDER, NAME = "pictures", "pictures.jsonl"

#: So many pictures of sounds that are gone are no reason to write the file anew.
_MAX_STALE_LINES = 100
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SoundPreview)


class PreviewCache:
    """The pictures of one place: a file that grows by lines, and is written anew when many are old.

    All of it can be drawn again. So what cannot be read is drawn again, and where nothing can be
    written everything else goes on.
    """

    def __init__(self, place: Path) -> None:
        """Open that of a place; nothing is made before a picture is kept."""
        self._path = place / FOLDER / NAME
        self._log: AppendLog | None = None
        self._pictures: dict[str, SoundPreview] = {}
        self._lines = 0

    def __enter__(self) -> Self:
        try:
            data = read_regular(self._path, follow_links=False)
        except OSError:
            return self
        for line in data.split(b"\n"):
            self._lines += bool(line)
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                picture = _decoder.decode(line)
                if picture.version == PREVIEW_VERSION:
                    self._pictures[picture.sha256] = picture
        return self

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            with contextlib.suppress(FatalError):
                self._log.close()

    def find_preview(self, sha256: str) -> SoundPreview | None:
        """The picture of a sound, if it was drawn before."""
        return self._pictures.get(sha256)

    def add_previews(self, pictures: Collection[SoundPreview]) -> None:
        """Add some."""
        self._pictures.update({each.sha256: each for each in pictures})
        self._lines += len(pictures)
        with contextlib.suppress(FatalError, OSError):
            if self._log is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                segment_cache.refuse_links(self._path.parent.parent)
                refuse_link(self._path.parent)
                sweep(self._path.parent)
                self._log = AppendLog(self._path)
            self._log.append(b"".join(_encoder.encode(each) + b"\n" for each in pictures))

    def drop_stale(self, there: Collection[str]) -> None:
        """Drop the pictures of sounds that are gone, when they are many.

        Args:
            there: the hashes of all sounds that may be drawn again.
        """
        kept = [each for sha256, each in self._pictures.items() if sha256 in there]
        if self._lines - len(kept) <= _MAX_STALE_LINES + len(kept) // 2:
            return
        data = b"".join(_encoder.encode(each) + b"\n" for each in kept)
        with contextlib.suppress(OSError):
            write_whole(self._path, data, sync=False)


# Pictures of many sounds: those that were drawn before, and all others, drawn by all cores.


#: Sounds that a thread draws in one go: most take a thousandth of a second.
_BATCH_SIZE = 32


class HashedFile(NamedTuple):
    """A sound that is to be drawn: its file, and the hash that its bytes should have."""

    path: Path
    sha256: str


async def load_previews(
    sounds: Collection[HashedFile],
    place: Path,
    there: Collection[str],
    on_progress: Callable[[int, int], None],
) -> dict[HashedFile, SoundPreview]:
    """Draw sounds; those whose files are gone, or have other bytes, are left out.

    Every file is read, however well it is known: who decides must hear what the ledger names.

    Args:
        sounds: which.
        place: the folder in which pictures are kept for the next time.
        there: the hashes of all sounds of that place, of which these may be a few.
        on_progress: called with how many there are so far, and how many there will be.
    """
    limiter = CapacityLimiter(machine.count_cores())
    run = partial(to_thread.run_sync, limiter=limiter)
    found: dict[HashedFile, SoundPreview] = {}
    with await to_thread.run_sync(PreviewCache(place).__enter__) as album:

        async def run_batch(batch: list[HashedFile]) -> list[SoundPreview | None]:
            return await run(_preview_batch, batch, album)

        # Whatever is raised is a bug of ours: a file that cannot be read has no picture.
        pool = Pool(
            run_batch, limit=machine.count_cores(), timeout=None, rules=FailureRules(failures=())
        )
        done = 0
        async with pool:
            async for result in pool.run(_iter_batches(sounds)):
                drawn = zip(result.job, result.value or (), strict=True)
                fresh = {sound: each for sound, each in drawn if each is not None}
                new = [each for each in fresh.values() if album.find_preview(each.sha256) is None]
                if new:
                    await to_thread.run_sync(album.add_previews, new)
                found |= fresh
                done += len(result.job)
                on_progress(done, len(sounds))
        await to_thread.run_sync(album.drop_stale, there)
    return found


def _preview_batch(sounds: list[HashedFile], album: PreviewCache) -> list[SoundPreview | None]:
    return [_preview_sound(sound, album.find_preview(sound.sha256)) for sound in sounds]


def _preview_sound(sound: HashedFile, known: SoundPreview | None) -> SoundPreview | None:
    if known is None:
        return draw_preview(*sound)
    return known if has_bytes(*sound) else None


def _iter_batches(sounds: Iterable[HashedFile]) -> Iterator[list[HashedFile]]:
    rest = iter(sounds)
    while batch := list(islice(rest, _BATCH_SIZE)):
        yield batch
