"""From a document's shape to the sources that read it, with the reasons for each choice."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.csv_table import is_anki
from tts_assets.catalogues.detect.clip_rules import ClipRules, path
from tts_assets.catalogues.detect.fields import MOST, fields_of, first, values_at
from tts_assets.catalogues.detect.names import Role, is_metadata, name_of, roles_of, tokens_of
from tts_assets.catalogues.detect.records import Records, guess_kind, records_in, texts_of
from tts_assets.catalogues.detect.shape import Shape, shape_of
from tts_assets.catalogues.detect.tokens import read_rows
from tts_assets.catalogues.detect.values import content_of
from tts_assets.catalogues.fields import EntryProblemError
from tts_assets.catalogues.ids import Ids
from tts_assets.catalogues.read import kind_of, read_catalogue
from tts_assets.config.sources.builtin import BUILT_IN
from tts_assets.config.sources.path import KEY, Path, ShapeError, Step, found, written
from tts_assets.config.sources.source import ClipRule, Id, IdFrom, Say, Source
from tts_assets.config.sources.targets import paths_read
from tts_assets.errors import InputError
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.catalogues.detect.values import Content
    from tts_assets.catalogues.document import Document
    from tts_assets.config.sources.path import Steps
    from tts_assets.model import Clip, Place

_ALL = 0.9
_SEVERAL = 3
_SPEAKERS = 6
_NO_ID = "a hash of what is said, as no field is called an id"
_ANKI_URL = "[sound:{recipe}.{ext}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A source as it is proposed.

    Args:
        source: how the files are read; which files is said later.
        id_reason: why the ids come from there.
        others: what could be said, too.
        seen: other fields with sounds in them.
        unsaid: other fields with Japanese in them.
        new: the targets that are not in the files yet.
        copies: other lists that only repeat what is said.
        speakers: some of those who speak.
        is_built_in: the source is one of the built-in shapes.
    """

    source: Source
    id_reason: str = ""
    others: tuple[ClipRule, ...] = ()
    seen: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    new: frozenset[str] = frozenset()
    copies: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    is_built_in: bool = False


def drafts_of(documents: Sequence[Document], *, is_table: bool) -> list[Draft]:
    """The sources that read these documents, which are of one shape.

    Args:
        documents: some documents; the name of the first may tell the kind.
        is_table: they are CSV, with no place for lists and objects.
    """
    shape = shape_of([document.root for document in documents])
    if (side := _japanese_side(documents)) is not None:
        return list(_texts_alone(*side, documents, at_least=1))
    records = [each for each in _records_in(shape) if _can_be_reached(each.part.steps, documents)]
    drafts = [
        replace(_draft(each, documents, is_table=is_table), copies=copies)
        for each, copies in _without_copies(records, [document.root for document in documents])
    ]
    return drafts or list(_texts_alone(shape, (), documents, at_least=_SEVERAL))


def _records_in(shape: Shape) -> list[Records]:
    """The records; those among metadata only if there are no others."""
    fields = {key: inner for key, inner in shape.fields.items() if not is_metadata(key)}
    found = records_in(replace(shape, fields=fields), but=is_metadata)
    if any(not each.part.steps for each in found):
        # The file is one record, and its metadata are that record's.
        found = records_in(shape, but=is_metadata)
    return found or records_in(shape)


def _without_copies(
    records: Sequence[Records], roots: Sequence[Any]
) -> list[tuple[Records, tuple[str, ...]]]:
    """The records, with the paths of others that say nothing new; those with sounds stay."""
    kept: list[tuple[Records, set[str], list[str]]] = []
    rows = [(each, texts_of(each, roots) if len(records) > 1 else set()) for each in records]
    rows.sort(key=lambda row: (not any(each.sound for _, each in row[0].chosen), -len(row[1])))
    for each, texts in rows:
        known = next((row for row in kept if texts and texts <= row[1]), None)
        if known is None:
            kept.append((each, texts, []))
        else:
            known[2].append(path(each.part.steps, from_record=True).text)
    kept.sort(key=lambda row: records.index(row[0]))
    return [(each, tuple(copies)) for each, _, copies in kept]


def _can_be_reached(steps: Steps, documents: Sequence[Document]) -> bool:
    """Whether one path leads to all records; it does not if something else stands among them."""
    try:
        for document in documents:
            for _ in found(document.root, steps):
                pass
    except ShapeError:
        return False
    return True


def _draft(records: Records, documents: Sequence[Document], *, is_table: bool) -> Draft:
    kind = guess_kind(records, documents[0].file)
    rules = ClipRules(records, kind, documents, is_table=is_table)
    clips = tuple(rules.of(part, each) for part, each in records.chosen)
    others = tuple(rules.of(part, each) for part, each in records.others)
    name, reason = _id_of(records, kind, documents)
    source = Source(
        kind=kind,
        clips=clips,
        id=name,
        records=path(records.part.steps, from_record=True),
        url=_ANKI_URL if _is_for_anki(records, documents) else None,
    )
    return Draft(
        source=source,
        id_reason=reason,
        others=others,
        seen=rules.unused(),
        unsaid=_unsaid(records, replace(source, clips=(*clips, *others))),
        new=frozenset(rules.new),
        speakers=_speakers(records),
    )


