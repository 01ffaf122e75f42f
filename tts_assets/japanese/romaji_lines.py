"""Lines in Latin letters, which lose long vowels, ティ and ンヤ: given them back from the dictionary."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.alignment import AlignableWord, align_words, to_key_kana
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.nodes import nodes_to_kana, nodes_to_text
from tts_assets.japanese.particles import list_sounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.japanese.nodes import Node, Nodes

_VOWELS = frozenset("アイウエオ")
_AFTER_N = dict(
    zip("アイウエオヤユヨ", ("ナ", "ニ", "ヌ", "ネ", "ノ", "ニャ", "ニュ", "ニョ"), strict=True)
)
#: Sounds of loanwords that are typed as the Japanese syllables next to them: paatii, sofutouea.
_TYPED_AS = {
    "ティ": "チ", "ディ": "ジ", "トゥ": "ツ", "ドゥ": "ズ", "テュ": "チュ", "デュ": "ジュ",
    "ウィ": "ウイ", "ウェ": "ウエ", "ウォ": "ウオ",
}  # fmt: skip
_LARGE = dict(zip("ァィゥェォ", "アイウエオ", strict=True))
#: A word with more spellings than this is long: it loses all or nothing.
_MOST_SPELLINGS = 64


class _WordGroup(NamedTuple):
    """Neighbours that Latin letters may run into one, such as 本 and 屋 in honya."""

    nodes: Nodes
    word: AlignableWord


def list_romanized_keys(key: str) -> tuple[str, ...]:
    """The keys of what a line in Latin letters may have for a sound; the sound itself is the first.

    キンヨウビ may be kinyoubi, kin'yobi and kinyobi, パーティー paatii and pati.
    """
    options = [list(dict.fromkeys(each)) for each in _list_options(key)]
    count = 1
    for each in options:
        count *= len(each)
    if count > _MOST_SPELLINGS:
        options = [[each[0], each[-1]] for each in options]
        return ("".join(each[0] for each in options), "".join(each[-1] for each in options))
    return tuple(dict.fromkeys("".join(each) for each in itertools.product(*options)))


def restore_line(nodes: Nodes, line: str) -> str:
    """A line with the dictionary's own sounds for words that only lack what Latin letters lose.

    Whatever else it has stays, so that obaasan is not おばさん.

    Args:
        nodes: the dictionary's best analysis.
        line: in katakana; may have the pauses of the text.
    """
    pieces, parts = line.split("、"), _split_at_pauses(nodes)
    if len(pieces) == 1:
        return _restore_part(nodes, line)
    if len(pieces) != len(parts):
        return line
    return "、".join(map(_restore_part, parts, pieces))


def is_whole_number(nodes: Nodes, reading: str) -> bool:
    """Whether a line has a number as it is alone, where its counter changes it: juu of ジュッ."""
    ours = nodes_to_kana(nodes)
    is_number = len(nodes) == 1 and nodes[0]["pos_group1"] == "数"
    return is_number and ours.endswith("ッ") and reading[:-1] == ours[:-1]


def _list_options(key: str) -> Iterator[tuple[str, ...]]:
    """What may be typed for each kana of a key, or for two together."""
    at = 0
    while at < len(key):
        kana, pair = key[at], key[at : at + 2]
        is_long = kana in _VOWELS and pronunciation_key(key[at - 1 : at] + "ー")[1:] == kana
        if kana in _LARGE:
            yield kana, _LARGE[kana]
            at -= 1
        elif pair in _TYPED_AS:
            yield pair, _TYPED_AS[pair]
        elif kana == "ン" and pair[1:] in _AFTER_N:
            yield pair, _AFTER_N[pair[1]]
        else:
            yield (kana, "") if is_long else (kana,)
            at -= 1
        at += 2


def _split_at_pauses(nodes: Nodes) -> list[Nodes]:
    parts: list[Nodes] = [[]]
    for node in nodes:
        if node["string"] == "、":
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def _restore_part(nodes: Nodes, line: str) -> str:
    """The same between two pauses."""
    spoken = list(_group_words(nodes))
    parts = align_words([each.word for each in spoken], pronunciation_key(line))
    if parts is None:
        return line
    kana = to_key_kana(line)
    return "".join(
        nodes_to_kana(each.nodes) if part.fits else kana[part.start : part.end]
        for each, part in zip(spoken, parts, strict=True)
    )


def _group_words(nodes: Iterable[Node]) -> Iterator[_WordGroup]:
    """The words of an analysis with all that may be typed for them."""
    group: Nodes = []
    for node in nodes:
        if group and not (
            nodes_to_kana(group).endswith("ン") and nodes_to_kana([node])[:1] in _AFTER_N
        ):
            yield _build_word_group(group)
            group = []
        group.append(node)
    if group:
        yield _build_word_group(group)


def _build_word_group(group: Nodes) -> _WordGroup:
    whole = list_sounds(group[0]) if len(group) == 1 else (nodes_to_kana(group),)
    typed = (each for sound in whole for each in list_romanized_keys(pronunciation_key(sound))[1:])
    word = AlignableWord(
        spelling=nodes_to_text(group), sounds=whole, shortened=tuple(dict.fromkeys(typed))
    )
    return _WordGroup(group, word)
