"""Words whose reading their neighbours decide, where the dictionary alone gets them wrong.

Every rule was added for text that pyopenjtalk-plus 0.4.1 misreads. Rules only name neighbours that
leave one reading: 店が開く is アク, 店を開く may be either and is left to the dictionary.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.forcing import Change, forced
from tts_assets.japanese.kana import is_katakana, katakana, pronunciation_key
from tts_assets.japanese.nodes import kana

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.japanese.analyses import Analyses
    from tts_assets.japanese.nodes import Nodes


class Rule(NamedTuple):
    """A reading that context decides.

    Args:
        before: a pattern of what stands before.
        word: what the reading is of, without okurigana.
        after: a pattern of what stands behind.
        reading: in katakana.
    """

    before: str
    word: str
    after: str
    reading: str


#: Of the subject or the topic, with a few words between that bring in no object.
_SUBJECT = "(?:[がはも][^を、。]{0,6}?|の)"
_PICTURE = "(?:絵|図|線|円|丸|漫画|マンガ|眉)"
_FOOD = "(?:カレー|キムチ|ラーメン|スープ|ソース|料理|食べ物|もの|物|味|唐辛子|わさび)"
_SOILED = "(?:服|手|足|顔|床|シャツ|靴|ズボン|スカート|着物|部屋|壁|本|紙)"
_ON_THE_HEAD = "(?:帽子|ヘルメット|布団|毛布|仮面|面|かつら|笠|頭巾|ベール)"
_OPENING = "(?:ドア|扉|戸|窓|店|目|口|穴|鍵|蓋|幕)"
_ANIMAL = "(?:牛|鹿|羊|山羊|サイ|鬼|カブトムシ|トナカイ)"
_HUGGED = "(?:子供|子ども|子|赤ちゃん|赤ん坊|犬|猫|人形|ぬいぐるみ|肩|娘|息子)"
_PLACE = "(?:道|通り|場所|路地|公園|夜道|山道|海岸|浜|森|廊下|所)"
_HABIT = "(?:酒|煙草|タバコ|たばこ|仕事|会社|学校)"
_MONEY = "(?:欲し|借|貸|払|稼|もら|貯|盗|返|儲|要|足り|ない|無い|かか)"
_MORE = (
    "(?:元気|上手|下手|楽|静か|便利|前|昔|遅|早|速|増|減|違|慣|疲|変わ|近|遠|大き|小さ|長|短|暑|寒)"
)

RULES = (
    Rule(f"(?:雨|雪|雹|霙|霰){_SUBJECT}", "降", "[らりるれろっ]", "フ"),
    Rule(f"{_PICTURE}(?:を[^を、。]{{0,6}}?|{_SUBJECT})", "描", "[かきくけこい]", "カ"),
    Rule(f"{_OPENING}{_SUBJECT}", "開", "[かきくけこい]", "ア"),
    Rule("(?:お腹|おなか|腹|道|電車|バス)(?:が|は|も).{0,4}?", "空", "[かきくけこい]", "ス"),
    Rule("(?:^|、|さっき|すぐに|いつも|とても|ちょっと|もっと)", "部屋", "", "ヘヤ"),
    Rule(f"{_ANIMAL}の", "角", "", "ツノ"),
    Rule(f"{_FOOD}(?:が|は|も).{{0,4}}?", "辛", "[いかくけ]", "カラ"),
    Rule("", "辛", f"[いく]{_FOOD}", "カラ"),
    Rule("", "人気", f"の(?:ない|無い){_PLACE}", "ヒトケ"),
    Rule("", "大分", _MORE, "ダイブ"),
    Rule("(?<![一-龥])", "市場", "(?:へ|に)(?:行|買|出かけ)", "イチバ"),
    Rule("(?<![一-龥])", "市場", "で(?:.{0,3})?(?:魚|野菜|果物|肉|花|食べ物|買)", "イチバ"),
    Rule("", "金", f"[をが]{_MONEY}", "カネ"),
    Rule(f"{_SOILED}を", "汚", "[さしすせそ]", "ヨゴ"),
    Rule(f"{_SOILED}(?:が|は|も)", "汚", "れ", "ヨゴ"),
    Rule(f"{_HUGGED}を", "抱", "[かきくけこい]", "ダ"),
    Rule("", "表", "(?:に出|へ出|で遊|で待)", "オモテ"),
    Rule("裏[とも]", "表", "", "オモテ"),
    Rule("", "表", "[とも]裏", "オモテ"),
    Rule("[いな]", "臭い", "(?:が|を|は|も|で|に|。|$)", "ニオイ"),
    Rule(f"{_ON_THE_HEAD}を", "被", "[らりるれろっ]", "カブ"),
    Rule("(?<![一二三四五六七八九十百割])", "五分", "(?!五|咲|刈|の)", "ゴフン"),
    Rule("", "八百", "(?=。|$)", "ハッピャク"),
    Rule(f"{_HABIT}を", "止", "め", "ヤ"),
    Rule("の", "後", "を(?:つ|付|追)", "アト"),
    Rule("", "小父", "さん", "オジ"),
    Rule("", "何時", "も", "イツ"),
    Rule("", "一目", "(?:で|見|惚|ぼれ)", "ヒトメ"),
    Rule("", "床", "に就", "トコ"),
    Rule("", "三行", "(?!半)", "サンギョウ"),
    Rule("", "一行", "目", "イチギョウ"),
    Rule("", "額", "(?:に汗|の汗|が広|を拭|をぬぐ|に手)", "ヒタイ"),
    Rule("", "種", "を(?:ま[いかきく]|蒔|植)", "タネ"),
    Rule("", "最中", "を食べ", "モナカ"),
    Rule("", "街中", "[でにをの]", "マチナカ"),
    Rule("", "間", "が(?:悪|持た|もた|抜け)", "マ"),
)
_PATTERNS = [
    (re.compile(f"{rule.before}({rule.word}){rule.after}"), rule.reading) for rule in RULES
]
_DECIDED = frozenset(rule.word[0] for rule in RULES)


def corrected(text: str, dictionary: Analyses) -> Nodes:
    """The dictionary's best analysis of a text, with what its context decides read so.

    Raises:
        ClipError: the text is too long.
    """
    nodes = dictionary.best(text)
    if _DECIDED.isdisjoint(text):
        return nodes
    wanted = list(_wanted(nodes))
    return forced(text, nodes, wanted, dictionary).nodes if wanted else nodes


def _wanted(nodes: Nodes) -> Iterator[Change]:
    """What the dictionary reads otherwise than its context asks for, in order."""
    text = "".join(node["string"] for node in nodes)
    found = {
        match.start(1): (match.end(1), reading)
        for pattern, reading in _PATTERNS
        for match in pattern.finditer(text)
    }
    starts = _starts(nodes)
    done = 0
    for begin, (end, reading) in sorted(found.items()):
        first = starts.get(begin)
        last = next((starts[at] for at in range(end, len(text) + 1) if at in starts), None)
        if first is None or last is None or begin < done:
            continue
        stop = sum(len(node["string"]) for node in nodes[:last])
        done = stop
        if any(node["is_reading_protected"] for node in nodes[first:last]):
            continue
        whole = reading + katakana(text[end:stop])
        now = "".join(kana(node) for node in nodes[first:last])
        if is_katakana(whole) and pronunciation_key(now) != pronunciation_key(whole):
            yield Change(first, last, whole)


def _starts(nodes: Nodes) -> dict[int, int]:
    """Where each word begins in the text; where the text ends, how many words there are."""
    starts: dict[int, int] = {}
    at = 0
    for number, node in enumerate(nodes):
        starts[at] = number
        at += len(node["string"])
    return {**starts, at: len(nodes)}
