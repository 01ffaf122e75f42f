"""Words with several common readings: by context, by a second dictionary, or reported as ambiguous."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.analysis import (
    INFLECTED,
    find_word_starts,
    node_to_kana,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_text,
)
from tts_assets.japanese.context_rules import find_context_changes
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_override import (
    ReadingChange,
    build_changed_key,
    find_agreeing_analysis,
    override_reading,
)
from tts_assets.japanese.text_rules import compile_lazy, parse_pairs
from tts_assets.model import AmbiguousWord, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tts_assets.japanese.analysis import Node, Nodes, SpanReading, UniDic, UniDicWord
    from tts_assets.japanese.dictionary import Dictionary

#: Each word with its readings. In brackets, how the okurigana of a verb or an adjective begins;
#: the readings are without them.
_WORDS = parse_pairs(
    "空:ソラ・カラ 下:モト・シタ 金:カネ・キン 表:オモテ・ヒョウ 額:ヒタイ・ガク 一月:イチガツ・ヒトツキ "
    "一日:イチニチ・ツイタチ 十分:ジュウブン・ジュップン 市場:イチバ・シジョウ 角:カド・カク・ツノ・スミ 面:メン・オモテ・ツラ "
    "縁:エン・フチ 側:ガワ・ソバ 端:ハシ・ハタ 主:ヌシ・アルジ・シュ 皆:ミナ・ミンナ 他:ホカ・タ "
    "昨夜:サクヤ・ユウベ 明後日:アサッテ・ミョウゴニチ 一昨日:オトトイ・イッサクジツ 一行:イッコウ・イチギョウ "
    "一目:ヒトメ・イチモク 大家:オオヤ・タイカ 色紙:イロガミ・シキシ 風車:フウシャ・カザグルマ "
    "寒気:サムケ・カンキ 牧場:ボクジョウ・マキバ 草原:ソウゲン・クサハラ 目下:メシタ・モッカ "
    "仮名:カナ・カメイ 見物:ケンブツ・ミモノ 初日:ショニチ・ハツヒ 白髪:シラガ・ハクハツ 札:フダ・サツ 粉:コナ・コ "
    "柄:ガラ・エ 根:ネ・コン 節:フシ・セツ 実:ミ・ジツ 種:タネ・シュ 便:ビン・ベン 位:クライ・イ 未だ:イマダ・マダ 否:イナ・イヤ・ヒ "
    "空き:アキ・スキ 心中:シンチュウ・シンジュウ 清水:シミズ・キヨミズ 経緯:ケイイ・イキサツ 黄金:オウゴン・コガネ "
    ""
    "故郷:コキョウ・フルサト 玩具:オモチャ・ガング 戯言:タワゴト・ザレゴト 水面:スイメン・ミナモ "
    "街中:マチナカ・マチジュウ "
    "町中:マチナカ・マチジュウ 今日中:キョウジュウ・コンニチチュウ 何人:ナンニン・ナニジン 大分:ダイブ・オオイタ "
    "仇:カタキ・アダ 剣:ケン・ツルギ "
    "五分:ゴフン・ゴブ "
    "紅葉:コウヨウ・モミジ 生花:セイカ・イケバナ 零:レイ・ゼロ "
    "辛[いかくけさす]:ツラ・カラ 臭[い]:クサ・ニオ "
    "開[かきくい]:ヒラ・ア 空[かきくい]:ス・ア 止[め]:ト・ヤ 抱[かきくけこい]:ダ・イダ 弾[かきくけこい]:ヒ・ハジ "
    "注[がぎぐげごい]:ソソ・ツ 避[け]:サ・ヨ 堪[え]:コラ・タ・コタ 汚[さしすせそ]:ヨゴ・ケガ 描[かきくけこい]:カ・エガ "
    "被[らりるれろっ]:カブ・コウム 潜[らりるれろっ]:モグ・クグ 埋[まめ]:ウ・ウズ "
    "通[っ]:トオ・カヨ 入[れ]:イ・ハイ 間:アイダ・マ 後:アト・ノチ 緒:オ・イトグチ 片:カタ・ヘン 盛り:モリ・サカリ 術:ジュツ・スベ 歩:ホ・ブ・フ 床:ユカ・トコ 辺:ヘン・ホトリ "
    "怒り:オコリ・イカリ 鶏:ニワトリ・トリ 訳:ワケ・ヤク 帯:オビ・タイ 印:シルシ・イン 値:ネ・アタイ 傍:ソバ・ハタ・カタワラ 分別:フンベツ・ブンベツ "
    "一途:イチズ・イット 二重:ニジュウ・フタエ 開け:アケ・ヒラケ 直に:ジカニ・ジキニ・スグニ 紛れ:マギレ・マグレ 留[まめ]:ト・トド 退[かきくけこい]:シリゾ・ヒ・ノ "
    "脅[か]:オド・オビヤ 逸[れ]:ソ・ハグ 擦[らりるれろっ]:コス・ス・カス 拭[いうわえ]:フ・ヌグ "
    "絡[まみむめ]:カラ"
)


class _Homograph(NamedTuple):
    """A word, the possible first kana of its okurigana ("" for a noun), and its readings."""

    spelling: str
    okurigana: str
    readings: tuple[str, ...]


class Ambiguity(NamedTuple):
    """An ambiguous word, and its span in the text of the analysis."""

    start: int
    end: int
    word: AmbiguousWord


_HOMOGRAPHS_BY_FIRST: dict[str, list[_Homograph]] = {}


for _word, _readings in _WORDS.items():
    _spelling, _, _okurigana = _word.rstrip("]").partition("[")
    _HOMOGRAPHS_BY_FIRST.setdefault(_spelling[0], []).append(
        _Homograph(_spelling, _okurigana, tuple(_readings.split("・")))
    )

#: Behind の, a verb or an adjective, 方 may be a person or a side; a comparison is always a side.
_SIDE_OR_PERSON = compile_lazy(
    "(?:男性|女性|男|女|年配|高齢者|お客様|[員者客師])の(方)が"
    "|(?:の|[いなたるうくすつぶむ])(方)(?:[はもとにへ、。]|で[すしも]|だ|$|の(?!が)|から|まで|のみ|など|だけ)"
)

#: Contexts in which a word has one reading only.
_UNAMBIGUOUS = compile_lazy(
    "円(札)|(開か)[れせ]|(大家)さん|(?<![月の])(一日)(?!から|まで|付|生|に[^一二三四五六七八九十数何0-9０-９])|月(一日)|[ただの](後)|(後)[ではを]"
    "|[東西南北]の(方)|(?:株式|金融|労働|国際|国内|証券|為替|海外|動画|配信|新)の?(市場)|(市場)(?:調査|経済|原理|価格|規模|シェア|開拓|[はがのも](?:成長|動き|拡大|縮小)|を独占|に(?:参入|進出))"
    "|(今日中)に|(一月)[はのに](?:寒|終|初|中旬|入)|(?:航空|宅配|書留|定期|郵|船|メール|直行|臨時|増|早い)(便)|お(金)|(金)(?:で(?:済|買)|なら)|(怒り)(?:っぽ|ま[すしせ])|(怒り)[がをのでにはも]"
    "|(?:[次前先隅]の|最初の|そこの|机の|壁の)(角)|(床)(?!に[就つ入臥伏]|を[敷上延]|$)|あの(方)|(?:保険|学生|免許|証明|社員|会員)(証)"
)

#: The same for verbs: an object with を implies いれる, とおす or あける, and はいれて is rare.
_UNAMBIGUOUS_VERBS = compile_lazy(
    "を[^、。]{0,12}?(入れ)|手に(入れ)|(入れ)(?!る|な[いかく]|ま[すせし]|そう)|[をに][^、。を]{0,4}?(通っ)|を[^、。]{0,12}?(開け)|(開け)(?![るたて])|[のるいたぬな](間)(?:[にはもでがを、。]|ずっと|$)|長い(間)"
)
_SIDES = ("ホウ", "カタ")


def find_ambiguities(nodes: Nodes) -> Iterator[Ambiguity]:
    """Find the words of an analysis that have another common reading."""
    text = nodes_to_text(nodes)
    unambiguous = _find_unambiguous(text)
    persons = {match.start(match.lastindex or 0) for match in _SIDE_OR_PERSON.finditer(text)}
    for node, start in zip(nodes, find_word_starts(nodes), strict=False):
        if node["is_reading_protected"] or start in unambiguous:
            continue
        others = _find_other_readings(node)
        if start in persons and node["string"] == "方":
            others = _exclude_reading(node_to_kana(node), _SIDES)
        if others:
            end = start + len(node["string"])
            yield Ambiguity(start, end, AmbiguousWord(node["string"], node_to_kana(node), others))


def _find_unambiguous(text: str) -> set[int]:
    """Find where words begin whose context leaves one reading."""
    return {
        match.start(match.lastindex or 0)
        for pattern in (_UNAMBIGUOUS, _UNAMBIGUOUS_VERBS)
        for match in pattern.finditer(text)
    }


def describe_ambiguities(words: Iterable[AmbiguousWord]) -> str:
    """Describe the chosen and the other readings of ambiguous words, each word once."""
    return ", ".join(
        (f"{word.spelling} is read {word.reading}, but can also be read {' or '.join(word.others)}")
        for word in dict.fromkeys(words)
    )


def _find_other_readings(node: Node) -> tuple[str, ...]:
    spelling = node["string"]
    for homograph in _HOMOGRAPHS_BY_FIRST.get(spelling[:1], ()):
        ending = spelling.removeprefix(homograph.spelling)
        if homograph.okurigana:
            if ending[:1] not in homograph.okurigana or not ending or ending == spelling:
                continue
        elif ending:
            continue
        rest = kana_to_katakana(ending)
        others = _exclude_reading(
            node_to_kana(node), [reading + rest for reading in homograph.readings]
        )
        if others:
            return others
    return ()


def _exclude_reading(chosen: str, readings: Sequence[str]) -> tuple[str, ...]:
    """Return the readings without the chosen one; none if the chosen one is not among them."""
    key = pronunciation_key(chosen)
    others = tuple(reading for reading in readings if pronunciation_key(reading) != key)
    return others if len(others) < len(readings) else ()


# Words that UniDic and OpenJTalk's dictionary read differently, and the choice between the two.
_KANJI = compile_lazy("[一-龥々]")
_KANA_AND_KANJI = compile_lazy("[ぁ-ゖ]{2,}[一-龥]")

#: No suffix with an on reading follows こんな, あまり or いい; one may follow 風切り.
_IN_KANA = compile_lazy("[ぁ-ゖ]+")

#: Words of time that OpenJTalk's dictionary takes for names.
_TIMES = frozenset({"毎日", "毎朝", "毎晩", "毎週"})

#: UniDic reads numbers digit by digit, and counters without their changes of sound.
_NUMBER = compile_lazy("[0-9０-９一二三四五六七八九十百千万億兆何数幾零]")

#: Formal readings of UniDic, and the usual ones.
_USUAL = {
    ("私", "ワタクシ"): "ワタシ",
    ("日本", "ニッポン"): "ニホン",
    ("明日", "アス"): "アシタ",
}
_VOICED_MORAE = "ガギグゲゴザジズゼゾダデドバビブベボパピプペポ"

#: ジ and ズ are the voiced チ and ツ, too.
_VOICED = str.maketrans(
    f"{_VOICED_MORAE}チツ", "カキクケコサシスセソタテトハヒフヘホハヒフヘホシス"
)

#: First kanji of words that UniDic reads worse: 得る as ウル, 蒸す as フカス.
_READ_WORSE = frozenset("迸様他日分方蒸塵申得弛接捲捩反徹染言塗嘲在催存著惚寝注宿拭逝行")

_VOICED_PREFIXES = frozenset(
    "不無"
)  #: prefixes that may be voiced at the beginning: 不気味 is ブキミ

#: Behind these parts of speech, a word is not the second part of a compound.
_APART = frozenset({"助詞", "連体詞", "副詞", "接続詞"})

#: Words that are voiced behind a word of time, too.
_VOICED_BEHIND_TIMES = frozenset({"頃", "通り", "気味", "過ぎ", "越し", "沿い", "分"})

#: Words that UniDic always reads better.
_TRUSTED = frozenset(
    compile_lazy(r"\w+").findall(
        "者 暇 後 金 怒り 歌 車 魚 水 皆 弦 否 仇 所々 精々 見物 際 雑木 鞠 賭 異 気障 未だ 細やか 喧しい "
        "この頃 大した 店屋 分別 人徳 流砂 詩歌 泡沫 早急 捻り 眩暈 飛沫"
    )
)

#: Parts of speech to which OpenJTalk's dictionary adds a noun and its particle: 戦が, 前や.
_SWALLOWING = frozenset({"動詞", "名詞"})

#: Groups of nouns that do not stand alone: suffixes, and 山 as ザン.
_DEPENDENT = frozenset({"接尾", "非自立"})

_UNINFLECTED = frozenset({"名詞", "接頭辞", "接尾辞"})

#: First kanji of words that UniDic often reads wrongly: 言う as ユウ, 人 as ニン.
_SETTLED = frozenset("言人得階科類米公棟日分時")


#: Another reading is close if its cost in the sentence exceeds that of the spoken one by less.
_CLOSE = 2_500

#: It is possible if its costs in both dictionaries together exceed those of the spoken one by less.
_POSSIBLE = 6_500

_WORTH_ASKING = (
    4_000  #: above this cost in one dictionary, the other one hardly ever finds it possible
)

#: A reading that only UniDic has is possible if its cost in the sentence exceeds that of the spoken one by
#: less, and is looked for if its cost for the word alone does.
_POSSIBLE_IN_UNIDIC, _KNOWN_TO_UNIDIC = 2_000, 3_000

#: Words whose usual reading is right although another one is close.
_CLEAR = parse_pairs(
    "降る:フル 降り:フリ 降ら:フラ 降ろ:フロ 降れ:フレ 空:ソラ 下手:ヘタ 行け:イケ 解け:トケ 解く:トク 開ける:アケル 空い:スイ 空き:スキ 草:クサ 学び:マナビ 熱:ネツ 楽:ラク 札:サツ 軽い:カルイ 門:モン 筋:キン 正しく:タダシク 包む:ツツム 海:ウミ 忙しい:イソガシイ 忙しく:イソガシク 冷たい:ツメタイ 町:マチ 林:ハヤシ 器:キ 肝:キモ 液:エキ 古い:フルイ 弾く:ヒク 弾か:ヒカ 弾い:ヒイ 弾き:ヒキ 弾け:ヒケ 開けよ:アケヨ 源:ゲン 父:チチ 兄:アニ 姉:アネ 言っ:イッ 本当:ホントウ 決して:ケッシテ 汗:アセ 間に合う:マニアウ 時々:トキドキ 枕:マクラ 右:ミギ 有:ユウ 実物:ジツブツ 上っ:ノボッ 極まる:キワマル 湿気:シッケ "
    "字:ジ 間:アイダ・カン 上:ウエ・ジョウ 眼鏡:メガネ 朝:アサ 米:コメ 朝食:チョウショク 入ら:ハイラ 前方:ゼンポウ 生命:セイメイ 銀:ギン 出来:デキ 本:ホン・ボン "
    "日:ヒ・ビ・ニチ 月:ツキ 大:ダイ 場:ジョウ 怒ら:オコラ 店:ミセ 骨:コツ・ホネ 絆:キズナ 瓶:ビン 尿:ニョウ 剃り:ソリ 役所:ヤクショ 祝儀:シュウギ 式場:シキジョウ 犬:イヌ・ケン 値:チ "
    "今:イマ 人:ヒト・ジン・ニン 時:ジ・トキ 水:スイ・ミズ 火:ヒ 上手:ジョウズ 来る:クル 畳:タタミ 境:サカイ 細い:ホソイ 破れ:ヤブレ 証:ショウ 得る:ウル・エル 船便:フナビン 鶏肉:トリニク 仏:ホトケ 玩具:オモチャ 塵:チリ 昆布:コンブ "
    "外:ソト 今朝:ケサ 今日:キョウ 家:イエ・カ 例:レイ 件:ケン 品:シナ 年:トシ 歯:ハ 御:ゴ 牛:ウシ 役:ヤク 者:モノ 力:リョク 等:トウ 暇:ヒマ "
    "方:ホウ 木:キ 元:モト 船:フネ 畑:ハタケ 心:シン 君:キミ 食:ショク 喉:ノド 煙:ケムリ 陽:ヒ 菌:キン 和:ワ 布:ヌノ 大勢:オオゼイ "
    "大声:オオゴエ 大雪:オオユキ 偽物:ニセモノ 本音:ホンネ 外見:ガイケン 花瓶:カビン 父母:フボ 姉さん:ネエサン 富士山:フジサン この間:コノアイダ その後:ソノゴ "
    "叩く:タタク 叩い:タタイ 溢れる:アフレル 助ける:タスケル 突く:ツク 無く:ナク 応え:コタエ 守り:マモリ 片言:カタコト 柿:カキ 雷:カミナリ 刀:カタナ 紙:カミ "
    "陰:カゲ 頬:ホオ 体:カラダ 兵:ヘイ 忙し:イソガシ 忙しかっ:イソガシカッ 厳しかっ:キビシカッ 夕飯:ユウハン 食物:ショクモツ 大柄:オオガラ 滑り:スベリ "
    "台詞:セリフ 罰:バツ 家内:カナイ 凸凹:デコボコ 色:イロ 末:スエ 玉:タマ 上下:ジョウゲ 天地:テンチ 猿:サル 冠:カンムリ 薬:クスリ・ヤク 属:ゾク "
    "子音:シイン 古:コ 暦:コヨミ 毛:ケ 歌:ウタ 口:コウ 波:ハ 中:ナカ 日中:ニッチュウ 挟ま:ハサマ 高低:コウテイ 干支:エト 大文字:オオモジ 伝播:デンパ "
    "老舗:シニセ 書物:ショモツ 味:アジ 酒:サケ 雪:ユキ 国:クニ 親:オヤ 車:クルマ 山:ヤマ 裏:ウラ 光:コウ 城:ジョウ 包ん:ツツン 鈴:スズ "
    "兎:ウサギ 餌:エサ 正義:セイギ 朝夕:アサユウ 内:ナイ 束:タバ 様:ヨウ 階:カイ 放っ:ホオッ 温まっ:アタタマッ 回れる:マワレル 次:ツギ 棟:トウ 行っ:イッ・オコナッ"
)

#: Words for which both dictionaries together find another reading possible, but hardly ever rightly.
_LIKELY = parse_pairs(
    "私:ワタシ 日本:ニホン 日本人:ニホンジン 明日:アシタ 昨日:キノウ 言う:イウ 寂しい:サビシイ 夜:ヨル 母:ハハ 利益:リエキ 永久:エイキュウ 前:マエ 言わ:イワ 風邪:カゼ "
    "怒っ:オコッ 別:ベツ 勝っ:カッ 質:シツ 降っ:フッ 音:オト 背:セ 街:ガイ 入っ:ハイッ 強:ツヨ 兄弟:キョウダイ 生地:キジ 最中:サイチュウ 癖:クセ 敵:テキ "
    "市:シ 悪:アク 大金:タイキン 宿:ヤド 祭:サイ 台:ダイ 肌:ハダ 無:ム 機:キ 度:ド 飲料:インリョウ 名:メイ 人事:ジンジ 作物:サクモツ "
    "助言:ジョゲン 梅雨:ツユ 鉄:テツ 蛇:ヘビ 手足:テアシ 神:カミ 情:ジョウ 炎:ホノオ 足跡:アシアト 勝利:ショウリ 村:ムラ 下:カ 翼:ツバサ 生:ナマ 鏡:カガミ 蒸し:ムシ 白夜:ビャクヤ 美男:ビナン "
    "島:トウ 足:ソク 湖:コ 逃し:ノガシ 叔父:オジ 末:マツ 外:ガイ 船:セン 者:シャ 品:ヒン 光:ヒカリ 紙:シ 車:シャ 魚:サカナ 分:フン 黄色:キイロ "
    "水道管:スイドウカン 包み:ツツミ"
)


class ReadingDifference(NamedTuple):
    """Words ``first`` to ``last`` of an analysis, the last not included, and UniDic's reading and words."""

    first: int
    last: int
    reading: str
    words: tuple[UniDicWord, ...]


