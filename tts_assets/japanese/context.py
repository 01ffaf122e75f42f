"""Words whose reading their neighbours decide, where the dictionary alone gets them wrong.

Every rule was added for text that pyopenjtalk-plus 0.4.1 misreads. Most rules name neighbours that
leave one reading: 店が開く is アク, 店を開く may be either and is left to the dictionary. The others
are of words that it reads wrong without any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese import collocations
from tts_assets.japanese.collocations import Rule
from tts_assets.japanese.forcing import Change, forced
from tts_assets.japanese.kana import is_katakana, katakana, pronunciation_key
from tts_assets.japanese.nodes import kana, phrases, starts_of, text_of
from tts_assets.japanese.weekdays import WEEKDAYS, weekdays

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.japanese.analyses import Analyses
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

RULES = (
    # Words that the dictionary reads wrong wherever they stand; rules below may know better.
    Rule("", "潰れる", "", "ツブレル"),
    Rule("", "惚れる", "", "ホレル"),
    Rule("", "紛れる", "", "マギレル"),
    Rule("", "萎れる", "", "シオレル"),
    Rule("", "凭れる", "", "モタレル"),
    Rule("", "強いる", "", "シイル"),
    Rule("", "労わ", "[らりるれろっ]", "イタワ"),
    Rule("", "揶揄わ", "", "カラカワ"),
    Rule("", "揶揄い", "", "カラカイ"),
    Rule("", "揶揄う", "", "カラカウ"),
    Rule("", "揶揄え", "", "カラカエ"),
    Rule("", "揶揄っ", "[たて]", "カラカッ"),
    Rule("", "彷徨わ", "", "サマヨワ"),
    Rule("", "彷徨い", "", "サマヨイ"),
    Rule("", "彷徨う", "", "サマヨウ"),
    Rule("", "彷徨え", "", "サマヨエ"),
    Rule("", "彷徨っ", "[たて]", "サマヨッ"),
    Rule("", "厳か", "", "オゴソカ"),
    Rule("", "密か", "", "ヒソカ"),
    Rule("(?<!は)", "疎か", "", "オロソカ"),
    Rule("", "狡い", "", "ズルイ"),
    Rule("", "弛む", "", "タルム"),
    Rule("(?<![一-龥])", "鋸", "", "ノコギリ"),
    Rule("", "此処", "(?!ら)", "ココ"),
    Rule("", "其処", "(?!ら)", "ソコ"),
    Rule("(?<![大美偉])", "丈夫", "", "ジョウブ"),
    Rule("(?<![一-龥])", "所帯", "", "ショタイ"),
    Rule("", "蒲公英", "", "タンポポ"),
    Rule("", "七夕", "", "タナバタ"),
    Rule("", "日本人", "", "ニホンジン"),
    Rule("", "朝ご飯", "", "アサゴハン"),
    Rule("", "昼ご飯", "", "ヒルゴハン"),
    Rule("", "晩ご飯", "", "バンゴハン"),
    Rule("(?<!腹)(?<!なか)(?<![腹胸か][がのはも])", "空く", "(?!じ)", "アク"),
    Rule("^", "逸れる", "$", "ソレル"),
    Rule(f"{_AIMED}(?:が|は|も|を|から)", "逸れ", "", "ソレ"),
    Rule("^", "汚れる", "$", "ヨゴレル"),
    Rule("^", "汚す", "$", "ヨゴス"),
    Rule("^", "白鳥", "$", "ハクチョウ"),
    Rule("^", "海星", "$", "ヒトデ"),
    Rule("^", "毛", "$", "ケ"),
    Rule("^", "種", "$", "タネ"),
    Rule("^", "素振り", "$", "ソブリ"),
    Rule("", "素振り", "[をもさ](?:見せ|え|示)", "ソブリ"),
    Rule("", "一歩", "", "イッポ"),
    # Numbers, and what is counted.
    Rule(_NUMERAL, "対", _NUMERAL, "タイ"),
    Rule(f"(?<!{_NUMERAL})", "十", f"対{_NUMERAL}", "ジュッ"),
    Rule(f"(?<!{_NUMERAL})", "０", "時(?!間)", "レイ"),
    Rule(f"(?<!{_NUMERAL})", "九十九", "(?![一-龥])", "キュウジュウキュウ"),
    Rule("五十", "音", "(?![一-龥])", "オン"),
    Rule("", "二言三言", "", "フタコトミコト"),
    Rule("", "何分", f"(?!不|未|初|若|ご(?!ろ|と)|の{_COUNT})", "ナンプン"),
    Rule("", "何分", "(?:よろし|宜し)", "ナニブン"),
    Rule("(?:時|前半|後半)", "八分", "", "ハップン"),
    Rule(
        f"(?<!{_NUMERAL})(?<![割村腹利])",
        "八分",
        "(?:前|後|間|待|歩|遅|早|過|です|で[着終]|か[かけ]|あれ|ごと)",
        "ハップン",
    ),
    Rule("(?:^|[、。「はがもをにへで])", "年", f"に?{_COUNT}[度回]", "ネン"),
    Rule(f"(?:{_COUNT}[度回錠粒日]|食[前後]|[毎今][日朝晩])", "薬", "", "クスリ"),
    Rule("", "何", "曜日", "ナン"),
    # People and directions.
    Rule("", "北の方", "(?:へ|に(?:あ|行|向|住|[^、。]{1,4}が)|から|を[見向])", "キタノホウ"),
    Rule(f"{_POLITE}の", "方", f"(?:は、|が多|へ[、。]|へ$|{_TO_PERSONS})", "カタ"),
    Rule(f"{_OLD}の", "方", "[をにとでは]", "カタ"),
    Rule(
        f"{_DOING}(?:する|した|される|された|なさる)",
        "方",
        f"(?:は、|へ[、。]|へ$|{_TO_PERSONS})",
        "カタ",
    ),
    Rule("(?:外国|海外|地元)の", "方", _TO_PERSONS, "カタ"),
    Rule(f"(?:^|[、。]|さんは|あなたは|それとも){_COUNTRY}の", "方", "(?:でしょう|です)か", "カタ"),
    Rule("(?:こちら|そちら|あちら)の", "方", "は[^、。]{1,6}(?:さん|先生)", "カタ"),
    # Words whose neighbours decide.
    Rule(f"{_SET}を", "行", "って", "オコナ"),
    Rule(f"{_SET}(?:は|も)[^、。をにへ]{{1,8}}?で", "行", "っ[たて]", "オコナ"),
    Rule(_WEATHER, "後", _WEATHER, "ノチ"),
    Rule("日本", "中", "(?![一-龥])", "ジュウ"),
    Rule("", "今日", "的(?:な|に言|意|課|視|問|。|$)", "コンニチ"),
    Rule("", "気色", "(?:[のが]?悪|わる)", "キショク"),
    Rule("昔", "風", "(?:の(?![強音中吹])|な(?!ら|の)|。|$)", "フウ"),
    Rule(f"{_WRITTEN_ON}の", "表", "[にがは]", "オモテ"),
    # Sentences in kana.
    Rule(
        "(?:^|[、「])",
        "は",
        "(?:が(?:いた|ぬけ|はえ|しろ|くろ|きれい|わる)|を(?:みが|ぬ|なお))",
        "ハ",
    ),
    Rule("^", "にわには", "(?:にわ|だれ|なに|いぬ|ねこ|き[がの])", "ニワニワ"),
    Rule("^", "かれは", "(?![がをにのでともてっじ、。]|$)", "カレワ"),
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
    Rule("の", "後", "を(?:つ|付|追|継|続)", "アト"),
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
    *collocations.RULES,
)
_PATTERNS = [
    (rule.word[0], re.compile(f"{rule.before}({rule.word}){rule.after}"), rule.reading)
    for rule in RULES
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
_DECIDED = frozenset(rule.word[0] for rule in RULES) | frozenset(WEEKDAYS)


def corrected(text: str, dictionary: Analyses) -> Nodes:
    """The dictionary's best analysis of a text, with what its context decides read so.

    Raises:
        ClipError: the text is too long.
    """
    return corrected_in(dictionary.best(text), text, dictionary)


def corrected_in(nodes: Nodes, text: str, dictionary: Analyses) -> Nodes:
    """The best analysis of a text with what its context decides; the very same if that is nothing."""
    whole, wanted, _ = changes_in(nodes)
    return forced(text, whole, wanted, dictionary).nodes if wanted else nodes


class ContextChanges(NamedTuple):
    """What context decides of an analysis.

    Args:
        nodes: the analysis, with verbs that it has in pieces as one word each.
        changes: the words that are read otherwise, in order.
        decided: begin and end in the text of every word that context decides.
    """

    nodes: Nodes
    changes: list[Change]
    decided: list[tuple[int, int]]


def changes_in(nodes: Nodes) -> ContextChanges:
    """What the context of its words changes in an analysis."""
    # Numbers are written otherwise in an analysis than in the text.
    spelled = text_of(nodes)
    if _DECIDED.isdisjoint(spelled):
        return ContextChanges(nodes, [], [])
    whole = _with_whole_verbs(nodes)
    found = _decided(spelled)
    return ContextChanges(
        whole, list(_wanted(whole, spelled, found)), [(begin, end) for begin, end, _ in found]
    )


def _with_whole_verbs(nodes: Nodes) -> Nodes:
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


def _wanted(nodes: Nodes, text: str, decided: Iterable[tuple[int, int, str]]) -> Iterator[Change]:
    """What the dictionary reads otherwise than its context asks for, in order."""
    starts = {at: number for number, at in enumerate(starts_of(nodes))}
    done = 0
    for begin, end, reading in decided:
        first = starts.get(begin)
        last = next((starts[at] for at in range(end, len(text) + 1) if at in starts), None)
        if first is None or last is None or begin < done:
            continue
        words = nodes[first:last]
        done = stop = begin + len(text_of(words))
        if any(node["is_reading_protected"] for node in words):
            continue
        whole = reading + katakana(text[end:stop])
        differs = pronunciation_key("".join(map(kana, words))) != pronunciation_key(whole)
        # 朝ご飯 is read well, but said as two words.
        if is_katakana(whole) and (differs or len(phrases(words)) > 1):
            yield Change(first, last, whole)


def _decided(text: str) -> list[tuple[int, int, str]]:
    """Begin, end and reading of what its context decides, in order."""
    found = {
        match.start(1): (match.end(1), reading)
        for first_letter, pattern, reading in _PATTERNS
        if first_letter in text
        for match in pattern.finditer(text)
    }
    found |= {begin: (end, reading) for begin, end, reading in weekdays(text)}
    return sorted((begin, *rest) for begin, rest in found.items())
