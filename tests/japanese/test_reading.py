"""The reading guard, on OpenJTalk's real dictionary."""

import json
import random
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from tests.japanese.accents import ACCENTED
from tests.japanese.labels import heard, nuclei
from tts_assets.errors import ClipError
from tts_assets.japanese.accent_notation import format_accent_phrases
from tts_assets.japanese.analysis import DictionaryEntry, Node, Nodes, to_accent_phrases
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_resolver import FormReading, resolve_reading
from tts_assets.model import (
    AccentBasis,
    Basis,
    Phrase,
    Pronunciation,
    SpokenForm,
    is_katakana,
    kana_to_katakana,
    split_morae,
)

DATA = Path(__file__).parent.parent.parent / "data"


def words_of_data() -> list[tuple[str, str]]:
    """Words and readings of the project's own catalogues."""
    vocabulary = json.loads((DATA / "vocabulary.json").read_bytes())
    kanji = json.loads((DATA / "kanji.json").read_bytes())
    examples = [example for entry in kanji for example in entry["examples"]]
    return [(each["word"], kana_to_katakana(each["reading"])) for each in [*vocabulary, *examples]]


def read(dictionary: Dictionary, text: str, reading: str | None = None) -> Pronunciation:
    return resolve_reading(SpokenForm(text=text, reading=reading), dictionary).pronunciation


def sound(pronunciation: Pronunciation) -> str:
    return "".join(phrase.kana for phrase in pronunciation.phrases)


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


def test_a_spelling_that_is_kept_keeps_the_labels_of_the_plain_dictionary(
    dictionary: Dictionary,
) -> None:
    import pyopenjtalk

    words = {*words_of_data(), *((text, reading) for text, reading, _ in ACCENTED)}
    kept = 0
    for text, reading in words:
        found = resolve_reading(SpokenForm(text=text, reading=reading), dictionary)
        plain = pyopenjtalk.run_frontend(text)
        if found.pronunciation.phrases == to_accent_phrases(plain):
            kept += 1
            assert dictionary.make_labels(found.parts[0]) == pyopenjtalk.make_label(plain)
    assert kept > 400


def test_what_the_labels_say_is_the_reading(dictionary: Dictionary) -> None:
    bases: set[Basis] = set()
    for text, reading, accent in ACCENTED:
        for given in (None, accent):
            found = resolve_reading(
                SpokenForm(text=text, reading=reading, accent=given), dictionary
            )
            bases.add(found.pronunciation.basis)
            if found.pronunciation.basis is not Basis.SPELLING or "は" not in text:
                assert heard(dictionary.make_labels(found.parts[0])) == pronunciation_key(
                    reading
                ), text
    assert bases == {Basis.SPELLING, Basis.NBEST, Basis.FORCED}


@pytest.mark.parametrize(
    ("text", "reading", "accent"),
    [
        ("開く", "アク", 0),
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
        assert found.doubt.startswith(f"the dictionary first reads {text} as ")
        assert found.doubt.endswith(" is one of its other readings")


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
    assert f"and never as {reading}" in found.doubt


def test_only_the_words_that_differ_are_forced(dictionary: Dictionary) -> None:
    found = resolve_reading(SpokenForm(text="打つ人", reading="ブツヒト"), dictionary)
    assert [node["string"] for node in found.parts[0]] == ["打つ", "人"]
    assert sound(found.pronunciation) == "ブツヒト"


def test_neighbours_that_both_differ_are_one_word(dictionary: Dictionary) -> None:
    found = resolve_reading(SpokenForm(text="犬猫は", reading="ジンジャーハ"), dictionary)
    assert [node["string"] for node in found.parts[0]] == ["犬猫", "は"]
    assert sound(found.pronunciation) == "ジンジャーワ"


def test_a_typing_error_is_told_with_what_was_meant(dictionary: Dictionary) -> None:
    found = read(dictionary, "昨日", "キオウ")
    assert sound(found) == "キオー"
    assert (found.near, found.accent_basis) == ("キノウ", AccentBasis.GUESSED)
    assert found.doubt == "the dictionary reads 昨日 as キノー and never as キオウ"


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
        ("へいわ", "ヘーワ"),
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


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("食べたい", "タベタ↓イ"),
        ("行きたい", "イキタ↓イ"),
        ("話したかったです", "ハナシタ↓カッタデス"),
        ("食べてみたい", "タベテミタ↓イ"),
        ("飲みたがる", "ノミタガ↓ル"),
        ("食べた", "タ↓ベタ"),
    ],
)
def test_tai_takes_the_accent_of_its_verb(dictionary: Dictionary, text: str, spoken: str) -> None:
    found = resolve_reading(SpokenForm(text=text), dictionary)
    assert format_accent_phrases(found.pronunciation.phrases) == spoken


