"""The use case `prune`: find the assets that no catalogue refers to, and delete those that we made."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.build.events import Waiting
from tts_assets.build.orphans import References, orphans
from tts_assets.build.plan.changes import Judged
from tts_assets.build.survey import files, look
from tts_assets.engines import choosing
from tts_assets.errors import FatalError, InputError
from tts_assets.store import storage
from tts_assets.store.ledger import known, passages, pieces
from tts_assets.store.ledger.line import LEDGER_NAME
from tts_assets.store.ledger.origin import asset_of, origins_of, without
from tts_assets.store.names import is_asset_name, timelines_of
from tts_assets.store.timelines import document
from tts_assets.store.timelines.files import rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from tts_assets.build.events import Event, Orphan
    from tts_assets.build.plan.planner import Planned
    from tts_assets.build.survey.found import Survey
    from tts_assets.config.model import Settings


class Spared(NamedTuple):
    """An orphan that was to be deleted and was not, and why."""

    asset: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a look for orphans found, and what became of them.

    Args:
        orphans: assets that no catalogue refers to, in the order of their paths.
        deleted: those of them that are not there any more.
        spared: those that were to be deleted and were not.
        forgotten: lines of orphans that the ledger lost.
        catalogues: files that were read, once for each source that reads them.
        problems: entries and files that cannot be used; while there are any, nothing is deleted.
        passed_over: files that may be catalogues, and cannot be read; while there are any, nothing
            is deleted.
        notes: why nothing can be deleted in this folder.
        remarks: what else the look brought up; nothing that keeps anything from being deleted.
        fatal: why the deletion ended early; None when it did not.
    """

    orphans: tuple[Orphan, ...]
    deleted: tuple[Orphan, ...] = ()
    spared: tuple[Spared, ...] = ()
    forgotten: int = 0
    catalogues: int = 0
    problems: tuple[InputError, ...] = ()
    passed_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    fatal: str | None = None

    @property
    def may_delete(self) -> bool:
        """Whether every reference is known, and the folder is one of ours."""
        unseen = self.problems or self.passed_over or self.notes
        return bool(self.catalogues and not unseen)


def prune(
    settings: Settings,
    *,
    delete: bool = False,
    on_event: Callable[[Event], None] | None = None,
    among: Callable[[Sequence[Orphan], bytes], Iterable[str]] | None = None,
) -> Pruned:
    """Find the orphans of the output folder, and delete those that the ledger knows.

    All catalogues of the configuration are looked at, whatever the settings select. A file goes only
    if it has the bytes that its line in the ledger says; then its line goes, too.

    Args:
        settings: which catalogues, what sound, which folder.
        delete: whether to delete; else nothing is changed.
        on_event: called while another run is at work in the folder.
        among: picks those that matter from all orphans, by the ledger; None for all.

    Returns:
        What was found and done; it does not raise for catalogues that cannot be used.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged, or names something that cannot be an asset.
        FatalError: the folder cannot be listed or locked.
    """
    settings = replace(settings, kinds=(), only=(), ids=(), since=None, shard=None, force=False)
    store = storage.Storage(Path(settings.output))
    if not (delete and (store.root / LEDGER_NAME).is_file()):
        return _picked(*_look(settings), among)
    tell = on_event or (lambda _: None)
    with store.locked(lambda: tell(Waiting(path=str(store.root)))):
        found, lines = _look(settings)
        found = _picked(found, lines, among)
        return _delete(store, found, lines) if found.may_delete else found


def _look(settings: Settings) -> tuple[Pruned, bytes]:
    """The orphans, and the ledger that they were found with."""
    provider = choosing.choose(settings).provider
    references = References(settings)

    def see(item: Planned) -> bool:
        references.see(item)
        return False

    found = [look.make_plan(each, provider, see, may_lack_files=True) for each in _ways(settings)]
    unread = references.follow(found)
    lines = files.ledger_bytes(settings)
    last = found[-1]
    return Pruned(
        orphans=tuple(
            orphans(references, present=last.present, recorded=last.recorded, lines=lines)
        ),
        catalogues=sum(len(each.catalogues) for each in found),
        problems=tuple(problem for each in found for problem in each.trouble.problems),
        passed_over=tuple(unread.values()),
        notes=tuple(_notes(settings, found)),
        remarks=tuple(_remarks(found, unread)),
    ), lines


def _ways(settings: Settings) -> Iterator[Settings]:
    """What leads to all catalogues: the files of the sources, and the paths beside them."""
    if settings.paths and settings.sources:
        yield replace(settings, paths=())
    yield settings


def _remarks(found: Iterable[Survey], unread: Container[str]) -> Iterator[str]:
    """What is told of everything else."""
    for each in found:
        told = {note for file, note in each.trouble.passed_over.items() if file in unread}
        if each.catalogues:
            yield from (note for note in each.trouble.notes if note not in told)


