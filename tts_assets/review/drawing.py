"""Pictures of many sounds: those that were drawn before, and all others, drawn by all cores."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from anyio import CapacityLimiter, to_thread

from tts_assets import machine
from tts_assets.pool import FailureRules, Pool
from tts_assets.review.album import PreviewCache
from tts_assets.review.pictures import SoundPreview, draw_preview, has_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

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
    limiter = CapacityLimiter(machine.cores())
    run = partial(to_thread.run_sync, limiter=limiter)
    found: dict[HashedFile, SoundPreview] = {}
    with await to_thread.run_sync(PreviewCache(place).__enter__) as album:

        async def run_batch(batch: list[HashedFile]) -> list[SoundPreview | None]:
            return await run(_preview_batch, batch, album)

        # Whatever is raised is a bug of ours: a file that cannot be read has no picture.
        pool = Pool(run_batch, limit=machine.cores(), timeout=None, rules=FailureRules(failures=()))
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
