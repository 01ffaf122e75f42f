"""What a plan finds: clips by state, problems, and totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_assets.build.plan.planner import Judged, State
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from tts_assets.build.plan import planner
    from tts_assets.build.plan.shared_sounds import Sums
    from tts_assets.catalogues.catalogue_reader import Catalogue
    from tts_assets.model import Clip, Decision, Place
    from tts_assets.store import ledger


@dataclass(slots=True, kw_only=True)
class Plan:
    """Everything known before a run.

    Args:
        catalogues: those of the wanted kinds, once for each source that reads them.
        trouble: files and entries that cannot be used, and files that were passed over.
        states: how many clips stand how.
        planned: the clips that matter, in the order of the files.
        untidy: a killed run left something to clear away in the output folder.
        present: the size of every asset that exists, by its path.
        recorded: what the ledger says of each asset, by its path.
        approved: the assets whose sounds somebody approved.
        rejected: the decision on each asset whose sound somebody rejected, by its path.
        approvals: how many fresh clips have a sound that somebody approved.
        judged_by: what the clips were held against.
        kept: clips that stay although the engine changed since.
        sums: what tells the plan that this shard is one of; None for a whole run.
        passed_over: clips that are to be made, and that the run was told to leave.
        untimed: fresh passages whose time lines are to be written, by their assets.
        overrides: what reviewers say instead of entries, and which of it is at work.
        unmatched: ids that were asked for and that no entry has, in words; None where all are there.
    """

    catalogues: list[Catalogue] = field(default_factory=list)
    trouble: LoadProblems = field(default_factory=LoadProblems)
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    planned: list[planner.ClipPlan] = field(default_factory=list)
    untidy: bool = False
    present: dict[str, int] = field(default_factory=dict)
    recorded: dict[str, ledger.AssetRecord] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)
    rejected: dict[str, Decision] = field(default_factory=dict)
    approvals: int = 0
    judged_by: Judged = Judged.FILES
    kept: tuple[planner.KeptClipGroup, ...] = ()
    sums: Sums | None = None
    passed_over: int = 0
    untimed: list[str] = field(default_factory=list)
    unmatched: str | None = None
    overrides: OverrideSet = field(default_factory=OverrideSet)
    _places: dict[tuple[str, Place], Clip] = field(default_factory=dict)
    _objects: dict[tuple[str, Place], Clip] = field(default_factory=dict)

    def claim(self, clip: Clip, file: str) -> None:
        """Give the places for its URLs to a clip; ``file``: the real path of its catalogue.

        Raises:
            InputError: another clip has one, or one that lies within it or around it.
        """
        self._claim(clip, file)
        if clip.timeline is not None:
            self._claim(clip.with_timeline()[1], file)

    def _claim(self, clip: Clip, file: str) -> None:
        if clip.place is None:
            return
        other = self._places.setdefault((file, clip.place), clip)
        around = [clip.place[:end] for end in range(1, len(clip.place))]
        for place in around:
            if isinstance(place[-1], str):
                other = self._places.get((file, place), other)
                self._objects.setdefault((file, place), clip)
        other = self._objects.get((file, clip.place), other)
        if other is not clip:
            raise InputError(
                f"the URL of its {clip.part} would take the place of that of {other.part} "
                f"({other.source}): give each clip a `to` of its own",
                file=clip.file,
                entry=f"entry {clip.entry}",
            )