def find_differences(nodes: Nodes, unidic: UniDic) -> list[ReadingDifference]:
    """Find the spans in kanji, except numbers, that UniDic reads unlike an analysis."""
    text = nodes_to_text(nodes)
    if _KANJI.search(text) is None:
        return []
    words = unidic.analyze_words(text)
    if "".join(word.surface for word in words) != text:
        return []
    return [found for found in _match_spans(nodes, words) if _is_read_differently(nodes, found)]


def _match_spans(nodes: Nodes, words: Sequence[UniDicWord]) -> Iterator[ReadingDifference]:
    """Yield the shortest spans that begin and end at word edges of both dictionaries."""
    first = begin = last = end = 0
    ours = theirs = 0
    while last < len(nodes) and end < len(words):
        if ours <= theirs:
            ours += len(nodes[last]["string"])
            last += 1
        while theirs < ours and end < len(words):
            theirs += len(words[end].surface)
            end += 1
        if ours == theirs:
            span_words = tuple(words[begin:end])
            yield ReadingDifference(
                first, last, "".join(map(_choose_sound, span_words)), span_words
            )
            first, begin = last, end


def _choose_sound(word: UniDicWord) -> str:
    usual = _USUAL.get((word.surface, word.reading))
    return usual or (word.pronunciation if word.grammar[0] == "助詞" else word.reading)


