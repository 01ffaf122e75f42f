"""The events of a run, and its report: plain, typed data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tts_assets.build.metrics import RunHistory
    from tts_assets.build.plan.planner import ClipPlan, Job, Judged, KeptClipGroup, State
    from tts_assets.build.pool import Counts
    from tts_assets.config.prices import Price
    from tts_assets.engines.http.rate_limiter import Traffic
    from tts_assets.engines.protocol import Balance
    from tts_assets.errors import InputError, TtsAssetsError
    from tts_assets.model import Clip, Finding, Pronunciation, Unspoken
    from tts_assets.store.paid_journal import DoubtfulTake


class Charges(NamedTuple):
    """The charges for some clips; equal clips count once."""

    clips: int = 0  #: the number
    characters: int = 0  #: the characters sent for the clips
    credits: float = 0.0  #: the credits that the service charges for them


class Reason(NamedTuple):
    """Why paid clips are regenerated, and how many for that reason."""

    words: str
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebilled:
    """Clips whose texts were paid for before, and are paid for again."""

    bill: Charges  #: their charges
    out_of: int  #: the number of all clips to generate
    reasons: tuple[Reason, ...]  #: the reasons, the most frequent first


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of a run with a paid service.

    Args:
        provider: the engine's name.
        model: the name of the model.
        price: the price of the credits; None if unknown.
        expected: the expected charges for all clips of the run, estimated before the first request.
        left: the clips left for another run because of a limit.
        bound: the setting that left them, with its value; None if nothing is left.
        unsayable: clips that cannot be spoken and cost nothing.
        due: the expected charges for the generated clips.
        billed: the amount that the service charged; None if it does not report it.
        rebilled: the clips that were already paid for; None if there are none.
        balance: the balance of the account; None if it was not queried.
    """

    provider: str
    model: str
    price: Price | None
    expected: Charges
    left: Charges
    bound: str | None
    unsayable: int
    due: Charges
    billed: float | None
    rebilled: Rebilled | None
    balance: Balance | str | None

    def money(self, credit_count: float) -> float | None:
        """The price of a number of credits; None if unknown."""
        return None if self.price is None else self.price.compute_cost(credit_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """The cost of the clips has been estimated; nothing has been sent yet."""

    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The run waits for a lock that another run holds."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The plan is complete, and generation begins.

    Args:
        jobs: the number of clips to generate; equal clips count once.
        workers: the number of clips generated at the same time.
        states: the number of clips in each state.
        places: the number of entries and parts of entries that use these clips.
        characters: the total length of their texts.
        provider: the engine's name.
        voice: the name of the run's voice.
    """

    jobs: int
    workers: int
    states: dict[State, int]
    places: int
    characters: int
    provider: str
    voice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipMade:
    """A clip is on the disk under its name.

    Args:
        job: the job.
        seconds: the time it took.
        audio_seconds: its length.
        counts: the progress so far.
        pronunciation: the spoken pronunciation, if the engine reports it.
        findings: the audio checks that it failed.
    """

    job: Job
    seconds: float
    audio_seconds: float
    counts: Counts
    pronunciation: Pronunciation | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWait:
    """The service refuses requests or fails, so the run waits; at most one event in ten seconds.

    Args:
        reason: the service's response, as text.
        seconds: the minimum wait before the latest request is sent again.
        requests: the number of waiting requests.
        refusals: the requests refused for lack of capacity so far.
        retries: the requests repeated after an error so far.
    """

    reason: str
    seconds: float
    requests: int
    refusals: int
    retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMade:
    """A segment of a passage is ready.

    Args:
        job: the passage.
        number: which segment, from 0.
        out_of: the number of segments of the passage.
        seconds: the time it took.
        counts: the progress so far.
    """

    job: Job
    number: int
    out_of: int
    seconds: float
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFailed:
    """A clip failed; the run continues.

    Args:
        job: the job.
        error: why it failed.
        seconds: the time it took.
        attempt: the attempt, from 1.
        counts: the progress so far.
        line: the 1-based line of its first entry; None if unknown.
    """

    job: Job
    error: TtsAssetsError
    seconds: float
    attempt: int
    counts: Counts
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One clip that failed, with its place in the catalogue and the reason."""

    clip: Clip
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A generated clip whose reading or accent should be checked."""

    clip: Clip
    pronunciation: Pronunciation


@dataclass(frozen=True, slots=True, kw_only=True)
class Flawed:
    """A generated clip that failed an audio check."""

    clip: Clip
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of `tts-assets generate`.

    Args:
        dry_run: whether nothing was changed.
        catalogues: the number of files read.
        states: the number of clips in each state before the run.
        to_make: clips to generate; equal clips count once.
        passed_over: clips to generate that `--only` excluded.
        made: generated clips.
        to_move: assets that existed under another name.
        moved: the assets that were moved.
        left: clips left for another run because of a limit.
        bound: the setting that left them, with its value; None if nothing is left.
        failures: failed clips.
        doubts: generated clips whose reading or accent should be checked.
        flawed: generated clips that failed an audio check.
        planned: each clip to generate, and why.
        kept: clips that are kept although the engine changed.
        unspoken: texts without a clip.
        problems: unusable entries and files.
        notes: skipped files, and limits of the engine.
        unmatched: requested ids that no entry has; None if all exist.
        urls_to_write: URLs of up-to-date clips missing from the catalogues.
        timelines_to_write: time lines missing from up-to-date passages.
        timelines_written: the time lines that were written.
        urls_written: URLs written into the catalogues, or kept by the shard.
        shard: the folder of the shard; None for a run without shards.
        urls_missed: URLs not written because their entries changed during the run.
        workers: the number of clips generated at the same time.
        seconds: the duration of the run.
        audio_seconds: the length of all generated clips.
        fatal: why the run ended early; None if it did not.
        forced: whether `--force` was given.
        stopped: whether the run was interrupted or reached the limit of failures.
        provider: the engine's name.
        chosen: why the engine was chosen; None if it was requested.
        credit: the credit lines that the voices' licences require; empty for none.
        traffic: the requests to the service; None if there were none.
        cost: the cost; None if the engine is free.
        history: the progress over time; None if nothing was generated or failed.
    """

    dry_run: bool
    catalogues: int
    states: dict[State, int]
    to_make: int
    passed_over: int
    made: int
    to_move: int
    moved: int
    left: int
    bound: str | None
    failures: tuple[Failure, ...]
    doubts: tuple[Doubt, ...]
    flawed: tuple[Flawed, ...]
    planned: tuple[ClipPlan, ...]
    kept: tuple[KeptClipGroup, ...]
    unspoken: tuple[Unspoken, ...]
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    unmatched: str | None
    urls_to_write: int
    timelines_to_write: int = 0
    timelines_written: int = 0
    urls_written: int
    shard: str | None
    urls_missed: int
    workers: int
    seconds: float
    audio_seconds: float
    fatal: str | None
    forced: bool
    stopped: bool
    provider: str
    chosen: str | None
    credit: str
    traffic: Traffic | None
    cost: Cost | None
    history: RunHistory | None = None


class Orphan(NamedTuple):
    """An asset that no catalogue refers to.

    Args:
        asset: its path, relative to the output folder.
        bytes: its size, including its time line; 0 if only the ledger contains it.
        ours: whether the ledger contains it; files that it does not contain are never deleted.
    """

    asset: str
    bytes: int
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The states of the clips of all catalogues, as `tts-assets status` and `check` determine them.

    Args:
        catalogues: the number of files read.
        states: the number of clips in each state.
        planned: each clip to generate, and why.
        approved: up-to-date clips with an approved sound.
        unapproved: each up-to-date clip without approval; None if not requested.
        takes: paid sounds that were rejected automatically and are kept.
        kept: clips that are kept although the engine changed.
        orphans: assets that no catalogue refers to; None if they were not searched for.
        judged_by: what clips were compared with: the ledger alone, files and their sizes, or the
            bytes of every file.
        unspoken: texts without a clip.
        problems: unusable entries and files.
        notes: skipped files, and what could not be determined.
        unmatched: requested ids that no entry has; None if all exist.
        urls_to_write: URLs of up-to-date clips missing from the catalogues.
        timelines_to_write: time lines missing from up-to-date passages.
        provider: the engine's name.
        chosen: why the engine was chosen; None if it was requested.
        seconds: the duration.
    """

    catalogues: int
    states: dict[State, int]
    planned: tuple[ClipPlan, ...]
    approved: int = 0
    unapproved: tuple[ClipPlan, ...] | None = None
    takes: tuple[DoubtfulTake, ...] = ()
    kept: tuple[KeptClipGroup, ...]
    orphans: tuple[Orphan, ...] | None
    judged_by: Judged
    unspoken: tuple[Unspoken, ...]
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    unmatched: str | None
    urls_to_write: int
    timelines_to_write: int = 0
    provider: str
    chosen: str | None
    seconds: float

    @property
    def stale(self) -> bool:
        """Whether anything is out of date, or was rejected by a reviewer."""
        return bool(self.planned or self.urls_to_write or self.timelines_to_write)


Event: TypeAlias = Waiting | Estimated | Started | ServiceWait | SegmentMade | ClipMade | ClipFailed
