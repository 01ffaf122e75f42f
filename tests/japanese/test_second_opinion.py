"""Sentences without a kana line: what UniDic mends, and which words stay ambiguous."""

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.homographs import describe_ambiguities, find_differences
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import AmbiguousWord, DictionaryWord, Pronunciation, SpokenForm

#: Sentences that OpenJTalk's dictionary alone misreads, and neighbours that it reads well.
SENTENCES = {
    "ピアノを弾こうとした。": "ピアノヲヒコートシタ",
    "デートに誘えばよかった。": "デートニサソエバヨカッタ",
    "ケーキを均等に割る。": "ケーキヲキントーニワル",
    "健康を保たんがために。": "ケンコーヲタモタンガタメニ",
    "これは直しようがない。": "コレワナオシヨーガナイ",
    "毎日歌の練習をする。": "マイニチウタノレンシューヲスル",
    "毎週川の周りを歩く。": "マイシューカワノマワリヲアルク",
    "白い封筒を買う。": "シロイフートーヲカウ",
    "四月頃に咲く。": "シガツゴロニサク",
    "毎日車で通う。": "マイニチクルマデカヨウ",
    "医者たる者、励むべきだ。": "イシャタルモノハゲムベキダ",
    "先生ともあろう者が。": "センセートモアローモノガ",
    "このゲームは球を使う。": "コノゲームワタマヲツカウ",
    "この部屋は寒っぽい。": "コノヘヤワサムッポイ",
    "塵取りで芋を蒸す。": "チリトリデイモヲムス",
    "この封筒には切手がある。": "コノフートーニワキッテガアル",
    "それを見て皆驚いた。": "ソレヲミテミナオドロイタ",
    "毎日水を飲む。": "マイニチミズヲノム",
    "着たい服がある。": "キタイフクガアル",
    "毎朝顔を洗う。": "マイアサカオヲアラウ",
    "初詣で近くの神社へ行く。": "ハツモーデデチカクノジンジャエイク",
    "怒りを感じる。": "イカリヲカンジル",
    "勉強する暇がない。": "ベンキョースルヒマガナイ",
    "金で買えない物もある。": "カネデカエナイモノモアル",
    "彼は若くはない。": "カレワワカクワナイ",
    "私は日本に行く。": "ワタシワニホンニイク",
    "明日、来ると言う。": "アシタクルトイウ",
    "三百円の本を十冊買う。": "サンビャクエンノホンヲジュッサツカウ",
    "漁業は不気味なほど静かだ。": "ギョギョーワブキミナホドシズカダ",
    "石油が湧出した。": "セキユガユーシュツシタ",
    "日曜日は時計台へ行く。": "ニチヨービワトケーダイエイク",
    "こんな家に住みたい。": "コンナイエニスミタイ",
    "もうお帰りになりました。": "モーオカエリニナリマシタ",
    "お書きになりました。": "オカキニナリマシタ",
    "などの日用品を買う。": "ナドノニチヨーヒンヲカウ",
    "腹が減っては戦ができぬ。": "ハラガヘッテワイクサガデキヌ",
    "急に眩暈がした。": "キューニメマイガシタ",
    "毎日体を動かす。": "マイニチカラダヲウゴカス",
    "町の有力者が来る。": "マチノユーリョクシャガクル",
    "放っておく。": "ホーッテオク",
    "新市場に進出した。": "シンシジョーニシンシュツシタ",
    "赤道直下の国。": "セキドーチョッカノクニ",
    "駅の前や店のそば。": "エキノマエヤミセノソバ",
    "料理が並べてあります。": "リョーリガナラベテアリマス",
    "あの山は高い。": "アノヤマワタカイ",
    "細胞診を受ける。": "サイボーシンヲウケル",
    "爪切りを買う。": "ツメキリヲカウ",
    "我思う。": "ワレオモウ",
    "心貧しい人。": "ココロマズシイヒト",
}
#: Sentences with the words that have another common reading; none where the context decides.
AMBIGUOUS = {
    "辛い。": [("辛い", "ツライ", ("カライ",))],
    "店で辛いと言った。": [("辛い", "ツライ", ("カライ",))],
    "このカレーは辛い。": [],
    "止めてください。": [("止め", "トメ", ("ヤメ",))],
    "話すのを止めた。": [],
    "空のコップ。": [],
    "元気な方です。": [("方", "ホー", ("カタ",))],
    "その方がいい。": [],
    "北の方から来た。": [],
    "良い天気だ。": [],
    "忙しい一日だった。": [],
    "夕食の後、歯を磨く。": [],
    "すぐ怒ります。": [],
    "次の角を右に曲がる。": [],
    "彼は今学校にいる。": [],
    "年をとった。": [],
    "市場は大きい。": [("市場", "シジョー", ("イチバ",))],
    "市場で野菜を買う。": [],
    "魚市場は遠い。": [],
    "昨夜、白髪を見た。": [
        ("昨夜", "サクヤ", ("ユウベ",)),
        ("白髪", "シラガ", ("ハクハツ",)),
    ],
    "空を見る。": [],
    "千円札を出す。": [],
    "大家さんに会う。": [],
    "一日おきに通う。": [],
    "株式市場が動く。": [],
    "空になった。": [("空", "ソラ", ("カラ",))],
    "学校へ行きます。": [],
    "彼は今日、本を読む。": [],
    "高速で通って行った。": [("通っ", "カヨッ", ("トオッ",))],
    "この道を通って帰る。": [],
    "庭に入れない。": [("入れ", "イレ", ("ハイレ",))],
    "砂糖をコーヒーに入れる。": [],
    "手に入れて喜ぶ。": [],
    "間の部屋。": [("間", "アイダ", ("マ",))],
    "休みの間に読む。": [],
    "救う術がない。": [("術", "ジュツ", ("スベ",))],
    "国会が開かれる。": [],
    "背が高い。": [],
    "これは宝物だ。": [("宝物", "タカラモノ", ("ホウモツ",))],
    "落葉を集める。": [("落葉", "ラクヨー", ("オチバ",))],
    "傷は未だ治らない。": [("未だ", "イマダ", ("マダ",))],
    "今日は家の外が雪だ。": [],
    "仕事の後で話す。": [],
    "厳しい方だと思う。": [("方", "ホー", ("カタ",))],
    "赤い方の箱だ。": [("方", "ホー", ("カタ",))],
    "開眼式に出る。": [("開眼", "カイガン", ("カイゲン",))],
    "魚を見る。": [],
}


