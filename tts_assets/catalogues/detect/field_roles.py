"""Classifies the fields of a record by their names and values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.field_names import (
    BACKS,
    EXAMPLES,
    OF_GRAMMAR,
    PASSAGES,
    QUESTIONS,
    FieldName,
    Role,
    find_roles,
    parse_field_name,
)
from tts_assets.catalogues.detect.value_shapes import (
    ContentShares,
    clean_text,
    has_two_kanji,
    is_blank,
    measure_content,
    measure_fit,
    strip_furigana,
)
from tts_assets.config.catalogue_sources import TextType
from tts_assets.config.source_paths import PathStep, ShapeError, find_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.catalogues.detect.value_shapes import ValueShape
    from tts_assets.config.source_paths import PathSteps


#: The share of values that decides what a field contains.
MOST_SHARE = 0.6
_KANA_SHARE = 0.9

#: A low threshold, because an invalid reading is reported, but without the field all are guessed.
_HALF = 0.5
_TEXT_RANKS = {Role.WORD: 0, Role.JAPANESE: 1, Role.SENTENCE: 2, Role.TITLE: 3}

UNKNOWN_RANK = len(_TEXT_RANKS)  #: the rank of a text whose name says nothing

#: A text that repeats in most records is a label; fewer values than this cannot show that.
_MIN_FILLED = 8


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an object, or of an object in it."""

    steps: PathSteps  #: the path from the object to its texts
    shape: ValueShape  #: the shape of its values
    position: int  #: its index among the fields
    mates: frozenset[str] = frozenset()  #: the tokens of the names of all fields of the object
    variety: float = 1.0  #: the highest share of distinct texts of any field of the object

    @cached_property
    def name(self) -> FieldName:
        """Its parsed name."""
        return parse_field_name(self.steps)

    @cached_property
    def content(self) -> ContentShares:
        """The measured content of its values."""
        return measure_content(self.shape.texts)

    @property
    def is_listed(self) -> bool:
        """Whether there may be several texts in one object."""
        return PathStep.EVERY in self.steps

    @property
    def row(self) -> PathSteps | None:
        """The list that contains the texts as items; None if they are not items of a list."""
        if not self.is_listed:
            return None
        return self.steps[:-1] if self.steps.index(PathStep.EVERY) == len(self.steps) - 1 else None

    @property
    def is_sound(self) -> bool:
        """Whether it contains the URL of a clip, or is an empty field for one."""
        named = self.name.has_role(Role.AUDIO)
        if self.name.foreign:
            return False
        if not self.content.filled:
            return named and self.shape.is_empty
        return self.content.sound >= MOST_SHARE or (named and self.content.address >= MOST_SHARE)

    @property
    def is_japanese(self) -> bool:
        """Whether it is Japanese text that could be spoken."""
        content = self.content
        label = content.filled >= _MIN_FILLED and content.distinct < (1 - MOST_SHARE) * self.variety
        said = content.japanese >= MOST_SHARE and content.unsaid < 1
        return said and not label and not self.name.foreign

    @property
    def is_kana(self) -> bool:
        """Whether it is Japanese, and nothing but kana."""
        return self.content.kana >= _KANA_SHARE and not self.name.foreign

    @property
    def is_reading(self) -> bool:
        """Whether it is the reading of another field, by its name and values."""
        named = self.name.has_role(Role.READING) and not self.name.foreign
        return named and (self.is_kana or (self.content.kana > _HALF and self._is_called_reading))

    @property
    def _is_called_reading(self) -> bool:
        """Whether its name ends in a word for reading, unlike that of a reading passage."""
        roles = [{*find_roles(token)} - {Role.FORM, Role.JAPANESE} for token in self.name.tokens]
        telling = [each for each in roles if each]
        return bool(telling) and Role.READING in telling[-1]

    @property
    def is_about(self) -> bool:
        """Whether it describes the entry."""
        return self.name.has_role(Role.ABOUT)

    @property
    def is_sentence(self) -> bool:
        """Whether it contains sentences, by its name."""
        return self.name.has_role(Role.SENTENCE) and not self.name.has_role(Role.WORD)

    @property
    def qualifiers(self) -> frozenset[str]:
        """The tokens before the role in its name: the ``example`` of exampleWord."""
        before, last = self.name.tokens[:-1], self.name.tokens[-1:]
        return frozenset(
            token
            for token in before
            if not {Role.WORD, Role.JAPANESE, Role.FORM} & {*find_roles(token)}
        ) - {*last}

    @property
    def item_type(self) -> TextType:
        """The type of its texts, by their content alone."""
        if self.content.labelled >= 1 - MOST_SHARE:
            return TextType.DIALOGUE
        return TextType.SENTENCE if self.content.running >= MOST_SHARE else TextType.WORD

    def is_filled(self, value: Any) -> bool:
        """Whether an object has a value of this field."""
        return find_first_value(value, self.steps) is not None

    @property
    def is_passage(self) -> bool:
        """Whether it is what is listened to or read: a dialogue, or texts of several sentences."""
        several = self.content.several >= MOST_SHARE or self.item_type is TextType.DIALOGUE
        return several and not self.is_about

    @property
    def rank(self) -> tuple[int, bool, bool, int]:
        """How likely it is what a record is about, the likeliest first."""
        ranks = [rank for role, rank in _TEXT_RANKS.items() if self.name.has_role(role)]
        running = self.item_type.is_running
        if running and QUESTIONS & {*self.name.tokens}:
            ranks = [_TEXT_RANKS[Role.SENTENCE]]
        # A passage precedes its title and the questions about it.
        beside = running and not self.is_passage
        return min(ranks, default=UNKNOWN_RANK), beside, bool(self.qualifiers), self.position

    @property
    def word_rank(self) -> tuple[int, bool, bool, int]:
        """Its rank if it is the word of a record, although its name does not say so."""
        return _TEXT_RANKS[Role.WORD], False, True, self.position


