"""Export the page: into a folder with its sounds, or into one file that refers to them."""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from anyio import to_thread

from tts_assets.errors import UsageError
from tts_assets.model import Decided
from tts_assets.regular_files import read_regular
from tts_assets.review.html_page import REVIEW_LAYOUT, build_page
from tts_assets.review.review_items import CLIPS, EARLIER
from tts_assets.review.review_rows import PageMode, build_payload, move_sounds
from tts_assets.review.row_builder import load_rows
from tts_assets.store.atomic_files import (
    atomic_link,
    atomic_write,
    check_target,
    lock,
    sweep,
    sync_folder,
    translate_os_errors,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tts_assets.config.settings import Settings
    from tts_assets.review.review_rows import ReviewRows


PAGE_NAME = "index.html"  #: the page that is opened

#: The list of files that exports put into the folder.
_LIST_NAME = ".tts-assets-review"
_LOCK_NAME = ".tts-assets.lock"

_OWN_FOLDERS = (CLIPS, EARLIER)  #: the folders that we write to
_PAGE_MARK = b' id="review-data">'  #: identifies our pages


def check_export_folder(path: Path, output: str) -> None:
    """Check, before the rows are built, that a folder can be filled.

    Raises:
        UsageError: it is a file, has a foreign page, or lies in the output folder.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file: name a folder, or a file that ends in .html")
    assets = Path(output).resolve()
    if path.resolve().is_relative_to(assets):
        raise UsageError(
            f"{path} is in the output folder {output}, where every audio file counts as an "
            "asset: name another folder"
        )
    for name in _OWN_FOLDERS:
        # Exports delete old sounds there.
        ours = (path / name).resolve()
        if assets.is_relative_to(ours) or ours.is_relative_to(assets):
            raise UsageError(
                f"{path / name} would contain the audio of the page, but also contains the "
                f"output folder {output}: name another folder"
            )
    if (path / PAGE_NAME).exists() and not is_exported_page(path / PAGE_NAME):
        raise UsageError(
            f"{path / PAGE_NAME} exists and is not a page of tts-assets: name another folder"
        )


def is_exported_page(path: Path) -> bool:
    try:
        return _PAGE_MARK in read_regular(path)
    except OSError:
        return False


def fill_folder(path: Path, page: bytes, sounds: Mapping[str, Path]) -> None:
    """Write a page and its sounds into a folder, and delete those of an earlier export.

    Each file is whole at any time, and after a kill the next export cleans up.

    Args:
        path: the folder; created if missing.
        page: the page.
        sounds: files by their path below the folder.

    Raises:
        UsageError: a file that no export wrote is in the way.
        OSError: something cannot be read or written.
    """
    path.mkdir(parents=True, exist_ok=True)
    with lock(path / _LOCK_NAME, lambda: None):
        before = _read_file_list(path)
        _reject_links(path, before | sounds.keys())
        for parent in {(path / name).parent for name in before} | {path}:
            sweep(parent)
        # Foreign files with the same bytes are played, but never replaced or deleted.
        ours = sounds.keys() - _find_foreign_files(
            path, {name: sounds[name] for name in sounds.keys() - before}
        )
        # Before the first file: after a kill the next export knows all candidates.
        _write_file_list(path, before | ours)
        for name in sorted(ours):
            _put_file(path / name, sounds[name])
        atomic_write(path / PAGE_NAME, page)
        for name in before - ours:
            _remove_file(path, name)
        _write_file_list(path, ours)
        sync_folder(path)


def _read_file_list(path: Path) -> set[str]:
    """The files of earlier exports."""
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
    atomic_write(path / _LIST_NAME, json.dumps(sorted(names), indent=0).encode())


def _reject_links(path: Path, names: Collection[str]) -> None:
    """Reject names that lead through a link out of the folder, where they could be assets."""
    real = os.path.realpath(path)
    for parent in sorted({str(PurePosixPath(name).parent) for name in names}):
        there = path / parent
        if os.path.normcase(os.path.realpath(there)) != os.path.normcase(Path(real, parent)):
            raise UsageError(
                f"{there} links to another folder: remove that link, or name another folder"
            )


def _find_foreign_files(path: Path, new: Mapping[str, Path]) -> set[str]:
    """The new sounds that already exist with the same bytes."""
    found = set()
    for name, source in sorted(new.items()):
        there = path / name
        if not os.path.lexists(there):
            continue
        if not (there.is_file() and filecmp.cmp(there, source, shallow=False)):
            raise UsageError(
                f"{there} exists and was not written by an export: name another folder"
            )
        found.add(name)
    return found


def _put_file(path: Path, source: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (path.exists() and path.samefile(source)):
        atomic_link(path, source)


def _remove_file(path: Path, name: str) -> None:
    """Delete a file, and then its empty folders."""
    with contextlib.suppress(FileNotFoundError):
        (path / name).unlink()
    for above in list(PurePosixPath(name).parents)[:-1]:
        try:
            (path / above).rmdir()
        except OSError:
            return


_HTML_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """The result of `review --export`."""

    page: Path | None  #: the file to open; None if there was nothing to show
    found: ReviewRows  #: its rows
    undecided: int = 0  #: the number of its undecided sounds
    flagged: int = 0  #: the number of its sounds with findings
    page_bytes: int = 0  #: the size of the page
    sound_bytes: int = 0  #: the size of its sounds
    beside: bool = True  #: whether the sounds lie beside it; else they stay where they were


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
        target: a folder for the page and its sounds; or a file that ends in ``.html``, which refers
            to the sounds where they lie.
        project: the title of the page; also the key that it stores decisions under.
        on_progress: called with how many sounds were drawn so far, and how many there are.

    Raises:
        UsageError: a setting or the target is wrong, or a foreign file is in the way.
        InputError: the ledger is damaged.
        FatalError: something cannot be read or written.
    """
    if not target:
        raise UsageError(
            "no path is given for the page: name a folder, or a file that ends in .html"
        )
    path = Path(target)
    write = await to_thread.run_sync(_choose_writer, path, settings.state_folder)
    found = await load_rows(settings, on_progress=on_progress)
    if not found.clips:
        return ExportResult(page=None, found=found)
    return await to_thread.run_sync(write, found, path, project)


def _choose_writer(path: Path, output: str) -> Callable[[ReviewRows, Path, str], ExportResult]:
    if path.suffix.lower() in _HTML_SUFFIXES and not path.is_dir():
        _check_target_file(path, output)
        return _write_file
    check_export_folder(path, output)
    return _write_folder


def _check_target_file(path: Path, output: str) -> None:
    if path.exists() and not is_exported_page(path):
        raise UsageError(f"{path} exists and is not a page of tts-assets: name another file")
    check_target(path)
    _relative_url(Path(output), path.parent)


def _write_file(found: ReviewRows, path: Path, project: str) -> ExportResult:
    def find_url(address: str, _: str) -> str:
        return _relative_url(found.sounds[unquote(address)], path.parent)

    clips = tuple(move_sounds(row, find_url) for row in found.clips)
    page = _render_page(replace(found, clips=clips), project)
    with translate_os_errors(f"cannot write {path}"):
        sweep(path.parent)
        atomic_write(path, page)
        sync_folder(path.parent)
    return _summarize_export(found, path, page, beside=False)


def _write_folder(found: ReviewRows, path: Path, project: str) -> ExportResult:
    page = _render_page(found, project)
    with translate_os_errors(f"cannot write to {path}"):
        fill_folder(path, page, found.sounds)
    return _summarize_export(found, path / PAGE_NAME, page, beside=True)


def _render_page(found: ReviewRows, project: str) -> bytes:
    data = build_payload(found, mode=PageMode.EXPORT, project=project)
    return build_page(REVIEW_LAYOUT, title=f"{project}: review", data={"review-data": data}).html


def _relative_url(path: Path, base: Path) -> str:
    """The URL of a file relative to a folder."""
    try:
        relative = os.path.relpath(path, base)
    except ValueError as exc:
        raise UsageError(
            f"{path} and the page are on different drives: put the page on the same drive, "
            "or export into a folder"
        ) from exc
    return quote(os.fsencode(relative.replace(os.sep, "/")))


def _summarize_export(found: ReviewRows, path: Path, page: bytes, *, beside: bool) -> ExportResult:
    undecided = sum(
        row.decision is None or row.decision.decided is Decided.UNDECIDED for row in found.clips
    )
    with translate_os_errors("cannot read the audio"):
        sound_bytes = sum(each.stat().st_size for each in set(found.sounds.values()))
    return ExportResult(
        page=path,
        found=found,
        undecided=undecided,
        flagged=sum(bool(row.findings) for row in found.clips),
        page_bytes=len(page),
        sound_bytes=sound_bytes,
        beside=beside,
    )
