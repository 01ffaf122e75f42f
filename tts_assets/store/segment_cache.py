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
from tts_assets.store.atomic_files import fatal, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable

    from tts_assets.model import Samples
    from tts_assets.store.decisions import SoundDecision, Use


#: What a segment's file is called, behind its name.
_ENDING = ".segment"
_FOLDER = re.compile("[0-9a-f]{24}")
_NUMBER = re.compile(rf"([0-9]{{6}})-.*{re.escape(_ENDING)}\Z")

#: Hex digits of what a place is called.
_DIGITS = 8


class CachedSegment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a segment that waits: the first line of its file; its samples follow.

    Args:
        frames: how many samples there are; float32, little-endian, mono.
        check: CRC-32 of their bytes: nothing is synced before a passage is whole.
        level: what they are multiplied with to be as loud as the engine spoke them.
        pronunciation: how it was said, where the engine can tell.
        billed: what a service charged for it, in its own credits; None where nobody tells.
        credit: the line that its licence asks for; "" for none.
        findings: the audio checks that it failed.
        words: when its words are spoken, where the service reports it.
    """

    frames: int
    check: int
    level: float = 1.0
    pronunciation: Pronunciation | None = None
    billed: float | None = None
    credit: str = ""
    findings: tuple[Finding, ...] = ()
    words: tuple[WordTime, ...] = ()


_decoder = msgspec.json.Decoder(CachedSegment)


def place_for(temp: str, target: str) -> Path:
    """The folder in which what goes to one place waits, so that no run clears away another's.

    Args:
        temp: the folder of all that waits.
        target: the folder or file that the sound goes to.
    """
    real = os.path.realpath(target).encode("utf-8", "surrogateescape")
    return Path(temp) / hashlib.sha256(real).hexdigest()[:_DIGITS]


def refuse_links(place: Path) -> None:
    """Refuse a place for segments that is a link, or lies in a folder of segments that is one.

    Args:
        place: see :func:`place_for`.

    Raises:
        FatalError: it is one.
    """
    with fatal(f"cannot keep segments in {place}"):
        refuse_link(place.parent)
        refuse_link(place)


def name_of(number: int, recipe: str) -> str:
    """The name that a segment of a passage waits under: its number, and what it is made from."""
    return f"{number:06}-{recipe}"


def find_numbers(temp: Path, passage: str) -> set[int]:
    """The numbers of the segments that wait for a passage, by their names alone.

    Args:
        temp: the folder of all passages that go to one place.
        passage: the recipe of this one.
    """
    with contextlib.suppress(OSError):
        found = (_NUMBER.match(path.name) for path in (temp / passage).iterdir())
        return {int(each[1]) for each in found if each is not None}
    return set()


class SegmentCache:
    """The folder of one passage; all methods block, and several threads may use it at once."""

    def __init__(self, temp: Path, passage: str) -> None:
        """Use a folder below ``temp``; nothing is made before something is kept.

        Args:
            temp: the folder of all passages that go to one place.
            passage: the recipe of this one.
        """
        self._folder = temp / passage

    def keep(self, name: str, samples: Samples, known: CachedSegment) -> CachedSegment:
        """Store a segment under its name: whole, or not at all.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        body = samples.astype("<f4", copy=False).tobytes()
        known = msgspec.structs.replace(known, frames=samples.size, check=zlib.crc32(body))
        data = b"".join((msgspec.json.encode(known), b"\n", body))
        with fatal(f"cannot write to {self._folder}"):
            try:
                self._write(name, data)
            except FileNotFoundError:
                # Another run has just taken away the folder around it, which was empty.
                self._write(name, data)
        return known

    def find(self, name: str) -> CachedSegment | None:
        """What is known of the segment that waits under a name, if it is whole."""
        found = self._read(name)
        return None if found is None else found[0]

    def samples(self, name: str) -> Samples | None:
        """The samples that wait under a name, float32 of shape (n,), if they are whole."""
        import numpy as np  # noqa: PLC0415 - heavy, and only needed where a passage is made

        found = self._read(name)
        return None if found is None else np.frombuffer(found[1], dtype="<f4")

    def _read(self, name: str) -> tuple[CachedSegment, memoryview] | None:
        try:
            data = read_regular(self._path(name), follow_links=False)
            end = data.index(b"\n")
            known = _decoder.decode(data[:end])
        except (OSError, ValueError, RecursionError):
            return None
        body = memoryview(data)[end + 1 :]
        # What lost power while it was written has its name, and not all of its bytes.
        whole = len(body) == 4 * known.frames and zlib.crc32(body) == known.check
        return (known, body) if whole else None

    def file(self, name: str) -> Path:
        """Where a file may be made that goes with the room."""
        return self._folder / name

    def create_file(self, name: str) -> BinaryIO:
        """Open a new file that goes with the room, for writing and reading.

        Raises:
            OSError: it cannot be created.
        """
        refuse_link(self._folder)
        return create_file(self._folder / name)

    def clear(self) -> None:
        """Delete all: the passage is whole."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        refuse_link(self._folder)
        write_whole(self._path(name), data, sync=False)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_ENDING}"


def sweep_segments(temp: Path, wanted: Collection[str]) -> None:
    """Delete what waits for passages that nobody wants any more.

    Args:
        temp: the folder of all passages that go to one place.
        wanted: the recipes of those that are still to be made.
    """
    with contextlib.suppress(OSError):
        for folder in temp.iterdir():
            # Whatever else lies there is not ours.
            if _FOLDER.fullmatch(folder.name) and folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)


def leave(temp: Path) -> None:
    """Take away the folder of a place, and that of all places, where they are empty."""
    with contextlib.suppress(OSError):
        temp.rmdir()
        temp.parent.rmdir()


# Rejected audio kept for comparison, until its successor is approved.


#: Their folder, in that of all that waits for an output folder.
_NAME = "earlier"
_HASH = re.compile("[0-9a-f]{64}")


def folder(temp: str, output: str) -> Path:
    """Where the earlier sounds of an output folder are kept, if there are any.

    Args:
        temp: the folder of all that waits.
        output: the output folder.
    """
    return place_for(temp, output) / _NAME


def keep(place: Path, asset: str, storage: atomic_files.Storage, *, unless: str) -> bool:
    """Keep the bytes of an asset, under the name of their hash, before it gets others.

    Args:
        place: see :func:`folder`.
        asset: its path; it need not exist.
        storage: where it is.
        unless: the hash of the bytes that it gets; there is nothing to keep if they are the same.

    Returns:
        Whether the file has those bytes already.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    file = storage.fetch(asset, place)
    with atomic_files.fatal(f"cannot keep {storage.locate(asset)} in {place}"):
        try:
            found = atomic_files.sha256(file)
        except (FileNotFoundError, IsADirectoryError, NotRegularError):
            return False
        kept = place / f"{found}{file.suffix}"
        if found != unless and not kept.exists():
            place.mkdir(parents=True, exist_ok=True)
            refuse_links(place.parent)
            refuse_link(place)
            atomic_files.write_whole(kept, file)
        return found == unless


