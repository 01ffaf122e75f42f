"""The ledger: one line each, torn tails left out, conflicts refused."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tts_assets.errors import InputError
from tts_assets.store import ledger, ledger_line
from tts_assets.store.ledger import AssetRecord, Ledger, compact_ledger, read_ledger

#: More than any decoder follows.
DEEP = b"[" * 100_000 + b"]" * 100_000


def _line(asset: str, size: int = 9, **more: Any) -> bytes:
    return ledger_line.encode(
        ledger_line.Line(
            asset=asset, recipe="ab", text="犬", reading=None, voice="tones/sine", speed=1.0,
            engine="tones=1", sha256="00", bytes=size, seconds=0.5, lufs=-19.0, peak_dbtp=-3.0,
            **more,
        )
    )  # fmt: skip


def test_a_line_leaves_out_what_nobody_could_tell() -> None:
    assert list(json.loads(_line("a"))) == [
        "asset", "recipe", "text", "reading", "voice", "speed", "engine", "sha256", "bytes",
        "seconds", "lufs", "peak_dbtp",
    ]  # fmt: skip


def test_a_line_says_how_its_text_was_spoken() -> None:
    said = json.loads(_line("a", accent=0, spoken="イヌ", basis="n-best"))
    assert (said["accent"], said["spoken"], said["basis"]) == (0, "イヌ", "n-best")


def test_lines_are_found_by_asset_and_the_last_one_wins() -> None:
    known = read_ledger(_line("a", 1) + _line("b", 2) + _line("a", 3), file="l")
    assert known.recorded == {"a": AssetRecord("ab", 3), "b": AssetRecord("ab", 2)}


def test_an_asset_that_is_being_replaced_has_no_recipe_until_its_next_line() -> None:
    replacing = _line("a") + ledger_line.encode_replacement("a")
    assert read_ledger(replacing, file="l").recorded["a"].recipe == ""
    assert read_ledger(replacing + _line("a", 3), file="l").recorded == {"a": AssetRecord("ab", 3)}


def test_a_compacted_ledger_still_says_that_an_asset_was_being_replaced() -> None:
    lines = _line("b") + _line("a") + ledger_line.encode_replacement("a")
    assert compact_ledger(lines, file="l") == ledger_line.encode_replacement("a") + _line("b")


def test_a_torn_last_line_is_left_out() -> None:
    known = read_ledger(_line("a") + _line("b")[:-20], file="l")
    assert known.recorded == {"a": AssetRecord("ab", 9)}
    assert not known.tidy


@pytest.mark.parametrize(
    "bad", [b"<<<<<<< HEAD\n", b"{}\n", b"\xff\n", b"[1]\n", b'{"asset": 1}\n']
)
def test_a_line_that_is_none_is_refused_with_its_number(bad: bytes) -> None:
    with pytest.raises(InputError, match=r"resolve the merge|keep the lines of both") as caught:
        read_ledger(_line("a") + bad, file="audio/ledger.jsonl")
    assert caught.value.line == 2


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)], ids=["sorted", "unsorted"])
@pytest.mark.parametrize(
    ("bad", "number"),
    [
        (_line("b").replace(b",", b",\n", 1), 2),
        (_line("b").replace(b"\n", b"") + _line("bb"), 2),
        (_line("b").replace(b"\n", b"") + _line("bb").replace(b",", b",\n", 1), 2),
        (b"\n" + _line("b").replace(b"\n", b"") + _line("bb"), 3),
        (_line("b").replace(b'"sha256":"00"', b'"sha256":1'), 2),
        (_line("b").replace(b"{", b'{"x":' + DEEP + b",", 1), 2),
    ],
    ids=["on two lines", "two on a line", "both", "an empty line", "no hash", "deep"],
)
@pytest.mark.parametrize("way", [read_ledger, compact_ledger], ids=["read", "compacted"])
def test_every_way_to_read_wants_one_line_for_each_asset(
    way: Callable[..., object], bad: bytes, number: int, order: tuple[int, ...]
) -> None:
    lines = _line("a"), bad, _line("c")
    with pytest.raises(InputError, match="not a line of a ledger") as caught:
        way(b"".join(lines[each] for each in order), file="l")
    assert caught.value.line == number


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["sorted", "unsorted"])
def test_a_line_ends_at_its_line_feed_only(order: slice) -> None:
    one, other = _line("a").replace(b",", b",\r", 1), _line("b").replace(b"\n", b"\r\n")
    lines = b"".join([one, other][order])
    assert read_ledger(lines, file="l").recorded == {
        "a": AssetRecord("ab", 9),
        "b": AssetRecord("ab", 9),
    }
    assert compact_ledger(lines, file="l") == one + _line("b")
    assert {each.asset for each in ledger.origins_of(lines, {"a", "b"})} == {"a", "b"}
    assert {each.asset for each in ledger.origins(lines)} == {"a", "b"}
    assert {each.asset for each in ledger.whole_lines(lines)} == {"a", "b"}


def test_a_name_is_found_however_its_line_escapes_it() -> None:
    escaped = _line("b").replace(b'"asset":"b"', b'"asset":"\\u0062"')
    assert [each.asset for each in ledger.origins_of(_line("a") + escaped, {"b"})] == ["b"]


def test_a_sorted_ledger_finds_each_record_without_reading_all() -> None:
    for count in range(20):
        assets = [f"{number:02}-{'x' * (number * 7 % 40)}" for number in range(1, 2 * count, 2)]
        data = b"".join(_line(asset, size=number) for number, asset in enumerate(assets, 1))
        records = ledger.SortedLedger(io.BytesIO(data))
        assert bool(records) == bool(assets)
        known = read_ledger(data, file="l").recorded
        # Before the first, between all others and behind the last.
        for name in [*assets, *(f"{number:02}" for number in range(0, 2 * count + 2, 2)), "a"]:
            assert records.get(name) == known.get(name)
    with pytest.raises(NotImplementedError):
        list(records)


def test_what_is_nested_too_deeply_to_be_a_line_says_nothing_of_where_an_asset_came_from() -> None:
    lines = _line("a").replace(b"{", b'{"x":' + DEEP + b",", 1) + _line("b")
    assert [each.asset for each in ledger.origins_of(lines, {"a", "b"})] == ["b"]
    assert [each.asset for each in ledger.origins(lines)] == ["b"]
    assert [each.asset for each in ledger.whole_lines(lines)] == ["b"]
    assert ledger.asset_of(lines.splitlines()[0]) is None


@pytest.mark.parametrize("size", [0, -1])
@pytest.mark.parametrize("names", ["ab", "ba"], ids=["sorted", "unsorted"])
def test_a_line_of_a_file_without_bytes_vouches_for_nothing(size: int, names: str) -> None:
    known = read_ledger(b"".join(_line(name, size) for name in names), file="l")
    assert {each.recipe for each in known.recorded.values()} == {""}


def test_a_compacted_ledger_is_sorted_and_tidy_whatever_the_order_was() -> None:
    one = compact_ledger(_line("b") + _line("a", 1) + _line("a"), file="l")
    other = compact_ledger(_line("a") + _line("b") + b"{", file="l")
    assert one == other == _line("a") + _line("b")
    assert read_ledger(one, file="l").tidy
    assert not read_ledger(_line("b") + _line("a"), file="l").tidy


def test_an_empty_ledger_is_tidy() -> None:
    assert read_ledger(b"", file="l") == Ledger()
