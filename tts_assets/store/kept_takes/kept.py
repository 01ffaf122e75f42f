"""The takes of an output folder that a person has to decide: sounds that were paid for and refused."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.model import Decided, Format
from tts_assets.store.decisions import settle
from tts_assets.store.decisions.journal import read_journal
from tts_assets.store.kept_takes.journal import LONGEST_SOUND_BYTES, read_bounded, read_purchases
from tts_assets.store.waiting import place_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.model import Decision
    from tts_assets.store.decisions.decision import SoundDecision
    from tts_assets.store.kept_takes.journal import Kept, Purchase

_NAME = "takes"


class Opinion(StrEnum):
    """What a person decided of a take."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DoubtfulTake(NamedTuple):
    """A take that was refused, and is kept.

    Args:
        purchase: the request, with its clip, its identifiers and what it cost.
        path: the file.
        opinion: what a person decided of it.
        decision: the decision itself; None where there is none.
    """

    purchase: Purchase
    path: Path
    opinion: Opinion
    decision: Decision | None = None

    @property
    def kept(self) -> Kept:
        """The record of its sound."""
        assert self.purchase.kept is not None  # noqa: S101 - see find_takes
        return self.purchase.kept

    @property
    def name(self) -> str:
        """See `name_take`."""
        return name_take(self.kept)


def find_folder(temp: str, output: str) -> Path:
    """The folder of the takes of an output folder, whether there are any or not.

    Args:
        temp: the folder of all temporary files.
        output: the output folder.
    """
    return place_for(temp, output) / _NAME


def find_file(folder: Path, kept: Kept) -> Path | None:
    """The file of a kept sound, by the hash of its bytes alone; None where it has no such name."""
    if kept.ending not in tuple(Format):
        return None
    return folder / f"{kept.sha256}.{kept.ending}"


def name_take(kept: Kept) -> str:
    """The name by which a kept sound is shown and decided of: a path that no asset has."""
    return f"{_NAME}/{kept.sha256}.{kept.ending}"


def read_take(folder: Path, kept: Kept) -> bytes:
    """The bytes of a kept sound; none where the file is gone or has other bytes."""
    path = find_file(folder, kept)
    data = b"" if path is None else read_bounded(path, LONGEST_SOUND_BYTES)
    return data if hashlib.sha256(data).hexdigest() == kept.sha256 else b""


def find_takes(temp: str, output: str) -> list[DoubtfulTake]:
    """The refused takes that are kept for an output folder, the earliest first.

    Raises:
        InputError: the journal of decisions is damaged.
    """
    folder = find_folder(temp, output)
    purchases = read_purchases(folder)
    if not any(each.kept is not None and each.kept.fault for each in purchases.values()):
        return []
    decided = select_decisions(read_journal(Path(output)))
    found = []
    for each in sorted(purchases.values(), key=lambda purchase: purchase.sent.at):
        path = None if each.kept is None else find_file(folder, each.kept)
        if each.kept is None or not each.kept.fault or path is None or not path.is_file():
            continue
        decision = decided.get((name_take(each.kept), each.kept.sha256))
        found.append(DoubtfulTake(each, path, to_opinion(decision), decision))
    return found


def select_decisions(journal: Iterable[SoundDecision]) -> Mapping[tuple[str, str], Decision]:
    """The decision that counts for each asset and hash."""
    return {name: each.decision for name, each in settle.latest(journal).items()}


def to_opinion(decision: Decision | None) -> Opinion:
    """What a decision means for a take."""
    if decision is None or decision.decided is Decided.UNDECIDED:
        return Opinion.UNDECIDED
    return Opinion.ACCEPTED if decision.decided is Decided.APPROVED else Opinion.REJECTED
