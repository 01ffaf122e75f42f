"""Texts with spaces: no word crosses one, and は and へ at the end of a phrase are particles."""

import pytest

from tts_assets.japanese.analysis import nodes_to_kana
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_resolver import FormReading, resolve_reading
from tts_assets.japanese.running_text import build_dialogue_forms, build_text_forms
from tts_assets.japanese.segmentation import split_segments
from tts_assets.model import DictionaryWord, Pauses, SpokenForm


def form(text: str, line: str | None = None) -> SpokenForm:
    return only(build_text_forms(text, line))


def only(forms: tuple[SpokenForm, ...] | str) -> SpokenForm:
    assert not isinstance(forms, str), forms
    assert len(forms) == 1
    return forms[0]


def spoken(text: str, dictionary: Dictionary, line: str | None = None) -> FormReading:
    return resolve_reading(form(text, line), dictionary)


def heard(guarded: FormReading) -> str:
    return "".join(map(nodes_to_kana, guarded.parts))


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        # Phrases.
        ("かれは がくせいです", "カレワガクセイデス"),
        ("ちちは いしゃです", "チチワイシャデス"),
        ("お父さんは いしゃです", "オトウサンワイシャデス"),
        ("にほんごで はなしました", "ニホンゴデハナシマシタ"),
        ("まいにち はを みがきます", "マイニチハヲミガキマス"),
        ("おふろに はいった", "オフロニハイッタ"),
        ("すきな いろは あおです", "スキナイロワアオデス"),
        ("ははは いしゃです", "ハハワイシャデス"),
        ("へやへ はいります", "ヘヤエハイリマス"),
        ("「はい」は 英語で どう 言いますか。", "ハイワエイゴデドウイイマスカ"),
        ("「駅」はどこ ですか", "エキワドコデスカ"),
        ("「駅」 は どこですか", "エキワドコデスカ"),
        ("「駅」へは いきます", "エキエワイキマス"),
        ("「駅[えき]」は どこ ですか", "エキワドコデスカ"),
        ("「はは」と 言う", "ハハトイウ"),
        ("50%は おおい", "ゴジュッパーセントワオオイ"),
        ("これ… は いい", "コレワイイ"),
        ("「はな」と「はし」は ちがう", "ハナトハシワチガウ"),
        ("かれは\u200bがくせいです", "カレワガクセイデス"),
        ("かれは<wbr>がくせいです", "カレワガクセイデス"),
        (
            "ちちは いしゃです。（〜これは ながい ながい ながい ながい ちゅうい がき です）かれは がくせいです。",
            "チチワイシャデスカレワガクセイデス",
        ),
        ("たいおん、は 三十六度です。", "タイオンワサンジュウロクドデス"),
        ("いたい。は が いたい。", "イタイハガイタイ"),
        ("まちへの みちは とおいです。", "マチエノミチワトオイデス"),
        ("毎日 本を 読みます", "マイニチホンヲヨミマス"),
        ("わたしは 3じに おきます", "ワタシワサンジニオキマス"),
        ("べっさつ しりょうに よると", "ベッサツシリョウニヨルト"),
        # Words.
        ("わたし は がくせい です", "ワタシワガクセイデス"),
        ("はは は いしゃ です", "ハハワイシャデス"),
        ("は が いたい です", "ハガイタイデス"),
        ("がっこう へ いきます", "ガッコウエイキマス"),
        ("どこ へ も いきません", "ドコエモイキマセン"),
        ("ニューヨーク を へ て かえった", "ニューヨークヲヘテカエッタ"),
        ("こんにち は", "コンニチワ"),
        ("お 父 さん は 医者 です", "オトウサンワイシャデス"),
        ("切羽 詰まった 人は いません", "セッパツマッタヒトワイマセン"),
        ("食べ て い まし た", "タベテイマシタ"),
    ],
)
@pytest.mark.parametrize("space", [" ", "\u3000", " \u3000", "\t"])
def test_no_word_crosses_a_space(text: str, kana: str, space: str, dictionary: Dictionary) -> None:
    found = spoken(text.replace(" ", space), dictionary)
    assert pronunciation_key(heard(found)) == pronunciation_key(kana)


