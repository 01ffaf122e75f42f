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
    """The decisions on the sounds of up-to-date and rejected clips.

    Args:
        approved: clips with an approved sound.
        rejected: clips with a rejected sound.
        undecided: clips with an undecided sound.
    """

    approved: int
    rejected: int
    undecided: int


class StandingDocument(TypedDict):
    """The states of the clips of all catalogues, as `tts-assets status` and `check` determine them.

    Args:
        stale: whether a clip is stale or rejected.
        catalogues: the number of files read.
        states: the number of clips in each state.
        planned: each clip to generate, and why.
        decisions: the number of approved, rejected and undecided sounds.
        unapproved: each up-to-date clip without approval; null if not requested.
        takes: paid sounds that were rejected automatically and are kept.
        kept: clips that are kept although the engine changed.
        orphans: assets that no catalogue refers to; null if they were not searched for.
        judged_by: what clips were compared with: the ledger alone, files and their sizes, or the
            bytes of every file.
        unspoken: texts without a clip.
        problems: unusable entries and files.
        notes: skipped files, and what could not be determined.
        unmatched: requested ids that no entry has; null if all exist.
        urls_to_write: URLs of up-to-date clips missing from the catalogues.
        timelines_to_write: time lines missing from up-to-date passages.
        provider: the engine's name.
        chosen: why the engine was chosen; null if it was requested.
        seconds: the duration.
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
    """A clip that an asset belongs to.

    Args:
        file: the catalogue's path as given.
        line: the line of its record, from 1; null if unknown.
        kind: the kind of content.
        entry: the entry's id.
        part: the part of the entry that the clip speaks.
    """

    file: str
    line: int | None
    kind: Kind
    entry: str
    part: str


class VerdictData(TypedDict):
    """The problems of an asset.

    Args:
        asset: its path, relative to the output folder; of a file elsewhere, its path as given.
        ours: whether the ledger contains it; any other file is only checked for being audio.
        text: the text to be spoken; empty if unknown.
        clips: the clips that use it; empty if no catalogue was read or none uses it.
        findings: the audio checks that it failed.
        advice: what to do.
    """

    asset: str
    ours: bool
    text: str
    clips: list[HeardIn]
    findings: list[FindingData]
    advice: str


class VerdictsDocument(TypedDict):
    """The problems of assets, as `tts-assets verify` finds them.

    Args:
        wrong: whether there are problems.
        checked: the number of measured assets.
        foreign: the number of measured assets that are not in the ledger.
        heard: the number of assets checked by speech recognition.
        error_rate: the mean error rate of the recognized morae; null if nothing was recognized.
        unmade: clips without an asset, or with one to be generated under another name.
        catalogues: the number of files read.
        verdicts: each asset that failed a check.
        problems: unusable entries and files.
        notes: skipped files, and clips that could not be recognized.
        unmatched: requested ids that no entry has; null if all exist.
        seconds: how long it took.
        fatal: why the requested speech recognition failed; null if it did not.
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
    """The progress of a run.

    Args:
        queued: clips not started yet.
        active: clips in progress.
        done: generated clips.
        failed: failed clips.
    """

    queued: int | None
    active: int
    done: int
    failed: int


class WaitingLine(TypedDict):
    """The run waits for a lock that another run holds.

    Args:
        event: the name.
        path: the locked folder or file.
    """

    event: Literal["waiting"]
    path: str


class EstimatedLine(TypedDict):
    """The cost of the clips has been estimated; nothing has been sent yet.

    Args:
        event: the name.
        cost: the cost.
    """

    event: Literal["estimated"]
    cost: CostData


class StartedLine(TypedDict):
    """The plan is complete, and generation begins.

    Args:
        event: the name.
        jobs: the number of clips to generate; equal clips count once.
        workers: the number of clips generated at the same time.
        states: the number of clips in each state.
    """

    event: Literal["started"]
    jobs: int
    workers: int
    states: States


class ServiceWaitLine(TypedDict):
    """The service refuses requests or fails, so the run waits; at most one line every ten seconds.

    Args:
        event: the name.
        reason: the service's response, as text.
        seconds: the minimum wait before the latest request is sent again.
        requests: the number of waiting requests.
        refusals: the requests refused for lack of capacity so far.
        retries: the requests repeated after an error so far.
    """

    event: Literal["service-wait"]
    reason: str
    seconds: float
    requests: int
    refusals: int
    retries: int


class SegmentMadeLine(TypedDict):
    """A segment of a passage is ready.

    Args:
        event: the name.
        recipe: that of the passage.
        segment: its number, from 1.
        segments: the number of segments of the passage.
        seconds: the time it took.
        counts: the progress so far.
    """

    event: Literal["segment-made"]
    recipe: str
    segment: int
    segments: int
    seconds: float
    counts: CountsData


class ClipMadeLine(TypedDict):
    """A clip has been stored.

    Args:
        event: the name.
        recipe: the hash of everything that affects the sound.
        assets: its paths, relative to the output folder.
        clips: the catalogue clips that it serves.
        seconds: the time it took.
        audio_seconds: its length.
        said: its pronunciation in accent notation; null if the engine does not report it.
        findings: the audio checks that it failed.
        counts: the progress so far.
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
    """A clip failed; the run continues.

    Args:
        event: the name.
        recipe: the hash of everything that affects the sound.
        clips: the catalogue clips that it serves.
        reason: the reason, as text.
        attempt: the attempt, from 1.
        seconds: the time it took.
        counts: the progress so far.
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
    """The last line of a run: its report.

    Args:
        event: the name.
    """

    event: Literal["report"]


class StandingLine(StandingDocument):
    """The one line of a standing."""

    event: Literal["standing"]


class VerdictsLine(VerdictsDocument):
    """The only line of `verify`."""

    event: Literal["verdicts"]
