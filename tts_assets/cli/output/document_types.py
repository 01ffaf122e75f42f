"""The types of documents that commands print; JSON Schemas are generated from them.

A document with the fields of an event or a report is derived from its class. Documents of another
shape, such as a clip and its finding in one object, are declared by their keys.
"""

import inspect
import re
from types import GenericAlias
from typing import Any, Literal, get_type_hints

import msgspec

from tts_assets.build import events, metrics
from tts_assets.build.plan import planner
from tts_assets.build.plan.planner import Aspect, Judged, State
from tts_assets.cli.output.console_text import KEYS
from tts_assets.engines.http import rate_limiter
from tts_assets.model import AccentBasis, Basis, Kind
from tts_assets.quality import quality_reports
from tts_assets.store.paid_journal import Opinion

_ARGUMENT_PATTERN = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_ROLE_PATTERN = re.compile(r":\w+:`")

#: The descriptions of keys, unless a document has its own.
_TEXTS = {
    "file": "the catalogue's path as given.",
    "line": "the line of its record, from 1; null if unknown.",
    "kind": "the kind of content.",
    "entry": "the entry's id.",
    "part": "the part of the entry that the clip speaks.",
    "text": "the spoken text, as spelled.",
    "reading": "the entry's reading, in katakana; null if it has none.",
    "accent": "the mora after which the pitch falls, 0 for none; null if the entry has no accent.",
    "recipe": "the hash of everything that affects the sound.",
    "reason": "the reason, as text.",
    "seconds": "the time it took.",
    "audio_seconds": "its length.",
    "clips": "the catalogue clips that it serves.",
    "findings": "the audio checks that it failed.",
    "counts": "the progress so far.",
    "event": "the name.",
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


def _define_document(name: str, summary: str, /, **keys: Any) -> Any:
    """Define the type of a document.

    Args:
        name: its name in schemas.
        summary: its summary.
        keys: the type of each key, in a list for an array of this type; a pair of type and text if
            the key has its own description.
    """
    members, lines = [], []
    for key, value in sorted(keys.items()):
        kind, text = value if isinstance(value, tuple) else (value, _TEXTS[key])
        if isinstance(kind, list):
            kind = GenericAlias(list, tuple(kind))
        is_optional = msgspec.UnsetType in getattr(kind, "__args__", ())
        members.append((key, kind, msgspec.UNSET) if is_optional else (key, kind))
        lines.append(f"    {key}: {text}")
    docs = "\n".join([summary, "", "Args:", *lines])
    return msgspec.defstruct(name, members, namespace={"__doc__": docs}, kw_only=True)


def _derive_document(name: str, source: type, summary: str = "", /, **changes: Any) -> Any:
    """Derive the type of a document from the fields and the docstring of a class.

    Args:
        name: its name in schemas.
        source: the class.
        summary: the summary of the document; "" for that of the class.
        changes: keys to change or add, as in :func:`_define_document`; None to omit a field.
    """
    texts = _TEXTS | extract_field_texts(source.__doc__)
    fields = get_type_hints(source, localns=_DOCUMENT_TYPES) | changes
    keys = {
        KEYS.get(field, field): kind if isinstance(kind, tuple) else (kind, texts[field])
        for field, kind in fields.items()
        if kind is not None
    }
    return _define_document(name, summary or extract_summary(source.__doc__), **keys)


def _derive_line(name: str, source: type, event: str, summary: str = "", /, **changes: Any) -> Any:
    """Derive the type of a line of JSON Lines: a document with the name of its event."""
    return _derive_document(name, source, summary, event=(Literal[event], "the name."), **changes)


# Keys that several documents have.
_ENTRY_KEYS = {"file": str, "kind": Kind, "entry": str, "part": str}
_CLIP_KEYS = _ENTRY_KEYS | {"text": str, "reading": str | None, "accent": int | None}
_SUM_KEYS = {
    "credits": (float, "the credits, as the service counts them."),
    "money": (float | None, "the price of the credits; null if no price is known."),
}
_BILL_KEYS = _SUM_KEYS | {
    "clips": (int, "the number."),
    "characters": (int, "the characters sent for the clips."),
}

ClipData = _define_document("ClipData", "A clip and the entry it belongs to.", **_CLIP_KEYS)
FindingData = _define_document(
    "FindingData",
    "An audio check that a clip failed.",
    rule=(str, "the name."),
    measured=(str, "the measured value, with its unit."),
    limit=(str, "the limit, with its unit."),
    message=(str, "both, as text."),
)
States = _define_document(
    "States",
    "The number of clips in each state.",
    new=(int, "they were never generated."),
    stale=(int, "their entries or settings changed since they were generated."),
    missing=(int, "they were generated, but their files are missing."),
    damaged=(int, "their files differ from what was generated."),
    failed=(int, "they are new or stale, and failed in the last run."),
    rejected=(int, "they are up to date, but a reviewer rejected them."),
    fresh=(int, "they are up to date."),
    locked=(int, "their URLs are not managed by `tts-assets`."),
)
_LimitData = _define_document(
    "LimitData",
    "The limit of simultaneous requests, and since when it applies.",
    seconds=(float, "the time since the beginning of the run."),
    limit=(int, "the number."),
)
_ReasonData = _define_document(
    "ReasonData",
    "Why clips that were already paid for are generated again.",
    words=(str, "the reason, as text."),
    clips=(int, "the number of clips with this reason."),
)
_ChangeData = _define_document(
    "ChangeData",
    "A property that changed since a clip was generated.",
    what=(Aspect, "the name of the property."),
    before=(str, "the previous value; empty for none."),
    now=(str, "the current value; empty for none."),
)
_DecisionsData = _define_document(
    "DecisionsData",
    "The decisions on the sounds of up-to-date and rejected clips.",
    approved=(int, "clips with an approved sound."),
    rejected=(int, "clips with a rejected sound."),
    undecided=(int, "clips with an undecided sound."),
)
_CountsData = _define_document(
    "CountsData",
    "The progress of a run.",
    queued=(int | None, "clips not started yet."),
    active=(int, "clips in progress."),
    done=(int, "generated clips."),
    failed=(int, "failed clips."),
)

#: Document types, by the names in annotations.
_DOCUMENT_TYPES: dict[str, Any] = {
    "Judged": Judged,
    "State": State,
    "Balance": _define_document(
        "BalanceData",
        "The credits left in the account.",
        credits=(float | None, "the remaining credits; null if unknown."),
        reason=(str | msgspec.UnsetType, "why the balance is unknown; null if it is known."),
        resets=(str | None | msgspec.UnsetType, "when the credits are renewed; null if unknown."),
        too_few=(float | msgspec.UnsetType, "the credits missing for this run."),
    ),
    "Price": _define_document(
        "PriceData",
        "The price of credits.",
        per_1000_credits=(float, "the price of 1,000 credits."),
        currency=(str, "the sign or code of the currency."),
        read=(str, "the date on which the price was read, such as 2026-10-03."),
        old=(bool, "whether the price is old and should be checked again."),
    ),
    "Charges": _define_document(
        "BillData", "The charges for some clips; equal clips count once.", **_BILL_KEYS
    ),
    "Rebilled": _define_document(
        "RebilledData",
        "Clips that were already paid for and will be paid for again.",
        **_BILL_KEYS,
        out_of=(int, "the number of all clips to generate."),
        reasons=([_ReasonData], "the reasons, the most frequent first."),
    ),
    "ClipPlan": _define_document(
        "PlannedClip",
        "A clip to generate, and why.",
        **_CLIP_KEYS,
        line=int | None,
        state=(State, "its state."),
        reason=str,
        changes=([_ChangeData], "the changes since it was generated."),
        recipe=(str, "the hash of everything that affects its sound."),
        asset=(str, "its path, relative to the output folder."),
        url=(str, "its URL."),
        held=(
            str | None,
            "the asset that already has the same sound under another name; null for none.",
        ),
    ),
    "Doubt": _define_document(
        "DoubtfulClip",
        "A generated clip whose reading or accent should be checked.",
        **_CLIP_KEYS,
        said=(str, "its pronunciation in accent notation, such as ハ↓シ."),
        pitch=(str, "high or low for each mora."),
        basis=(Basis, "how the reading was determined."),
        accent_basis=(AccentBasis, "where the accent comes from."),
        doubt=(str | None, "the contradiction; null if there is none."),
        near=(
            str | None,
            "a reading of the dictionary that may be the intended one; null for none.",
        ),
    ),
    "DoubtfulTake": _define_document(
        "KeptTake",
        "A paid sound that was rejected automatically and is kept until a person decides.",
        file=str,
        entry=str,
        part=str,
        segment=(int | None, "which segment of a passage, from 1; null for a clip in one piece."),
        text=(str, "the text that was sent."),
        reason=(str, "why it was rejected."),
        opinion=(Opinion, "a person's decision on it."),
        name=(str, "its name in decisions."),
        sha256=(str, "the hash of its bytes."),
        path=(str, "its path."),
        seconds=(float, "its length; 0 if it cannot be decoded."),
        provider=(str, "the engine's name."),
        voice=(str, "the name of the voice."),
        model=(str, "the name of the model."),
        sent=(str, "the time of the request, in UTC."),
        request_id=(str, 'the id of the request; "" if unknown.'),
        history_item_id=(str, 'the id of the sound in the account\'s history; "" if unknown.'),
        billed=(float | None, "its cost in credits; null if the service did not report it."),
        recipe=(str, "the recipe of the clip."),
    ),
    "Failure": _define_document(
        "FailedClip", "A failed clip.", **_CLIP_KEYS, line=int | None, reason=str
    ),
    "Flawed": _define_document(
        "FlawedClip",
        "A generated clip that failed an audio check.",
        **_CLIP_KEYS,
        findings=[FindingData],
    ),
    "InputError": _define_document(
        "ProblemData",
        "An unusable entry or file.",
        file=(str, "its path as given."),
        line=(int | None, "the line, from 1; null if unknown."),
        entry=(str | None, "the entry; null if the problem concerns the file."),
        message=(str, "the problem and what to do."),
    ),
    "SlowestClip": _define_document(
        "SlowClip",
        "A slow clip.",
        **_CLIP_KEYS,
        line=int | None,
        seconds=(float, "the time it took; of a passage, of all its segments together."),
        audio_seconds=float,
    ),
    "Unspoken": _define_document(
        "UnspokenText", "A text without a clip, and why.", **_ENTRY_KEYS, reason=str
    ),
    "AssetResult": _define_document(
        "VerdictData",
        "The problems of an asset.",
        asset=(
            str,
            "its path, relative to the output folder; of a file elsewhere, its path as given.",
        ),
        ours=(
            bool,
            "whether the ledger contains it; any other file is only checked for being audio.",
        ),
        text=(str, "the text to be spoken; empty if unknown."),
        clips=(
            [
                _define_document(
                    "HeardIn", "A clip that an asset belongs to.", **_ENTRY_KEYS, line=int | None
                )
            ],
            "the clips that use it; empty if no catalogue was read or none uses it.",
        ),
        findings=[FindingData],
        advice=(str, "what to do."),
    ),
}

_DOCUMENT_TYPES |= {
    "Histogram": _derive_document("HistogramData", metrics.Histogram),
    "KeptClipGroup": _derive_document("KeptClips", planner.KeptClipGroup),
    "Orphan": _derive_document("OrphanData", events.Orphan),
    "Traffic": _derive_document(
        "TrafficData", rate_limiter.Traffic, limits=([_LimitData], "the limit over time.")
    ),
    "Cost": _derive_document(
        "CostData",
        events.Cost,
        left=_define_document(
            "LeftData",
            "The clips left for another run.",
            **_BILL_KEYS,
            bound=(
                str | None,
                "the setting that left them, with its value; null if nothing is left.",
            ),
        ),
        bound=None,
        billed=_define_document("SumData", "A charge.", **_SUM_KEYS) | None,
        balance=_DOCUMENT_TYPES["Balance"] | None,
    ),
}
_DOCUMENT_TYPES["RunHistory"] = _derive_document("HistoryData", metrics.RunHistory)
ReportDocument = _derive_document("ReportDocument", events.Report, states=States)
StandingDocument = _derive_document(
    "StandingDocument",
    events.Standing,
    states=States,
    stale=(bool, "whether a clip is stale or rejected."),
    approved=(_DecisionsData, "the number of approved, rejected and undecided sounds."),
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
    _define_document(
        "StartedLine",
        "The plan is complete, and generation begins.",
        event=Literal["started"],
        jobs=(int, "the number of clips to generate; equal clips count once."),
        workers=(int, "the number of clips generated at the same time."),
        states=(States, "the number of clips in each state."),
    ),
    _derive_line(
        "ServiceWaitLine",
        events.ServiceWait,
        "service-wait",
        "The service refuses requests or fails, so the run waits; at most one line every ten seconds.",
    ),
    _define_document(
        "SegmentMadeLine",
        "A segment of a passage is ready.",
        event=Literal["segment-made"],
        recipe=(str, "that of the passage."),
        segment=(int, "its number, from 1."),
        segments=(int, "the number of segments of the passage."),
        seconds=float,
        counts=_CountsData,
    ),
    _define_document(
        "ClipMadeLine",
        "A clip has been stored.",
        event=Literal["clip-made"],
        recipe=str,
        assets=(list[str], "its paths, relative to the output folder."),
        clips=[ClipData],
        seconds=float,
        audio_seconds=float,
        said=(
            str | None,
            "its pronunciation in accent notation; null if the engine does not report it.",
        ),
        findings=[FindingData],
        counts=_CountsData,
    ),
    _define_document(
        "ClipFailedLine",
        "A clip failed; the run continues.",
        event=Literal["clip-failed"],
        recipe=str,
        clips=[ClipData],
        reason=str,
        attempt=(int, "the attempt, from 1."),
        seconds=float,
        counts=_CountsData,
    ),
    _derive_line(
        "ReportLine",
        events.Report,
        "report",
        "The last line of a run: its report.",
        states=States,
        cost=(_DOCUMENT_TYPES["Cost"] | None, "the cost."),
    ),
)
