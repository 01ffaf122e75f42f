"""UniDic: the readings and accents that it lists."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tts_assets.japanese.analysis import UniDic


@pytest.fixture(scope="module")
def unidic() -> UniDic:
    """One dictionary for all tests, as a run has one for all texts."""
    return UniDic()


def test_entries_list_each_reading_with_its_accents(unidic: UniDic) -> None:
    """開く is ヒラク and アク; the likelier comes first."""
    listed = list(
        dict.fromkeys((each.reading, each.accents) for each in unidic.find_entries("開く"))
    )
    assert listed == [("ヒラク", (2,)), ("アク", (0,))]


def test_several_accents_keep_their_order(unidic: UniDic) -> None:
    """Their column is quoted, as it holds commas."""
    [entry] = unidic.find_entries("一人一人")
    assert (entry.reading, entry.accents) == ("ヒトリヒトリ", (4, 5))


def test_words_have_reading_and_sound(unidic: UniDic) -> None:
    """A particle is spelled ハ and said ワ; ー lengthens a vowel."""
    assert [
        (each.surface, each.reading, each.pronunciation) for each in unidic.analyze_words("学生は")
    ] == [
        ("学生", "ガクセイ", "ガクセー"),
        ("は", "ハ", "ワ"),
    ]


@pytest.mark.parametrize("text", ["", "。", "☃", "Ωxyz", '"', "a,b\n"])
def test_words_that_are_not_listed_have_no_reading(unidic: UniDic, text: str) -> None:
    """Marks, unknown words and nothing are no error."""
    assert all(not each.reading or each.surface for each in unidic.analyze_words(text))
    assert unidic.find_entries("彅々々") == []


def test_threads_do_not_share_an_analyser(unidic: UniDic) -> None:
    """Each gets the same words."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(unidic.analyze_words, ["木の下で本を読む"] * 40))
    assert all(each == found[0] for each in found)
