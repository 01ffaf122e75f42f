"""The ledger of an output folder: one line for each asset, read, compacted, reviewed."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

import msgspec

from tts_assets.model import Decided
from tts_assets.store.atomic_files import NOT_JSON
from tts_assets.store.ledger_line import (
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
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from tts_assets.model import Decision


T = TypeVar("T")

#: Found only in lines with a decision: in a text, its quotation marks would be escaped.
REVIEW = b'"review"'


class ReviewedLedger(NamedTuple):
    """A ledger with decisions in it."""

    data: bytes  #: all of its bytes
    #: The assets whose lines have new decisions, each with the hash of its bytes.
    written: frozenset[tuple[str, str]]
    #: The assets whose lines already had these decisions, or later ones.
    known: frozenset[tuple[str, str]]


class _DecisionName(msgspec.Struct, gc=False):
    asset: str


class _LedgerBrief(msgspec.Struct, gc=False):
    brief: str = ""


_decision_name_decoder = msgspec.json.Decoder(_DecisionName)
_brief_decoder = msgspec.json.Decoder(_LedgerBrief)
_row_decoder = msgspec.json.Decoder(Row)

_MARK = b'"recipe":"","bytes":0'  #: found in the line of an asset that is being replaced


def order(decision: Decision) -> tuple[str, bool, bool, str, str]:
    """A sort key: of several decisions, the greatest (the latest) counts.

    Of decisions at the same moment, whose order is unknown, one that asks for another review counts.
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
    """The decision that counts, of several on one sound; None if there is none."""
    return max((each for each in decisions if each is not None), key=order, default=None)


def with_review(line: bytes, review: Decision) -> bytes:
    """A line with this decision and otherwise unchanged; without its line feed."""
    found: dict[str, Any] = msgspec.json.decode(line)
    found.pop("review", None)
    return msgspec.json.encode(found | {"review": review})


def carry_decisions(
    lines: Sequence[ParsedLine], chosen: Mapping[str, ParsedLine]
) -> Iterator[tuple[str, ParsedLine]]:
    """Add the latest decision on their bytes to the lines that lack it; yield these by asset.

    ``chosen`` is the line that counts for each asset, of all lines in their order.
    """
    counts = Counter(each.row.asset for each in lines)
    rivals: dict[str, list[ParsedLine]] = {}
    for each in lines:
        if counts[each.row.asset] > 1:
            rivals.setdefault(each.row.asset, []).append(each)
    for asset, same_asset in rivals.items():
        if any(each.row.review is not None for each in same_asset):
            current = chosen[asset]
            add = _with_latest if current.row.recipe else _mark_replaced
            found = add(same_asset, current)
            if found is not None:
                yield asset, found


def add_decisions(data: bytes, decisions: Mapping[str, Mapping[str, Decision]]) -> ReviewedLedger:
    """A ledger with decisions in the lines of their sounds; only names are decoded of the others.

    Args:
        data: whole lines of a ledger with one line for each asset.
        decisions: for an asset, the decision on each of the sounds it may have, by their hashes.
    """
    writer = _DecisionWriter(decisions)
    # A ledger may be large, and most of its pieces do not change.
    parts = list(map(writer.update_piece, pieces(io.BytesIO(data))))
    written, known = writer.written, writer.known - writer.written
    return ReviewedLedger(b"".join(parts), frozenset(written), frozenset(known))


class _DecisionWriter:
    """Writes decisions into lines, and records which lines changed."""

    def __init__(self, decisions: Mapping[str, Mapping[str, Decision]]) -> None:
        self.written: set[tuple[str, str]] = set()
        self.known: set[tuple[str, str]] = set()
        self._decisions = decisions

    def update_piece(self, piece: bytes) -> bytes:
        names = [each.asset for each in _decision_name_decoder.decode_lines(piece)]
        if self._decisions.keys().isdisjoint(names):
            return piece
        lines = zip(names, lines_of(piece), strict=True)
        return b"".join(self._update_line(name, line) + b"\n" for name, line in lines)

    def _update_line(self, asset: str, line: bytes) -> bytes:
        if asset not in self._decisions:
            return line
        row = _row_decoder.decode(line)
        decision = self._decisions[asset].get(row.sha256)
        if decision is None or not row.recipe:
            return line
        # Write a withdrawn decision even if the line has none: another branch may have one.
        if latest((row.decision, decision)) == row.decision:
            self.known.add((asset, row.sha256))
            return line
        self.written.add((asset, row.sha256))
        return with_review(line, decision)


