"""A folder with an exported page: ours in it is kept up to date, all else is left as it is."""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import msgspec
from anyio import to_thread

from tts_assets.errors import UsageError
from tts_assets.model import Decided
from tts_assets.regular_files import read_regular
from tts_assets.review.html_page import REVIEW_LAYOUT, build_page
from tts_assets.review.review_rows import PageMode, build_payload
from tts_assets.review.row_builder import load_rows
from tts_assets.store.atomic_files import (
    check_target,
    fatal,
    link_whole,
    lock,
    sweep,
    sync_folder,
    write_whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tts_assets.config.settings import Settings
    from tts_assets.review.review_rows import ReviewRow, ReviewRows


#: The page that is opened.
PAGE_NAME = "index.html"

#: What earlier exports put into the folder; catalogues and sounds have other names.
_LIST_NAME = ".tts-assets-review"
_LOCK_NAME = ".tts-assets.lock"

#: The folders that we put anything into.
_OWN_FOLDERS = ("clips", "earlier")

#: What every page of ours has, and hardly another.
_PAGE_MARK = b' id="review-data">'


def check_export_folder(path: Path, output: str) -> None:
    """See that a folder may be filled, before what goes into it is made.

    Args:
        path: the folder; it need not be there.
        output: that of the assets.

    Raises:
        UsageError: it is none, has somebody else's page, or is one of assets.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file: name a folder, or a file that ends in .html")
    assets = Path(output).resolve()
    if path.resolve().is_relative_to(assets):
        raise UsageError(
            f"{path} lies in the output folder {output}, where every sound is taken for an asset: "
            "name another folder"
        )
    for name in _OWN_FOLDERS:
        # What is not shown any more is deleted there.
        ours = (path / name).resolve()
        if assets.is_relative_to(ours) or ours.is_relative_to(assets):
            raise UsageError(
                f"{path / name} would hold the sounds of the page, and the output folder {output} is "
                "there: name another folder"
            )
    if (path / PAGE_NAME).exists() and not is_exported_page(path / PAGE_NAME):
        raise UsageError(
            f"{path / PAGE_NAME} is there, and no page of tts-assets: name another folder"
        )


def is_exported_page(path: Path) -> bool:
    """Whether a file is an exported page."""
    try:
        return _PAGE_MARK in read_regular(path)
    except OSError:
        return False


def fill_folder(path: Path, page: bytes, sounds: Mapping[str, Path]) -> None:
    """Put a page and its sounds into a folder, and take away those of an earlier page.

    Each file is whole at any time, and after a kill the next export tidies up.

    Args:
        path: the folder; it is made if it is not there.
        page: the page.
        sounds: files, by where they go below the folder.

    Raises:
        UsageError: a file is in the way that no export put there.
        OSError: something cannot be read or written.
    """
    path.mkdir(parents=True, exist_ok=True)
    with lock(path / _LOCK_NAME, lambda: None):
        before = _read_file_list(path)
        _reject_links(path, before | sounds.keys())
        for parent in {(path / name).parent for name in before} | {path}:
            sweep(parent)
        # What somebody else put there is played, and never replaced nor deleted.
        ours = sounds.keys() - _find_foreign_files(
            path, {name: sounds[name] for name in sounds.keys() - before}
        )
        # Before the first is there: whoever comes after a kill knows all that may be.
        _write_file_list(path, before | ours)
        for name in sorted(ours):
            _put_file(path / name, sounds[name])
        write_whole(path / PAGE_NAME, page)
        for name in before - ours:
            _remove_file(path, name)
        _write_file_list(path, ours)
        sync_folder(path)


def _read_file_list(path: Path) -> set[str]:
    """What earlier exports put there; nothing that could be anybody else's."""
    try:
        names = json.loads(read_regular(path / _LIST_NAME, follow_links=False))
    except (OSError, ValueError, RecursionError):
        return set()
    return {name for name in names if _is_own_name(name)} if isinstance(names, list) else set()


def _is_own_name(name: object) -> bool:
    if not isinstance(name, str) or "\\" in name or "\0" in name:
        return False
    parts = name.split("/")
    return len(parts) > 1 and parts[0] in _OWN_FOLDERS and {"", ".", ".."}.isdisjoint(parts)


def _write_file_list(path: Path, names: Collection[str]) -> None:
    write_whole(path / _LIST_NAME, json.dumps(sorted(names), indent=0).encode())


def _reject_links(path: Path, names: Collection[str]) -> None:
    """See that what is put or deleted below a folder is nowhere else, where it could be an asset."""
    real = os.path.realpath(path)
    for parent in sorted({str(PurePosixPath(name).parent) for name in names}):
        there = path / parent
        if os.path.normcase(os.path.realpath(there)) != os.path.normcase(Path(real, parent)):
            raise UsageError(f"{there} leads to another folder: remove that link, or name another")


def _find_foreign_files(path: Path, new: Mapping[str, Path]) -> set[str]:
    """Which of the new sounds are there already, the same to the last byte."""
    found = set()
    for name, source in sorted(new.items()):
        there = path / name
        if not os.path.lexists(there):
            continue
        if not (there.is_file() and filecmp.cmp(there, source, shallow=False)):
            raise UsageError(f"{there} is there, and no export made it: name another folder")
        found.add(name)
    return found


def _put_file(path: Path, source: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (path.exists() and path.samefile(source)):
        link_whole(path, source)


def _remove_file(path: Path, name: str) -> None:
    """Delete a file, and the folders that are empty without it."""
    with contextlib.suppress(FileNotFoundError):
        (path / name).unlink()
    for above in list(PurePosixPath(name).parents)[:-1]:
        try:
            (path / above).rmdir()
        except OSError:
            return


# The use case `review --export`: the page in a file, and the sounds that it plays beside it.
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
    check_export_folder(path, output)
    return _write_folder


def _check_target_file(path: Path, output: str) -> None:
    if path.exists() and not is_exported_page(path):
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
        fill_folder(path, made, found.sounds)
    return _summarize_export(found, path / PAGE_NAME, made, beside=True)


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
