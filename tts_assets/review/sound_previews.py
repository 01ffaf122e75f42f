"""Previews of sounds for the page: peaks, pitch and silences, computed in parallel and cached."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import anyio
import msgspec
from anyio import CapacityLimiter, to_thread

from tts_assets.build.pool import FailureRules, Pool
from tts_assets.engines import machine, reading_cache
from tts_assets.errors import ClipError, FatalError
from tts_assets.japanese.engine_notation import find_questions
from tts_assets.regular_files import open_regular, read_regular, refuse_link
from tts_assets.store import segment_cache
from tts_assets.store.atomic_files import AppendLog, atomic_write, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tts_assets.audio.measure import AudioMeasurements
    from tts_assets.config.settings import Settings
    from tts_assets.engines.accent_recognizer import AccentListener, PhraseAccent
    from tts_assets.model import Phrase, SpokenForm
    from tts_assets.review.review_rows import ReviewRow


PREVIEW_VERSION = 1  #: cached previews of other versions are computed again
_MAX_BARS = 200  #: the most peaks of a preview: a short sound has one for every 10 ms
_PITCH_HOPS = 2  #: steps of 10 ms that lie between two values of the pitch
PITCH_STEP = 0.02  #: seconds from one value of the pitch to the next

#: The scale of the pitch: steps for each octave above so many Hz.
_STEPS_PER_OCTAVE, _LOWEST_HZ = 48, 50.0

_MAX_GAPS = 64  #: only the longest silences are kept; no clip has more pauses
_SMALL_BYTES = 1 << 20  #: files up to this size are read at once: about a minute of speech
_LEAST_RATE_HZ, _MOST_RATE_HZ = 2_000, 400_000  #: files of other sample rates have no preview


class AccentMatch(NamedTuple):
    """A phrase with the accent that was recognized in its pitch."""

    kana: str  #: its kana
    expected: int  #: the expected accent
    recognized: int | None = None  #: the recognized accent; None if the pitch is inconclusive
    margin: float = 0.0  #: by how many semitones the others, or the expected one, fit worse


class SoundPreview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The preview of one sound."""

    sha256: str  #: of the file's bytes, in hex
    version: int = PREVIEW_VERSION  #: see PREVIEW_VERSION
    seconds: float = 0.0  #: its length
    #: The highest magnitude in each of up to 200 equal parts, 255 for full scale.
    peaks: bytes = b""
    #: Of the first 30 seconds, every 20 ms: 0 if unvoiced, else 1 + 48 for each octave above 50 Hz.
    pitch: bytes = b""
    begin: float = 0.0  #: where speech begins, in seconds
    end: float = 0.0  #: where it ends
    #: Begin and end of the longest silences between them.
    gaps: tuple[tuple[float, float], ...] = ()
    accents: tuple[AccentMatch, ...] = ()  #: the recognized accents of its phrases
    #: The hash of what they were compared with; "" if they were not recognized yet.
    accents_key: str = ""


def draw_preview(
    path: Path, sha256: str, cached: SoundPreview | None = None
) -> SoundPreview | None:
    """The preview of a file, or the cached one of its bytes; reads block by block.

    Returns:
        None if the file is missing or has other bytes.
    """
    try:
        with _open_sound(path) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return None
            file.seek(0)
            return cached or _measure_preview(file, sha256)
    except OSError:
        return None


@contextmanager
def _open_sound(path: Path) -> Iterator[io.BytesIO | io.BufferedReader]:
    """Open a file; a small one is read into memory, as libsndfile reads many small parts."""
    with open_regular(path) as file:
        is_small = os.fstat(file.fileno()).st_size <= _SMALL_BYTES
        yield io.BytesIO(file.read()) if is_small else file


def _measure_preview(file: BinaryIO, sha256: str) -> SoundPreview:
    from tts_assets.audio.joining import open_stored  # noqa: PLC0415 - heavy, and not needed for --help
    from tts_assets.audio.measure import compute_block_size, measure_sound  # noqa: PLC0415
    from tts_assets.audio.speech_activity import LEAST_PAUSE, SpeechActivity  # noqa: PLC0415

    try:
        with open_stored(file) as stored:
            if not _LEAST_RATE_HZ <= stored.rate_hz <= _MOST_RATE_HZ:
                return SoundPreview(sha256=sha256)
            blocks = stored.blocks(compute_block_size(stored.rate_hz))
            measured = measure_sound(blocks, stored.rate_hz, measure_level=False)
    except ClipError:
        # The audio checks report why.
        return SoundPreview(sha256=sha256)
    blank = SoundPreview(
        sha256=sha256, seconds=round(measured.seconds, 3), peaks=_compute_peaks(measured.peaks)
    )
    if not any(blank.peaks):
        return blank
    speech = SpeechActivity(measured=measured)
    gaps = [gap for gap in speech.gaps() if gap.seconds >= LEAST_PAUSE]
    gaps = sorted(sorted(gaps, key=lambda gap: -gap.seconds)[:_MAX_GAPS])
    return msgspec.structs.replace(
        blank,
        pitch=_encode_pitch(measured),
        begin=round(speech.begin, 3),
        end=round(speech.end, 3),
        gaps=tuple((round(gap.begin, 3), round(gap.end, 3)) for gap in gaps),
    )


