"""Words that the dictionary says as several accent phrases: the accent that they have as one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.accent_guess import INFLECTED, move_off_bound_mora
from tts_assets.japanese.kana import morae
from tts_assets.japanese.nodes import kana, phrases
from tts_assets.japanese.regex import regex

if TYPE_CHECKING:
    from tts_assets.japanese.nodes import Node, Nodes

_PARTICLES = frozenset({"助詞", "助動詞"})
#: Phrases begin behind these, even in expressions that are listed as words: そういえば.
_STANDING_ALONE = frozenset({"感動詞", "接続詞", "フィラー", "副詞"})
#: Forms such as 知らず have no rule that is right more often than not.
_NO_ENDS = _PARTICLES | {"フィラー"}
#: 男の人 and 気を付ける are one phrase; more morae with a particle between are rather two.
_LONGEST_WITH_PARTICLE = 8
#: A second part of a compound up to this size makes it flat.
_SHORT = 2
#: A flat second part of this size and more keeps the compound flat.
_LONG = 5
_LETTERS = regex("[Ａ-Ｚａ-ｚ]+")


class _Part(NamedTuple):
    """Words of a compound, and the accent that they have by themselves."""

    words: Nodes
    sound: str
    accent: int


def find_joined_accent(nodes: Nodes) -> int | None:
    """The accent of an analysis with several accent phrases, said as one.

    Returns:
        The accent; None if the analysis is one phrase, or its phrases do not make one word: numbers,
        words with pauses between, expressions.
    """
    parts = _parts(nodes)
    if parts is None:
        return None
    whole = parts[0]
    for part in parts[1:]:
        accent = _join(whole, part)
        if accent is None:
            return None
        whole = _Part(whole.words + part.words, whole.sound + part.sound, accent)
    return whole.accent


def _parts(nodes: Nodes) -> list[_Part] | None:
    """The accent phrases with their words; None if there is one at most, or a pause or a number."""
    found = phrases(nodes)
    if len(found) < 2 or any(phrase.pause for phrase in found):
        return None
    words = [node for node in nodes if kana(node)]
    if any(word["pos_group1"] == "数" for word in words):
        return None
    begins = [place for place, word in enumerate(words) if not place or word["chain_flag"] != 1]
    ends = itertools.pairwise([*begins, len(words)])
    return [
        _Part(words[begin:end], phrase.kana, phrase.accent)
        for phrase, (begin, end) in zip(found, ends, strict=True)
    ]


def _join(first: _Part, second: _Part) -> int | None:
    """The accent of two parts as one word; None if they are none."""
    before, last = first.words[-1], second.words[-1]
    if before["pos"] in _STANDING_ALONE or last["pos"] in _NO_ENDS:
        return None
    size = len(morae(first.sound))
    own = size + second.accent if second.accent else 0
    if before["pos"] in _PARTICLES or before["pos"] == "連体詞":
        short = size + len(morae(second.sound)) <= _LONGEST_WITH_PARTICLE
        return (first.accent or own) if short else None
    if last["pos"] in INFLECTED:
        return _join_inflected(first, second, last)
    length = len(morae(second.sound))
    if _LETTERS.fullmatch(last["string"]):
        return own
    if length <= _SHORT or (length >= _LONG and not own):
        return 0
    return own if 0 < second.accent < length else size + 1


def _join_inflected(first: _Part, second: _Part, last: Node) -> int:
    """The accent of a compound that ends in a verb or an adjective: 戦い抜く, やる瀬ない, 草むしり."""
    units = morae(first.sound + second.sound)
    if last["cform"].startswith("基本形"):
        return move_off_bound_mora(len(units) - 1, units)
    size = len(morae(first.sound))
    if last["pos"] == "形容詞":
        return size + second.accent if second.accent else len(units) - 1
    # The stem of a verb makes a noun; behind another verb it is flat: 受け渡し.
    long = len(units) - size > _SHORT and first.words[-1]["pos"] != "動詞"
    return size + 1 if long else 0
