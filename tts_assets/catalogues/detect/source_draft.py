"""Drafts sources for a document from its shape, with the reasons for each choice."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.catalogue_reader import (
    ID_ADVICE,
    RecordIds,
    guess_catalogue_kind,
    read_catalogue,
)
from tts_assets.catalogues.csv_table import is_anki_export
from tts_assets.catalogues.detect.field_names import (
    Role,
    find_roles,
    is_metadata_key,
    parse_field_name,
    split_tokens,
)
from tts_assets.catalogues.detect.field_roles import (
    MOST_SHARE,
    find_first_value,
    find_values_at,
    list_fields,
)
from tts_assets.catalogues.detect.record_rules import (
    ClipRuleBuilder,
    RecordGroup,
    collect_record_texts,
    find_record_groups,
    guess_kind,
    make_path,
)
from tts_assets.catalogues.detect.spoken_texts import detect_word_rows
from tts_assets.catalogues.detect.value_shapes import (
    ValueShape,
    are_letters,
    infer_shape,
    measure_content,
)
from tts_assets.catalogues.field_lookup import EntryProblemError
from tts_assets.config.catalogue_sources import (
    BUILT_IN,
    ClipRule,
    IdOrigin,
    IdRule,
    Source,
    TextType,
    list_read_paths,
)
from tts_assets.config.source_paths import (
    KEY_PATH,
    FieldPath,
    PathStep,
    ShapeError,
    find_values,
    format_steps,
)
from tts_assets.errors import InputError
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.catalogues.detect.value_shapes import ContentShares
    from tts_assets.config.source_paths import PathSteps
    from tts_assets.model import Clip, Place

_MIN_SHARE = 0.9
_MIN_PLAIN_TEXTS = 3
_MAX_SPEAKERS = 6
_NO_ID_REASON = (
    "a hash of its texts, because no field is an id; after an edit, overrides of the entry no "
    "longer match"
)
_ANKI_URL = "[sound:{recipe}.{ext}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """A proposed source."""

    source: Source  #: the source; its files are set later
    id_reason: str = ""  #: the reason for the choice of the id
    others: tuple[ClipRule, ...] = ()  #: rules for texts that could be spoken, too
    seen: tuple[str, ...] = ()  #: other fields with sounds
    unsaid: tuple[str, ...] = ()  #: other fields with Japanese
    new: frozenset[str] = frozenset()  #: the targets that are not in the files yet
    copies: tuple[str, ...] = ()  #: other lists that only repeat the spoken texts
    speakers: tuple[str, ...] = ()  #: some of the speakers


def draft_sources(documents: Sequence[Document], *, is_table: bool) -> list[SourceDraft]:
    """The sources that read these documents, which are of one shape.

    Args:
        documents: some documents; the name of the first may indicate the kind.
        is_table: they are CSV, which cannot contain lists and objects.
    """
    shape = infer_shape([document.root for document in documents])
    if (side := _find_japanese_side(documents)) is not None:
        return list(_draft_plain_texts(*side, documents, at_least=1))
    shape, charts = _split_kana_charts(shape, ())
    records = [
        each for each in _find_main_records(shape) if _is_reachable(each.part.steps, documents)
    ]
    drafts = [
        replace(_draft_source(each, documents, is_table=is_table), copies=copies)
        for each, copies in _drop_copies(records, [document.root for document in documents])
    ]
    for steps, inner in charts:
        drafts += _draft_plain_texts(inner, steps, documents, at_least=1)
    return drafts or list(_draft_plain_texts(shape, (), documents, at_least=_MIN_PLAIN_TEXTS))


def _split_kana_charts(
    shape: ValueShape, steps: PathSteps
) -> tuple[ValueShape, list[tuple[PathSteps, ValueShape]]]:
    """The shape without its charts of kana, and these with their paths."""
    fields: dict[str | int, ValueShape] = {}
    charts: list[tuple[PathSteps, ValueShape]] = []
    for key, inner in shape.fields.items():
        if _is_kana_chart(inner):
            charts.append(((*steps, key), inner))
        else:
            fields[key], inner_charts = _split_kana_charts(inner, (*steps, key))
            charts += inner_charts
    return replace(shape, fields=fields), charts


def _is_kana_chart(shape: ValueShape) -> bool:
    """Whether these are lists or objects of single kana."""
    while (items := shape.items) is not None:
        shape = items
    return are_letters(shape.values)


def _find_main_records(shape: ValueShape) -> list[RecordGroup]:
    """The records; those among metadata only if there are no others."""
    fields = {key: inner for key, inner in shape.fields.items() if not is_metadata_key(key)}
    found = find_record_groups(replace(shape, fields=fields), but=is_metadata_key)
    if any(not each.part.steps for each in found):
        # The file is one record, and its metadata are that record's.
        found = find_record_groups(shape, but=is_metadata_key)
    return found or find_record_groups(shape)


def _drop_copies(
    records: Sequence[RecordGroup], roots: Sequence[Any]
) -> list[tuple[RecordGroup, tuple[str, ...]]]:
    """Drop records that only repeat others, and return their paths; prefer records with sounds."""
    kept: list[tuple[RecordGroup, set[str], list[str]]] = []
    rows = [
        (each, collect_record_texts(each, roots) if len(records) > 1 else set()) for each in records
    ]
    rows.sort(key=lambda row: (not any(each.sound for _, each in row[0].chosen), -len(row[1])))
    for each, texts in rows:
        superset = next((row for row in kept if texts and texts <= row[1]), None)
        if superset is None:
            kept.append((each, texts, []))
        else:
            superset[2].append(make_path(each.part.steps, from_record=True).text)
    kept.sort(key=lambda row: records.index(row[0]))
    return [(each, tuple(copies)) for each, _, copies in kept]


def _is_reachable(steps: PathSteps, documents: Sequence[Document]) -> bool:
    """Whether one path matches all records, with no value of another shape among them."""
    try:
        for document in documents:
            for _ in find_values(document.root, steps):
                pass
    except ShapeError:
        return False
    return True


def _draft_source(
    records: RecordGroup, documents: Sequence[Document], *, is_table: bool
) -> SourceDraft:
    kind = guess_kind(records, documents[0].file)
    rules = ClipRuleBuilder(records, kind, documents, is_table=is_table)
    clips = tuple(rules.build_rule(part, each) for part, each in records.chosen)
    others = tuple(rules.build_rule(part, each) for part, each in records.others)
    name, reason = _choose_id(records, kind, documents)
    source = Source(
        kind=kind,
        clips=clips,
        id=name,
        records=make_path(records.part.steps, from_record=True),
        url=_ANKI_URL if _uses_anki_sounds(records, documents) else None,
    )
    return SourceDraft(
        source=source,
        id_reason=reason,
        others=others,
        seen=rules.list_unused_sounds(),
        unsaid=_find_unspoken_fields(records, replace(source, clips=(*clips, *others))),
        new=frozenset(rules.new),
        speakers=_list_speakers(records),
    )


def _uses_anki_sounds(records: RecordGroup, documents: Sequence[Document]) -> bool:
    """Whether sounds are in Anki's format, or Anki exported the file."""
    texts = [text for _, each in records.chosen if each.sound for text in each.sound.shape.texts]
    if texts:
        return sum(text.strip().startswith("[sound:") for text in texts) >= MOST_SHARE * len(texts)
    return any(is_anki_export(document.text) for document in documents if document.format == "CSV")


