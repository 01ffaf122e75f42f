"""What a look over catalogues says: findings, each of a rule, with the line to mend."""

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

    #: It cannot be said as it stands.
    ERROR = "error"
    #: It is said, and may well be wrong.
    WARNING = "warning"
    #: Good to know.
    NOTE = "note"

    def is_at_least(self, least: Severity) -> bool:
        """Whether it matters as much as ``least``, or more."""
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
    #: A reading was set against the dictionary, which knows one that is almost the same.
    READING_TYPO = "reading-typo"
    #: A reading was set against the dictionary, which knows none that is near.
    READING_UNKNOWN = "reading-unknown"
    #: One reading is written in hiragana and katakana.
    READING_MIXED = "reading-mixed"
    #: The kana of a sentence and what the dictionary reads are not the same.
    SENTENCE_READING = "sentence-reading"
    #: A sentence without a reading has words with several common readings, and nothing decides.
    AMBIGUOUS_READING = "ambiguous-reading"
    #: The dictionary reads the spelling otherwise, and yields to the entry.
    READING_DIFFERS = "reading-differs"
    #: A reading in Latin letters was taken as kana.
    READING_LATIN = "reading-latin"
    #: The entry gives several readings, of which the first is spoken.
    READING_UNSAID = "reading-unsaid"
    #: A text has words of another language, or romaji, and no reading that tells how they are said.
    TEXT_LATIN = "text-latin"
    #: Neither the entry nor the dictionary knows the accent.
    ACCENT_GUESSED = "accent-guessed"
    #: A text yields no clip.
    NO_CLIP = "no-clip"


#: How much a finding of each rule matters, where nothing softens it.
DEFAULT_SEVERITY = {
    LintRule.ENTRY: Severity.ERROR,
    LintRule.UNREADABLE: Severity.ERROR,
    LintRule.ACCENT_RANGE: Severity.ERROR,
    LintRule.READING_TYPO: Severity.WARNING,
    LintRule.READING_UNKNOWN: Severity.WARNING,
    LintRule.READING_MIXED: Severity.WARNING,
    LintRule.SENTENCE_READING: Severity.WARNING,
    LintRule.AMBIGUOUS_READING: Severity.NOTE,
    LintRule.TEXT_LATIN: Severity.WARNING,
    LintRule.READING_DIFFERS: Severity.NOTE,
    LintRule.READING_LATIN: Severity.NOTE,
    LintRule.READING_UNSAID: Severity.NOTE,
    LintRule.ACCENT_GUESSED: Severity.NOTE,
    LintRule.NO_CLIP: Severity.NOTE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One thing to look at.

    Args:
        rule: what it is about.
        severity: how much it matters.
        message: what was found, and what to do.
        file: the catalogue's path as given.
        line: the line of the item, where it is known.
        entry: the entry's id; None where the file itself is meant.
        part: which of its clips; None where the entry is meant.
        text: the spoken text, as spelled.
        reading: how it is said, in katakana.
        accent: the same with the fall of the pitch: ``ハ↓シ``.
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
    """What a look over catalogues found.

    Args:
        findings: in the order of the files, and of the lines in each.
        catalogues: how many files were read, once for each source that reads them.
        clips: how many clips they ask for.
        readings: how many of the clips have their reading from where.
        notes: files that were passed over, and why.
        least: findings that matter less were left out.
        unmatched: the ids that were asked for and that no entry has, in words; None for none.
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
        """How many findings are of this severity."""
        return sum(finding.severity is severity for finding in self.findings)


# What a look at assets says: a verdict on each that breaks a rule, and the clips that it is heard in.


#: The rules of this look, beside those of what a file sounds like: its file is gone.
MISSING = "missing"

#: Its file has other bytes than were made.
DAMAGED = "damaged"

#: What is heard in it is something else than was to be said.
RECOGNITION = "recognition"

#: A phrase is spoken with another accent than expected.
SPOKEN_ACCENT = "accent-heard"


class ClipName(NamedTuple):
    """Which clip an asset is heard in.

    Args:
        kind: the kind of its catalogue.
        file: the catalogue's path as given.
        entry: the entry's id.
        part: the part of the entry that the clip speaks.
        at: where its record or item lies in the document.
        line: the 1-based line of that; None where it is not known.
    """

    kind: Kind
    file: str
    entry: str
    part: str
    at: Place
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetResult:
    """What is wrong with one asset.

    Args:
        asset: its path below the output folder, or that of a file as it was given.
        clips: the clips that it is heard in; nothing where no catalogue was asked, or refers to it.
        text: what was to be said; "" where nothing tells.
        findings: the rules that it breaks, at least one.
        ours: the ledger knows it; of any other sound only little can be asked.
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
        heard: the number of assets checked by speech recognition.
        error_rate: the mean error rate of the recognized morae; None if nothing was recognized.
        unmade: clips without an asset, or with one to be generated under another name.
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
    heard: int
    error_rate: float | None
    unmade: int
    catalogues: int
    verdicts: tuple[AssetResult, ...]
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    unmatched: str | None
    seconds: float
    fatal: str | None = None
