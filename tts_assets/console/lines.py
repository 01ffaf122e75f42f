"""The lines of JSON that tell a run while it goes on, and the last one: their types."""

from typing import Literal, TypedDict

from tts_assets.console.bills import CostData
from tts_assets.console.documents import (
    ClipData,
    FindingData,
    ReportDocument,
    StandingDocument,
    States,
)
from tts_assets.console.verdict_types import VerdictsDocument


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
    """Another run holds a lock that this one needs."""

    event: Literal["waiting"]
    path: str


class EstimatedLine(TypedDict):
    """It is known what the clips will cost; nothing was sent yet."""

    event: Literal["estimated"]
    cost: CostData


class StartedLine(TypedDict):
    """The plan stands, and clips are about to be made."""

    event: Literal["started"]
    jobs: int
    workers: int
    states: States


class SegmentMadeLine(TypedDict):
    """A segment of a passage waits for the others.

    Args:
        recipe: that of the passage.
        segment: its number, from 1.
        segments: how many the passage has.
    """

    event: Literal["segment-made"]
    recipe: str
    segment: int
    segments: int
    seconds: float
    counts: CountsData


class ClipMadeLine(TypedDict):
    """A clip is on the disk under its names."""

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
    """A clip could not be made; the others go on."""

    event: Literal["clip-failed"]
    recipe: str
    clips: list[ClipData]
    reason: str
    attempt: int
    seconds: float
    counts: CountsData


class ReportLine(ReportDocument):
    """The last line of a run."""

    event: Literal["report"]


class StandingLine(StandingDocument):
    """The one line of a standing."""

    event: Literal["standing"]


class VerdictsLine(VerdictsDocument):
    """The only line of `verify`."""

    event: Literal["verdicts"]