def list_fields(shape: ValueShape) -> list[Field]:
    """The fields of an object and of the objects in it; those of objects in lists only by text."""
    leaves = list(_walk_fields(shape, ()))
    mates = frozenset(token for steps, _ in leaves for token in parse_field_name(steps).tokens)
    shares = [len({*inner.texts}) / len(inner.texts) for _, inner in leaves if inner.texts]
    variety = max(shares, default=1.0)
    return [
        Field(steps=steps, shape=inner, position=at, mates=mates, variety=variety)
        for at, (steps, inner) in enumerate(leaves)
    ]


def _walk_fields(shape: ValueShape, steps: PathSteps) -> Iterator[tuple[PathSteps, ValueShape]]:
    for key, inner in shape.fields.items():
        path = (*steps, key)
        if parse_field_name(path).has_role(Role.ACCENT):
            yield path, inner
        elif not inner.fields and inner.items is None:
            yield ((*path, PathStep.EVERY) if inner.is_list else path), inner
        elif inner.fields:
            yield from _walk_fields(inner, path)
        elif inner.items is not None:
            yield from _walk_items(inner.items, (*path, PathStep.EVERY))


def _walk_items(items: ValueShape, steps: PathSteps) -> Iterator[tuple[PathSteps, ValueShape]]:
    if items.fields:
        yield from _walk_fields(items, steps)
    elif items.items is None:
        yield steps, items
    else:
        yield from _walk_items(items.items, (*steps, PathStep.EVERY))


def find_first_value(value: Any, steps: PathSteps) -> Any:
    """The first filled value at the steps; None if there is none."""
    return next((each for each in find_values_at(value, steps) if not is_blank(each)), None)


def find_values_at(value: Any, steps: PathSteps) -> list[Any]:
    """All values at the steps, null included; none if a value has another shape."""
    try:
        return [each for _, each in find_values(value, steps)]
    except ShapeError:
        return []


# The fields of an object by role.
_ROLE_SHARE = 0.8
_MAX_NAME_LENGTH = 8

#: Of the kanji of a catalogue, at most such a share are words of several.
_MAX_TWO_KANJI_SHARE = 0.05

#: A text in fewer objects is a detail: if there are other texts, and in any case.
_RARE = 0.1
_VERY_RARE = 0.02
_MIN_SAMPLE = 20

#: With fewer lines, each may have a different speaker.
_MIN_DISTINCT = 4
_SPEAKER_TOKENS = {"speaker", "who", "actor", "話者", "話し手"}
_KANJI_TOKENS = {"kanji", "漢字", "literal", "character", "char", "letter", "文字"}

#: Neighbour fields of the kanji of a word, and of a single kanji.
_WORD_MATES = {"kana", "hiragana", "furigana", "かな", "仮名", "ひらがな", "ふりがな", "平仮名"}
_KANJI_MATES = {"on", "kun", "stroke", "radical", "component", "音", "訓", "画数", "部首"}
_PASSAGE_TOKENS = PASSAGES | {
    "text", "content", "dialogue", "dialog", "conversation", "script", "transcript", "line",
    "utterance", "会話", "対話",
}  # fmt: skip

