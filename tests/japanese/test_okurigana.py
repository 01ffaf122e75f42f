"""Furigana of which only the dictionary can tell what they are."""

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.japanese.word_forms import build_word_forms
from tts_assets.model import Basis, Pronunciation


def word(dictionary: Dictionary, text: str) -> Pronunciation:
    said = build_word_forms(text)
    assert not isinstance(said, str)
    return resolve_reading(said[0], dictionary).pronunciation


def sentence(dictionary: Dictionary, text: str) -> Pronunciation:
    said = build_text_forms(text)
    assert not isinstance(said, str)
    return resolve_reading(said[0], dictionary).pronunciation


def key(pronunciation: Pronunciation) -> str:
    return pronunciation_key("".join(phrase.kana for phrase in pronunciation.phrases))


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("開(あ)く", "アク"),
        ("止(や)める", "ヤメル"),
        ("描(か)く", "カク"),
        ("退(ど)く", "ドク"),
        ("注(つ)ぐ", "ツグ"),
        ("入(い)る", "イル"),
        ("居(お)る", "オル"),
        ("空(す)く", "スク"),
        ("抱(だ)く", "ダク"),
        ("強(し)いる", "シイル"),
        ("外(そ)れる", "ソレル"),
        ("手(て)", "テ"),
        ("木(こ)の葉", "コノハ"),
    ],
)
def test_one_kana_behind_a_kanji_is_its_reading_where_there_is_such_a_word(
    dictionary: Dictionary, text: str, kana: str
) -> None:
    assert key(word(dictionary, text)) == kana


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("受(け)付", "ウケツケ"),
        ("受(け)付(け)", "ウケツケ"),
        ("取(り)引(き)", "トリヒキ"),
        ("終(わ)る", "オワル"),
        ("起(こ)る", "オコル"),
        ("行(な)う", "オコナウ"),
        ("飲(み)物", "ノミモノ"),
        # Words that need what is in the brackets.
        ("食(べ)物", "タベモノ"),
        ("話(し)合(い)", "ハナシアイ"),
        ("祭(り)", "マツリ"),
        ("全(て)", "スベテ"),
        ("後(ろ)", "ウシロ"),
        ("一(つ)", "ヒトツ"),
    ],
)
def test_else_it_is_an_ending_that_may_be_left_out(
    dictionary: Dictionary, text: str, kana: str
) -> None:
    assert key(word(dictionary, text)) == kana


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("部屋が空(あ)く。", "ヘヤガアク"),
        ("席が空(す)いている。", "セキガスイテイル"),
        ("絵に描(か)く。", "エニカク"),
        ("お茶を注(つ)ぐ。", "オチャヲツグ"),
        ("車を避(よ)ける。", "クルマヲヨケル"),
        ("四(し)と七(しち)だ。", "シトシチダ"),
        ("彼を抱(だ)いた。", "カレヲダイタ"),
        ("髪を梳(と)かす。", "カミヲトカス"),
        ("映画が終(わ)る。", "エイガガオワル"),
        ("お祝(い)を贈る。", "オイワイヲオクル"),
    ],
)
def test_the_same_holds_in_running_text(dictionary: Dictionary, text: str, kana: str) -> None:
    assert key(sentence(dictionary, text)) == pronunciation_key(kana)


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("角 (kado)", "カド"),
        ("角（kado）", "カド"),
        ("今日 (konnichi)", "コンニチ"),
        ("日本 (Nihon)", "ニホン"),
        ("骨 (bone)", "ホネ"),
        ("題 (name)", "ダイ"),
        ("角 (corner)", "カク"),
    ],
)
def test_latin_letters_in_brackets_are_a_reading_where_there_is_such_a_word(
    dictionary: Dictionary, text: str, kana: str
) -> None:
    assert key(word(dictionary, text)) == kana


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("東京大学(だいがく)に入る。", "トウキョウダイガクニハイル"),
        ("今日友達(ともだち)に会う。", "キョウトモダチニアウ"),
        ("去年結婚(けっこん)しました。", "キョネンケッコンシマシタ"),
        ("来週月曜日(げつようび)に会う。", "ライシュウゲツヨウビニアウ"),
        ("朝食後散歩(さんぽ)する。", "チョウショクゴサンポスル"),
        ("四月一日(ついたち)に始まる。", "シガツツイタチニハジマル"),
        ("二月十四日(じゅうよっか)だ。", "ニガツジュウヨッカダ"),
        ("高校三年生(さんねんせい)です。", "コウコウサンネンセイデス"),
    ],
)
def test_a_reading_of_the_last_word_leaves_the_words_before_it(
    dictionary: Dictionary, text: str, kana: str
) -> None:
    assert key(sentence(dictionary, text)) == pronunciation_key(kana)


