"""Messages that say the same of different clips have one cause."""

import time

import pytest

from tts_assets.cli.output.html_report import group_by_cause, group_by_sort, normalise_message
from tts_assets.cli.output.report_data import AnnotationLevel, ReportItem


def _item(what: str, sort: str = "failed", entry: str = "1") -> ReportItem:
    return ReportItem(
        AnnotationLevel.ERROR, sort, "a.json", 3, "vocabulary", f"{entry} word 猫", what
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it was not ready within 60 s", "it was not ready within 1,234.5 s"),
        ("cannot say '猫' here", "cannot say 'two words' here"),
        ('there is no "x"; name one', 'there is no "y1"; name one'),
        ("`a b` is no voice", "`c` is no voice"),
        ("the dictionary reads 橋 as ハシ", "the dictionary reads 行 った as イッタ"),
        ("asset 0123456789abcdef is gone", "asset fedcba9876543210 is gone"),
        ("it says \\u202eabc", "it says \\u2066abc"),
    ],
)
def test_what_is_of_one_clip_alone_makes_no_other_cause(one: str, other: str) -> None:
    assert normalise_message(one) == normalise_message(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the disk is full", "the disk is gone"),
        ("it isn't there, and it's late", "it isn't here, and it's late"),
    ],
)
def test_what_says_something_else_is_another_cause(one: str, other: str) -> None:
    assert normalise_message(one) != normalise_message(other)


def test_groups_are_told_by_size_with_all_that_each_clip_says() -> None:
    items = [_item("late by 1 s"), _item("no 'a'"), _item("late by 2 s", entry="2")]
    late, no = group_by_cause([*items, _item("late by 3 s", sort="error")])[:2]
    assert (late.cause, late.count, no.count) == ("late by # s", 2, 1)
    # Where nothing differs the message is told as it is.
    assert no.cause == "no 'a'"
    assert [each.what for each in late.examples] == ["late by 1 s", "late by 2 s"]
    assert (late.examples[1].where, late.examples[1].who) == ("a.json:3", "vocabulary 2 word 猫")


def test_of_one_rule_there_is_one_group_whatever_was_measured() -> None:
    (group,) = group_by_sort([_item("too loud", "loudness"), _item("too quiet", "loudness")])
    assert (group.sort, group.cause, group.count) == ("loudness", "too loud", 2)


def test_many_of_one_cause_or_of_many_are_bounded_and_still_counted() -> None:
    (group,) = group_by_cause(_item(f"late by {number} s") for number in range(5000))
    assert (group.count, len(group.examples)) == (5000, 200)
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    groups = group_by_cause(_item(f"{a}{b}") for a in alphabet for b in alphabet)
    assert len(groups) == 41
    assert (groups[-1].cause, groups[-1].count) == ("636 other causes", 636)
    assert sum(group.count for group in groups) == len(alphabet) ** 2


@pytest.mark.parametrize(
    "text", ["'" * 10_000, "語 " * 5_000, "9." * 5_000, "a'" * 5_000, " " * 10_000]
)
def test_no_message_keeps_it_busy(text: str) -> None:
    begun = time.monotonic()
    (group,) = group_by_cause([_item(text, entry=text)])
    assert time.monotonic() - begun < 0.1
    assert len(group.cause) <= 300
    assert sum(map(len, group.examples[0])) < 1300
