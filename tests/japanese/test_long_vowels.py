"""Long vowels of words in hiragana are long, and endings are endings."""

import pytest

from tts_assets.japanese.analysis import nodes_to_kana
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import SpokenForm, kana_to_katakana


def _said(dictionary: Dictionary, form: SpokenForm) -> str:
    return "".join(nodes_to_kana(nodes) for nodes in resolve_reading(form, dictionary).parts)


@pytest.mark.parametrize(
    ("word", "heard"),
    [
        ("ほんとう", "ホントー"),
        ("ぼうし", "ボーシ"),
        ("せんせい", "センセー"),
        ("とけい", "トケー"),
        ("きれい", "キレー"),
        ("ふうとう", "フートー"),
        ("れいぞうこ", "レーゾーコ"),
        ("ゆうめい", "ユーメー"),
        ("いっしょうけんめい", "イッショーケンメー"),
    ],
)
def test_the_long_vowels_of_words_in_hiragana_are_long(
    dictionary: Dictionary, word: str, heard: str
) -> None:
    assert _said(dictionary, SpokenForm(word, kana_to_katakana(word))) == heard
    assert _said(dictionary, SpokenForm(word)) == heard


@pytest.mark.parametrize(
    ("word", "reading", "heard"),
    [
        ("対等", "タイトウ", "タイトー"),
        ("直通", "チョクツウ", "チョクツー"),
        ("愛想", "アイソウ", "アイソー"),
        ("境内", "ケイダイ", "ケーダイ"),
        ("信号機", "シンゴウキ", "シンゴーキ"),
        ("湖", "ミズウミ", "ミズウミ"),
        ("小売", "コウリ", "コウリ"),
        ("不運", "フウン", "フウン"),
        ("毛糸", "ケイト", "ケイト"),
        ("酔う", "ヨウ", "ヨウ"),
    ],
)
def test_the_long_vowels_of_words_with_kanji_are_long_where_no_parts_meet(
    dictionary: Dictionary, word: str, reading: str, heard: str
) -> None:
    found = resolve_reading(SpokenForm(word, reading), dictionary)
    assert "".join(map(nodes_to_kana, found.parts)) == heard
    assert found.pronunciation.doubt is None or word == "愛想"
    assert heard in _said(dictionary, SpokenForm(f"これは{word}です。", f"コレハ{reading}デス"))


@pytest.mark.parametrize(
    ("word", "heard"),
    [
        ("すう", "スウ"),
        ("かう", "カウ"),
        ("おもう", "オモウ"),
        ("おう", "オウ"),
        ("たのしい", "タノシイ"),
        ("あたらしい", "アタラシイ"),
        ("子馬", "コウマ"),
        ("追う", "オウ"),
        ("みずうみ", "ミズウミ"),
        ("けいと", "ケイト"),
        ("ためいき", "タメイキ"),
        ("うけいれ", "ウケイレ"),
        ("でいり", "デイリ"),
        ("そのうえ", "ソノウエ"),
        ("いのうえ", "イノウエ"),
        ("しろうさぎ", "シロウサギ"),
        ("うろうろ", "ウロウロ"),
        ("うとうと", "ウトウト"),
        ("うすうす", "ウスウス"),
        ("メイド", "メイド"),
        ("ソウル", "ソウル"),
    ],
)
def test_endings_and_loanwords_and_what_the_dictionary_parts_stay_as_they_are(
    dictionary: Dictionary, word: str, heard: str
) -> None:
    assert _said(dictionary, SpokenForm(word)) == heard


def test_words_in_hiragana_are_long_in_sentences_too(dictionary: Dictionary) -> None:
    form = SpokenForm("せんせいはぼうしをかぶっています。", sentence=True)
    assert _said(dictionary, form) == "センセーワボーシヲカブッテイマス"


def test_no_mora_is_lost_and_the_accent_stays(dictionary: Dictionary) -> None:
    found = resolve_reading(SpokenForm("きれい", "キレイ", 1), dictionary).pronunciation.phrases
    assert [(phrase.kana, phrase.accent) for phrase in found] == [("キレー", 1)]