def _is_read_differently(nodes: Nodes, found: ReadingDifference) -> bool:
    span_nodes = nodes[found.first : found.last]
    text = nodes_to_text(span_nodes)
    if _KANJI.search(text) is None or _NUMBER.search(text):
        return False
    if any(node["is_reading_protected"] for node in span_nodes):
        return False
    if any(not word.reading or "助数詞" in word.grammar for word in found.words):
        return False
    sounds = "".join(word.pronunciation for word in found.words)
    return pronunciation_key(nodes_to_kana(span_nodes)) not in {
        pronunciation_key(found.reading),
        pronunciation_key(sounds),
    }


def is_unidic_better(nodes: Nodes, found: ReadingDifference) -> bool:
    """Whether UniDic's reading is the better one.

    Measured on sentences with known readings, it is for verbs, for words that OpenJTalk's dictionary
    splits or takes for suffixes or rare names, and for words with a voiced first sound that nothing
    before them explains.
    """
    span_nodes = nodes[found.first : found.last]
    before = nodes[found.first - 1] if found.first else None
    if nodes_to_text(span_nodes) in _TRUSTED or _is_split_better(span_nodes, found):
        return True
    if is_only_voicing(span_nodes, found):
        return _is_voicing_better(span_nodes, found, before)
    if _is_rare_name(span_nodes, found):
        return True
    if len(found.words) > len(span_nodes) or nodes_to_text(span_nodes)[0] in _READ_WORSE:
        return False
    if any(word.grammar[0] == "動詞" for word in found.words):
        return span_nodes[0]["pos_group1"] != "サ変接続"
    is_suffix = span_nodes[0]["pos_group1"] in _DEPENDENT and _may_stand_alone(before, found)
    has_particle = any(node["pos"] == "助詞" for node in span_nodes)
    is_whole = len(found.words) == 1 and not has_particle
    return is_whole if len(span_nodes) > 1 else is_suffix or _is_stem(span_nodes, found)


