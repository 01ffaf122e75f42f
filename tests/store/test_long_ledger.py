"""A ledger that is read in pieces says what it says as a whole."""

import io
from typing import Any

import pytest

from tts_assets.errors import InputError
from tts_assets.store import ledger, ledger_line
from tts_assets.store.ledger import AssetRecord, Ledger, read_ledger

LINES = 3_000


def _line(number: int, size: int = 9, **more: Any) -> bytes:
    asset = more.pop("asset", f"vocabulary/{number:024}.mp3")
    return ledger_line.encode(
        ledger_line.Line(
            asset=asset, recipe="ab", text="犬", reading=None, voice="tones/sine", speed=1.0,
            engine="tones=1 " * 9, sha256="00", bytes=size, seconds=0.5, lufs=-19.0,
            peak_dbtp=-3.0, **more,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """More than is looked at in one piece."""
    return [_line(number) for number in range(LINES)]


def _read(*lines: bytes) -> Ledger:
    return read_ledger(io.BytesIO(b"".join(lines)), file="l")


def test_every_line_counts_once(lines: list[bytes]) -> None:
    known = _read(*lines)
    assert known.tidy
    assert list(known.recorded) == [f"vocabulary/{number:024}.mp3" for number in range(LINES)]
    assert set(known.recorded.values()) == {AssetRecord("ab", 9)}


@pytest.mark.parametrize("torn", [b"{", b'{"asset": "z', b"\n "])
def test_what_a_killed_run_tore_is_left_out_at_the_end(lines: list[bytes], torn: bytes) -> None:
    known = _read(*lines, torn)
    assert len(known.recorded) == LINES
    assert not known.tidy


def test_of_lines_in_pieces_far_apart_the_last_one_counts(lines: list[bytes]) -> None:
    known = _read(*lines, _line(1, 7))
    assert (len(known.recorded), known.tidy) == (LINES, False)
    assert known.recorded[f"vocabulary/{1:024}.mp3"].bytes == 7


def test_lines_out_of_order_are_untidy(lines: list[bytes]) -> None:
    assert not _read(*lines[1:], lines[0]).tidy
    assert not _read(lines[1], lines[0]).tidy


def test_empty_lines_say_nothing(lines: list[bytes]) -> None:
    assert len(_read(*lines, b"\n\n", _line(LINES)).recorded) == LINES + 1
    assert _read(b"\n").recorded == {}


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b"<<<<<<< HEAD\n", "keep the lines of both"),
        (_line(LINES, version=99), "upgrade tts-assets"),
        (_line(0, asset="../a.mp3"), "outside the output folder"),
        (_line(0, asset="/a.mp3"), "outside the output folder"),
        (_line(0, asset="\\a.mp3"), "outside the output folder"),
        (_line(0, asset=""), "outside the output folder"),
        (_line(0, asset="a\0"), "outside the output folder"),
    ],
)
def test_a_wrong_line_is_named_wherever_it_stands(
    lines: list[bytes], bad: bytes, problem: str
) -> None:
    for before in (0, 1, LINES):
        with pytest.raises(InputError, match=problem) as caught:
            _read(*lines[:before], bad, *lines[before:])
        assert caught.value.line == before + 1


def test_dots_in_a_name_lead_nowhere(lines: list[bytes]) -> None:
    known = _read(*lines, _line(0, asset="vocabulary/a..b.mp3"))
    assert (len(known.recorded), known.tidy) == (LINES + 1, True)


@pytest.mark.parametrize("number", [0, 1_500, LINES - 1])
def test_what_an_asset_was_made_from_is_found_wherever_it_stands(
    lines: list[bytes], number: int
) -> None:
    asset = f"vocabulary/{number:024}.mp3"
    stream = io.BytesIO(b"".join(lines))
    assert [each.asset for each in ledger.origins_of(stream, {asset})] == [asset]


def test_what_is_no_line_hides_none_of_those_beside_it(lines: list[bytes]) -> None:
    names = {f"vocabulary/{number:024}.mp3" for number in (0, LINES - 1)}
    data = b"".join([b"<<<<<<< HEAD\n", *lines, b"{"])
    assert {each.asset for each in ledger.origins_of(data, names)} == names