@pytest.mark.parametrize(
    ("text", "kana"),
    [("田中先生（せんせい）", "タナカセンセイ"), ("毎日新聞《しんぶん》", "マイニチシンブン")],
)
def test_so_it_does_in_a_word(dictionary: Dictionary, text: str, kana: str) -> None:
    assert key(word(dictionary, text)) == pronunciation_key(kana)


@pytest.mark.parametrize(
    ("text", "kana", "basis"),
    [
        ("紫陽花（あじさい）", "アジサイ", Basis.SPELLING),
        ("図書館（としょかん）", "トショカン", Basis.SPELLING),
        ("五十嵐（いからし）", "イカラシ", Basis.FORCED),
    ],
)
def test_a_word_of_few_kana_is_as_sure_as_any(
    dictionary: Dictionary, text: str, kana: str, basis: Basis
) -> None:
    found = word(dictionary, text)
    assert (key(found), found.basis) == (kana, basis)


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("水を飲(む)人がいる。", "ミズヲノムヒトガイル"),
        ("水を飲(む)人(ひと)がいる。", "ミズヲノムヒトガイル"),
        ("赤(い)花(はな)を見る。", "アカイハナヲミル"),
        ("早く寝(る)。", "ハヤクネル"),
        ("テレビを見(て)いる。", "テレビヲミテイル"),
        ("学校へ行(く)。", "ガッコウエイク"),
        ("苦(い)薬を飲む。", "ニガイクスリヲノム"),
        ("話を聞(い)た。", "ハナシヲキイタ"),
        ("有(り)難うございます。", "アリガトウゴザイマス"),
        ("これは若(し)くはあれ。", "コレワモシクワアレ"),
        ("何(か)ありますか。", "ナニカアリマスカ"),
        ("又(は)これ。", "マタワコレ"),
        ("手(も)足(も)出ない。", "テモアシモデナイ"),
        ("血(も)涙(も)ない。", "チモナミダモナイ"),
        ("私(は)学生だ。", "ワタシワガクセイダ"),
        ("木(き)の葉(は)が落(お)ちる。", "キノハガオチル"),
    ],
)
def test_endings_and_particles_are_said_behind_their_word(
    dictionary: Dictionary, text: str, kana: str
) -> None:
    assert key(sentence(dictionary, text)) == pronunciation_key(kana)


def test_one_kana_that_nothing_knows_is_told_and_not_made_a_reading(dictionary: Dictionary) -> None:
    found = sentence(dictionary, "夢(む)を見る。")
    assert key(found) == pronunciation_key("ユメヲミル")
    assert found.doubt is not None
    assert "the entry reads 夢 as ム" in found.doubt


def test_the_beginning_of_what_the_dictionary_says_is_no_doubt(dictionary: Dictionary) -> None:
    found = sentence(dictionary, "四(よ)つの箱。")
    assert (key(found), found.doubt) == (pronunciation_key("ヨッツノハコ"), None)
    assert key(word(dictionary, "四(よ)")) == "ヨ"
