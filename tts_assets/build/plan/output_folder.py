"""The output folder as a plan sees it: its files, its ledger, and earlier failures."""

from __future__ import annotations

import io
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tts_assets.build.plan.planner import Judged
from tts_assets.errors import InputError
from tts_assets.regular_files import open_regular
from tts_assets.store import (
    asset_file_names,
    failures,
    ledger,
    ledger_line,
    segment_cache,
    timelines,
)
from tts_assets.store.atomic_files import Storage
from tts_assets.store.bucket_storage import BucketStorage
from tts_assets.store.ledger_line import LEDGER_NAME, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from tts_assets.build.plan.plan_types import Plan
    from tts_assets.config.settings import BucketSettings, Settings
    from tts_assets.model import Decision
    from tts_assets.store.ledger import AssetRecord
    from tts_assets.store.ledger_line import Line


def open_storage(settings: Settings) -> Storage:
    """The output folder, or the bucket with its local folder of state; nothing is read yet."""
    root, url = Path(settings.state_folder), settings.bucket_url
    if url is None:
        return Storage(root)
    return _open_bucket(root, url, settings.bucket)


@lru_cache(maxsize=4)
def _open_bucket(root: Path, url: str, settings: BucketSettings) -> BucketStorage:
    """One client for a plan and the run that follows: connections and the listing are kept."""
    return BucketStorage(
        root,
        url,
        endpoint=settings.endpoint,
        region=settings.region,
        profile=settings.profile,
        cache_control=settings.cache_control,
    )


def open_run_storage(settings: Settings) -> Storage:
    """Where a run stores what it makes: a shard in its own folder, any other run as above."""
    return open_storage(settings) if settings.shard is None else Storage(Path(settings.folder))


def open_downloads(settings: Settings) -> Path:
    """The folder for downloads from the bucket; for a local output, it is never made."""
    return segment_cache.place_for(settings.temp, settings.state_folder) / "downloads"


def read_known_ledger(storage: Storage) -> ledger.Ledger:
    """What the ledger in an output folder says.

    Raises:
        InputError: it cannot be read, or is damaged.
    """
    path = storage.root / ledger_line.LEDGER_NAME
    with _open_file(path) as stream:
        return ledger.read_ledger_stream(stream, file=str(path), hash_of=storage.hash_of)


def ledger_bytes(settings: Settings) -> bytes:
    """All of the ledger of the output folder; nothing where there is none.

    Raises:
        InputError: it cannot be read.
    """
    with open_ledger(Path(settings.state_folder)) as stream:
        return stream.read()


@contextmanager
def open_ledger(folder: Path) -> Iterator[BinaryIO]:
    """That of a folder, to be read piece by piece: a million lines are as long as catalogues."""
    with _open_file(folder / ledger_line.LEDGER_NAME) as stream:
        yield stream


