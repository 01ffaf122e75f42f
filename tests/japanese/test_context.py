"""Readings that the dictionary gets wrong and context decides."""

import pytest

from tts_assets.domain import SpokenForm
from tts_assets.japanese.context import RULES, corrected
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.nodes import phrases, said
from tts_assets.japanese.reading import guarded

#: What each rule is for, and what lies just beside it.
CASES = {
    "明日は雨が降ります。": "アシタワアメガフリマス",
    "雨は降りますか。": "アメワフリマスカ",
    "雨の日にバスを降りた。": "アメノヒニバスヲオリタ",
    "この絵は誰が描いたのですか？": "コノエワダレガカイタノデスカ",
    "地図を描いてください。": "チズヲカイテクダサイ",
    "未来を描く。": "ミライヲエガク",
    "ドアが開きます。": "ドアガアキマス",
    "窓が開いています。": "マドガアイテイマス",
    "窓を開く。": "マドヲヒラク",
    "お腹が空きました。": "オナカガスキマシタ",
    "席が空いています。": "セキガアイテイマス",
    "さっき部屋を掃除しました。": "サッキヘヤヲソージシマシタ",
    "子供部屋です。": "コドモベヤデス",
    "牛の角は長い。": "ウシノツノワナガイ",
    "次の角を曲がる。": "ツギノカドヲマガル",
    "このカレーは辛いです。": "コノカレーワカライデス",
    "辛い食べ物。": "カライタベモノ",
    "別れは辛い。": "ワカレワツライ",
    "人気のない道。": "ヒトケノナイミチ",
    "人気のない歌。": "ニンキノナイウタ",
    "大分元気になりました。": "ダイブゲンキニナリマシタ",
    "大分で生まれました。": "オーイタデウマレマシタ",
    "市場へ行く。": "イチバエイク",
    "市場で魚を買う。": "イチバデサカナヲカウ",
    "株式市場です。": "カブシキシジョーデス",
    "金が欲しい。": "カネガホシイ",
    "金のメダル。": "キンノメダル",
    "服を汚す。": "フクヲヨゴス",
    "手が汚れる。": "テガヨゴレル",
    "名を汚す。": "ナヲケガス",
    "子供を抱く。": "コドモヲダク",
    "希望を抱く。": "キボーヲイダク",
    "表で遊ぶ。": "オモテデアソブ",
    "裏と表。": "ウラトオモテ",
    "表と裏。": "オモテトウラ",
    "表を作る。": "ヒョーヲツクル",
    "くさい臭い。": "クサイニオイ",
    "魚が臭い。": "サカナガクサイ",
    "帽子を被る。": "ボーシヲカブル",
    "被害を被る。": "ヒガイヲコームル",
    "五分待ってください。": "ゴフンマッテクダサイ",
    "二十五分です。": "ニジューゴフンデス",
    "五分五分です。": "ゴブゴブデス",
    "八百。": "ハッピャク",
    "八百屋。": "ヤオヤ",
    "たばこを止めました。": "タバコヲヤメマシタ",
    "車を止めました。": "クルマヲトメマシタ",
    "私の後をついて来る。": "ワタシノアトヲツイテクル",
    "三年後です。": "サンネンゴデス",
    "小父さん。": "オジサン",
    "何時も。": "イツモ",
    "何時ですか。": "ナンジデスカ",
    "一目で。": "ヒトメデ",
    "床に就く。": "トコニツク",
    "床に座る。": "ユカニスワル",
    "三行。": "サンギョー",
    "一行目です。": "イチギョウメデス",
    "額が広い。": "ヒタイガヒロイ",
    "金額です。": "キンガクデス",
    "種をまく。": "タネヲマク",
    "最中を食べる。": "モナカヲタベル",
    "食事の最中。": "ショクジノサイチュー",
    "街中で会う。": "マチナカデアウ",
    "間が悪い。": "マガワルイ",
    "間を空ける。": "アイダヲアケル",
    "潰れる": "ツブレル",
    "惚れる": "ホレル",
    "紛れる": "マギレル",
    "萎れる": "シオレル",
    "凭れる": "モタレル",
    "強いる": "シイル",
    "体を労わって。": "カラダヲイタワッテ",
    "友達を揶揄った。": "トモダチヲカラカッタ",
    "揶揄う": "カラカウ",
    "町を彷徨った。": "マチヲサマヨッタ",
    "街を彷徨う。": "マチヲサマヨウ",
    "彷徨う": "サマヨー",
    "彷徨した。": "ホーコーシタ",
    "厳か": "オゴソカ",
    "密か": "ヒソカ",
    "これは秘密か。": "コレワヒミツカ",
    "勉強が疎かになる。": "ベンキョーガオロソカニナル",
    "此処": "ココ",
    "其処にある。": "ソコニアル",
    "丈夫": "ジョーブ",
    "大丈夫です。": "ダイジョーブデス",
    "所帯": "ショタイ",
    "公園に蒲公英が咲く。": "コーエンニタンポポガサク",
    "7月7日は七夕です。": "シチガツナノカワタナバタデス",
    "妻は日本人だ。": "ツマワニホンジンダ",
    "日本人じゃありません。": "ニホンジンジャアリマセン",
    "日本人らしい。": "ニホンジンラシイ",
    "朝ご飯を食べる。": "アサゴハンヲタベル",
    "昼ご飯を作る。": "ヒルゴハンヲツクル",
    "晩ご飯です。": "バンゴハンデス",
    "席が空く。": "セキガアク",
    "空く": "アク",
    "お腹空く。": "オナカスク",
    "お腹が空くと眠い。": "オナカガスクトネムイ",
    "逸れる": "ソレル",
    "話が逸れた。": "ハナシガソレタ",
    "汚れる": "ヨゴレル",
    "汚す": "ヨゴス",
    "水が汚れる。": "ミズガヨゴレル",
    "白鳥": "ハクチョー",
    "白鳥さんが来た。": "シラトリサンガキタ",
    "海星": "ヒトデ",
    "毛": "ケ",
    "種": "タネ",
    "素振り": "ソブリ",
    "知らない素振りを見せる。": "シラナイソブリヲミセル",
    "一歩": "イッポ",
    "2対1で負けた。": "ニタイイチデマケタ",
    "10対0で勝つ": "ジュッタイゼロデカツ",
    "狡い": "ズルイ",
    "弛む": "タルム",
    "鋸": "ノコギリ",
    "5対5": "ゴタイゴ",
    "0時に着く。": "レイジニツク",
    "０時に着く。": "レイジニツク",
    "午前0時": "ゴゼンレイジ",
    "0時間です。": "ゼロジカンデス",
    "九十九": "キュージューキュー",
    "九十九里浜": "クジュークリハマ",
    "50音": "ゴジューオン",
    "二言三言": "フタコトミコト",
    "何分かかりますか。": "ナンプンカカリマスカ",
    "何分よろしく。": "ナニブンヨロシク",
    "8分待つ。": "ハップンマツ",
    "八分です。": "ハップンデス",
    "8分の1": "ハチブンノイチ",
    "腹八分目": "ハラハチブンメ",
    "年に1度": "ネンニイチド",
    "年1回": "ネンイッカイ",
    "その年に一度": "ソノトシニイチド",
    "一年に一度": "イチネンニイチド",
    "毎日三回薬を飲む。": "マイニチサンカイクスリヲノム",
    "食後薬を飲む。": "ショクゴクスリヲノム",
    "風邪薬を飲む。": "カゼグスリヲノム",
    "何曜日ですか。": "ナンヨービデスカ",
    "北の方へ歩いた。": "キタノホーエアルイタ",
    "年配の方が多い。": "ネンパイノカタガオーイ",
    "初めての方": "ハジメテノカタ",
    "希望する方": "キボースルカタ",
    "参加する方は来てください。": "サンカスルカタワキテクダサイ",
    "希望した方がいい。": "キボーシタホーガイイ",
    "外国の方": "ガイコクノカタ",
    "外国の方が安い。": "ガイコクノホーガヤスイ",
    "日本の方ですか。": "ニホンノカタデスカ",
    "右の方ですか。": "ミギノホーデスカ",
    "日本の方が大きい。": "ニホンノホーガオーキイ",
    "こちらの方は田中さんです。": "コチラノカタワタナカサンデス",
    "調査を行っている。": "チョーサヲオコナッテイル",
    "会議を行って。": "カイギヲオコナッテ",
    "道を行って。": "ミチヲイッテ",
    "晴れ後曇り": "ハレノチクモリ",
    "日本中を歩く。": "ニホンジューヲアルク",
    "日本中央": "ニホンチューオー",
    "今日的": "コンニチテキ",
    "気色悪い。": "キショクワルイ",
    "昔風": "ムカシフー",
    "紙の表に書く。": "カミノオモテニカク",
    "父の後を継ぐ。": "チチノアトヲツグ",
    "はがいたい。": "ハガイタイ",
    "はをみがく。": "ハヲミガク",
    "はがくせいです。": "ワガクセイデス",
    "はもとより": "ワモトヨリ",
    "はがきを出す。": "ハガキヲダス",
    "にわにはにわとりがいる。": "ニワニワニワトリガイル",
    "にわにはにわにわとりがいる。": "ニワニワニワニワトリガイル",
    "かれははしがすきだ。": "カレワハシガスキダ",
    "月から金まで働く。": "ゲツカラキンマデハタラク",
    "月・水・金": "ゲツスイキン",
    "火木に行く。": "カモクニイク",
}