def test_spaces_are_no_pauses(dictionary: Dictionary) -> None:
    found = spoken("かれは がくせいです。 ちちは いしゃです。", dictionary)
    assert form("かれは がくせいです").text == "かれはがくせいです"
    assert [phrase.pause for phrase in found.pronunciation.phrases] == [False, True, False, False]


@pytest.mark.parametrize(
    ("text", "boundaries"),
    [
        ("かれは がくせいです", (3,)),
        ("かれはがくせいです", ()),
        ("CD を かいました", (3,)),
        ("3 じ に おきます", (2, 3)),
        ("10:30に おきます", (7,)),
        ("お し ら せ", ()),
        ("食[た]べ 物[もの]が すきです", (4,)),
        ("かれは <ruby>学生<rt>がくせい</rt></ruby>です", (3,)),
        ("<p>今日は学\n校に いきます</p>", (6,)),
        ("ねこ（くろ）が います", (5,)),
    ],
)
def test_a_space_behind_japanese_is_a_boundary(text: str, boundaries: tuple[int, ...]) -> None:
    assert form(text).boundaries == boundaries


def test_the_boundaries_of_a_dialogue_are_those_of_its_lines() -> None:
    found = only(build_dialogue_forms("A：かれは がくせいです\nB：ちちは いしゃです", passage=True))
    assert (found.text, found.boundaries) == ("かれはがくせいです。ちちはいしゃです", (3, 13))


def test_a_line_of_kana_still_decides(dictionary: Dictionary) -> None:
    found = spoken("きのう 市場へ いった", dictionary, "きのう しじょうへ いった")
    assert heard(found) == "キノーシジョーエイッタ"
    # Written apart at the wrong place.
    assert heard(spoken("かれ はが くせいです", dictionary, "かれわがくせいです")) == (
        "カレワガクセーデス"
    )


def test_readings_of_parts_lie_where_they_did(dictionary: Dictionary) -> None:
    found = spoken("かれは 毎日 市場[しじょう]へ いく", dictionary)
    assert heard(found) == "カレワマイニチシジョーエイク"


def test_the_users_words_may_cross_a_space() -> None:
    dictionary = Dictionary()
    dictionary.learn([DictionaryWord(surface="東京タワー", reading="トウキョウタワア")])
    assert "タワア" in heard(spoken("あれは 東京 タワーです", dictionary)).replace("ー", "ア")


def test_segments_have_the_boundaries_of_their_texts() -> None:
    text = "かれは がくせいです。 ちちは いしゃです。まいにち ほんを よみます。"
    passage = only(build_text_forms(text, passage=True))
    found = split_segments(passage, Pauses())
    assert found is not None
    for each in found:
        own = each.form
        assert all(own.text[at - 1] in "はちを" for at in own.boundaries)
    assert sum(len(each.form.boundaries) for each in found) == len(passage.boundaries) == 4


@pytest.mark.parametrize(
    "text",
    [
        "彼は毎日図書館で勉強しています。",
        "ヒューヒューと隙間風が耳障りなボロ家を、リフォームせねば。",
        "リュブリャニーツァ川だ。",
        "きょうはとてもてんきがいいですから、さんぽにいきましょう。",
    ],
)
def test_without_boundaries_the_words_are_those_of_mecab(text: str, dictionary: Dictionary) -> None:
    apart = dictionary.list_tokens(f"\u3000{text}")
    assert apart == dictionary.list_tokens(text)
    assert dictionary.analyze_best(f"\u3000{text}") == dictionary.analyze_best(text)


def test_boundaries_do_not_count_for_the_length_of_a_sentence(dictionary: Dictionary) -> None:
    text = " ".join(["わたしは"] * 99)
    assert heard(spoken(text, dictionary)) == "ワタシワ" * 99