def _is_for_anki(records: Records, documents: Sequence[Document]) -> bool:
    """Whether sounds are written as Anki does, or Anki wrote the file."""
    texts = [text for _, each in records.chosen if each.sound for text in each.sound.shape.texts]
    if texts:
        return sum(text.strip().startswith("[sound:") for text in texts) >= MOST * len(texts)
    return any(is_anki(document.text) for document in documents if document.format == "CSV")


def _unsaid(records: Records, source: Source) -> tuple[str, ...]:
    """Japanese that nothing reads, not even what could be said, too."""
    read = {steps for _, _, steps in paths_read(source)}
    return tuple(
        written(field.steps)
        for field in fields_of(records.part.shape)
        if field.content.japanese > MOST and not field.is_sound
        if _any_item(field.steps) not in read and field.steps != (KEY.text,)
    )


def _any_item(steps: Steps) -> Steps:
    """The steps, with every item for one: so paths that are read are told, too."""
    return tuple(Step.EVERY if isinstance(step, int) else step for step in steps)


def _speakers(records: Records) -> tuple[str, ...]:
    names = (
        first(value, steps)
        for part, each in records.chosen
        for steps in each.speaker
        for value in part.shape.values
    )
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))[:_SPEAKERS]


def _japanese_side(documents: Sequence[Document]) -> tuple[Shape, Steps] | None:
    """The Japanese texts, and where they are, if texts stand by language; None if they do not."""
    roots = [document.root for document in documents]
    if not all(map(are_languages, roots)):
        return None
    sides = {key for root in roots for key in root if Role.JAPANESE in name_of((key,)).roles}
    if len(sides) != 1:
        return None
    side = sides.pop()
    steps: Steps = (side, Step.EVERY)
    values = [root.get(side) for root in roots]
    while values and all(isinstance(value, dict) for value in values):
        keys = {key for value in values for key in value}
        if sum(bool(name_of((key,)).roles) for key in keys) > len(keys) / 2:
            return None
        values = [inner for value in values for inner in value.values()]
        if values and all(isinstance(value, str) for value in values):
            return shape_of(values), steps
        steps = (*steps, Step.EVERY)
    return None


def _texts_alone(
    shape: Shape, steps: Steps, documents: Sequence[Document], *, at_least: int
) -> Iterator[Draft]:
    """Lists of nothing but texts: they can be said, but their URLs have no place."""
    while shape.items is not None:
        shape, steps = shape.items, (*steps, Step.EVERY)
    if not steps or not _can_be_reached(steps, documents):
        return
    text, content, kana = path(()), content_of(shape.texts), False
    keys = content_of(_last_keys(steps, documents))
    if content.japanese >= _ALL:
        kana = content.kana >= _ALL
    if keys.japanese >= _ALL and keys.filled == content.filled and (kana or not content.japanese):
        text, content = KEY, keys
    if content.filled < at_least or content.japanese < _ALL:
        return
    readings: tuple[Path, ...] = (path(()),) if kana else ()
    join = None
    if (rows := _find_rows(steps, documents)) is not None:
        steps, text, readings, content = rows
        join = ""
    running = content.running >= 1 - _ALL
    passages = Kind.READING if content.several > 1 - MOST else Kind.GRAMMAR
    rule = ClipRule(
        part="text" if running else "word",
        say=Say.SENTENCE if running else Say.WORD,
        text=(text,),
        reading=readings,
        join=join,
        to=None,
    )
    keyed = any(isinstance(document.root, dict) for document in documents)
    yield Draft(
        source=Source(
            kind=passages if running else Kind.VOCABULARY,
            clips=(rule,),
            id=Id(of=IdFrom.KEY if keyed else IdFrom.HASH),
            records=path(steps, from_record=True),
        ),
        id_reason="the key under which it stands" if keyed else "a hash of what is said",
    )


def _find_rows(
    steps: Steps, documents: Sequence[Document]
) -> tuple[Steps, Path, tuple[Path, ...], Content] | None:
    """Where lists lie whose items are the words of one text, and how these are read."""
    for depth in (2, 1):
        records = steps[:-depth]
        rows = [row for document in documents for row in values_at(document.root, records) if row]
        words = read_rows(rows) if records else None
        if words is not None and (depth == 2) == (words[1] is not None):
            text, kana = words
            texts = ["".join(item[0] if text else item for item in row) for row in rows]
            readings = () if kana is None else (path((Step.EVERY, *kana)),)
            return records, path((Step.EVERY, *text)), readings, content_of(texts)
    return None


