"""The use case `review --export`: the page in a file, and the sounds that it plays beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import msgspec
from anyio import to_thread

from tts_assets.domain import Decided
from tts_assets.errors import UsageError
from tts_assets.pages import REVIEW, page
from tts_assets.review import folder
from tts_assets.review.payload import Mode, payload
from tts_assets.review.rows import rows
from tts_assets.storage import check_target, fatal, sweep, sync_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.review.row import Row
    from tts_assets.review.rows import Rows
    from tts_assets.settings import Settings

_ENDINGS = (".html", ".htm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written.

    Args:
        page: the file that is to be opened; None where there was nothing to show.
        found: what it shows.
        undecided: how many of its sounds nobody has decided of.
        flagged: how many break a rule.
        page_bytes: the size of the page.
        sound_bytes: the size of all sounds that it plays.
        beside: whether these lie beside it; else they stay where they were.
    """

    page: Path | None
    found: Rows
    undecided: int = 0
    flagged: int = 0
    page_bytes: int = 0
    sound_bytes: int = 0
    beside: bool = True


async def export(
    settings: Settings,
    target: str,
    *,
    project: str,
    on_progress: Callable[[int, int], None] = lambda _, __: None,
) -> Exported:
    """Write the page; equal clips give equal bytes.

    Args:
        settings: which clips, and where they lie.
        target: a folder, which gets the page and its sounds; or a file that ends in ``.html``,
            which refers to the sounds where they lie.
        project: what the page calls itself, and keeps decisions under.
        on_progress: called with how many sounds were drawn so far, and how many there are.

    Raises:
        UsageError: a setting or the target is wrong, or the target is somebody else's.
        InputError: the ledger is damaged.
        FatalError: something cannot be read or written.
    """
    if not target:
        raise UsageError("the page has no place: name a folder, or a file that ends in .html")
    path = Path(target)
    write = await to_thread.run_sync(_writer, path, settings.output)
    found = await rows(settings, on_progress=on_progress)
    if not found.clips:
        return Exported(page=None, found=found)
    return await to_thread.run_sync(write, found, path, project)


def _writer(path: Path, output: str) -> Callable[[Rows, Path, str], Exported]:
    """What writes a page there, if it can be written."""
    if path.suffix.lower() in _ENDINGS and not path.is_dir():
        _check_file(path, output)
        return _into_file
    folder.check(path, output)
    return _into_folder


def _check_file(path: Path, output: str) -> None:
    if path.exists() and not folder.is_page(path):
        raise UsageError(f"{path} is there, and no page of tts-assets: name another file")
    check_target(path)
    _address(Path(output), path.parent)


def _into_file(found: Rows, path: Path, project: str) -> Exported:
    clips = tuple(_from(path.parent, row, found) for row in found.clips)
    made = _page(replace(found, clips=clips), project)
    with fatal(f"cannot write {path}"):
        sweep(path.parent)
        write_whole(path, made)
        sync_folder(path.parent)
    return _exported(found, path, made, beside=False)


def _into_folder(found: Rows, path: Path, project: str) -> Exported:
    made = _page(found, project)
    with fatal(f"cannot write to {path}"):
        folder.fill(path, made, found.sounds)
    return _exported(found, path / folder.PAGE, made, beside=True)


def _page(found: Rows, project: str) -> bytes:
    data = payload(found, mode=Mode.EXPORT, project=project)
    return page(REVIEW, title=f"{project}: review", data={"review-data": data}).html


def _from(base: Path, row: Row, found: Rows) -> Row:
    """A row whose sounds are named as they are seen from a folder."""
    earlier = row.earlier
    if earlier is not None:
        earlier = msgspec.structs.replace(earlier, sound=_seen(base, earlier.sound, found))
    return msgspec.structs.replace(row, sound=_seen(base, row.sound, found), earlier=earlier)


def _seen(base: Path, address: str, found: Rows) -> str:
    return _address(found.sounds[unquote(address)], base)


def _address(path: Path, base: Path) -> str:
    """The address of a file as a page in a folder names it.

    Raises:
        UsageError: there is none.
    """
    try:
        way = os.path.relpath(path, base)
    except ValueError as exc:
        raise UsageError(
            f"{path} is on another drive than the page, which cannot name it: put the page on the "
            "same drive, or export into a folder"
        ) from exc
    return quote(os.fsencode(way.replace(os.sep, "/")))


def _exported(found: Rows, path: Path, made: bytes, *, beside: bool) -> Exported:
    undecided = sum(
        row.decision is None or row.decision.decided is Decided.UNDECIDED for row in found.clips
    )
    with fatal("cannot read the sounds"):
        sound_bytes = sum(each.stat().st_size for each in set(found.sounds.values()))
    return Exported(
        page=path,
        found=found,
        undecided=undecided,
        flagged=sum(bool(row.findings) for row in found.clips),
        page_bytes=len(made),
        sound_bytes=sound_bytes,
        beside=beside,
    )
