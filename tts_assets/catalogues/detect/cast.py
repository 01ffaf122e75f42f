"""The fields of an object, by the parts they play in what is said of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.fields import MOST, UNKNOWN, Field, first
from tts_assets.catalogues.detect.names import BACKS, EXAMPLES, OF_GRAMMAR, PASSAGES, Role, name_of
from tts_assets.catalogues.detect.values import (
    cleaned,
    has_kanji_twice,
    share_that_fits,
    without_furigana,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEARLY_ALL = 0.8
_A_NAME = 8


#: Of the kanji of a catalogue, at most such a share are words of several.
_FEW_WORDS = 0.05


#: A text that fewer objects have is a detail: where there are others, and in any case.
_RARE = 0.1
_VERY_RARE = 0.02
_SEVERAL = 20


#: Of so few lines, each may have another speaker.
_FEW = 4
_SPEAKS = {"speaker", "who", "actor", "話者", "話し手"}
_KANJI = {"kanji", "漢字", "literal", "character", "char", "letter", "文字"}


#: Beside the kanji of a word stand its kana, and beside a kanji what only kanji have.
_OF_WORDS = {"kana", "hiragana", "furigana", "かな", "仮名", "ひらがな", "ふりがな", "平仮名"}
_OF_KANJI = {"on", "kun", "stroke", "radical", "component", "音", "訓", "画数", "部首"}
_TEXTS = PASSAGES | {
    "text", "content", "dialogue", "dialog", "conversation", "script", "transcript", "line",
    "utterance", "会話", "対話",
}  # fmt: skip


#: The mean length of examples, in characters, is less.
_LONG = 40


# Patterns of grammar begin with hiragana, or with what stands for the words before them.
_BEGINS_AS_WORD = re.compile(r"[一-鿿㐀-䶿々ァ-ヺ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The fields of an object.

    Args:
        objects: some of the objects.
        fields: all fields.
        texts: Japanese that could be said, the likeliest first.
        kana: nothing but kana.
        of_kanji: on'yomi and kun'yomi.
        speaker: who speaks.
    """

    objects: list[Any]
    fields: list[Field]
    texts: list[Field]
    kana: list[Field]
    of_kanji: list[Field]
    speaker: Field | None

    def pairs(self, one: Field, other: Field) -> list[tuple[str, str]]:
        """The texts of two fields, of the objects that have both."""
        return _pairs(one, other, self.objects)


def cast_of(fields: list[Field], objects: list[Any]) -> Cast:
    """Give each field its part."""
    free = [field for field in fields if not field.is_sound]
    readings = [field for field in free if _is_of_kanji(field)]
    rest = [field for field in free if field not in readings]
    japanese = [field for field in rest if field.is_japanese]
    texts = [field for field in japanese if not field.is_reading]
    if not texts:
        # With nothing to be the reading of, it is a text.
        texts = [field for field in japanese if not field.is_kana]
    rest = [field for field in rest if _share_filled(field, objects) >= _VERY_RARE]
    texts = [field for field in texts if field in rest]
    texts = [field for field in texts if _share_filled(field, objects) >= _RARE] or texts
    kana = [field for field in rest if field.is_kana or (field.is_reading and field not in texts)]
    running = [field for field in texts if field.content.running > MOST]
    named = [field for field in rest if _may_speak(field, running)]
    speakers = [
        field
        for field in named
        if _SPEAKS & {*field.name.tokens} or not _may_be_word(field, running, kana, objects)
    ]
    return Cast(
        objects=objects,
        fields=fields,
        texts=sorted((each for each in texts if each not in speakers), key=lambda each: each.rank),
        kana=kana,
        of_kanji=[field for field in readings if not _is_repeated(field, readings)],
        speaker=speakers[0] if speakers else None,
    )


def is_kanji(field: Field) -> bool:
    """Whether a field holds single kanji, and says so."""
    named = _KANJI & {*field.name.tokens}
    if field.mates & _OF_WORDS and not field.mates & _OF_KANJI:
        named -= {"kanji", "漢字"}
    if not named or field.content.single <= MOST or field.content.kanji <= MOST:
        return False
    # A kanji may have okurigana, as in 休む; 学校 is a word.
    texts = [cleaned(text) for text in field.shape.texts]
    return sum(map(has_kanji_twice, texts)) <= _FEW_WORDS * len(texts)


def is_marked(field: Field) -> bool:
    """Whether readings are written into its texts."""
    return field.content.furigana >= 1 - MOST


def marks(field: Field, text: Field, cast: Cast) -> bool:
    """Whether a field has the same words as a text, with readings written into them."""
    if field is text or not is_marked(field) or is_marked(text) or field.listed:
        return False
    pairs = cast.pairs(text, field)
    same = sum("".join(word.split()) == without_furigana(marked) for word, marked in pairs)
    return bool(pairs) and same >= MOST * len(pairs)


