"""The files with the time line of an asset: stored beside it, held against it, and gone with it.

A time line that is there is its asset's: before an asset is replaced, a time line that is not the new
one goes, and the new one comes last. So a run that is killed leaves none at worst, and the next one
writes it from the ledger.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tts_assets.errors import ClipError, FatalError, InputError
from tts_assets.regular_files import open_regular, read_regular
from tts_assets.store import names
from tts_assets.store.ledger import passages
from tts_assets.store.ledger.line import LEDGER_NAME, Line
from tts_assets.store.storage import fatal, sync_folder
from tts_assets.store.timelines.captions import lrc, webvtt
from tts_assets.store.timelines.document import Timeline, document, of_line, read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from tts_assets.store.storage import Storage


def rendered(timeline: Timeline) -> dict[str, bytes]:
    """What the files with a time line have in them, by their paths below the output folder."""
    data = (document(timeline), webvtt(timeline), lrc(timeline))
    return dict(zip(names.timelines_of(timeline.asset), data, strict=True))


def make_way(line: Line, storage: Storage) -> None:
    """Remove another time line from beside an asset, before that is replaced.

    Raises:
        FatalError: that fails.
    """
    if line.cues:
        files = rendered(of_line(line))
        remove(
            (file for file, data in files.items() if not _has(storage.root, file, data)), storage
        )
    elif line.recipe not in line.asset:
        # What is no passage may have been one under the same name.
        remove(ours(line.asset, storage.root), storage)


def store_timeline(line: Line, storage: Storage) -> bool:
    """Store the time line of a passage that is stored; whether anything had to be written.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    if not line.cues:
        return False
    files = rendered(of_line(line))
    lacking = {file: data for file, data in files.items() if not _has(storage.root, file, data)}
    for file, data in lacking.items():
        storage.put(file, data)
    return bool(lacking)


def is_right(line: Line, root: Path) -> bool:
    """Whether the time line beside an asset is the one that its line tells."""
    return all(_has(root, *each) for each in rendered(of_line(line)).items())


def heal(storage: Storage, assets: Collection[str]) -> int:
    """Write the time lines of those of these assets that lack theirs, as the ledger tells them.

    Returns:
        How many that were.

    Raises:
        FatalError: the ledger cannot be read, a folder lies in the place of a time line, or the
            disk is full, gone or read-only.
    """
    path = storage.root / LEDGER_NAME
    if not assets or not path.is_file():
        return 0
    with fatal(f"cannot read {path}"), open_regular(path, follow_links=False) as stream:
        lines = {line.asset: line for line in passages.passages(stream, assets)}
    count, problems = 0, []
    for line in lines.values():
        try:
            count += store_timeline(line, storage)
        except ClipError as exc:
            problems.append(str(exc))
    storage.settle()
    if problems:
        raise FatalError(problems[0])
    return count


def ours(asset: str, root: Path) -> list[str]:
    """The files with the time line of an asset that have in them what its JSON there says."""
    file = names.timelines_of(asset)[0]
    try:
        found = read(_bytes(root, file) or b"", file=file)
    except InputError:
        return []
    if found.asset != asset:
        return []
    return [file for file, data in rendered(found).items() if _has(root, file, data)]


def remove(files: Iterable[str], storage: Storage) -> None:
    """Delete files below the output folder, if they are there, and bring that to the disk.

    Raises:
        FatalError: that fails.
    """
    folders = set()
    for file in files:
        path = storage.root / file
        with fatal(f"cannot delete {path}"), contextlib.suppress(FileNotFoundError):
            path.unlink()
            folders.add(path.parent)
    for folder in folders:
        with fatal(f"cannot write to {folder}"):
            sync_folder(folder)


def _has(root: Path, file: str, data: bytes) -> bool:
    return _bytes(root, file) == data


def _bytes(root: Path, file: str) -> bytes | None:
    """All of a file; None where it cannot be read."""
    try:
        return read_regular(root / file)
    except OSError:
        return None
