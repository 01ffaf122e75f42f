"""The types of verdicts, event lines and status; JSON Schemas come from them."""

from typing import Literal, TypeAlias, TypedDict

from tts_assets.build.plan.planner import Judged
from tts_assets.cli.output.report_types import (
    ClipData,
    CostData,
    FindingData,
    KeptClips,
    KeptTake,
    OrphanData,
    PlannedClip,
    ProblemData,
    ReportDocument,
    States,
    UnspokenText,
)
from tts_assets.model import Kind


class DecisionsData(TypedDict):
    """What people who listened decided of the sounds of fresh and of rejected clips.

    Args:
        approved: clips with a sound that somebody approved.
        rejected: clips with a sound that somebody rejected.
        undecided: clips with a sound that nobody has decided on.
    """

    approved: int
    rejected: int
    undecided: int


class StandingDocument(TypedDict):
    """How the clips of all catalogues stand, as `tts-assets status` and `check` find out.

    Args:
        stale: something is not as its entry asks for, or somebody rejected its sound.
        catalogues: files that were read.
        states: how many clips stand how.
        planned: each clip that is to be made, and why.
        decisions: how many sounds are approved, rejected and undecided.
        unapproved: each fresh clip with a sound that nobody has approved; null where that was not
            asked for.
        takes: sounds that were paid for and refused, and are kept.
        kept: clips that stay although the engine changed since.
        orphans: assets that no catalogue refers to; null where nobody looked for them.
        judged_by: what clips were held against: the ledger alone, files and their sizes, or the
            bytes of every file.
        unspoken: texts that yield no clip.
        problems: entries and files that cannot be used.
        notes: files passed over, and what cannot be known here.
        unmatched: ids that were asked for and that no entry has; null where all are there.
        urls_to_write: URLs of fresh clips that the catalogues do not have.
        timelines_to_write: time lines that fresh passages do not have.
        provider: the engine's name.
        chosen: why that engine; null where it was asked for.
        seconds: how long it took to find out.
    """

    stale: bool
    catalogues: int
    states: States
    planned: list[PlannedClip]
    decisions: DecisionsData
    unapproved: list[PlannedClip] | None
    takes: list[KeptTake]
    kept: list[KeptClips]
    orphans: list[OrphanData] | None
    judged_by: Judged
    unspoken: list[UnspokenText]
    problems: list[ProblemData]
    notes: list[str]
    unmatched: str | None
    urls_to_write: int
    timelines_to_write: int
    provider: str
    chosen: str | None
    seconds: float


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


# The lines of JSON that tell a run while it goes on, and the last one: their types.


class CountsData(TypedDict):
    """How far a run is.

    Args:
        queued: clips that are not begun.
        active: clips that are being made.
        done: clips that were made.
        failed: clips that could not be made.
    """

    queued: int | None
    active: int
    done: int
    failed: int


class WaitingLine(TypedDict):
    """Another run holds a lock that this one needs.

    Args:
        event: its name.
        path: the folder or file that the lock is for.
    """

    event: Literal["waiting"]
    path: str


class EstimatedLine(TypedDict):
    """It is known what the clips will cost; nothing was sent yet.

    Args:
        event: its name.
        cost: what they cost.
    """

    event: Literal["estimated"]
    cost: CostData


class StartedLine(TypedDict):
    """The plan stands, and clips are about to be made.

    Args:
        event: its name.
        jobs: how many clips there are to make; equal ones count once.
        workers: how many are made at once.
        states: how many clips stand how.
    """

    event: Literal["started"]
    jobs: int
    workers: int
    states: States


class ServiceWaitLine(TypedDict):
    """The service refuses requests or fails, so the run waits; at most one line in ten seconds.

    Args:
        event: its name.
        reason: what the service answered, in words.
        seconds: how long the latest request waits at least before it is sent again.
        requests: how many requests wait now.
        refusals: how many requests the service had no room for so far.
        retries: how many requests were repetitions after an error so far.
    """

    event: Literal["service-wait"]
    reason: str
    seconds: float
    requests: int
    refusals: int
    retries: int


class SegmentMadeLine(TypedDict):
    """A segment of a passage waits for the others.

    Args:
        event: its name.
        recipe: that of the passage.
        segment: its number, from 1.
        segments: how many the passage has.
        seconds: how long that took.
        counts: how the clips stand.
    """

    event: Literal["segment-made"]
    recipe: str
    segment: int
    segments: int
    seconds: float
    counts: CountsData


class ClipMadeLine(TypedDict):
    """A clip is on the disk under its names.

    Args:
        event: its name.
        recipe: the hash of everything that can change the sound.
        assets: its paths below the output folder.
        clips: the clips of the catalogues that it is for.
        seconds: how long that took.
        audio_seconds: how long it sounds.
        said: how it is said, in accent notation; null where the engine does not report it.
        findings: what is wrong with how it sounds.
        counts: how the clips stand.
    """

    event: Literal["clip-made"]
    recipe: str
    assets: list[str]
    clips: list[ClipData]
    seconds: float
    audio_seconds: float
    said: str | None
    findings: list[FindingData]
    counts: CountsData


class ClipFailedLine(TypedDict):
    """A clip could not be made; the others go on.

    Args:
        event: its name.
        recipe: the hash of everything that can change the sound.
        clips: the clips of the catalogues that it is for.
        reason: why, in words for people.
        attempt: at which attempt, from 1.
        seconds: how long that took.
        counts: how the clips stand.
    """

    event: Literal["clip-failed"]
    recipe: str
    clips: list[ClipData]
    reason: str
    attempt: int
    seconds: float
    counts: CountsData


#: What happens in a run.
EventLine: TypeAlias = (
    WaitingLine
    | EstimatedLine
    | StartedLine
    | ServiceWaitLine
    | SegmentMadeLine
    | ClipMadeLine
    | ClipFailedLine
)


class ReportLine(ReportDocument):
    """The last line of a run.

    Args:
        event: its name.
    """

    event: Literal["report"]


class StandingLine(StandingDocument):
    """The one line of a standing."""

    event: Literal["standing"]


class VerdictsLine(VerdictsDocument):
    """The only line of `verify`."""

    event: Literal["verdicts"]
