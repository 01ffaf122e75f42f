"""The reading guard, on OpenJTalk's real dictionary."""

import re
from collections.abc import Collection, Iterable, Sequence

import pytest

from tts_assets.domain import AccentBasis, Basis, Phrase, Pronunciation, SpokenForm
from tts_assets.errors import ClipError
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.entries import Entry
from tts_assets.japanese.kana import morae, pronunciation_key
from tts_assets.japanese.nodes import Node, Nodes
from tts_assets.japanese.reading import guarded

#: Words, readings and accents of Tokyo, of all lengths and kinds; many have another accent too.
ACCENTED = """
日ヒ0 火ヒ1 木キ1 気キ0 歯ハ1 葉ハ0 目メ1 手テ1 絵エ1 名ナ0 四シ1 箸ハシ1 橋ハシ2 端ハシ0 雨アメ1 飴アメ0
神カミ1 紙カミ2 花ハナ2 鼻ハナ0 酒サケ0 鮭サケ1 柿カキ0 牡蠣カキ1 垣カキ2 海ウミ1 膿ウミ2 秋アキ1 飽きアキ2
空きアキ0 朝アサ1 麻アサ2 犬イヌ2 猫ネコ1 鳥トリ0 月ツキ2 突きツキ0 北キタ2 来たキタ1 席セキ1 咳セキ2 腰コシ0
石イシ2 医師イシ1 駅エキ1 本ホン1 金キン1 今日キョウ1 九キュウ1 十ジュウ1 票ヒョウ0 菊キク2 草クサ2 下シタ0
舌シタ2 好きスキ2 隙スキ0 薬クスリ0 靴クツ2 息イキ1 粋イキ0 方カタ2 角カド1 角ツノ2 七シチ2 辛いツライ0
辛いカライ2 水ミズ0 人ヒト0 車クルマ0 心ココロ2 心ココロ3 男オトコ3 女オンナ3 頭アタマ3 命イノチ1 兎ウサギ0
卵タマゴ2 桜サクラ0 力チカラ3 言葉コトバ3 光ヒカリ3 朝日アサヒ1 電話デンワ0 天気テンキ1 時計トケイ0 映画エイガ1
映画エイガ0 会社カイシャ0 医者イシャ0 自転車ジテンシャ2 電車デンシャ0 電車デンシャ1 学校ガッコウ0 学生ガクセイ0
先生センセイ3 大学ダイガク0 勉強ベンキョウ0 弟オトウト4 妹イモウト4 一日ツイタチ4 雷カミナリ3 鶏ニワトリ0
お母さんオカアサン2 お姉さんオネエサン2 図書館トショカン2 飛行機ヒコウキ2 日曜日ニチヨウビ3 郵便局ユウビンキョク3
動物園ドウブツエン4 病院ビョウイン0 美容院ビヨウイン2 食べるタベル2 飲むノム1 行くイク0 帰るカエル1 変えるカエル0
着るキル0 切るキル1 降るフル1 振るフル0 買うカウ0 飼うカウ1 開くアク0 開くヒラク2 咲くサク0 思うオモウ2
洗うアラウ0 歩くアルク2 教えるオシエル3 教えるオシエル0 考えるカンガエル4 集まるアツマル3 手伝うテツダウ3
働くハタラク0 白いシロイ2 赤いアカイ0 高いタカイ2 厚いアツイ0 楽しいタノシイ3 新しいアタラシイ4 面白いオモシロイ4
難しいムズカシイ0 コーヒーコーヒー3 テレビテレビ1 パンパン1 ビールビール1 カメラカメラ1 デパートデパート2
スーパースーパー1 レストランレストラン1 アパートアパート2 コンピューターコンピューター3 エレベーターエレベーター3
ノートノート1 シャツシャツ1 ネクタイネクタイ1 アメリカアメリカ0 フランスフランス0 ポストポスト1 ベッドベッド1
切符キップ0 切手キッテ0 雑誌ザッシ0 日記ニッキ0 結婚ケッコン0 一緒イッショ0 三つミッツ3 四つヨッツ3 八つヤッツ3
一つヒトツ2 二つフタツ3 五つイツツ2 九つココノツ2 月日ツキヒ2 北風キタカゼ0 服フク2 匹ヒキ2 明日アシタ3
昨日キノウ2 東京トウキョウ0 日本ニホン2 中国チュウゴク1 気を付けるキヲツケル4 目が覚めるメガサメル1
世話をするセワヲスル2 お金持ちオカネモチ3 東京大学トウキョウダイガク5 携帯電話ケイタイデンワ5 天気予報テンキヨホウ4
誕生日会タンジョウビカイ5 一生懸命イッショウケンメイ5 一生懸命イッショウケンメイ0 自動販売機ジドウハンバイキ6
高等学校コウトウガッコウ5 何時もイツモ1 ありがとうアリガトウ2 こんにちはコンニチハ0 こんばんはコンバンハ0
さようならサヨウナラ4 いくらイクラ1 いくらイクラ0 ここココ0 どこドコ1 なにナニ1 ははハハ1 ちちチチ2 昨夜ユウベ3
昨夜サクヤ2 明後日アサッテ2 九日ココノカ4 二十日ハツカ0 二十歳ハタチ1 大人オトナ0 今朝ケサ1 煙草タバコ0 田ぼタンボ0
口吟むクチズサム4 伯父オジサン0 生るナル1 湿気シッキ0
"""
_ACCENTED = re.compile(r"(\S*?[^ァ-ー\d]|[ァ-ー]+?)(?=[ァ-ー])([ァ-ー]+)(\d+)")


