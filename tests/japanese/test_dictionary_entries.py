"""Lines of a MeCab dictionary, read, changed and written again."""

import pytest

from tts_assets.japanese.analysis import choose_chain_rule, parse_entry

ACCENTED = "開く,動詞,自立,*,*,五段・カ行イ音便,基本形,開く,ヒラク,ヒラク,2/3,*"


@pytest.mark.parametrize(
    "line",
    [ACCENTED, "猫,名詞,一般,*,*,*,*,猫,ネコ,ネコ,1/2,C3", "アー,名詞,一般,*,*,*,*,*"],
    ids=["verb", "noun", "unknown"],
)
def test_a_line_is_written_as_it_was_read(line: str) -> None:
    assert ",".join(parse_entry(line).columns) == line


def test_a_line_has_its_accent_and_its_morae() -> None:
    found = parse_entry(ACCENTED)
    assert (found.accent, found.reading, found.grammar[0]) == (2, "ヒラク", "動詞")


def test_a_mark_without_an_accent_counts_as_flat() -> None:
    assert parse_entry("。,記号,句点,*,*,*,*,。,。,。,*/*,*").accent == 0


def test_a_word_read_otherwise_keeps_its_grammar_and_counts_its_morae_anew() -> None:
    changed = parse_entry(ACCENTED).replace_reading("アク", "アク", 0)
    assert ",".join(changed.columns) == (
        "開く,動詞,自立,*,*,五段・カ行イ音便,基本形,開く,アク,アク,0/2,*"
    )


def test_marks_of_devoiced_vowels_are_no_morae() -> None:
    changed = parse_entry(ACCENTED).replace_reading("ヒラク", "ヒ’ラク", 2)
    assert changed.columns[10] == "2/3"


@pytest.mark.parametrize(
    ("size", "accent", "rule"),
    [(1, 1, "C3"), (2, 0, "C3"), (3, 0, "C2"), (3, 3, "C2"), (3, 2, "C1")],
)
def test_nouns_join_by_their_length_and_accent(size: int, accent: int, rule: str) -> None:
    assert choose_chain_rule(size, accent) == rule
