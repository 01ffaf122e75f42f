"""The types of a report: costs, traffic, clips; JSON Schemas come from them."""

from typing import NotRequired, TypedDict

from tts_assets.build.plan.planner import Aspect, State
from tts_assets.model import AccentBasis, Basis, Kind
from tts_assets.store.paid_journal import Opinion


class LimitData(TypedDict):
    """The limit of simultaneous requests, and since when it applies.

    Args:
        seconds: the time since the beginning of the run.
        limit: the number.
    """

    seconds: float
    limit: int


class TrafficData(TypedDict):
    """The requests to a service.

    Args:
        requests: the requests sent.
        lost: the requests without a complete response, which may have been billed.
        refusals: the requests refused for lack of capacity.
        retries: the requests repeated after an error.
        waits: the number of waits after a refusal or an error, or for the rate limit.
        waited_seconds: the time during which at least one request waited; simultaneous waits count
            once.
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
    """The price of credits.

    Args:
        per_1000_credits: the price of 1,000 credits.
        currency: the sign or code of the currency.
        read: the date on which the price was read, such as 2026-10-03.
        old: whether the price is old and should be checked again.
    """

    per_1000_credits: float
    currency: str
    read: str
    old: bool


class SumData(TypedDict):
    """A charge.

    Args:
        credits: the credits, as the service counts them.
        money: the price of the credits; null if no price is known.
    """

    credits: float
    money: float | None


class BillData(SumData):
    """The charges for some clips; equal clips count once.

    Args:
        clips: the number.
        characters: the characters sent for the clips.
    """

    clips: int
    characters: int


class LeftData(BillData):
    """The clips left for another run.

    Args:
        bound: the setting that left them, with its value; null if nothing is left.
    """

    bound: str | None


class ReasonData(TypedDict):
    """Why clips that were already paid for are generated again.

    Args:
        words: the reason, as text.
        clips: the number of clips with this reason.
    """

    words: str
    clips: int


class RebilledData(BillData):
    """Clips that were already paid for and will be paid for again.

    Args:
        out_of: the number of all clips to generate.
        reasons: the reasons, the most frequent first.
    """

    out_of: int
    reasons: list[ReasonData]


class BalanceData(TypedDict):
    """The credits left in the account.

    Args:
        credits: the remaining credits; null if unknown.
        reason: why the balance is unknown; null if it is known.
        resets: when the credits are renewed; null if unknown.
        too_few: the credits missing for this run.
    """

    credits: float | None
    reason: NotRequired[str]
    resets: NotRequired[str | None]
    too_few: NotRequired[float]


class CostData(TypedDict):
    """The cost of a run with a paid service.

    Args:
        provider: the engine's name.
        model: the name of the model.
        price: the price of the credits; null if unknown.
        expected: the expected charges for all clips of the run, estimated before the first request.
        left: the clips left for another run because of a limit.
        unsayable: clips that cannot be spoken and cost nothing.
        due: the expected charges for the generated clips.
        billed: the amount that the service charged; null if it does not report it.
        rebilled: the clips that were already paid for; null if there are none.
        balance: the balance of the account; null if it was not queried.
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
    """The number of clips in each state.

    Args:
        new: they were never generated.
        stale: their entries or settings changed since they were generated.
        missing: they were generated, but their files are missing.
        damaged: their files differ from what was generated.
        failed: they are new or stale, and failed in the last run.
        rejected: they are up to date, but a reviewer rejected them.
        fresh: they are up to date.
        locked: their URLs are not managed by `tts-assets`.
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
    """A clip and the entry it belongs to.

    Args:
        file: the catalogue's path as given.
        kind: the kind of content.
        entry: the entry's id.
        part: the part of the entry that the clip speaks.
        text: the spoken text, as spelled.
        reading: the entry's reading, in katakana; null if it has none.
        accent: the mora after which the pitch falls, 0 for none; null if the entry has no accent.
    """

    file: str
    kind: Kind
    entry: str
    part: str
    text: str
    reading: str | None
    accent: int | None


class ChangeData(TypedDict):
    """A property that changed since a clip was generated.

    Args:
        what: the name of the property.
        before: the previous value; empty for none.
        now: the current value; empty for none.
    """

    what: Aspect
    before: str
    now: str


class PlannedClip(ClipData):
    """A clip to generate, and why.

    Args:
        line: the line of its record, from 1; null if unknown.
        state: its state.
        reason: the reason, as text.
        changes: the changes since it was generated.
        recipe: the hash of everything that affects its sound.
        asset: its path, relative to the output folder.
        url: its URL.
        held: the asset that already has the same sound under another name; null for none.
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
    """A failed clip.

    Args:
        line: the line of its record, from 1; null if unknown.
        reason: the reason, as text.
    """

    line: int | None
    reason: str


class DoubtfulClip(ClipData):
    """A generated clip whose reading or accent should be checked.

    Args:
        said: its pronunciation in accent notation, such as ハ↓シ.
        pitch: high or low for each mora.
        basis: how the reading was determined.
        accent_basis: where the accent comes from.
        doubt: the contradiction; null if there is none.
        near: a reading of the dictionary that may be the intended one; null for none.
    """

    said: str
    pitch: str
    basis: Basis
    accent_basis: AccentBasis
    doubt: str | None
    near: str | None


