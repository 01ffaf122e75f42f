"""How fast a voice of a service speaks, learned in a run; half a text takes half of its time."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_assets.audio.checks.expected_length import LEAST_SPOKEN_SECONDS, LEAST_SPOKEN_SHARE
from tts_assets.errors import FatalError

if TYPE_CHECKING:
    from tts_assets.model import Voice


#: Beside the shortest of its own sentences but one in ten.
_OWN_SHARE = 0.85


#: A voice is never taken for as fast as that, whatever was learned: ordinary ones say nine morae a second.
_FASTEST_SHARE = 0.6


#: A word takes longer than its part of a sentence, so that a pace is learned from sentences only.
_SENTENCE_SECONDS = 1.0
_LEAST_SENTENCES = 8


#: So many clips of a voice that end as if cut off, and none that does not: it may be its way.
_ITS_WAY = 3


@dataclass(slots=True)
class VoicePace:
    """The pace of one voice at one speed; nothing is known of it at first."""

    _shares: list[float] = field(default_factory=list)

    def learn(self, spoken: float, foreseen: float) -> None:
        """Take in a whole sound: the seconds it spoke, and those foreseen of an ordinary voice."""
        if foreseen >= _SENTENCE_SECONDS:
            insort(self._shares, spoken / foreseen)

    def least_seconds(self, foreseen: float) -> float:
        """The least that the voice speaks where an ordinary one is foreseen to take so long."""
        if foreseen < LEAST_SPOKEN_SECONDS:
            return 0.0
        share = LEAST_SPOKEN_SHARE
        if foreseen >= _SENTENCE_SECONDS and len(self._shares) >= _LEAST_SENTENCES:
            # One that was taken for whole and is not does no harm.
            low = self._shares[1 + len(self._shares) // 10]
            share = max(_FASTEST_SHARE, _OWN_SHARE * low)
        return share * foreseen


class VoicesOfARun:
    """What a run learns of the voices of a service."""

    def __init__(self, table: str) -> None:
        """Begin; `table` of the configuration has the service's settings."""
        self._table = table
        self._paces: defaultdict[Voice, VoicePace] = defaultdict(VoicePace)
        self._cut: Counter[str] = Counter()
        self._whole: set[str] = set()

    def pace_of(self, voice: Voice) -> VoicePace:
        """The pace of a voice at its speed."""
        return self._paces[voice]

    def add_whole(self, voice: str) -> None:
        """A voice has given a whole sound."""
        self._whole.add(voice)

    def add_cut(self, voice: str, *, is_bought: bool) -> None:
        """A voice has given two takes that seem to be cut off.

        Args:
            voice: its name.
            is_bought: in this run. Takes of earlier runs alone never end a run: the service may be
                well again, so that one more clip is bought to find out.

        Raises:
            FatalError: it has given no others, and no more is bought to be thrown away.
        """
        if is_bought or self._cut[voice] + 1 < _ITS_WAY:
            self._cut[voice] += 1
        if not is_bought:
            return
        if self._cut[voice] >= _ITS_WAY and voice not in self._whole:
            raise FatalError(
                f"the first {_ITS_WAY} clips of the voice {voice} all end as if cut off: listen to "
                "it with `tts-assets review`; if that is its way, set check-ends = false in "
                f"[{self._table}], and the next run uses what was paid for"
            )
