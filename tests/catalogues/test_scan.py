from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tts_assets.catalogues import json_text
from tts_assets.catalogues.json_text import (
    JsonContainer,
    JsonLayout,
    JsonMember,
    build_path_tree,
    decode_string,
    detect_layout,
    format_comma,
    measure_depth,
    scan_containers,
    scan_items,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.model import Place


def entered(text: str, *places: Place) -> list[JsonContainer]:
    return list(scan_containers(text, build_path_tree(places)))


def test_places_share_the_steps_they_have_in_common() -> None:
    places = [("a", 0, "url"), ("a", 1, "url"), ("b",)]

    assert build_path_tree(places) == {"a": {0: {"url": {}}, 1: {"url": {}}}, "b": {}}


def test_every_member_of_a_container_is_measured() -> None:
    text = ' { "a" : 1.50 ,"b":[ 1,2 ]} '

    (found,) = entered(text, ("a",))

    assert found.members == [JsonMember("a", 3, 9, 13), JsonMember("b", 15, 19, 26)]
    assert text[found.start : found.end] == text.strip()


def test_inner_containers_come_before_the_ones_that_hold_them() -> None:
    found = entered('[{"a": {"b": 1}}, {"a": 2}]', (0, "a", "b"))

    assert [container.place for container in found] == [(0, "a"), (0,), ()]


def test_nothing_is_entered_that_is_not_wanted() -> None:
    found = entered('[{"a": 1}, {"a": 2}]', (1, "a"))

    assert [container.place for container in found] == [(1,), ()]


def test_a_scalar_on_the_way_has_no_members() -> None:
    found = entered('{"a": "text"}', ("a", "b"))

    assert found[0].members == []


def test_a_container_knows_the_white_space_its_siblings_stand_in() -> None:
    found = entered('{\n  "a": {}\n}', ("a", "b"))

    assert found[0].around == "\n  "


def test_repeated_keys_are_all_there() -> None:
    (found,) = entered('{"a": 1, "a": 2}', ("a",))

    assert [member.key for member in found.members] == ["a", "a"]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (r'"audio\u0055rl"', "audioUrl"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"back\\slash"', "back\\slash"),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\ud83d"', "\ud83d"),
        ('"😀"', "😀"),
        ('""', ""),
        ('"{[:,]}"', "{[:,]}"),
    ],
)
def test_keys_are_decoded(written: str, key: str) -> None:
    (found,) = entered(f"{{{written} : 1}}", (key,))

    assert [member.key for member in found.members] == [key]


def test_a_number_too_long_for_an_integer_is_passed_by() -> None:
    text = f'{{"long": {"9" * 5000}, "a": 1}}'

    (found,) = entered(text, ("a",))

    assert found.end == len(text)


@pytest.mark.parametrize(
    "deep", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000]
)
def test_nesting_too_deep_for_the_standard_library_is_passed_by(deep: str) -> None:
    text = f'{{"deep": {deep}, "a": "}}]"}}'

    (found,) = entered(text, ("a",))

    assert text[found.members[1].start :] == '"}]"}'


def test_nesting_that_never_ends_is_no_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        entered('{"deep": ' + "[" * 100_000, ("a",))


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("", "Expecting value", 0),
        ("[1", "Expecting ',' delimiter", 2),
        ("[1 2]", "Expecting ',' delimiter", 3),
        ("[1}", "Expecting ',' delimiter", 2),
        ("[1,]", "Expecting value", 3),
        ("{'a': 1}", "Expecting property name", 1),
        ('{"a" 1}', "Expecting ':' delimiter", 4),
        (r'{"\u0061" 1}', "Expecting ':' delimiter", 9),
        ('{"a": 1,}', "Expecting property name", 8),
        ('{"a": 1', "Expecting ',' delimiter", 7),
        ("[] []", "Extra data", 3),
    ],
)
def test_what_is_no_json_is_told_as_the_standard_library_does(
    text: str, message: str, at: int
) -> None:
    with pytest.raises(json.JSONDecodeError, match=message) as caught:
        entered(text, ("a",))

    assert caught.value.pos == at


def test_the_items_of_a_list_are_measured() -> None:
    text = '[ "a", ["b"] ,null]'

    assert [text[item.start : item.end] for item in scan_items(text, 0)] == ['"a"', '["b"]', "null"]


def test_a_string_is_decoded_where_it_stands() -> None:
    assert decode_string(r'["\/a\u3042"]', 1) == "/aあ"


@pytest.mark.parametrize(
    ("text", "level", "at"),
    [
        ("1", 0, 0),
        ("[[1], [[2]]]", 3, 7),
        ("[[1], [2]]", 2, 1),
        ('["[[[[", {}]', 2, 9),
        (r'["\"[[", []]', 2, 9),
    ],
)
def test_the_deepest_level_is_found(text: str, level: int, at: int) -> None:
    assert measure_depth(text) == (level, at)


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ('["a", "b"]', JsonLayout("", ", ", "")),
        ('[ "a","b" ]', JsonLayout(" ", ",", " ")),
        ('[\n  "a",\n  "b"\n]', JsonLayout("\n  ", ",\n  ", "\n")),
        ('["a"]', JsonLayout("", ", ", "")),
        ('[\r\n\t"a"\r\n]', JsonLayout("\r\n\t", ",\r\n\t", "\r\n")),
        ("[]", None),
        ('"a"', None),
    ],
)
def test_the_layout_of_a_list_is_its_white_space(text: str, layout: JsonLayout | None) -> None:
    assert detect_layout(text, JsonMember(0, 0, 0, len(text)), ": ") == layout


@pytest.mark.parametrize(
    ("opening", "colon", "comma"),
    [
        ("", ":", ","),
        ("", ": ", ", "),
        (" ", " : ", ", "),
        ("\n ", ":", ",\n "),
        ("\r", ":", ",\r"),
    ],
)
def test_a_comma_is_as_airy_as_what_stands_around_it(opening: str, colon: str, comma: str) -> None:
    assert format_comma(opening, colon) == comma


def _list_possessive_branches(pattern: Any, *, inside: bool = False) -> Iterator[str]:
    """The operators with alternatives below a possessive repeat in a parsed pattern."""
    for operator, argument in pattern:
        name = str(operator)
        if inside and name == "BRANCH":
            yield name
        parts = argument if isinstance(argument, tuple | list) else (argument,)
        for part in parts:
            for each in part if isinstance(part, list) else (part,):
                if isinstance(each, re._parser.SubPattern):  # type: ignore[attr-defined]
                    below = inside or name == "POSSESSIVE_REPEAT"
                    yield from _list_possessive_branches(each, inside=below)


@pytest.mark.parametrize(
    "compiled",
    [json_text._compile_other_members(("a", "b")), json_text._compile_flat_object("a")],
    ids=["members", "object"],
)
def test_no_possessive_repeat_has_alternatives_as_python_3_11_2_matches_these_wrongly(
    compiled: re.Pattern[str],
) -> None:
    parsed = re._parser.parse(compiled.pattern, compiled.flags)  # type: ignore[attr-defined]
    assert not list(_list_possessive_branches(parsed))
