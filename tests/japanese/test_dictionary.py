"""The dictionary, and the words that it learns."""

import random
import threading
from pathlib import Path

import pytest

from tests.japanese.labels import heard, nuclei
from tts_assets.errors import ClipError
from tts_assets.japanese.analysis import nodes_to_kana, to_accent_phrases
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import DictionaryWord, SpokenForm, WordKind

ROOT = Path(__file__).parent.parent.parent
WORDS = (
    DictionaryWord(surface="角", reading="ツノ", accent=2),
    DictionaryWord(surface="東", reading="アズマ", accent=0),
    DictionaryWord(surface="京", reading="ミヤコ", accent=0),
    DictionaryWord(surface="東京", reading="トンキン", accent=1),
    DictionaryWord(surface="ABC", reading="アベセ", accent=1),
    DictionaryWord(surface="3DS", reading="スリーディーエス", accent=6),
    DictionaryWord(surface='a,b"c', reading="エービーシー"),
    DictionaryWord(surface="勇人", reading="ユウト", accent=1, kind=WordKind.NAME),
    DictionaryWord(surface="ググる", reading="ググル", kind=WordKind.VERB),
    DictionaryWord(surface="エモい", reading="エモイ", accent=2, kind=WordKind.ADJECTIVE),
    DictionaryWord(surface="丸", reading="マル", accent=1, kind=WordKind.SUFFIX),
    DictionaryWord(surface="何", reading="ナニガシ", accent=0),
    DictionaryWord(surface="降ります", reading="クダリマス", accent=4),
    DictionaryWord(surface="昨日", reading="キノウ"),
)


@pytest.fixture(scope="module")
def taught() -> Dictionary:
    dictionary = Dictionary()
    dictionary.analyze_best("これより前に調べたことは忘れられる")
    dictionary.learn(WORDS)
    return dictionary


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("角", "ツノ"),
        ("三角形の角", "サンツノガタノツノ"),
        ("東京へ行く", "トンキンエイク"),
        ("東の京の東京都", "アズマノミヤコノトンキント"),
        ("ABCとＡＢＣ", "アベセトアベセ"),
        ("3DSで遊ぶ", "スリーディーエスデアソブ"),
        ('a,b"cです', "エービーシーデス"),
        ("勇人は本を読む", "ユートワホンヲヨム"),
        ("それはググるな", "ソレワググルナ"),
        ("エモい歌", "エモイウタ"),
        ("日本丸", "ニホンマル"),
        ("何ですか", "ナニガシデスカ"),
        ("雨が降ります", "アメガクダリマス"),
        ("昨日も", "キノーモ"),
    ],
)
def test_a_learned_word_is_read_as_it_says_wherever_it_stands(
    taught: Dictionary, text: str, kana: str
) -> None:
    form = SpokenForm(text=text, sentence=True)
    assert (
        "".join(each.kana for each in resolve_reading(form, taught).pronunciation.phrases) == kana
    )


def test_a_learned_word_has_its_accent(taught: Dictionary) -> None:
    assert [phrase.accent for phrase in to_accent_phrases(taught.analyze_best("東京へ"))] == [1]
    assert [phrase.accent for phrase in to_accent_phrases(taught.analyze_best("3DS"))] == [6]


def test_an_accent_that_is_not_given_is_listed_or_that_of_the_kana_or_a_rule() -> None:
    words = [("昨日", "キノウ"), ("蛍光", "タマゴ"), ("ググる", "ググル")]
    dictionary = Dictionary()
    dictionary.learn([DictionaryWord(surface=surface, reading=kana) for surface, kana in words])
    accents = [
        to_accent_phrases(dictionary.analyze_best(surface))[0].accent for surface, _ in words
    ]
    (kana,) = to_accent_phrases(dictionary.analyze_best("たまご"))
    assert accents == [2, kana.accent, 2]


def test_an_entry_s_own_reading_is_stronger_than_a_learned_word(taught: Dictionary) -> None:
    for text, reading, kana in [("東京", "トウキョウ", "トーキョー"), ("角", "カド", "カド")]:
        found = resolve_reading(SpokenForm(text=text, reading=reading), taught)
        assert [phrase.kana for phrase in found.pronunciation.phrases] == [kana]