def _is_voicing_better(span_nodes: Nodes, found: ReadingDifference, before: Node | None) -> bool:
    """Whether UniDic's voicing is right: of words that only it has whole, and at the beginning of a word."""
    if len(found.words) == 1 < len(span_nodes):
        return span_nodes[0]["pos_group1"] != "サ変接続"
    is_prefix = nodes_to_text(span_nodes)[0] in _VOICED_PREFIXES
    is_free = _can_begin_word(before) or (
        before is not None and (before["string"][-1] in "おご" or _is_time(before, span_nodes))
    )
    return not is_prefix and is_free and _is_wrongly_voiced(span_nodes, found)


def _is_rare_name(span_nodes: Nodes, found: ReadingDifference) -> bool:
    """Whether only OpenJTalk's dictionary takes words for a name: 赤道, and 新市場 in two words."""
    if len(span_nodes) > 1 or span_nodes[0]["pos_group1"] != "固有名詞":
        return False
    kinds = [word.grammar[:2] for word in found.words]
    return kinds == [("名詞", "普通名詞")] or (len(kinds) > 1 and kinds[0][0] == "接頭辞")


def _is_stem(span_nodes: Nodes, found: ReadingDifference) -> bool:
    """Whether a kanji is the stem of an adjective, and not a noun, or no inflected word, or a pronoun.

    寒 is サム in 寒っぽい, 診 シン in 細胞診, and 我 ワレ in 我思う.
    """
    if len(nodes_to_text(span_nodes)) > 1:
        return False
    theirs = found.words[0].grammar[0]
    if span_nodes[0]["pos"] == "名詞":
        return theirs == "形容詞"
    if span_nodes[0]["pos"] == "連体詞":
        return theirs == "代名詞"
    return span_nodes[0]["pos"] in INFLECTED and theirs in _UNINFLECTED