def test_without_a_reading_the_dictionary_decides(dictionary: Dictionary) -> None:
    found = read(dictionary, "食べ物")
    assert (sound(found), found.basis, found.doubt) == ("タベモノ", Basis.UNCHECKED, None)


def test_the_accent_of_the_data_is_that_of_the_labels(dictionary: Dictionary) -> None:
    assert len(ACCENTED) > 300
    for text, reading, accent in ACCENTED:
        found = resolve_reading(SpokenForm(text=text, reading=reading, accent=accent), dictionary)
        size = len(split_morae(reading))
        assert nuclei(dictionary.make_labels(found.parts[0])) == [(size, accent or size)], text
        assert [phrase.accent for phrase in found.pronunciation.phrases] == [accent]
        assert found.pronunciation.accent_basis is AccentBasis.DATA


def test_every_accent_that_a_word_has_room_for_reaches_its_labels(dictionary: Dictionary) -> None:
    for text, reading, _ in ACCENTED:
        size = len(split_morae(reading))
        for accent in range(size + 1):
            form = SpokenForm(text=text, reading=reading, accent=accent)
            labels = dictionary.make_labels(resolve_reading(form, dictionary).parts[0])
            assert nuclei(labels) == [(size, accent or size)], (text, accent)


def test_a_fall_after_the_last_mora_is_that_of_no_fall_in_the_labels_but_is_told_apart(
    dictionary: Dictionary,
) -> None:
    odaka, flat = (
        resolve_reading(SpokenForm(text=text, reading="ハシ", accent=accent), dictionary)
        for text, accent in [("橋", 2), ("端", 0)]
    )
    assert [each.pronunciation.phrases[0].accent for each in (odaka, flat)] == [2, 0]
    with_particle = [
        resolve_reading(SpokenForm(text=f"{text}が", reading="ハシガ", accent=accent), dictionary)
        for text, accent in [("橋", 2), ("端", 0)]
    ]
    assert [nuclei(dictionary.make_labels(each.parts[0])) for each in with_particle] == [
        [(3, 2)],
        [(3, 3)],
    ]


@pytest.mark.parametrize("accent", range(9))
def test_any_accent_can_be_given_to_a_word_that_splits(dictionary: Dictionary, accent: int) -> None:
    form = SpokenForm(text="気を付けて、行く", reading="キヲツケテイク", accent=min(accent, 7))
    found = resolve_reading(form, dictionary)
    assert found.pronunciation.phrases == (Phrase(kana="キヲツケテイク", accent=min(accent, 7)),)


def test_a_vowel_under_the_accent_is_voiced_again(dictionary: Dictionary) -> None:
    plain = resolve_reading(SpokenForm(text="月", reading="ツキ"), dictionary)
    moved = resolve_reading(SpokenForm(text="月", reading="ツキ", accent=1), dictionary)
    assert plain.parts[0][0]["pron"] == "ツ’キ"
    assert moved.parts[0][0]["pron"] == "ツキ"


def test_an_accent_behind_the_last_mora_is_an_error_that_says_both(dictionary: Dictionary) -> None:
    with pytest.raises(ClipError, match=r"箸 the accent 3, but ハシ has only 2 morae"):
        resolve_reading(SpokenForm(text="箸", reading="ハシ", accent=3), dictionary)


