"""The use case `review apply`: decisions that people made elsewhere, in the journal and in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets import decisions, earlier_sounds, kept_takes, ledger, survey
from tts_assets.errors import UsageError
from tts_assets.events import Waiting
from tts_assets.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.decisions import SoundDecision
    from tts_assets.events import Event
    from tts_assets.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """What became of decisions; of several on one sound only the latest counts.

    Args:
        journal: the path of the journal.
        read: how many decisions there were.
        new: how many of them the journal did not have.
        written: those that the ledger has now.
        known: those that it had, or that later ones took the place of.
        stale: those on sounds that are not there any more.
        takes: those on kept takes, which the next run of `generate` uses or buys again.
        is_history: the decisions were those of the journal itself, in which stale ones are no news.
    """

    journal: str
    read: int
    new: int
    written: tuple[SoundDecision, ...]
    known: tuple[SoundDecision, ...]
    stale: tuple[SoundDecision, ...]
    takes: tuple[SoundDecision, ...]
    is_history: bool


def apply_decisions(
    settings: Settings,
    files: Sequence[Path] = (),
    *,
    on_event: Callable[[Event], None] | None = None,
) -> ApplyResult:
    """Bring decisions into the journal of the output folder, and from there into its ledger.

    All files are read before anything is changed. What is applied again changes nothing, and what
    was cut off goes on where it ended.

    Args:
        settings: which output folder.
        files: what the page saved, or journals; none for the journal of the output folder.
        on_event: called while somebody else writes into the output folder.

    Raises:
        UsageError: there is no output folder, or neither a file nor a journal.
        InputError: a file, the journal or the ledger is damaged.
        FatalError: the output folder cannot be written to.
    """
    folder = Path(settings.output)
    journal = folder / decisions.NAME
    if not (folder.is_dir() and (files or journal.exists())):
        what = "no journal of decisions" if folder.is_dir() else "no such output folder"
        raise UsageError(
            f"{folder}: there is {what}: give --output, or the file that the review page saved"
        )
    given = [each for file in files for each in decisions.load(file)]
    before = decisions.read(folder)
    tell = on_event or (lambda _: None)

    def report_waiting() -> None:
        tell(Waiting(path=str(folder)))

    new = decisions.append(folder, given, waiting=report_waiting)
    asked = {(each.asset, each.sha256) for each in given}
    # What is given may have been taken back since. Of other sounds nothing is brought back by it.
    due = [each for each in before if not files or (each.asset, each.sha256) in asked]
    settled = decisions.settle(Storage(folder), [*due, *given], waiting=report_waiting)
    _sweep_rejected_audio(settings)
    kept = {
        (take.name, take.kept.sha256)
        for take in kept_takes.find_takes(settings.temp, settings.output)
    }
    return ApplyResult(
        journal=str(journal),
        read=len(given if files else before),
        new=new,
        written=settled.written,
        known=settled.known,
        stale=tuple(each for each in settled.stale if (each.asset, each.sha256) not in kept),
        takes=tuple(each for each in settled.stale if (each.asset, each.sha256) in kept),
        is_history=not files,
    )


def _sweep_rejected_audio(settings: Settings) -> None:
    """Delete the earlier sounds that nobody compares any more."""
    place = earlier_sounds.folder(settings.temp, settings.output)
    if not place.is_dir():
        return
    folder = Path(settings.output)
    file = str(folder / ledger.NAME)
    storage = Storage(folder)
    known = ledger.read(survey.bytes_of(folder / ledger.NAME), file=file, hash_of=storage.hash_of)
    earlier_sounds.sweep(place, decisions.read(folder), known.approved)
