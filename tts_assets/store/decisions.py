"""Decisions of reviewers: the journal, and how they reach the ledger.

A file that cannot be read, or has an invalid line, raises InputError.
"""

from __future__ import annotations

import codecs
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from tts_assets.errors import InputError
from tts_assets.model import Decided, Decision
from tts_assets.regular_files import open_regular, read_regular
from tts_assets.store import ledger
from tts_assets.store.atomic_files import (
    DECISIONS_LOCK,
    NOT_JSON,
    AppendLog,
    lock,
    sync_folder,
    translate_os_errors,
)
from tts_assets.store.ledger import compact_ledger, read_ledger, read_whole_lines
from tts_assets.store.ledger_line import ATTRIBUTES, ATTRIBUTES_NAME, LEDGER_NAME
from tts_assets.store.portable_names import is_asset_name

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from pathlib import Path

    from tts_assets.store.atomic_files import Storage


#: The version of the files that the page saves. Newer versions are refused.
VERSION = 1

#: The maximum size of a file of decisions, in bytes: those on a million sounds.
LONGEST_BYTES = 1 << 29

#: The maximum length of a reviewer's name and reason, in characters.
LONGEST_NAME = 200
LONGEST_REASON = 2_000


class Use(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A clip that uses a sound."""

    file: str
    entry: str
    part: str


class SoundDecision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A reviewer's decision on one sound: a line of the journal."""

    asset: str  #: its path below the output folder at that time
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  #: the hash of its bytes
    decided: Decided  #: the decision
    at: str  #: when, in UTC, as ISO 8601 writes it, to the millisecond
    #: The reviewer's name; "" if none is given.
    by: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""
    #: The reviewer's reason; "" for none.
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""
    clips: tuple[Use, ...] = ()  #: the clips that used it

    @property
    def decision(self) -> Decision:
        """The same without the sound."""
        return Decision(decided=self.decided, at=self.at, by=self.by, reason=self.reason)

    @property
    def identity(self) -> tuple[str, str, Decision]:
        """Equal for two records of the same decision."""
        return self.asset, self.sha256, self.decision


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    """The file that the page saves."""

    version: int
    decisions: list[msgspec.Raw]


class _First(msgspec.Struct, frozen=True, kw_only=True):
    """The keys in a file's first line, which show its kind."""

    asset: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    decisions: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(SoundDecision)
_first_decoder = msgspec.json.Decoder(_First)
_saved_decoder = msgspec.json.Decoder(_Saved)


def parse(data: bytes, *, file: str) -> list[SoundDecision]:
    """The decisions in a file that the page saved, or in a journal.

    An invalid last line without its line feed was torn, and is ignored.

    Args:
        data: all of it.
        file: its path, for messages.

    Raises:
        InputError: it is neither, a decision is invalid, or a newer tts-assets wrote it.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    return _parse_saved_page(data, file) if _is_saved(data) else parse_lines(data, file=file)


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
            raise _wrong(f"this line is not a decision ({exc})", file, line=number) from exc
    return found


def load(path: Path) -> list[SoundDecision]:
    """The decisions in a file that a person names; see :func:`parse`.

    Raises:
        InputError: also if the file has text, but not one decision.
    """
    data = bytes_of(path)
    found = parse(data, file=str(path))
    if not found and data.strip() and not _is_saved(data.removeprefix(codecs.BOM_UTF8)):
        raise _wrong("its only line is not a decision", path, line=1)
    return found


def bytes_of(path: Path, *, follow_links: bool = True) -> bytes:
    """All of a file of decisions.

    Args:
        path: the file.
        follow_links: False for the journal, which must not be a link.
    """
    try:
        with open_regular(path, follow_links=follow_links) as file:
            if os.fstat(file.fileno()).st_size > LONGEST_BYTES:
                raise _wrong(f"it exceeds the limit of {LONGEST_BYTES:,} bytes for decisions", path)
            return file.read()
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc


def _is_saved(data: bytes) -> bool:
    """Whether this is a document that the page saved; otherwise it is a journal."""
    first = data.lstrip().partition(b"\n")[0]
    try:
        found = _first_decoder.decode(first)
    except NOT_JSON:
        # The beginning of a document, a torn line, or a foreign file.
        return bool(first) and (b'"asset"' not in first or b'"decisions"' in first)
    # Compare keys: an entry or a reason may contain the same words.
    return found.decisions is not msgspec.UNSET or found.asset is msgspec.UNSET


def _parse_saved_page(data: bytes, file: str) -> list[SoundDecision]:
    """The decisions that the page saved as one document."""
    try:
        saved = _saved_decoder.decode(data)
    except NOT_JSON as exc:
        raise _wrong(f"the page did not save this ({exc})", file) from exc
    if saved.version != VERSION:
        raise InputError(
            f"it was saved by the page of another tts-assets (file version {saved.version}; "
            f"this one reads version {VERSION}): upgrade tts-assets on this machine",
            file=file,
        )
    found = []
    for number, each in enumerate(saved.decisions, 1):
        try:
            found.append(_decision(bytes(each)))
        except ValueError as exc:
            raise _wrong(
                f"this is not a decision ({exc})", file, entry=f"decision {number}"
            ) from exc
    return found


def _decision(line: bytes) -> SoundDecision:
    """One decision, with its time in our format.

    Raises:
        ValueError: it is invalid.
    """
    try:
        found = _decoder.decode(line)
    except NOT_JSON as exc:
        raise ValueError(str(exc)) from exc
    if not is_asset_name(found.asset):
        raise ValueError(f"{found.asset!r} is not the path of an asset")
    return msgspec.structs.replace(found, at=_moment(found.at))


def _moment(text: str) -> str:
    """A time in UTC in one format, so that texts sort by time.

    Raises:
        ValueError: it is invalid.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.utcoffset() != timedelta(0):
        raise ValueError(
            f"at is {text!r}, but must be a time in UTC such as 2026-11-22T13:00:00.123Z"
        )
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wrong(
    what: str, file: Path | str, *, line: int | None = None, entry: str | None = None
) -> InputError:
    return InputError(
        (f"{what}: give the unchanged file that the review page saved, or a journal of decisions"),
        file=str(file),
        line=line,
        entry=entry,
    )


# The journal of an output folder: all decisions, in the order in which they were made.


JOURNAL_NAME = "decisions.jsonl"  #: the journal's name inside the output folder


def read_journal(folder: Path) -> list[SoundDecision]:
    """All decisions in the journal of an output folder, in order; none if there is no journal."""
    return parse_lines(_whole_lines(folder), file=str(folder / JOURNAL_NAME))


def append_decisions(
    folder: Path,
    decisions: Iterable[SoundDecision],
    *,
    on_wait: Callable[[], None] = lambda: None,
) -> int:
    """Append decisions to the journal of an output folder, and sync it.

    Args:
        folder: the output folder, which must exist.
        decisions: those that are already in the journal are left out.
        on_wait: called regularly while another process writes to it; may raise to give up.

    Returns:
        The number of new decisions.
    """
    path = folder / JOURNAL_NAME
    with translate_os_errors(f"cannot write to {path}"), lock(folder / DECISIONS_LOCK, on_wait):
        every = tuple(decisions)
        recorded = _find_matching(folder, {each.sha256 for each in every})
        new = {each.identity: each for each in every if each.identity not in recorded}
        if not new:
            return 0
        is_first = not path.exists()
        log = AppendLog(path)
        try:
            log.append(b"".join(msgspec.json.encode(each) + b"\n" for each in new.values()))
        finally:
            log.close()
        if is_first:
            sync_folder(folder)
        return len(new)


class _DecisionBrief(msgspec.Struct, gc=False):
    """The part of a line that shows that it is valid, and its bytes' hash."""

    asset: str
    sha256: str
    decided: Decided
    at: str


_brief_decoder = msgspec.json.Decoder(_DecisionBrief)


def _find_matching(folder: Path, hashes: Container[str]) -> set[tuple[str, str, Decision]]:
    """The decisions in the journal on bytes with these hashes, and possibly others.

    Every vote waits for this, so of a million lines only the matching ones are fully decoded.
    """
    data = _whole_lines(folder)
    try:
        found = _brief_decoder.decode_lines(data)
    except NOT_JSON:
        found = []
    if len(found) != data.count(b"\n"):
        # A line is invalid or blank.
        return {each.identity for each in read_journal(folder)}
    if not any(each.sha256 in hashes for each in found):
        return set()
    lines = zip(data.split(b"\n"), found, strict=False)
    # Other lines are left blank, so that errors have the right line number.
    matching = b"".join((line if each.sha256 in hashes else b"") + b"\n" for line, each in lines)
    return {each.identity for each in parse_lines(matching, file=str(folder / JOURNAL_NAME))}


def _whole_lines(folder: Path) -> bytes:
    """The journal without an incomplete last line, which was never confirmed as saved."""
    path = folder / JOURNAL_NAME
    data = bytes_of(path, follow_links=False) if os.path.lexists(path) else b""
    return data[: data.rfind(b"\n") + 1]


# Decisions written into the ledger, where all other commands read them.


class RecordedDecisions(NamedTuple):
    """The result of writing decisions; of several on one sound only the latest."""

    written: tuple[SoundDecision, ...]  #: decisions that were added to the ledger
    #: Decisions that the ledger already had, or that a later one has replaced.
    known: tuple[SoundDecision, ...]
    stale: tuple[SoundDecision, ...]  #: decisions on sounds that no longer exist


def latest(decisions: Iterable[SoundDecision]) -> dict[tuple[str, str], SoundDecision]:
    """The decision that counts for each sound, by its asset and the hash of its bytes."""
    found: dict[tuple[str, str], SoundDecision] = {}
    for each in decisions:
        other = found.setdefault((each.asset, each.sha256), each)
        if ledger.order(each.decision) > ledger.order(other.decision):
            found[each.asset, each.sha256] = each
    return found


def record_decisions(
    storage: Storage,
    decisions: Iterable[SoundDecision],
    *,
    on_wait: Callable[[], None] = lambda: None,
) -> RecordedDecisions:
    """Write decisions into the lines of their sounds in the ledger.

    Args:
        storage: the output folder.
        decisions: of several on one sound the latest counts.
        on_wait: called regularly while a run writes to the folder; may raise to give up.
    """
    by_sound = latest(decisions)
    path = storage.root / LEDGER_NAME
    if not by_sound or not path.exists():
        return RecordedDecisions((), (), tuple(by_sound.values()))
    by_asset: dict[str, dict[str, Decision]] = {}
    for (asset, sha256), each in by_sound.items():
        by_asset.setdefault(asset, {})[sha256] = each.decision
    with storage.lock(on_wait):
        with translate_os_errors(f"cannot read {path}"):
            data = read_regular(path, follow_links=False)
        found = ledger.add_decisions(_compact_if_possible(data, str(path), storage), by_asset)
        if found.written:
            _write_git_attributes(storage)
            storage.replace(LEDGER_NAME, found.data)
    both = found.written | found.known
    return RecordedDecisions(
        written=tuple(each for sound, each in by_sound.items() if sound in found.written),
        known=tuple(each for sound, each in by_sound.items() if sound in found.known),
        stale=tuple(each for sound, each in by_sound.items() if sound not in both),
    )


def _compact_if_possible(data: bytes, file: str, storage: Storage) -> bytes:
    """A ledger with one line for each asset, if the files show which line counts."""
    parsed = read_ledger(data, file=file, hash_of=storage.hash_of)
    if parsed.tidy:
        return data
    # A checkout without audio cannot choose between lines: leave that to one with audio.
    if any(storage.size_of(asset) is not None for asset in parsed.recorded):
        return compact_ledger(data, file=file, hash_of=storage.hash_of)
    return read_whole_lines(data, file=file)


def _bytes_of(path: Path) -> bytes:
    """All of a file; nothing if it does not exist."""
    try:
        return read_regular(path, follow_links=False)
    except FileNotFoundError:
        return b""


def _write_git_attributes(storage: Storage) -> None:
    """Make git keep the lines of both sides when two branches change the journal."""
    path = storage.root / ATTRIBUTES_NAME
    with translate_os_errors(f"cannot read {path}"):
        before = _bytes_of(path)
    if not before:
        storage.replace(ATTRIBUTES_NAME, ATTRIBUTES)
    elif JOURNAL_NAME.encode() not in before:
        rule = next(
            line for line in ATTRIBUTES.splitlines() if line.startswith(JOURNAL_NAME.encode())
        )
        whole = before if before.endswith(b"\n") else before + b"\n"
        storage.replace(ATTRIBUTES_NAME, whole + rule + b"\n")