def _with_latest(lines: Sequence[ParsedLine], current: ParsedLine) -> ParsedLine | None:
    """The line that counts, with the latest decision on its bytes; None if it already has it."""
    found = latest(each.row.decision for each in lines if _is_same(each, current))
    if found is None or found == current.row.decision:
        return None
    line = with_review(current.line, found)
    return ParsedLine(line, _row_decoder.decode(line))


def _mark_replaced(lines: Sequence[ParsedLine], current: ParsedLine) -> ParsedLine | None:
    """A mark with the latest decision on the replaced bytes; None if it already has it."""
    replaced = next((each for each in reversed(lines) if each.row.sha256), None)
    if replaced is None:
        return None
    found = latest(each.row.decision for each in lines if _is_same(each, replaced))
    if found is None:
        return None
    mark = Mark(
        asset=current.row.asset,
        brief=_decode_brief(replaced) or msgspec.UNSET,
        sha256=replaced.row.sha256,
        review=found,
    )
    line = msgspec.json.encode(mark)
    return None if line == current.line else ParsedLine(line, _row_decoder.decode(line))


def _is_same(one: ParsedLine, other: ParsedLine) -> bool:
    """Whether two lines of an asset have the same bytes, generated for the same request.

    Equal bytes are not enough: the entry's text may have changed to one that sounds the same.
    """
    if one.row.sha256 != other.row.sha256:
        return False
    return one.row.recipe == other.row.recipe or (
        _decode_brief(one) == _decode_brief(other) and bool(_decode_brief(one))
    )


def _decode_brief(parsed: ParsedLine) -> str:
    try:
        return _brief_decoder.decode(parsed.line).brief
    except NOT_JSON:
        return ""


# The lines of passages, found in a large ledger without decoding the others.


#: Found only in lines of passages: in a text, its quotation marks would be escaped.
_CUES = b'"cues"'
_line_decoder = msgspec.json.Decoder(Line)


def passages(data: bytes | BinaryIO, assets: Container[str]) -> Iterator[Line]:
    """The lines of these assets that have a time line, in ledger order."""
    for piece in pieces(io.BytesIO(data) if isinstance(data, bytes) else data):
        if _CUES in piece:
            yield from _passages_in(piece, assets)


def _passages_in(piece: bytes, assets: Container[str]) -> Iterator[Line]:
    for raw in lines_of(piece):
        if _CUES in raw:
            with contextlib.suppress(*NOT_JSON):
                line = _line_decoder.decode(raw)
                if line.cues and line.asset in assets:
                    yield line


# Where assets came from, as far as the ledger records it.