def _last_keys(steps: Steps, documents: Sequence[Document]) -> list[str]:
    """The keys under which texts stand, where these are no items of lists."""
    places = (place for document in documents for place, _ in found(document.root, steps))
    return [place[-1] for place in places if isinstance(place[-1], str)]


def _id_of(records: Records, kind: Kind, documents: Sequence[Document]) -> tuple[Id, str]:
    """Where the ids come from, and why.

    Args:
        records: the records that need ids.
        kind: what they teach.
        documents: some documents in which they lie.
    """
    refused = ""
    for candidate, reason in _candidates(records, kind, documents):
        problem = _problem_with(candidate, records.part.steps, documents)
        if problem is None:
            return candidate, reason + refused
        refused = refused or f"; {candidate.paths[0].text if candidate.paths else ''}: {problem}"
    return Id(of=IdFrom.HASH), (f"a hash of what is said{refused}" if refused else _NO_ID)


def _candidates(
    records: Records, kind: Kind, documents: Sequence[Document]
) -> Iterator[tuple[Id, str]]:
    for steps in _id_fields(records.part.shape):
        yield Id(paths=(path(steps),)), "different in every record"
    if _are_keyed(records.part.steps, documents):
        yield Id(of=IdFrom.KEY), "the key under which it stands"
    main = records.main
    if kind is Kind.CHARACTERS:
        readings = records.chosen[0][1].reading
        yield Id(paths=tuple(map(path, readings))), "different in every record"
    elif main is not None and main.say is Say.READING and main.text:
        yield Id(paths=(path(main.field.steps),)), "different in every record"
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


def _problem_with(candidate: Id, steps: Steps, documents: Sequence[Document]) -> str | None:
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


# Files that need no proposal: the built-in shapes, and what is known to be no catalogue.


#: So many records tell whether a shape is a built-in one.
_LOOKED_AT = 200
_PROGRAM = re.compile(
    r"(?:^|/)(?:locales?|i18n|l10n|lang|languages?|translations?|messages|intl)(?=/|\.|$)",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
_DOTTED = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)+")


def built_in(document: Document, drafts: Sequence[Draft]) -> Kind | None:
    """The built-in shape that says all that the drafts say, at the same places; None if none does."""
    root = document.root
    kind = kind_of(document.file, root)
    if kind is None or not isinstance(root, list):
        return None
    some = replace(document, root=root[:_LOOKED_AT])
    said, problems = _clips(some, BUILT_IN[kind])
    if problems or not said:
        return None
    drafted: dict[Place | None, Clip] = {}
    for draft in drafts:
        # The built-in shapes leave titles unsaid.
        spoken = tuple(rule for rule in draft.source.clips if rule.say is not Say.TITLE)
        drafted |= _clips(some, replace(draft.source, clips=spoken))[0]
    # Kana among kanji: the drafts have more clips of the kanji, and none of the kana.
    if _records(drafted) < _records(said):
        return kind
    for place, clip in drafted.items():
        if place not in said or _says_more(clip, said[place]):
            return None
    return kind


def _records(clips: dict[Place | None, Clip]) -> set[Place]:
    """The records of a list at the root that have clips."""
    return {clip.at[:1] for clip in clips.values()}


def _clips(document: Document, source: Source) -> tuple[dict[Place | None, Clip], bool]:
    """What a source finds, by the place of its URL; and whether there were problems."""
    try:
        read = read_catalogue(document, source)
    except InputError:
        return {}, True
    return {clip.place: clip for clip in read.clips}, bool(read.problems)


def _says_more(clip: Clip, other: Clip) -> bool:
    ours, theirs = clip.form, other.form
    return (ours.reading is not None and theirs.reading is None) or (
        ours.accent is not None and theirs.accent is None
    )


def no_catalogue(document: Document) -> str | None:
    """Why a document is known to be none; None if it may be one."""
    root = document.root
    if not isinstance(root, dict):
        return None
    if str(root.get("type")) in {"FeatureCollection", "Feature", "Topology"}:
        return "it is a map (GeoJSON)"
    lists = any(isinstance(value, list) for value in root.values())
    tree = not lists and all(isinstance(value, str | dict) for value in root.values())
    path = PurePath(document.file)
    named = _PROGRAM.search(path.as_posix()) or _LANGUAGE.fullmatch(path.stem)
    languages = are_languages(root) and not _is_of_phrases(path.stem)
    if tree and (named or languages or sum(map(_is_dotted, root)) > len(root) / 2):
        return "it looks like the texts of a program in one or more languages"
    return None


def are_languages(root: Any) -> bool:
    """Whether it is an object whose keys are codes of languages."""
    return (
        isinstance(root, dict)
        and len(root) > 1
        and all(_LANGUAGE.fullmatch(key) is not None for key in root)
    )


def _is_of_phrases(name: str) -> bool:
    """Whether a file is called after words or phrases, as no texts of a program are."""
    return any(Role.WORD in roles_of(token) for token in tokens_of(name))


def _is_dotted(key: str) -> bool:
    return _DOTTED.fullmatch(key) is not None
