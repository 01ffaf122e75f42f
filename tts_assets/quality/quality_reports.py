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
    """One finding in a catalogue.

    Args:
        rule: the rule that it breaks.
        severity: its severity.
        message: what was found, and what to do.
        file: the catalogue's path as given.
        line: the line of the item; None if unknown.
        entry: the entry's id; None for the file itself.
        part: the part of the entry; None for the entry itself.
        text: the spoken text, as spelled.
        reading: its reading, in katakana.
        accent: the reading with the fall of the pitch: ``ハ↓シ``.
        pitch: high or low for each mora: ``HL``.
    """

    rule: LintRule
    severity: Severity
    message: str
    file: str
    line: int | None = None
    entry: str | None = None
    part: str | None = None
    text: str | None = None
    reading: str | None = None
    accent: str | None = None
    pitch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """The result of lint.

    Args:
        findings: in the order of the files, and of the lines in each.
        catalogues: the number of files read, once for each source that reads them.
        clips: the number of their clips.
        readings: the number of clips for each basis of their readings.
        notes: skipped files, and why.
        least: less severe findings were left out.
        unmatched: requested ids that no entry has, in words; None for none.
        seconds: how long it took.
    """

    findings: tuple[LintFinding, ...] = ()
    catalogues: int = 0
    clips: int = 0
    readings: Mapping[Basis, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    least: Severity = Severity.NOTE
    unmatched: str | None = None
    seconds: float = 0.0

    def count_findings(self, severity: Severity) -> int:
        """The number of findings of this severity."""
        return sum(finding.severity is severity for finding in self.findings)


# The report of verify: a result for each asset that breaks a rule, with the clips that use it.


#: The rules beside those of the sound: the asset's file is missing.
MISSING = "missing"

#: Its file has other bytes than were generated.
DAMAGED = "damaged"

#: Speech recognition recognizes another text than expected.
RECOGNITION = "recognition"

#: A phrase is spoken with another accent than expected.
SPOKEN_ACCENT = "accent-heard"


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
    """The findings of one asset.

    Args:
        asset: its path below the output folder, or a file's path as given.
        clips: the clips that use it; none if no catalogue was read, or none refers to it.
        text: the expected text; "" if unknown.
        findings: the rules that it breaks, at least one.
        ours: whether it is in the ledger; only a few rules apply to other sounds.
    """

    asset: str
    clips: tuple[ClipName, ...]
    text: str
    findings: tuple[Finding, ...]
    ours: bool


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