def _find_unspoken_fields(records: RecordGroup, source: Source) -> tuple[str, ...]:
    """The Japanese fields that no rule reads."""
    read = {steps for _, _, steps in list_read_paths(source)}
    return tuple(
        format_steps(field.steps)
        for field in list_fields(records.part.shape)
        if field.content.japanese > MOST_SHARE and not field.is_sound
        # The paths of list_read_paths have generalized indexes.
        if tuple(PathStep.EVERY if isinstance(step, int) else step for step in field.steps)
        not in read
        and field.steps != (KEY_PATH.text,)
    )


def _list_speakers(records: RecordGroup) -> tuple[str, ...]:
    names = (
        find_first_value(value, steps)
        for part, each in records.chosen
        for steps in each.speaker
        for value in part.shape.values
    )
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))[:_MAX_SPEAKERS]


def _find_japanese_side(documents: Sequence[Document]) -> tuple[ValueShape, PathSteps] | None:
    """The Japanese texts and their path, if texts are grouped by language; else None."""
    roots = [document.root for document in documents]
    if not all(map(has_language_keys, roots)):
        return None
    sides = {
        key for root in roots for key in root if Role.JAPANESE in parse_field_name((key,)).roles
    }
    if len(sides) != 1:
        return None
    side = sides.pop()
    steps: PathSteps = (side, PathStep.EVERY)
    values = [root.get(side) for root in roots]
    while values and all(isinstance(value, dict) for value in values):
        keys = {key for value in values for key in value}
        if sum(bool(parse_field_name((key,)).roles) for key in keys) > len(keys) / 2:
            return None
        values = [inner for value in values for inner in value.values()]
        if values and all(isinstance(value, str) for value in values):
            return infer_shape(values), steps
        steps = (*steps, PathStep.EVERY)
    return None


