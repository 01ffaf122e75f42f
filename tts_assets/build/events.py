"""What a run tells while it goes on, and what it says at its end: plain, typed data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tts_assets.build.metrics import RunHistory
    from tts_assets.build.plan.planner import ClipPlan, Job, Judged, KeptClipGroup, State
    from tts_assets.build.pool import Counts
    from tts_assets.config.dictionary_words import Price
    from tts_assets.engines.http.rate_limiter import Traffic
    from tts_assets.engines.protocol import Balance
    from tts_assets.errors import InputError, TtsAssetsError
    from tts_assets.model import Clip, Finding, Pronunciation, Unspoken
    from tts_assets.store.paid_journal import DoubtfulTake


class Charges(NamedTuple):
    """What some clips are charged for; equal clips count once.

    Args:
        clips: how many.
        characters: how many are sent for them.
        credits: what the service counts for that.
    """

    clips: int = 0
    characters: int = 0
    credits: float = 0.0


class Reason(NamedTuple):
    """Why clips that were paid for before are made again, and how many for that reason."""

    words: str
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebilled:
    """Clips whose words were paid for before, and are paid for again.

    Args:
        bill: what they are charged for.
        out_of: how many clips there are to make in all.
        reasons: what changed since, the commonest first.
    """

    bill: Charges
    out_of: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run costs at a service that charges.

    Args:
        provider: the engine's name.
        model: the name of its model.
        price: what its credits cost; None where nobody says.
        expected: what the clips that the run set out to make are charged for, as known before the
            first request; it stays so to the end.
        left: what is left for another run because of a bound.
        bound: the setting that left it, with its value; None where nothing is left.
        unsayable: clips that cannot be said; they fail without a request, and cost nothing.
        due: what the clips that were made should have been charged for.
        billed: what the service really charged, in credits; None where it does not tell.
        rebilled: what was paid for before; None where nothing was.
        balance: what is left of what was paid for, or why that is not known; None where it was
            not asked for.
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
        """What so many credits cost; None where nobody says."""
        return None if self.price is None else self.price.of(credit_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """It is known what the clips will cost; nothing was sent yet."""

    cost: Cost


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
        places: how many entries and parts of entries these clips are for.
        characters: of their texts, all together.
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
        job: what was made.
        seconds: how long that took.
        audio_seconds: how long it sounds.
        counts: how the others stand.
        pronunciation: how it was said, where the engine can tell.
        findings: what is wrong with how it sounds.
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
        reason: what the service answered, in words.
        seconds: how long the latest request waits at least before it is sent again.
        requests: how many requests wait now.
        refusals: how many requests the service had no room for so far.
        retries: how many requests were repetitions after an error so far.
    """

    reason: str
    seconds: float
    requests: int
    refusals: int
    retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMade:
    """A segment of a passage waits for the others.

    Args:
        job: the passage.
        number: which segment, from 0.
        out_of: how many the passage has.
        seconds: how long that took.
        counts: how the clips stand.
    """

    job: Job
    number: int
    out_of: int
    seconds: float
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFailed:
    """A clip could not be made; the others go on.

    Args:
        job: what was to be made.
        error: why it was not.
        seconds: how long that took.
        attempt: at which attempt, from 1.
        counts: how the others stand.
        line: the 1-based line of its first entry; None where it is unknown.
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
    """One clip that was made, and whose reading or accent somebody should look at."""

    clip: Clip
    pronunciation: Pronunciation


@dataclass(frozen=True, slots=True, kw_only=True)
class Flawed:
    """One clip that was made, and does not sound as it should."""

    clip: Clip
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did.

    Args:
        dry_run: nothing was changed.
        states: how many clips stood how before the run.
        to_make: jobs that the plan asked for.
        catalogues: files that were read.
        passed_over: clips that are to be made, and that the run was told to leave.
        made: jobs done.
        to_move: assets whose sound is there already under another name.
        moved: those of them that have it under theirs now.
        kept: clips that stay although the engine changed since.
        left: clips left for another run because of a bound.
        bound: that bound with its value; None where nothing is left.
        failures: clips that could not be made.
        doubts: clips that were made from a reading or an accent that is not sure.
        flawed: clips that were made, and do not sound as they should.
        unspoken: texts that yield no clip.
        problems: entries and files that cannot be used.
        notes: files passed over, and what the engine cannot do or does otherwise.
        urls_to_write: URLs of fresh clips that the catalogues did not have.
        timelines_to_write: time lines that fresh passages did not have.
        timelines_written: those of them that they have now.
        urls_written: URLs that the catalogues got, or that the shard keeps for them.
        shard: the folder of the shard that the run was for; None where it was for all clips.
        urls_missed: URLs whose entry changed while the clips were made.
        seconds: how long it all took.
        history: how the making went over time; None where nothing was made or failed.
        audio_seconds: how long all that was made sounds.
        workers: how many clips were made at once.
        fatal: why the run ended early, None when it did not.
        forced: what was fresh was to be made anew, too.
        stopped: somebody asked it to stop, or the bound of failures was reached.
        provider: the engine's name.
        chosen: why that engine, where the choice was left to us; None where it was asked for.
        unmatched: ids that were asked for and that no entry has, in words; None where all are there.
        credit: the lines that the licences of the voices that spoke ask for; "" for none.
        planned: each clip that was to be made, and why.
        traffic: what went to and fro; None where no service was asked.
        cost: what it cost; None where the engine charges nothing.
    """

    dry_run: bool
    states: dict[State, int]
    to_make: int
    passed_over: int
    made: int
    to_move: int
    moved: int
    kept: tuple[KeptClipGroup, ...]
    left: int
    bound: str | None
    catalogues: int
    failures: tuple[Failure, ...]
    doubts: tuple[Doubt, ...]
    flawed: tuple[Flawed, ...]
    planned: tuple[ClipPlan, ...]
    unspoken: tuple[Unspoken, ...]
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    urls_to_write: int
    timelines_to_write: int = 0
    timelines_written: int = 0
    urls_written: int
    shard: str | None
    urls_missed: int
    seconds: float
    audio_seconds: float
    workers: int
    fatal: str | None
    forced: bool
    stopped: bool
    provider: str
    chosen: str | None
    unmatched: str | None
    credit: str
    traffic: Traffic | None
    cost: Cost | None
    history: RunHistory | None = None


