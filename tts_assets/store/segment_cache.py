"""Finished segments kept until their passage is complete; rejected audio kept for comparison."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tts_assets.model import Decided, Finding, Format, Pronunciation, WordTime
from tts_assets.regular_files import NotRegularError, create_file, read_regular, refuse_link
from tts_assets.store import atomic_files
from tts_assets.store.atomic_files import atomic_write, translate_os_errors

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable

    from tts_assets.model import Samples
    from tts_assets.store.decisions import SoundDecision, Use


#: The suffix of a segment's file.
_ENDING = ".segment"
_FOLDER = re.compile("[0-9a-f]{24}")
_NUMBER = re.compile(rf"([0-9]{{6}})-.*{re.escape(_ENDING)}\Z")

_DIGITS = 8  #: hex digits of the name of a cache folder


class CachedSegment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of a cached segment: the first line of its file; its samples follow."""

    frames: int  #: the number of samples; float32, little-endian, mono
    check: int  #: CRC-32 of their bytes: segments are not synced
    level: float = 1.0  #: the factor that restores the loudness of the engine's output
    #: The spoken pronunciation, if the engine reports it.
    pronunciation: Pronunciation | None = None
    billed: float | None = None  #: the amount that a service charged, in credits; None if unknown
    credit: str = ""  #: the credit line that its licence requires; "" for none
    findings: tuple[Finding, ...] = ()  #: the audio checks that it failed
    words: tuple[WordTime, ...] = ()  #: when its words are spoken, if the service reports it


_decoder = msgspec.json.Decoder(CachedSegment)


def cache_dir_for(temp: str, target: str) -> Path:
    """The cache folder of one target, a folder or a file, in that of all temporary files.

    No run deletes the segments of another target.
    """
    real = os.path.realpath(target).encode("utf-8", "surrogateescape")
    return Path(temp) / hashlib.sha256(real).hexdigest()[:_DIGITS]


def refuse_links(place: Path) -> None:
    """Refuse a cache folder that is a link, or whose parent is one.

    Args:
        place: see :func:`cache_dir_for`.

    Raises:
        FatalError: it or its parent is a link.
    """
    with translate_os_errors(f"cannot keep segments in {place}"):
        refuse_link(place.parent)
        refuse_link(place)


def name_of(number: int, recipe: str) -> str:
    """The name of a cached segment of a passage: its number and its recipe."""
    return f"{number:06}-{recipe}"


def find_numbers(temp: Path, passage: str) -> set[int]:
    """The numbers of the cached segments of a passage (its recipe), from their file names."""
    with contextlib.suppress(OSError):
        found = (_NUMBER.match(path.name) for path in (temp / passage).iterdir())
        return {int(each[1]) for each in found if each is not None}
    return set()


