"""Writes URLs into a catalogue on disk: locked, atomically, and only into unchanged entries."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tts_assets.catalogues.catalogue_reader import read_catalogue
from tts_assets.catalogues.open_catalogues import (
    open_catalogue,
    parse_catalogue,
    pause_garbage_collector,
)
from tts_assets.catalogues.override_file import OverrideSet, find_lock_path
from tts_assets.config.catalogue_sources import OverwritePolicy
from tts_assets.errors import FatalError, InputError
from tts_assets.model import Clip, SpokenForm
from tts_assets.regular_files import read_regular
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.config.catalogue_sources import Source


#: Identifies the clip of a URL when the file has changed: source, entry, part and form.
ClipAddress: TypeAlias = tuple[str, str, str, SpokenForm]

_TRIES = 5  #: how often to retry when another program changes the file


class PendingUrl(NamedTuple):
    """A URL to write."""

    url: str  #: the address
    #: The values that were at its place when it was planned; they may be replaced.
    instead_of: tuple[str, ...] = ()
    clip: Clip | None = None  #: the clip as it was planned; None if another machine planned it


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBackResult:
    """The numbers of URLs written and of entries changed meanwhile, and the failed entries."""

    urls: int = 0
    missed: int = 0
    problems: tuple[InputError, ...] = ()


def make_clip_address(clip: Clip) -> ClipAddress:
    """The address of a clip."""
    return (clip.source, clip.entry, clip.part, clip.form)


def make_pending_url(clip: Clip, url: str) -> PendingUrl:
    """The URL of a clip, to write if the values at its place do not change."""
    return PendingUrl(url, _list_current_texts(clip), clip)


def has_unfinished_write(file: str) -> bool:
    """Whether a run is writing this catalogue now, or was killed while it did."""
    return find_lock_path(Path(os.path.realpath(file))).exists()


def write_urls(
    file: str,
    sources: Sequence[Source],
    urls: Mapping[ClipAddress, PendingUrl],
    on_wait: Callable[[], None],
    overrides: OverrideSet | None = None,
    planned: bytes = b"",
) -> WriteBackResult:
    """Write the URLs of one catalogue.

    The file is read again, because people edit it during a run. An entry whose text has changed,
    or which has got a recording, is skipped and counted.

    Args:
        file: the catalogue.
        sources: all sources that read it.
        urls: the URLs to write.
        on_wait: called repeatedly while another run writes the same file.
        overrides: the overrides of the run.
        planned: the SHA-256 of the bytes that the URLs were planned for; b"" if unknown.

    Raises:
        InputError: the file cannot be read or written, or is no longer a catalogue.
        FatalError: the disk is full.
    """
    path = Path(os.path.realpath(file))
    try:
        with atomic_files.lock(find_lock_path(path), on_wait):
            atomic_files.sweep(path.parent, path.name)
            for _ in range(_TRIES):
                written = _attempt_write(
                    path, file, sources, urls, overrides or OverrideSet(), planned
                )
                if written is not None:
                    return written
    except OSError as exc:
        if atomic_files.is_full(exc):
            raise FatalError(
                f"cannot write {file}: {exc.strerror}: free some disk space, then run again"
            ) from exc
        raise InputError(
            (
                f"its URLs cannot be written: {exc.strerror or exc}; correct this and run "
                "again, or use --no-update-json"
            ),
            file=file,
        ) from exc
    raise InputError(
        ("another program keeps changing it, so its URLs could not be written; run again later"),
        file=file,
    )


@pause_garbage_collector()
def _attempt_write(
    path: Path,
    file: str,
    sources: Sequence[Source],
    urls: Mapping[ClipAddress, PendingUrl],
    overrides: OverrideSet,
    planned: bytes,
) -> WriteBackResult | None:
    """Try to write once; None if another program changed the file meanwhile."""
    before = path.stat()
    # All sources of a file share its format options.
    document = open_catalogue(read_regular(path), file, sources[0])
    if document.digest == planned:
        # The same bytes have the same clips as in the plan.
        matching = [(each.clip, each.url) for each in urls.values() if each.clip is not None]
    else:
        matching = _find_matching_urls(document, sources, urls, overrides)
    missed = len(urls) - len(matching)
    changed = [(clip, url) for clip, url in matching if clip.url != url]
    text, problems = _edit_document(document, changed)
    if text == document.text:
        return WriteBackResult(missed=missed, problems=problems)
    data = document.encode(text)
    # Parse the new text before writing it, so that a bug cannot destroy a catalogue.
    parse_catalogue(data, file, sources[0])
    if not atomic_files.atomic_write(
        path, data, like=before, still_right=lambda: _is_unchanged(path.stat(), before)
    ):
        return None
    atomic_files.sync_folder(path.parent)
    return WriteBackResult(urls=len(changed) - len(problems), missed=missed, problems=problems)


def _find_matching_urls(
    document: Document,
    sources: Sequence[Source],
    urls: Mapping[ClipAddress, PendingUrl],
    overrides: OverrideSet,
) -> list[tuple[Clip, str]]:
    """The URLs whose clips still exist and whose places may be overwritten."""
    # Keep the order of the file, so that new keys of an entry are in order.
    clips = {
        make_clip_address(clip): (clip, source.overwrite is OverwritePolicy.ALWAYS)
        for source in sources
        for read in read_catalogue(
            document, source, overrides.make_amender(document.file, source.name)
        ).clips
        for clip in read.with_timeline()
        if clip.place is not None
    }
    return [
        (clip, urls[key].url)
        for key, (clip, always) in clips.items()
        if key in urls and (always or _is_as_planned(clip, urls[key]))
    ]


def _list_current_texts(clip: Clip) -> tuple[str, ...]:
    """The values at the place of a clip's URL, and the surplus items of its parallel list."""
    own = (clip.url,) if clip.url else ()
    return own + clip.parallel.spare if clip.parallel else own


def _is_as_planned(clip: Clip, new: PendingUrl) -> bool:
    """Whether the place has no value that appeared after the URL was planned."""
    return clip.url == new.url or all(each in new.instead_of for each in _list_current_texts(clip))


def _edit_document(
    document: Document, urls: Sequence[tuple[Clip, str]]
) -> tuple[str, tuple[InputError, ...]]:
    """The text with all URLs that can be set, and the problems of the other entries."""
    try:
        return _set_document_urls(document, urls), ()
    except InputError as problem:
        entries = list(dict.fromkeys(clip.entry for clip, _ in urls))
        if len(entries) == 1:
            message, line = problem.message, problem.line
            who = f"entry {entries[0]}"
            named = InputError(message, file=document.file, entry=who, line=line)
            return document.text, (named,) * len(urls)
    # Bisect the entries to find the failing one.
    first = set(entries[: len(entries) // 2])
    problems: list[InputError] = []
    for half in (
        [(clip, url) for clip, url in urls if clip.entry in first],
        [(clip, url) for clip, url in urls if clip.entry not in first],
    ):
        text, found = _edit_document(document, half)
        problems.extend(found)
        document = replace(document, data=document.encode(text))
    return document.text, tuple(problems)


def _set_document_urls(document: Document, urls: Sequence[tuple[Clip, str]]) -> str:
    parallel = {clip.parallel for clip, _ in urls if clip.parallel is not None}
    return document.set_urls(
        {clip.place: url for clip, url in urls if clip.place is not None},
        lists={each.place: each.length for each in parallel},
        beside={each.place: each.beside for each in parallel if each.beside is not None},
    )


def _is_unchanged(now: os.stat_result, before: os.stat_result) -> bool:
    return (now.st_ino, now.st_size, now.st_mtime_ns) == (
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
    )
