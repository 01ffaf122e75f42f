"""The output folder as it is: what its ledger says, which files there are, and what failed last time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.build.plan.changes import Judged
from tts_assets.build.survey.files import bytes_of, known_by, opened_ledger
from tts_assets.store import failures
from tts_assets.store.ledger import origin
from tts_assets.store.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from tts_assets.config.model import Settings
    from tts_assets.model import Decision
    from tts_assets.store.ledger.known import Recorded


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
        self.recorded: dict[str, Recorded] = {}
        self.present: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        self.untidy = False
        self.approved: set[str] = set()
        self.rejected: dict[str, Decision] = {}
        self._storages = [
            Storage(Path(each)) for each in dict.fromkeys((settings.output, settings.folder))
        ]
        for storage in self._storages:
            self._look_at(storage, folders)
        self.judged_by = Judged.BYTES if settings.deep else Judged.FILES
        nothing = bool(self.recorded) and self.recorded.keys().isdisjoint(self.present)
        if may_lack_files and nothing and not settings.deep:
            self.judged_by = Judged.LEDGER

    def damaged(self, assets: AbstractSet[str]) -> tuple[frozenset[str], int]:
        """Those of some assets that have other bytes than the ledger says.

        And how many of them it does not know.
        """
        sums: dict[str, set[str]] = {}
        for storage in self._storages:
            with opened_ledger(storage.root) as lines:
                for each in origin.origins_of(lines, assets):
                    record = self.recorded.get(each.asset)
                    if each.sha256 and each.asset in assets and record == (each.recipe, each.bytes):
                        sums.setdefault(each.asset, set()).add(each.sha256)
        there = [asset for asset in sums if asset in self.present]
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

    def _look_at(self, storage: Storage, folders: Iterable[str]) -> None:
        path = storage.root / failures.NAME
        self.failed |= failures.read_failures(bytes_of(path), file=str(path))
        known = known_by(storage)
        present = storage.sizes(outermost({*folders, *_folders(known.recorded)}))
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
