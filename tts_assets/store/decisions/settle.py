"""Decisions on their way into the ledger, where every other command finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets.regular_files import read_regular
from tts_assets.store.decisions.journal import JOURNAL_NAME
from tts_assets.store.ledger import reviews
from tts_assets.store.ledger.known import compacted, read_ledger, uncompacted
from tts_assets.store.ledger.line import ATTRIBUTES, ATTRIBUTES_NAME, LEDGER_NAME
from tts_assets.store.storage import fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tts_assets.model import Decision
    from tts_assets.store.decisions.decision import SoundDecision
    from tts_assets.store.storage import Storage


class Settled(NamedTuple):
    """What became of decisions; of several on one sound only the latest.

    Args:
        written: those that the ledger has now.
        known: those that it had, or that a later one took the place of.
        stale: those on sounds that are not there any more.
    """

    written: tuple[SoundDecision, ...]
    known: tuple[SoundDecision, ...]
    stale: tuple[SoundDecision, ...]


def latest(decisions: Iterable[SoundDecision]) -> dict[tuple[str, str], SoundDecision]:
    """The one that counts for each sound, by its asset and the hash of its bytes."""
    found: dict[tuple[str, str], SoundDecision] = {}
    for each in decisions:
        other = found.setdefault((each.asset, each.sha256), each)
        if reviews.order(each.decision) > reviews.order(other.decision):
            found[each.asset, each.sha256] = each
    return found


def record_decisions(
    storage: Storage,
    decisions: Iterable[SoundDecision],
    *,
    waiting: Callable[[], None] = lambda: None,
) -> Settled:
    """Write decisions into the lines of their sounds in the ledger.

    Args:
        storage: the output folder.
        decisions: of several on one sound the latest counts.
        waiting: called now and then while a run is at work there; may raise to give up.

    Raises:
        InputError: the ledger is damaged.
        FatalError: it cannot be read or written.
    """
    wanted = latest(decisions)
    path = storage.root / LEDGER_NAME
    if not wanted or not path.exists():
        return Settled((), (), tuple(wanted.values()))
    by_asset: dict[str, dict[str, Decision]] = {}
    for (asset, sha256), each in wanted.items():
        by_asset.setdefault(asset, {})[sha256] = each.decision
    with storage.locked(waiting):
        with fatal(f"cannot read {path}"):
            data = read_regular(path, follow_links=False)
        found = reviews.reviewed(_in_order(data, str(path), storage), by_asset)
        if found.written:
            _tell_git(storage)
            storage.replace(LEDGER_NAME, found.data)
    both = found.written | found.known
    return Settled(
        written=tuple(each for sound, each in wanted.items() if sound in found.written),
        known=tuple(each for sound, each in wanted.items() if sound in found.known),
        stale=tuple(each for sound, each in wanted.items() if sound not in both),
    )


def _in_order(data: bytes, file: str, storage: Storage) -> bytes:
    """A ledger with one line for each asset, as far as the files can tell which one counts."""
    known = read_ledger(data, file=file, hash_of=storage.hash_of)
    if known.tidy:
        return data
    # Where none is there, as in a checkout without audio, those who have them choose.
    if any((storage.root / asset).exists() for asset in known.recorded):
        return compacted(data, file=file, hash_of=storage.hash_of)
    return uncompacted(data, file=file)


def _bytes_of(path: Path) -> bytes:
    """All of a file; nothing where there is none."""
    try:
        return read_regular(path, follow_links=False)
    except FileNotFoundError:
        return b""


def _tell_git(storage: Storage) -> None:
    """Have git take the lines of both sides where two branches changed the journal."""
    path = storage.root / ATTRIBUTES_NAME
    with fatal(f"cannot read {path}"):
        before = _bytes_of(path)
    if not before:
        storage.replace(ATTRIBUTES_NAME, ATTRIBUTES)
    elif JOURNAL_NAME.encode() not in before:
        rule = next(
            line for line in ATTRIBUTES.splitlines() if line.startswith(JOURNAL_NAME.encode())
        )
        whole = before if before.endswith(b"\n") else before + b"\n"
        storage.replace(ATTRIBUTES_NAME, whole + rule + b"\n")
