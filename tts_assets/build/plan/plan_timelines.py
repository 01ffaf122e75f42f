"""Fresh passages that lack their time lines, and those of them for which the ledger has one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.build.plan.output_folder import open_ledger
from tts_assets.build.plan.planner import Judged
from tts_assets.store import asset_file_names, ledger, timelines

if TYPE_CHECKING:
    from tts_assets.build.plan.plan_types import Plan
    from tts_assets.config.settings import Settings


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
        folder = Path(self._settings.folder)
        told, right = set[str](), set[str]()
        with open_ledger(folder) as stream:
            for line in ledger.passages(stream, self._assets):
                if self._found.recorded.get(line.asset) == (line.recipe, line.bytes):
                    told.add(line.asset)
                    if self._deep and timelines.is_right(line, folder):
                        right.add(line.asset)
        self._found.untimed = sorted(told - right)
        unknown = sum(map(self._lacks, self._assets - told))
        # Whether those of the output folder are as they should be is no business of a shard.
        if unknown and not self._settings.shard:
            self._found.trouble.notes.append(
                f"passages without their time lines, which the ledger does not tell: {unknown}; "
                "--force makes them anew"
            )

    def _lacks(self, asset: str) -> bool:
        return not all(map(self._found.present.get, asset_file_names.timelines_of(asset)))
