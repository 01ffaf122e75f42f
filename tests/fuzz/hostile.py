"""Hostile values, as the text that stands in a file, and the strategies that draw them."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

#: `FUZZ_EXAMPLES=5000` runs so many examples of each test, at random; else a few that stay the same.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=EXAMPLES or 12,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    # What fails is small already, and each attempt is a run.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True, slots=True)
class Raw:
    """A value as it is written in a file; repr is short, since some are very long."""

    text: str

    def __repr__(self) -> str:
        return f"Raw({self.text[:60]!r}{'…' if len(self.text) > 60 else ''})"


def written(value: Any) -> str:
    """JSON of a value that may have raw text anywhere in it."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Mapping):
        return (
            f"{{{', '.join(f'{json.dumps(key)}: {written(each)}' for key, each in value.items())}}}"
        )
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    return json.dumps(value, ensure_ascii=False)


NUMBERS = (
    *("0", "-0", "-1", "1", "7", "99", str(2**31), str(2**53 + 1), str(2**63 - 1), str(2**63)),
    *(str(-(2**63) - 1), str(2**64), str(-(2**64)), str(10**40), "9" * 4_000),
    *("0.0", "-0.0", "0.5", "1.5", "-2.5", "1e0", "1e17", "1e40", "1e300", "1e308", "1e-400"),
    *("1e999", "-1e999", "1.7976931348623157e308", "5e-324"),
)
STRINGS = (
    *("", " ", "　", "\n", "\t", "\r\n", "a", "犬", "-", "?", "0", "-1", "1e999", "nan", "inf"),
    *("99", "①", "２", "[99]", str(10**40), "9" * 4_000, "H" * 3_000, "LH" * 3_000, "n99"),
    *(
        "\0",
        "\x1b[31m犬",
        "犬\x07",
        "\x7f\x80\x9f",
        "\ud800",
        "犬\udfff",
        "\ufeff犬",
        "\ufffe\uffff",
    ),
    *("\u202e犬\u202c", "\u200b", "\u200d犬", "\u0301" * 200, "か\u3099" * 50, "\U000e0001"),
    *("😀" * 40, "ー" * 300, "ッ" * 50, "ン" * 400, "A" * 2_000, "犬" * 20_001, "あ" * 9_000),
    *(
        "〜" * 500,
        "（" * 2_000,
        "「" * 3_000,
        "犬[" * 500,
        "漢(かん" * 300,
        "<b>" * 500,
        "&#x110000;",
    ),
    *("../../x", "/etc/passwd", "con", "a/b", "a\\b", "%00", "$(x)", "{id}", "{", "[*]", "@", "$."),
    *(
        "男：" * 200,
        "男：犬\n女：猫\n" * 50,
        "：",
        "\n" * 500,
        "、" * 500,
        "1/0",
        "0月0日",
        "99:99:99",
    ),
    *("９９９９年９９月９９日", "1" * 400 + "円", "1,2,3", "1/" + "0" * 50, "𠮷", "ゟヿ", "㌀"),
    *("true", "null", "http://[", "https://x/\0", "audio/x.mp3", "/audio/../x.mp3"),
)
OTHERS = (
    *("null", "true", "false", "[]", "{}", "[[]]", "[{}]", '{"": ""}', "[null]", '["犬", 1, null]'),
    *('{"text": {"text": 1}}', '{"accent": 99999999999999999999}', '{"text": "猫", "reading": 5}'),
    *('{"a": 1, "a": 2}', '{"accent": [2, {"drop": 1e400}]}', '{"reading": ["いぬ", []]}'),
    *('{"tts": {"tts": {}}}', '{"word": "犬", "audioUrl": 5}', '{"positions": [[[[3]]]]}'),
    *("[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, "[" + "1," * 3_000 + "1]"),
    *("[" * 900 + "]" * 900, '{"accent":[' * 420 + "1" + "]}" * 420),
    *('{"accent":' * 300 + "1" + "}" * 300, '{"accent":[' * 200 + "1" + "]}" * 200),
)
#: Each of these alone makes a document no JSON, or more than can be read.
BROKEN = (
    *("NaN", "Infinity", "-Infinity", "9" * 5_000, "-" + "9" * 5_000, "01", "1.", "+1", "0x10"),
    *("[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000, "[" * 100_000),
    *('"\0"', '"\x01"', '"\n"', '"\\u12"', '"\\x"', "'x'", "", "tru", "//", '"', "[1,]", "{1: 2}"),
)

values = (
    *map(Raw, NUMBERS),
    *(Raw(json.dumps(text)) for text in STRINGS),
    *(Raw(json.dumps(text, ensure_ascii=False)) for text in STRINGS if text.isprintable()),
    *map(Raw, OTHERS),
)

_leaves = (
    st.sampled_from(values)
    | st.integers()
    | st.integers(min_value=-(2**130), max_value=2**130)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.text("ぁあァアーんっ犬猫[]()（）「」/／、。：\n0１〜・ 'ー", max_size=30)
)
json_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("text", "reading", "accent", "word", "tts", "a", ""))
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)


def places_in(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every value in a document, the document itself not among them."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*before, key)
        if isinstance(inner, dict | list):
            yield from places_in(inner, (*before, key))


def put(value: Any, place: tuple[str | int, ...], new: Any) -> Any:
    """The same document with another value in one place."""
    if not place:
        return new
    first, *rest = place
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = put(copy[first], tuple(rest), new)  # type: ignore[index]
    return copy