def _compute_peaks(peaks: NDArray[Any]) -> bytes:
    import numpy as np  # noqa: PLC0415 - heavy

    count = min(_MAX_BARS, peaks.size)
    if not count:
        return b""
    begins = np.arange(count) * peaks.size // count
    bars = np.maximum.reduceat(peaks, begins)
    return bytes(np.clip(np.rint(bars * 255), 0, 255).astype(np.uint8))


def _encode_pitch(measured: AudioMeasurements) -> bytes:
    import numpy as np  # noqa: PLC0415 - heavy

    hertz = measured.hertz[::_PITCH_HOPS]
    voiced = ~np.isnan(hertz)
    steps = np.zeros(hertz.size, dtype=np.uint8)
    above = _STEPS_PER_OCTAVE * np.log2(hertz[voiced] / _LOWEST_HZ)
    steps[voiced] = np.clip(1 + np.rint(above), 1, 255).astype(np.uint8)
    return bytes(steps)


#: The folder of the cache below the temporary folder of an output, and its file.
FOLDER, NAME = "pictures", "pictures.jsonl"

#: Lines of deleted sounds that do not justify rewriting the file.
_MAX_STALE_LINES = 100
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SoundPreview)


class PreviewCache:
    """Previews by hash, in a file that grows by lines and is rewritten when many are stale.

    Everything in it can be computed again, so read and write errors are ignored.
    """

    def __init__(self, place: Path) -> None:
        self._path = place / FOLDER / NAME
        self._log: AppendLog | None = None
        self._previews: dict[str, SoundPreview] = {}
        self._lines = 0

    def __enter__(self) -> Self:
        try:
            data = read_regular(self._path, follow_links=False)
        except OSError:
            return self
        for line in data.split(b"\n"):
            self._lines += bool(line)
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                preview = _decoder.decode(line)
                if preview.version == PREVIEW_VERSION:
                    self._previews[preview.sha256] = preview
        return self

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            with contextlib.suppress(FatalError):
                self._log.close()

    def find_preview(self, sha256: str) -> SoundPreview | None:
        return self._previews.get(sha256)

    def add_previews(self, previews: Collection[SoundPreview]) -> None:
        self._previews.update({each.sha256: each for each in previews})
        self._lines += len(previews)
        with contextlib.suppress(FatalError, OSError):
            if self._log is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                segment_cache.refuse_links(self._path.parent.parent)
                refuse_link(self._path.parent)
                sweep(self._path.parent)
                self._log = AppendLog(self._path)
            self._log.append(b"".join(_encoder.encode(each) + b"\n" for each in previews))

    def drop_stale(self, hashes: Collection[str]) -> None:
        """Rewrite the file if many previews are of other sounds than these hashes."""
        kept = [each for sha256, each in self._previews.items() if sha256 in hashes]
        if self._lines - len(kept) <= _MAX_STALE_LINES + len(kept) // 2:
            return
        data = b"".join(_encoder.encode(each) + b"\n" for each in kept)
        with contextlib.suppress(OSError):
            atomic_write(self._path, data, sync=False)


_BATCH_SIZE = 32  #: sounds of one task of a thread: most take a millisecond


class HashedFile(NamedTuple):
    """A file, and the hash that its bytes should have."""

    path: Path
    sha256: str


async def load_previews(
    sounds: Collection[HashedFile],
    place: Path,
    hashes: Collection[str],
    on_progress: Callable[[int, int], None],
) -> dict[HashedFile, SoundPreview]:
    """The previews of sounds, without those whose files are missing or have other bytes.

    Every file is read even if its preview is cached: a reviewer must hear what the ledger names.

    Args:
        sounds: their files.
        place: the temporary folder of the output, which has the cache.
        hashes: of all sounds that the cache should keep.
        on_progress: called with the number of finished sounds, and of all.
    """
    cores = machine.count_cores()
    limiter = CapacityLimiter(cores)
    found: dict[HashedFile, SoundPreview] = {}
    with await to_thread.run_sync(PreviewCache(place).__enter__) as cache:

        async def run_batch(batch: list[HashedFile]) -> list[SoundPreview | None]:
            return await to_thread.run_sync(_preview_batch, batch, cache, limiter=limiter)

        # Any exception is a bug of ours: an unreadable file has no preview.
        pool = Pool(run_batch, limit=cores, timeout=None, rules=FailureRules(failures=()))
        done = 0
        async with pool:
            async for result in pool.run(_iter_batches(sounds)):
                drawn = zip(result.job, result.value or (), strict=True)
                fresh = {sound: each for sound, each in drawn if each is not None}
                new = [each for each in fresh.values() if cache.find_preview(each.sha256) is None]
                if new:
                    await to_thread.run_sync(cache.add_previews, new)
                found |= fresh
                done += len(result.job)
                on_progress(done, len(sounds))
        await to_thread.run_sync(cache.drop_stale, hashes)
    return found


