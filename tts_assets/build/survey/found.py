"""What a look found: everything that is known before a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_assets.build.plan.changes import Judged
from tts_assets.build.plan.planner import State
from tts_assets.catalogues.open_catalogues import Trouble
from tts_assets.catalogues.overrides.book import Book
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from tts_assets.build.plan import changes, planner
    from tts_assets.build.survey.shared import Sums
    from tts_assets.catalogues.read import Catalogue
    from tts_assets.model import Clip, Decision, Place
    from tts_assets.store.ledger import known


@dataclass(slots=True, kw_only=True)
class Survey:
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
    trouble: Trouble = field(default_factory=Trouble)
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    planned: list[planner.Planned] = field(default_factory=list)
    untidy: bool = False
    present: dict[str, int] = field(default_factory=dict)
    recorded: dict[str, known.Recorded] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)
    rejected: dict[str, Decision] = field(default_factory=dict)
    approvals: int = 0
    judged_by: Judged = Judged.FILES
    kept: tuple[changes.Kept, ...] = ()
    sums: Sums | None = None
    passed_over: int = 0
    untimed: list[str] = field(default_factory=list)
    unmatched: str | None = None
    overrides: Book = field(default_factory=Book)
    _places: dict[tuple[str, Place], Clip] = field(default_factory=dict)
    _objects: dict[tuple[str, Place], Clip] = field(default_factory=dict)

    def claim(self, clip: Clip, file: str) -> None:
        """Give the places for its URLs to a clip; ``file``: the real path of its catalogue.

        Raises:
            InputError: another clip has one, or one that lies within it or around it.
        """
        self._claim(clip, file)
        if clip.timeline is not None:
            self._claim(clip.taking_urls()[1], file)

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
