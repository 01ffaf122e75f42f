"""Which text is what a record is about, where its name does not say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.propose.cast import is_example
from tts_assets.propose.fields import MOST, UNKNOWN
from tts_assets.propose.names import BACKS, EXAMPLES, OF_GRAMMAR, Role
from tts_assets.propose.values import cleaned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.propose.cast import Cast
    from tts_assets.propose.fields import Field

_PASSAGES = {
    "text",
    "passage",
    "paragraph",
    "content",
    "body",
    "dialogue",
    "dialog",
    "conversation",
    "script",
    "transcript",
    "story",
    "line",
    "utterance",
    "本文",
    "会話",
    "対話",
    "文章",
}
#: The mean length of examples, in characters, is less.
_LONG = 40
# Patterns of grammar begin with hiragana, or with what stands for the words before them.
_OF_WORDS = re.compile(r"[一-鿿㐀-䶿々ァ-ヺ]")


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
        or (_PASSAGES & {*each.name.tokens} and not EXAMPLES & {*each.name.tokens})
        for each in _running(cast)
    )


def _is_pattern(field: Field, cast: Cast) -> bool:
    """Whether it is that of a point of grammar, rather than a word."""
    names = {token for each in cast.fields for token in each.name.tokens}
    texts = [cleaned(text) for text in field.shape.texts]
    words = sum(_OF_WORDS.match(text) is not None for text in texts)
    return bool(names & OF_GRAMMAR) or field.content.pattern > 0 or words <= MOST * len(texts)
