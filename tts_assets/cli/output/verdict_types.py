"""What programs are told of measured assets: the types that their JSON Schema comes from."""

from typing import TypedDict

from tts_assets.cli.output.documents import FindingData, ProblemData
from tts_assets.model import Kind


class HeardIn(TypedDict):
    """A clip that an asset is heard in.

    Args:
        file: the catalogue's path as given.
        line: the line of its record, from 1; null where that is not known.
        kind: what the catalogue teaches.
        entry: the entry's id.
        part: which of the entry's clips.
    """

    file: str
    line: int | None
    kind: Kind
    entry: str
    part: str


class VerdictData(TypedDict):
    """What is wrong with an asset.

    Args:
        asset: its path below the output folder; of a sound elsewhere, its path as given.
        ours: the ledger knows it; any other sound is only asked whether it is one at all.
        text: what was to be said; empty where nothing tells.
        clips: the clips that it is heard in; empty where no catalogue was asked, or none has it.
        findings: the rules that it breaks.
        advice: what to do.
    """

    asset: str
    ours: bool
    text: str
    clips: list[HeardIn]
    findings: list[FindingData]
    advice: str


class VerdictsDocument(TypedDict):
    """What is wrong with assets, as `tts-assets verify` finds out.

    Args:
        wrong: something is.
        checked: how many assets were measured.
        foreign: how many of them the ledger does not know.
        heard: how many of them speech recognition listened to.
        error_rate: the mean share of wrong morae in what it heard, 0 for none; null where it
            heard nothing.
        unmade: clips that have no asset yet, or are to be made anew under another name.
        catalogues: files that were read.
        verdicts: each asset that breaks a rule.
        problems: entries and files that cannot be used.
        notes: files passed over, and clips that could not be listened to.
        unmatched: ids that were asked for and that no entry has; null where all are there.
        seconds: how long it took.
        fatal: why nobody listened though it was asked for; null where all was done.
    """

    wrong: bool
    checked: int
    foreign: int
    heard: int
    error_rate: float | None
    unmade: int
    catalogues: int
    verdicts: list[VerdictData]
    problems: list[ProblemData]
    notes: list[str]
    unmatched: str | None
    seconds: float
    fatal: str | None
