"""Times behind the colon of a label, and days of the week in brackets."""

import pytest

from tts_assets.japanese.spoken_numbers import verbalize_numbers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("営業時間：10:00～20:00", "営業時間：10時から20時"),
        ("時間：10:00〜12:00", "時間：10時から12時"),
        ("集合：8:30", "集合：8時30分"),
        ("受付時間:9:00~17:00", "受付時間:9時から17時"),
        ("1:10:30:20", "1:10:30:20"),
    ],
)
def test_a_time_may_stand_behind_the_colon_of_its_label(text: str, said: str) -> None:
    assert verbalize_numbers(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(月)は休みです。", "月曜日は休みです。"),
        ("毎週（火）に", "毎週火曜日に"),
        ("（土）（日）は休み", "土曜日日曜日は休み"),
        ("き(木)は植物だ。", "き(木)は植物だ。"),
        ("(金)メダル", "(金)メダル"),
        ("(月)(水)(金)に通う", "月曜日水曜日金曜日に通う"),
        ("（日）も定休日", "日曜日も定休日"),
        ("（水）が飲みたい。", "（水）が飲みたい。"),
        ("（木）に登る。", "（木）に登る。"),
        ("（水）", "（水）"),
        ("読みなさい。（火）", "読みなさい。（火）"),
    ],
)
def test_a_day_of_the_week_in_brackets_is_said_in_full(text: str, said: str) -> None:
    assert verbalize_numbers(text) == said
