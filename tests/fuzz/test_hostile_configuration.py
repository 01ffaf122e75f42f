"""Every setting of the configuration, with every hostile value: refused with its place, or used."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.conftest import Bench
from tests.fuzz.hostile import EXAMPLES, PROFILE
from tts_assets.config.load_settings import load
from tts_assets.config.option_table import OPTIONS
from tts_assets.errors import UsageError

_NUMBERS = (
    *("0", "-0", "1", "-1", "99", str(2**63), str(-(2**63) - 1), str(2**64), "1" + "0" * 40),
    *(
        "9" * 4_000,
        "9" * 5_000,
        "0x" + "f" * 5_000,
        "-" + "9" * 5_000,
        "0.0",
        "-0.0",
        "0.5",
        "1e308",
    ),
    *("1e999", "-1e999", "inf", "-inf", "nan", "-nan", "1e-999"),
)
_TEXTS = (
    *('""', '" "', '"a"', "'犬'", '"nan"', '"inf"', '"-1"', '"0/0"', '"1e308h"', '"nan%"', '"1_0"'),
    *(f'"{"9" * 5_000}"', f'"{"9" * 5_000}s"', f'"1/{"9" * 5_000}"', f'"{"a" * 50_000}"', '"１"'),
    *('"\\u0000"', '"\\u001b[31m"', '"\\u202e"', '"\\ufeff"', '"a\\nb"', '","', '"https://["'),
    *('"https://x:99999999"', '"[x"', '"{kind}/{id}"', '"{"', '"~nobody/x"', '"*"', "'(?P<x'"),
    *(
        f'"{"(" * 5_000}"',
        f'"{"a." * 5_000}"',
        f'"{"a[*]" * 1_000}"',
        f'"a[{"9" * 5_000}]"',
        '"**/"',
    ),
)
_OTHERS = (
    *("true", "false", "[]", "[[]]", "{}", "[1]", "['a']", "[1,'a',true]", "{a=1}", '{""=""}'),
    *("[" * 200 + "]" * 200, "[[{a=[1]}]]", "[inf,nan]", "1979-05-27", "07:32:00", "9999-12-31"),
    *("1979-05-27T07:32:00Z", "{a={a={a=1}}}"),
)
_VALUES = (*_NUMBERS, *_TEXTS, *_OTHERS)
_ROWS = {
    "source": {"files": "'w.json'", "kind": "'vocabulary'", "records": "'$[*]'", "id": "'id'",
               "asset": "'{kind}/{recipe}.{ext}'", "url": "'/{asset}'", "overwrite": "'ours'",
               "voices": "{a='b'}", "columns": "['id']", "delimiter": "','"},
    "dictionary": {"surface": "'犬'", "reading": "'いぬ'", "accent": "2", "kind": "'noun'"},
    "price": {"provider": "'x'", "model": "'*'", "per-1000-credits": "1", "currency": "'USD'",
              "read": "2026-10-03"},
    "speaker": {"name": "'男'", "voice": "'sine'", "speed": "1.0"},
    "source.clip": {"part": "'word'", "each": "'e[*]'", "say": "'word'", "text": "'word'",
                    "reading": "'r'", "furigana": "'f'", "accent": "'a'", "speaker": "'s'",
                    "language": "'l'", "split": "'/'", "alternatives": "'first'", "join": "' '",
                    "skip": "{field='x',is=1}", "to": "'audioUrl'", "timeline": "false"},
}  # fmt: skip
_BROKEN = (
    *("[" * 20_000, "a=" + "[" * 20_000, "a=" + "{a=" * 20_000, ".".join("a" * 2_000) + "=1"),
    *(
        "[" + ".".join("a" * 500) + "]",
        "a=1\na=2",
        "speed=1\r",
        "\0",
        "speed='",
        "[source]",
        "[[sound]]",
    ),
    *("x" * 50_000, "\ufeff\ufeffspeed=1", 'source=""', "sound=1"),
)


def _row(name: str, key: str, value: str) -> str:
    """A table of which there may be several, with another value for one key."""
    rows = "".join(
        f"{each} = {value if each == key else own}\n" for each, own in _ROWS[name].items()
    )
    start = "[[source]]\nfiles = 'w.json'\nkind = 'kanji'\n" if name == "source.clip" else ""
    return f"{start}[[{name}]]\n{rows}"


def _setting(key: str, value: str) -> str:
    table, _, name = key.rpartition(".")
    return f"[{table}]\n{name} = {value}\n" if table else f"{name} = {value}\n"


_PLACES: list[tuple[Callable[..., str], tuple[str, ...]]] = [
    (_setting, (key,)) for key in OPTIONS
] + [(_row, (name, key)) for name, keys in _ROWS.items() for key in keys]


def test_every_value_of_every_setting_is_understood_or_refused_with_the_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tts-assets.toml"
    step = 1 if EXAMPLES else 7
    for number, (make, place) in enumerate(_PLACES):
        for value in _VALUES[number % step :: step]:
            path.write_text(make(*place, value), encoding="utf-8")
            try:
                load(flags={}, environment={}, folder=tmp_path)
            except UsageError as exc:
                problem = str(exc)
                assert problem.startswith((f"{path}: ", f"{path}:", "output: ")), problem[:500]
                assert len(problem) < 3_000, place


@pytest.mark.parametrize("text", _BROKEN, ids=lambda text: text[:8])
def test_a_configuration_that_cannot_be_read_is_refused_with_its_name(
    bench: Bench, text: str
) -> None:
    bench.write("tts-assets.toml", text)
    done = bench.run("status", "--provider", "tones")
    assert done.code == 2
    assert "tts-assets.toml" in done.err


@PROFILE
@given(place=st.sampled_from(_PLACES), value=st.sampled_from(_VALUES))
def test_whatever_a_setting_says_no_command_has_a_bug(
    bench: Bench, place: tuple[Callable[..., str], tuple[str, ...]], value: str
) -> None:
    bench.restore()
    bench.project.words("犬")
    make, names = place
    bench.write("tts-assets.toml", make(*names, value))
    for command in ("status", "generate --dry-run", "prune"):
        words = command.split()
        bench.run(*words, *(("--provider", "tones") if words[0] != "prune" else ()))
