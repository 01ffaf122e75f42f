"""Lists of objects that run parallel to a list of texts; lists of URLs are in test_edit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_assets.catalogues.json_editor import set_json_urls
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from tts_assets.model import Place

TEXT = '{"r": ["r1" ,"r2" ,"r3"], "urls": %s, "z": 1}'
BESIDE: dict[Place, str] = {("urls",): "r"}


def edited(text: str, urls: dict[Place, str], *, length: int = 3) -> str:
    """Edit, and hold on the way that a second time changes nothing."""
    lists: dict[Place, int] = {("urls",): length}
    once = set_json_urls(text, urls, file="words.json", lists=lists, beside=BESIDE)
    assert set_json_urls(once, urls, file="words.json", lists=lists, beside=BESIDE) is once
    json.loads(once)
    return once


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[{"u": "old"},{"u": 1}, {}]', '[{"u": "x"},{"u": 1}, {"u": "z"}]'),
        ('[{"n":1 },null, null]', '[{"n":1,"u":"x" },null, {"u": "z" }]'),
        ('[{ "n": 1 }]', '[{ "n": 1, "u": "x" }, null, { "u": "z" }]'),
        ('[null, "kept", null]', '[{"u": "x"}, "kept", {"u": "z"}]'),
        ('[{"n": 1}, null, null, null, null]', '[{"n": 1, "u": "x"}, null, {"u": "z"}]'),
        ("[null,null]", '[{"u": "x"},null,{"u": "z"}]'),
        ("null", '[{"u": "x"} ,null ,{"u": "z"}]'),
        ('""', '[{"u": "x"} ,null ,{"u": "z"}]'),
        ("[]", '[{"u": "x"} ,null ,{"u": "z"}]'),
    ],
)
def test_a_list_of_objects_gets_its_urls_and_its_length(old: str, new: str) -> None:
    text = TEXT.replace("%s", old)

    found = edited(text, {("urls", 0, "u"): "x", ("urls", 2, "u"): "z"})

    assert json.loads(found) == json.loads(TEXT.replace("%s", new))
    assert found == TEXT.replace("%s", new)


def test_a_list_that_is_missing_is_laid_out_like_the_objects_beside_it() -> None:
    text = """\
{
  "examples": [
    {
      "jp": "犬",
      "en": "dog"
    },
    {
      "jp": "猫",
      "en": "cat"
    }
  ]
}
"""

    new = set_json_urls(
        text,
        {("audio", 1, "url"): "u", ("audio", 1, "slow"): "s"},
        file="words.json",
        lists={("audio",): 2},
        beside={("audio",): "examples"},
    )

    assert new == text.replace(
        '"cat"\n    }\n  ]',
        '"cat"\n    }\n  ],\n  "audio": [\n    null,\n    {\n      "url": "u",\n'
        '      "slow": "s"\n    }\n  ]',
    )


def test_objects_without_one_to_copy_stand_on_one_line() -> None:
    text = '{\n  "r": [\n    "r1"\n  ]\n}'

    new = edited(text, {("urls", 0, "u"): "x"}, length=1)

    assert new == text.replace('"r1"\n  ]', '"r1"\n  ],\n  "urls": [\n    {"u": "x"}\n  ]')


def test_an_empty_object_in_a_list_is_filled_in_the_style_around_it() -> None:
    text = '{\n  "urls": [\n    {}\n  ]\n}'

    new = edited(text, {("urls", 0, "u"): "x"}, length=1)

    assert new == text.replace("{}", '{\n      "u": "x"\n    }')


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ('["text", null, null]', '"urls" > 0 must be an object or null'),
        ("[5]", 'because its URL is written under the key "u"'),
        ("[[], null, null]", '"urls" > 0 must be an object or null'),
        ('{"0": {}}', '"urls" contains an object, where a URL is to be written'),
        (
            '[{"u": {}}, null, null]',
            '"urls" > 0 > "u" contains an object, where a URL is to be written',
        ),
        ('[{"u": 1, "u": 2}, null, null]', 'the key "u" occurs twice'),
        ('[{}, {}, {}, {"n": 1}]', '"urls" has 4 items for a list of 3; remove'),
        ('[{}, {}, {}, null, "text"]', '"urls" has 5 items for a list of 3; remove'),
    ],
)
def test_what_would_be_lost_is_refused_with_its_line(old: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        edited('{"r": 1,\n"urls":\n' + old + "}", {("urls", 0, "u"): "x"})

    assert words in caught.value.message
    assert caught.value.line == 3


@pytest.mark.parametrize("index", [3, -1, "a"])
def test_an_item_beyond_its_list_is_refused(index: int | str) -> None:
    with pytest.raises(InputError, match="is not an item of a list of 3"):
        edited("{}", {("urls", index, "u"): "x"})


@pytest.mark.parametrize(
    "urls",
    [
        {("urls", 0): "x", ("urls", 1, "u"): "y"},
        {("urls", 1, "u"): "y", ("urls", 0): "x"},
    ],
)
def test_one_list_cannot_be_of_urls_and_of_objects(urls: dict[Place, str]) -> None:
    with pytest.raises(ValueError, match="URL"):
        edited("{}", urls)


@settings(max_examples=75, deadline=None, database=None)
@given(
    present=st.none()
    | st.lists(
        st.none() | st.dictionaries(st.sampled_from(["n", "u"]), st.integers(), max_size=2),
        max_size=4,
    ),
    absent=st.booleans(),
    length=st.integers(1, 4),
    urls=st.dictionaries(st.integers(0, 3), st.sampled_from(["/x", "/学"]), min_size=1),
    indent=st.sampled_from([None, 2, "\t"]),
)
def test_lists_of_objects_are_completed_as_a_naive_edit_would(
    *,
    present: list[Any] | None,
    absent: bool,
    length: int,
    urls: dict[int, str],
    indent: int | str | None,
) -> None:
    entry: dict[str, Any] = {"r": ["r"] * length, "z": 2}
    old = [] if absent or present is None else present
    if not absent:
        entry["urls"] = present
    wanted = {index: url for index, url in urls.items() if index < length}
    places: dict[Place, str] = {("urls", index, "u"): url for index, url in wanted.items()}
    text = json.dumps(entry, indent=indent)

    if wanted and any(item is not None for item in old[length:]):
        with pytest.raises(InputError):
            edited(text, places, length=length)
        return

    new = [*old[:length], *[None] * (length - len(old))]
    for index, url in wanted.items():
        new[index] = {**(new[index] or {}), "u": url}
    expected = {**entry, "urls": new} if wanted else entry
    assert json.loads(edited(text, places, length=length)) == expected