def _draft_plain_texts(
    shape: ValueShape, steps: PathSteps, documents: Sequence[Document], *, at_least: int
) -> Iterator[SourceDraft]:
    """Draft a source for lists of texts only, which cannot contain URLs."""
    while shape.items is not None:
        shape, steps = shape.items, (*steps, PathStep.EVERY)
    if not steps or not _is_reachable(steps, documents):
        return
    text, content, kana = make_path(()), measure_content(shape.texts), False
    keys = measure_content(_list_last_keys(steps, documents))
    if content.japanese >= _MIN_SHARE:
        kana = content.kana >= _MIN_SHARE
    if (
        keys.japanese >= _MIN_SHARE
        and keys.filled == content.filled
        and (kana or not content.japanese)
    ):
        text, content = KEY_PATH, keys
    if content.filled < at_least or content.japanese < _MIN_SHARE:
        return
    readings: tuple[FieldPath, ...] = (make_path(()),) if kana else ()
    join = None
    letters = content.letter >= _MIN_SHARE
    if not letters and (rows := _find_word_rows(steps, documents)) is not None:
        steps, text, readings, content = rows
        join = ""
    running = content.running >= 1 - _MIN_SHARE
    passages = Kind.READING if content.several > 1 - MOST_SHARE else Kind.GRAMMAR
    kind, part, say = Kind.VOCABULARY, "word", TextType.WORD
    if running:
        kind, part, say = passages, "text", TextType.SENTENCE
    elif letters:
        kind, part, say = Kind.CHARACTERS, "kana", TextType.READING
    texts = () if say is TextType.READING else (text,)
    rule = ClipRule(part=part, say=say, text=texts, reading=readings, join=join, to=None)
    keyed = any(isinstance(document.root, dict) for document in documents)
    yield SourceDraft(
        source=Source(
            kind=kind,
            clips=(rule,),
            id=IdRule(of=IdOrigin.KEY if keyed else IdOrigin.HASH),
            records=make_path(steps, from_record=True),
        ),
        id_reason="the key of the entry" if keyed else "a hash of the spoken text",
    )


def _find_word_rows(
    steps: PathSteps, documents: Sequence[Document]
) -> tuple[PathSteps, FieldPath, tuple[FieldPath, ...], ContentShares] | None:
    """Find lists whose items are the words of one text, with their readings."""
    for depth in (2, 1):
        records = steps[:-depth]
        rows = [
            row for document in documents for row in find_values_at(document.root, records) if row
        ]
        words = detect_word_rows(rows) if records else None
        if words is not None and (depth == 2) == (words[1] is not None):
            text, kana = words
            texts = ["".join(item[0] if text else item for item in row) for row in rows]
            readings = () if kana is None else (make_path((PathStep.EVERY, *kana)),)
            return records, make_path((PathStep.EVERY, *text)), readings, measure_content(texts)
    return None


def _list_last_keys(steps: PathSteps, documents: Sequence[Document]) -> list[str]:
    """The keys of texts that are not list items."""
    places = (place for document in documents for place, _ in find_values(document.root, steps))
    return [place[-1] for place in places if isinstance(place[-1], str)]


def _choose_id(
    records: RecordGroup, kind: Kind, documents: Sequence[Document]
) -> tuple[IdRule, str]:
    """Choose the rule for ids, with the reason.

    Args:
        records: the records that need ids.
        kind: their kind.
        documents: some documents that contain them.
    """
    refused = ""
    for candidate, reason in _list_id_candidates(records, kind, documents):
        problem = _find_id_problem(candidate, records.part.steps, documents)
        if problem is None:
            return candidate, reason + refused
        name = candidate.paths[0].text if candidate.paths else f"{candidate.of}()"
        refused = refused or f"; not {name}: {problem}"
    return IdRule(of=IdOrigin.HASH), (
        f"a hash of the spoken text{refused}" if refused else _NO_ID_REASON
    )


def _list_id_candidates(
    records: RecordGroup, kind: Kind, documents: Sequence[Document]
) -> Iterator[tuple[IdRule, str]]:
    for steps in _find_id_fields(records.part.shape):
        yield IdRule(paths=(make_path(steps),)), "different in every record"
    if _have_data_keys(records.part.steps, documents):
        yield IdRule(of=IdOrigin.KEY), "the key of the entry"
    main = records.main
    if kind is Kind.CHARACTERS:
        readings = records.chosen[0][1].reading
        yield IdRule(paths=tuple(map(make_path, readings))), "different in every record"
    elif main is not None and main.say is TextType.READING and main.text:
        yield IdRule(paths=(make_path(main.field.steps),)), "different in every record"
    if PathStep.EVERY not in records.part.steps:
        yield IdRule(of=IdOrigin.FILE), "the name of the file, because each contains one entry"
    for parent in records.parents:
        for steps in _find_id_fields(parent.shape):
            where = format_steps(parent.steps)
            reason = f"the {format_steps(steps)} of its parent ({where}) and its index there"
            yield IdRule(of=IdOrigin.PARENT, paths=(make_path(steps),)), reason


