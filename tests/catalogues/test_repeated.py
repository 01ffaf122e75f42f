"""Keys that stand twice in one object."""

import pytest

from tts_assets.catalogues.catalogue_document import parse_document


@pytest.mark.parametrize(
    ("file", "text", "keys"),
    [
        ("x.json", '{"a": 1, "b": {"c": 2}}', []),
        ("x.json", '{"a": 1,\n "a": 2}', [("a", 2)]),
        (
            "x.json",
            '[{"w": "猫",\n"x": [{"k": 1,\n"\\u006b": 2}],\n"w": "犬"}]',
            [("k", 3), ("w", 4)],
        ),
        ("x.json", '"a"', []),
        ("x.jsonl", '{"a": 1}\n\n{"a": 1, "a": 2}\n', [("a", 3)]),
        ("x.csv", "a,b\n1,2\n", []),
    ],
)
def test_each_is_told_with_the_line_where_it_stands_again(
    file: str, text: str, keys: list[tuple[str, int]]
) -> None:
    assert parse_document(text.encode(), file=file).list_repeated_keys() == keys
