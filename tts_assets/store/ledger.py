"""The ledger of an output folder: one line for each asset, read, compacted, reviewed."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import msgspec

from tts_assets.model import Decided
from tts_assets.store.ledger_line import (
    NO_LINE,
    Line,
    Mark,
    ParsedLine,
    Row,
    each_row,
    encode_replacement,
    lines_of,
    parse_sorted_rows,
    pieces,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from tts_assets.model import Decision


#: What only a line with a decision has; in a text its quotation marks would be escaped.
REVIEW = b'"review"'


class ReviewedLedger(NamedTuple):
    """A ledger with decisions in it.

    Args:
        data: all of its bytes.
        written: the assets whose lines have new decisions, each with the hash of its bytes.
        known: those whose lines had them, or later ones, before.
    """

    data: bytes
    written: frozenset[tuple[str, str]]
    known: frozenset[tuple[str, str]]


class _DecisionName(msgspec.Struct, gc=False):
    asset: str


class _LedgerBrief(msgspec.Struct, gc=False):
    brief: str = ""


_decision_name_decoder = msgspec.json.Decoder(_DecisionName)
_brief_decoder = msgspec.json.Decoder(_LedgerBrief)
_row_decoder = msgspec.json.Decoder(Row)

#: What the line of an asset that is being replaced has in it.
_MARK = b'"recipe":"","bytes":0'


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


def carry_decisions(
    said: Sequence[ParsedLine], settled: Mapping[str, ParsedLine]
) -> Iterator[tuple[str, ParsedLine]]:
    """Those lines that lack the latest decision on their bytes, with it, by their assets.

    Args:
        said: all lines, in their order.
        settled: the line that counts for each asset.
    """
    counts = Counter(each.row.asset for each in said)
    rivals: dict[str, list[ParsedLine]] = {}
    for each in said:
        if counts[each.row.asset] > 1:
            rivals.setdefault(each.row.asset, []).append(each)
    for asset, some in rivals.items():
        if any(each.row.review is not None for each in some):
            now = settled[asset]
            found = _with_latest(some, now) if now.row.recipe else _mark_replaced(some, now)
            if found is not None:
                yield asset, found


def add_decisions(data: bytes, wanted: Mapping[str, Mapping[str, Decision]]) -> ReviewedLedger:
    """A ledger with decisions in the lines of their sounds; of the others only names are looked at.

    Args:
        data: whole lines of a ledger, as :func:`compacted` or :func:`uncompacted` leaves it.
        wanted: for an asset, the decision on each of the sounds it may have, by their hashes.
    """
    deciding = _Deciding(wanted)
    # A ledger may be large, and most of its pieces are as they were.
    parts = list(map(deciding.piece, pieces(io.BytesIO(data))))
    written, known = deciding.written, deciding.known - deciding.written
    return ReviewedLedger(b"".join(parts), frozenset(written), frozenset(known))


class _Deciding:
    """Writes decisions into lines, and remembers into which."""

    def __init__(self, wanted: Mapping[str, Mapping[str, Decision]]) -> None:
        self.written: set[tuple[str, str]] = set()
        self.known: set[tuple[str, str]] = set()
        self._wanted = wanted

    def piece(self, piece: bytes) -> bytes:
        names = [each.asset for each in _decision_name_decoder.decode_lines(piece)]
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


def _with_latest(some: Sequence[ParsedLine], now: ParsedLine) -> ParsedLine | None:
    """The line that counts, with what was decided of its bytes; None where it has that."""
    found = latest(each.row.decision for each in some if _is_same(each, now))
    if found is None or found == now.row.decision:
        return None
    line = with_review(now.line, found)
    return ParsedLine(line, _row_decoder.decode(line))


def _mark_replaced(some: Sequence[ParsedLine], now: ParsedLine) -> ParsedLine | None:
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
    return None if line == now.line else ParsedLine(line, _row_decoder.decode(line))


def _is_same(one: ParsedLine, other: ParsedLine) -> bool:
    """Whether two lines of an asset have the same bytes, made for the same.

    Bytes alone are not enough: an entry may say something else now, which sounds alike.
    """
    if one.row.sha256 != other.row.sha256:
        return False
    return one.row.recipe == other.row.recipe or (
        _brief(one) == _brief(other) and bool(_brief(one))
    )


def _brief(said: ParsedLine) -> str:
    try:
        return _brief_decoder.decode(said.line).brief
    except NO_LINE:
        return ""


# The lines of passages, found among those of a large ledger without reading the others.


#: What only the line of a passage has; in a text its quotation marks would be escaped.
_CUES = b'"cues"'
_passage_decoder = msgspec.json.Decoder(Line)


def passages(data: bytes | BinaryIO, assets: Container[str]) -> Iterator[Line]:
    """The lines of those of these assets that have a time line, in their order."""
    for piece in pieces(io.BytesIO(data) if isinstance(data, bytes) else data):
        if _CUES in piece:
            yield from _in_piece(piece, assets)


def _in_piece(piece: bytes, assets: Container[str]) -> Iterator[Line]:
    for raw in lines_of(piece):
        if _CUES in raw:
            with contextlib.suppress(*NO_LINE):
                line = _passage_decoder.decode(raw)
                if line.cues and line.asset in assets:
                    yield line


# Where assets came from, as far as their lines say.


class Provenance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an asset was made from, as far as its line says; an empty text says nothing."""

    asset: str = ""
    recipe: str
    brief: str = ""
    text: str = ""
    reading: str | None = None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    words: tuple[str, ...] = ()
    voice: str = ""
    speed: float = 1.0
    sound: str = ""
    speakers: tuple[tuple[str, str, float], ...] = ()
    engine: str = ""
    sha256: str = ""
    bytes: int = 0


