"""OpenJTalk's word nodes: what an analysis would say, and how its accent phrases go."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from tts_assets.domain import Phrase
from tts_assets.japanese.kana import pronunciation_key, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Marks a devoiced vowel in ``pron``; it is no mora.
DEVOICED = "’"
_ALONE = dict(zip("ァィゥェォャュョヮヵヶ", "アイウエオヤユヨワカケ", strict=True))
#: Those that may join no kana before them within a word; ャ ュ ョ always do.
_SMALL_VOWELS = frozenset("ァィゥェォヮヵヶ")
#: OpenJTalk makes one sound of these, which in Japanese are two: デェ is デ with a long vowel.
_MADE_ONE = frozenset({"デェ", "グゥ"})


class Node(TypedDict):
    """A word of an analysis, as OpenJTalk's front end gives it and its label maker takes it.

    ``acc`` of the first word of an accent phrase is the accent of the whole phrase; ``chain_flag``
    1 tells that a word belongs to the phrase before it.
    """

    string: str
    pos: str
    pos_group1: str
    pos_group2: str
    pos_group3: str
    ctype: str
    cform: str
    orig: str
    read: str
    pron: str
    acc: int
    mora_size: int
    chain_rule: str
    chain_flag: int
    is_reading_protected: bool
    is_reading_rewritten: bool


Nodes: TypeAlias = list[Node]


def node_to_kana(node: Node) -> str:
    """How a word sounds, in katakana; "" for a mark, which is a pause or silent."""
    if not node["mora_size"]:
        return ""
    sound = node["pron"].replace(DEVOICED, "")
    if _SMALL_VOWELS.isdisjoint(sound) and sound[0] not in _ALONE:
        return sound
    # The label maker knows no ヵ, and leaves it out.
    return (
        sound
        if any(pair in sound for pair in _MADE_ONE)
        else expand_small_kana(sound.replace("ヵ", ""))
    )


def expand_small_kana(kana: str) -> str:
    """Kana with small ones that join no kana before them as the large ones that they sound like.

    スゲェ is スゲエ, and サンヵゲツ サンカゲツ; マッチャ stays.
    """
    if _ALONE.keys().isdisjoint(kana):
        return kana
    return "".join(_ALONE.get(mora, mora) for mora in split_morae(kana))


def nodes_to_kana(nodes: Iterable[Node]) -> str:
    """What an analysis would say, in katakana."""
    return "".join(map(node_to_kana, nodes))


def nodes_to_spelling(nodes: Iterable[Node]) -> str:
    """The same as it is spelled: particles as ハ and ヘ, long vowels with their letters."""
    return "".join(node["read"] for node in nodes if node_to_kana(node))


def nodes_to_text(nodes: Iterable[Node]) -> str:
    """The text of an analysis, which writes numbers otherwise than they were given."""
    return "".join(node["string"] for node in nodes)


def find_word_starts(nodes: Iterable[Node]) -> list[int]:
    """Where each word begins in the text of an analysis, and where the last ends."""
    return list(itertools.accumulate((len(node["string"]) for node in nodes), initial=0))


def count_morae(nodes: Iterable[Node]) -> int:
    """How many morae an analysis has."""
    return sum(node["mora_size"] for node in nodes)


def nodes_to_key(nodes: Iterable[Node]) -> str:
    """The pronunciation key of what an analysis would say."""
    return pronunciation_key(nodes_to_kana(nodes))


def to_accent_phrases(nodes: Sequence[Node]) -> tuple[Phrase, ...]:
    """The accent phrases of an analysis; pauses are told between phrases only."""
    found: list[Phrase] = []
    words: list[Node] = []
    pause = False
    for node in nodes:
        if not node["mora_size"]:
            pause = True
            continue
        if words and (pause or node["chain_flag"] != 1):
            found.append(_build_phrase(words, pause=pause))
            words = []
        words.append(node)
        pause = False
    return (*found, _build_phrase(words, pause=False)) if words else tuple(found)


def join_into_phrase(nodes: Iterable[Node], accent: int) -> Nodes:
    """The words of an analysis, without its marks, in one accent phrase with that accent."""
    words = [node.copy() for node in nodes if node_to_kana(node)]
    for word in words[1:]:
        word["chain_flag"] = 1
    words[0]["acc"] = accent
    return words


def _build_phrase(words: Sequence[Node], *, pause: bool) -> Phrase:
    first = words[0]
    if len(words) == 1:
        return Phrase(node_to_kana(first), min(first["acc"], first["mora_size"]), pause)
    return Phrase(nodes_to_kana(words), min(first["acc"], count_morae(words)), pause)