def _share_filled(field: Field, objects: Sequence[Any]) -> float:
    if len(objects) < _SEVERAL:
        return 1.0
    return sum(first(each, field.steps) is not None for each in objects) / len(objects)


def _is_of_kanji(field: Field) -> bool:
    content = field.content
    named = field.name.may_be(Role.ON) or field.name.may_be(Role.KUN)
    plain = field.row is not None or not field.listed
    return named and plain and content.kana + content.romaji >= _NEARLY_ALL


def _is_repeated(field: Field, readings: Sequence[Field]) -> bool:
    """Whether it has in romaji what another has in kana."""
    return field.content.kana == 0 and any(
        other.steps[:-1] == field.steps[:-1] != () and other.content.kana > 0 for other in readings
    )


def _may_speak(field: Field, running: Sequence[Field]) -> bool:
    """Whether it holds names, beside running text or in an object that is called a speaker."""
    content = field.content
    named = field.name.may_be(Role.SPEAKER) and not field.listed
    if not named or content.running or not 0 < content.length <= _A_NAME:
        return False
    beside = any(field.steps[:-1] == text.steps[:-1] for text in running)
    inner = Role.SPEAKER in name_of(field.steps[-2:-1]).roles
    return bool(running) and (beside or inner)


def _may_be_word(
    field: Field, running: Sequence[Field], kana: Sequence[Field], objects: Sequence[Any]
) -> bool:
    """Whether a name is a word: that is not named again and again, and has a reading of its own."""
    content = field.content
    examples = any(is_example(text, field, objects) for text in running)
    once = content.distinct > _NEARLY_ALL and (content.filled >= _FEW or examples)
    words = [each for each in kana if each is not field and each.content.running < MOST]
    read = any(share_that_fits(_pairs(field, each, objects)) > MOST for each in words)
    return once or read or content.single >= MOST


def is_example(text: Field, word: Field, objects: Sequence[Any]) -> bool:
    """Whether running text shows how a word is used: it is called so, or has the word in it."""
    pairs = _pairs(word, text, objects)
    shown = sum(one in other for one, other in pairs)
    return bool(EXAMPLES & {*text.name.tokens}) or (bool(pairs) and shown > MOST * len(pairs))


def _pairs(one: Field, other: Field, objects: Sequence[Any]) -> list[tuple[str, str]]:
    rows = [(first(each, one.steps), first(each, other.steps)) for each in objects]
    return [
        (cleaned(left), cleaned(right))
        for left, right in rows
        if isinstance(left, str) and isinstance(right, str)
    ]


def is_word(field: Field, readings: Sequence[Field], cast: Cast) -> bool:
    """Whether a text of another name is the word of its record.

    That is a text with a reading of its own, or a name, beside which there are but examples; and
    the back of a card whose front is in another language.
    """
    if _is_turned(field, cast):
        return True
    if field.content.running >= MOST or field.is_about or _has_passage(cast):
        return False
    examples = [is_example(each, field, cast.objects) for each in _running(cast)]
    if field.name.may_be(Role.TITLE):
        return bool(readings) and all(examples) and not _is_pattern(field, cast)
    if field.rank[0] != UNKNOWN:
        return False
    named = field.name.may_be(Role.SPEAKER) and field is not cast.speaker
    return bool(readings) or (named and any(examples))


def _is_turned(field: Field, cast: Cast) -> bool:
    """Whether it is the back of a card, and the front is in another language."""
    others = [each for each in cast.texts if not each.is_about and each.content.running < MOST]
    if others or _has_passage(cast):
        return False
    return any(
        back in field.name.tokens
        and front in each.name.tokens
        and each.content.filled > 0
        and each.content.japanese == 0
        for front, back in BACKS.items()
        # A question in another language is more than the meaning of its answer.
        if front != "question"
        for each in cast.fields
    )


def _running(cast: Cast) -> list[Field]:
    return [each for each in cast.texts if each.content.running >= MOST and not each.is_about]


def _has_passage(cast: Cast) -> bool:
    return any(
        each.content.length > _LONG
        or (_TEXTS & {*each.name.tokens} and not EXAMPLES & {*each.name.tokens})
        for each in _running(cast)
    )


def _is_pattern(field: Field, cast: Cast) -> bool:
    """Whether it is that of a point of grammar, rather than a word."""
    names = {token for each in cast.fields for token in each.name.tokens}
    texts = [cleaned(text) for text in field.shape.texts]
    words = sum(_BEGINS_AS_WORD.match(text) is not None for text in texts)
    return bool(names & OF_GRAMMAR) or field.content.pattern > 0 or words <= MOST * len(texts)
