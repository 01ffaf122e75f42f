"""The journal of an output folder: all that people ever decided, in the order in which they did."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from tts_assets.model import Decided
from tts_assets.store.decisions.decision import bytes_of, parse_lines
from tts_assets.store.storage import DECISIONS_LOCK, AppendLog, fatal, lock, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from pathlib import Path

    from tts_assets.model import Decision
    from tts_assets.store.decisions.decision import SoundDecision


#: The journal's name inside the output folder.
JOURNAL_NAME = "decisions.jsonl"


def read_journal(folder: Path) -> list[SoundDecision]:
    """All that the journal of an output folder says, in its order; nothing where there is none.

    Raises:
        InputError: it cannot be read, or one of its lines is none.
    """
    return parse_lines(_whole_lines(folder), file=str(folder / JOURNAL_NAME))


def append(
    folder: Path,
    decisions: Iterable[SoundDecision],
    *,
    waiting: Callable[[], None] = lambda: None,
) -> int:
    """Bring decisions into the journal of an output folder, and to the disk.

    Args:
        folder: the output folder, which is there.
        decisions: those that the journal has already are left out.
        waiting: called now and then while somebody else writes into it; may raise to give up.

    Returns:
        How many were new.

    Raises:
        InputError: the journal cannot be read, or one of its lines is none.
        FatalError: it cannot be written.
    """
    path = folder / JOURNAL_NAME
    with fatal(f"cannot write to {path}"), lock(folder / DECISIONS_LOCK, waiting):
        wanted = tuple(decisions)
        known = _told(folder, {each.sha256 for each in wanted})
        new = {each.told: each for each in wanted if each.told not in known}
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


class _Brief(msgspec.Struct, gc=False):
    """As much of a line as tells that it is one, and on which bytes."""

    asset: str
    sha256: str
    decided: Decided
    at: str


_brief_decoder = msgspec.json.Decoder(_Brief)


def _told(folder: Path, sums: Container[str]) -> set[tuple[str, str, Decision]]:
    """What the journal says of bytes with these hashes, and perhaps more.

    Every vote waits for this: of a million lines, few are looked at for themselves.
    """
    data = _whole_lines(folder)
    try:
        found = _brief_decoder.decode_lines(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = []
    if len(found) != data.count(b"\n"):
        # One of them is none, or empty.
        return {each.told for each in read_journal(folder)}
    if not any(each.sha256 in sums for each in found):
        return set()
    lines = zip(data.split(b"\n"), found, strict=False)
    # The others are left empty: whatever is wrong is told with its line.
    some = b"".join((line if each.sha256 in sums else b"") + b"\n" for line, each in lines)
    return {each.told for each in parse_lines(some, file=str(folder / JOURNAL_NAME))}


def _whole_lines(folder: Path) -> bytes:
    """All of the journal; what is behind its last line feed was never said to be there."""
    path = folder / JOURNAL_NAME
    data = bytes_of(path, follow_links=False) if os.path.lexists(path) else b""
    return data[: data.rfind(b"\n") + 1]
