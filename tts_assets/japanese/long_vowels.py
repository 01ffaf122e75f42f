"""Long vowels of nouns that the dictionary spells out, as most of those in hiragana."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tts_assets.japanese.kana import is_long_on_reading
from tts_assets.japanese.nodes import DEVOICED
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from tts_assets.japanese.nodes import Node, Nodes

_HIRAGANA = compile_lazy(r"[ぁ-ゖー]+")
_NOUNS = frozenset({"名詞", "接頭詞"})
#: オウ, ウウ and エイ, which are long in Japanese words; in loanwords, in katakana, エイ is not.
_SPELLED_OUT = compile_lazy(
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
#: Words with kanji whose entries are spelled out though no parts meet there: チョクツウ.
_LONG = frozenset(
    """
    あっ倒 あっ勝 えい航 きれい事 けい動脈 けい線 ぜい肉 めい想 めい福 めん棒 一行 丈夫 上品 不承
    主命 伶人 作法 佞弁 信号機 傾城 入内 入道 内方 勤労感謝の日 包丁 化粧 半生 双紙 司令塔 同士
    器用 国勢調査 圧痛 堰堤 境内 多辺形 多重 夜盗 大ぜい 大将 夫子 失名 奉公 娑羅双樹 宇宙船 家老
    封筒 小ぎれい 小憩 尾てい骨 山高帽子 巧者 巨峰 市井 布袋腹 布袋葵 平文 平行四辺形 庖丁
    建ぺい率 征討 愛想 憧憬 拍子 招へい 掣肘 推量 救急車 明々白々 杏仁 格子 油井 法師 洋妾 混声
    混迷 清々 漏えい 濃餅 灯篭 灯籠 狂牛病 獅子唐 瓢箪 画定 疱瘡 疾病 百姓 直通 相撲 睥睨 砂糖
    研究者 秋分の日 竹篦 竹篦返し 算用 美容師 聖人 背格好 膏薬 苦労 草子 草紙 蒸籠 蘇芳 蜻蛉 行李
    表紙 西洋梨 覚せい剤 觝触 謦咳 豆腐 遊里 遮へい 醤油 鉄砲 銀行員 鑿井 開帳 隠ぺい 雁来紅 韜晦
    飛行船 高峰 高麗芝 鶏頭
    """.split()  # noqa: SIM905 - as above
)


def lengthen_vowels(nodes: Nodes) -> Nodes:
    """The same words, with the long vowels of nouns said as such: ボウシ is ボーシ.

    Those in hiragana are spelled out; so are some with kanji, and kanji that the library reads
    anew by their context (対等). Other words are in the dictionary as they sound: 思う, うろうろ,
    そういう and 湖 keep their ウ.
    """
    if not any(map(_may_be_long, nodes)):
        return nodes
    said = [_lengthen_word(node) for node in nodes]
    for before, node in itertools.pairwise(said):
        # ほんとう is taken for ほんと and a cry.
        if node["string"] == "う" and node["pos"] == "感動詞":
            node["pron"] = _SPELLED_OUT.sub("ー", before["pron"][-1:] + node["pron"])[-1]
    return said


def _may_be_long(node: Node) -> bool:
    """Whether a word is looked at; asked of every word, of which most are not."""
    word = node["string"]
    return "ぁ" <= word[:1] <= "ゖ" or len(word) == 1 or word in _LONG


def _lengthen_word(node: Node) -> Node:
    word = node["string"]
    if word in _LONG or (len(word) == 1 and _is_on_reading(node)):
        return {**node, "pron": _SPELLED_OUT.sub("ー", node["pron"])}
    if node["pos"] != "名詞" or node["pos_group1"] == "固有名詞" or word in _PARTED:
        return node
    if _HIRAGANA.fullmatch(word) is None:
        return node
    return {**node, "pron": _SPELLED_OUT.sub("ー", node["pron"])}


def _is_on_reading(node: Node) -> bool:
    """Whether a kanji is read so, and is no verb: トウ of 等, ショウ of 小."""
    return node["pos"] in _NOUNS and is_long_on_reading(node["pron"].replace(DEVOICED, ""))
