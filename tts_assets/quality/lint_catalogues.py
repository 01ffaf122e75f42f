"""Lint catalogues: read them, look up every text once in the dictionary, report doubtful entries."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

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
    from tts_assets.config.settings import Settings
    from tts_assets.model import Place, Pronunciation, Unspoken


@dataclass(slots=True, kw_only=True)
class _DocumentContents:
    """The contents of one document."""

    document: Document
    items: list[LintInput]
    unspoken: list[Unspoken]


@dataclass(slots=True, kw_only=True)
class _CatalogueContents:
    """The contents of all documents, and the order of the files."""

    documents: list[_DocumentContents] = field(default_factory=list)
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
    """Report doubtful entries of catalogues; changes nothing, and generates no audio.

    Args:
        settings: the catalogues and entries, and the user's dictionary.
        least: leave out less severe findings.
        on_read: called with the number of texts before they are looked up.

    Raises:
        UsageError: a path, a source or a git revision is wrong.
        FatalError: the dictionary cannot be loaded.
    """
    begun = time.monotonic()
    found = await anyio.to_thread.run_sync(_read_catalogues, settings)
    forms = _collect_forms(found)
    if on_read is not None:
        on_read(len(forms))
    read = await reading_cache.read_forms(forms, settings.words) if forms else []
    readings = dict(zip(forms, read, strict=True))
    every = _iter_findings(found, readings)
    findings = (each for each in every if each.severity.is_at_least(least))
    return LintReport(
        findings=tuple(_sort_findings(findings, found.order)),
        catalogues=len(found.documents),
        clips=sum(len(one.items) for one in found.documents),
        readings=_count_bases(found, readings),
        notes=tuple(found.notes),
        least=least,
        unmatched=found.unmatched,
        seconds=time.monotonic() - begun,
    )


def _read_catalogues(settings: Settings) -> _CatalogueContents:
    """The clips and problems of all catalogues."""
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
            found.documents.append(_read_document(reader, overrides, found, selection))
        found.unmatched = selection.describe_unmatched()
        found.notes += selection.notes()
    for problem in trouble.problems:
        found.add_file(problem.file)
    found.problems += trouble.problems
    found.notes += trouble.notes
    return found


def _find_repeated_keys(document: Document) -> Iterator[InputError]:
    """Keys that occur twice in one object: the first value is silently ignored."""
    for key, line in document.list_repeated_keys():
        yield InputError(
            f"the key {key!r} occurs twice in this object, and only this last value counts: "
            "rename or remove one of them",
            file=document.file,
            line=line,
        )


def _read_document(
    reader: CatalogueReader, overrides: OverrideSet, found: _CatalogueContents, selection: Selection
) -> _DocumentContents:
    readings = EntryReadings(reader)
    is_selected = selection.build_entry_filter(reader)
    items = [
        # An override is spoken instead of the entry's reading.
        LintInput(clip, None, readings.say_mode(clip))
        if overrides.find_override(clip)
        else LintInput(
            clip,
            readings.find_reading(clip),
            readings.say_mode(clip),
            unspoken=readings.find_unspoken_readings(clip),
        )
        for clip in reader.iter_clips()
        if is_selected is None or is_selected(clip.entry)
    ]
    catalogue = reader.finish()
    selection.finish_catalogue(catalogue)
    # --since keeps the problems of unusable entries, which have no spoken text to compare.
    problems = [
        each
        for each in catalogue.problems
        if (entry := _entry_id(each)) is None or selection.has_id(entry)
    ]
    for problem in problems:
        found.add_file(problem.file)
    found.problems += problems
    unspoken = [
        each for each in catalogue.unspoken if is_selected is None or is_selected(each.entry)
    ]
    return _DocumentContents(document=reader.document, items=items, unspoken=unspoken)


def _entry_id(problem: InputError) -> str | None:
    """The id of the entry with a problem; None if the problem is in the file itself."""
    return problem.entry and problem.entry.removeprefix("entry ")


def _collect_forms(found: _CatalogueContents) -> list[SpokenForm]:
    """Each form once, and also without its accent if the entry gives only the accent."""
    forms: dict[SpokenForm, None] = {}
    for item in _iter_items(found):
        form = item.clip.form
        if form not in forms:
            forms[form] = None
            if _has_accent_only(form):
                forms[form._replace(accent=None)] = None
    return list(forms)


def _iter_items(found: _CatalogueContents) -> Iterator[LintInput]:
    return (item for one in found.documents for item in one.items)


def _has_accent_only(form: SpokenForm) -> bool:
    return form.accent is not None and form.reading is None


def _count_bases(
    found: _CatalogueContents, readings: Mapping[SpokenForm, Pronunciation | str]
) -> dict[Basis, int]:
    """The number of readable clips for each basis of their readings."""
    read = [readings[item.clip.form] for item in _iter_items(found)]
    counts = Counter(each.basis for each in read if not isinstance(each, str))
    return {basis: counts[basis] for basis in Basis}


def _iter_findings(
    found: _CatalogueContents, readings: Mapping[SpokenForm, Pronunciation | str]
) -> Iterator[LintFinding]:
    for problem in found.problems:
        yield _report_problem(problem)
    for one in found.documents:
        placed = [*_lint_items(one.items, readings), *map(_report_unspoken, one.unspoken)]
        lines = one.document.find_lines({at for at, _ in placed})
        for at, finding in placed:
            yield replace(finding, line=lines.get(at))


def _lint_items(
    items: Iterable[LintInput], readings: Mapping[SpokenForm, Pronunciation | str]
) -> Iterator[tuple[Place, LintFinding]]:
    for item in items:
        form = item.clip.form
        unaccented = readings[form._replace(accent=None)] if _has_accent_only(form) else None
        for finding in lint_clip(
            item._replace(pronunciation=readings[form], unaccented=unaccented)
        ):
            yield item.clip.at, finding


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
    """By file in reading order, then by line; findings about a whole file come first."""
    return sorted(findings, key=lambda each: (order[each.file], each.line or 0))
