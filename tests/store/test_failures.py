"""The record of failures: sorted, one line each, and nothing in it that an engine should not say."""

import json
from functools import partial

import pytest

from tts_assets.config import keys
from tts_assets.config.keys import Secret
from tts_assets.errors import InputError
from tts_assets.store import failures

FILE = "audio/failures.jsonl"


def _record(**reasons: str) -> bytes:
    failed = {recipe: ("犬", reason) for recipe, reason in reasons.items()}
    return failures.update_failures(b"", file=FILE, failed=failed)


def test_a_line_says_what_was_to_be_said_and_why_it_was_not() -> None:
    assert json.loads(_record(ab="too long")) == {
        "recipe": "ab",
        "text": "犬",
        "reason": "too long",
    }


def test_reasons_are_found_by_recipe() -> None:
    assert failures.read_failures(_record(b="two", a="one"), file=FILE) == {"a": "one", "b": "two"}


def test_lines_are_sorted_whatever_the_order_was() -> None:
    assert _record(b="two", a="one", c="three") == _record(c="three", b="two", a="one")
    assert [json.loads(line)["recipe"] for line in _record(b="two", a="one").splitlines()] == [
        "a", "b",
    ]  # fmt: skip


def test_what_was_made_is_forgotten_and_a_new_reason_replaces_the_old_one() -> None:
    after = failures.update_failures(
        _record(a="one", b="two", c="three"), file=FILE, made={"a"}, failed={"b": ("犬", "again")}
    )
    assert failures.read_failures(after, file=FILE) == {"b": "again", "c": "three"}


def test_nothing_is_left_when_all_was_made() -> None:
    assert failures.update_failures(_record(a="one"), file=FILE, made={"a"}, failed={}) == b""


def test_what_no_clip_asks_for_any_more_is_forgotten_if_all_were_looked_at() -> None:
    after = failures.update_failures(
        _record(a="one", b="two"), file=FILE, failed={}, requested={"b"}
    )
    assert failures.read_failures(after, file=FILE) == {"b": "two"}


def test_lines_that_git_took_from_both_sides_are_one_after_a_run() -> None:
    both = _record(b="two") + _record(a="one") + _record(b="other")
    assert failures.read_failures(both, file=FILE) == {"a": "one", "b": "other"}
    assert failures.update_failures(both, file=FILE, failed={}) == _record(a="one", b="other")


def test_a_torn_last_line_is_left_out() -> None:
    torn = _record(a="one") + _record(b="two")[:-1]
    assert failures.read_failures(torn, file=FILE) == {"a": "one"}
    assert failures.update_failures(torn, file=FILE, failed={}) == _record(a="one")


@pytest.mark.parametrize(
    "bad",
    [
        b"<<<<<<< HEAD\n",
        b"{}\n",
        b"\xff\n",
        b'{"recipe": 1, "text": "", "reason": ""}\n',
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    ],
    ids=["conflict", "empty", "bytes", "number", "deep"],
)
def test_a_line_that_is_none_is_refused_with_its_number(bad: bytes) -> None:
    with pytest.raises(InputError, match="delete the file") as caught:
        failures.read_failures(_record(a="one") + bad, file=FILE)
    assert (caught.value.file, caught.value.line) == (FILE, 2)


def test_a_line_of_a_newer_version_is_refused() -> None:
    newer = b'{"version": 2, "recipe": "a", "text": "", "reason": "", "more": 1}\n'
    with pytest.raises(InputError, match="upgrade tts-assets") as caught:
        failures.read_failures(newer, file=FILE)
    assert caught.value.line == 1


def test_a_reason_is_one_line_without_anything_that_acts_on_a_terminal() -> None:
    said = "\x1b[31mred\r\n\nand\u2028more \u202e turned \ud800\x00 end\t"
    assert failures.read_failures(_record(a=said), file=FILE) == {
        "a": "[31mred and more turned end"
    }


def test_a_reason_has_a_bound() -> None:
    reason = failures.read_failures(_record(a="x" * 10_000), file=FILE)["a"]
    assert (len(reason), reason[-1]) == (failures.LONGEST, "…")


def test_a_key_in_a_reason_is_hidden_even_where_the_reason_is_cut() -> None:
    key = "sk-0123456789abcdef"
    failed = {"a": ("犬", "x" * (failures.LONGEST - 8) + f" {key}")}
    after = failures.update_failures(
        b"",
        file=FILE,
        failed=failed,
        redact=partial(keys.redact, secrets=[Secret(key, "environment")]),
    )
    assert b"sk-" not in after
    assert "***" in failures.read_failures(after, file=FILE)["a"]