class Provenance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an asset was generated from, as far as its line records it; an empty text is unknown."""

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
    """The names of a line: enough to select it."""

    asset: str
    recipe: str
    brief: str = ""


_decoder = msgspec.json.Decoder(Provenance)
_name_decoder = msgspec.json.Decoder(_Name)


def origins(data: bytes) -> list[Provenance]:
    """The provenance in all lines, in ledger order; invalid lines are skipped."""
    return list(_decode_each(data, _decoder))


def whole_lines(data: bytes) -> Iterator[Line]:
    """All complete lines, in ledger order."""
    return _decode_each(data, _line_decoder)


def _decode_each(data: bytes, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
    for line in lines_of(data):
        with contextlib.suppress(*NOT_JSON):
            yield decoder.decode(line)


def asset_of(line: bytes) -> str | None:
    """The asset of one line; None if the line is invalid."""
    try:
        return _name_decoder.decode(line).asset
    except NOT_JSON:
        return None


def without(data: bytes, assets: Container[str]) -> bytes:
    """A ledger without the lines of these assets."""
    # Line by line, to avoid another copy of a million lines.
    return b"".join(line for line in io.BytesIO(data) if asset_of(line) not in assets)


#: So few names are found sooner in the bytes of lines than in decoded ones.
_FEW_NAMES = 4


def origins_of(data: bytes | BinaryIO, names: AbstractSet[str]) -> Iterator[Provenance]:
    """The provenance of lines whose asset, recipe or brief is among these names."""
    for piece in pieces(io.BytesIO(data) if isinstance(data, bytes) else data):
        if _may_have(piece, names):
            yield from _origins_in(piece, names)


def _may_have(lines: bytes, names: AbstractSet[str]) -> bool:
    """Whether any of these lines may match; most of a million lines match nothing."""
    if len(names) <= _FEW_NAMES and b"\\" not in lines:
        # Without escapes, a name has the same bytes in every line.
        return any(name.encode("utf-8", "surrogatepass") in lines for name in names)
    try:
        found = _name_decoder.decode_lines(lines)
    except NOT_JSON:
        return True
    return any(name.asset in names or name.brief in names or name.recipe in names for name in found)


def _origins_in(lines: bytes, names: Container[str]) -> Iterator[Provenance]:
    for line in lines_of(lines):
        with contextlib.suppress(*NOT_JSON):
            name = _name_decoder.decode(line)
            if name.asset in names or name.brief in names or name.recipe in names:
                yield _decoder.decode(line)


# A whole ledger: read, conflicts resolved, compacted.


class AssetRecord(NamedTuple):
    """The part of a line that planning needs; an empty recipe vouches for nothing.

    A tuple for speed: every run creates one for each asset.
    """

    recipe: str
    bytes: int


def _to_recorded(row: Row) -> AssetRecord:
    return AssetRecord(row.recipe if row.bytes > 0 else "", row.bytes)


class SortedLedger(Mapping[str, AssetRecord]):
    """The records of a tidy ledger, found by binary search without reading the others.

    It cannot be iterated over: NotImplementedError. A blank line raises a DecodeError.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Use an open file whose lines are sorted, with one line for each asset."""
        self._stream = stream
        self._end = stream.seek(0, io.SEEK_END)

    def __getitem__(self, asset: str) -> AssetRecord:
        """The record of an asset."""
        begin, end = 0, self._end
        while begin < end:
            middle = (begin + end) // 2
            start = self._find_line(middle) if middle > begin else begin
            if start >= end:
                end = middle
                continue
            self._stream.seek(start)
            line = self._stream.readline()
            row = _row_decoder.decode(line)
            if row.asset == asset:
                return _to_recorded(row)
            begin, end = (start + len(line), end) if row.asset < asset else (begin, middle)
        raise KeyError(asset)

    def __bool__(self) -> bool:
        """Whether the ledger has a line."""
        return self._end > 0

    def __iter__(self) -> Iterator[str]:
        """Not supported."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Not supported."""
        raise NotImplementedError

    def _find_line(self, offset: int) -> int:
        """Where the first line begins at an offset or after it."""
        self._stream.seek(offset - 1)
        return offset - 1 + len(self._stream.readline())


