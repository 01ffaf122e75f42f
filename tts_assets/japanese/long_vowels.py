"""Long vowels of words in hiragana, which the dictionary spells out where it knows only their kanji."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_assets.japanese.nodes import Node, Nodes

_HIRAGANA = re.compile(r"[ぁ-ゖー]+")
#: オウ, ウウ and エイ, which are long in Japanese words; in loanwords, in katakana, エイ is not.
_SPELLED_OUT = re.compile(
    "(?<=[オコソトノホモヨロヲゴゾドボポョウクスツヌフムユルグズブプュ])ウ|(?<=[エケセテネヘメレゲゼデベペ])イ"
)
#: Words that end in ウ by their conjugation: 思う is オモウ.
_CONJUGATED = frozenset({"動詞", "助動詞", "形容詞"})


def with_long_vowels(nodes: Nodes) -> Nodes:
    """The same words, with the long vowels of those in hiragana said as such: ボウシ is ボーシ."""
    said = [_lengthened(node) for node in nodes]
    for before, node in itertools.pairwise(said):
        # ほんとう is taken for ほんと and a cry.
        if node["string"] == "う" and node["pos"] not in _CONJUGATED:
            node["pron"] = _SPELLED_OUT.sub("ー", before["pron"][-1:] + node["pron"])[-1]
    return said


def _lengthened(node: Node) -> Node:
    if node["pos"] in _CONJUGATED or _HIRAGANA.fullmatch(node["string"]) is None:
        return node
    return {**node, "pron": _SPELLED_OUT.sub("ー", node["pron"])}