def is_only_voicing(span_nodes: Nodes, found: ReadingDifference) -> bool:
    """Whether the readings differ only in voicing: ホン, ボン and ポン."""
    return _strip_voicing(nodes_to_kana(span_nodes)) == _strip_voicing(found.reading)


def _strip_voicing(reading: str) -> str:
    return pronunciation_key(reading).translate(_VOICED)


def _is_wrongly_voiced(span_nodes: Nodes, found: ReadingDifference) -> bool:
    """Whether only the first mora differs, and UniDic's is not voiced."""
    ours, theirs = pronunciation_key(nodes_to_kana(span_nodes)), pronunciation_key(found.reading)
    return ours[1:] == theirs[1:] and theirs[0] not in _VOICED_MORAE


def _is_split_better(span_nodes: Nodes, found: ReadingDifference) -> bool:
    """Whether only UniDic has the right word edges.

    は and 球 are not 発球, 着 and たい not 着帯, 毎朝 and 顔 not 毎 and 朝顔, 戦 and が not a verb, 前 and
    や no noun, 並べ and て no adverb, and などの日用品 is not な, どの日 and 用品.
    """
    kinds = [word.grammar[0] for word in found.words]
    if len(span_nodes) == 1:
        is_noun = span_nodes[0]["pos"] == "名詞"
        is_verb = kinds[0] == "動詞" and set(kinds[1:]) == {"助動詞"}
        is_subject = span_nodes[0]["pos"] in _SWALLOWING and kinds == ["名詞", "助詞"]
        is_te_form = span_nodes[0]["pos"] == "副詞" and kinds == ["動詞", "助詞"]
        is_split = (is_noun and is_verb) or is_subject or is_te_form
        return len(kinds) > 1 and (kinds[0] == "助詞" or is_split)
    if kinds[0] == "助詞" and any(_KANA_AND_KANJI.match(node["string"]) for node in span_nodes):
        return True
    return span_nodes[0]["pos"] == "接頭詞" and len(kinds) == len(span_nodes)