class SegmentCache:
    """The cached segments of one passage; all methods block, and are thread-safe."""

    def __init__(self, temp: Path, passage: str) -> None:
        """Use a folder for a passage, given by its recipe, below the cache folder of the target.

        It is created only when a segment is stored.
        """
        self._folder = temp / passage

    def store_segment(self, name: str, samples: Samples, segment: CachedSegment) -> CachedSegment:
        """Store a segment atomically under its name."""
        body = samples.astype("<f4", copy=False).tobytes()
        segment = msgspec.structs.replace(segment, frames=samples.size, check=zlib.crc32(body))
        data = b"".join((msgspec.json.encode(segment), b"\n", body))
        with translate_os_errors(f"cannot write to {self._folder}"):
            try:
                self._write(name, data)
            except FileNotFoundError:
                # Another run has just removed the empty parent folder.
                self._write(name, data)
        return segment

    def find(self, name: str) -> CachedSegment | None:
        """The data of a cached segment, if it is complete."""
        found = self._read(name)
        return None if found is None else found[0]

    def samples(self, name: str) -> Samples | None:
        """The samples of a cached segment, float32 of shape (n,), if they are complete."""
        import numpy as np  # noqa: PLC0415 - heavy, and only needed for passages

        found = self._read(name)
        return None if found is None else np.frombuffer(found[1], dtype="<f4")

    def _read(self, name: str) -> tuple[CachedSegment, memoryview] | None:
        try:
            data = read_regular(self._path(name), follow_links=False)
            end = data.index(b"\n")
            segment = _decoder.decode(data[:end])
        except (OSError, ValueError, RecursionError):
            return None
        body = memoryview(data)[end + 1 :]
        # After a power failure, a file may have its name but not all of its bytes.
        is_complete = len(body) == 4 * segment.frames and zlib.crc32(body) == segment.check
        return (segment, body) if is_complete else None

    def file(self, name: str) -> Path:
        """The path of a temporary file in the folder, which is deleted with it."""
        return self._folder / name

    def create_file(self, name: str) -> BinaryIO:
        """Create a temporary file in the folder, open for writing and reading.

        Raises:
            OSError: it cannot be created.
        """
        refuse_link(self._folder)
        return create_file(self._folder / name)

    def clear(self) -> None:
        """Delete all segments, once the passage is complete."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        refuse_link(self._folder)
        atomic_write(self._path(name), data, sync=False)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_ENDING}"


def sweep_segments(temp: Path, pending: Collection[str]) -> None:
    """Delete the segments of passages whose recipes are not pending any more."""
    with contextlib.suppress(OSError):
        for folder in temp.iterdir():
            # Other files in the folder are not ours.
            if _FOLDER.fullmatch(folder.name) and folder.name not in pending:
                shutil.rmtree(folder, ignore_errors=True)


def remove_if_empty(temp: Path) -> None:
    """Remove the cache folder of a target, and its parent, if they are empty."""
    with contextlib.suppress(OSError):
        temp.rmdir()
        temp.parent.rmdir()


# Rejected audio kept for comparison, until its successor is approved.


#: The name of their folder in the cache folder.
_NAME = "earlier"
_HASH = re.compile("[0-9a-f]{64}")


def rejected_audio_dir_for(temp: str, output: str) -> Path:
    """The folder of an output folder's rejected audio, in its cache folder; it may not exist."""
    return cache_dir_for(temp, output) / _NAME


def keep_rejected_audio(
    place: Path, asset: str, storage: atomic_files.Storage, *, unless: str
) -> bool:
    """Keep the bytes of an asset under their hash before it is replaced.

    The asset need not exist. Bytes equal to the new ones, with the hash ``unless``, are not kept.

    Returns:
        Whether the asset already has the new bytes.
    """
    file = storage.fetch(asset, place)
    with atomic_files.translate_os_errors(f"cannot keep {storage.locate(asset)} in {place}"):
        try:
            found = atomic_files.sha256(file)
        except (FileNotFoundError, IsADirectoryError, NotRegularError):
            return False
        kept = place / f"{found}{file.suffix}"
        if found != unless and not kept.exists():
            place.mkdir(parents=True, exist_ok=True)
            refuse_links(place.parent)
            refuse_link(place)
            atomic_files.atomic_write(kept, file)
        return found == unless


def find_rejected_audio(place: Path, sha256: str) -> Path | None:
    """The file of a rejected sound, by the hash of its bytes in hex; None if it is not kept."""
    if not _HASH.fullmatch(sha256):
        return None
    files = (place / f"{sha256}.{ending}" for ending in Format)
    return next((file for file in files if file.is_file()), None)


def sweep_rejected_audio(
    place: Path, decisions: Iterable[SoundDecision], approved: Container[str]
) -> None:
    """Delete sounds that are no longer compared; only under the output folder's lock.

    These are sounds that are not in the journal, and sounds whose clips have an approved
    successor in the ledger.
    """
    if not place.is_dir() or any(each.is_symlink() for each in (place, *place.parents[:2])):
        return
    atomic_files.sweep(place)
    every = tuple(decisions)
    last = _last_by_clip(every)
    still_compared = {
        each.sha256
        for each in every
        if each.asset not in approved
        and (not each.clips or any(last[use].decided is not Decided.APPROVED for use in each.clips))
    }
    with contextlib.suppress(OSError):
        for file in place.iterdir():
            # Other files in the folder are not ours.
            if _HASH.fullmatch(file.stem) and file.stem not in still_compared:
                file.unlink()
        place.rmdir()


def _last_by_clip(decisions: Iterable[SoundDecision]) -> dict[Use, SoundDecision]:
    """The last decision on any sound of each clip."""
    found: dict[Use, SoundDecision] = {}
    for each in sorted(decisions, key=lambda decision: decision.at):
        found.update(dict.fromkeys(each.clips, each))
    return found