def read(dictionary: Dictionary, text: str) -> Pronunciation:
    return resolve_reading(SpokenForm(text=text, sentence=True), dictionary).pronunciation


@pytest.mark.parametrize(("text", "kana"), SENTENCES.items())
def test_the_better_dictionary_is_followed(text: str, kana: str, dictionary: Dictionary) -> None:
    assert "".join(phrase.kana for phrase in read(dictionary, text).phrases) == kana


@pytest.mark.parametrize(("text", "words"), AMBIGUOUS.items())
def test_words_that_nothing_decides_are_named(
    text: str, words: list[tuple[str, str, tuple[str, ...]]], dictionary: Dictionary
) -> None:
    assert list(read(dictionary, text).ambiguous) == words


def test_a_kana_line_leaves_nothing_ambiguous(dictionary: Dictionary) -> None:
    form = SpokenForm(text="止めてください。", reading="ヤメテクダサイ", sentence=True)
    assert resolve_reading(form, dictionary).pronunciation.ambiguous == ()


def test_furigana_on_a_word_settle_that_word_alone(dictionary: Dictionary) -> None:
    form = SpokenForm(text="辛いので止めてください。", readings=(("辛", "から"),), sentence=True)
    found = resolve_reading(form, dictionary).pronunciation
    assert [word.spelling for word in found.ambiguous] == ["止め"]


def test_words_of_the_user_are_not_ambiguous() -> None:
    own = Dictionary()
    own.learn([DictionaryWord(surface="市場", reading="イチバ", accent=1)])
    found = read(own, "市場がある。")
    assert found.phrases[0].kana == "イチバガ"
    assert found.ambiguous == ()


def test_numbers_are_left_to_the_first_dictionary(dictionary: Dictionary) -> None:
    nodes = dictionary.analyze_best("20日に三本の木を5回見た。")
    assert find_differences(nodes, dictionary.unidic) == []


def test_each_ambiguous_word_is_described_once() -> None:
    word = AmbiguousWord("角", "カド", ("カク", "ツノ"))
    assert (
        describe_ambiguities([word, word]) == "角 is read カド, but can also be read カク or ツノ"
    )
