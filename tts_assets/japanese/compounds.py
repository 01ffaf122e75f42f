"""Compounds that no dictionary lists: the accent that the kinds and sizes of their parts give them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.accent_guess import INFLECTED, move_off_bound_mora
from tts_assets.japanese.kana import split_morae
from tts_assets.japanese.nodes import count_morae, node_to_kana, nodes_to_kana, to_accent_phrases
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.domain import Phrase
    from tts_assets.japanese.nodes import Node, Nodes

_PARTICLES = frozenset({"助詞", "助動詞"})
#: Phrases begin behind these, even in expressions that are listed as words: そういえば.
_STANDING_ALONE = frozenset({"感動詞", "接続詞", "フィラー", "副詞"})
#: Forms such as 知らず have no rule that is right more often than not.
_NO_ENDS = _PARTICLES | {"フィラー"}
#: 男の人 and 気を付ける are one phrase; 目を覚ます, and more morae with a particle between, are rather two.
_LONGEST_WITH_PARTICLE = 8
#: A last part up to this size makes a compound flat, or leaves it to the dictionary.
_SHORT = 2
#: A flat last part of this size and more keeps the compound flat.
_LONG = 5
#: Words of two kanji are flat up to this size, but for those of two morae.
_LONGEST_PAIR = 4
_NOMINAL = frozenset({"名詞", "接頭詞"})
HONORIFIC = frozenset({"お", "ご", "御"})
_LETTERS = compile_lazy("[Ａ-Ｚａ-ｚ]+")
_KANJI = compile_lazy("[一-鿿々]")


class _CompoundPart(NamedTuple):
    """Words of a compound, and the accent that they have by themselves."""

    words: Nodes
    sound: str
    accent: int


def find_compound_accent(nodes: Nodes) -> int | None:
    """The accent of an analysis of several words, said as one accent phrase.

    Returns:
        The accent; None where the dictionary knows better, and where there is no compound: single
        words, numbers, words with pauses between, expressions.
    """
    found = to_accent_phrases(nodes)
    words = [node for node in nodes if node_to_kana(node)]
    if len(words) < 2 or any(phrase.pause for phrase in found) or _has_number(words):
        return None
    return _join_all_phrases(words, found) if len(found) > 1 else _correct_accent(words)


def _has_number(words: Nodes) -> bool:
    return any(word["pos_group1"] == "数" for word in words)


def _join_all_phrases(words: Nodes, found: Sequence[Phrase]) -> int | None:
    """The accent of several phrases as one."""
    begins = [place for place, word in enumerate(words) if not place or word["chain_flag"] != 1]
    ends = itertools.pairwise([*begins, len(words)])
    whole, *parts = [
        _CompoundPart(words[begin:end], phrase.kana, phrase.accent)
        for phrase, (begin, end) in zip(found, ends, strict=True)
    ]
    for part in parts:
        accent = _join_parts(whole, part)
        if accent is None:
            return None
        whole = _CompoundPart(whole.words + part.words, whole.sound + part.sound, accent)
    return whole.accent


def _correct_accent(words: Nodes) -> int | None:
    """The accent of words that the dictionary has in one phrase, where it is often wrong."""
    last, before = words[-1], words[-2]
    if _is_pair_of_kanji(words):
        count = count_morae(words)
        return None if count > _LONGEST_PAIR else 1 if count == _SHORT else 0
    first = _CompoundPart(words[:-1], nodes_to_kana(words[:-1]), words[0]["acc"])
    second = _CompoundPart([last], node_to_kana(last), last["acc"])
    if last["pos"] in INFLECTED:
        suffix = last["pos_group1"] == "接尾"
        return _join_inflected(first, second) if before["pos"] == "動詞" and not suffix else None
    return _join_nouns(first, second) if _is_compound_noun(before, last) else None


def _is_compound_noun(before: Node, last: Node) -> bool:
    """Whether the rule is right more often than the dictionary: not behind お, nor for 電車賃."""
    if last["pos"] != "名詞" or last["pos_group2"] == "人名" or before["string"] in HONORIFIC:
        return False
    return before["pos"] == "動詞" or (before["pos"] in _NOMINAL and last["mora_size"] > _SHORT)


def _is_pair_of_kanji(words: Nodes) -> bool:
    """Whether it is a word of two kanji that the dictionary knows only one by one: 聖伝, 友船."""
    return len(words) == 2 and all(
        word["pos"] in _NOMINAL and _KANJI.fullmatch(word["string"]) for word in words
    )


def _join_parts(first: _CompoundPart, second: _CompoundPart) -> int | None:
    """The accent of two phrases as one word; None if they are none."""
    before, last = first.words[-1], second.words[-1]
    if before["pos"] in _STANDING_ALONE or last["pos"] in _NO_ENDS:
        return None
    if before["pos"] in _PARTICLES:
        apart = first.accent and second.accent and before["string"] != "の"
        return None if apart else _join_phrases(first, second)
    if before["pos"] == "連体詞":
        return _join_phrases(first, second)
    if last["pos"] in INFLECTED:
        return _join_inflected(first, second)
    return _join_nouns(first, second)


def _join_phrases(first: _CompoundPart, second: _CompoundPart) -> int | None:
    """The first accent of two phrases; None if they are long."""
    if len(split_morae(first.sound + second.sound)) > _LONGEST_WITH_PARTICLE:
        return None
    return first.accent or (_shift_accent(first, second) if second.accent else 0)


def _shift_accent(first: _CompoundPart, second: _CompoundPart) -> int:
    """Where the accent of the second part falls in the whole."""
    return len(split_morae(first.sound)) + second.accent


def _join_nouns(first: _CompoundPart, second: _CompoundPart) -> int:
    """The accent of a compound that ends in a noun: 古典論理学."""
    length = len(split_morae(second.sound))
    if _LETTERS.fullmatch(second.words[-1]["string"]):
        return _shift_accent(first, second) if second.accent else 0
    if length <= _SHORT or (length >= _LONG and not second.accent):
        return 0
    return (
        _shift_accent(first, second)
        if 0 < second.accent < length
        else _shift_accent(first, second._replace(accent=1))
    )


def _join_inflected(first: _CompoundPart, second: _CompoundPart) -> int:
    """The accent of a compound that ends in a verb or an adjective: 戦い抜く, やる瀬ない, 草むしり."""
    last: Node = second.words[-1]
    units = split_morae(first.sound + second.sound)
    if last["cform"].startswith("基本形"):
        return move_off_bound_mora(len(units) - 1, units)
    if last["pos"] == "形容詞":
        return _shift_accent(first, second) if second.accent else len(units) - 1
    # The stem of a verb makes a noun; behind another verb it is flat: 受け渡し.
    long = len(split_morae(second.sound)) > _SHORT and first.words[-1]["pos"] != "動詞"
    return _shift_accent(first, second._replace(accent=1)) if long else 0
