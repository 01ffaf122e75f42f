"""The plan of a run: the state of every clip, and all that was found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_assets.build.plan.planner import Judged, State
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tts_assets.build.plan import planner
    from tts_assets.build.plan.shard_selection import PlanHashes
    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.catalogues.catalogue_files import Catalogue
    from tts_assets.model import Clip, Decision, Place
    from tts_assets.store import ledger


@dataclass(slots=True, kw_only=True)
class Plan:
    """The state of all clips before a run."""

    #: The catalogues of the selected kinds, once for each source that reads them.
    catalogues: list[Catalogue] = field(default_factory=list)
    #: Unusable files and entries, and skipped files.
    trouble: LoadProblems = field(default_factory=LoadProblems)
    #: The number of clips in each state.
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    #: The clips that matter, in the order of the files.
    planned: list[planner.ClipPlan] = field(default_factory=list)
    untidy: bool = False  #: whether an interrupted run left files to delete in the output folder
    #: The size of every asset that exists, by its path.
    present: dict[str, int] = field(default_factory=dict)
    #: The ledger's record of each asset, by its path.
    recorded: Mapping[str, ledger.AssetRecord] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)  #: the assets whose audio a reviewer approved
    #: The decision on each asset whose audio a reviewer rejected, by its path.
    rejected: dict[str, Decision] = field(default_factory=dict)
    approvals: int = 0  #: the number of fresh clips with approved audio
    judged_by: Judged = Judged.FILES  #: what the clips were compared with
    kept: tuple[planner.KeptClipGroup, ...] = ()  #: clips that are kept although the engine changed
    #: The hashes that identify the plan of this shard; None for a run without shards.
    hashes: PlanHashes | None = None
    passed_over: int = 0  #: clips to generate that ``--only`` excluded
    #: The assets of fresh passages whose time lines must be written.
    untimed: list[str] = field(default_factory=list)
    #: A message about requested ids that no entry has; None if all exist.
    unmatched: str | None = None
    #: The overrides of reviewers, and which of them apply.
    overrides: OverrideSet = field(default_factory=OverrideSet)
    #: The folders of assets that were listed, below the output folder.
    folders: tuple[str, ...] = ()
    #: The engine's parts that recipes depend on, for each voice used.
    engines: dict[str, str] = field(default_factory=dict)
    recalled: bool = False  #: whether it was remembered, and so lacks the data of single assets
    _places: dict[tuple[str, Place], Clip] = field(default_factory=dict)
    _objects: dict[tuple[str, Place], Clip] = field(default_factory=dict)

    def claim(self, clip: Clip, file: str) -> None:
        """Reserve the places for a clip's URLs; ``file``: the real path of its catalogue.

        Raises:
            InputError: another clip has one of them, or one inside or around it.
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
                f"the URL of its {clip.part} would replace that of {other.part} ({other.source}): "
                "give each clip its own `to`",
                file=clip.file,
                entry=f"entry {clip.entry}",
            )


# The line numbers of records, found in one scan of a document.


def add_line_numbers(
    document: Document, refused: Sequence[tuple[Place, InputError]]
) -> Iterator[InputError]:
    """Add line numbers to the errors of unusable clips, by the places of their records."""
    if not refused:
        return
    # One scan for all: a wrong template refuses every clip of a file.
    lines = document.find_lines({place for place, _ in refused})
    for place, each in refused:
        yield InputError(each.message, file=each.file, entry=each.entry, line=lines.get(place))
