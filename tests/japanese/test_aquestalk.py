"""Accent phrases in VOICEVOX's notation: whatever is settled is said, in the engine's own kana."""

import itertools

import pytest

from tests.stand_ins.voicevox_stand_in import parsed
from tts_assets.errors import ClipError
from tts_assets.japanese.engine_notation import to_aquestalk
from tts_assets.model import _JOINED, Phrase, split_morae

#: Every mora that a phrase can hold.
EVERY = [
    *(chr(code) for code in range(ord("ァ"), ord("ヺ") + 1)),
    *(large + small for small, larges in _JOINED.items() for large in larges),
]


def _written(kana: str, accent: int = 0, text: str = "") -> str:
    return to_aquestalk((Phrase(kana, accent),), text)


def _morae(written: str) -> list[str]:
    return [mora["text"] for phrase in parsed(written) for mora in phrase["moras"]]


@pytest.mark.parametrize(
    ("accent", "written"),
    [(1, "サ'クラ"), (2, "サク'ラ"), (3, "サクラ'"), (0, "サクラ'")],
)
def test_the_mark_stands_behind_the_accent_or_at_the_end(accent: int, written: str) -> None:
    assert _written("サクラ", accent) == written


@pytest.mark.parametrize(
    ("kana", "sounds"),
    [
        ("キュー", "キュウ"),
        ("コーヒー", "コオヒイ"),
        ("センセー", "センセエ"),
        ("ヴァー", "ヴァア"),
        ("アーー", "アアア"),
        ("ンー", "ンン"),
        ("アッー", "アッッ"),
    ],
)
def test_a_long_vowel_is_spelled_as_that_vowel(kana: str, sounds: str) -> None:
    assert "".join(_morae(_written(kana))) == sounds


def test_a_phrase_may_lengthen_the_one_before() -> None:
    assert to_aquestalk((Phrase("ネ", 1), Phrase("ーエ", 1)), "") == "ネ'/エ'エ"


@pytest.mark.parametrize(
    ("kana", "sounds"),
    [
        ("ツヅク", "ツズク"),
        ("ヂャヂヲ", "ジャジオ"),
        ("ヵヶヮ", "カケワ"),
        ("ヷヸ", "ヴァヴィ"),
        ("フュージョン", "ヒュウジョン"),
        ("デェ", "デエ"),
        ("グゥ", "グウ"),
        ("スゲェ", "スゲエ"),
    ],
)
def test_morae_that_the_notation_lacks_are_spelled_as_they_sound(kana: str, sounds: str) -> None:
    assert "".join(_morae(_written(kana))) == sounds


def test_every_mora_stays_one_behind_every_other() -> None:
    wrong = [
        one + other
        for one, other in itertools.product(EVERY, repeat=2)
        if len(split_morae(one + other)) == 2 and len(_morae(_written(one + other))) != 2
    ]
    assert wrong == []


def test_phrases_are_parted_and_pauses_told() -> None:
    phrases = (Phrase("ア", 1), Phrase("イエ", 2, pause=True), Phrase("ウエ", 1, pause=True))
    assert to_aquestalk(phrases, "") == "ア'/イエ'、ウ'エ"


def test_whispered_vowels_are_marked() -> None:
    assert _written("スキデス", 2) == "_スキ'デ_ス"


@pytest.mark.parametrize("text", ["そう？", "そう?", "「そう？」", "そう！？"])
def test_a_question_rises(text: str) -> None:
    assert _written("ソー", 1, text) == "ソ'オ？"


@pytest.mark.parametrize("text", ["そう", "そう。", "", "？"])
def test_what_asks_nothing_does_not(text: str) -> None:
    assert _written("ソー", 1, text) == "ソ'オ"


def test_a_question_among_other_sentences_rises_where_it_ends() -> None:
    phrases = (Phrase("アレワ", 0), Phrase("ナニ", 1, pause=True), Phrase("イエ", 2))
    assert to_aquestalk(phrases, "あれは何？家。") == "アレワ'/ナ'ニ？、イエ'"


def test_where_pauses_and_marks_differ_the_end_counts() -> None:
    phrases = (Phrase("ナニ", 1), Phrase("イエ", 2))
    assert to_aquestalk(phrases, "何？家") == "ナ'ニ/イエ'"
    assert to_aquestalk(phrases, "何、家？") == "ナ'ニ/イエ'？"


@pytest.mark.parametrize("kana", ["", "水", "ミ ズ", "みず", "ー"])
def test_what_the_notation_cannot_say_is_refused(kana: str) -> None:
    with pytest.raises(ClipError):
        _written(kana)
