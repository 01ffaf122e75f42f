"""How far what was heard is from what was to be said, in morae and in characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets.quality.recognition_check import error_rate, kana_error, text_error


@pytest.mark.parametrize(
    ("said", "heard", "error"),
    [
        ("ハシ", "ハシ", 0),
        ("トーキョー", "トウキョウ", 0),
        ("オネーサン", "おねえさん", 0),
        ("ツズク", "ツヅク", 0),
        ("ハシ", "ハサ", 1 / 2),
        ("キャク", "キク", 1 / 2),
        ("ガッコー", "ガコー", 1 / 4),
        ("ネコ", "ネコネコ", 1),
        ("ネコ", "", 1),
        ("ア", "カキクケコ", 5),
        ("", "", 0),
        ("", "ネコ", 2),
    ],
)
def test_wrong_morae_are_counted_by_how_they_sound(said: str, heard: str, error: float) -> None:
    assert kana_error(said, heard) == error


@pytest.mark.parametrize(
    ("text", "heard", "error"),
    [("明日は、雨。", "明日は雨", 0), ("ＣＤ", "CD", 0), ("明日", "今日", 1 / 2), ("。", "", 0)],
)
def test_spellings_are_compared_without_marks(text: str, heard: str, error: float) -> None:
    assert text_error(text, heard) == error


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_the_distance_is_that_of_its_definition(one: str, other: str) -> None:
    assert error_rate(one, other) * max(1, len(one)) == pytest.approx(_defined(one, other))


def _defined(one: str, other: str) -> int:
    if not (one and other):
        return len(one) + len(other)
    return min(
        _defined(one[1:], other[1:]) + (one[0] != other[0]),
        _defined(one[1:], other) + 1,
        _defined(one, other[1:]) + 1,
    )