def _find_id_fields(shape: ValueShape) -> list[PathSteps]:
    """Fields named as an id, the shortest names first."""
    fields = [
        field
        for field in list_fields(shape)
        if field.name.has_role(Role.ID) and not field.is_listed and not field.is_sound
    ]
    return [field.steps for field in sorted(fields, key=lambda each: len(each.name.tokens))]


def _have_data_keys(steps: PathSteps, documents: Sequence[Document]) -> bool:
    """Whether the records are values of keys that are data."""
    for document in documents:
        for place, _ in find_values(document.root, steps):
            return any(
                step is PathStep.EVERY and isinstance(key, str)
                for step, key in zip(steps, place, strict=True)
            )
    return False


def _find_id_problem(
    candidate: IdRule, steps: PathSteps, documents: Sequence[Document]
) -> str | None:
    """Explain why a candidate is no id of all records; None if it is."""
    source = Source(kind=Kind.VOCABULARY, clips=(), id=candidate, records=FieldPath("$", steps))
    for document in documents:
        ids = RecordIds(document, source, ())
        try:
            for position, (place, record) in enumerate(find_values(document.root, steps)):
                ids.assign_id(record, place, position)
        except (EntryProblemError, ShapeError) as problem:
            return str(problem).removesuffix(ID_ADVICE)
    return None


# Files that need no proposal: built-in shapes, and files that are no catalogues.


#: How many records are compared with the built-in shape.
_SAMPLE_RECORDS = 200
_PROGRAM_FOLDER = re.compile(
    r"(?:^|/)(?:locales?|i18n|l10n|lang|languages?|translations?|messages|intl)(?=/|\.|$)",
    re.IGNORECASE,
)
_LANGUAGE_CODE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
_DOTTED_KEY = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)+")


def find_builtin_match(document: Document, drafts: Sequence[SourceDraft]) -> Kind | None:
    """The kind of the built-in shape that finds all clips of the drafts; None if none does."""
    root = document.root
    kind = guess_catalogue_kind(document.file, root)
    if kind is None or not isinstance(root, list):
        return None
    sample = document.take_sample(_SAMPLE_RECORDS)
    builtin_clips, problems = _read_clips_by_place(sample, BUILT_IN[kind])
    if problems or not builtin_clips:
        return None
    draft_clips: dict[Place | None, Clip] = {}
    for draft in drafts:
        # The built-in shapes do not speak titles.
        spoken = tuple(rule for rule in draft.source.clips if rule.say is not TextType.TITLE)
        draft_clips |= _read_clips_by_place(sample, replace(draft.source, clips=spoken))[0]
    # Kana among kanji: the drafts have more clips of the kanji, and none of the kana.
    if _find_record_places(draft_clips) < _find_record_places(builtin_clips):
        return kind
    for place, clip in draft_clips.items():
        if place not in builtin_clips or _has_more_reading(clip, builtin_clips[place]):
            return None
    return kind


def _find_record_places(clips: dict[Place | None, Clip]) -> set[Place]:
    """The records of a list at the root that have clips."""
    return {clip.at[:1] for clip in clips.values()}


def _read_clips_by_place(
    document: Document, source: Source
) -> tuple[dict[Place | None, Clip], bool]:
    """The clips of a source by the place of their URL, and whether there were problems."""
    try:
        read = read_catalogue(document, source)
    except InputError:
        return {}, True
    return {clip.place: clip for clip in read.clips}, bool(read.problems)


def _has_more_reading(clip: Clip, other: Clip) -> bool:
    ours, theirs = clip.form, other.form
    return (ours.reading is not None and theirs.reading is None) or (
        ours.accent is not None and theirs.accent is None
    )


def explain_no_catalogue(document: Document) -> str | None:
    """Explain why a document is no catalogue; None if it may be one."""
    root = document.root
    if not isinstance(root, dict):
        return None
    if str(root.get("type")) in {"FeatureCollection", "Feature", "Topology"}:
        return "it is a map (GeoJSON)"
    lists = any(isinstance(value, list) for value in root.values())
    tree = not lists and all(isinstance(value, str | dict) for value in root.values())
    path = PurePath(document.file)
    named = _PROGRAM_FOLDER.search(path.as_posix()) or _LANGUAGE_CODE.fullmatch(path.stem)
    # Files of user interface texts are not named after words or phrases.
    phrases = any(Role.WORD in find_roles(token) for token in split_tokens(path.stem))
    languages = has_language_keys(root) and not phrases
    dotted = sum(_DOTTED_KEY.fullmatch(key) is not None for key in root)
    if tree and (named or languages or dotted > len(root) / 2):
        return "it looks like a program's translated user interface texts"
    return None


def has_language_keys(root: Any) -> bool:
    """Whether it is an object whose keys are language codes."""
    return (
        isinstance(root, dict)
        and len(root) > 1
        and all(_LANGUAGE_CODE.fullmatch(key) is not None for key in root)
    )
