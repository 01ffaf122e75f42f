"""What a run tells while it goes on, and what it says at its end: plain, typed data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from tts_assets.domain import Clip, Pronunciation, Unspoken
    from tts_assets.errors import InputError, TtsAssetsError
    from tts_assets.plan import Job, Planned, State
    from tts_assets.pool import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Another run holds a lock that this one needs."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The plan stands, and clips are about to be made.

    Args:
        jobs: how many clips there are to make; equal ones count once.
        workers: how many are made at once.
        states: how many clips stand how.
    """

    jobs: int
    workers: int
    states: dict[State, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipMade:
    """A clip is on the disk under its name.

    Args:
        job: what was made.
        seconds: how long that took.
        audio_seconds: how long it sounds.
        counts: how the others stand.
        pronunciation: how it was said, where the engine can tell.
    """

    job: Job
    seconds: float
    audio_seconds: float
    counts: Counts
    pronunciation: Pronunciation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFailed:
    """A clip could not be made; the others go on.

    Args:
        job: what was to be made.
        error: why it was not.
        seconds: how long that took.
        attempt: at which attempt, from 1.
        counts: how the others stand.
    """

    job: Job
    error: TtsAssetsError
    seconds: float
    attempt: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One clip that failed, with its place in the catalogue and the reason."""

    clip: Clip
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One clip that was made, and whose reading or accent somebody should look at."""

    clip: Clip
    pronunciation: Pronunciation


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did.

    Args:
        dry_run: nothing was changed.
        states: how many clips stood how before the run.
        to_make: jobs that the plan asked for.
        catalogues: files that were read.
        made: jobs done.
        failures: clips that could not be made.
        doubts: clips that were made from a reading or an accent that is not sure.
        unspoken: texts that yield no clip.
        problems: entries and files that cannot be used.
        notes: files passed over, and what the engine cannot do or does otherwise.
        urls_to_write: URLs of fresh clips that the catalogues did not have.
        urls_written: URLs that the catalogues got.
        urls_missed: URLs whose entry changed while the clips were made.
        seconds: how long it all took.
        audio_seconds: how long all that was made sounds.
        workers: how many clips were made at once.
        fatal: why the run ended early, None when it did not.
        stopped: somebody asked it to stop, or the bound of failures was reached.
        provider: the engine's name.
        chosen: why that engine, where the choice was left to us; None where it was asked for.
        credit: the lines that the licences of the voices that spoke ask for; "" for none.
        planned: each clip that was to be made, and why.
    """

    dry_run: bool
    states: dict[State, int]
    to_make: int
    made: int
    catalogues: int
    failures: tuple[Failure, ...]
    doubts: tuple[Doubt, ...]
    planned: tuple[Planned, ...]
    unspoken: tuple[Unspoken, ...]
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    urls_to_write: int
    urls_written: int
    urls_missed: int
    seconds: float
    audio_seconds: float
    workers: int
    fatal: str | None
    stopped: bool
    provider: str
    chosen: str | None
    credit: str


Event: TypeAlias = Waiting | Started | ClipMade | ClipFailed
