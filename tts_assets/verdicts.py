"""What a look at assets says: a verdict on each that breaks a rule, and the clips that it is heard in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tts_assets.domain import Finding, Kind, Place
    from tts_assets.errors import InputError

#: The rules of this look, beside those of what a file sounds like: its file is gone.
MISSING = "missing"
#: Its file has other bytes than were made.
DAMAGED = "damaged"
#: What is heard in it is something else than was to be said.
RECOGNITION = "recognition"


class ClipName(NamedTuple):
    """Which clip an asset is heard in.

    Args:
        kind: the kind of its catalogue.
        file: the catalogue's path as given.
        entry: the entry's id.
        part: which of the entry's clips.
        at: where its record or item lies in the document.
        line: the 1-based line of that; None where it is not known.
    """

    kind: Kind
    file: str
    entry: str
    part: str
    at: Place
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetResult:
    """What is wrong with one asset.

    Args:
        asset: its path below the output folder, or that of a file as it was given.
        clips: the clips that it is heard in; nothing where no catalogue was asked, or refers to it.
        text: what was to be said; "" where nothing tells.
        findings: the rules that it breaks, at least one.
        ours: the ledger knows it; of any other sound only little can be asked.
    """

    asset: str
    clips: tuple[ClipName, ...]
    text: str
    findings: tuple[Finding, ...]
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What a look at assets found.

    Args:
        verdicts: what is wrong, in the order of the assets' paths.
        checked: how many assets were measured.
        foreign: how many of them the ledger does not know.
        heard: how many of them speech recognition listened to.
        error_rate: the mean share of wrong morae in what it heard; None where it heard nothing.
        unmade: clips that have no asset yet, or are to be made anew under another name.
        catalogues: how many files were read, once for each source that reads them.
        problems: entries and files that cannot be used.
        notes: files that were passed over, and what cannot be known here.
        unmatched: ids that were asked for and that no entry has; None where all are there.
        seconds: how long it took.
        fatal: why nobody listened though it was asked for; None where all was done.
    """

    verdicts: tuple[AssetResult, ...]
    checked: int
    foreign: int
    heard: int
    error_rate: float | None
    unmade: int
    catalogues: int
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    unmatched: str | None
    seconds: float
    fatal: str | None = None