#: Spellings and readings at the edges of what kana can write, and what the labels have to say.
ODD = [
    ("詩屋", "シャ", "シャ"),
    ("津山：松下電器", "バンリュウ", "バンリュウ"),
    ("あぁ", "アァ", "アア"),
    ("ねえ", "ネェ", "ネエ"),
    ("すごい", "スゲェ", "スゲエ"),
    ("でぇ", "デェ", "デエ"),
    ("具", "グゥ", "グウ"),
    ("古い", "フルゥ", "フルウ"),
    ("三ヵ月", "サンヵゲツ", "サンカゲツ"),
    ("ヵ", "ヵ", "カ"),
    ("ゃ", "ャ", "ヤ"),
    ("水", "ミズー", "ミズウ"),
    ("鼻血", "ハナヂ", "ハナジ"),
    ("続く", "ツヅク", "ツズク"),
    ("ゐる", "ヰル", "イル"),
    ("ゑびす", "ヱビス", "エビス"),
    ("をとこ", "ヲトコ", "オトコ"),
    ("ヴァイオリン", "ヴァイオリン", "ヴァイオリン"),
    ("ヴァイオリン", "バイオリン", "バイオリン"),
    ("バイオリン", "ヴァイオリン", "ヴァイオリン"),
    ("クィーン", "クィーン", "クィイン"),
    ("Tシャツ", "ティーシャツ", "ティイシャツ"),
    ("Tシャツ", "テーシャツ", "テエシャツ"),
    ("CD", "シーディー", "シイディイ"),
    ("OK", "オッケー", "オッケエ"),
    ("佐々木", "ササキ", "ササキ"),
    ("人々", "ヒトビト", "ヒトビト"),
    ("人々", "ヒトヒト", "ヒトヒト"),
    ("手紙", "テカミ", "テカミ"),
    ("本棚", "ホンタナ", "ホンタナ"),
    ("アイス・クリーム", "アイスクリーム", "アイスクリイム"),
    ("アイス クリーム", "アイスクリーム", "アイスクリイム"),
    ("10", "トオ", "トオ"),
    ("１日", "ツイタチ", "ツイタチ"),
    ("100", "ヒャク", "ヒャク"),
    ("大きい", "オウキイ", "オオキイ"),
    ("東京", "トオキョオ", "トオキョオ"),
    ("先生", "センセエ", "センセエ"),
    ("歌", "ウタ" * 50, "ウタ" * 50),
    ("歌" * 40, "ウタ" * 40, "ウタ" * 40),
]


@pytest.mark.parametrize(("text", "reading", "sounds"), ODD)
@pytest.mark.parametrize("accent", [None, 0, 1])
def test_odd_readings_are_said_as_they_sound(
    dictionary: Dictionary, text: str, reading: str, sounds: str, accent: int | None
) -> None:
    found = resolve_reading(SpokenForm(text=text, reading=reading, accent=accent), dictionary)
    assert heard(dictionary.make_labels(found.parts[0])) == pronunciation_key(sounds)
    assert pronunciation_key(sound(found.pronunciation)) == pronunciation_key(sounds)


def test_small_vowels_that_stand_alone_are_as_good_as_large_ones(dictionary: Dictionary) -> None:
    for text, reading in [("あぁ", "アァ"), ("ねぇ", "ネエ"), ("ねえ", "ネェ")]:
        assert read(dictionary, text, reading).basis is Basis.SPELLING


def test_words_of_the_dictionary_are_said_with_any_of_its_readings_and_of_any_other_word(
    dictionary: Dictionary,
) -> None:
    chance = random.Random(1)
    kanji = sorted({sign for text, _ in words_of_data() for sign in text if "一" <= sign <= "鿿"})
    spellings = ["".join(chance.choices(kanji, k=chance.choice((1, 2, 2, 3)))) for _ in range(400)]
    entries = [entry for text in spellings for entry in dictionary.find_entries(text)]
    readings = [entry.reading for entry in entries if entry.reading and is_katakana(entry.reading)]
    for text in spellings:
        reading = chance.choice(readings) + chance.choice(["", chance.choice(readings)])
        found = resolve_reading(SpokenForm(text=text, reading=reading), dictionary)
        assert heard(dictionary.make_labels(found.parts[0])) == pronunciation_key(reading), text
    for entry in entries:
        if entry.reading in readings:
            found = resolve_reading(
                SpokenForm(text=entry.surface, reading=entry.reading), dictionary
            )
            assert heard(dictionary.make_labels(found.parts[0])) == pronunciation_key(entry.reading)


def test_threads_that_share_a_dictionary_read_as_one_alone(dictionary: Dictionary) -> None:
    forms = [
        SpokenForm(text=text, reading=reading, accent=chosen)
        for text, reading, accent in ACCENTED
        for chosen in (None, accent)
    ]
    alone = [resolve_reading(form, dictionary) for form in forms]
    together: dict[int, list[FormReading]] = {}

    def work(number: int) -> None:
        # Each begins elsewhere, so that different words are read at the same time.
        turned = forms[number * 100 :] + forms[: number * 100]
        found = [resolve_reading(form, dictionary) for form in turned]
        together[number] = found[len(forms) - number * 100 :] + found[: len(forms) - number * 100]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(together[number] == alone for number in range(3))


