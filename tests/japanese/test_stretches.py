"""Texts of which the data give the reading of some stretches only."""

from dataclasses import replace

import pytest

from tests.japanese.labels import heard
from tts_assets.japanese.alignment import ReadingSpan
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.japanese.reading_spans import locate_spans
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.japanese.word_forms import build_word_forms
from tts_assets.model import AccentBasis, Basis, Pronunciation, SpokenForm


def read(dictionary: Dictionary, text: str, *readings: tuple[str, str]) -> Pronunciation:
    form = SpokenForm(text=text, readings=readings, sentence=True)
    return resolve_reading(form, dictionary).pronunciation


def sound(pronunciation: Pronunciation) -> str:
    return "".join(phrase.kana for phrase in pronunciation.phrases)


def spoken(dictionary: Dictionary, form: SpokenForm) -> str:
    """The pronunciation key of what the voice is given."""
    parts = resolve_reading(form, dictionary).parts
    return "".join(heard(dictionary.make_labels(nodes)) for nodes in parts)


@pytest.mark.parametrize(
    ("text", "line", "kana"),
    [
        # Furigana on the hard words only.
        ("今日[こんにち]の社会は複雑だ。", None, "コンニチノシャカイワフクザツダ"),
        ("角(つの)のある動物を見た。", None, "ツノノアルドウブツヲミタ"),
        ("昨夜[ゆうべ]は 寒[さむ]かった 気がする。", None, "ユウベワサムカッタキガスル"),
        ("今日は今日[こんにち]の話だ。", None, "キョウワコンニチノハナシダ"),
        ("<ruby>昨<rt>さく</rt>夜<rt>や</rt></ruby>の市場。", None, "サクヤノシジョウ"),
        # Lines of kana with numbers and Latin letters.
        ("市場で3人に会う", "いちばで3にんにあう", "イチバデサンニンニアウ"),
        ("Tシャツを着た。市場だ。", "Tしゃつをきた。いちばだ。", "ティーシャツヲキタイチバダ"),
        ("10時に市場で会う", "10じにいちばであう", "ジュウジニイチバデアウ"),
        # Pauses, over which no kana moves.
        ("昨日、明日", "さくじつ、みょうにち", "サクジツミョウニチ"),
        ("昨日。明日。", "さくじつ。みょうにち。", "サクジツミョウニチ"),
        ("今日、明日は休みです。", "ほんじつ、みょうにちはやすみです。", "ホンジツミョウニチワヤスミデス"),
        ("市場、明日", "Ichiba, asu", "イチバアス"),
    ],
)  # fmt: skip
def test_what_the_data_tell_of_a_sentence_is_heard(
    dictionary: Dictionary, text: str, line: str | None, kana: str
) -> None:
    said = build_text_forms(text, line)
    assert not isinstance(said, str)
    assert spoken(dictionary, said[0]) == pronunciation_key(kana)


@pytest.mark.parametrize(
    ("text", "kana"), [("角[つの]を出す", "ツノヲダス"), ("市場[いちば]〜に会う", "イチバニアウ")]
)
def test_what_the_data_tell_of_a_word_is_heard(
    dictionary: Dictionary, text: str, kana: str
) -> None:
    said = build_word_forms(text)
    assert not isinstance(said, str)
    assert spoken(dictionary, said[0]) == pronunciation_key(kana)


def test_no_kana_moves_over_a_pause(dictionary: Dictionary) -> None:
    form = SpokenForm(text="昨日、明日", reading="サクジツ、ミョウニチ", sentence=True)
    found = resolve_reading(form, dictionary).pronunciation
    assert [phrase.kana for phrase in found.phrases] == ["サクジツ", "ミョーニチ"]


def test_stretches_that_the_dictionary_reads_so_change_nothing(dictionary: Dictionary) -> None:
    text = "昨夜は寒かった気がする。"
    stretches = (("昨夜", "サクヤ"), ("寒", "サム"))
    with_them, alone = (
        resolve_reading(SpokenForm(text=text, readings=each, sentence=True), dictionary)
        for each in (stretches, ())
    )
    assert with_them.parts == alone.parts
    assert with_them.pronunciation == replace(alone.pronunciation, ambiguous=())
    assert alone.pronunciation.ambiguous == (("昨夜", "サクヤ", ("ユウベ",)),)
    assert with_them.pronunciation.basis is Basis.UNCHECKED


@pytest.mark.parametrize(
    ("stretch", "kana", "basis", "doubt"),
    [
        (
            ("角", "ツノ"),
            "ツノノアルドーブツ",
            Basis.NBEST,
            (
                "the dictionary reads 角 as カド, but the entry gives ツノ; another of its analyses "
                "agrees"
            ),
        ),
        (
            ("角", "カドマ"),
            "カドマノアルドーブツ",
            Basis.FORCED,
            "the dictionary reads 角 as カド, but the entry gives カドマ; no analysis agrees",
        ),
    ],
)
def test_a_stretch_is_said_with_as_little_force_as_will_do(
    dictionary: Dictionary, stretch: tuple[str, str], kana: str, basis: Basis, doubt: str
) -> None:
    found = read(dictionary, "角のある動物", stretch)
    assert (sound(found), found.basis, found.doubt) == (kana, basis, doubt)