def accented() -> list[tuple[str, str, int]]:
    """The words; one in katakana is written twice, as spelling and as reading."""
    words: list[tuple[str, str, int]] = []
    for word in ACCENTED.split():
        plain = word.rstrip("0123456789")
        half = plain[: len(plain) // 2]
        spelling = half if plain == half * 2 else re.split("[ァ-ー]+$", plain)[0]
        words.append((spelling, plain[len(spelling) :], int(word[len(plain) :])))
    return words


def read(dictionary: Dictionary, text: str, reading: str | None = None) -> Pronunciation:
    return guarded(SpokenForm(text=text, reading=reading), dictionary).pronunciation


def sound(pronunciation: Pronunciation) -> str:
    return "".join(phrase.kana for phrase in pronunciation.phrases)


def nuclei(labels: Iterable[str]) -> set[tuple[int, int]]:
    """Morae and accent nucleus of each phrase in full-context labels; flat is as many as morae."""
    found = (re.search(r"/F:(\d+)_(\d+)#", label) for label in labels)
    return {(int(each[1]), int(each[2])) for each in found if each}


@pytest.mark.parametrize(
    ("text", "reading", "phrase"),
    [
        ("食べる", "タベル", Phrase(kana="タベル", accent=2)),
        ("今日", "キョウ", Phrase(kana="キョー", accent=1)),
        ("橋", "ハシ", Phrase(kana="ハシ", accent=2)),
        ("思う", "オモウ", Phrase(kana="オモウ", accent=2)),
    ],
)
def test_a_spelling_that_is_read_as_given_is_spoken_itself(
    dictionary: Dictionary, text: str, reading: str, phrase: Phrase
) -> None:
    assert read(dictionary, text, reading) == Pronunciation(
        phrases=(phrase,), basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY
    )


def test_a_spelling_that_is_kept_keeps_its_labels(dictionary: Dictionary) -> None:
    for text, reading, _ in accented():
        found = guarded(SpokenForm(text=text, reading=reading), dictionary)
        if found.pronunciation.basis is Basis.SPELLING:
            plain = dictionary.labels(dictionary.best(text))
            assert dictionary.labels(found.parts[0]) == plain


@pytest.mark.parametrize(
    ("text", "reading", "accent"),
    [
        ("開く", "アク", 2),
        ("方", "カタ", 2),
        ("角", "カク", 2),
        ("辛い", "カライ", 2),
        ("昨夜", "ユウベ", 3),
        ("明後日", "アサッテ", 2),
    ],
)
def test_a_misread_spelling_is_spoken_from_the_next_analysis_that_has_the_reading(
    dictionary: Dictionary, text: str, reading: str, accent: int
) -> None:
    found = read(dictionary, text, reading)
    assert pronunciation_key(sound(found)) == pronunciation_key(reading)
    if found.basis is Basis.NBEST:
        assert found.phrases[0].accent == accent
        assert found.doubt is not None
        assert found.doubt.startswith(f"the dictionary reads {text} as ")
        assert found.doubt.endswith(" is one of its next analyses")


@pytest.mark.parametrize(
    ("text", "reading"),
    [("一日", "ツイタチ"), ("四", "シ"), ("田ぼ", "タンボ"), ("断える", "タエル"), ("犬", "ネコ")],
)
def test_a_reading_that_no_analysis_has_is_forced_and_told(
    dictionary: Dictionary, text: str, reading: str
) -> None:
    found = read(dictionary, text, reading)
    assert sound(found) == reading
    assert (found.basis, len(found.phrases)) == (Basis.FORCED, 1)
    assert found.doubt is not None
    assert f"in none of its analyses as {reading}" in found.doubt


def test_only_the_words_that_differ_are_forced(dictionary: Dictionary) -> None:
    found = guarded(SpokenForm(text="打つ人", reading="ブツヒト"), dictionary)
    assert [node["string"] for node in found.parts[0]] == ["打つ", "人"]
    assert sound(found.pronunciation) == "ブツヒト"


def test_neighbours_that_both_differ_are_one_word(dictionary: Dictionary) -> None:
    found = guarded(SpokenForm(text="犬猫は", reading="ジンジャーハ"), dictionary)
    assert [node["string"] for node in found.parts[0]] == ["犬猫", "は"]
    assert sound(found.pronunciation) == "ジンジャーワ"


def test_a_typing_error_is_told_with_what_was_meant(dictionary: Dictionary) -> None:
    found = read(dictionary, "昨日", "キオウ")
    assert sound(found) == "キオー"
    assert found.doubt == (
        "the dictionary reads 昨日 as キノー, in none of its analyses as キオウ; "
        "did you mean キノウ?; its accent is a guess"
    )


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("は", "ハ"),
        ("へ", "ヘ"),
        ("はで", "ハデ"),
        ("しはい", "シハイ"),
        ("はは", "ハハ"),
        ("いろは", "イロハ"),
        ("はなび", "ハナビ"),
        ("へや", "ヘヤ"),
        ("へいわ", "ヘイワ"),
        ("はへ", "ハヘ"),
        ("このは", "コノハ"),
        ("さは", "サハ"),
        ("ハ", "ハ"),
        ("では", "デワ"),
        ("それでは", "ソレデワ"),
        ("ではない", "デワナイ"),
        ("こんにちは", "コンニチワ"),
        ("こんばんは", "コンバンワ"),
        ("あるいは", "アルイワ"),
        ("または", "マタワ"),
        ("なるべくは", "ナルベクワ"),
        ("わけにはいかない", "ワケニワイカナイ"),
        ("にほんへ", "ニホンエ"),
        ("まえへ", "マエエ"),
        ("それはそうと", "ソレワソート"),
        ("これはなんですか", "コレワナンデスカ"),
    ],
)
def test_letters_are_letters_and_particles_are_particles_in_kana(
    dictionary: Dictionary, text: str, kana: str
) -> None:
    found = read(dictionary, text)
    assert sound(found) == kana
    assert found.basis in {Basis.SPELLING, Basis.NBEST}


