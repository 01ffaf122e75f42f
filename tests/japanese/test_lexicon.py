"""The user's words as rows of a MeCab dictionary."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets.errors import UsageError
from tts_assets.japanese.dictionary import assign_costs, compile_lexicon, parse_context_ids
from tts_assets.model import DictionaryWord, WordKind


def test_every_kind_of_word_has_its_context_in_the_library_s_definitions() -> None:
    import pyopenjtalk

    folder = Path(pyopenjtalk.OPEN_JTALK_DICT_DIR.decode())
    left, right = (
        parse_context_ids((folder / f"{side}-id.def").read_text(encoding="utf-8").splitlines())
        for side in ("left", "right")
    )
    assert left == right
    assert left.keys() == set(WordKind)


@given(st.sets(st.text(alphabet="東京都", min_size=1, max_size=3), min_size=1))
def test_words_within_a_word_never_cost_less_together_than_it(surfaces: set[str]) -> None:
    found = assign_costs(surfaces)
    assert min(found.values()) >= -32_768
    for whole in surfaces:
        for place in range(1, len(whole)):
            parts = [whole[:place], whole[place:]]
            if set(parts) <= surfaces:
                assert found[whole] < sum(found[part] for part in parts)


def test_a_word_that_lies_within_no_other_is_as_cheap_as_can_be() -> None:
    found = assign_costs(["東京", "京", "犬"])
    assert found["犬"] == found["東京"] == -30_000
    assert -30_000 < found["京"] < -20_000


def test_a_dictionary_that_cannot_be_compiled_is_a_wrong_use() -> None:
    def refuse(table: str, out: str) -> None:
        del table, out
        raise RuntimeError("Failed to create user dictionary")

    word = DictionaryWord(surface="犬", reading="イヌ")
    with pytest.raises(UsageError, match="remove words until it succeeds"):
        compile_lexicon([word], {word: 2}, dict.fromkeys(WordKind, 1), refuse)


def test_rows_are_comma_separated_values_that_a_comma_does_not_break() -> None:
    rows: list[str] = []

    def keep(table: str, out: str) -> None:
        rows.append(Path(table).read_text(encoding="utf-8"))
        Path(out).write_bytes(b"compiled")

    word = DictionaryWord(surface='a,"b', reading="エービー", kind=WordKind.NAME)
    assert compile_lexicon([word], {word: 3}, dict.fromkeys(WordKind, 7), keep) == b"compiled"
    assert rows == [
        '"a,""b",7,7,-30000,名詞,固有名詞,一般,*,*,*,"a,""b",エービー,エービー,3/4,C1\n'
    ]
