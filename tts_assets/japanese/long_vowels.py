"""Long vowels of nouns in hiragana, which the dictionary spells out where it knows only their kanji."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tts_assets.japanese.regex import regex

if TYPE_CHECKING:
    from tts_assets.japanese.nodes import Node, Nodes

_HIRAGANA = regex(r"[ぁ-ゖー]+")
#: オウ, ウウ and エイ, which are long in Japanese words; in loanwords, in katakana, エイ is not.
_SPELLED_OUT = regex(
    "(?<=[オコソトノホモヨロヲゴゾドボポョウクスツヌフムユルグズブプュ])ウ|(?<=[エケセテネヘメレゲゼデベペ])イ"
)
#: Of the dictionary's 1,594 nouns in hiragana that are spelled out those whose parts meet there, as
#: its entries in kanji with the same reading tell: 湖 is ミズ and ウミ.
_PARTED = frozenset(
    """
    あおうま あおうめ あかえい あかねいろ あかめいも あくうん あげいた あめのうお あられいか いえいえ いけいけ
    いわれいんねん うけいれ うずうず うるうる うるめいわし うれい うろうろ おもうつぼ かまどうま からすうり かれいろ
    くものうえ けいと こうさぎ こうま こがねいろ ことうた さざれいし されこうべ しろうお しろうさぎ しろうほ しろうま
    しろうり すていし すみれいろ するめいか そめいよしの たていた たねいも ためいき ちゃくうた つくねいも つつうらうら
    ていけ ていっぱい ていれ てのうち でいり とびえい とびのうお ともうら どろうお なげいれ にのうで ねいき ねいも ねいろ
    のうさぎ のべいた はくう はくうん はつうま ひとうち べいごま べーごま ほていあおい まがれい まくうち まくのうち
    まけいぬ まめいた まるうち みずうみ みのうえ もうお もとうた ものうらやみ やけいし やすうけあい やすうり やぶうぐいす
    やまとうた よめいり わたつうみ
    """.split()  # noqa: SIM905 - words are read more easily without quotes
)


def with_long_vowels(nodes: Nodes) -> Nodes:
    """The same words, with the long vowels of nouns in hiragana said as such: ボウシ is ボーシ.

    Other words in hiragana are in the dictionary as they sound; 思う, うろうろ and そういう keep their ウ.
    """
    for node in nodes:
        # Asked of every word: most have none in hiragana, and stay as they are.
        if "ぁ" <= node["string"][:1] <= "ゖ":
            break
    else:
        return nodes
    said = [_lengthened(node) for node in nodes]
    for before, node in itertools.pairwise(said):
        # ほんとう is taken for ほんと and a cry.
        if node["string"] == "う" and node["pos"] == "感動詞":
            node["pron"] = _SPELLED_OUT.sub("ー", before["pron"][-1:] + node["pron"])[-1]
    return said


def _lengthened(node: Node) -> Node:
    word = node["string"]
    if node["pos"] != "名詞" or node["pos_group1"] == "固有名詞" or word in _PARTED:
        return node
    if _HIRAGANA.fullmatch(word) is None:
        return node
    return {**node, "pron": _SPELLED_OUT.sub("ー", node["pron"])}
