"""Texts that are given as lists of their words, each with its reading or without."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogues.detect.fields import MOST, Field, values_at
from tts_assets.catalogues.detect.values import fits, is_kana
from tts_assets.config.sources.path import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.cast import Cast
    from tts_assets.config.sources.path import Steps


# Words that a sentence has, and a list of vocabulary does not.
_PARTICLES = {*"はがをにでもとのへか", "です", "ます", "だ", "から", "まで", *"。、？！?!"}


#: So many of its words are particles behind others; vocabulary has fewer.
_SHARE = 0.15
_LONGEST = 80
_WORD = re.compile(r"[一-鿿㐀-䶿ァ-ヺ]|[ぁ-ゖ]{2}")


class Tokens(NamedTuple):
    """Lists of words that make a text.

    Args:
        field: what they are named after.
        text: the steps to the words.
        reading: those to their kana; None where they have none.
        texts: the texts.
        each: the steps to lists of which each is a text; None for one text in each object.
    """

    field: Field
    text: Steps
    reading: Steps | None
    texts: list[str]
    each: Steps | None = None


def find_tokens(cast: Cast) -> list[Tokens]:
    """The lists of an object whose items are the words of one sentence."""
    found: dict[Steps, Tokens] = {}
    for field in cast.fields:
        if Step.EVERY not in field.steps or field.is_about or field.is_sound:
            continue
        at = field.steps.index(Step.EVERY) + 1
        where, inner = field.steps[:at], field.steps[at:]
        rows = [values_at(one, where) for one in cast.objects]
        tokens = _read_tokens(field, where, inner, rows)
        if tokens is None and inner[:1] == (Step.EVERY,):
            lists = [values_at(item, inner[:1]) for row in rows for item in row]
            tokens = _read_tokens(field, inner[:1], inner[1:], lists)
            tokens = tokens and tokens._replace(each=where)
        if tokens is None:
            continue
        known = found.get(where)
        if known is None or (known.reading is None and tokens.reading is not None):
            found[where] = tokens
    return list(found.values())


def read_rows(rows: Sequence[Sequence[Any]]) -> tuple[Steps, Steps | None] | None:
    """The steps from an item to its word and to its reading, if most rows are sentences or words.

    None where they are not: words have a reading beside one of them at least.
    """
    pairs = [_pair(item) for row in rows for item in row]
    if not pairs or any(pair is None for pair in pairs):
        return None
    with_kana = [pair for pair in pairs if pair is not None and pair[1]]
    fit = sum(fits(text, kana) for text, kana in with_kana)
    kinds = {type(item) for row in rows for item in row}
    if kinds == {list}:
        return ((0,), (1,)) if with_kana and fit >= MOST * len(with_kana) else None
    return ((), None) if kinds == {str} and _are_sentences(rows) else None


def _pair(item: Any) -> tuple[str, str] | None:
    """A word and its reading, given as a text or as a list of one or two of them."""
    row = [item] if isinstance(item, str) else item
    if not isinstance(row, list) or not 0 < len(row) < 3:
        return None
    texts = ["" if each is None else each for each in row]
    if not all(isinstance(each, str) for each in texts) or not texts[0]:
        return None
    return texts[0], texts[1] if len(texts) > 1 else ""


def _read_tokens(field: Field, where: Steps, inner: Steps, rows: list[list[Any]]) -> Tokens | None:
    filled = [row for row in rows if row]
    if inner in {(), (Step.EVERY,)}:
        steps = read_rows(filled)
        if steps is None:
            return None
        inner, kana = steps
    else:
        kana = _kana_beside(inner, filled)
    texts = [[_text(item, inner) for item in row] for row in rows]
    if not _are_sentences([row for row in texts if row]):
        return None
    reading = None if kana is None else (*where, *kana)
    return Tokens(field, (*where, *inner), reading, ["".join(row) for row in texts])


def _text(item: Any, steps: Steps) -> str:
    return next((each for each in values_at(item, steps) if isinstance(each, str)), "")


def _kana_beside(inner: Steps, rows: Sequence[Sequence[Any]]) -> Steps | None:
    """The key of an item, beside that of its word, that has the word's kana."""
    items = [item for row in rows for item in row if isinstance(item, dict)]
    for key in dict.fromkeys(key for item in items for key in item):
        pairs = [(_text(item, inner), _text(item, (key,))) for item in items]
        read = [(word, kana) for word, kana in pairs if word != kana and kana]
        fit = sum(is_kana(kana) and fits(word, kana) for word, kana in read)
        if (key,) != inner and read and fit >= MOST * len(read):
            return (key,)
    return None


def _are_sentences(rows: Sequence[Sequence[str]]) -> bool:
    """Whether most lists of words have particles behind words, as sentences do."""
    return sum(map(_is_sentence, rows)) > MOST * len(rows)


def _is_sentence(words: Sequence[str]) -> bool:
    particles = [word.strip() in _PARTICLES for word in words]
    behind = sum(one and not before for before, one in pairwise(particles))
    some = len(words) <= _LONGEST and behind >= _SHARE * len(words)
    return some and not particles[0] and any(map(_WORD.search, words))
