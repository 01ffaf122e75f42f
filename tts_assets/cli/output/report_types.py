"""The types of a report: costs, traffic, clips; JSON Schemas come from them."""

from typing import NotRequired, TypedDict

from tts_assets.build.plan.planner import Aspect, State
from tts_assets.model import AccentBasis, Basis, Kind
from tts_assets.store.paid_journal import Opinion


class LimitData(TypedDict):
    """How many requests may be open at once, and since when.

    Args:
        seconds: since the beginning of the run.
        limit: how many.
    """

    seconds: float
    limit: int


class TrafficData(TypedDict):
    """What went to a service and fro.

    Args:
        requests: how many were sent.
        lost: how many of them got no whole reply, nor its cost: the service may have billed them.
        refusals: how many the service had no room for.
        retries: how many were repetitions after an error.
        waits: how often one waited after a refusal or an error, or for the rate.
        waited_seconds: for how long at least one request waited so; simultaneous waits count once.
        limits: the limit over time.
    """

    requests: int
    lost: int
    refusals: int
    retries: int
    waits: int
    waited_seconds: float
    limits: list[LimitData]


class PriceData(TypedDict):
    """What credits cost.

    Args:
        per_1000_credits: what a thousand cost, in the currency.
        currency: its sign or code.
        read: the day on which the price was looked up, such as 2026-10-03.
        old: it should be looked up again.
    """

    per_1000_credits: float
    currency: str
    read: str
    old: bool


class SumData(TypedDict):
    """What is charged.

    Args:
        credits: what the service counts.
        money: what that costs; null where nobody knows the price.
    """

    credits: float
    money: float | None


class BillData(SumData):
    """What some clips are charged for; equal ones count once.

    Args:
        clips: how many.
        characters: how many are sent for them.
    """

    clips: int
    characters: int


class LeftData(BillData):
    """What is left for another run.

    Args:
        bound: the setting that left it, with its value; null where nothing is left.
    """

    bound: str | None


class ReasonData(TypedDict):
    """Why clips that were paid for before are made again.

    Args:
        words: why, in words for people.
        clips: how many for that reason.
    """

    words: str
    clips: int


class RebilledData(BillData):
    """Clips that were paid for before, and are paid for again.

    Args:
        out_of: how many clips there are to make in all.
        reasons: what changed since, the commonest first.
    """

    out_of: int
    reasons: list[ReasonData]


class BalanceData(TypedDict):
    """What is left of what was paid for.

    Args:
        credits: how many may still be used; null where that is not known.
        reason: why it is not known.
        resets: when there are more again; null where nobody says.
        too_few: how many are lacking for this run.
    """

    credits: float | None
    reason: NotRequired[str]
    resets: NotRequired[str | None]
    too_few: NotRequired[float]


class CostData(TypedDict):
    """What a run costs at a service that charges.

    Args:
        provider: the engine's name.
        model: the name of its model.
        price: what its credits cost; null where nobody says.
        expected: what the clips that the run set out to make are charged for, as known before the
            first request; it stays so to the end.
        left: what is left for another run because of a bound.
        unsayable: clips that cannot be said, and cost nothing.
        due: what the clips that were made should have been charged for.
        billed: what the service really charged; null where it does not tell.
        rebilled: what was paid for before; null where nothing was.
        balance: what is left of what was paid for; null where it was not asked for.
    """

    provider: str
    model: str
    price: PriceData | None
    expected: BillData
    left: LeftData
    unsayable: int
    due: BillData
    billed: SumData | None
    rebilled: RebilledData | None
    balance: BalanceData | None


# What programs are told of a run and of a standing: the types that their JSON Schemas come from.


class States(TypedDict):
    """How many clips stand how.

    Args:
        new: they were never made.
        stale: they were made from something else than their entries ask for now.
        missing: they were made, and their files are gone.
        damaged: their files are not what was made.
        failed: they are new or stale, and could not be made last time.
        rejected: they are as their entries ask for, and somebody rejected their sounds.
        fresh: they are as their entries ask for.
        locked: they are somebody's recordings, and are kept.
    """

    new: int
    stale: int
    missing: int
    damaged: int
    failed: int
    rejected: int
    fresh: int
    locked: int