def test_the_accent_of_a_stretch_that_nobody_knows_is_guessed(dictionary: Dictionary) -> None:
    found = read(dictionary, "本気だ。", ("本気", "サダメ"))
    assert (sound(found), found.accent_basis) == ("サダメダ", AccentBasis.GUESSED)


def test_the_rest_of_the_sentence_is_still_decided_by_its_context(dictionary: Dictionary) -> None:
    found = read(dictionary, "市場で牛の角を見た。", ("市場", "イチバ"))
    assert sound(found) == "イチバデウシノツノヲミタ"


@pytest.mark.parametrize(
    ("text", "stretches", "kana"),
    [
        ("お金がある。", [("金", "カネ")], "オカネガアル"),
        ("食べ物だ。", [("食", "タ"), ("物", "モノ")], "タベモノダ"),
        ("今日だ。", [("今", "キョ"), ("日", "ウ")], "キョーダ"),
        ("今日だ。", [("今", "コン"), ("日", "ニチ")], "コンニチダ"),
        ("一昨日だ。", [("一", "オ"), ("昨", "ト"), ("日", "トイ")], "オトトイダ"),
        ("日本人だ。", [("人", "ジン")], "ニホンジンダ"),
        ("一期一会だ。", [("一", "イチ"), ("会", "エ")], "イチゴイチエダ"),
        ("20日だ。", [("20日", "ハツカ")], "ハツカダ"),
    ],
)
def test_stretches_need_not_end_where_words_do(
    dictionary: Dictionary, text: str, stretches: list[tuple[str, str]], kana: str
) -> None:
    assert sound(read(dictionary, text, *stretches)) == kana


@pytest.mark.parametrize(
    ("text", "stretch", "kana"),
    [
        ("3人だ。", ("人", "ニン"), "サンニンダ"),
        ("3本だ。", ("本", "ホン"), "サンボンダ"),
        ("何本だ。", ("本", "ホン"), "ナンボンダ"),
        ("1分だ。", ("分", "フン"), "イップンダ"),
        ("1分だ。", ("分", "ップン"), "イップンダ"),
        ("12月だ。", ("月", "ガツ"), "ジューニガツダ"),
        ("1人だ。", ("人", "リ"), "ヒトリダ"),
    ],
)
def test_behind_a_numeral_the_dictionary_s_reading_may_only_sound_alike(
    dictionary: Dictionary, text: str, stretch: tuple[str, str], kana: str
) -> None:
    found = read(dictionary, text, stretch)
    assert (sound(found), found.doubt) == (kana, None)


@pytest.mark.parametrize(
    ("text", "stretch", "kana", "told"),
    [
        ("1人だ。", ("人", "ニン"), "ヒトリダ", "一人 as ニン"),
        ("20日だ。", ("日", "ニチ"), "ハツカダ", "二十日 as ニチ"),
        ("角がある。", ("角が", "スミノ"), "カドガアル", "角が as スミノ"),
        ("一期一会だ。", ("期", "ツノ"), "イチゴイチエダ", "一期一会 as ツノ"),
        ("角だ。市場だ。", ("角だ。市場", "ツノダイチバ"), "カドダシジョーダ", "ツノダイチバ"),
    ],
)
def test_a_stretch_that_does_not_fit_is_told_and_not_followed(
    dictionary: Dictionary, text: str, stretch: tuple[str, str], kana: str, told: str
) -> None:
    found = read(dictionary, text, stretch)
    assert (sound(found), found.basis) == (kana, Basis.UNCHECKED)
    assert found.doubt is not None
    assert told in found.doubt
    assert "does not fit the words there" in found.doubt


def test_beside_a_stretch_that_does_not_fit_the_others_are_followed(
    dictionary: Dictionary,
) -> None:
    found = read(dictionary, "1人で市場にいる", ("人で市場にいる", "ニンデイチバニイル"))
    assert sound(found) == "ヒトリデイチバニイル"
    assert found.doubt is not None
    assert "市場 as シジョー, but the entry gives イチバ" in found.doubt
    assert "一人 as ニン, which does not fit" in found.doubt


def test_each_sentence_has_its_own_stretches(dictionary: Dictionary) -> None:
    found = read(
        dictionary, "市場だ。 市場だ。角だ。", ("市場", ""), ("市場", "イチバ"), ("角", "ツノ")
    )
    assert sound(found) == "シジョーダイチバダツノダ"


def test_an_empty_reading_steps_over_a_stretch() -> None:
    readings = [("市場", ""), ("市場", "イチバ"), ("角", "ツノ")]
    assert locate_spans("市場と市場", readings) == [ReadingSpan(3, 5, "イチバ")]
