"""The use case: read the catalogues, have the dictionary read every text once, tell what is odd."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread

from tts_assets import readings
from tts_assets.domain import Basis, SpokenForm
from tts_assets.errors import InputError
from tts_assets.lint.findings import SEVERITY, Finding, LintReport, Rule, Severity
from tts_assets.lint.given import Given
from tts_assets.lint.judge import Spoken, judged
from tts_assets.open_catalogues import Trouble, open_catalogues
from tts_assets.overrides import Book
from tts_assets.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tts_assets.catalogue import Document, Reader
    from tts_assets.domain import Clip, Place, Pronunciation, Unspoken
    from tts_assets.mapping import Say
    from tts_assets.settings import Settings


class _Item(NamedTuple):
    """A clip with what the catalogue alone knows of it; as in Spoken."""

    clip: Clip
    given: str | None
    say: Say
    unsaid: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """What one reader found."""

    document: Document
    items: list[_Item]
    unspoken: list[Unspoken]


@dataclass(slots=True, kw_only=True)
class _Catalogues:
    """What all readers found, and the order in which the files came."""

    gathered: list[_Gathered] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unmatched: str | None = None
    order: dict[str, int] = field(default_factory=dict)

    def came(self, file: str) -> None:
        self.order.setdefault(file, len(self.order))


async def lint(
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
    found = await anyio.to_thread.run_sync(_gather, settings)
    forms = _forms(found)
    if on_read is not None:
        on_read(len(forms))
    said = await readings.read(forms, settings.words) if forms else []
    known = dict(zip(forms, said, strict=True))
    findings = (each for each in _findings(found, known) if each.severity.is_at_least(least))
    return LintReport(
        findings=tuple(_in_order(findings, found.order)),
        catalogues=len(found.gathered),
        clips=sum(len(one.items) for one in found.gathered),
        readings=_counted(found, known),
        notes=tuple(found.notes),
        least=least,
        unmatched=found.unmatched,
        seconds=time.monotonic() - begun,
    )


def _gather(settings: Settings) -> _Catalogues:
    """Everything that the catalogues ask for, and what is wrong in them."""
    found = _Catalogues()
    trouble = Trouble()
    overrides = Book(settings.overrides)
    with Selection(settings) as selection:
        for reader in open_catalogues(settings, trouble, overrides):
            for problem in trouble.problems:
                found.came(problem.file)
            if reader.document.file not in found.order:
                found.problems += _repeated(reader.document)
            found.came(reader.document.file)
            found.gathered.append(_gathered(reader, overrides, found, selection))
        found.unmatched = selection.nothing()
        found.notes += selection.notes()
    for problem in trouble.problems:
        found.came(problem.file)
    found.problems += trouble.problems
    found.notes += trouble.notes
    return found


def _repeated(document: Document) -> Iterator[InputError]:
    """Keys that stand twice in one object: nobody hears of the first, as the last counts."""
    for key, line in document.repeated_keys():
        yield InputError(
            f"the key {key!r} stands in this object already, and only this last value counts: "
            "rename one of them, or remove it",
            file=document.file,
            line=line,
        )


def _gathered(
    reader: Reader, overrides: Book, found: _Catalogues, selection: Selection
) -> _Gathered:
    given = Given(reader)
    takes_entry = selection.entry_filter(reader)
    items = [
        # How its entry writes the reading is of no interest where that is not said.
        _Item(clip, None, given.say(clip))
        if overrides.of(clip)
        else _Item(clip, given.reading(clip), given.say(clip), given.unsaid_readings(clip))
        for clip in reader.clips()
        if takes_entry is None or takes_entry(clip.entry)
    ]
    catalogue = reader.finished()
    selection.finished(catalogue)
    # An entry that cannot be used has no spoken text to compare: --since leaves its problem.
    problems = [
        each
        for each in catalogue.problems
        if (entry := _entry_id(each)) is None or selection.has_id(entry)
    ]
    for problem in problems:
        found.came(problem.file)
    found.problems += problems
    unspoken = [
        each for each in catalogue.unspoken if takes_entry is None or takes_entry(each.entry)
    ]
    return _Gathered(document=reader.document, items=items, unspoken=unspoken)


def _entry_id(problem: InputError) -> str | None:
    """The id of the entry that a problem is in; None where the file itself is meant."""
    return problem.entry and problem.entry.removeprefix("entry ")


def _forms(found: _Catalogues) -> list[SpokenForm]:
    """Each form once, and once more without its accent where that is all that the entry gives."""
    forms: dict[SpokenForm, None] = {}
    for item in _items(found):
        form = item.clip.form
        if form not in forms:
            forms[form] = None
            if _accent_alone(form):
                forms[form._replace(accent=None)] = None
    return list(forms)


def _items(found: _Catalogues) -> Iterator[_Item]:
    return (item for one in found.gathered for item in one.items)


def _accent_alone(form: SpokenForm) -> bool:
    return form.accent is not None and form.reading is None


def _counted(
    found: _Catalogues, known: Mapping[SpokenForm, Pronunciation | str]
) -> dict[Basis, int]:
    """How many clips have their reading from where; those that cannot be read are left out."""
    said = [known[item.clip.form] for item in _items(found)]
    counts = Counter(each.basis for each in said if not isinstance(each, str))
    return {basis: counts[basis] for basis in Basis}


def _findings(
    found: _Catalogues, known: Mapping[SpokenForm, Pronunciation | str]
) -> Iterator[Finding]:
    for problem in found.problems:
        yield _wrong(problem)
    for one in found.gathered:
        placed = [*_of_clips(one.items, known), *map(_silent, one.unspoken)]
        lines = one.document.lines_of({at for at, _ in placed})
        for at, finding in placed:
            yield replace(finding, line=lines.get(at))


def _of_clips(
    items: Iterable[_Item], known: Mapping[SpokenForm, Pronunciation | str]
) -> Iterator[tuple[Place, Finding]]:
    for clip, given, say, unsaid in items:
        form = clip.form
        unaccented = known[form._replace(accent=None)] if _accent_alone(form) else None
        for finding in judged(Spoken(clip, given, say, known[form], unaccented, unsaid)):
            yield clip.at, finding


def _silent(each: Unspoken) -> tuple[Place, Finding]:
    finding = Finding(
        rule=Rule.NO_CLIP,
        severity=SEVERITY[Rule.NO_CLIP],
        message=f"there is no clip: {each.reason}",
        file=each.file,
        entry=each.entry,
        part=each.part,
    )
    return each.at, finding


def _wrong(problem: InputError) -> Finding:
    return Finding(
        rule=Rule.ENTRY,
        severity=SEVERITY[Rule.ENTRY],
        message=problem.message,
        file=problem.file,
        line=problem.line,
        entry=_entry_id(problem),
    )


def _in_order(findings: Iterable[Finding], order: Mapping[str, int]) -> list[Finding]:
    """By file as it came, then by line; what is about a whole file stands first."""
    return sorted(findings, key=lambda each: (order[each.file], each.line or 0))