def bytes_of(path: Path) -> bytes:
    """A file in the output folder; nothing where there is none.

    Raises:
        InputError: it cannot be read.
    """
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
    """The lines of the ledger, one for each asset; of a long one, a piece at a time is in memory.

    Args:
        settings: whose output folder.
        tidy: it has one line for each asset.

    Raises:
        InputError: it cannot be read.
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


# The output folder as it is: what its ledger says, which files there are, and what failed last time.


class Folder:
    """The output folder, and that of the shard where the run is for one.

    What a shard has made already lies in a folder of its own, and counts before the rest.

    Attributes:
        recorded: what the ledger says of each asset, by its path.
        present: the size of every asset that exists, by its path.
        untidy: a killed run left something to clear away.
        failed: the reason for each recipe that could not be made last time.
        judged_by: what clips are held against.
        approved: the assets whose sounds somebody approved.
        rejected: the decision on each asset whose sound somebody rejected, by its path.
        folders: those that were listed, each with all that is below.
    """

    def __init__(self, settings: Settings, folders: Iterable[str], *, may_lack_files: bool) -> None:
        """Look.

        Args:
            settings: which folders.
            folders: those below in which the templates put assets.
            may_lack_files: where there are no files at all, the ledger alone counts.

        Raises:
            InputError: the ledger, or the memory of what failed, is damaged.
            FatalError: a folder cannot be listed.
        """
        self.recorded: dict[str, AssetRecord] = {}
        self.present: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        self.untidy = False
        self.approved: set[str] = set()
        self.rejected: dict[str, Decision] = {}
        self.folders: tuple[str, ...] = ()
        self._storages = [
            open_storage(settings),
            *([] if settings.shard is None else [Storage(Path(settings.folder))]),
        ]
        for storage in self._storages:
            self._scan_folders(storage, folders)
        self.judged_by = Judged.BYTES if settings.deep else Judged.FILES
        nothing = bool(self.recorded) and self.recorded.keys().isdisjoint(self.present)
        if may_lack_files and nothing and not settings.deep:
            self.judged_by = Judged.LEDGER

    def find_damaged(self, assets: AbstractSet[str]) -> tuple[frozenset[str], int]:
        """Those of some assets that have other bytes than the ledger says.

        And how many of them it does not know.
        """
        sums: dict[str, set[str]] = {}
        for storage in self._storages:
            with open_ledger(storage.root) as lines:
                for each in ledger.origins_of(lines, assets):
                    record = self.recorded.get(each.asset)
                    if each.sha256 and each.asset in assets and record == (each.recipe, each.bytes):
                        sums.setdefault(each.asset, set()).add(each.sha256)
        there = [asset for asset in sums if asset in self.present]
        # Heavy, and only --deep needs it.
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        with ThreadPoolExecutor() as threads:
            hashes = threads.map(self._hash_of, there)
            wrong = frozenset(
                asset for asset, each in zip(there, hashes, strict=True) if each not in sums[asset]
            )
        return wrong, sum(asset not in sums for asset in assets & self.present.keys())

    def _hash_of(self, asset: str) -> str | None:
        """The hash of an asset's file; that of a shard's own comes first."""
        for storage in reversed(self._storages):
            found = storage.hash_of(asset)
            if found is not None:
                return found
        return None

    def _scan_folders(self, storage: Storage, folders: Iterable[str]) -> None:
        path = storage.root / failures.NAME
        self.failed |= failures.read_failures(bytes_of(path), file=str(path))
        known = read_known_ledger(storage)
        listed = outermost({*folders, *_folders(known.recorded)})
        present = storage.sizes(listed)
        self.folders = tuple(listed)
        # What the shard made anew is not what was decided on.
        self.approved = known.approved | self.approved.difference(known.recorded)
        for asset in self.rejected.keys() & known.recorded.keys():
            del self.rejected[asset]
        self.rejected |= known.rejected
        # At a million clips, not for nothing.
        self.recorded = {**self.recorded, **known.recorded} if self.recorded else known.recorded
        self.present = {**self.present, **present} if self.present else present
        # A shard clears away what is left in its own folder, the last one, and nothing else.
        self.untidy = not known.tidy or storage.has_leftovers()


def _folders(recorded: Iterable[str]) -> set[str]:
    """The folders of the assets that a ledger knows, of earlier templates, too."""
    return {asset.rpartition("/")[0] for asset in recorded}


def outermost(folders: Iterable[str]) -> list[str]:
    """Those that lie in none of the others; each is listed with all that is below."""
    every = set(folders)
    return sorted(folder for folder in every if every.isdisjoint(_around(folder)))


def _around(folder: str) -> Iterator[str]:
    """The folders that a folder lies in."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


# Fresh passages that lack their time lines, and those of them for which the ledger has one.


class Timelines:
    """Looks for the time lines of passages, which stand beside their assets.

    Usually it counts that the files are there; where the bytes of all files are looked at, theirs
    are, too; where there are no audio files at all, nothing is missed.
    """

    def __init__(self, settings: Settings, found: Plan) -> None:
        """Look into the folder of a shard where the run is for one, else into the output folder."""
        self._settings = settings
        self._found = found
        self._assets: set[str] = set()
        self._deep = found.judged_by is Judged.BYTES
        self._looks = found.judged_by is not Judged.LEDGER

    def see(self, asset: str) -> None:
        """Take in the asset of a fresh passage."""
        if self._deep or self._lacks(asset):
            self._assets.add(asset)

    def settle(self) -> None:
        """Tell which time lines are to be written, and how many nobody knows."""
        if not (self._looks and self._assets):
            return
        storage = open_run_storage(self._settings)
        told, right = set[str](), set[str]()
        with open_ledger(storage.root) as stream:
            for line in ledger.passages(stream, self._assets):
                if self._found.recorded.get(line.asset) == (line.recipe, line.bytes):
                    told.add(line.asset)
                    if self._deep and timelines.is_right(line, storage):
                        right.add(line.asset)
        self._found.untimed = sorted(told - right)
        unknown = sum(map(self._lacks, self._assets - told))
        # Whether those of the output folder are as they should be is no business of a shard.
        if unknown and not self._settings.shard:
            self._found.trouble.notes.append(
                "passages without time lines, which the ledger does not contain either: "
                f"{unknown}; --force regenerates them"
            )

    def _lacks(self, asset: str) -> bool:
        return not all(map(self._found.present.get, asset_file_names.timelines_of(asset)))
