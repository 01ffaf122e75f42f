"""Rejected audio kept for comparison, until its successor is approved."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from tts_assets.model import Decided, Format
from tts_assets.regular_files import NotRegularError, refuse_link
from tts_assets.store import atomic_files
from tts_assets.store.segment_cache import place_for, refuse_links

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from pathlib import Path

    from tts_assets.store.decisions import SoundDecision, Use


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


def keep(place: Path, file: Path, *, unless: str) -> bool:
    """Keep the bytes of a file, under the name of their hash, before it gets others.

    Args:
        place: see :func:`folder`.
        file: the asset's file; it need not be there.
        unless: the hash of the bytes that it gets; there is nothing to keep if they are the same.

    Returns:
        Whether the file has those bytes already.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    with atomic_files.fatal(f"cannot keep {file} in {place}"):
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


def sweep(place: Path, decisions: Iterable[SoundDecision], approved: Container[str]) -> None:
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
