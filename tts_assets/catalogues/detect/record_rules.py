"""Detects which objects are records, and builds clip rules for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.field_names import (
    OF_GRAMMAR,
    PASSAGES,
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
    is_kanji_field,
    list_fields,
)
from tts_assets.catalogues.detect.spoken_texts import find_spoken_texts
from tts_assets.catalogues.detect.value_shapes import find_objects
from tts_assets.config.catalogue_sources import (
    AlternativesPolicy,
    ClipRule,
    SkipCondition,
    TextType,
)
from tts_assets.config.source_paths import KEY_PATH, FieldPath, PathStep, find_values, format_steps
from tts_assets.model import Kind, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.catalogues.detect.text_companions import SpokenText
    from tts_assets.catalogues.detect.value_shapes import ValueShape
    from tts_assets.config.source_paths import PathSteps


_FEW_TEXTS = 2  #: a root list with this many texts or fewer is too short to judge

#: Words in file names that indicate a kind.
_KIND_HINTS = {
    Kind.VOCABULARY: {"vocabulary", "vocab", "word", "goi", "tango", "単語", "語彙"},
    Kind.GRAMMAR: {"grammar", "bunpou", "bunpo", "文法", "文型"},
    Kind.KANJI: {"kanji", "漢字"},
    Kind.CHARACTERS: {"character", "kana", "hiragana", "katakana", "かな", "仮名"},
    Kind.READING: {"reading", "story", "dokkai", "読解"},
    Kind.LISTENING: {"listening", "dialogue", "dialog", "conversation", "choukai", "聴解", "会話"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectGroup:
    """The objects at one place, and their spoken texts; ``steps`` lead there from the root."""

    steps: PathSteps
    shape: ValueShape
    texts: list[SpokenText]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGroup:
    """Records of one shape."""

    part: ObjectGroup  #: the records themselves
    #: The texts of the records and their items to speak.
    chosen: list[tuple[ObjectGroup, SpokenText]] = field(default_factory=list)
    #: Texts that could be spoken, too.
    others: list[tuple[ObjectGroup, SpokenText]] = field(default_factory=list)
    #: The objects that contain them, the nearest first.
    parents: list[ObjectGroup] = field(default_factory=list)

    @property
    def main(self) -> SpokenText | None:
        """The main text of the record itself; None if it has none."""
        own = [each for part, each in self.chosen if part is self.part]
        rest = [each for part, each in self.others if part is self.part]
        return next(
            (each for each in [*own, *rest] if (each.text or each.furigana) and not each.each), None
        )


def find_record_groups(
    shape: ValueShape, *, but: Callable[[object], bool] | None = None
) -> list[RecordGroup]:
    """Find every group of records in a document of a shape, except below steps that match ``but``."""
    parts = [
        ObjectGroup(steps=steps, shape=inner, texts=find_spoken_texts(steps, inner))
        for steps, inner in find_objects(shape)
        if but is None or not any(map(but, steps))
    ]
    inner_lists = {
        (*part.steps, *steps) for part in parts for each in part.texts for steps in each.inner_lists
    }
    parts = [
        part
        for part in parts
        if part.steps not in inner_lists or any(each.sound for each in part.texts)
    ]
    found: list[RecordGroup] = []
    done: list[PathSteps] = []
    for part in parts:
        if any(part.steps[: len(steps)] == steps for steps in done):
            continue
        below = [each for each in parts if each is not part and _is_within(each, part)]
        if _is_record(part, below):
            parents = [each for each in parts if each is not part and _is_within(part, each)]
            found.append(_choose_texts(part, below, parents[::-1]))
            done.append(part.steps)
    spoken = [each for each in found if each.chosen]
    return [each for each in spoken if not _has_only_titles(each)] or spoken


def _has_only_titles(records: RecordGroup) -> bool:
    """Whether only titles would be spoken, such as those of books, and no grammar patterns."""
    return all(
        _is_silent_title(each)
        and not each.field.content.pattern
        and not OF_GRAMMAR & {*each.field.name.tokens}
        for _, each in records.chosen
    )


def _is_within(part: ObjectGroup, other: ObjectGroup) -> bool:
    return part.steps[: len(other.steps)] == other.steps


def _is_silent_title(each: SpokenText) -> bool:
    return each.say is TextType.TITLE and each.sound is None


def _is_label(each: SpokenText, below: Sequence[ObjectGroup]) -> bool:
    """Whether a text is only a label: a title without a sound, or the name of the group below it."""
    return _is_silent_title(each) or _is_heading(each, below)


def _is_heading(each: SpokenText, below: Sequence[ObjectGroup]) -> bool:
    """Whether a text is the name of a group, such as a category, above the texts in it."""
    name = each.field.name
    named = name.has_role(Role.SPEAKER) and not name.has_role(Role.WORD) and not each.is_word
    bare = not (each.sound or each.reading or each.furigana or each.say.is_running)
    return named and bare and any(one.texts for one in below)


def _is_record(part: ObjectGroup, below: list[ObjectGroup]) -> bool:
    """Whether these objects are records, not containers of records."""
    own = [each for each in part.texts if not _is_label(each, below)]
    inner = [each for one in below for each in one.texts]
    if own:
        alone = bool(part.steps) or any(each.sound for each in own)
        several = own[0].each is not None and len(own[0].field.shape.texts) > _FEW_TEXTS
        return alone or several or bool(own[0].text and own[0].reading) or own[0].say.is_running
    if not inner:
        return bool(part.texts and part.steps)
    # The id of an object in it, such as info.id, may be that of the file.
    named = any(parse_field_name((key,)).has_role(Role.ID) for key in part.shape.fields)
    details = all(each.say.is_running or each.of_record for each in inner)
    return details and (bool(part.steps) or named)


def _choose_texts(
    part: ObjectGroup, below: list[ObjectGroup], parents: list[ObjectGroup]
) -> RecordGroup:
    everything = [
        (one, _attach_list_sound(part, one, each)) for one in (part, *below) for each in one.texts
    ]
    spoken = [
        (one, each) for one, each in everything if not _is_label(each, below if one is part else ())
    ] or everything
    has_sounds = any(each.sound for _, each in spoken)
    main = next((each for one, each in spoken if one is part and not each.of_record), None)
    read = any(each.of_record and each.sound for _, each in spoken)
    is_kanji_record = _is_kanji_record(part, below)
    words = _find_examples(main, (part, *below))
    copies = _find_copies(part, main, spoken)
    found = RecordGroup(part=part, parents=parents)
    for one, each in spoken:
        if each in copies or (
            each is main and (words or _is_covered_by_readings(each, everything))
        ):
            is_spoken = False
        elif each in words:
            is_spoken = True
        elif has_sounds:
            is_word = each is main and _is_word_text(each) and bool(part.steps)
            is_spoken = each.sound is not None or is_word or (each.of_record and not read)
        elif one is part:
            is_spoken = each is main or each.of_record or each.is_cell
        else:
            is_spoken = main is None or (is_kanji_record and not each.say.is_running)
        (found.chosen if is_spoken else found.others).append((one, each))
    return found


def _attach_list_sound(part: ObjectGroup, one: ObjectGroup, each: SpokenText) -> SpokenText:
    """Attach a parallel list of sounds in the record to the text of objects in a list."""
    inner = one.steps[len(part.steps) :]
    if (
        each.sound
        or each.each
        or each.aside
        or inner.count(PathStep.EVERY) != 1
        or each is not one.texts[0]
    ):
        return each
    tokens = {token for key in inner if isinstance(key, str) for token in split_tokens(key)}
    for sound in list_fields(part.shape):
        if sound.is_sound and sound.row and tokens & sound.name.find_topics(Role.AUDIO):
            counts = [
                (len(find_values_at(value, inner)), len(find_values_at(value, sound.steps)))
                for value in part.shape.values
            ]
            if all(texts == urls for texts, urls in counts if urls):
                return replace(each, sound=sound, beside=True)
    return each


def _find_examples(main: SpokenText | None, parts: Iterable[ObjectGroup]) -> list[SpokenText]:
    """The words with readings in the record of a kanji or key that has no reading itself."""
    if main is None or main.say.is_running or main.reading or main.furigana or main.sound:
        return []
    if main.text[:1] != ((KEY_PATH.text,),) and main.field.content.single <= MOST_SHARE:
        return []
    return [
        each
        for one in parts
        for each in one.texts
        if each.say is TextType.WORD
        and (each.reading or each.furigana)
        and not is_kanji_field(each.field)
    ]


def _find_copies(
    part: ObjectGroup, main: SpokenText | None, spoken: Sequence[tuple[ObjectGroup, SpokenText]]
) -> list[SpokenText]:
    """The texts that only repeat another text of the record."""
    objects = [value for value in part.shape.values if value]
    rows = [
        (each, [_collect_texts(value, one.steps[len(part.steps) :], each) for value in objects])
        for one, each in spoken
        if each.join is None
    ]
    copies: list[SpokenText] = []
    # Keep the text with a sound; else the first.
    last_first = rows[::-1]
    for each, texts in sorted(last_first, key=lambda row: bool(row[0].reading)):
        if each is main or each.sound is not None or not any(texts):
            continue
        for other, others in rows:
            same = each.say is other.say and other is not each and other not in copies
            if same and all(one <= another for one, another in zip(texts, others, strict=True)):
                copies.append(each)
                break
    return copies


def _collect_texts(value: Any, inner: PathSteps, each: SpokenText) -> set[str]:
    """The spoken texts of an object; kanji readings in katakana."""
    paths = each.reading if each.of_record else each.text or each.furigana or each.reading
    texts = find_values_at(value, (*inner, *(each.each or ()), *paths[0]))
    fold = kana_to_katakana if each.of_record else str
    return {fold(text).strip() for text in texts if isinstance(text, str) and text.strip()}


def collect_record_texts(records: RecordGroup, roots: Sequence[Any]) -> set[str]:
    """All spoken texts of the records of some documents."""
    return {
        text
        for part, each in records.chosen
        for root in roots
        for text in _collect_texts(root, part.steps, each)
    }


def _is_covered_by_readings(
    kanji: SpokenText, everything: Iterable[tuple[ObjectGroup, SpokenText]]
) -> bool:
    """Whether a kanji or a word has no sound of its own, and each of its readings has a clip."""
    if kanji.sound is not None:
        return False
    readings = [each for _, each in everything if each.of_record]
    return any(kanji.say is TextType.READING or each.sound for each in readings)


def _is_word_text(each: SpokenText) -> bool:
    """Whether it is a word, or a kanji with a reading."""
    return each.say is TextType.WORD or (each.say is TextType.READING and bool(each.reading))


def _is_kanji_record(part: ObjectGroup, below: Iterable[ObjectGroup]) -> bool:
    own = any(each.of_record or is_kanji_field(each.field) for each in part.texts)
    return own or any(_is_reading_list(one, each) for one in below for each in one.texts)


def _is_reading_list(part: ObjectGroup, each: SpokenText) -> bool:
    keys = tuple(step for step in part.steps if isinstance(step, str))[-1:]
    roles = parse_field_name(keys).roles
    return each.of_record and (Role.ON in roles or Role.KUN in roles)


def guess_kind(records: RecordGroup, file: str) -> Kind:
    """Guess the kind of records from their fields and, if unclear, from the file's name."""
    hinted = [kind for kind, words in _KIND_HINTS.items() if words & {*split_tokens(file)}]
    hint = hinted[0] if len(hinted) == 1 else None
    part, spoken = records.part, [each for _, each in records.chosen]
    below = [one for one, _ in records.chosen if one is not part]
    if all(
        each.say is TextType.READING and not each.text and not each.of_record for each in spoken
    ):
        return Kind.CHARACTERS
    if _is_kanji_record(part, below):
        return Kind.KANJI
    if any(not each.say.is_running and each.say is not TextType.TITLE for each in spoken):
        return Kind.VOCABULARY
    if hint in {Kind.GRAMMAR, Kind.READING, Kind.LISTENING}:
        return hint
    return _guess_running_kind(part, spoken, nested=bool(below and part.steps))


