"""The ledger: one line each, torn tails left out, conflicts refused."""

import pytest

from tts_assets import ledger
from tts_assets.errors import InputError


def _line(asset: str, size: int = 9) -> bytes:
    return ledger.encode(
        ledger.Line(
            asset=asset, recipe="ab", text="犬", reading="イヌ", voice="tones/sine", speed=1.0,
            engine="tones=1", sha256="00", bytes=size, seconds=0.5, lufs=-19.0, peak_dbtp=-3.0,
        )
    )  # fmt: skip


def test_lines_are_found_by_asset_and_the_last_one_wins() -> None:
    known = ledger.read(_line("a", 1) + _line("b", 2) + _line("a", 3), file="l")
    assert known.sizes == {"a": 3, "b": 2}


def test_a_torn_last_line_is_left_out() -> None:
    known = ledger.read(_line("a") + _line("b")[:-20], file="l")
    assert known.sizes == {"a": 9}
    assert not known.tidy


@pytest.mark.parametrize(
    "bad", [b"<<<<<<< HEAD\n", b"{}\n", b"\xff\n", b"[1]\n", b'{"asset": 1}\n']
)
def test_a_line_that_is_none_is_refused_with_its_number(bad: bytes) -> None:
    with pytest.raises(InputError, match="settle the merge") as caught:
        ledger.read(_line("a") + bad, file="audio/ledger.jsonl")
    assert caught.value.line == 2


def test_a_compacted_ledger_is_sorted_and_tidy_whatever_the_order_was() -> None:
    one = ledger.compacted(_line("b") + _line("a", 1) + _line("a"), file="l")
    other = ledger.compacted(_line("a") + _line("b") + b"{", file="l")
    assert one == other == _line("a") + _line("b")
    assert ledger.read(one, file="l").tidy
    assert not ledger.read(_line("b") + _line("a"), file="l").tidy


def test_an_empty_ledger_is_tidy() -> None:
    assert ledger.read(b"", file="l") == ledger.Known()
