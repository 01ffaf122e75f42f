"""The journal of an output folder: all that people ever decided, in the order in which they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tts_assets.decisions.decision import bytes_of, parse
from tts_assets.storage import AppendLog, fatal, lock, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tts_assets.decisions.decision import SoundDecision

#: The journal's name inside the output folder.
NAME = "decisions.jsonl"

#: Votes and runs do not wait for each other, so it is not the lock of the output folder.
_LOCK = ".tts-assets-decisions.lock"


def read(folder: Path) -> list[SoundDecision]:
    """All that the journal of an output folder says, in its order; nothing where there is none.

    Raises:
        InputError: it cannot be read, or one of its lines is none.
    """
    path = folder / NAME
    if not path.exists():
        return []
    data = bytes_of(path)
    # What is behind the last line feed was never said to be there, even if it is whole.
    return parse(data[: data.rfind(b"\n") + 1], file=str(path))


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
    path = folder / NAME
    with fatal(f"cannot write to {path}"), lock(folder / _LOCK, waiting):
        known = {each.told for each in read(folder)}
        new = {each.told: each for each in decisions if each.told not in known}
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
