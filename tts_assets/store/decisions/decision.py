"""A decision on one sound, as the page saves it and as it stands in the journal."""

from __future__ import annotations

import codecs
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec

from tts_assets.errors import InputError
from tts_assets.model import Decided, Decision
from tts_assets.regular_files import open_regular
from tts_assets.store.names import is_asset_name

if TYPE_CHECKING:
    from pathlib import Path


#: What the page saves. A newer one is refused.
VERSION = 1


#: The longest file of decisions that is read, in bytes: those on a million sounds.
LONGEST_BYTES = 1 << 29


#: The longest name and the longest reason that somebody may give, in characters.
LONGEST_NAME = 200
LONGEST_REASON = 2_000
_NOTHING = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Use(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A clip that a sound is heard in."""

    file: str
    entry: str
    part: str


class SoundDecision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What somebody decided of one sound: a line of the journal.

    Args:
        asset: the path that it had below the output folder.
        sha256: the hash of its bytes.
        decided: what.
        at: when, in UTC, as ISO 8601 writes it, to the millisecond.
        by: who, as they call themselves; "" where nobody says.
        reason: why, in their own words; "" for no reason.
        clips: where it was heard.
    """

    asset: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    decided: Decided
    at: str
    by: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""
    clips: tuple[Use, ...] = ()

    @property
    def decision(self) -> Decision:
        """The same without the sound."""
        return Decision(decided=self.decided, at=self.at, by=self.by, reason=self.reason)

    @property
    def told(self) -> tuple[str, str, Decision]:
        """What two that are one have in common."""
        return self.asset, self.sha256, self.decision


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What the page saves."""

    version: int
    decisions: list[msgspec.Raw]


class _First(msgspec.Struct, frozen=True, kw_only=True):
    """What tells on its first line which file it is."""

    asset: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    decisions: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(SoundDecision)
_first_decoder = msgspec.json.Decoder(_First)
_saved_decoder = msgspec.json.Decoder(_Saved)


def parse(data: bytes, *, file: str) -> list[SoundDecision]:
    """The decisions in a file that the page saved, or in a journal.

    A last line without its line feed that says nothing was torn, and is left out.

    Args:
        data: all of it.
        file: its path, for messages.

    Raises:
        InputError: it is neither, one of its decisions is none, or a newer tts-assets wrote it.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    return _saved(data, file) if _is_saved(data) else parse_lines(data, file=file)


def parse_lines(data: bytes, *, file: str) -> list[SoundDecision]:
    """The decisions in a journal; see :func:`parse`."""
    lines = data.split(b"\n")
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_decision(line))
        except ValueError as exc:
            if number == len(lines):
                break
            raise _wrong(f"this line is no decision ({exc})", file, line=number) from exc
    return found


def load(path: Path) -> list[SoundDecision]:
    """The decisions in a file; see :func:`parse`.

    Raises:
        InputError: it cannot be read, or is none of ours.
    """
    return parse(bytes_of(path), file=str(path))


def bytes_of(path: Path, *, follow_links: bool = True) -> bytes:
    """All of a file of decisions.

    Args:
        path: the file.
        follow_links: False for the journal, in whose place no link belongs.

    Raises:
        InputError: it cannot be read, or is longer than any of ours.
    """
    try:
        with open_regular(path, follow_links=follow_links) as file:
            if os.fstat(file.fileno()).st_size > LONGEST_BYTES:
                raise _wrong(
                    f"it has more than {LONGEST_BYTES:,} bytes, too many for decisions", path
                )
            return file.read()
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc


def _is_saved(data: bytes) -> bool:
    """Whether the page saved this, as one document; else it is a journal."""
    first = data.lstrip().partition(b"\n")[0]
    try:
        found = _first_decoder.decode(first)
    except _NOTHING:
        # Only the beginning of a document, torn, or nothing of ours.
        return bool(first) and (b'"asset"' not in first or b'"decisions"' in first)
    # By its keys: an entry, or a reason, may be called as one of them.
    return found.decisions is not msgspec.UNSET or found.asset is msgspec.UNSET


def _saved(data: bytes, file: str) -> list[SoundDecision]:
    """The decisions that the page saved as one document."""
    try:
        saved = _saved_decoder.decode(data)
    except _NOTHING as exc:
        raise _wrong(f"this is not what the page saves ({exc})", file) from exc
    if saved.version != VERSION:
        raise InputError(
            f"another tts-assets made the page that saved it (version {saved.version} of such "
            f"files, and this one knows version {VERSION}): upgrade tts-assets here",
            file=file,
        )
    found = []
    for number, each in enumerate(saved.decisions, 1):
        try:
            found.append(_decision(bytes(each)))
        except ValueError as exc:
            raise _wrong(f"this is no decision ({exc})", file, entry=f"decision {number}") from exc
    return found


def _decision(line: bytes) -> SoundDecision:
    """One decision, with its time as we write it.

    Raises:
        ValueError: it is none, and why.
    """
    try:
        found = _decoder.decode(line)
    except _NOTHING as exc:
        raise ValueError(str(exc)) from exc
    if not is_asset_name(found.asset):
        raise ValueError(f"{found.asset!r} is no path of an asset")
    return msgspec.structs.replace(found, at=_moment(found.at))


def _moment(text: str) -> str:
    """A moment in UTC, always written alike, so that texts compare as moments do.

    Raises:
        ValueError: it is none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.utcoffset() != timedelta(0):
        raise ValueError(f"at is {text!r}, and no moment in UTC such as 2026-11-22T13:00:00.123Z")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wrong(
    what: str, file: Path | str, *, line: int | None = None, entry: str | None = None
) -> InputError:
    return InputError(
        f"{what}: give what the review page saved, or a journal of decisions, as it was written",
        file=str(file),
        line=line,
        entry=entry,
    )
