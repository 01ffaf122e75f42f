"""Lines of a ledger as planning needs them: all at once where they are as we write them, or each."""

from __future__ import annotations

import operator
from itertools import islice
from typing import NamedTuple

import msgspec

from tts_assets.errors import InputError
from tts_assets.model import Decided, Decision
from tts_assets.store.ledger.line import VERSION
from tts_assets.store.ledger.pieces import lines_of

#: What decoding raises for what is no line; the last for one that is nested too deeply.
NO_LINE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_CONFLICT = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


class Review(msgspec.Struct, gc=False):
    """A decision, read in a third of the time: all of a million may be approved."""

    decided: Decided
    at: str
    by: str = ""
    reason: str = ""

    @property
    def decision(self) -> Decision:
        """The same as it is told elsewhere."""
        return Decision(decided=self.decided, at=self.at, by=self.by, reason=self.reason)


class Row(msgspec.Struct, gc=False):
    """As much of a line as tells what counts for its asset."""

    asset: str
    recipe: str
    bytes: int
    sha256: str = ""
    version: int = 1
    review: Review | None = None

    @property
    def decision(self) -> Decision | None:
        """What was decided of its bytes; None where nothing was."""
        return None if self.review is None else self.review.decision


class Said(NamedTuple):
    """A line and what it says."""

    line: bytes
    row: Row


_decoder = msgspec.json.Decoder(Row)


def sorted_rows(lines: bytes) -> list[Row] | None:
    """What whole lines say that are sorted, one for each asset.

    None where they are not, or where one of them has to be looked at for itself.
    """
    if not lines:
        return []
    rows = _at_once(lines)
    if rows is None:
        return None
    assets = [row.asset for row in rows]
    return rows if all(map(operator.lt, assets, islice(assets, 1, None))) else None


def each_row(data: bytes, *, file: str) -> list[Said]:
    """All lines that say something, in their order; what is behind the last line feed was torn.

    Raises:
        InputError: one of them is no line, of a newer version, or of no asset.
    """
    whole = data[: data.rfind(b"\n") + 1]
    lines = lines_of(whole)
    rows = _at_once(whole)
    if rows is not None:
        return list(map(Said, lines, rows))
    return [
        Said(line, _row(line, file, number))
        for number, line in enumerate(lines, 1)
        if line and not line.isspace()
    ]


def _at_once(lines: bytes) -> list[Row] | None:
    """One row for each line, as there are a million of them; None where one is not as we write it."""
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n")
    try:
        rows = _decoder.decode_lines(lines)
    except NO_LINE:
        return None
    # The decoder takes several values on a line, too, and one on several lines.
    count = len(rows)
    if lines.count(b"\n") != count or lines.count(b'}\n{"asset":"') + 1 != count:
        return None
    assets = "\n".join(["", *[row.asset for row in rows], ""])
    doubtful = any(sign in assets for sign in ("..", "\0", "\n/", "\n\\", "\n\n"))
    newest = max([row.version for row in rows])
    return None if doubtful or newest > VERSION else rows


def _row(line: bytes, file: str, number: int) -> Row:
    try:
        row = _decoder.decode(line)
    except NO_LINE as exc:
        raise InputError(_what_is_wrong(line), file=file, line=number) from exc
    problem = _problem_with(row)
    if problem is not None:
        raise InputError(problem, file=file, line=number)
    return row


def _what_is_wrong(line: bytes) -> str:
    """What to do about a line that is none."""
    if line.startswith(_CONFLICT):
        return (
            "git left the mark of a conflict here: take the lines of both sides, and let "
            "`.gitattributes` say `ledger.jsonl merge=union`"
        )
    return (
        "this is no line of a ledger, one JSON object as runs write it: settle the merge, or delete "
        "the line, and its asset is trusted by its name alone"
    )


def _problem_with(row: Row) -> str | None:
    if row.version > VERSION:
        return (
            f"a newer tts-assets wrote this line (version {row.version} of ledgers, and this one "
            f"knows them up to {VERSION}): upgrade tts-assets here"
        )
    asset = row.asset
    # A path that leads out of the output folder is none of ours: nothing may be done by it.
    is_outside = asset[:1] in {"", "/", "\\"} or "\0" in asset
    if is_outside or (".." in asset and ".." in asset.replace("\\", "/").split("/")):
        return f"the asset {asset!r} would lie outside of the output folder: delete the line"
    return None
