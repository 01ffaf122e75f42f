"""One line of the ledger: its type, its bytes, and lines read in pieces."""

from __future__ import annotations

import operator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from tts_assets.errors import InputError
from tts_assets.model import Cue, Decided, Decision, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator


#: The ledger's name inside the output folder.
LEDGER_NAME = "ledger.jsonl"

#: Tells git to take the lines of both sides where two branches changed the ledger.
ATTRIBUTES_NAME = ".gitattributes"
ATTRIBUTES = b"ledger.jsonl merge=union\nfailures.jsonl merge=union\ndecisions.jsonl merge=union\n"

#: What lines are like; lines without a version are of the first. A newer one is refused.
VERSION = 2


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The origin and properties of one asset; unknown values are omitted.

    Args:
        asset: its path, relative to the output folder.
        version: the version of the line format.
        recipe: the hash of everything that affects its sound.
        brief: the hash of the request to the engine, independent of its version.
        text: the spoken text, as spelled.
        reading: the given reading, in katakana; None if none was given.
        accent: the given accent nucleus; None if none was given.
        sentence: whether the text is running text.
        readings: the readings given for parts of the text.
        boundaries: the positions of unspoken spaces in the text, as in SpokenForm.
        romanized: whether the reading was in Latin letters.
        words: the words of `[[dictionary]]` in the text.
        spoken: the pronunciation in accent notation, such as ハ↓シ.
        basis: how the engine determined the reading.
        voice: the engine and the name of the voice.
        speed: the voice's speed.
        sound: the sound and format settings, as `name=value`.
        engine: the engine's parts with their versions.
        sha256: the SHA-256 of the file.
        bytes: the file's size.
        seconds: its length.
        lufs: its integrated loudness.
        peak_dbtp: its true peak.
        billed: the amount that a service charged, in credits.
        credit: the credit line that the voice's licence requires, if the service reported it.
        speakers: of a passage, each speaker with voice (as in `voice`) and speed.
        cues: of a passage, its time line: begin and end in seconds, speaker and text.
        word_cues: of a passage, the time line of its words, if a service reports it; as in `cues`.
        findings: the audio checks that it failed: rule, measured value, limit, and message.
        review: the reviewer's decision on these bytes; None for none.
    """

    asset: str
    version: int = 1
    recipe: str
    brief: str = ""
    text: str
    reading: str | None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    words: tuple[str, ...] = ()
    spoken: str = ""
    basis: str = ""
    voice: str
    speed: float
    sound: str = ""
    engine: str
    sha256: str
    bytes: int
    seconds: float
    lufs: float
    peak_dbtp: float
    billed: float | None = None
    credit: str = ""
    speakers: tuple[tuple[str, str, float], ...] = ()
    cues: tuple[Cue, ...] = ()
    word_cues: tuple[Cue, ...] = ()
    findings: tuple[Finding, ...] = ()
    review: Decision | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A line that takes back what earlier ones say of an asset, until the next one.

    A decision on the bytes that are being replaced stays with it, in case the same come again.
    """

    asset: str
    version: int = VERSION
    recipe: str = ""
    bytes: int = 0
    brief: str | msgspec.UnsetType = msgspec.UNSET
    sha256: str | msgspec.UnsetType = msgspec.UNSET
    review: Decision | msgspec.UnsetType = msgspec.UNSET


def encode(line: Line) -> bytes:
    """The line with its line feed."""
    return msgspec.json.encode(line) + b"\n"


def encode_replacement(asset: str) -> bytes:
    """A line that takes back what earlier ones say of an asset, until the next one."""
    return msgspec.json.encode(Mark(asset=asset)) + b"\n"


# A ledger in pieces of whole lines, so that all of a large one is never in memory at once.


#: About as long is a piece.
_PIECE_BYTES = 1 << 18


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """All bytes from here on, each piece up to the end of a line, and the last to that of the file."""
    while piece := stream.read(_PIECE_BYTES) + stream.readline():
        yield piece


def lines_of(data: bytes) -> list[bytes]:
    """The lines without their ends, empty ones, too.

    Only a line feed ends one, as it does for :func:`pieces`; a carriage return before it counts to it.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    lines = data.split(b"\n")
    # What ends with a line feed has no line behind it.
    return lines if lines[-1] else lines[:-1]


# Lines of a ledger as planning needs them: all at once where they are as we write them, or each.


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


class ParsedLine(NamedTuple):
    """A line and what it says."""

    line: bytes
    row: Row


_decoder = msgspec.json.Decoder(Row)


def parse_sorted_rows(lines: bytes) -> list[Row] | None:
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


def each_row(data: bytes, *, file: str) -> list[ParsedLine]:
    """All lines that say something, in their order; what is behind the last line feed was torn.

    Raises:
        InputError: one of them is no line, of a newer version, or of no asset.
    """
    whole = data[: data.rfind(b"\n") + 1]
    lines = lines_of(whole)
    rows = _at_once(whole)
    if rows is not None:
        return list(map(ParsedLine, lines, rows))
    return [
        ParsedLine(line, _row(line, file, number))
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
            "this is a conflict marker of git: keep the lines of both sides, and put "
            "`ledger.jsonl merge=union` into `.gitattributes`"
        )
    return (
        "this is not a line of a ledger, which is one JSON object: resolve the merge, or "
        "delete the line; its asset then counts as up to date by its name"
    )


def _problem_with(row: Row) -> str | None:
    if row.version > VERSION:
        return (
            f"a newer tts-assets wrote this line (ledger version {row.version}; this one "
            f"reads versions up to {VERSION}): upgrade tts-assets on this machine"
        )
    asset = row.asset
    # A path that leads out of the output folder is none of ours: nothing may be done by it.
    is_outside = asset[:1] in {"", "/", "\\"} or "\0" in asset
    if is_outside or (".." in asset and ".." in asset.replace("\\", "/").split("/")):
        return f"the asset {asset!r} would be outside the output folder: delete the line"
    return None