class ClipData(TypedDict):
    """A clip, and which entry wants it.

    Args:
        file: the catalogue's path as given.
        kind: what the catalogue teaches.
        entry: the entry's id.
        part: which of the entry's clips.
        text: what is said, as it is spelled.
        reading: how the entry says it is read, in katakana; null where it gives none.
        accent: the mora after which the pitch falls, 0 for none; null where the entry gives none.
    """

    file: str
    kind: Kind
    entry: str
    part: str
    text: str
    reading: str | None
    accent: int | None


class ChangeData(TypedDict):
    """One thing that changed since a clip was made.

    Args:
        what: which thing.
        before: as it was; empty for nothing.
        now: as it is; empty for nothing.
    """

    what: Aspect
    before: str
    now: str


class PlannedClip(ClipData):
    """A clip that is to be made, and why.

    Args:
        line: the line of its record, from 1; null where that is not known.
        state: how it stands.
        reason: why, in words for people.
        changes: what changed since it was made.
        recipe: the hash of everything that can change its sound.
        asset: its path below the output folder.
        url: its address.
        held: the asset that has its sound already under another name; null for none.
    """

    line: int | None
    state: State
    reason: str
    changes: list[ChangeData]
    recipe: str
    asset: str
    url: str
    held: str | None


class FailedClip(ClipData):
    """A clip that could not be made.

    Args:
        line: the line of its record, from 1; null where that is not known.
        reason: why, in words for people.
    """

    line: int | None
    reason: str


class DoubtfulClip(ClipData):
    """A clip that was made, and whose reading or accent somebody should look at.

    Args:
        said: how it is said, in accent notation such as ハ↓シ.
        pitch: high or low for each mora.
        basis: how the reading was come by.
        accent_basis: where the accent comes from.
        doubt: what does not fit; null when all does.
        near: a reading of the dictionary that may have been meant; null for none.
    """

    said: str
    pitch: str
    basis: Basis
    accent_basis: AccentBasis
    doubt: str | None
    near: str | None


class FindingData(TypedDict):
    """A rule that the sound of a clip breaks.

    Args:
        rule: its name.
        measured: what was measured, with its unit.
        limit: what it may be, with its unit.
        message: both in words for people.
    """

    rule: str
    measured: str
    limit: str
    message: str


class FlawedClip(ClipData):
    """A clip that was made, and does not sound as it should.

    Args:
        findings: what is wrong with it.
    """

    findings: list[FindingData]


class UnspokenText(TypedDict):
    """A text that yields no clip, and why.

    Args:
        file: the catalogue's path as given.
        kind: what the catalogue teaches.
        entry: the entry's id.
        part: which of the entry's clips.
        reason: why, in words for people.
    """

    file: str
    kind: Kind
    entry: str
    part: str
    reason: str


class ProblemData(TypedDict):
    """An entry or a file that cannot be used.

    Args:
        file: its path as given.
        line: the line, from 1; null where that is not known.
        entry: which entry; null where the file is meant.
        message: what is wrong, and what to do.
    """

    file: str
    line: int | None
    entry: str | None
    message: str


class KeptClips(TypedDict):
    """Clips that stay although another engine or version made them.

    Args:
        before: what made them.
        now: what would make them.
        clips: how many.
    """

    before: str
    now: str
    clips: int


class KeptTake(TypedDict):
    """A sound that was paid for and refused, and is kept until a person decides.

    Args:
        file: the catalogue's path as given.
        entry: the entry's id.
        part: which of the entry's clips.
        segment: which segment of a passage, from 1; null for a clip in one piece.
        text: what was sent to be spoken.
        reason: why it was refused.
        opinion: what a person decided of it.
        name: how decisions name it.
        sha256: the hash of its bytes.
        path: where it lies.
        seconds: its length; 0 where it cannot be decoded.
        provider: the engine's name.
        voice: the name of the voice.
        model: the name of the model.
        sent: when it was asked for, in UTC.
        request_id: what the service calls the request; "" where it did not say.
        history_item_id: what it calls the sound in the account's history; "" where it did not say.
        billed: what it cost, in credits; null where the service did not say.
        recipe: of the clip.
    """

    file: str
    entry: str
    part: str
    segment: int | None
    text: str
    reason: str
    opinion: Opinion
    name: str
    sha256: str
    path: str
    seconds: float
    provider: str
    voice: str
    model: str
    sent: str
    request_id: str
    history_item_id: str
    billed: float | None
    recipe: str