def _notes(settings: Settings, found: Sequence[Survey]) -> Iterator[str]:
    for each in found:
        if not each.catalogues:
            # A path that is wrong looks like one whose catalogues are gone.
            yield from each.trouble.notes
    if not (Path(settings.output) / LEDGER_NAME).is_file():
        yield (
            f"{settings.output} has no {LEDGER_NAME}: nothing tells that a file in it is ours, so "
            "none is deleted"
        )
    elif found[-1].judged_by is Judged.LEDGER:
        yield (
            f"none of the files that {Path(settings.output, LEDGER_NAME)} knows is here: prune "
            "where they are, or files there would outlive their lines"
        )


def _picked(
    found: Pruned, lines: bytes, among: Callable[[Sequence[Orphan], bytes], Iterable[str]] | None
) -> Pruned:
    if among is None:
        return found
    picked = frozenset(among(found.orphans, lines))
    return replace(found, orphans=tuple(each for each in found.orphans if each.asset in picked))


def _delete(store: storage.Storage, found: Pruned, lines: bytes) -> Pruned:
    """Delete the orphans that are ours; only under the folder's lock."""
    ours = {each.asset: each for each in found.orphans if each.ours}
    _refuse_strange(ours.keys(), lines, str(store.root / LEDGER_NAME))
    sums = _sums(ours, lines)
    gone, spared, fatal = set[str](), [], None
    try:
        for asset in ours:
            kept = list(_remove(store.root, asset, sums))
            spared += kept
            if all(each.asset != asset for each in kept):
                gone.add(asset)
    except OSError as exc:
        fatal = f"cannot delete {exc.filename}: {exc.strerror}"
    try:
        _forget(store, gone, lines)
    except (FatalError, OSError) as exc:
        fatal = fatal or str(exc)
    return replace(
        found,
        deleted=tuple(each for each in ours.values() if each.asset in gone and each.bytes),
        spared=tuple(spared),
        forgotten=len(gone),
        fatal=fatal,
    )


def _refuse_strange(assets: AbstractSet[str], lines: bytes, file: str) -> None:
    """See that each of these names can be that of an asset: ledgers are edited by hand, too.

    Raises:
        InputError: one cannot.
    """
    strange = {asset for asset in assets if not is_asset_name(asset)}
    if strange:
        number, asset = next(
            (number, asset)
            for number, line in enumerate(pieces.lines_of(lines), 1)
            if (asset := asset_of(line)) in strange
        )
        raise InputError(
            f"{asset!r} is no name of an asset: delete the line, then run again; nothing was "
            "deleted",
            file=file,
            line=number,
        )


def _sums(assets: Container[str], lines: bytes) -> dict[str, set[str]]:
    """The hashes that the ledger has for each asset; none where it takes back what it said.

    And those of the files with its time line, if it has one.
    """
    found: dict[str, set[str]] = {}
    for origin in origins_of(lines, assets):
        if not origin.recipe:
            found[origin.asset] = set()
        else:
            found.setdefault(origin.asset, set()).add(origin.sha256)
    for line in passages.passages(lines, assets):
        for file, data in rendered(document.of_line(line)).items():
            found.setdefault(file, set()).add(storage.sha256(data))
    return found


def _remove(root: Path, asset: str, sums: Mapping[str, AbstractSet[str]]) -> Iterator[Spared]:
    """Delete an asset and the files with its time line, each if it has one of its hashes.

    Yields:
        What was spared; with the asset all is.

    Raises:
        OSError: one cannot be read or deleted.
    """
    reason = _reason_to_spare(root, asset, sums.get(asset, frozenset()))
    if reason is not None:
        yield Spared(asset, reason)
        return
    for file in filter(sums.__contains__, timelines_of(asset)):
        reason = _reason_to_spare(root, file, sums[file])
        if reason is None:
            _unlink(root / file)
        else:
            yield Spared(file, reason)
    # Last, or nothing would tell whose the others are.
    _unlink(root / asset)


def _reason_to_spare(root: Path, file: str, sums: AbstractSet[str]) -> str | None:
    """Why a file must not be deleted; None where it may be, or is gone.

    Raises:
        OSError: it cannot be read.
    """
    path = root / file
    if os.path.realpath(path.parent) != str(Path(os.path.realpath(root), file).parent):
        return "a link leads to it, perhaps out of the folder"
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return "it is a link, and no file"
        if storage.sha256(path.read_bytes()) not in sums:
            return "it has other bytes than the ledger knows: somebody put them there"
    except (FileNotFoundError, NotADirectoryError):
        pass
    return None


def _unlink(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()


def _forget(store: storage.Storage, gone: AbstractSet[str], lines: bytes) -> None:
    """Take the lines of assets that are gone out of the ledger.

    Raises:
        OSError: a folder cannot be brought to the disk.
        FatalError: the ledger cannot be written.
    """
    if not gone:
        return
    for folder in {(store.root / asset).parent for asset in gone}:
        # First: a file that comes back after a power cut must not have lost its line.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            storage.sync_folder(folder)
    data, file = without(lines, gone), str(store.root / LEDGER_NAME)
    if not known.read_ledger(data, file=file, hash_of=store.hash_of).tidy:
        data = known.compacted(data, file=file, hash_of=store.hash_of)
    store.replace(LEDGER_NAME, data)
