"""The types of documents that commands print; JSON Schemas are generated from them.

A document with the fields of an event or a report is derived from its class. Documents of another
shape, such as a clip and its finding in one object, have types of their own.
"""

import inspect
import re
from typing import Any, Literal, NotRequired, TypedDict, get_type_hints

import msgspec

from tts_assets.build import events, metrics
from tts_assets.build.plan import planner
from tts_assets.build.plan.planner import Aspect, Judged, State
from tts_assets.cli.output.console_text import KEYS
from tts_assets.engines.http import rate_limiter
from tts_assets.model import AccentBasis, Basis, Kind
from tts_assets.quality import quality_reports
from tts_assets.store.paid_journal import Opinion


class LimitData(TypedDict):
    """The limit of simultaneous requests, and since when it applies.

    Args:
        seconds: the time since the beginning of the run.
        limit: the number.
    """

    seconds: float
    limit: int


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


# Documents derived from classes.

_ARGUMENT_PATTERN = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_ROLE_PATTERN = re.compile(r":\w+:`")

#: Document types, by the names in annotations.
_DOCUMENT_TYPES: dict[str, Any] = {
    "Balance": BalanceData,
    "Charges": BillData,
    "ClipPlan": PlannedClip,
    "Doubt": DoubtfulClip,
    "DoubtfulTake": KeptTake,
    "Failure": FailedClip,
    "Flawed": FlawedClip,
    "InputError": ProblemData,
    "Judged": Judged,
    "State": State,
    "Price": PriceData,
    "Rebilled": RebilledData,
    "SlowestClip": SlowClip,
    "Unspoken": UnspokenText,
    "AssetResult": VerdictData,
}


def extract_summary(docstring: str | None) -> str:
    """The part of a class's docstring before ``Args:``."""
    return _join_sentences(inspect.cleandoc(docstring or "").partition("\nArgs:\n")[0])


def extract_field_texts(docstring: str | None) -> dict[str, str]:
    """The descriptions of fields in a class's docstring."""
    args = inspect.cleandoc(docstring or "").partition("\nArgs:\n")[2]
    return {name: _join_sentences(text) for name, text in _ARGUMENT_PATTERN.findall(args)}


def _join_sentences(text: str) -> str:
    """The text of a docstring on one line, as Markdown."""
    return _ROLE_PATTERN.sub("`", " ".join(text.split())).replace("``", "`")


def _derive_document(name: str, source: type, summary: str = "", **changes: Any) -> type:
    """Derive a document type from the fields and the docstring of a class.

    Args:
        name: its name in schemas.
        source: the class.
        summary: the summary of the document; "" for that of the class.
        changes: fields to change or add, as a type or a pair of type and text; None to omit a
            field.
    """
    fields = get_type_hints(source, localns=_DOCUMENT_TYPES) | changes
    texts = extract_field_texts(source.__doc__)
    for field, change in changes.items():
        if isinstance(change, tuple):
            fields[field], texts[field] = change
    keys = {KEYS.get(field, field): field for field, kind in fields.items() if kind is not None}
    lines = [f"    {key}: {texts[field]}" for key, field in sorted(keys.items())]
    docs = "\n".join([summary or extract_summary(source.__doc__), "", "Args:", *lines])
    members = [(key, fields[field]) for key, field in sorted(keys.items())]
    return msgspec.defstruct(name, members, namespace={"__doc__": docs})


def _derive_line(name: str, source: type, event: str, summary: str = "", **changes: Any) -> type:
    """Derive the type of a line of JSON Lines: a document with the name of its event."""
    kind = (Literal[event], "the name.")
    return _derive_document(name, source, summary, event=kind, **changes)


_DOCUMENT_TYPES |= {
    "Histogram": _derive_document("HistogramData", metrics.Histogram),
    "KeptClipGroup": _derive_document("KeptClips", planner.KeptClipGroup),
    "Orphan": _derive_document("OrphanData", events.Orphan),
    "Traffic": _derive_document(
        "TrafficData", rate_limiter.Traffic, limits=(list[LimitData], "the limit over time.")
    ),
    "Cost": _derive_document(
        "CostData",
        events.Cost,
        left=LeftData,
        bound=None,
        billed=SumData | None,
        balance=BalanceData | None,
    ),
}
_DOCUMENT_TYPES["RunHistory"] = _derive_document("HistoryData", metrics.RunHistory)
ReportDocument = _derive_document("ReportDocument", events.Report, states=States)
StandingDocument = _derive_document(
    "StandingDocument",
    events.Standing,
    states=States,
    stale=(bool, "whether a clip is stale or rejected."),
    approved=(DecisionsData, "the number of approved, rejected and undecided sounds."),
)
VerdictsDocument = _derive_document(
    "VerdictsDocument",
    quality_reports.VerifyReport,
    wrong=(bool, "whether there are problems."),
    seconds=(float, "how long it took."),
)

#: The lines of a run; the last one is its report.
EVENT_LINES = (
    _derive_line(
        "WaitingLine", events.Waiting, "waiting", path=(str, "the locked folder or file.")
    ),
    _derive_line(
        "EstimatedLine", events.Estimated, "estimated", cost=(_DOCUMENT_TYPES["Cost"], "the cost.")
    ),
    StartedLine,
    _derive_line(
        "ServiceWaitLine",
        events.ServiceWait,
        "service-wait",
        "The service refuses requests or fails, so the run waits; at most one line every ten seconds.",
    ),
    SegmentMadeLine,
    ClipMadeLine,
    ClipFailedLine,
    _derive_line(
        "ReportLine",
        events.Report,
        "report",
        "The last line of a run: its report.",
        states=States,
        cost=(_DOCUMENT_TYPES["Cost"] | None, "the cost."),
    ),
)
