"""Readings that the dictionary gets wrong and context decides."""

import pytest

from tts_assets.domain import SpokenForm
from tts_assets.japanese.context import RULES, corrected
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.nodes import said
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
}


@pytest.mark.parametrize(("text", "kana"), CASES.items(), ids=CASES)
def test_context_decides(dictionary: Dictionary, text: str, kana: str) -> None:
    assert said(corrected(text, dictionary)) == kana


def test_every_rule_decides_something(dictionary: Dictionary) -> None:
    mended = [text for text in CASES if said(dictionary.best(text)) != CASES[text]]
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
    phrases = guarded(form, dictionary).pronunciation.phrases
    assert (phrases[-1].kana, phrases[-1].accent) == ("フリマス", 3)


def test_words_that_only_begin_alike_are_left_alone(dictionary: Dictionary) -> None:
    nodes = dictionary.best("雨が降り続いた。")
    assert said(corrected("雨が降り続いた。", dictionary)) == said(nodes) == "アメガフリツズイタ"