def _guess_running_kind(part: ObjectGroup, spoken: list[SpokenText], *, nested: bool) -> Kind:
    """Guess the kind of records that have only titles and running text."""
    fields = list_fields(part.shape)
    names = {token for each in fields if not each.is_listed for token in each.name.tokens}
    talks = any(each.name.has_role(Role.SPEAKER) and each.is_listed for each in fields)
    if talks or any(each.speaker or each.say is TextType.DIALOGUE for each in spoken):
        return Kind.LISTENING
    titled = any(each.say is TextType.TITLE for each in spoken)
    if names & OF_GRAMMAR or titled or (nested and "title" in names):
        return Kind.GRAMMAR
    passages = "title" in names or any(map(_is_passage, spoken))
    return Kind.READING if passages else Kind.GRAMMAR


def _is_passage(each: SpokenText) -> bool:
    """Whether it is more than a sentence: joined lines, or a passage by name or content."""
    content, tokens = each.field.content, {*each.field.name.tokens}
    return bool(each.join) or bool(PASSAGES & tokens) or content.several > 1 - MOST_SHARE


# Build a clip rule from a spoken text: its paths, its name, a place for its URL.


#: The key, and the column of a table, for URLs if there is none yet.
NEW_KEY = "audioUrl"
NEW_COLUMN = "audio"
_NAME_SEPARATOR = re.compile(r"[^A-Za-z0-9]+")
_MAX_PART_LENGTH = 30