@pytest.mark.parametrize(("text", "kana"), CASES.items(), ids=CASES)
def test_context_decides(dictionary: Dictionary, text: str, kana: str) -> None:
    assert said(corrected(text, dictionary)) == kana


def test_every_rule_decides_something(dictionary: Dictionary) -> None:
    mended = [
        text
        for text in CASES
        if phrases(dictionary.best(text)) != phrases(corrected(text, dictionary))
    ]
    spelled = "".join(mended)
    assert [rule.word for rule in RULES if rule.word not in spelled] == []


def test_a_word_without_a_reading_is_corrected_too(dictionary: Dictionary) -> None:
    found = guarded(SpokenForm(text="絵を描く"), dictionary).pronunciation
    assert "".join(phrase.kana for phrase in found.phrases) == "エヲカク"


def test_a_reading_that_is_given_is_stronger_than_its_context(dictionary: Dictionary) -> None:
    form = SpokenForm(text="絵を描く", reading="エヲエガク", sentence=True)
    found = guarded(form, dictionary).pronunciation
    assert "".join(phrase.kana for phrase in found.phrases) == "エヲエガク"


def test_a_corrected_verb_keeps_the_accent_of_its_form(dictionary: Dictionary) -> None:
    form = SpokenForm(text="明日は雨が降ります。", sentence=True)
    found = guarded(form, dictionary).pronunciation.phrases
    assert (found[-1].kana, found[-1].accent) == ("フリマス", 3)


def test_words_that_only_begin_alike_are_left_alone(dictionary: Dictionary) -> None:
    nodes = dictionary.best("雨が降り続いた。")
    assert said(corrected("雨が降り続いた。", dictionary)) == said(nodes) == "アメガフリツズイタ"


def test_words_that_have_grown_together_are_one_phrase(dictionary: Dictionary) -> None:
    form = SpokenForm(text="朝ご飯を食べる。", sentence=True)
    found = guarded(form, dictionary).pronunciation.phrases
    assert [(phrase.kana, phrase.accent) for phrase in found] == [
        ("アサゴハンヲ", 3),
        ("タベル", 2),
    ]


def test_a_word_that_has_grown_together_is_one_phrase_with_its_reading_too(
    dictionary: Dictionary,
) -> None:
    form = SpokenForm(text="朝ご飯", reading="アサゴハン")
    said_so = guarded(form, dictionary).pronunciation
    assert [(phrase.kana, phrase.accent) for phrase in said_so.phrases] == [("アサゴハン", 3)]
    assert said_so.doubt == "the dictionary says 朝ご飯 as ア↓サ/ゴ↓ハン"
