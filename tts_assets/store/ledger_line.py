"""One line of the ledger: its type, its encoding, and reading lines in pieces."""

from __future__ import annotations

import operator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from tts_assets.errors import InputError
from tts_assets.model import Cue, Decided, Decision, Finding, SpokenForm
from tts_assets.store.atomic_files import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import Iterator


LEDGER_NAME = "ledger.jsonl"  #: the ledger's name inside the output folder

#: Tells git to take the lines of both sides where two branches changed the ledger.
ATTRIBUTES_NAME = ".gitattributes"
ATTRIBUTES = b"ledger.jsonl merge=union\nfailures.jsonl merge=union\ndecisions.jsonl merge=union\n"

#: The version of the line format; lines without one have version 1. Newer versions are refused.
VERSION = 2


#: The fields of a line that are those of the spoken form.
FORM_FIELDS = tuple(name for name in SpokenForm._fields if name != "turns")


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

    @property
    def form(self) -> SpokenForm:
        """The spoken form, without the turns of a passage."""
        return SpokenForm(**{name: getattr(self, name) for name in FORM_FIELDS})


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A line that revokes the earlier lines of an asset, until the next line.

    It keeps a decision on the replaced bytes, in case the same bytes are generated again.
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
    """The bytes of a mark: it revokes the earlier lines of an asset, until the next line."""
    return msgspec.json.encode(Mark(asset=asset)) + b"\n"


# A ledger in pieces of whole lines, so that a large one is never in memory at once.


_PIECE_BYTES = 1 << 18  #: the approximate length of a piece


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """The remaining bytes in pieces; each ends with a line, the last at the end of the file."""
    while piece := stream.read(_PIECE_BYTES) + stream.readline():
        yield piece


def lines_of(data: bytes) -> list[bytes]:
    """The lines without their ends, including empty lines.

    Only LF and CRLF end a line, as in :func:`pieces`.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    lines = data.split(b"\n")
    # A final line feed starts no new line.
    return lines if lines[-1] else lines[:-1]


# The lines that planning needs: decoded together if they are as we write them, or one by one.


_CONFLICT = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


class Review(msgspec.Struct, gc=False):
    """A decision, decoded three times as fast as `Decision`: a million assets may be approved."""

    decided: Decided
    at: str
    by: str = ""
    reason: str = ""

    @property
    def decision(self) -> Decision:
        """The same as a `Decision`."""
        return Decision(decided=self.decided, at=self.at, by=self.by, reason=self.reason)


class Row(msgspec.Struct, gc=False):
    """The part of a line that shows which line counts for its asset."""

    asset: str
    recipe: str
    bytes: int
    sha256: str = ""
    version: int = 1
    review: Review | None = None

    @property
    def decision(self) -> Decision | None:
        """The decision on its bytes; None for none."""
        return None if self.review is None else self.review.decision


class ParsedLine(NamedTuple):
    """A line and its decoded content."""

    line: bytes
    row: Row


_decoder = msgspec.json.Decoder(Row)


def parse_sorted_rows(lines: bytes) -> list[Row] | None:
    """The rows of whole, sorted lines, one for each asset.

    None if they are not sorted, or if one of them must be decoded separately.
    """
    if not lines:
        return []
    rows = _decode_together(lines)
    if rows is None:
        return None
    assets = [row.asset for row in rows]
    return rows if all(map(operator.lt, assets, islice(assets, 1, None))) else None


def each_row(data: bytes, *, file: str) -> list[ParsedLine]:
    """All lines that are not blank, in order, without an incomplete last line.

    Raises:
        InputError: a line is invalid, of a newer version, or of no asset.
    """
    whole = data[: data.rfind(b"\n") + 1]
    lines = lines_of(whole)
    rows = _decode_together(whole)
    if rows is not None:
        return list(map(ParsedLine, lines, rows))
    return [
        ParsedLine(line, _decode_row(line, file, number))
        for number, line in enumerate(lines, 1)
        if line and not line.isspace()
    ]


def _decode_together(lines: bytes) -> list[Row] | None:
    """Decode all lines in one call, as there may be a million; None if one is not as we write it."""
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n")
    try:
        rows = _decoder.decode_lines(lines)
    except NOT_JSON:
        return None
    # The decoder also accepts several values on a line, and one value on several lines.
    count = len(rows)
    if lines.count(b"\n") != count or lines.count(b'}\n{"asset":"') + 1 != count:
        return None
    assets = "\n".join(["", *[row.asset for row in rows], ""])
    is_suspect = any(sign in assets for sign in ("..", "\0", "\n/", "\n\\", "\n\n"))
    newest = max([row.version for row in rows])
    return None if is_suspect or newest > VERSION else rows


def _decode_row(line: bytes, file: str, number: int) -> Row:
    try:
        row = _decoder.decode(line)
    except NOT_JSON as exc:
        raise InputError(_describe_invalid_line(line), file=file, line=number) from exc
    problem = _problem_with(row)
    if problem is not None:
        raise InputError(problem, file=file, line=number)
    return row


def _describe_invalid_line(line: bytes) -> str:
    """What is wrong with an invalid line, and how to fix it."""
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
    # Never touch a file outside the output folder.
    is_outside = asset[:1] in {"", "/", "\\"} or "\0" in asset
    if is_outside or (".." in asset and ".." in asset.replace("\\", "/").split("/")):
        return f"the asset {asset!r} would be outside the output folder: delete the line"
    return None
