"""Decisions of people who listened, bound to the bytes of assets whatever becomes of their lines."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tts_assets.model import Decided
from tts_assets.store.ledger.line import Mark
from tts_assets.store.ledger.pieces import lines_of, pieces
from tts_assets.store.ledger.rows import NO_LINE, Row, Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tts_assets.model import Decision


#: What only a line with a decision has; in a text its quotation marks would be escaped.
REVIEW = b'"review"'


class Reviewed(NamedTuple):
    """A ledger with decisions in it.

    Args:
        data: all of its bytes.
        written: the assets whose lines have new decisions, each with the hash of its bytes.
        known: those whose lines had them, or later ones, before.
    """

    data: bytes
    written: frozenset[tuple[str, str]]
    known: frozenset[tuple[str, str]]


class _Name(msgspec.Struct, gc=False):
    asset: str


class _Brief(msgspec.Struct, gc=False):
    brief: str = ""


_name_decoder = msgspec.json.Decoder(_Name)
_brief_decoder = msgspec.json.Decoder(_Brief)
_row_decoder = msgspec.json.Decoder(Row)


def order(decision: Decision) -> tuple[str, bool, bool, str, str]:
    """By what the one that counts of several decisions is the greatest: the latest.

    Of those of one moment, whose order nobody knows, it is one that has people listen again.
    """
    decided = decision.decided
    return (
        decision.at,
        decided is Decided.REJECTED,
        decided is Decided.UNDECIDED,
        decision.by,
        decision.reason,
    )


def latest(decisions: Iterable[Decision | None]) -> Decision | None:
    """The one that counts of several decisions on one sound; None where there is none."""
    return max((each for each in decisions if each is not None), key=order, default=None)


def with_review(line: bytes, review: Decision) -> bytes:
    """A line with this decision, and all else as it was; without its line feed."""
    found: dict[str, Any] = msgspec.json.decode(line)
    found.pop("review", None)
    return msgspec.json.encode(found | {"review": review})


def carried(said: Sequence[Said], settled: Mapping[str, Said]) -> Iterator[tuple[str, Said]]:
    """Those lines that lack the latest decision on their bytes, with it, by their assets.

    Args:
        said: all lines, in their order.
        settled: the line that counts for each asset.
    """
    counts = Counter(each.row.asset for each in said)
    rivals: dict[str, list[Said]] = {}
    for each in said:
        if counts[each.row.asset] > 1:
            rivals.setdefault(each.row.asset, []).append(each)
    for asset, some in rivals.items():
        if any(each.row.review is not None for each in some):
            now = settled[asset]
            found = _with_latest(some, now) if now.row.recipe else _marked(some, now)
            if found is not None:
                yield asset, found


def reviewed(data: bytes, wanted: Mapping[str, Mapping[str, Decision]]) -> Reviewed:
    """A ledger with decisions in the lines of their sounds; of the others only names are looked at.

    Args:
        data: whole lines of a ledger, as :func:`compacted` or :func:`uncompacted` leaves it.
        wanted: for an asset, the decision on each of the sounds it may have, by their hashes.
    """
    deciding = _Deciding(wanted)
    # A ledger may be large, and most of its pieces are as they were.
    parts = list(map(deciding.piece, pieces(io.BytesIO(data))))
    written, known = deciding.written, deciding.known - deciding.written
    return Reviewed(b"".join(parts), frozenset(written), frozenset(known))


class _Deciding:
    """Writes decisions into lines, and remembers into which."""

    def __init__(self, wanted: Mapping[str, Mapping[str, Decision]]) -> None:
        self.written: set[tuple[str, str]] = set()
        self.known: set[tuple[str, str]] = set()
        self._wanted = wanted

    def piece(self, piece: bytes) -> bytes:
        names = [each.asset for each in _name_decoder.decode_lines(piece)]
        if self._wanted.keys().isdisjoint(names):
            return piece
        lines = zip(names, lines_of(piece), strict=True)
        return b"".join(self._line(name, line) + b"\n" for name, line in lines)

    def _line(self, asset: str, line: bytes) -> bytes:
        if asset not in self._wanted:
            return line
        row = _row_decoder.decode(line)
        decision = self._wanted[asset].get(row.sha256)
        if decision is None or not row.recipe:
            return line
        # What is taken back is told even where nothing stands: another branch may have it.
        if latest((row.decision, decision)) == row.decision:
            self.known.add((asset, row.sha256))
            return line
        self.written.add((asset, row.sha256))
        return with_review(line, decision)


def _with_latest(some: Sequence[Said], now: Said) -> Said | None:
    """The line that counts, with what was decided of its bytes; None where it has that."""
    found = latest(each.row.decision for each in some if _is_same(each, now))
    if found is None or found == now.row.decision:
        return None
    line = with_review(now.line, found)
    return Said(line, _row_decoder.decode(line))


def _marked(some: Sequence[Said], now: Said) -> Said | None:
    """A mark with what was decided of the bytes that were being replaced; None where it has that."""
    before = next((each for each in reversed(some) if each.row.sha256), None)
    if before is None:
        return None
    found = latest(each.row.decision for each in some if _is_same(each, before))
    if found is None:
        return None
    mark = Mark(
        asset=now.row.asset,
        brief=_brief(before) or msgspec.UNSET,
        sha256=before.row.sha256,
        review=found,
    )
    line = msgspec.json.encode(mark)
    return None if line == now.line else Said(line, _row_decoder.decode(line))


def _is_same(one: Said, other: Said) -> bool:
    """Whether two lines of an asset have the same bytes, made for the same.

    Bytes alone are not enough: an entry may say something else now, which sounds alike.
    """
    if one.row.sha256 != other.row.sha256:
        return False
    return one.row.recipe == other.row.recipe or (
        _brief(one) == _brief(other) and bool(_brief(one))
    )


def _brief(said: Said) -> str:
    try:
        return _brief_decoder.decode(said.line).brief
    except NO_LINE:
        return ""