#: Names of list items that become part names.
_PART_NAMES = {"example", "sentence", "line", "word"}
_PART_BY_KIND = {
    Kind.KANJI: "kanji",
    Kind.CHARACTERS: "kana",
    Kind.READING: "text",
    Kind.LISTENING: "text",
    Kind.GRAMMAR: "title",
    Kind.VOCABULARY: "word",
}


class ClipRuleBuilder:
    """Builds the clip rules of one group of records."""

    def __init__(
        self, records: RecordGroup, kind: Kind, documents: Sequence[Document], *, is_table: bool
    ) -> None:
        """Start without rules; a table cannot contain lists and objects."""
        self._records = records
        self._kind = kind
        self._documents = documents
        self._is_table = is_table
        self._names: set[str] = set()
        self._targets: set[tuple[PathSteps, PathSteps]] = set()
        #: The texts of targets that are not in the files yet.
        self.new: set[str] = set()

    def build_rule(self, part: ObjectGroup, spoken: SpokenText) -> ClipRule:
        """The rule for a text of the record, or of the items in it."""
        inner = part.steps[len(self._records.part.steps) :]
        each = (*inner, *(spoken.each or ()))
        return ClipRule(
            part=self._choose_name(part, spoken),
            each=make_path(each) if each else None,
            say=spoken.say,
            text=self._make_text_paths(spoken, from_record=bool(each)),
            reading=tuple(map(make_path, spoken.reading)),
            furigana=tuple(map(make_path, spoken.furigana)),
            accent=tuple(map(make_path, spoken.accent)),
            speaker=tuple(map(make_path, spoken.speaker)),
            language=tuple(map(make_path, spoken.language)),
            alternatives=AlternativesPolicy.ALL
            if spoken.every and not self._is_table
            else AlternativesPolicy.FIRST,
            join=spoken.join,
            skip=self._make_skip(part, spoken),
            to=self._choose_target(part, spoken, inner),
        )

    def list_unused_sounds(self) -> tuple[str, ...]:
        """The sound fields that no rule writes."""
        start = len(self._records.part.steps)
        parts = {part.steps: part for part, _ in self._records.chosen}
        return tuple(
            format_steps((*steps[start:], *field.steps))
            for steps, part in parts.items()
            for field in list_fields(part.shape)
            if field.is_sound or field.content.sound > MOST_SHARE
            if (steps, field.steps) not in self._targets
            if field.row is not None or not field.is_listed
        )

    def _make_text_paths(self, spoken: SpokenText, *, from_record: bool) -> tuple[FieldPath, ...]:
        if not spoken.of_record:
            return tuple(map(make_path, spoken.text))
        main = self._records.main
        return tuple(
            make_path(each, from_record=from_record) for each in (main.text if main else ())
        )

    def _choose_name(self, part: ObjectGroup, spoken: SpokenText) -> str:
        """Choose a unique part name for the clip."""
        numbered = (f"text{number}" for number in count(2))
        candidates = (
            _NAME_SEPARATOR.sub("_", name).strip("_")[:_MAX_PART_LENGTH]
            for name in chain(self._list_name_candidates(part, spoken), numbered)
        )
        name = next(each for each in candidates if each[:1].isalpha() and each not in self._names)
        self._names.add(name)
        return name

    def _list_name_candidates(self, part: ObjectGroup, spoken: SpokenText) -> list[str]:
        own = _find_descriptive_key(spoken.field.steps)
        inner = part.steps[len(self._records.part.steps) :]
        row = _find_last_key(spoken.each or inner)
        if spoken.is_cell:
            return ["_".join(str(key) for key in spoken.field.steps), own]
        if spoken.of_record:
            tokens = {*split_tokens(row), *spoken.field.name.tokens}
            roles = {role for token in tokens for role in find_roles(token)}
            name = "onyomi" if Role.ON in roles else "kunyomi" if Role.KUN in roles else "reading"
            return [name, row, own]
        if row:
            telling = [token for token in split_tokens(row) if token in _PART_NAMES]
            return [*telling, row.removesuffix("s"), f"{row}_{own}"]
        main = self._records.main
        if main is None or main.field is spoken.field:
            is_example = self._kind is Kind.GRAMMAR and spoken.say is not TextType.TITLE
            return ["example" if is_example else _PART_BY_KIND[self._kind], own]
        above = _find_last_key(spoken.field.steps[:-1])
        # The te of conjugations.te.kanji says more than its kanji.
        is_plain = bool(above) and Role.WORD in parse_field_name((own,)).roles
        return [above, f"{above}_{own}"] if is_plain else [own, "example"]

    def _make_skip(self, part: ObjectGroup, spoken: SpokenText) -> tuple[SkipCondition, ...]:
        """Skip objects that lack the text, because each would be reported."""
        if spoken.but is not None:
            return (SkipCondition(field=make_path(spoken.but[0]), values=spoken.but[1]),)
        steps = spoken.text or spoken.reading or spoken.furigana
        if (KEY_PATH.text,) in steps:
            # Metadata among the records have a key, too.
            steps = spoken.reading if self._has_metadata(part) else ()
        if spoken.each or not steps:
            return ()
        objects = [
            value
            for document in self._documents
            for value in find_values_at(document.root, part.steps)
        ]
        # A kanji whose reading is missing or empty would be spoken without it.
        find_value = find_first_value if spoken.of_record else find_values_at
        lacking = [one for one in objects if not any(find_value(one, each) for each in steps)]
        if not lacking:
            return ()
        return (SkipCondition(field=make_path(steps[-1]), missing=True),)

    def _has_metadata(self, part: ObjectGroup) -> bool:
        return any(
            is_metadata_key(place[-1])
            for document in self._documents
            for place, _ in find_values(document.root, part.steps)
            if place
        )

    def _choose_target(
        self, part: ObjectGroup, spoken: SpokenText, inner: PathSteps
    ) -> FieldPath | None:
        sound = spoken.sound
        if (spoken.each and inner) or (sound and isinstance(sound.steps[-1], int)):
            return None
        if sound is not None:
            where = self._records.part if spoken.beside else part
            self._targets.add((where.steps, sound.steps))
            steps = (*sound.row, PathStep.SAME) if sound.row is not None else sound.steps
            return make_path(steps, from_record=bool(spoken.each or spoken.beside))
        if any(isinstance(value, list) for value in part.shape.values if value):
            return self._make_array_target(part, inner)
        return self._make_new_target(part, spoken)

    def _make_array_target(self, part: ObjectGroup, inner: PathSteps) -> FieldPath | None:
        """Add a list of URLs beside a list of rows, which cannot contain URLs."""
        if inner[-1:] != (PathStep.EVERY,) or inner.count(PathStep.EVERY) > 1 or len(inner) < 2:
            return None
        steps = (*inner[:-2], f"{inner[-2]}Audio", PathStep.SAME)
        return self._add_target(part, steps, from_record=True)

    def _make_new_target(self, part: ObjectGroup, spoken: SpokenText) -> FieldPath:
        row = spoken.each[:-1] if spoken.each else spoken.field.steps
        own = "key" if row == (KEY_PATH.text,) else _find_last_key(row)
        beside = f"{own}_{NEW_COLUMN}" if self._is_table else f"{own}Audio"
        if row[:-1] and (spoken.is_cell or self._is_detail(part, spoken)):
            return self._add_target(part, (*row[:-1], NEW_KEY))
        if spoken.each or (spoken.every and not self._is_table):
            steps = (*row[:-1], beside, PathStep.SAME)
            return self._add_target(part, steps, from_record=bool(spoken.each))
        plain = NEW_COLUMN if self._is_table else NEW_KEY
        keys = {(key,) for key in part.shape.fields if isinstance(key, str)}
        alone = spoken.is_cell or (spoken.of_record and part is self._records.part)
        candidates = (beside,) if alone else (plain, beside)
        key = next(
            each
            for each in chain(candidates, (f"{beside}{number}" for number in count(2)))
            if (each,) not in keys and (part.steps, (each,)) not in self._targets
        )
        return self._add_target(part, (key,))

    def _is_detail(self, part: ObjectGroup, spoken: SpokenText) -> bool:
        """Whether an object in the record, without a URL yet, has this text as its first."""
        row, main = spoken.field.steps, self._records.main
        own = part is self._records.part and main is not None and main.field is not spoken.field
        target = (*row[:-1], NEW_KEY)
        taken = {field.steps for field in list_fields(part.shape)}
        free = target not in taken and (part.steps, target) not in self._targets
        return own and free and PathStep.EVERY not in row

    def _add_target(
        self, part: ObjectGroup, steps: PathSteps, *, from_record: bool = False
    ) -> FieldPath:
        self._targets.add((part.steps, steps))
        target = make_path(steps, from_record=from_record)
        self.new.add(target.text)
        return target


def make_path(steps: PathSteps, *, from_record: bool = False) -> FieldPath:
    """A path with these steps, from the item or from the record."""
    if steps == (KEY_PATH.text,):
        return KEY_PATH
    text = format_steps(steps)
    if not from_record:
        return FieldPath(text, steps)
    text = "$" if not steps else f"${text}" if text.startswith("[") else f"$.{text}"
    return FieldPath(text, steps, from_record=True)


def _find_descriptive_key(steps: PathSteps) -> str:
    """The last key that is more than a language: the sentence of sentence.jp."""
    keys = [step for step in steps if isinstance(step, str)]
    idle = {Role.JAPANESE, Role.FORM}
    telling = [
        key
        for key in keys
        if any(not idle.intersection(find_roles(one)) for one in split_tokens(key))
    ]
    return (telling or keys or [""])[-1]


def _find_last_key(steps: PathSteps) -> str:
    return next((step for step in reversed(steps) if isinstance(step, str)), "")
