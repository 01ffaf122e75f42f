"""Running text, said from its spelling and held against its kana line."""

import itertools
from collections.abc import Iterator

import pytest

from tts_assets.errors import ClipError
from tts_assets.japanese.analysis import Nodes, nodes_to_kana
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import AccentBasis, Basis, Pronunciation, SpokenForm


def read(dictionary: Dictionary, text: str, reading: str | None = None) -> Pronunciation:
    form = SpokenForm(text=text, reading=reading, sentence=True)
    return resolve_reading(form, dictionary).pronunciation


def sound(pronunciation: Pronunciation) -> str:
    return "".join(phrase.kana for phrase in pronunciation.phrases)


def test_without_a_kana_line_the_dictionary_and_the_context_decide(dictionary: Dictionary) -> None:
    found = read(dictionary, "明日は雨が降ります。それから、駅へ行きます。")
    assert sound(found) == "アシタワアメガフリマスソレカラエキエイキマス"
    assert (found.basis, found.doubt) == (Basis.UNCHECKED, None)


@pytest.mark.parametrize("line", ["コレハホンデス", "コレワホンデス", "コレハ、ホンデス。"])
def test_a_line_may_write_particles_as_they_sound_or_as_they_are_spelled(
    dictionary: Dictionary, line: str
) -> None:
    found = read(dictionary, "これは本です。", line)
    assert (sound(found), found.basis, found.doubt) == ("コレワホンデス", Basis.SPELLING, None)


@pytest.mark.parametrize(
    ("text", "line", "kana", "doubt"),
    [
        (
            "雨が降りそうです。",
            "アメガフリソウデス",
            "アメガフリソーデス",
            (
                "the dictionary reads 降り as オリ, but the entry gives フリ; another of its "
                "analyses agrees"
            ),
        ),
        (
            "お腹が空いた。",
            "オナカガスイタ",
            "オナカガスイタ",
            (
                "the dictionary reads 空い as アイ, but the entry gives スイ; another of its "
                "analyses agrees"
            ),
        ),
    ],
)
def test_the_next_analysis_that_agrees_is_taken(
    dictionary: Dictionary, text: str, line: str, kana: str, doubt: str
) -> None:
    found = read(dictionary, text, line)
    assert (sound(found), found.basis, found.doubt) == (kana, Basis.NBEST, doubt)


@pytest.mark.parametrize(("wrong", "basis"), [(59, Basis.NBEST), (60, Basis.FORCED)])
def test_sixty_analyses_are_looked_through(wrong: int, basis: Basis) -> None:
    class SlowAnalyzer(Dictionary):
        """Has the right analysis behind many wrong ones."""

        def list_alternatives(self, text: str, most: int) -> Iterator[Nodes]:
            right = [
                each
                for each in super().list_alternatives(text, most)
                if "フリ" in nodes_to_kana(each)
            ]
            yield from itertools.islice([*[self.analyze_best(text)] * wrong, *right], most)

    found = read(SlowAnalyzer(), "雨が降りそうです。", "アメガフリソウデス")
    assert (sound(found), found.basis) == ("アメガフリソーデス", basis)


def test_a_kana_line_is_spoken_as_its_spelling_where_it_says_the_same(
    dictionary: Dictionary,
) -> None:
    text, line = "母は花屋へは行きませんでした。", "ハハハハナヤヘハイキマセンデシタ"
    with_line, alone = (
        resolve_reading(SpokenForm(text=text, reading=reading, sentence=True), dictionary)
        for reading in (line, None)
    )
    assert sound(with_line.pronunciation) == "ハハワハナヤエワイキマセンデシタ"
    assert with_line.parts == alone.parts


def test_where_none_agrees_the_words_that_differ_are_forced(dictionary: Dictionary) -> None:
    found = read(dictionary, "私の本気は運命だ。", "ワタシノマジハサダメダ")
    assert sound(found) == "ワタシノマジワサダメダ"
    assert (found.basis, found.accent_basis) == (Basis.FORCED, AccentBasis.GUESSED)
    assert found.doubt == (
        "the dictionary reads 本気 as ホンキ, but the entry gives マジ; 運命 as ウンメー, but the entry "
        "gives サダメ; no analysis agrees"
    )


def test_a_line_that_contradicts_the_text_s_own_kana_is_not_followed(
    dictionary: Dictionary,
) -> None:
    found = read(dictionary, "ピアノを弾いたりします。", "ピアノヲヒキタリシマス")
    assert (sound(found), found.basis) == ("ピアノヲヒイタリシマス", Basis.UNCHECKED)
    assert found.doubt == (
        "the entry's kana line has …アノヲヒキタリシマ… where the spelling is read …アノヲヒイタリシマ…, and "
        "contradicts the kana in the spelling: correct one of them"
    )


def test_beside_a_line_that_is_not_followed_the_context_decides(dictionary: Dictionary) -> None:
    found = read(dictionary, "今日は雨が降ります。", "キョウモアメガフリマス")
    assert (sound(found), found.basis) == ("キョーワアメガフリマス", Basis.UNCHECKED)


def test_what_latin_letters_lose_is_put_back_and_told(dictionary: Dictionary) -> None:
    found = read(
        dictionary, "大阪で金曜日に雨が降りそうです。", "オサカデキニョウビニアメガフリソウデス"
    )
    assert sound(found) == "オーサカデキンヨービニアメガフリソーデス"
    assert found.basis is Basis.UNCHECKED
    assert found.doubt is not None
    assert found.doubt.startswith(
        "the dictionary reads 大阪 as オーサカ, but the entry gives オサカ; 金曜日 as キンヨービ, but the "
        "entry gives キニョウビ, which differs only in details that Latin letters lose; the "
        "dictionary reads 降り as オリ"
    )


def test_each_sentence_is_held_against_its_own_part_of_the_line(dictionary: Dictionary) -> None:
    text = "これは本です。雨が降りそうです。家へ帰ります。"
    found = read(dictionary, text, "コレハホンデスアメガフリソウデスウチヘカエリマス")
    assert sound(found) == "コレワホンデスアメガフリソーデスウチエカエリマス"
    assert found.basis in {Basis.NBEST, Basis.FORCED}
    assert [phrase.kana for phrase in found.phrases if phrase.pause] == ["ホンデス", "フリソーデス"]


def test_a_line_that_fits_no_sentence_is_told_once(dictionary: Dictionary) -> None:
    found = read(dictionary, "これは本です。それも本です。", "アレハホンデスソレモホンデス")
    assert sound(found) == "コレワホンデスソレモホンデス"
    assert found.basis is Basis.UNCHECKED
    assert found.doubt is not None
    assert found.doubt.count("contradicts") == 1


def test_sentences_without_a_word_take_no_part_of_the_line(dictionary: Dictionary) -> None:
    found = read(dictionary, "…！これは本です。", "コレハホンデス")
    assert (sound(found), found.basis) == ("コレワホンデス", Basis.SPELLING)


def test_a_sentence_may_be_only_so_long(dictionary: Dictionary) -> None:
    with pytest.raises(ClipError, match=r"401 characters exceeds .* 400: end sentences with 。"):
        read(dictionary, "あ" * 401)
    assert read(dictionary, "水。" * 300).phrases[0].kana == "ミズ"
