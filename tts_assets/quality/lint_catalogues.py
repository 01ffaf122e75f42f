"""The use case: read the catalogues, have the dictionary read every text once, tell what is odd."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread

from tts_assets.build.plan.make_plan import Selection
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.engines import reading_cache
from tts_assets.errors import InputError
from tts_assets.model import Basis, SpokenForm
from tts_assets.quality.lint_rules import EntryReadings, LintInput, lint_clip
from tts_assets.quality.quality_reports import (
    DEFAULT_SEVERITY,
    LintFinding,
    LintReport,
    LintRule,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.catalogues.catalogue_reader import CatalogueReader
    from tts_assets.config.catalogue_sources import TextType
    from tts_assets.config.settings import Settings
    from tts_assets.model import Clip, Place, Pronunciation, Unspoken


class _LintItem(NamedTuple):
    """A clip with what the catalogue alone knows of it; as in Spoken."""

    clip: Clip
    given: str | None
    say: TextType
    unsaid: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _DocumentContents:
    """What one reader found."""

    document: Document
    items: list[_LintItem]
    unspoken: list[Unspoken]


@dataclass(slots=True, kw_only=True)
class _CatalogueContents:
    """What all readers found, and the order in which the files came."""

    gathered: list[_DocumentContents] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unmatched: str | None = None
    order: dict[str, int] = field(default_factory=dict)

    def add_file(self, file: str) -> None:
        self.order.setdefault(file, len(self.order))


async def lint_catalogues(
    settings: Settings,
    *,
    least: Severity = Severity.NOTE,
    on_read: Callable[[int], None] | None = None,
) -> LintReport:
    """Look for what is doubtful in catalogues; nothing is changed, and no sound is made.

    Args:
        settings: which catalogues and entries, and the user's own dictionary.
        least: findings that matter less are left out.
        on_read: called with the number of texts before the dictionary reads them.

    Raises:
        UsageError: a path, a source or a git revision is wrong.
        FatalError: the dictionary cannot be loaded.
    """
    begun = time.monotonic()
    found = await anyio.to_thread.run_sync(_read_catalogues, settings)
    forms = _collect_forms(found)
    if on_read is not None:
        on_read(len(forms))
    said = await reading_cache.read_forms(forms, settings.words) if forms else []
    known = dict(zip(forms, said, strict=True))
    findings = (each for each in _iter_findings(found, known) if each.severity.is_at_least(least))
    return LintReport(
        findings=tuple(_sort_findings(findings, found.order)),
        catalogues=len(found.gathered),
        clips=sum(len(one.items) for one in found.gathered),
        readings=_count_bases(found, known),
        notes=tuple(found.notes),
        least=least,
        unmatched=found.unmatched,
        seconds=time.monotonic() - begun,
    )


def _read_catalogues(settings: Settings) -> _CatalogueContents:
    """Everything that the catalogues ask for, and what is wrong in them."""
    found = _CatalogueContents()
    trouble = LoadProblems()
    overrides = OverrideSet(settings.overrides)
    with Selection(settings) as selection:
        for reader in open_catalogues(settings, trouble, overrides):
            for problem in trouble.problems:
                found.add_file(problem.file)
            if reader.document.file not in found.order:
                found.problems += _find_repeated_keys(reader.document)
            found.add_file(reader.document.file)
            found.gathered.append(_read_document(reader, overrides, found, selection))
        found.unmatched = selection.describe_unmatched()
        found.notes += selection.notes()
    for problem in trouble.problems:
        found.add_file(problem.file)
    found.problems += trouble.problems
    found.notes += trouble.notes
    return found


def _find_repeated_keys(document: Document) -> Iterator[InputError]:
    """Keys that stand twice in one object: nobody hears of the first, as the last counts."""
    for key, line in document.list_repeated_keys():
        yield InputError(
            (
                f"the key {key!r} occurs twice in this object, and only this last value counts: "
                "rename or remove one of them"
            ),
            file=document.file,
            line=line,
        )


def _read_document(
    reader: CatalogueReader, overrides: OverrideSet, found: _CatalogueContents, selection: Selection
) -> _DocumentContents:
    given = EntryReadings(reader)
    takes_entry = selection.entry_filter(reader)
    items = [
        # How its entry writes the reading is of no interest where that is not said.
        _LintItem(clip, None, given.say_mode(clip))
        if overrides.find_override(clip)
        else _LintItem(
            clip, given.find_reading(clip), given.say_mode(clip), given.find_unspoken_readings(clip)
        )
        for clip in reader.iter_clips()
        if takes_entry is None or takes_entry(clip.entry)
    ]
    catalogue = reader.finish()
    selection.finish_catalogue(catalogue)
    # An entry that cannot be used has no spoken text to compare: --since leaves its problem.
    problems = [
        each
        for each in catalogue.problems
        if (entry := _entry_id(each)) is None or selection.has_id(entry)
    ]
    for problem in problems:
        found.add_file(problem.file)
    found.problems += problems
    unspoken = [
        each for each in catalogue.unspoken if takes_entry is None or takes_entry(each.entry)
    ]
    return _DocumentContents(document=reader.document, items=items, unspoken=unspoken)


def _entry_id(problem: InputError) -> str | None:
    """The id of the entry that a problem is in; None where the file itself is meant."""
    return problem.entry and problem.entry.removeprefix("entry ")


def _collect_forms(found: _CatalogueContents) -> list[SpokenForm]:
    """Each form once, and once more without its accent where that is all that the entry gives."""
    forms: dict[SpokenForm, None] = {}
    for item in _iter_items(found):
        form = item.clip.form
        if form not in forms:
            forms[form] = None
            if _has_accent_only(form):
                forms[form._replace(accent=None)] = None
    return list(forms)


def _iter_items(found: _CatalogueContents) -> Iterator[_LintItem]:
    return (item for one in found.gathered for item in one.items)


def _has_accent_only(form: SpokenForm) -> bool:
    return form.accent is not None and form.reading is None


def _count_bases(
    found: _CatalogueContents, known: Mapping[SpokenForm, Pronunciation | str]
) -> dict[Basis, int]:
    """How many clips have their reading from where; those that cannot be read are left out."""
    said = [known[item.clip.form] for item in _iter_items(found)]
    counts = Counter(each.basis for each in said if not isinstance(each, str))
    return {basis: counts[basis] for basis in Basis}


def _iter_findings(
    found: _CatalogueContents, known: Mapping[SpokenForm, Pronunciation | str]
) -> Iterator[LintFinding]:
    for problem in found.problems:
        yield _report_problem(problem)
    for one in found.gathered:
        placed = [*_lint_items(one.items, known), *map(_report_unspoken, one.unspoken)]
        lines = one.document.find_lines({at for at, _ in placed})
        for at, finding in placed:
            yield replace(finding, line=lines.get(at))


def _lint_items(
    items: Iterable[_LintItem], known: Mapping[SpokenForm, Pronunciation | str]
) -> Iterator[tuple[Place, LintFinding]]:
    for clip, given, say, unsaid in items:
        form = clip.form
        unaccented = known[form._replace(accent=None)] if _has_accent_only(form) else None
        for finding in lint_clip(LintInput(clip, given, say, known[form], unaccented, unsaid)):
            yield clip.at, finding


def _report_unspoken(each: Unspoken) -> tuple[Place, LintFinding]:
    finding = LintFinding(
        rule=LintRule.NO_CLIP,
        severity=DEFAULT_SEVERITY[LintRule.NO_CLIP],
        message=f"there is no clip: {each.reason}",
        file=each.file,
        entry=each.entry,
        part=each.part,
    )
    return each.at, finding


def _report_problem(problem: InputError) -> LintFinding:
    return LintFinding(
        rule=LintRule.ENTRY,
        severity=DEFAULT_SEVERITY[LintRule.ENTRY],
        message=problem.message,
        file=problem.file,
        line=problem.line,
        entry=_entry_id(problem),
    )


def _sort_findings(findings: Iterable[LintFinding], order: Mapping[str, int]) -> list[LintFinding]:
    """By file as it came, then by line; what is about a whole file stands first."""
    return sorted(findings, key=lambda each: (order[each.file], each.line or 0))
