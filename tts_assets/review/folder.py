"""A folder with an exported page: ours in it is kept up to date, all else is left as it is."""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tts_assets.errors import UsageError
from tts_assets.regular_files import read_regular
from tts_assets.storage import link_whole, lock, sweep, sync_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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