class _Name(msgspec.Struct, gc=False):
    """As much of a line as tells whether it is asked for."""

    asset: str
    recipe: str
    brief: str = ""


_decoder = msgspec.json.Decoder(Provenance)
_line_decoder = msgspec.json.Decoder(Line)
_name_decoder = msgspec.json.Decoder(_Name)


def origins(data: bytes) -> list[Provenance]:
    """What all lines say of where assets came from, in their order; what is no line is left out."""
    found = []
    for line in lines_of(data):
        with contextlib.suppress(*NO_LINE):
            found.append(_decoder.decode(line))
    return found


def whole_lines(data: bytes) -> Iterator[Line]:
    """All lines that say all of an asset, in their order."""
    for line in lines_of(data):
        with contextlib.suppress(*NO_LINE):
            yield _line_decoder.decode(line)


def asset_of(line: bytes) -> str | None:
    """The asset of one line; None where it is none."""
    try:
        return _name_decoder.decode(line).asset
    except NO_LINE:
        return None


def without(data: bytes, assets: Container[str]) -> bytes:
    """A ledger without the lines of these assets."""
    # Line by line: of a million lines there need not be one more copy.
    return b"".join(line for line in io.BytesIO(data) if asset_of(line) not in assets)


def origins_of(data: bytes | BinaryIO, names: Container[str]) -> Iterator[Provenance]:
    """The origins of those whose asset, recipe or brief is among these names."""
    for piece in pieces(io.BytesIO(data) if isinstance(data, bytes) else data):
        if _may_have(piece, names):
            yield from _origins_in(piece, names)


def _may_have(lines: bytes, names: Container[str]) -> bool:
    """Whether a look at each of these lines is worth it: of a million, few are asked for."""
    try:
        found = _name_decoder.decode_lines(lines)
    except NO_LINE:
        return True
    return any(name.asset in names or name.brief in names or name.recipe in names for name in found)


def _origins_in(lines: bytes, names: Container[str]) -> Iterator[Provenance]:
    for line in lines_of(lines):
        with contextlib.suppress(*NO_LINE):
            name = _name_decoder.decode(line)
            if name.asset in names or name.brief in names or name.recipe in names:
                yield _decoder.decode(line)


# What a ledger says as a whole: read, held against itself, and made tidy.


class AssetRecord(NamedTuple):
    """As much of a line as planning needs; an empty recipe vouches for nothing.

    A tuple, as every run makes one for each asset there is.
    """

    recipe: str
    bytes: int


def _to_recorded(row: Row) -> AssetRecord:
    return AssetRecord(row.recipe if row.bytes > 0 else "", row.bytes)


