"""Words whose reading their neighbours decide, where the dictionary alone gets them wrong.

Every rule was added for text that pyopenjtalk-plus 0.4.1 misreads. Most rules name neighbours that
leave one reading: 店が開く is アク, 店を開く may be either and is left to the dictionary. The others
are of words that it reads wrong without any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese import collocations
from tts_assets.japanese.collocations import ContextRule
from tts_assets.japanese.forcing import ReadingChange, override_reading
from tts_assets.japanese.kana import is_katakana, kana_to_katakana, pronunciation_key
from tts_assets.japanese.nodes import (
    find_word_starts,
    node_to_kana,
    nodes_to_text,
    to_accent_phrases,
)
from tts_assets.japanese.weekdays import WEEKDAYS, find_weekdays

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.japanese.analyses import JapaneseAnalyzer
    from tts_assets.japanese.nodes import Nodes


#: Of the subject or the topic, with a few words between that bring in no object.
_SUBJECT = "(?:[がはも][^を、。]{0,6}?|の)"
_PICTURE = "(?:絵|図|線|円|丸|漫画|マンガ|眉)"
_FOOD = "(?:カレー|キムチ|ラーメン|スープ|ソース|料理|食べ物|もの|物|味|唐辛子|わさび)"
_SOILED = "(?:水|空気|川|海|環境|服|手|足|顔|床|シャツ|靴|ズボン|スカート|着物|部屋|壁|本|紙)"
_ON_THE_HEAD = "(?:帽子|ヘルメット|布団|毛布|仮面|面|かつら|笠|頭巾|ベール)"
_OPENING = "(?:ドア|扉|戸|窓|店|目|口|穴|鍵|蓋|幕|門|栓|シャッター|ふた)"
_ANIMAL = "(?:牛|鹿|羊|山羊|サイ|鬼|カブトムシ|トナカイ)"
_HUGGED = "(?:子供|子ども|子|赤ちゃん|赤ん坊|犬|猫|人形|ぬいぐるみ|肩|娘|息子)"
_PLACE = "(?:道|通り|場所|路地|公園|夜道|山道|海岸|浜|森|廊下|所)"
_HABIT = "(?:酒|煙草|タバコ|たばこ|仕事|会社|学校)"
_MONEY = "(?:欲し|借|貸|払|稼|もら|貯|盗|返|儲|要|足り|ない|無い|かか)"
_MORE = (
    "(?:元気|上手|下手|楽|静か|便利|前|昔|遅|早|速|増|減|違|慣|疲|変わ|近|遠|大き|小さ|長|短|暑|寒)"
)

_NUMERAL = "[一二三四五六七八九十百千万０-９]"
_COUNT = "[一二三四五六七八九十何数]"
_WEATHER = "(?:晴れ?|はれ|曇り?|くもり|雨|雪)"
_WRITTEN_ON = "(?:(?<!用)紙|布|(?<!言)葉|カード|封筒|はがき|葉書|切符|コイン|硬貨|生地)"
_AIMED = "(?:話|話題|本題|弾|球|ボール|矢|コース|軌道|注意|気)"
#: What is held or carried out: 調査, 試合, 授業.
_SET = (
    "(?:[一-龥][査業究験式議習練動術療事演表挙票引務理営売集革整論渉合育導価析定察備除検発造産認討録"
    "奏談接修算策援護更置告診断判給善布訓]|(?:(?<![一-龥])|[大集総面司習強明動表親別迎演覧話究])会"
    "|式|手続き|テスト|イベント|サービス|アンケート|セミナー|コンサート|パーティー|キャンペーン)"
)
_DOING = (
    "(?:希望|参加|利用|予約|購入|応募|使用|来場|乗車|出席|欠席|入会|入場|受験|見学|申請|登録|該当)"
)
_POLITE = (
    "(?:お(?:年寄り|持ち|越し|探し|急ぎ|困り|待ち|住まい|勤め|泊まり|乗り|降り|忘れ|連れ|悩み|考え|申し込み)"
    "|ご(?:利用|希望|存知|存じ|来店|来場|予約|年配|高齢|出席|参加|本人)|年配|高齢|初めて|はじめて)"
)
_COUNTRY = (
    "(?:日本|外国|[中韓英米]国|台湾|香港|アメリカ|カナダ|イギリス|フランス|ドイツ|イタリア|スペイン|ロシア"
    "|インド|タイ|ベトナム|フィリピン|インドネシア|マレーシア|ネパール|ミャンマー|ブラジル"
    "|オーストラリア|メキシコ)"
)
_OLD = "(?:お年寄り|ご?年配|ご?高齢)"
#: Behind が and も, what says of people that they are there.
_ARE_THERE = "(?:い(?:ます|る|た|て)|いらっしゃ|おられ|おり|来(?:ます|まし|る|た)|見えま|大勢)"
#: Behind 方, what is told of people, or asked of them.
_TO_PERSONS = (
    "(?:は(?:いらっしゃ|おられ|お?申し|お知らせ|お問い|お早め|ご(?:連絡|存|注意)|どうぞ"
    f"|[^、。]{{0,15}}(?:ください|下さい))|(?:が|も){_ARE_THERE}|への|へお|どうぞ"
    "|に(?:お(?:知らせ|願い)|聞|会|尋)|と(?:話|会)|でも(?:安心|簡単|大丈夫|楽し|気軽)|。|$)"
)

CONTEXT_RULES = (
    # Words that the dictionary reads wrong wherever they stand; rules below may know better.
    ContextRule("", "潰れる", "", "ツブレル"),
    ContextRule("", "惚れる", "", "ホレル"),
    ContextRule("", "紛れる", "", "マギレル"),
    ContextRule("", "萎れる", "", "シオレル"),
    ContextRule("", "凭れる", "", "モタレル"),
    ContextRule("", "強いる", "", "シイル"),
    ContextRule("", "労わ", "[らりるれろっ]", "イタワ"),
    ContextRule("", "揶揄わ", "", "カラカワ"),
    ContextRule("", "揶揄い", "", "カラカイ"),
    ContextRule("", "揶揄う", "", "カラカウ"),
    ContextRule("", "揶揄え", "", "カラカエ"),
    ContextRule("", "揶揄っ", "[たて]", "カラカッ"),
    ContextRule("", "彷徨わ", "", "サマヨワ"),
    ContextRule("", "彷徨い", "", "サマヨイ"),
    ContextRule("", "彷徨う", "", "サマヨウ"),
    ContextRule("", "彷徨え", "", "サマヨエ"),
    ContextRule("", "彷徨っ", "[たて]", "サマヨッ"),
    ContextRule("", "厳か", "", "オゴソカ"),
    ContextRule("", "密か", "", "ヒソカ"),
    ContextRule("(?<!は)", "疎か", "", "オロソカ"),
    ContextRule("", "狡い", "", "ズルイ"),
    ContextRule("", "弛む", "", "タルム"),
    ContextRule("(?<![一-龥])", "鋸", "", "ノコギリ"),
    ContextRule("", "此処", "(?!ら)", "ココ"),
    ContextRule("", "其処", "(?!ら)", "ソコ"),
    ContextRule("(?<![大美偉])", "丈夫", "", "ジョウブ"),
    ContextRule("(?<![一-龥])", "所帯", "", "ショタイ"),
    ContextRule("", "蒲公英", "", "タンポポ"),
    ContextRule("", "七夕", "", "タナバタ"),
    ContextRule("", "日本人", "", "ニホンジン"),
    ContextRule("", "朝ご飯", "", "アサゴハン"),
    ContextRule("", "昼ご飯", "", "ヒルゴハン"),
    ContextRule("", "晩ご飯", "", "バンゴハン"),
    ContextRule("(?<!腹)(?<!なか)(?<![腹胸か][がのはも])", "空く", "(?!じ)", "アク"),
    ContextRule("^", "逸れる", "$", "ソレル"),
    ContextRule(f"{_AIMED}(?:が|は|も|を|から)", "逸れ", "", "ソレ"),
    ContextRule("^", "汚れる", "$", "ヨゴレル"),
    ContextRule("^", "汚す", "$", "ヨゴス"),
    ContextRule("^", "白鳥", "$", "ハクチョウ"),
    ContextRule("^", "海星", "$", "ヒトデ"),
    ContextRule("^", "毛", "$", "ケ"),
    ContextRule("^", "種", "$", "タネ"),
    ContextRule("^", "素振り", "$", "ソブリ"),
    ContextRule("", "素振り", "[をもさ](?:見せ|え|示)", "ソブリ"),
    ContextRule("", "一歩", "", "イッポ"),
    # Numbers, and what is counted.
    ContextRule(_NUMERAL, "対", _NUMERAL, "タイ"),
    ContextRule(f"(?<!{_NUMERAL})", "十", f"対{_NUMERAL}", "ジュッ"),
    ContextRule(f"(?<!{_NUMERAL})", "０", "時(?!間)", "レイ"),
    ContextRule(f"(?<!{_NUMERAL})", "九十九", "(?![一-龥])", "キュウジュウキュウ"),
    ContextRule("五十", "音", "(?![一-龥])", "オン"),
    ContextRule("", "二言三言", "", "フタコトミコト"),
    ContextRule("", "何分", f"(?!不|未|初|若|ご(?!ろ|と)|の{_COUNT})", "ナンプン"),
    ContextRule("", "何分", "(?:よろし|宜し)", "ナニブン"),
    ContextRule("(?:時|前半|後半)", "八分", "", "ハップン"),
    ContextRule(
        f"(?<!{_NUMERAL})(?<![割村腹利])",
        "八分",
        "(?:前|後|間|待|歩|遅|早|過|です|で[着終]|か[かけ]|あれ|ごと)",
        "ハップン",
    ),
    ContextRule("(?:^|[、。「はがもをにへで])", "年", f"に?{_COUNT}[度回]", "ネン"),
    ContextRule(f"(?:{_COUNT}[度回錠粒日]|食[前後]|[毎今][日朝晩])", "薬", "", "クスリ"),
    ContextRule("", "何", "曜日", "ナン"),
    # People and directions.
    ContextRule(
        "", "北の方", "(?:へ|に(?:あ|行|向|住|[^、。]{1,4}が)|から|を[見向])", "キタノホウ"
    ),
    ContextRule(f"{_POLITE}の", "方", f"(?:は、|が多|へ[、。]|へ$|{_TO_PERSONS})", "カタ"),
    ContextRule(f"{_OLD}の", "方", "[をにとでは]", "カタ"),
    ContextRule(
        f"{_DOING}(?:する|した|される|された|なさる)",
        "方",
        f"(?:は、|へ[、。]|へ$|{_TO_PERSONS})",
        "カタ",
    ),
    ContextRule("(?:外国|海外|地元)の", "方", _TO_PERSONS, "カタ"),
    ContextRule(
        f"(?:^|[、。]|さんは|あなたは|それとも){_COUNTRY}の", "方", "(?:でしょう|です)か", "カタ"
    ),
    ContextRule("(?:こちら|そちら|あちら)の", "方", "は[^、。]{1,6}(?:さん|先生)", "カタ"),
    # Words whose neighbours decide.
    ContextRule(f"{_SET}を", "行", "って", "オコナ"),
    ContextRule(f"{_SET}(?:は|も)[^、。をにへ]{{1,8}}?で", "行", "っ[たて]", "オコナ"),
    ContextRule(_WEATHER, "後", _WEATHER, "ノチ"),
    ContextRule("日本", "中", "(?![一-龥])", "ジュウ"),
    ContextRule("", "今日", "的(?:な|に言|意|課|視|問|。|$)", "コンニチ"),
    ContextRule("", "気色", "(?:[のが]?悪|わる)", "キショク"),
    ContextRule("昔", "風", "(?:の(?![強音中吹])|な(?!ら|の)|。|$)", "フウ"),
    ContextRule(f"{_WRITTEN_ON}の", "表", "[にがは]", "オモテ"),
    # Sentences in kana.
    ContextRule(
        "(?:^|[、「])",
        "は",
        "(?:が(?:いた|ぬけ|はえ|しろ|くろ|きれい|わる)|を(?:みが|ぬ|なお))",
        "ハ",
    ),
    ContextRule("^", "にわには", "(?:にわ|だれ|なに|いぬ|ねこ|き[がの])", "ニワニワ"),
    ContextRule("^", "かれは", "(?![がをにのでともてっじ、。]|$)", "カレワ"),
    ContextRule(f"(?:雨|雪|雹|霙|霰){_SUBJECT}", "降", "[らりるれろっ]", "フ"),
    ContextRule(f"{_PICTURE}(?:を[^を、。]{{0,6}}?|{_SUBJECT})", "描", "[かきくけこい]", "カ"),
    ContextRule(f"{_OPENING}{_SUBJECT}", "開", "[かきくけこい]", "ア"),
    ContextRule("(?:お腹|おなか|腹|道|電車|バス)(?:が|は|も).{0,4}?", "空", "[かきくけこい]", "ス"),
    ContextRule("(?:^|、|さっき|すぐに|いつも|とても|ちょっと|もっと)", "部屋", "", "ヘヤ"),
    ContextRule(f"{_ANIMAL}の", "角", "", "ツノ"),
    ContextRule(f"{_FOOD}(?:が|は|も).{{0,4}}?", "辛", "[いかくけ]", "カラ"),
    ContextRule("", "辛", f"[いく]{_FOOD}", "カラ"),
    ContextRule("", "人気", f"の(?:ない|無い){_PLACE}", "ヒトケ"),
    ContextRule("", "大分", _MORE, "ダイブ"),
    ContextRule("(?<![一-龥])", "市場", "(?:へ|に)(?:行|買|出かけ)", "イチバ"),
    ContextRule("(?<![一-龥])", "市場", "で(?:.{0,3})?(?:魚|野菜|果物|肉|花|食べ物|買)", "イチバ"),
    ContextRule("", "金", f"[をが]{_MONEY}", "カネ"),
    ContextRule(f"{_SOILED}を", "汚", "[さしすせそ]", "ヨゴ"),
    ContextRule(f"{_SOILED}(?:が|は|も)", "汚", "れ", "ヨゴ"),
    ContextRule(f"{_HUGGED}を", "抱", "[かきくけこい]", "ダ"),
    ContextRule("", "表", "(?:に出|へ出|で遊|で待)", "オモテ"),
    ContextRule("裏[とも]", "表", "", "オモテ"),
    ContextRule("", "表", "[とも]裏", "オモテ"),
    ContextRule("[いな]", "臭い", "(?:が|を|は|も|で|に|。|$)", "ニオイ"),
    ContextRule(f"{_ON_THE_HEAD}を", "被", "[らりるれろっ]", "カブ"),
    ContextRule("(?<![一二三四五六七八九十百割])", "五分", "(?!五|咲|刈|の)", "ゴフン"),
    ContextRule("", "八百", "(?=。|$)", "ハッピャク"),
    ContextRule(f"{_HABIT}を", "止", "め", "ヤ"),
    ContextRule("の", "後", "を(?:つ|付|追|継|続)", "アト"),
    ContextRule("", "小父", "さん", "オジ"),
    ContextRule("", "何時", "も", "イツ"),
    ContextRule("", "一目", "(?:で|見|惚|ぼれ)", "ヒトメ"),
    ContextRule("", "床", "に就", "トコ"),
    ContextRule("", "三行", "(?!半)", "サンギョウ"),
    ContextRule("", "一行", "目", "イチギョウ"),
    ContextRule("", "額", "(?:に汗|の汗|が広|を拭|をぬぐ|に手)", "ヒタイ"),
    ContextRule("", "種", "を(?:ま[いかきく]|蒔|植)", "タネ"),
    ContextRule("", "最中", "を食べ", "モナカ"),
    ContextRule("", "街中", "[でにをの]", "マチナカ"),
    ContextRule("", "間", "が(?:悪|持た|もた|抜け)", "マ"),
    *collocations.COLLOCATION_RULES,
)
_PATTERNS = [
    (rule.word[0], re.compile(f"{rule.before}({rule.word}){rule.after}"), rule.reading)
    for rule in CONTEXT_RULES
]
#: Verbs that the dictionary has in pieces, and their forms.
_VERBS = frozenset({"揶揄", "彷徨"})
_FIVE_STEPS = "五段・ワ行促音便"
_FORMS = {
    "わ": (_FIVE_STEPS, "未然形"),
    "い": (_FIVE_STEPS, "連用形"),
    "う": (_FIVE_STEPS, "基本形"),
    "え": (_FIVE_STEPS, "仮定形"),
    "っ": (_FIVE_STEPS, "連用タ接続"),
    "われ": ("一段", "連用形"),
}
_DECIDED = frozenset(rule.word[0] for rule in CONTEXT_RULES) | frozenset(WEEKDAYS)


def analyze_in_context(text: str, dictionary: JapaneseAnalyzer) -> Nodes:
    """The dictionary's best analysis of a text, with what its context decides read so.

    Raises:
        ClipError: the text is too long.
    """
    return apply_context(dictionary.analyze_best(text), text, dictionary)


def apply_context(nodes: Nodes, text: str, dictionary: JapaneseAnalyzer) -> Nodes:
    """The best analysis of a text with what its context decides; the very same if that is nothing."""
    whole, wanted, _ = find_context_changes(nodes)
    return override_reading(text, whole, wanted, dictionary).nodes if wanted else nodes


class ContextChanges(NamedTuple):
    """What context decides of an analysis.

    Args:
        nodes: the analysis, with verbs that it has in pieces as one word each.
        changes: the words that are read otherwise, in order.
        decided: begin and end in the text of every word that context decides.
    """

    nodes: Nodes
    changes: list[ReadingChange]
    decided: list[tuple[int, int]]


def find_context_changes(nodes: Nodes) -> ContextChanges:
    """What the context of its words changes in an analysis."""
    # Numbers are written otherwise in an analysis than in the text.
    spelled = nodes_to_text(nodes)
    if _DECIDED.isdisjoint(spelled):
        return ContextChanges(nodes, [], [])
    whole = _merge_verbs(nodes)
    found = _match_rules(spelled)
    return ContextChanges(
        whole,
        list(_select_changes(whole, spelled, found)),
        [(begin, end) for begin, end, _ in found],
    )


def _merge_verbs(nodes: Nodes) -> Nodes:
    """The words with 彷徨 and う as one verb, so that its う is no long vowel."""
    whole: Nodes = []
    for node in nodes:
        if not whole or whole[-1]["string"] not in _VERBS or node["string"] not in _FORMS:
            whole.append(node)
            continue
        verb = whole[-1] = whole[-1].copy()
        verb["string"] += node["string"]
        verb["pos"], verb["pos_group1"] = "動詞", "自立"
        verb["ctype"], verb["cform"] = _FORMS[node["string"]]
    return whole


def _select_changes(
    nodes: Nodes, text: str, decided: Iterable[tuple[int, int, str]]
) -> Iterator[ReadingChange]:
    """What the dictionary reads otherwise than its context asks for, in order."""
    starts = {at: number for number, at in enumerate(find_word_starts(nodes))}
    done = 0
    for begin, end, reading in decided:
        first = starts.get(begin)
        last = next((starts[at] for at in range(end, len(text) + 1) if at in starts), None)
        if first is None or last is None or begin < done:
            continue
        words = nodes[first:last]
        done = stop = begin + len(nodes_to_text(words))
        if any(node["is_reading_protected"] for node in words):
            continue
        whole = reading + kana_to_katakana(text[end:stop])
        differs = pronunciation_key("".join(map(node_to_kana, words))) != pronunciation_key(whole)
        # 朝ご飯 is read well, but said as two words.
        if is_katakana(whole) and (differs or len(to_accent_phrases(words)) > 1):
            yield ReadingChange(first, last, whole)


def _match_rules(text: str) -> list[tuple[int, int, str]]:
    """Begin, end and reading of what its context decides, in order."""
    found = {
        match.start(1): (match.end(1), reading)
        for first_letter, pattern, reading in _PATTERNS
        if first_letter in text
        for match in pattern.finditer(text)
    }
    found |= {begin: (end, reading) for begin, end, reading in find_weekdays(text)}
    return sorted((begin, *rest) for begin, rest in found.items())