@pytest.mark.parametrize("sentence", [True, False])
@pytest.mark.parametrize("text", ["😀", "。", "…", "ー", "っ", "ッー"])
def test_a_text_without_a_word_is_an_error(
    dictionary: Dictionary, text: str, *, sentence: bool
) -> None:
    with pytest.raises(ClipError, match="nothing to speak"):
        resolve_reading(SpokenForm(text=text, sentence=sentence), dictionary)


def test_an_accent_for_a_text_without_a_word_is_the_same_error(dictionary: Dictionary) -> None:
    with pytest.raises(ClipError, match="nothing to speak"):
        resolve_reading(SpokenForm(text="😀", accent=0), dictionary)


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
    found = resolve_reading(SpokenForm(text=text, sentence=True), dictionary).pronunciation.phrases
    assert [phrase.kana for phrase in found] == kana
    assert [phrase.accent for phrase in found] == accents


def test_pauses_are_told_within_and_between_sentences_and_not_at_the_end(
    dictionary: Dictionary,
) -> None:
    form = SpokenForm(text="はい、「水」です。どうぞ！", sentence=True)
    found = resolve_reading(form, dictionary).pronunciation.phrases
    assert [(phrase.kana, phrase.pause) for phrase in found] == [
        ("ハイ", True),
        ("ミズ", True),
        ("デス", True),
        ("ドーゾ", False),
    ]


class DeafAnalyzer(Dictionary):
    """A dictionary that says the same whatever it is asked for."""

    def analyze_best(self, text: str) -> Nodes:
        return [
            Node(
                string=text, pos="名詞", pos_group1="一般", pos_group2="*", pos_group3="*",
                ctype="*", cform="*", orig=text, read="チガウ", pron="チガウ", acc=0, mora_size=3,
                chain_rule="C1", chain_flag=-1, is_reading_protected=False,
                is_reading_rewritten=False,
            )
        ]  # fmt: skip

    def list_alternatives(self, text: str, most: int) -> Iterator[Nodes]:
        del most
        yield self.analyze_best(text)

    def refine_accents(self, text: str, nodes: Nodes) -> Nodes:
        del text
        return nodes

    def list_tokens(self, text: str) -> list[DictionaryEntry]:
        del text
        return []

    def find_entries(self, surface: str) -> list[DictionaryEntry]:
        del surface
        return []

    def build_analysis(
        self,
        text: str,
        tokens: Sequence[DictionaryEntry],
        fixed: Collection[DictionaryEntry] = (),
    ) -> Nodes:
        del tokens, fixed
        return self.analyze_best(text)

    def devoice_vowels(self, nodes: Nodes) -> Nodes:
        return self.analyze_best(nodes[0]["string"])


def test_a_wrong_reading_is_never_spoken() -> None:
    with pytest.raises(ClipError, match="cannot be forced to イヌ"):
        resolve_reading(SpokenForm(text="犬", reading="イヌ"), DeafAnalyzer())


def test_a_reading_that_the_accent_would_spoil_is_never_spoken() -> None:
    with pytest.raises(ClipError, match="cannot be forced to"):
        resolve_reading(SpokenForm(text="犬", reading="イヌ", accent=1), DeafAnalyzer())


@pytest.mark.parametrize(
    ("text", "kana", "heard"),
    [
        ("コウ", "コウ", "コー"),
        ("ホウ", "ホウ", "ホー"),
        ("キョウ", "キョウ", "キョー"),
        ("セイ", "セイ", "セー"),
        ("行", "コウ", "コー"),
        ("高", "コウ", "コー"),
        ("オモウ", "オモウ", "オモウ"),
    ],
)
def test_a_reading_from_chinese_that_stands_alone_has_its_long_vowel(
    dictionary: Dictionary, text: str, kana: str, heard: str
) -> None:
    assert sound(read(dictionary, text, kana)) == heard


@pytest.mark.parametrize(
    ("text", "kana", "heard"),
    [
        ("ヨう", "ヨウ", "ヨウ"),
        ("オう", "オウ", "オウ"),
        ("エい", "エイ", "エイ"),
        ("酔", "ヨウ", "ヨウ"),
        ("洋", "ヨウ", "ヨー"),
    ],
)
def test_an_ending_that_stands_alone_with_its_kanji_s_kana_lengthens_nothing(
    dictionary: Dictionary, text: str, kana: str, heard: str
) -> None:
    assert sound(read(dictionary, text, kana)) == heard