def _no_hash(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What a ledger says.

    Args:
        recorded: what each asset was made from and its size, by its path.
        tidy: it is as a finished run leaves it: whole, sorted, one line each.
        approved: the assets whose bytes somebody approved.
        rejected: the decision on each asset whose bytes somebody rejected, by its path.
    """

    recorded: dict[str, AssetRecord] = field(default_factory=dict)
    tidy: bool = True
    approved: set[str] = field(default_factory=set)
    rejected: dict[str, Decision] = field(default_factory=dict)

    def see(self, rows: Iterable[Row]) -> None:
        """Take in what was decided; of most assets nothing."""
        for row in rows:
            # What is being replaced is not what was decided on.
            if row.review is None or not row.recipe:
                continue
            if row.review.decided is Decided.APPROVED:
                self.approved.add(row.asset)
            elif row.review.decided is Decided.REJECTED:
                self.rejected[row.asset] = row.review.decision


def drop_marks(data: bytes, is_there: Callable[[str], bool]) -> bytes:
    """A compact ledger without the marks of assets that are not there: nothing was begun for them.

    Args:
        data: all of its bytes.
        is_there: asked for the asset of each mark without a decision.
    """
    if _MARK not in data:
        return data
    kept = (
        line
        for line in lines_of(data)
        if _MARK not in line
        or (row := _row_decoder.decode(line)).recipe
        or row.review is not None
        or is_there(row.asset)
    )
    return b"".join(line + b"\n" for line in kept)


def read_ledger(
    data: bytes, *, file: str, hash_of: Callable[[str], str | None] = _no_hash
) -> Ledger:
    """Read a ledger; of several lines for one asset the last wins.

    A last line without its line feed was torn by a killed run and is left out. Where git took the
    lines of two branches for one asset, the one with the hash of its file counts; without such a
    file, none. A line of a file without bytes vouches for nothing: no run makes one.

    Args:
        data: all of its bytes.
        file: its path, for messages.
        hash_of: the SHA-256 of an asset's file in hex, None where there is none; hardly ever asked.

    Raises:
        InputError: a whole line is not a ledger line, as after a merge with conflicts, one of a
            newer version, or one of an asset outside of the folder.
    """
    return read_ledger_stream(io.BytesIO(data), file=file, hash_of=hash_of)


def read_ledger_stream(
    stream: BinaryIO, *, file: str, hash_of: Callable[[str], str | None] = _no_hash
) -> Ledger:
    """The same for an open file: of a ledger in order, only one piece at a time is in memory."""
    known = Ledger()
    recorded = known.recorded
    last, is_whole = "", True
    for piece in pieces(stream):
        whole = piece.rfind(b"\n") + 1
        rows = parse_sorted_rows(piece[:whole])
        if rows is None or (rows and rows[0].asset <= last):
            stream.seek(0)
            return _read_disordered(stream.read(), file=file, hash_of=hash_of)
        for row in rows:
            recorded[row.asset] = _to_recorded(row)
        if REVIEW in piece:
            known.see(rows)
        last = rows[-1].asset if rows else last
        is_whole = whole == len(piece)
    return replace(known, tidy=is_whole)


def compact_ledger(
    data: bytes, *, file: str, hash_of: Callable[[str], str | None] = _no_hash
) -> bytes:
    """The same ledger as a finished run leaves it; the arguments are those of :func:`read`."""
    settled, _ = _resolve_lines(each_row(data, file=file), hash_of)
    return b"".join(settled[asset].line + b"\n" for asset in sorted(settled))


def read_whole_lines(data: bytes, *, file: str) -> bytes:
    """All whole lines of a ledger as they are: where there are no files, nothing may be chosen.

    Raises:
        InputError: one of them is no line.
    """
    return b"".join(each.line + b"\n" for each in each_row(data, file=file))


def _read_disordered(data: bytes, *, file: str, hash_of: Callable[[str], str | None]) -> Ledger:
    """What a ledger says whose lines are not in order, or in which one is wrong; see :func:`read`."""
    said = each_row(data, file=file)
    settled, doubtful = _resolve_lines(said, hash_of)
    in_order = [row.asset for _, row in said] == sorted(settled)
    known = Ledger(
        recorded={asset: _to_recorded(row) for asset, (_, row) in settled.items()},
        tidy=in_order and data.endswith(b"\n"),
    )
    known.see(each.row for each in settled.values())
    # Some of their bytes were approved, and nobody knows which they have.
    known.approved.difference_update(doubtful)
    return known


def _resolve_lines(
    said: Sequence[ParsedLine], hash_of: Callable[[str], str | None]
) -> tuple[dict[str, ParsedLine], set[str]]:
    """The line that counts for each asset, and the assets that may have the bytes of another."""
    found = {each.row.asset: each for each in said}
    if len(found) == len(said):
        return found, set()
    rivals: dict[str, list[ParsedLine]] = {}
    for each in said:
        # Without a recipe, a line takes back what was said before.
        if each.row.recipe:
            rivals.setdefault(each.row.asset, []).append(each)
        else:
            rivals[each.row.asset] = []
    doubtful = set()
    for asset, some in rivals.items():
        if len(some) > 1:
            found[asset], is_sure = _choose_line(some, hash_of)
            if not is_sure:
                doubtful.add(asset)
    return found | dict(carry_decisions(said, found)), doubtful


def _choose_line(
    said: Sequence[ParsedLine], hash_of: Callable[[str], str | None]
) -> tuple[ParsedLine, bool]:
    """Which line counts of several for one asset; one that vouches for nothing where none does.

    And whether its bytes are surely those of the asset.
    """
    last = said[-1]
    asset = last.row.asset
    if len({(row.recipe, row.sha256) for _, row in said}) == 1:
        return last, True
    there = hash_of(asset)
    right = [each for each in said if each.row.sha256 == there]
    if right:
        return right[-1], True
    if len({row.recipe for _, row in said}) > 1:
        return ParsedLine(
            encode_replacement(asset).rstrip(), Row(asset=asset, recipe="", bytes=0)
        ), False
    # All are takes of one recipe.
    return last, False
