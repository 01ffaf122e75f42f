"""Days of the week in one kanji each, told from the sun, the moon and what the earth is made of."""

import pytest

from tts_assets.japanese.spoken_numbers import find_weekdays


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("月から金", ["ゲツ", "キン"]),
        ("月から金九時から", ["ゲツ", "キン"]),
        ("月・水・金", ["ゲツ", "スイ", "キン"]),
        ("火・木・土に練習する。", ["カ", "モク", "ド"]),
        ("土・日は休みです。", ["ド", "ニチ"]),
        ("月・火曜日", ["ゲツ", "カ"]),
        ("毎週月・水", ["ゲツ", "スイ"]),
        ("月水金に通う。", ["ゲツスイキン"]),
        ("火木は休み", ["カモク"]),
        ("土から火まで", ["ド", "カ"]),
        ("月から金、九時から", ["ゲツ", "キン"]),
        ("月から金の九時", ["ゲツ", "キン"]),
        ("火・木に通う。", ["カ", "モク"]),
        ("月・水・金が休み", ["ゲツ", "スイ", "キン"]),
    ],
)
def test_ranges_and_lists_in_the_order_of_the_week_are_days(text: str, readings: list[str]) -> None:
    assert [reading for _, _, reading in find_weekdays(text)] == readings


@pytest.mark.parametrize(
    "text",
    [
        "月が出る。", "月から土を持ち帰る。", "土・水・火", "金・銀", "水・土・空気", "空気・水・土", "満月・土", "日・月", "火", "水木先生", "木金属",
        "木から木へ飛び移る。", "日から日へ。", "日から日まで", "月から水が見つかった。", "土から木が生える。", "木から金メダルへ", "火から土が生まれる",
        "火・水・木の力", "水・土を守る", "木・土で家を建てる", "水・木が必要です", "月・日を書く", "月・日", "水・土に分ける",
    ],
)  # fmt: skip
def test_other_things_are_none(text: str) -> None:
    assert list(find_weekdays(text)) == []


def test_each_reading_comes_with_its_place() -> None:
    assert list(find_weekdays("毎週月・金")) == [(2, 3, "ゲツ"), (4, 5, "キン")]