@pytest.mark.parametrize(
    ("text", "reading", "kana"),
    [
        ("歯", "ハ", "ハ"),
        ("派手", "ハデ", "ハデ"),
        ("支配", "シハイ", "シハイ"),
        ("実は", "ジツハ", "ジツワ"),
        ("実は", "ジツワ", "ジツワ"),
        ("では", "デワ", "デワ"),
        ("日本へ", "ニホンヘ", "ニホンエ"),
        ("言う", "イウ", "イウ"),
        ("言う", "ユウ", "ユウ"),
    ],
)
def test_readings_may_spell_particles_or_write_what_they_sound_like(
    dictionary: Dictionary, text: str, reading: str, kana: str
) -> None:
    assert sound(read(dictionary, text, reading)) == kana


def test_without_a_reading_the_dictionary_decides(dictionary: Dictionary) -> None:
    found = read(dictionary, "食べ物")
    assert (sound(found), found.basis, found.doubt) == ("タベモノ", Basis.UNCHECKED, None)


def test_the_accent_of_the_data_is_that_of_the_labels(dictionary: Dictionary) -> None:
    words = accented()
    assert len(words) > 200
    for text, reading, accent in words:
        found = guarded(SpokenForm(text=text, reading=reading, accent=accent), dictionary)
        size = len(morae(reading))
        assert nuclei(dictionary.labels(found.parts[0])) == {(size, accent or size)}, text
        assert [phrase.accent for phrase in found.pronunciation.phrases] == [accent]
        assert found.pronunciation.accent_basis is AccentBasis.DATA


