"""Paths: what they may look like, where they lead, and what is said of one that leads nowhere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets.config.source_paths import (
    PathError,
    PathStep,
    ShapeError,
    find_values,
    format_steps,
    parse_path,
)


@pytest.mark.parametrize(
    ("text", "steps", "from_record"),
    [
        ("word", ("word",), False),
        ("単語", ("単語",), False),
        ("audio-url", ("audio-url",), False),
        ("@", (), False),
        ("$", (), True),
        ("@.word", ("word",), False),
        ("$.meta.level", ("meta", "level"), True),
        ("examples[*].japanese", ("examples", PathStep.EVERY, "japanese"), False),
        ("$.*[*]", (PathStep.EVERY, PathStep.EVERY), True),
        ("$[*]", (PathStep.EVERY,), True),
        ("*", (PathStep.EVERY,), False),
        ("readings[0]", ("readings", 0), False),
        ("$.urls[#]", ("urls", PathStep.SAME), True),
        ("$.urls[#].mp3", ("urls", PathStep.SAME, "mp3"), True),
        ("['odd key.with [all]']", ("odd key.with [all]",), False),
        ("""$["it's"]['a\\'b']""", ("it's", "a'b"), True),
        ("a['b c'].d", ("a", "b c", "d"), False),
        ("@['x']", ("x",), False),
    ],
)
def test_a_path_is_read(text: str, steps: tuple[Any, ...], from_record: bool) -> None:  # noqa: FBT001
    path = parse_path(text)
    assert (path.steps, path.from_record) == (steps, from_record)


@pytest.mark.parametrize(
    "text", ["", "a b", "a..b", "a.", "a[", "a[x]", "a['x]", ".a", "a]", "[-1]", "a[1:2]", "$$"]
)
def test_what_is_no_path_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PathError, match="write "):
        parse_path(text)


_KEYS = st.text(min_size=1)


@given(st.lists(st.one_of(_KEYS, st.integers(0, 999), st.sampled_from(PathStep)), min_size=1))
def test_steps_survive_being_written(steps: list[str | int | PathStep]) -> None:
    assert parse_path(format_steps(tuple(steps))).steps == tuple(steps)


def test_every_value_is_found_with_its_place() -> None:
    value = {"a": [{"b": 1}, {"c": 2}, None, {"b": None}]}
    assert list(find_values(value, parse_path("a[*].b").steps)) == [
        (("a", 0, "b"), 1),
        (("a", 3, "b"), None),
    ]
    assert list(find_values({"x": [1], "y": [2, 3]}, parse_path("*[*]").steps)) == [
        (("x", 0), 1), (("y", 0), 2), (("y", 1), 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"), [("a.b", {}), ("a[5]", {"a": [1]}), ("a[*]", {"a": None})]
)
def test_what_is_absent_is_not_found(path: str, value: object) -> None:
    assert list(find_values(value, parse_path(path).steps)) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("a[*]", {"a": "x"}, "'a' is text, but must be a list"),
        ("a.b", {"a": [1]}, "'a' is a list, but must be an object"),
        ("[0]", {"a": 1}, "it is an object, but must be a list"),
        ("a[*].b", {"a": [{"b": 1}, 7]}, r"'a\[1\]' is a number, but must be an object"),
    ],
)
def test_another_shape_is_named_with_its_place(path: str, value: object, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        list(find_values(value, parse_path(path).steps))