_LONG_TEXT = 40  #: the mean length of examples, in characters, is less

# Grammar patterns begin with hiragana, or with a placeholder for the words before them.
_BEGINS_AS_WORD = re.compile(r"[一-鿿㐀-䶿々ァ-ヺ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRoles:
    """The fields of an object."""

    objects: list[Any]  #: some of the objects
    fields: list[Field]  #: all fields
    texts: list[Field]  #: Japanese texts that could be spoken, the likeliest first
    kana: list[Field]  #: fields in kana only
    of_kanji: list[Field]  #: on'yomi and kun'yomi
    speaker: Field | None  #: the field with the speaker

    def pair_texts(self, one: Field, other: Field) -> list[tuple[str, str]]:
        """The texts of two fields, of the objects that have both."""
        return pair_values(one, other, self.objects)


def classify_fields(fields: list[Field], objects: list[Any]) -> FieldRoles:
    """Assign each field its role."""
    free = [field for field in fields if not field.is_sound]
    readings = [field for field in free if _is_kanji_reading(field)]
    rest = [field for field in free if field not in readings]
    japanese = [field for field in rest if field.is_japanese]
    texts = [field for field in japanese if not field.is_reading]
    if not texts:
        # Without a text to be the reading of, it is a text itself.
        texts = [field for field in japanese if not field.is_kana]
    rest = [field for field in rest if _measure_fill(field, objects) >= _VERY_RARE]
    texts = [field for field in texts if field in rest]
    texts = [field for field in texts if _measure_fill(field, objects) >= _RARE] or texts
    kana = [field for field in rest if field.is_kana or (field.is_reading and field not in texts)]
    running = [field for field in texts if field.content.running > MOST_SHARE]
    if any(not field.is_about and field.content.unsaid <= MOST_SHARE for field in running):
        texts = [field for field in texts if field.content.unsaid <= MOST_SHARE]
    named = [field for field in rest if _may_be_speaker(field, running)]
    speakers = [
        field
        for field in named
        if _SPEAKER_TOKENS & {*field.name.tokens} or not _may_be_word(field, running, kana, objects)
    ]
    return FieldRoles(
        objects=objects,
        fields=fields,
        texts=sorted((each for each in texts if each not in speakers), key=lambda each: each.rank),
        kana=kana,
        of_kanji=[field for field in readings if not _is_romaji_copy(field, readings)],
        speaker=speakers[0] if speakers else None,
    )


def is_kanji_field(field: Field) -> bool:
    """Whether a field contains single kanji, by its name and values."""
    named = _KANJI_TOKENS & {*field.name.tokens}
    if field.mates & _WORD_MATES and not field.mates & _KANJI_MATES:
        named -= {"kanji", "漢字"}
    if not named or field.content.single <= MOST_SHARE or field.content.kanji <= MOST_SHARE:
        return False
    # A kanji may have okurigana, as in 休む; 学校 is a word.
    texts = [clean_text(text) for text in field.shape.texts]
    return sum(map(has_two_kanji, texts)) <= _MAX_TWO_KANJI_SHARE * len(texts)


def has_furigana(field: Field) -> bool:
    """Whether its texts have inline readings."""
    return field.content.furigana >= 1 - MOST_SHARE


def is_annotated_copy(field: Field, text: Field, roles: FieldRoles) -> bool:
    """Whether a field repeats a text with inline readings."""
    if field is text or not has_furigana(field) or has_furigana(text) or field.is_listed:
        return False
    pairs = roles.pair_texts(text, field)
    same = sum("".join(word.split()) == strip_furigana(marked) for word, marked in pairs)
    return bool(pairs) and same >= MOST_SHARE * len(pairs)


def _measure_fill(field: Field, objects: Sequence[Any]) -> float:
    if len(objects) < _MIN_SAMPLE:
        return 1.0
    return sum(map(field.is_filled, objects)) / len(objects)


def _is_kanji_reading(field: Field) -> bool:
    content = field.content
    named = field.name.has_role(Role.ON) or field.name.has_role(Role.KUN)
    plain = field.row is not None or not field.is_listed
    return named and plain and content.kana + content.romaji >= _ROLE_SHARE


def _is_romaji_copy(field: Field, readings: Sequence[Field]) -> bool:
    """Whether it repeats another field's kana in romaji."""
    return field.content.kana == 0 and any(
        other.steps[:-1] == field.steps[:-1] != () and other.content.kana > 0 for other in readings
    )


def _may_be_speaker(field: Field, running: Sequence[Field]) -> bool:
    """Whether it contains names, beside running text or in an object named as a speaker."""
    content = field.content
    named = field.name.has_role(Role.SPEAKER) and not field.is_listed
    if not named or content.running or not 0 < content.length <= _MAX_NAME_LENGTH:
        return False
    beside = any(field.steps[:-1] == text.steps[:-1] for text in running)
    inner = Role.SPEAKER in parse_field_name(field.steps[-2:-1]).roles
    return bool(running) and (beside or inner)


def _may_be_word(
    field: Field, running: Sequence[Field], kana: Sequence[Field], objects: Sequence[Any]
) -> bool:
    """Whether a name is a word: rarely repeated, with its own reading, or a single character."""
    content = field.content
    examples = any(is_example_of(text, field, objects) for text in running)
    once = content.distinct > _ROLE_SHARE and (content.filled >= _MIN_DISTINCT or examples)
    words = [each for each in kana if each is not field and each.content.running < MOST_SHARE]
    read = any(measure_fit(pair_values(field, each, objects)) > MOST_SHARE for each in words)
    return once or read or content.single >= MOST_SHARE


def is_example_of(text: Field, word: Field, objects: Sequence[Any]) -> bool:
    """Whether running text is an example of a word: by its name, or because it contains the word."""
    pairs = pair_values(word, text, objects)
    shown = sum(one in other for one, other in pairs)
    return bool(EXAMPLES & {*text.name.tokens}) or (bool(pairs) and shown > MOST_SHARE * len(pairs))


def pair_values(one: Field, other: Field, objects: Sequence[Any]) -> list[tuple[str, str]]:
    """The texts of two fields, of the objects that have both."""
    rows = [
        (find_first_value(each, one.steps), find_first_value(each, other.steps)) for each in objects
    ]
    return [
        (clean_text(left), clean_text(right))
        for left, right in rows
        if isinstance(left, str) and isinstance(right, str)
    ]


def is_record_word(field: Field, readings: Sequence[Field], roles: FieldRoles) -> bool:
    """Whether a text is the word of its record although its name does not say so.

    That is a text with its own reading, or a name, if all other texts are examples; or the back of
    a card whose front is in another language.
    """
    if _is_card_back(field, roles):
        return True
    if field.content.running >= MOST_SHARE or field.is_about or _has_passage(roles):
        return False
    examples = [is_example_of(each, field, roles.objects) for each in _find_running_texts(roles)]
    if field.name.has_role(Role.TITLE):
        return bool(readings) and all(examples) and not _is_grammar_pattern(field, roles)
    if field.rank[0] != UNKNOWN_RANK:
        return False
    named = field.name.has_role(Role.SPEAKER) and field is not roles.speaker
    return bool(readings) or (named and any(examples))


def _is_card_back(field: Field, roles: FieldRoles) -> bool:
    """Whether it is the back of a card, and the front is in another language."""
    others = [
        each for each in roles.texts if not each.is_about and each.content.running < MOST_SHARE
    ]
    if others or _has_passage(roles):
        return False
    return any(
        back in field.name.tokens
        and front in each.name.tokens
        and each.content.filled > 0
        and each.content.japanese == 0
        for front, back in BACKS.items()
        # A question in another language is not just the meaning of its answer.
        if front != "question"
        for each in roles.fields
    )


def _find_running_texts(roles: FieldRoles) -> list[Field]:
    return [
        each for each in roles.texts if each.content.running >= MOST_SHARE and not each.is_about
    ]


def _has_passage(roles: FieldRoles) -> bool:
    return any(
        each.content.length > _LONG_TEXT
        or (_PASSAGE_TOKENS & {*each.name.tokens} and not EXAMPLES & {*each.name.tokens})
        for each in _find_running_texts(roles)
    )


def _is_grammar_pattern(field: Field, roles: FieldRoles) -> bool:
    """Whether it is the pattern of a grammar point, not a word."""
    names = {token for each in roles.fields for token in each.name.tokens}
    texts = [clean_text(text) for text in field.shape.texts]
    words = sum(_BEGINS_AS_WORD.match(text) is not None for text in texts)
    return bool(names & OF_GRAMMAR) or field.content.pattern > 0 or words <= MOST_SHARE * len(texts)
