"""Words with more than one common reading, which a sentence does not always settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets.domain import AmbiguousWord
from tts_assets.japanese.kana import kana_to_katakana, pronunciation_key
from tts_assets.japanese.nodes import find_word_starts, node_to_kana, nodes_to_text
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tts_assets.japanese.nodes import Node, Nodes

#: Each word with its readings. In brackets, how the okurigana of a verb or an adjective begins;
#: the readings are without them.
_WORDS = """
空 ソラ カラ
下 モト シタ
金 カネ キン
表 オモテ ヒョウ
額 ヒタイ ガク
一月 イチガツ ヒトツキ
一日 イチニチ ツイタチ
十分 ジュウブン ジュップン
市場 イチバ シジョウ
角 カド カク ツノ スミ
面 メン オモテ ツラ
縁 エン フチ
側 ガワ ソバ
端 ハシ ハタ
主 ヌシ アルジ シュ
背 セ セイ
皆 ミナ ミンナ
他 ホカ タ
昨夜 サクヤ ユウベ
明後日 アサッテ ミョウゴニチ
一昨日 オトトイ イッサクジツ
一行 イッコウ イチギョウ
一目 ヒトメ イチモク
大家 オオヤ タイカ
生物 セイブツ ナマモノ
色紙 イロガミ シキシ
風車 フウシャ カザグルマ
寒気 サムケ カンキ
牧場 ボクジョウ マキバ
草原 ソウゲン クサハラ
目下 メシタ モッカ
人事 ジンジ ヒトゴト
仮名 カナ カメイ
見物 ケンブツ ミモノ
初日 ショニチ ハツヒ
白髪 シラガ ハクハツ
札 フダ サツ
粉 コナ コ
柄 ガラ エ
根 ネ コン
節 フシ セツ
実 ミ ジツ
種 タネ シュ
便 ビン ベン
位 クライ イ
否 イナ イヤ ヒ
空き アキ スキ
心中 シンチュウ シンジュウ
清水 シミズ キヨミズ
経緯 ケイイ イキサツ
黄金 オウゴン コガネ
重複 チョウフク ジュウフク
早急 サッキュウ ソウキュウ
依存 イゾン イソン
世論 ヨロン セロン
出生 シュッショウ シュッセイ
故郷 コキョウ フルサト
玩具 オモチャ ガング
戯言 タワゴト ザレゴト
水面 スイメン ミナモ
憧憬 ショウケイ ドウケイ
施行 シコウ セコウ
貼付 チョウフ テンプ
愛着 アイチャク アイジャク
街中 マチナカ マチジュウ
町中 マチナカ マチジュウ
今日中 キョウジュウ コンニチチュウ
何人 ナンニン ナニジン
大分 ダイブ オオイタ
仇 カタキ アダ
剣 ケン ツルギ
園 エン ソノ
嚥下 エンカ エンゲ
口腔 コウコウ コウクウ
腹腔 フクコウ フッコウ フクコー フククウ
五分 ゴフン ゴブ
悪口 ワルグチ ワルクチ
木の葉 コノハ キノハ
毎年 マイトシ マイネン
毎月 マイツキ マイゲツ
紅葉 コウヨウ モミジ
生花 セイカ イケバナ
零 レイ ゼロ
竹林 チクリン タケバヤシ
発足 ホッソク ハッソク
良[い] ヨ イ
辛[いかくけさす] ツラ カラ
臭[い] クサ ニオ
開[かきくい] ヒラ ア
空[かきくい] ス ア
止[め] ト ヤ
抱[かきくけこい] ダ イダ
弾[かきくけこい] ヒ ハジ
注[がぎぐげごい] ソソ ツ
避[け] サ ヨ
堪[え] コラ タ コタ
描[かきくけこい] カ エガ
被[らりるれろっ] カブ コウム
汚[さしすせそれ] ヨゴ ケガ
潜[らりるれろっ] モグ クグ
埋[まめ] ウ ウズ
脅[か] オド オビヤ
逸[れ] ソ ハグ
擦[らりるれろっ] コス ス カス
拭[いうわえ] フ ヌグ
免[れ] マヌガ マヌカ
逝[かきくけこっ] イ ユ
絡[まみむめ] カラ
"""


class _Homograph(NamedTuple):
    """A word, how its okurigana may begin ("" for a noun), and its readings."""

    spelling: str
    okurigana: str
    readings: tuple[str, ...]


class Ambiguity(NamedTuple):
    """An ambiguous word, and where it stands in the text of the analysis."""

    start: int
    end: int
    word: AmbiguousWord


def _parse_homograph(line: str) -> _Homograph:
    word, *readings = line.split()
    spelling, _, okurigana = word.rstrip("]").partition("[")
    return _Homograph(spelling, okurigana, tuple(readings))


_HOMOGRAPHS_BY_FIRST: dict[str, list[_Homograph]] = {}
for _line in _WORDS.strip().splitlines():
    _found = _parse_homograph(_line)
    _HOMOGRAPHS_BY_FIRST.setdefault(_found.spelling[0], []).append(_found)
#: Behind の, a verb or an adjective, 方 may be a person or a side; a comparison is always a side.
_SIDE_OR_PERSON = compile_lazy(
    "(?:男性|女性|男|女|年配|高齢者|お客様)の(方)が|(?:の|[いなたる])(方)(?:[はもとに、。]|で[すし]|だ|$)"
)
#: Words that have one reading there.
_UNAMBIGUOUS = compile_lazy(
    "円(札)|(大家)さん|月(一日)|(一日)おき|[東西南北]の(方)|(?:株式|金融|労働|国際|国内|証券|為替)(市場)|(今日中)に|(一月)[はのに](?:寒|終|初|中旬|入)"
)
_SIDES = ("ホウ", "カタ")


def find_ambiguities(nodes: Nodes) -> Iterator[Ambiguity]:
    """The words of an analysis that have another common reading."""
    text = nodes_to_text(nodes)
    settled = {match.start(match.lastindex or 0) for match in _UNAMBIGUOUS.finditer(text)}
    persons = {match.start(match.lastindex or 0) for match in _SIDE_OR_PERSON.finditer(text)}
    for node, start in zip(nodes, find_word_starts(nodes), strict=False):
        if node["is_reading_protected"] or start in settled:
            continue
        others = _find_other_readings(node)
        if start in persons and node["string"] == "方":
            others = _exclude_reading(node_to_kana(node), _SIDES)
        if others:
            end = start + len(node["string"])
            yield Ambiguity(start, end, AmbiguousWord(node["string"], node_to_kana(node), others))


def describe_ambiguities(words: Iterable[AmbiguousWord]) -> str:
    """How ambiguous words are said and how else they may be read; each word once."""
    return ", ".join(
        f"{word.spelling} is said {word.said}, and may be read {' or '.join(word.others)}"
        for word in dict.fromkeys(words)
    )


def _find_other_readings(node: Node) -> tuple[str, ...]:
    spelling = node["string"]
    for known in _HOMOGRAPHS_BY_FIRST.get(spelling[:1], ()):
        ending = spelling.removeprefix(known.spelling)
        if known.okurigana:
            if ending[:1] not in known.okurigana or not ending or ending == spelling:
                continue
        elif ending:
            continue
        rest = kana_to_katakana(ending)
        others = _exclude_reading(
            node_to_kana(node), [reading + rest for reading in known.readings]
        )
        if others:
            return others
    return ()


def _exclude_reading(said: str, readings: Sequence[str]) -> tuple[str, ...]:
    """The readings that are not said; none if what is said is not one of them."""
    key = pronunciation_key(said)
    others = tuple(reading for reading in readings if pronunciation_key(reading) != key)
    return others if len(others) < len(readings) else ()
