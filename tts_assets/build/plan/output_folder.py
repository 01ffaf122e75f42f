"""The output folder as a plan sees it: its files, its ledger, and earlier failures.

A file that cannot be read, or is damaged, raises InputError.
"""

from __future__ import annotations

import io
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tts_assets.build.plan.planner import Judged
from tts_assets.errors import InputError
from tts_assets.regular_files import open_regular
from tts_assets.store import (
    failures,
    ledger,
    ledger_line,
    portable_names,
    segment_cache,
    timelines,
)
from tts_assets.store.atomic_files import Storage
from tts_assets.store.bucket_storage import BucketStorage
from tts_assets.store.ledger_line import LEDGER_NAME, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from tts_assets.build.plan.plan import Plan
    from tts_assets.config.settings import BucketSettings, Settings
    from tts_assets.model import Decision
    from tts_assets.store.ledger import AssetRecord
    from tts_assets.store.ledger_line import Line


def open_storage(settings: Settings) -> Storage:
    """The output folder, or the bucket with its local state folder; reads nothing yet."""
    root, url = Path(settings.state_folder), settings.bucket_url
    if url is None:
        return Storage(root)
    return _open_bucket(root, url, settings.bucket)


@lru_cache(maxsize=4)
def _open_bucket(root: Path, url: str, settings: BucketSettings) -> BucketStorage:
    """Cache one client for a plan and its run, to keep its connections and the listing."""
    return BucketStorage(root, url, **asdict(settings))


def open_run_storage(settings: Settings) -> Storage:
    """The storage of a run's assets: a shard has its own folder."""
    return open_storage(settings) if settings.shard is None else Storage(Path(settings.folder))


def open_downloads(settings: Settings) -> Path:
    """The folder for downloads from the bucket; never created for a local output folder."""
    return segment_cache.cache_dir_for(settings.temp, settings.state_folder) / "downloads"


def read_known_ledger(storage: Storage) -> ledger.Ledger:
    """The ledger of an output folder."""
    path = storage.root / ledger_line.LEDGER_NAME
    with _open_file(path) as stream:
        return ledger.read_ledger(stream, file=str(path), hash_of=storage.hash_of)


def ledger_bytes(settings: Settings) -> bytes:
    """The bytes of the output folder's ledger; empty if there is none."""
    with open_ledger(Path(settings.state_folder)) as stream:
        return stream.read()


@contextmanager
def open_ledger(folder: Path) -> Iterator[BinaryIO]:
    """Open the ledger of a folder for reading in chunks: a million lines are as long as catalogues."""
    with _open_file(folder / ledger_line.LEDGER_NAME) as stream:
        yield stream


def bytes_of(path: Path) -> bytes:
    """The bytes of a file in the output folder; empty if there is none."""
    with _open_file(path) as stream:
        return stream.read()


@contextmanager
def _open_file(path: Path) -> Iterator[BinaryIO]:
    try:
        with _stream(path) as stream:
            yield stream
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc


def _stream(path: Path) -> BinaryIO:
    try:
        return open_regular(path, follow_links=False)
    except (FileNotFoundError, NotADirectoryError):
        return io.BytesIO()


def read_ledger_lines(settings: Settings, *, tidy: bool) -> Iterator[Line]:
    """The lines of the ledger, one for each asset; a tidy ledger is read in chunks.

    Args:
        settings: the settings with the output folder.
        tidy: whether the ledger has one line for each asset.
    """
    with ExitStack() as opened:
        stream: BinaryIO
        if tidy:
            stream = opened.enter_context(open_ledger(Path(settings.state_folder)))
        else:
            folder = open_storage(settings)
            file = str(folder.root / LEDGER_NAME)
            data = ledger_bytes(settings)
            stream = io.BytesIO(ledger.compact_ledger(data, file=file, hash_of=folder.hash_of))
        for piece in pieces(stream):
            yield from ledger.whole_lines(piece)