def find(place: Path, sha256: str) -> Path | None:
    """The file with an earlier sound; None where it is not kept.

    Args:
        place: see :func:`folder`.
        sha256: the hash of its bytes, in hex.
    """
    if not _HASH.fullmatch(sha256):
        return None
    files = (place / f"{sha256}.{ending}" for ending in Format)
    return next((file for file in files if file.is_file()), None)


def sweep_rejected_audio(
    place: Path, decisions: Iterable[SoundDecision], approved: Container[str]
) -> None:
    """Delete the sounds that nobody compares any more; only under the output folder's lock.

    These are sounds that the journal does not have, and those whose clips have one by now that
    somebody approved.

    Args:
        place: see :func:`folder`.
        decisions: all of the journal.
        approved: the assets whose sounds are approved, as the ledger knows them.
    """
    if not place.is_dir() or any(each.is_symlink() for each in (place, *place.parents[:2])):
        return
    atomic_files.sweep(place)
    known = tuple(decisions)
    last = _last(known)
    wanted = {
        each.sha256
        for each in known
        if each.asset not in approved
        and (not each.clips or any(last[use].decided is not Decided.APPROVED for use in each.clips))
    }
    with contextlib.suppress(OSError):
        for file in place.iterdir():
            # Whatever else lies there is not ours.
            if _HASH.fullmatch(file.stem) and file.stem not in wanted:
                file.unlink()
        place.rmdir()


def _last(decisions: Iterable[SoundDecision]) -> dict[Use, SoundDecision]:
    """The last decision on any sound of each clip."""
    found: dict[Use, SoundDecision] = {}
    for each in sorted(decisions, key=lambda decision: decision.at):
        found.update(dict.fromkeys(each.clips, each))
    return found