def test_a_learned_reading_may_have_small_kana_that_join_none_before_them() -> None:
    dictionary = Dictionary()
    dictionary.learn([DictionaryWord(surface="三月", reading="サンヵデェ", accent=5)])
    nodes = dictionary.analyze_best("三月も")
    labels = dictionary.make_labels(nodes)
    assert (heard(labels), nuclei(labels)) == ("サンカデエモ", [(6, 5)])


def test_the_longest_of_several_learned_words_is_read_within_a_longer_compound() -> None:
    words = [("京", "ミヤコ"), ("東京", "トンキン"), ("東京大", "ニシ"), ("大学", "マナビヤ")]
    dictionary = Dictionary()
    dictionary.learn([DictionaryWord(surface=surface, reading=kana) for surface, kana in words])
    for text, kana in [
        ("新東京駅", "シントンキンエキ"),
        ("東京大", "ニシ"),
        ("東京大会", "ニシカイ"),
        ("大学生", "マナビヤセー"),
        ("東京都立大学前", "トンキントリツマナビヤマエ"),
    ]:
        assert nodes_to_kana(dictionary.analyze_best(text)) == kana


def test_any_word_wins_inside_any_sentence() -> None:
    chance = random.Random(1)
    sentences = [
        "窓を開けて、外を見てください。",
        "一緒に映画を見に行きましょうか。",
        "昨日の夜八時ごろに帰りました。",
        "この食堂では何でも美味しくて安い料理が出されます。",
    ]
    for sentence in sentences * 5:
        start = chance.randrange(len(sentence) - 4)
        surface = sentence[start : start + chance.choice((1, 2, 3))]
        if "。" in surface or "、" in surface:
            continue
        kind = chance.choice(list(WordKind))
        dictionary = Dictionary()
        dictionary.learn([DictionaryWord(surface=surface, reading="ヌヘヌヘ", accent=0, kind=kind)])
        assert "ヌヘヌヘ" in nodes_to_kana(dictionary.analyze_best(sentence)), (surface, kind)


def test_learning_nothing_changes_nothing(dictionary: Dictionary) -> None:
    untaught = Dictionary()
    untaught.learn([])
    assert untaught.analyze_best("東京の角") == dictionary.analyze_best("東京の角")


def test_learning_leaves_no_file_and_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dictionary = Dictionary()
    dictionary.learn(WORDS)
    assert nodes_to_kana(dictionary.analyze_best("角")) == "ツノ"
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().out == ""


def test_each_thread_has_an_analyser_that_knows_the_words(taught: Dictionary) -> None:
    heard: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: heard.append(nodes_to_kana(taught.analyze_best("東京の角")))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == ["トンキンノツノ"] * 3


def test_entries_are_those_of_the_whole_spelling_the_likeliest_first(
    dictionary: Dictionary,
) -> None:
    found = dictionary.find_entries("開く")
    assert {entry.reading for entry in found} >= {"ヒラク", "アク"}
    assert {entry.surface for entry in found} == {"開く"}
    assert found[0].reading == "ヒラク"
    assert dictionary.find_entries("ぬぬぬぬ") == []


def test_tokens_build_the_analysis_that_they_are_of(dictionary: Dictionary) -> None:
    for text in ["学生です", "食べさせられた", "二十四日は雨だ", "彼女の方が先に来た"]:
        built = dictionary.build_analysis(text, dictionary.list_tokens(text))
        assert dictionary.make_labels(built) == dictionary.make_labels(
            dictionary.analyze_best(text)
        )


def test_an_alternative_is_refined_without_being_read_otherwise(dictionary: Dictionary) -> None:
    for nodes in dictionary.list_alternatives("彼の方が書きます", 20):
        assert nodes_to_kana(dictionary.refine_accents("彼の方が書きます", nodes)) == nodes_to_kana(
            nodes
        )


def test_a_text_may_be_only_so_long(dictionary: Dictionary) -> None:
    with pytest.raises(ClipError, match="401 characters exceeds"):
        list(dictionary.list_alternatives("あ" * 401, 2))
    with pytest.raises(ClipError, match="401 characters exceeds"):
        dictionary.analyze_best("あ" * 401)
