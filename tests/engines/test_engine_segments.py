"""Long texts are cut where a speaker would draw breath, and lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets.engines.validated_speech import split_for_requests


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        ("短い。", 10, ["短い。"]),
        ("", 10, [""]),
        ("雨です。傘です。", 4, ["雨です。", "傘です。"]),
        ("雨です。傘です。", 7, ["雨です。", "傘です。"]),
        ("「雨」です。「はい。」と言う。", 12, ["「雨」です。「はい。」", "と言う。"]),
        ("本当？！そう。", 5, ["本当？！", "そう。"]),
        ("長い文は、読点で、切る。", 10, ["長い文は、読点で、", "切る。"]),
        ("one two three", 8, ["one two ", "three"]),
        ("It is 3.5 m. Yes.", 14, ["It is 3.5 m. ", "Yes."]),
        ("がっこう", 2, ["がっ", "こう"]),
        ("きゃく", 2, ["きゃ", "く"]),
        ("コーヒー", 3, ["コー", "ヒー"]),
    ],
)
def test_a_text_is_cut_at_the_best_place(text: str, most: int, parts: list[str]) -> None:
    assert split_for_requests(text, most) == parts


@pytest.mark.parametrize("sign", ["か\u3099", "👨\u200d👩\u200d👧", "👍🏽", "葛\U000e0100"])
def test_a_sign_of_several_code_points_stays_whole(sign: str) -> None:
    parts = split_for_requests(sign * 9, len(sign) + 1)
    assert parts == [sign] * 9


@given(st.text(alphabet="雨がっゃー。、！」 \n\u3099\u200da👍🏽", max_size=60), st.integers(1, 12))
def test_no_part_is_too_long_and_nothing_is_lost(text: str, most: int) -> None:
    parts = split_for_requests(text, most)
    assert "".join(parts) == text
    assert all(0 < len(part) <= most for part in parts) or parts == [""]