def _no_hash(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The content of a ledger."""

    #: Each asset's recipe and size, by its path.
    recorded: dict[str, AssetRecord] = field(default_factory=dict)
    #: Whether it is as a finished run leaves it: whole, sorted, one line for each asset.
    tidy: bool = True
    approved: set[str] = field(default_factory=set)  #: the assets whose bytes a reviewer approved
    #: The decision on each asset whose bytes a reviewer rejected, by its path.
    rejected: dict[str, Decision] = field(default_factory=dict)

    def add_reviews(self, rows: Iterable[Row]) -> None:
        """Collect the decisions in these rows; most rows have none."""
        for row in rows:
            # A decision on bytes that are being replaced does not count.
            if row.review is None or not row.recipe:
                continue
            if row.review.decided is Decided.APPROVED:
                self.approved.add(row.asset)
            elif row.review.decided is Decided.REJECTED:
                self.rejected[row.asset] = row.review.decision


def drop_marks(data: bytes, is_there: Callable[[str], bool]) -> bytes:
    """A compact ledger without the marks of assets without a file: writing them never began.

    ``is_there`` is called for each mark without a decision.
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
    data: bytes | BinaryIO, *, file: str, hash_of: Callable[[str], str | None] = _no_hash
) -> Ledger:
    """Read a ledger; of several lines for one asset the last wins.

    A last line without its line feed was torn by a killed run and is ignored. Where git merged the
    lines of two branches for one asset, the line with the hash of its file counts; without such a
    file, none does. A line with 0 bytes vouches for nothing: no run generates an empty file.

    Args:
        data: all of its bytes, or the open file: a sorted ledger is read one piece at a time.
        file: its path, for messages.
        hash_of: the SHA-256 of an asset's file in hex, None if it has none; rarely called.

    Raises:
        InputError: a whole line is not a ledger line, as after a merge with conflicts, one of a
            newer version, or one of an asset outside of the folder.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    ledger = Ledger()
    recorded = ledger.recorded
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
            ledger.add_reviews(rows)
        last = rows[-1].asset if rows else last
        is_whole = whole == len(piece)
    return replace(ledger, tidy=is_whole)


def compact_ledger(
    data: bytes, *, file: str, hash_of: Callable[[str], str | None] = _no_hash
) -> bytes:
    """The ledger as a finished run leaves it; arguments as in :func:`read_ledger`."""
    chosen, _ = _resolve_lines(each_row(data, file=file), hash_of)
    return b"".join(chosen[asset].line + b"\n" for asset in sorted(chosen))


def read_whole_lines(data: bytes, *, file: str) -> bytes:
    """All whole lines of a ledger, unchanged: without files, no line may be preferred.

    Raises:
        InputError: one of the lines is invalid.
    """
    return b"".join(each.line + b"\n" for each in each_row(data, file=file))


def _read_disordered(data: bytes, *, file: str, hash_of: Callable[[str], str | None]) -> Ledger:
    """A ledger whose lines are unsorted, or that has an invalid line; see :func:`read_ledger`."""
    lines = each_row(data, file=file)
    chosen, uncertain = _resolve_lines(lines, hash_of)
    is_sorted = [row.asset for _, row in lines] == sorted(chosen)
    ledger = Ledger(
        recorded={asset: _to_recorded(row) for asset, (_, row) in chosen.items()},
        # Blank lines are not tidy either.
        tidy=is_sorted and data.endswith(b"\n") and data.count(b"\n") == len(lines),
    )
    ledger.add_reviews(each.row for each in chosen.values())
    # An approval may be for other bytes than the asset has.
    ledger.approved.difference_update(uncertain)
    return ledger


def _resolve_lines(
    lines: Sequence[ParsedLine], hash_of: Callable[[str], str | None]
) -> tuple[dict[str, ParsedLine], set[str]]:
    """The line that counts for each asset, and the assets that may have the bytes of another line."""
    found = {each.row.asset: each for each in lines}
    if len(found) == len(lines):
        return found, set()
    rivals: dict[str, list[ParsedLine]] = {}
    for each in lines:
        # A line without a recipe revokes all earlier lines.
        if each.row.recipe:
            rivals.setdefault(each.row.asset, []).append(each)
        else:
            rivals[each.row.asset] = []
    uncertain = set()
    for asset, same_asset in rivals.items():
        if len(same_asset) > 1:
            found[asset], is_certain = _choose_line(same_asset, hash_of)
            if not is_certain:
                uncertain.add(asset)
    return found | dict(carry_decisions(lines, found)), uncertain


def _choose_line(
    lines: Sequence[ParsedLine], hash_of: Callable[[str], str | None]
) -> tuple[ParsedLine, bool]:
    """The line that counts, of several for one asset, and whether its bytes are certainly the asset's.

    If no line counts, the result is a mark that vouches for nothing.
    """
    last = lines[-1]
    asset = last.row.asset
    if len({(row.recipe, row.sha256) for _, row in lines}) == 1:
        return last, True
    file_hash = hash_of(asset)
    matching = [each for each in lines if each.row.sha256 == file_hash]
    if matching:
        return matching[-1], True
    if len({row.recipe for _, row in lines}) > 1:
        return ParsedLine(
            encode_replacement(asset).rstrip(), Row(asset=asset, recipe="", bytes=0)
        ), False
    # All lines have the same recipe.
    return last, False