class Orphan(NamedTuple):
    """An asset that no catalogue refers to.

    Args:
        asset: its path below the output folder.
        bytes: its size, with that of its time line; 0 where only the ledger still has it.
        ours: the ledger knows it; what it does not know is somebody's, and never deleted.
    """

    asset: str
    bytes: int
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the clips of all catalogues stand, found out without making any.

    Args:
        states: how many clips stand how.
        planned: each clip that is to be made, why, and the line of its record.
        approved: how many fresh clips have a sound that somebody approved.
        unapproved: the other fresh clips, with the lines of their records; None where nobody asked
            for them.
        urls_to_write: URLs of fresh clips that the catalogues do not have.
        timelines_to_write: time lines that fresh passages do not have.
        kept: clips that stay although the engine changed since.
        orphans: assets that no catalogue refers to; None where nobody looked for them.
        judged_by: what clips were held against.
        takes: sounds that were paid for and refused, and are kept.
        catalogues: files that were read.
        unspoken: texts that yield no clip.
        problems: entries and files that cannot be used.
        notes: files passed over, and what cannot be known here.
        provider: the engine's name.
        chosen: why that engine, where the choice was left to us; None where it was asked for.
        unmatched: ids that were asked for and that no entry has, in words; None where all are there.
        seconds: how long it took to find out.
    """

    states: dict[State, int]
    planned: tuple[ClipPlan, ...]
    urls_to_write: int
    timelines_to_write: int = 0
    approved: int = 0
    unapproved: tuple[ClipPlan, ...] | None = None
    takes: tuple[DoubtfulTake, ...] = ()
    kept: tuple[KeptClipGroup, ...]
    orphans: tuple[Orphan, ...] | None
    judged_by: Judged
    catalogues: int
    unspoken: tuple[Unspoken, ...]
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    provider: str
    chosen: str | None
    unmatched: str | None
    seconds: float

    @property
    def stale(self) -> bool:
        """Whether anything is not as its entry asks for, or was rejected by somebody."""
        return bool(self.planned or self.urls_to_write or self.timelines_to_write)


Event: TypeAlias = Waiting | Estimated | Started | ServiceWait | SegmentMade | ClipMade | ClipFailed