def _can_begin_word(before: Node | None) -> bool:
    """Whether a word can begin behind nothing, a mark, a particle, 白い or a word such as この."""
    if before is None or not before["mora_size"] or before["pos"] in _APART:
        return True
    return before["pos"] == "形容詞" and before["cform"] == "基本形"


def _is_time(before: Node, span_nodes: Nodes) -> bool:
    """Whether a word of time or amount before a word does not voice it: 毎週川, but 四月頃."""
    return (
        before["pos_group1"] == "副詞可能" and span_nodes[0]["string"] not in _VOICED_BEHIND_TIMES
    )


def _may_stand_alone(before: Node | None, found: ReadingDifference) -> bool:
    """Whether a noun is a word of its own, behind a particle or a word of time: 毎日魚を."""
    if len(found.words) != 1 or found.words[0].grammar[:2] != ("名詞", "普通名詞"):
        return False
    return (
        before is None
        or _can_begin_word(before)
        or before["pos_group1"] == "副詞可能"
        or _IN_KANA.fullmatch(before["string"]) is not None
        or before["string"] in _TIMES
    )


class SentenceReading(NamedTuple):
    """The analysis of a sentence from its text alone, and the words that remain ambiguous."""

    nodes: Nodes
    ambiguous: list[Ambiguity]


