"""Sounds that clips had before, found by what was decided of them, as far as their bytes are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets import decisions, earlier_sounds, ledger
from tts_assets.domain import Decided
from tts_assets.review.drawing import HashedFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.decisions import SoundDecision
    from tts_assets.domain import Clip
    from tts_assets.settings import Settings

#: Where sounds lie below the page, and where those that were replaced.
CLIPS, EARLIER = "clips", "earlier"


class PreviousSound(NamedTuple):
    """A sound that a clip had before, and where it lies.

    Args:
        before: which, and what was decided of it.
        sound: its file.
        address: that of the file below the page.
    """

    before: SoundDecision
    sound: HashedFile
    address: str


class SoundHistory:
    """What was decided of the sounds of each clip, whatever became of them."""

    def __init__(self, journal: Iterable[SoundDecision], settings: Settings) -> None:
        """Take in all decisions.

        Args:
            journal: those that were ever made.
            settings: where assets lie, and sounds that are kept.
        """
        self._output = Path(settings.output)
        self._place = earlier_sounds.folder(settings.temp, settings.output)
        self._of: dict[tuple[str, str, str], dict[tuple[str, str], SoundDecision]] = {}
        every = list(journal)
        counts = decisions.latest(every)
        for each in every:
            last = counts[each.asset, each.sha256]
            if last.decided is not Decided.UNDECIDED:
                for use in each.clips:
                    sounds = self._of.setdefault((use.file, use.entry, use.part), {})
                    sounds[each.asset, each.sha256] = last

    def collect_sounds(self, clips: Iterable[Clip]) -> set[tuple[str, str]]:
        """Assets and hashes of all that these clips had."""
        return {name for clip in clips for name in self._of.get(_clip_key(clip), ())}

    def find_latest(self, clips: Iterable[Clip], asset: str, sha256: str) -> PreviousSound | None:
        """The other sound of these clips that was decided last and is there; None for none.

        Its bytes are not looked at.

        Args:
            clips: those that a sound is heard in.
            asset: the name of that sound.
            sha256: its hash.
        """
        before = {
            name: each
            for clip in clips
            for name, each in self._of.get(_clip_key(clip), {}).items()
            if each.sha256 != sha256
        }
        by_time = sorted(before.values(), key=lambda each: ledger.order(each.decision))
        there = (self._locate_sound(each, asset) for each in reversed(by_time))
        return next((each for each in there if each is not None), None)

    def _locate_sound(self, before: SoundDecision, asset: str) -> PreviousSound | None:
        path = earlier_sounds.find(self._place, before.sha256)
        address = "" if path is None else f"{EARLIER}/{path.name}"
        # Under the name of the one there are other bytes than those of the other.
        if path is None and before.asset != asset:
            path, address = self._output / before.asset, f"{CLIPS}/{before.asset}"
        if path is None or not path.is_file():
            return None
        return PreviousSound(before, HashedFile(path, before.sha256), address)


def _clip_key(clip: Clip) -> tuple[str, str, str]:
    return clip.file, clip.entry, clip.part