@pytest.mark.parametrize("accent", range(9))
def test_any_accent_can_be_given_to_a_word_that_splits(dictionary: Dictionary, accent: int) -> None:
    form = SpokenForm(text="気を付けて、行く", reading="キヲツケテイク", accent=min(accent, 7))
    found = guarded(form, dictionary)
    assert found.pronunciation.phrases == (Phrase(kana="キヲツケテイク", accent=min(accent, 7)),)


def test_a_vowel_under_the_accent_is_voiced_again(dictionary: Dictionary) -> None:
    plain = guarded(SpokenForm(text="月", reading="ツキ"), dictionary)
    moved = guarded(SpokenForm(text="月", reading="ツキ", accent=1), dictionary)
    assert plain.parts[0][0]["pron"] == "ツ’キ"
    assert moved.parts[0][0]["pron"] == "ツキ"


def test_an_accent_behind_the_last_mora_is_an_error_that_says_both(dictionary: Dictionary) -> None:
    with pytest.raises(ClipError, match=r"箸 the accent 3, but ハシ has only 2 morae"):
        guarded(SpokenForm(text="箸", reading="ハシ", accent=3), dictionary)


@pytest.mark.parametrize("sentence", [True, False])
@pytest.mark.parametrize("text", ["😀", "。", "…"])
def test_a_text_without_a_word_is_an_error(
    dictionary: Dictionary, text: str, *, sentence: bool
) -> None:
    with pytest.raises(ClipError, match="nothing to say"):
        guarded(SpokenForm(text=text, sentence=sentence), dictionary)


def test_an_accent_for_a_text_without_a_word_is_the_same_error(dictionary: Dictionary) -> None:
    with pytest.raises(ClipError, match="nothing to say"):
        guarded(SpokenForm(text="😀", accent=0), dictionary)


@pytest.mark.parametrize(
    ("text", "kana", "accents"),
    [
        ("明日は雨が降ります。", ["アシタワ", "アメガ", "フリマス"], [3, 1, 3]),
        ("ハ", ["ハ"], [1]),
        ("箸と橋。", ["ハシト", "ハシ"], [1, 2]),
    ],
)
def test_phrases_tell_kana_and_accents(
    dictionary: Dictionary, text: str, kana: list[str], accents: list[int]
) -> None:
    found = guarded(SpokenForm(text=text, sentence=True), dictionary).pronunciation.phrases
    assert [phrase.kana for phrase in found] == kana
    assert [phrase.accent for phrase in found] == accents


def test_pauses_are_told_within_and_between_sentences_and_not_at_the_end(
    dictionary: Dictionary,
) -> None:
    form = SpokenForm(text="はい、「水」です。どうぞ！", sentence=True)
    found = guarded(form, dictionary).pronunciation.phrases
    assert [(phrase.kana, phrase.pause) for phrase in found] == [
        ("ハイ", True),
        ("ミズ", True),
        ("デス", True),
        ("ドーゾ", False),
    ]


class _Deaf:
    """A dictionary that says the same whatever it is asked for."""

    def best(self, text: str) -> Nodes:
        return [
            Node(
                string=text, pos="名詞", pos_group1="一般", pos_group2="*", pos_group3="*",
                ctype="*", cform="*", orig=text, read="チガウ", pron="チガウ", acc=0, mora_size=3,
                chain_rule="C1", chain_flag=-1, is_reading_protected=False,
                is_reading_rewritten=False,
            )
        ]  # fmt: skip

    def alternatives(self, text: str, most: int) -> Iterable[Nodes]:
        del most
        return [self.best(text)]

    def refined(self, text: str, nodes: Nodes) -> Nodes:
        del text
        return nodes

    def tokens(self, text: str) -> list[Entry]:
        del text
        return []

    def entries(self, surface: str) -> list[Entry]:
        del surface
        return []

    def built(self, text: str, tokens: Sequence[Entry], settled: Collection[Entry] = ()) -> Nodes:
        del tokens, settled
        return self.best(text)

    def devoiced(self, nodes: Nodes) -> Nodes:
        return self.best(nodes[0]["string"])


def test_a_wrong_reading_is_never_spoken() -> None:
    with pytest.raises(ClipError, match="cannot be made to say イヌ"):
        guarded(SpokenForm(text="犬", reading="イヌ"), _Deaf())


def test_a_reading_that_the_accent_would_spoil_is_never_spoken() -> None:
    with pytest.raises(ClipError, match="cannot be made to say"):
        guarded(SpokenForm(text="犬", reading="イヌ", accent=1), _Deaf())