def read_in_context(text: str, dictionary: Dictionary) -> SentenceReading:
    """Analyse a sentence with the dictionary, the context rules and UniDic.

    Raises:
        ClipError: the text is too long.
    """
    best = dictionary.analyze_best(text)
    nodes, changes, decided = find_context_changes(best)
    starts = find_word_starts(nodes)
    found = [
        each
        for each in find_differences(nodes, dictionary.unidic)
        if not _overlaps_any(starts[each.first], starts[each.last], decided)
    ]
    better = [each for each in found if is_unidic_better(nodes, each)]
    doubtful = [
        ambiguity
        for each in found
        if each not in better
        for ambiguity in _find_doubts(nodes, each, starts[each.first])
    ]
    chosen = best
    if better or changes:
        preferred = [ReadingChange(each.first, each.last, each.reading) for each in better]
        key = build_changed_key(nodes, preferred)
        likely = None
        if not changes:
            likely = find_agreeing_analysis(
                text, lambda other: nodes_to_key(other) == key, dictionary
            )
        chosen = (
            likely or override_reading(text, nodes, sorted(changes + preferred), dictionary).nodes
        )
    remaining = [
        each
        for each in find_ambiguities(chosen)
        if not _overlaps_any(each.start, each.end, decided)
    ]
    for more in (doubtful, _find_close_readings(chosen, dictionary)):
        known = decided + [(each.start, each.end) for each in remaining]
        remaining += [each for each in more if not _overlaps_any(each.start, each.end, known)]
    return SentenceReading(chosen, sorted(remaining))


