"""The lines of JSON that tell a run while it goes on, and the last one: their types."""

from typing import Literal, TypeAlias, TypedDict

from tts_assets.cli.output.bills import CostData
from tts_assets.cli.output.documents import (
    ClipData,
    FindingData,
    ReportDocument,
    StandingDocument,
    States,
)
from tts_assets.cli.output.verdict_types import VerdictsDocument


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
