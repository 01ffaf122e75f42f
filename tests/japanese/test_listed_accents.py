"""Accents of UniDic in words with a reading."""

from __future__ import annotations

import pytest

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.japanese.word_accent import find_listed_accent
from tts_assets.model import AccentBasis, Basis, DictionaryWord, SpokenForm


@pytest.mark.parametrize(
    ("spelling", "sound", "accent"),
    [
        ("機械", "キカイ", 2),
        ("毎日", "マイニチ", 1),
        ("市場", "シジョー", 0),
        ("市場", "イチバ", 1),
        ("退く", "ドク", 0),
        ("今日は", "コンニチワ", 5),
        ("待ち合わせ", "マチアワセ", 0),
        ("カロリー", "カロリー", 1),
        ("こんにちは", "コンニチワ", 5),
        ("け", "ケ", 1),
        ("ニャ", "ニャ", 1),
    ],
)
def test_a_listed_word_has_its_accent(
    dictionary: Dictionary, spelling: str, sound: str, accent: int
) -> None:
    assert find_listed_accent(spelling, sound, dictionary.unidic) == accent


@pytest.mark.parametrize(
    ("spelling", "sound"),
    [
        ("機械", "カラクリモノ"),
        ("走れ", "ハシレ"),
        ("老ゆ", "オユ"),
        ("はし", "ハシ"),
        ("だから", "ダカラ"),
        ("横浜", "ヨコハマ"),
        ("", ""),
    ],
)
def test_other_forms_names_and_homophones_in_kana_have_none(
    dictionary: Dictionary, spelling: str, sound: str
) -> None:
    assert find_listed_accent(spelling, sound, dictionary.unidic) is None


@pytest.mark.parametrize(
    ("text", "reading", "basis", "accent"),
    [
        ("朝御飯", "アサゴハン", Basis.SPELLING, 3),
        ("一人一人", "ヒトリヒトリ", Basis.SPELLING, 4),
        ("円", "マル", Basis.NBEST, 0),
        ("一日", "ツイタチ", Basis.FORCED, 4),
        ("放送", "ホウソウスル", Basis.FORCED, 0),
        ("世話", "セワスル", Basis.FORCED, 2),
        ("機械", None, Basis.UNCHECKED, 2),
    ],
)
def test_a_word_is_one_phrase_with_the_listed_accent(
    dictionary: Dictionary, text: str, reading: str | None, basis: Basis, accent: int
) -> None:
    found = resolve_reading(SpokenForm(text=text, reading=reading), dictionary).pronunciation
    assert [phrase.accent for phrase in found.phrases] == [accent]
    assert (found.basis, found.accent_basis) == (basis, AccentBasis.DICTIONARY)


def test_vowels_are_devoiced_as_the_listed_accent_asks(dictionary: Dictionary) -> None:
    found = resolve_reading(SpokenForm(text="機械", reading="キカイ"), dictionary)
    labels = dictionary.make_labels(found.parts[0])
    # The accent on キ of the other dictionary would keep its vowel.
    assert "-I+" in labels[2]


def test_the_user_s_accents_are_stronger() -> None:
    dictionary = Dictionary()
    dictionary.learn([DictionaryWord(surface="機械", reading="キカイ", accent=0)])
    own = resolve_reading(SpokenForm(text="機械", reading="キカイ"), dictionary).pronunciation
    data = resolve_reading(
        SpokenForm(text="毎日", reading="マイニチ", accent=4), dictionary
    ).pronunciation
    assert (own.phrases[0].accent, data.phrases[0].accent) == (0, 4)
    assert data.accent_basis is AccentBasis.DATA


@pytest.mark.parametrize(
    ("text", "accent"),
    [
        ("お風呂", 2),
        ("おふろ", 2),
        ("お弁当", 0),
        ("お菓子", 2),
        ("お金", 0),
        ("ご両親", 2),
        ("お手洗い", 3),
        ("予算する", 0),
        ("機械に", 2),
        ("自由な", 2),
        ("ハードスケジュール", 5),
        ("フリーパス", 4),
        ("ボールペン", 0),
        ("コンタクトレンズ", 6),
    ],
)
def test_a_listed_word_keeps_or_gives_its_accent_in_a_longer_one(
    dictionary: Dictionary, text: str, accent: int
) -> None:
    found = resolve_reading(SpokenForm(text=text), dictionary).pronunciation
    assert [phrase.accent for phrase in found.phrases] == [accent]
