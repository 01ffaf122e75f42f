"""Texts that are spared the rules: those are left as they are, and nothing else is."""

import inspect
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.running_text import verbalize_text
from tts_assets.japanese.spoken_numbers import verbalize_numbers
from tts_assets.japanese.spoken_signs import verbalize_word_signs
from tts_assets.japanese.text_cleanup import prepare_text
from tts_assets.japanese.word_alternatives import split_readings

KANA = "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC]))
KANJI = "".join(map(chr, range(0x4E00, 0xA000))) + "々"
SPARING: list[Callable[[str], str]] = [
    prepare_text,
    verbalize_numbers,
    verbalize_word_signs,
    verbalize_text,
]

#: Marks and words that a rule may take for something, between those that it must leave.
PIECES = st.sampled_from(
    [
        *"、。？！「」・〜～〇○ゝヽゞゟヿ１1",
        "(月)",
        "マイナス",
        "一",
        "日",
        "年",
        "は",
        "へ",
        "\n",
        " ",
    ]
)
TEXTS = st.lists(
    st.one_of(PIECES, st.text(alphabet=KANA, max_size=4), st.text(alphabet=KANJI, max_size=2)),
    max_size=8,
).map("".join)

many = settings(derandomize=True, max_examples=200)


def outcome(rule: Callable[[str], str], text: str) -> str:
    try:
        return rule(text)
    except UnusableTextError as problem:
        return f"! {problem}"


@pytest.mark.parametrize("rule", SPARING)
@many
@given(text=TEXTS)
@example(text="東京〜マイナス")
def test_a_text_is_spared_only_what_would_not_change_it(
    rule: Callable[[str], str], text: str
) -> None:
    assert outcome(rule, text) == outcome(inspect.unwrap(rule), text)


@pytest.mark.parametrize("rule", SPARING)
def test_no_kana_and_no_kanji_is_changed_by_any_rule(rule: Callable[[str], str]) -> None:
    rules = inspect.unwrap(rule)
    # Side by side: a letter alone may be no word.
    texts = [KANA[at : at + 20] for at in range(0, len(KANA), 20)]
    texts += [KANJI[at : at + 100] for at in range(0, len(KANJI), 100)]
    assert [text for text in texts if rules(text) != text] == []


@many
@given(kana=st.text(alphabet=KANA, min_size=1, max_size=8))
def test_kana_without_marks_are_one_reading(kana: str) -> None:
    # With marks that part nothing, as a spelling has them all, the rules are gone through.
    assert split_readings(kana, ["食べる"], None) == [kana]
    assert split_readings(f"{kana}/{kana}", ["食べる"], None) == [kana]