# The state of the output folder: its ledger, its files, and the failures of the last run.
class Folder:
    """The output folder, and the shard's own folder if the run is a shard.

    The assets in a shard's own folder take precedence.
    """

    def __init__(self, settings: Settings, folders: Iterable[str], *, may_lack_files: bool) -> None:
        """Scan the folders.

        Args:
            settings: the settings with the folders.
            folders: the folders below in which the templates put assets.
            may_lack_files: use the ledger alone if there are no audio files at all.

        Raises:
            InputError: the ledger, or the record of failures, is damaged.
            FatalError: a folder cannot be listed.
        """
        #: The ledger's record of each asset, by its path.
        self.recorded: Mapping[str, AssetRecord] = {}
        self.present: dict[str, int] = {}  #: the size of every asset that exists, by its path
        self.failed: dict[str, str] = {}  #: the reason for each recipe that failed in the last run
        self.untidy = False  #: whether an interrupted run left files to delete
        self.approved: set[str] = set()  #: the assets whose audio a reviewer approved
        #: The decision on each asset whose audio a reviewer rejected, by its path.
        self.rejected: dict[str, Decision] = {}
        self.folders: tuple[str, ...] = ()  #: the folders that were listed recursively
        self._storages = [
            open_storage(settings),
            *([] if settings.shard is None else [Storage(Path(settings.folder))]),
        ]
        for storage in self._storages:
            is_shard = storage is not self._storages[0]
            self._scan_folders(storage, folders, is_shard=is_shard)
        #: What clips are compared with.
        self.judged_by = Judged.BYTES if settings.deep else Judged.FILES
        lacks_files = bool(self.recorded) and self.recorded.keys().isdisjoint(self.present)
        if may_lack_files and lacks_files and not settings.deep:
            self.judged_by = Judged.LEDGER

    def find_damaged(self, assets: AbstractSet[str]) -> tuple[frozenset[str], int]:
        """The assets whose bytes differ from the ledger, and the number of those not in the ledger."""
        sums: dict[str, set[str]] = {}
        for storage in self._storages:
            with open_ledger(storage.root) as lines:
                for each in ledger.origins_of(lines, assets):
                    record = self.recorded.get(each.asset)
                    if each.sha256 and each.asset in assets and record == (each.recipe, each.bytes):
                        sums.setdefault(each.asset, set()).add(each.sha256)
        existing = [asset for asset in sums if asset in self.present]
        # Heavy, and only --deep needs it.
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        with ThreadPoolExecutor() as threads:
            hashes = threads.map(self._hash_of, existing)
            wrong = frozenset(
                asset
                for asset, each in zip(existing, hashes, strict=True)
                if each not in sums[asset]
            )
        return wrong, sum(asset not in sums for asset in assets & self.present.keys())

    def _hash_of(self, asset: str) -> str | None:
        """The hash of an asset's file; the shard's own file takes precedence."""
        for storage in reversed(self._storages):
            found = storage.hash_of(asset)
            if found is not None:
                return found
        return None

    def _scan_folders(self, storage: Storage, folders: Iterable[str], *, is_shard: bool) -> None:
        path = storage.root / failures.NAME
        self.failed |= failures.read_failures(bytes_of(path), file=str(path))
        contents = read_known_ledger(storage)
        listed = outermost({*folders, *_folders(contents.recorded)})
        present = storage.sizes(listed)
        if is_shard:
            present = _find_recorded(present, contents.recorded)
        self.folders = tuple(listed)
        # Decisions don't apply to assets that the shard regenerated.
        self.approved = contents.approved | self.approved.difference(contents.recorded)
        for asset in self.rejected.keys() & contents.recorded.keys():
            del self.rejected[asset]
        self.rejected |= contents.rejected
        # Don't copy the dictionaries needlessly: there may be a million clips.
        recorded = contents.recorded
        self.recorded = {**self.recorded, **recorded} if self.recorded else recorded
        self.present = {**self.present, **present} if self.present else present
        # A shard cleans up only its own folder, which is scanned last.
        self.untidy = not contents.tidy or storage.has_leftovers()


class SettledFolder(Folder):
    """An output folder that is as it was when a plan for it found nothing to do."""

    def __init__(
        self,
        settings: Settings,
        lines: BinaryIO,
        present: dict[str, int],
        judged_by: Judged,
    ) -> None:
        """Read only the failures of the last run.

        Args:
            settings: the settings with the folder.
            lines: the open ledger, which is tidy and has no decisions in it.
            present: the size of every asset that exists, by its path.
            judged_by: what clips are compared with.
        """
        path = Path(settings.state_folder) / failures.NAME
        self.failed = failures.read_failures(bytes_of(path), file=str(path))
        self.recorded = ledger.SortedLedger(lines)
        self.present = present
        self.untidy = False
        self.approved = set()
        self.rejected = {}
        self.folders = ()
        self.judged_by = judged_by


def _find_recorded(present: Mapping[str, int], recorded: Iterable[str]) -> dict[str, int]:
    """The files of recorded assets: of a shard, the merge takes no others."""
    names = {name for asset in recorded for name in (asset, *portable_names.timelines_of(asset))}
    return {name: size for name, size in present.items() if name in names}


def _folders(recorded: Iterable[str]) -> set[str]:
    """The folders of the assets in a ledger, including those of earlier templates."""
    return {asset.rpartition("/")[0] for asset in recorded}


def outermost(folders: Iterable[str]) -> list[str]:
    """The folders that are inside none of the others, for a recursive listing."""
    every = set(folders)
    return sorted(folder for folder in every if every.isdisjoint(_around(folder)))


def _around(folder: str) -> Iterator[str]:
    """The parents of a folder."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


# Fresh passages whose time lines are missing, and can be written from the ledger.
class Timelines:
    """Checks the time lines of passages, which are stored next to their assets.

    Usually the files must exist. With ``--deep`` their bytes must be right, too. If there are no
    audio files at all, none are missing.
    """

    def __init__(self, settings: Settings, plan: Plan) -> None:
        """Check the folder of a shard if the run is a shard, else the output folder."""
        self._settings = settings
        self._plan = plan
        self._assets: set[str] = set()
        self._deep = plan.judged_by is Judged.BYTES
        self._is_used = plan.judged_by is not Judged.LEDGER

    def add_passage(self, asset: str) -> None:
        """Add the asset of a fresh passage."""
        if self._deep or self._lacks(asset):
            self._assets.add(asset)

    def settle(self) -> None:
        """Find the time lines to write, and note those that the ledger does not contain."""
        if not (self._is_used and self._assets):
            return
        storage = open_run_storage(self._settings)
        recorded, right = set[str](), set[str]()
        with open_ledger(storage.root) as stream:
            for line in ledger.passages(stream, self._assets):
                if self._plan.recorded.get(line.asset) == (line.recipe, line.bytes):
                    recorded.add(line.asset)
                    if self._deep and timelines.is_right(line, storage):
                        right.add(line.asset)
        self._plan.untimed = sorted(recorded - right)
        unknown = sum(map(self._lacks, self._assets - recorded))
        # A shard does not report problems of the output folder.
        if unknown and not self._settings.shard:
            self._plan.trouble.notes.append(
                "passages without time lines, which the ledger does not contain either: "
                f"{unknown}; --force regenerates them"
            )

    def _lacks(self, asset: str) -> bool:
        return not all(map(self._plan.present.get, portable_names.timelines_of(asset)))