class OrphanData(TypedDict):
    """An asset that no catalogue refers to.

    Args:
        asset: its path below the output folder.
        bytes: its size, with that of its time line; 0 where only the ledger still has it.
        ours: the ledger knows it; what it does not know is never deleted.
    """

    asset: str
    bytes: int
    ours: bool


class HistogramData(TypedDict):
    """How many values lie in each of some steps.

    Args:
        edges: where each step begins, and where the last one ends.
        counts: how many values lie in each step.
    """

    edges: list[float]
    counts: list[int]


class SlowClip(ClipData):
    """A clip that took long.

    Args:
        line: the line of its record, from 1; null where that is not known.
        seconds: how long somebody was at it; of a passage, all its segments together.
        audio_seconds: how long it sounds.
    """

    line: int | None
    seconds: float
    audio_seconds: float


class HistoryData(TypedDict):
    """How the making of clips went, in equal steps of time, of which there are 100 at most.

    Args:
        begun_seconds: how long after the beginning of the run it began.
        seconds: how long it went on; the last step ends there.
        step_seconds: how long each step is.
        made: clips that were finished in each step.
        failed: clips that failed in each.
        audio_seconds: how long it sounds what was made in each; only of clips that were finished.
        in_hand: how many clips and segments were in the making, on average over each step.
        lengths: how long the clips sound, in seconds.
        loudness: how loud they are, in LUFS.
        wanted_lufs: how loud they were to be.
        tolerance_lu: how far from that a clip may be.
        slowest: those that took longest, the slowest first.
    """

    begun_seconds: float
    seconds: float
    step_seconds: float
    made: list[int]
    failed: list[int]
    audio_seconds: list[float]
    in_hand: list[float]
    lengths: HistogramData
    loudness: HistogramData
    wanted_lufs: float
    tolerance_lu: float
    slowest: list[SlowClip]


class ReportDocument(TypedDict):
    """What a run of `tts-assets generate` did.

    Args:
        dry_run: nothing was changed.
        catalogues: files that were read.
        states: how many clips stood how before the run.
        to_make: clips that were to be made; equal ones count once.
        passed_over: clips that are to be made, and that `--only` left out.
        made: clips that were made.
        to_move: assets whose sound was there already under another name.
        moved: those of them that have it under theirs now.
        left: clips left for another run because of a bound.
        bound: the setting that left them, with its value; null where nothing is left.
        failed: clips that could not be made.
        doubts: clips that were made, and whose reading or accent somebody should look at.
        flawed: clips that were made, and do not sound as they should.
        planned: each clip that was to be made, and why.
        kept: clips that stay although the engine changed since.
        unspoken: texts that yield no clip.
        problems: entries and files that cannot be used.
        notes: files passed over, and what the engine cannot do or does otherwise.
        unmatched: ids that were asked for and that no entry has; null where all are there.
        urls_to_write: URLs of fresh clips that the catalogues did not have.
        timelines_to_write: time lines that fresh passages did not have.
        timelines_written: those of them that they have now.
        urls_written: URLs that the catalogues got, or that the shard keeps for them.
        shard: the folder of the shard that the run was for; null where it was for all clips.
        urls_missed: URLs whose entry changed while the clips were made.
        workers: how many clips were made at once.
        seconds: how long it all took.
        audio_seconds: how long all that was made sounds.
        fatal: why the run ended early; null when it did not.
        forced: what was fresh was to be made anew, too.
        stopped: somebody asked it to stop, or the bound of failures was reached.
        provider: the engine's name.
        chosen: why that engine; null where it was asked for.
        credit: the lines that the licences of the voices ask for; empty for none.
        traffic: what went to and fro; null where no service was asked.
        cost: what it cost; null where the engine charges nothing.
        history: how the making went over time; null where nothing was made or failed.
    """

    dry_run: bool
    catalogues: int
    states: States
    to_make: int
    passed_over: int
    made: int
    to_move: int
    moved: int
    left: int
    bound: str | None
    failed: list[FailedClip]
    doubts: list[DoubtfulClip]
    flawed: list[FlawedClip]
    planned: list[PlannedClip]
    kept: list[KeptClips]
    unspoken: list[UnspokenText]
    problems: list[ProblemData]
    notes: list[str]
    unmatched: str | None
    urls_to_write: int
    timelines_to_write: int
    timelines_written: int
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
    traffic: TrafficData | None
    cost: CostData | None
    history: HistoryData | None
