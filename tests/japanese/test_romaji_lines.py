"""Lines in Latin letters: what they lose is given back, and what they have wrong is not said."""

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.kana_spelling import list_romanized_keys
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.model import Basis, Pronunciation, SpokenForm


def read(dictionary: Dictionary, text: str, line: str) -> Pronunciation:
    form = build_text_forms(text, line)[0]
    assert isinstance(form, SpokenForm)
    return resolve_reading(form, dictionary).pronunciation


def kana(said: Pronunciation) -> str:
    return "".join(phrase.kana for phrase in said.phrases)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("豆腐を買います。", "Tofu o kaimasu.", "トーフヲカイマス"),
        ("金曜日に行きます。", "Kinyoubi ni ikimasu.", "キンヨービニイキマス"),
        ("本屋とラーメン屋。", "Honya to raamenya.", "ホンヤトラーメンヤ"),
        ("パーティーに行きます。", "Paatii ni ikimasu.", "パーティーニイキマス"),
        ("パーティーに行きます。", "Pātī ni ikimasu.", "パーティーニイキマス"),
        ("カーディガンを着る。", "Kaadigan wo kiru.", "カーディガンヲキル"),
        ("コートを着る。", "Ko-to wo kiru.", "コートヲキル"),
        ("ソフトウェアを使う。", "Sofutouea o tsukau.", "ソフトウェアヲツカウ"),
        ("40歳です。", "Yonjuu sai desu.", "ヨンジュッサイデス"),
        ("東京から大阪まで。行きます。", "Tokyo kara Osaka made. Ikimasu.", "トーキョーカラオーサカマデイキマス"),
    ],
)  # fmt: skip
def test_what_latin_letters_lose_is_no_finding(
    text: str, line: str, said: str, dictionary: Dictionary
) -> None:
    found = read(dictionary, text, line)
    assert pronunciation_key(kana(found)) == pronunciation_key(said)
    assert (found.basis, found.doubt) == (Basis.SPELLING, None)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("手を引っ張って。", "Te o hipparatte.", "テヲヒッパッテ"),
        ("人を雇いました。", "Hito o yatowaimashita.", "ヒトヲヤトイマシタ"),
        ("布団を干して。", "Futon o hosushite.", "フトンヲホシテ"),
        ("部屋は暑すぎる。", "Heya wa atsuisugiru.", "ヘヤワアツスギル"),
        ("おばさんがいる。", "Obaasan ga iru.", "オバサンガイル"),
        ("東京は暑すぎる。", "Tokyo wa atsuisugiru.", "トーキョーワアツスギル"),
    ],
)
def test_a_line_that_no_analysis_agrees_with_is_a_typing_error(
    text: str, line: str, said: str, dictionary: Dictionary
) -> None:
    found = read(dictionary, text, line)
    assert kana(found) == said
    assert found.basis is Basis.UNCHECKED
    assert found.doubt is not None
    assert "トキョ" not in found.doubt
    assert "correct the line" in found.doubt or "correct one of them" in found.doubt


def test_it_may_choose_among_analyses_though_it_lacks_sounds(dictionary: Dictionary) -> None:
    found = read(dictionary, "東京で雨が降りそうだ。", "Tokyo de ame ga furisou da.")
    assert (kana(found), found.basis) == ("トーキョーデアメガフリソーダ", Basis.NBEST)


def test_a_line_in_kana_still_forces(dictionary: Dictionary) -> None:
    found = read(dictionary, "東京は暑すぎる。", "とうきょうはあついすぎる。")
    assert (kana(found), found.basis) == ("トーキョーワアツイスギル", Basis.FORCED)


def test_only_lines_of_sentences_in_latin_letters_are_marked() -> None:
    def romanized(text: str, line: str | None) -> list[bool]:
        return [
            form.romanized for form in build_text_forms(text, line) if isinstance(form, SpokenForm)
        ]

    assert romanized("彼は学生です。", "Kare wa gakusei desu.") == [True]
    assert romanized("彼は学生です。", "かれはがくせいです。") == [False]
    assert romanized("彼は学生です。", None) == romanized("学生[がくせい]です。", None) == [False]


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("キンヨオビ", {"キンヨオビ", "キンヨビ", "キニョオビ", "キニョビ"}),
        ("パアティイ", {"パアティイ", "パアチイ", "パチ", "パアティ"}),
        ("オバサン", {"オバサン"}),
    ],
)
def test_all_that_may_be_typed_for_a_sound(key: str, typed: set[str]) -> None:
    found = list_romanized_keys(key)
    assert found[0] == key
    assert typed <= set(found)


def test_a_long_word_has_few_spellings() -> None:
    assert len(list_romanized_keys("アアイイウウエエオオカアキイクウケエコオ" * 50)) == 2