def _preview_batch(sounds: list[HashedFile], cache: PreviewCache) -> list[SoundPreview | None]:
    return [draw_preview(*sound, cache.find_preview(sound.sha256)) for sound in sounds]


def _iter_batches(sounds: Iterable[HashedFile]) -> Iterator[list[HashedFile]]:
    rest = iter(sounds)
    while batch := list(islice(rest, _BATCH_SIZE)):
        yield batch


# The accents of a sound are recognized when the page asks for them, and kept with its preview.


REPLACED = "the sound has been replaced"  #: the file is missing, or has other bytes


class AccentMatcher:
    """Recognizes accents in a process that starts with the first request."""

    def __init__(self, settings: Settings, place: Path) -> None:
        """``place``: the temporary folder of the output, which has the cache."""
        self._settings = settings
        self._place = place
        self._listener: AccentListener | None = None
        self._requested = anyio.Event()
        self._started = anyio.Event()

    async def run_recognizer(self) -> None:
        """Wait for the first request, then run the recognizer; never ends."""
        await self._requested.wait()
        # Heavy, and rarely needed.
        from tts_assets.engines import accent_recognizer  # noqa: PLC0415

        async with accent_recognizer.open_accent_recognizer(
            timeout_seconds=self._settings.timeout_seconds
        ) as self._listener:
            self._started.set()
            await anyio.sleep_forever()

    async def match_accents(
        self, sound: HashedFile, row: ReviewRow, form: SpokenForm | None
    ) -> tuple[AccentMatch, ...]:
        """Compare the accents of a sound with the expected ones, or get them from the cache.

        Args:
            sound: its file.
            row: its row.
            form: what the dictionary reads, if the voice chooses its own accents.

        Raises:
            ClipError: they cannot be recognized, or the file has other bytes.
            FatalError: the recognizer or the dictionary cannot be started.
        """
        key = accents_key(row.voice, row.phrases, form, self._settings)
        preview = await to_thread.run_sync(self._draw_preview, sound)
        if preview.accents_key == key:
            return preview.accents
        phrases = row.phrases if form is None else await self._read_phrases(form)
        self._requested.set()
        await self._started.wait()
        assert self._listener is not None  # noqa: S101 - it has started
        found = await self._listener.recognize_accents(sound.path, phrases, row.voice)
        # Another run may have replaced the file meanwhile.
        if await to_thread.run_sync(draw_preview, *sound, preview) is None:
            raise ClipError(REPLACED)
        matches = _match_phrases(phrases, found, row)
        kept = msgspec.structs.replace(preview, accents=matches, accents_key=key)
        await to_thread.run_sync(self._keep_preview, kept)
        return matches

    async def _read_phrases(self, form: SpokenForm) -> tuple[Phrase, ...]:
        (reading,) = await reading_cache.read_forms((form,), self._settings.words)
        if isinstance(reading, str):
            raise ClipError(reading)
        return reading.phrases

    def _draw_preview(self, sound: HashedFile) -> SoundPreview:
        with PreviewCache(self._place) as cache:
            preview = draw_preview(*sound, cache.find_preview(sound.sha256))
        if preview is None:
            raise ClipError(REPLACED)
        return preview

    def _keep_preview(self, preview: SoundPreview) -> None:
        with PreviewCache(self._place) as cache:
            cache.add_previews([preview])


def accents_key(
    voice: str, phrases: Sequence[Phrase], form: SpokenForm | None, settings: Settings
) -> str:
    """The hash of what accents are compared with; arguments as in `AccentMatcher.match_accents`."""
    expected = phrases if form is None else (form, settings.words)
    return hashlib.blake2b(repr((voice, expected)).encode(), digest_size=12).hexdigest()


def _match_phrases(
    phrases: Sequence[Phrase], found: Iterable[PhraseAccent], row: ReviewRow
) -> tuple[AccentMatch, ...]:
    from tts_assets.engines.accent_recognizer import is_contradiction  # noqa: PLC0415 - heavy: numpy

    questions = find_questions(phrases, row.text)
    matches = [AccentMatch(phrase.kana, phrase.accent) for phrase in phrases]
    for each in found:
        match = matches[each.place]
        # The pitch rises at the end of a question, whatever the accent.
        if each.place in questions:
            continue
        if is_contradiction(each, row.voice):
            margin = round(each.excess, 1)
            matches[each.place] = match._replace(recognized=each.accent, margin=margin)
        elif margin := round(max(0.0, each.margin), 1):
            matches[each.place] = match._replace(recognized=match.expected, margin=margin)
    return tuple(matches)