def _overlaps_any(start: int, end: int, others: Iterable[tuple[int, int]]) -> bool:
    return any(begin < end and start < stop for begin, stop in others)


def _find_doubts(nodes: Nodes, found: ReadingDifference, start: int) -> Iterator[Ambiguity]:
    """Yield a difference as an ambiguity, unless OpenJTalk's reading is reliable.

    It is for a whole word that UniDic has only in parts.
    """
    span_nodes = nodes[found.first : found.last]
    spelling = nodes_to_text(span_nodes)
    is_listed_whole = len(span_nodes) == 1 and len(found.words) > 1
    is_usual = len(span_nodes) == 1 and _is_usual(span_nodes[0], _CLEAR)
    is_settled = is_usual or spelling[0] in _SETTLED or is_only_voicing(span_nodes, found)
    if is_listed_whole or is_settled:
        return
    word = AmbiguousWord(spelling, nodes_to_kana(span_nodes), (found.reading,))
    yield Ambiguity(start, start + len(spelling), word)


def _find_close_readings(nodes: Nodes, dictionary: Dictionary) -> Iterator[Ambiguity]:
    """Yield the words that have another reading at nearly the same cost.

    OpenJTalk's dictionary alone decides if the costs are very close, both dictionaries otherwise.
    """
    text = nodes_to_text(nodes)
    unambiguous = _find_unambiguous(text)
    words = {
        (start, start + len(node["string"])): node
        for node, start in zip(nodes, find_word_starts(nodes), strict=False)
        if start not in unambiguous and _may_be_doubtful(node)
    }
    found = dictionary.compare_readings(text, list(words)) if words else {}
    rivals = {span: _find_rivals(words[span], readings) for span, readings in found.items()}
    possible = [
        span
        for span, each in rivals.items()
        if not _is_usual(words[span], _LIKELY)
        and (
            (each and _CLOSE <= each[0].cost < _WORTH_ASKING)
            or _find_unlisted(words[span], found[span], dictionary.unidic)
        )
    ]
    second = dictionary.unidic.compare_readings(text, possible) if possible else {}
    for (start, end), readings in rivals.items():
        node = words[start, end]
        theirs = _find_rivals(node, second.get((start, end), ()))
        costs = {each.key: each.cost for each in theirs}
        likely = [
            each
            for each in readings
            if each.cost < _CLOSE or each.cost + costs.get(each.key, _POSSIBLE) < _POSSIBLE
        ]
        likely += _exclude_listed(theirs, found[start, end], _POSSIBLE_IN_UNIDIC)
        if likely:
            others = dict.fromkeys(each.reading for each in likely)
            word = AmbiguousWord(node["string"], node_to_kana(node), tuple(others))
            yield Ambiguity(start, end, word)


def _find_unlisted(node: Node, listed: Sequence[SpanReading], unidic: UniDic) -> list[SpanReading]:
    """Find the readings of a word that only UniDic has."""
    theirs = _find_rivals(node, unidic.compare_word_readings(node["string"]))
    return _exclude_listed(theirs, listed, _KNOWN_TO_UNIDIC)


def _exclude_listed(
    readings: Sequence[SpanReading], listed: Sequence[SpanReading], limit: int
) -> list[SpanReading]:
    """Return the readings that are likely enough and that OpenJTalk's dictionary does not list."""
    keys = {each.key for each in listed}
    return [each for each in readings if each.cost < limit and each.key not in keys]


def _find_rivals(node: Node, readings: Sequence[SpanReading]) -> list[SpanReading]:
    """Return the other readings of a word, with their costs above that of the spoken one."""
    said = pronunciation_key(node_to_kana(node))
    usual = next((each.cost for each in readings if each.key == said), None)
    if usual is None:
        return []
    return [
        each._replace(cost=each.cost - usual)
        for each in readings
        if _strip_voicing(each.key) != _strip_voicing(said)
    ]


def _may_be_doubtful(node: Node) -> bool:
    spelling = node["string"]
    return (
        _KANJI.search(spelling) is not None
        and _NUMBER.search(spelling) is None
        and not _is_usual(node, _CLEAR)
        and not node["is_reading_protected"]
    )


def _is_usual(node: Node, usual: Mapping[str, str]) -> bool:
    """Whether a word has its usual reading."""
    readings = usual.get(node["string"])
    if readings is None:
        return False
    said = pronunciation_key(node_to_kana(node))
    return said in map(pronunciation_key, readings.split("・"))
