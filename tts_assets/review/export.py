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
from tts_assets.pages import REVIEW_LAYOUT, build_page
from tts_assets.review import folder
from tts_assets.review.payload import PageMode, build_payload
from tts_assets.review.rows import load_rows
from tts_assets.storage import check_target, fatal, sweep, sync_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.review.row import ReviewRow
    from tts_assets.review.rows import ReviewRows
    from tts_assets.settings import Settings

_HTML_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
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
    found: ReviewRows
    undecided: int = 0
    flagged: int = 0
    page_bytes: int = 0
    sound_bytes: int = 0
    beside: bool = True


async def export_page(
    settings: Settings,
    target: str,
    *,
    project: str,
    on_progress: Callable[[int, int], None] = lambda _, __: None,
) -> ExportResult:
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
    write = await to_thread.run_sync(_choose_writer, path, settings.output)
    found = await load_rows(settings, on_progress=on_progress)
    if not found.clips:
        return ExportResult(page=None, found=found)
    return await to_thread.run_sync(write, found, path, project)


def _choose_writer(path: Path, output: str) -> Callable[[ReviewRows, Path, str], ExportResult]:
    """What writes a page there, if it can be written."""
    if path.suffix.lower() in _HTML_SUFFIXES and not path.is_dir():
        _check_target_file(path, output)
        return _write_file
    folder.check_export_folder(path, output)
    return _write_folder


def _check_target_file(path: Path, output: str) -> None:
    if path.exists() and not folder.is_exported_page(path):
        raise UsageError(f"{path} is there, and no page of tts-assets: name another file")
    check_target(path)
    _relative_url(Path(output), path.parent)


def _write_file(found: ReviewRows, path: Path, project: str) -> ExportResult:
    clips = tuple(_relocate_row(path.parent, row, found) for row in found.clips)
    made = _render_page(replace(found, clips=clips), project)
    with fatal(f"cannot write {path}"):
        sweep(path.parent)
        write_whole(path, made)
        sync_folder(path.parent)
    return _summarize_export(found, path, made, beside=False)


def _write_folder(found: ReviewRows, path: Path, project: str) -> ExportResult:
    made = _render_page(found, project)
    with fatal(f"cannot write to {path}"):
        folder.fill_folder(path, made, found.sounds)
    return _summarize_export(found, path / folder.PAGE_NAME, made, beside=True)


def _render_page(found: ReviewRows, project: str) -> bytes:
    data = build_payload(found, mode=PageMode.EXPORT, project=project)
    return build_page(REVIEW_LAYOUT, title=f"{project}: review", data={"review-data": data}).html


def _relocate_row(base: Path, row: ReviewRow, found: ReviewRows) -> ReviewRow:
    """A row whose sounds are named as they are seen from a folder."""
    earlier = row.earlier
    if earlier is not None:
        earlier = msgspec.structs.replace(earlier, sound=_sound_url(base, earlier.sound, found))
    return msgspec.structs.replace(row, sound=_sound_url(base, row.sound, found), earlier=earlier)


def _sound_url(base: Path, address: str, found: ReviewRows) -> str:
    return _relative_url(found.sounds[unquote(address)], base)


def _relative_url(path: Path, base: Path) -> str:
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


def _summarize_export(found: ReviewRows, path: Path, made: bytes, *, beside: bool) -> ExportResult:
    undecided = sum(
        row.decision is None or row.decision.decided is Decided.UNDECIDED for row in found.clips
    )
    with fatal("cannot read the sounds"):
        sound_bytes = sum(each.stat().st_size for each in set(found.sounds.values()))
    return ExportResult(
        page=path,
        found=found,
        undecided=undecided,
        flagged=sum(bool(row.findings) for row in found.clips),
        page_bytes=len(made),
        sound_bytes=sound_bytes,
        beside=beside,
    )
