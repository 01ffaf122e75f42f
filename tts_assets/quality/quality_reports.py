"""The reports of lint and verify: findings, each with its rule and its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tts_assets.errors import InputError
    from tts_assets.model import Basis, Finding, Kind, Place


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    #: It cannot be spoken.
    ERROR = "error"
    #: It is spoken, probably wrongly.
    WARNING = "warning"
    #: For information.
    NOTE = "note"

    def is_at_least(self, least: Severity) -> bool:
        """Whether it is as severe as ``least``, or more."""
        order = list(Severity)
        return order.index(self) <= order.index(least)


class LintRule(StrEnum):
    """What a finding is about."""

    #: An entry or a value cannot be used.
    ENTRY = "entry"
    #: The dictionary cannot read the text at all.
    UNREADABLE = "unreadable"
    #: The accent does not fit the number of morae.
    ACCENT_RANGE = "accent-range"
    #: The reading contradicts the dictionary, which has an almost equal one.
    READING_TYPO = "reading-typo"
    #: The reading contradicts the dictionary, which has no similar one.
    READING_UNKNOWN = "reading-unknown"
    #: One reading is written in hiragana and katakana.
    READING_MIXED = "reading-mixed"
    #: The kana of a sentence differ from the dictionary's reading.
    SENTENCE_READING = "sentence-reading"
    #: A sentence without a reading has words with several common readings, undecided by context.
    AMBIGUOUS_READING = "ambiguous-reading"
    #: The dictionary reads the spelling differently; the entry's reading is spoken.
    READING_DIFFERS = "reading-differs"
    #: A reading in Latin letters was converted to kana.
    READING_LATIN = "reading-latin"
    #: The entry gives several readings, of which the first is spoken.
    READING_UNSAID = "reading-unsaid"
    #: A text has words of another language, or romaji, and no reading for them.
    TEXT_LATIN = "text-latin"
    #: Neither the entry nor the dictionary knows the accent.
    ACCENT_GUESSED = "accent-guessed"
    #: A text yields no clip.
    NO_CLIP = "no-clip"


_ERRORS = (LintRule.ENTRY, LintRule.UNREADABLE, LintRule.ACCENT_RANGE)
_WARNINGS = (
    *(LintRule.READING_TYPO, LintRule.READING_UNKNOWN, LintRule.READING_MIXED),
    *(LintRule.SENTENCE_READING, LintRule.TEXT_LATIN),
)

#: The severity of each rule, unless the check lowers it.
DEFAULT_SEVERITY = (
    dict.fromkeys(LintRule, Severity.NOTE)
    | dict.fromkeys(_ERRORS, Severity.ERROR)
    | dict.fromkeys(_WARNINGS, Severity.WARNING)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One finding in a catalogue."""

    rule: LintRule  #: the rule that it breaks
    severity: Severity  #: its severity
    message: str  #: what was found, and what to do
    file: str  #: the catalogue's path as given
    line: int | None = None  #: the line of the item; None if unknown
    entry: str | None = None  #: the entry's id; None for the file itself
    part: str | None = None  #: the part of the entry; None for the entry itself
    text: str | None = None  #: the spoken text, as spelled
    reading: str | None = None  #: its reading, in katakana
    accent: str | None = None  #: the reading with the fall of the pitch: ``ハ↓シ``
    pitch: str | None = None  #: high or low for each mora: ``HL``


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """The result of lint."""

    findings: tuple[LintFinding, ...] = ()  #: in the order of the files, and of the lines in each
    catalogues: int = 0  #: the number of files read, once for each source that reads them
    clips: int = 0  #: the number of their clips
    #: The number of clips for each basis of their readings.
    readings: Mapping[Basis, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  #: skipped files, and why
    least: Severity = Severity.NOTE  #: less severe findings were left out
    unmatched: str | None = None  #: requested ids that no entry has, in words; None for none
    seconds: float = 0.0  #: how long it took

    def count_findings(self, severity: Severity) -> int:
        """The number of findings of this severity."""
        return sum(finding.severity is severity for finding in self.findings)


# The report of verify: a result for each asset that breaks a rule, with the clips that use it.


MISSING = "missing"  #: the rules beside those of the sound: the asset's file is missing
DAMAGED = "damaged"  #: its file has other bytes than were generated
RECOGNITION = "recognition"  #: speech recognition recognizes another text than expected
SPOKEN_ACCENT = "accent-heard"  #: a phrase is spoken with another accent than expected


class ClipName(NamedTuple):
    """A clip that uses an asset."""

    kind: Kind  #: the kind of its catalogue
    file: str  #: the catalogue's path as given
    entry: str  #: the entry's id
    part: str  #: the part of the entry that the clip speaks
    at: Place  #: the place of its record or item in the document
    line: int | None = None  #: the 1-based line of that; None if unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetResult:
    """The findings of one asset."""

    asset: str  #: its path below the output folder, or a file's path as given
    #: The clips that use it; none if no catalogue was read, or none refers to it.
    clips: tuple[ClipName, ...]
    text: str  #: the expected text; "" if unknown
    findings: tuple[Finding, ...]  #: the rules that it breaks, at least one
    ours: bool  #: whether it is in the ledger; only a few rules apply to other sounds


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """The problems of assets, as `tts-assets verify` finds them.

    Args:
        checked: the number of measured assets.
        foreign: the number of measured assets that are not in the ledger.
        recognized: the number of assets checked by speech recognition.
        error_rate: the mean error rate of the recognized morae; None if nothing was recognized.
        ungenerated: clips without an asset, or with one to be generated under another name.
        catalogues: the number of files read.
        verdicts: each asset that failed a check.
        problems: unusable entries and files.
        notes: skipped files, and clips that could not be recognized.
        unmatched: requested ids that no entry has; None if all exist.
        seconds: how long it took.
        fatal: why the requested speech recognition failed; None if it did not.
    """

    checked: int
    foreign: int
    recognized: int
    error_rate: float | None
    ungenerated: int
    catalogues: int
    verdicts: tuple[AssetResult, ...]
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    unmatched: str | None
    seconds: float
    fatal: str | None = None
