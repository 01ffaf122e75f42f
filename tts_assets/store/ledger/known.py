"""What a ledger says as a whole: read, held against itself, and made tidy."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tts_assets.model import Decided
from tts_assets.store.ledger.line import being_replaced
from tts_assets.store.ledger.pieces import pieces
from tts_assets.store.ledger.reviews import REVIEW, carried
from tts_assets.store.ledger.rows import Row, Said, each_row, sorted_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tts_assets.model import Decision


class Recorded(NamedTuple):
    """As much of a line as planning needs; an empty recipe vouches for nothing.

    A tuple, as every run makes one for each asset there is.
    """

    recipe: str
    bytes: int


def _recorded(row: Row) -> Recorded:
    return Recorded(row.recipe if row.bytes > 0 else "", row.bytes)


def _nothing(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a ledger says.

    Args:
        recorded: what each asset was made from and its size, by its path.
        tidy: it is as a finished run leaves it: whole, sorted, one line each.
        approved: the assets whose bytes somebody approved.
        rejected: the decision on each asset whose bytes somebody rejected, by its path.
    """

    recorded: dict[str, Recorded] = field(default_factory=dict)
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


def read_ledger(
    data: bytes, *, file: str, hash_of: Callable[[str], str | None] = _nothing
) -> Known:
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
    stream: BinaryIO, *, file: str, hash_of: Callable[[str], str | None] = _nothing
) -> Known:
    """The same for an open file: of a ledger in order, only one piece at a time is in memory."""
    known = Known()
    recorded = known.recorded
    last, is_whole = "", True
    for piece in pieces(stream):
        whole = piece.rfind(b"\n") + 1
        rows = sorted_rows(piece[:whole])
        if rows is None or (rows and rows[0].asset <= last):
            stream.seek(0)
            return _disordered(stream.read(), file=file, hash_of=hash_of)
        for row in rows:
            recorded[row.asset] = _recorded(row)
        if REVIEW in piece:
            known.see(rows)
        last = rows[-1].asset if rows else last
        is_whole = whole == len(piece)
    return replace(known, tidy=is_whole)


def compacted(data: bytes, *, file: str, hash_of: Callable[[str], str | None] = _nothing) -> bytes:
    """The same ledger as a finished run leaves it; the arguments are those of :func:`read`."""
    settled, _ = _settled(each_row(data, file=file), hash_of)
    return b"".join(settled[asset].line + b"\n" for asset in sorted(settled))


def uncompacted(data: bytes, *, file: str) -> bytes:
    """All whole lines of a ledger as they are: where there are no files, nothing may be chosen.

    Raises:
        InputError: one of them is no line.
    """
    return b"".join(each.line + b"\n" for each in each_row(data, file=file))


def _disordered(data: bytes, *, file: str, hash_of: Callable[[str], str | None]) -> Known:
    """What a ledger says whose lines are not in order, or in which one is wrong; see :func:`read`."""
    said = each_row(data, file=file)
    settled, doubtful = _settled(said, hash_of)
    in_order = [row.asset for _, row in said] == sorted(settled)
    known = Known(
        recorded={asset: _recorded(row) for asset, (_, row) in settled.items()},
        tidy=in_order and data.endswith(b"\n"),
    )
    known.see(each.row for each in settled.values())
    # Some of their bytes were approved, and nobody knows which they have.
    known.approved.difference_update(doubtful)
    return known


def _settled(
    said: Sequence[Said], hash_of: Callable[[str], str | None]
) -> tuple[dict[str, Said], set[str]]:
    """The line that counts for each asset, and the assets that may have the bytes of another."""
    found = {each.row.asset: each for each in said}
    if len(found) == len(said):
        return found, set()
    rivals: dict[str, list[Said]] = {}
    for each in said:
        # Without a recipe, a line takes back what was said before.
        if each.row.recipe:
            rivals.setdefault(each.row.asset, []).append(each)
        else:
            rivals[each.row.asset] = []
    doubtful = set()
    for asset, some in rivals.items():
        if len(some) > 1:
            found[asset], is_sure = _chosen(some, hash_of)
            if not is_sure:
                doubtful.add(asset)
    return found | dict(carried(said, found)), doubtful


def _chosen(said: Sequence[Said], hash_of: Callable[[str], str | None]) -> tuple[Said, bool]:
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
        return Said(being_replaced(asset).rstrip(), Row(asset=asset, recipe="", bytes=0)), False
    # All are takes of one recipe.
    return last, False
