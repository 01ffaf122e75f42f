"""Accent notation read back: what was written comes out again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets.japanese.accent_notation import format_accent_phrases, parse_accent_phrases
from tts_assets.model import Phrase, split_morae

KANA = st.text("アカキャシュッンーハヘ", min_size=1, max_size=6).filter(split_morae)


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    kana = "".join(split_morae(draw(KANA)))
    return Phrase(kana, draw(st.integers(0, len(split_morae(kana)))), draw(st.booleans()))


@given(st.lists(phrases(), min_size=1, max_size=5))
def test_phrases_come_back_as_they_were_written(some: list[Phrase]) -> None:
    # No pause is written behind the last.
    some[-1] = some[-1]._replace(pause=False)
    assert parse_accent_phrases(format_accent_phrases(some)) == tuple(some)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ()),
        ("ハ↓シ", (Phrase("ハシ", 1),)),
        ("ハシ↓", (Phrase("ハシ", 2),)),
        ("キョ↓ーワ、ア↓メ", (Phrase("キョーワ", 1, pause=True), Phrase("アメ", 1))),
        ("ワタシワ/ネ↓コ", (Phrase("ワタシワ", 0), Phrase("ネコ", 1))),
    ],
)
def test_a_fall_is_where_its_arrow_stands(written: str, read: tuple[Phrase, ...]) -> None:
    assert parse_accent_phrases(written) == read
