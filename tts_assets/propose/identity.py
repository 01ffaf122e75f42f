"""Where the ids of records come from: a field that differs in all, a key, a file, a hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.catalogue.fields import EntryProblemError
from tts_assets.catalogue.ids import Ids
from tts_assets.domain import Kind
from tts_assets.mapping import Id, IdFrom, Path, ShapeError, Source, Step, found, written
from tts_assets.propose.cast import is_kanji
from tts_assets.propose.clip_rules import path
from tts_assets.propose.fields import fields_of
from tts_assets.propose.names import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.catalogue import Document
    from tts_assets.mapping.path import Steps
    from tts_assets.propose.records import Records
    from tts_assets.propose.shape import Shape


_NO_ID = "a hash of what is said, as no field is called an id"


def id_of(records: Records, kind: Kind, documents: Sequence[Document]) -> tuple[Id, str]:
    """Where the ids come from, and why.

    Args:
        records: the records that need ids.
        kind: what they teach.
        documents: some documents in which they lie.
    """
    refused = ""
    for candidate, reason in _candidates(records, kind, documents):
        problem = _problem(candidate, records.part.steps, documents)
        if problem is None:
            return candidate, reason + refused
        refused = refused or f"; {candidate.paths[0].text if candidate.paths else ''}: {problem}"
    return Id(of=IdFrom.HASH), (f"a hash of what is said{refused}" if refused else _NO_ID)


def _candidates(
    records: Records, kind: Kind, documents: Sequence[Document]
) -> Iterator[tuple[Id, str]]:
    for steps in _id_fields(records.part.shape):
        yield Id(paths=(path(steps),)), "another in every record"
    if _are_keyed(records.part.steps, documents):
        yield Id(of=IdFrom.KEY), "the key under which it stands"
    main = records.main
    if kind is Kind.CHARACTERS:
        readings = records.chosen[0][1].reading
        yield Id(paths=tuple(map(path, readings))), "another in every record"
    elif main is not None and is_kanji(main.field):
        yield Id(paths=(path(main.field.steps),)), "another in every record"
    if Step.EVERY not in records.part.steps:
        yield Id(of=IdFrom.FILE), "the name of the file, as each holds one entry"
    for parent in records.parents:
        for steps in _id_fields(parent.shape):
            where = written(parent.steps)
            reason = f"the {written(steps)} of what it lies in ({where}), and its number there"
            yield Id(of=IdFrom.PARENT, paths=(path(steps),)), reason


def _id_fields(shape: Shape) -> list[Steps]:
    """Fields that are called an id, the shortest names first."""
    fields = [
        field
        for field in fields_of(shape)
        if field.name.may_be(Role.ID) and not field.listed and not field.is_sound
    ]
    return [field.steps for field in sorted(fields, key=lambda each: len(each.name.tokens))]


def _are_keyed(steps: Steps, documents: Sequence[Document]) -> bool:
    """Whether the records stand under keys that are data."""
    for document in documents:
        for place, _ in found(document.root, steps):
            return any(
                step is Step.EVERY and isinstance(key, str)
                for step, key in zip(steps, place, strict=True)
            )
    return False


def _problem(candidate: Id, steps: Steps, documents: Sequence[Document]) -> str | None:
    """What keeps these from being the ids of all records; None when they can be."""
    source = Source(kind=Kind.VOCABULARY, clips=(), id=candidate, records=Path("$", steps))
    for document in documents:
        ids = Ids(document, source, ())
        try:
            for position, (place, record) in enumerate(found(document.root, steps)):
                ids.of(record, place, position)
        except (EntryProblemError, ShapeError) as problem:
            return str(problem)
    return None