class FindingData(TypedDict):
    """An audio check that a clip failed.

    Args:
        rule: the name.
        measured: the measured value, with its unit.
        limit: the limit, with its unit.
        message: both, as text.
    """

    rule: str
    measured: str
    limit: str
    message: str


class FlawedClip(ClipData):
    """A generated clip that failed an audio check.

    Args:
        findings: the audio checks that it failed.
    """

    findings: list[FindingData]


class UnspokenText(TypedDict):
    """A text without a clip, and why.

    Args:
        file: the catalogue's path as given.
        kind: the kind of content.
        entry: the entry's id.
        part: the part of the entry that the clip speaks.
        reason: the reason, as text.
    """

    file: str
    kind: Kind
    entry: str
    part: str
    reason: str


class ProblemData(TypedDict):
    """An unusable entry or file.

    Args:
        file: its path as given.
        line: the line, from 1; null if unknown.
        entry: the entry; null if the problem concerns the file.
        message: the problem and what to do.
    """

    file: str
    line: int | None
    entry: str | None
    message: str


class KeptClips(TypedDict):
    """Clips that are kept although another engine or version generated them.

    Args:
        before: the engine or version that generated them.
        now: the current engine or version.
        clips: the number.
    """

    before: str
    now: str
    clips: int


class KeptTake(TypedDict):
    """A paid sound that was rejected automatically and is kept until a person decides.

    Args:
        file: the catalogue's path as given.
        entry: the entry's id.
        part: the part of the entry that the clip speaks.
        segment: which segment of a passage, from 1; null for a clip in one piece.
        text: the text that was sent.
        reason: why it was rejected.
        opinion: a person's decision on it.
        name: its name in decisions.
        sha256: the hash of its bytes.
        path: its path.
        seconds: its length; 0 if it cannot be decoded.
        provider: the engine's name.
        voice: the name of the voice.
        model: the name of the model.
        sent: the time of the request, in UTC.
        request_id: the id of the request; "" if unknown.
        history_item_id: the id of the sound in the account's history; "" if unknown.
        billed: its cost in credits; null if the service did not report it.
        recipe: the recipe of the clip.
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
        asset: its path, relative to the output folder.
        bytes: its size, including its time line; 0 if only the ledger contains it.
        ours: whether the ledger contains it; files that it does not contain are never deleted.
    """

    asset: str
    bytes: int
    ours: bool


class HistogramData(TypedDict):
    """A histogram.

    Args:
        edges: the lower edges of the bins and the upper edge of the last one.
        counts: the number of values in each bin.
    """

    edges: list[float]
    counts: list[int]


class SlowClip(ClipData):
    """A slow clip.

    Args:
        line: the line of its record, from 1; null if unknown.
        seconds: the time it took; of a passage, of all its segments together.
        audio_seconds: its length.
    """

    line: int | None
    seconds: float
    audio_seconds: float


class HistoryData(TypedDict):
    """The progress of a run, in at most 100 equal time steps.

    Args:
        begun_seconds: the start of the first step, in seconds from the beginning of the run.
        seconds: the duration; the last step ends there.
        step_seconds: the length of a step.
        made: the clips finished in each step.
        failed: the clips that failed in each step.
        audio_seconds: the length of the clips finished in each step.
        in_hand: the average number of clips and segments in progress in each step.
        lengths: the lengths of the clips, in seconds.
        loudness: the loudness of the clips, in LUFS.
        wanted_lufs: the target loudness, in LUFS.
        tolerance_lu: the tolerance of the loudness, in LU.
        slowest: the slowest clips, slowest first.
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
        bound: the setting that left them, with its value; null if nothing is left.
        failed: failed clips.
        doubts: generated clips whose reading or accent should be checked.
        flawed: generated clips that failed an audio check.
        planned: each clip to generate, and why.
        kept: clips that are kept although the engine changed.
        unspoken: texts without a clip.
        problems: unusable entries and files.
        notes: skipped files, and limits of the engine.
        unmatched: requested ids that no entry has; null if all exist.
        urls_to_write: URLs of up-to-date clips missing from the catalogues.
        timelines_to_write: time lines missing from up-to-date passages.
        timelines_written: the time lines that were written.
        urls_written: URLs written into the catalogues, or kept by the shard.
        shard: the folder of the shard; null for a run without shards.
        urls_missed: URLs not written because their entries changed during the run.
        workers: the number of clips generated at the same time.
        seconds: the duration of the run.
        audio_seconds: the length of all generated clips.
        fatal: why the run ended early; null if it did not.
        forced: whether `--force` was given.
        stopped: whether the run was interrupted or reached the limit of failures.
        provider: the engine's name.
        chosen: why the engine was chosen; null if it was requested.
        credit: the credit lines that the voices' licences require; empty for none.
        traffic: the requests to the service; null if there were none.
        cost: the cost; null if the engine is free.
        history: the progress over time; null if nothing was generated or failed.
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
