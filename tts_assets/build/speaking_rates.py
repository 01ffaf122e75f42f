"""The paces of all voices that a ledger knows clips of."""

from __future__ import annotations

import heapq
import math
import re
import zlib
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.audio.expected_length import MEI, Rule
from tts_assets.japanese.accent_notation import parse_accent_phrases
from tts_assets.model import AccentBasis, Basis, Pronunciation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.audio.speech_activity import SpeakingRate
    from tts_assets.store.ledger_line import Line


#: What these rules find may make a clip longer or shorter.
_OF_LENGTH = frozenset({Rule.SHORT, Rule.LONG, Rule.PAUSE, Rule.TAIL, Rule.REPEAT})

#: More clips of one voice tell nothing new.
_MOST_CLIPS = 2_000

#: The silence around a clip, as ``build.plan.recipes.sound_words`` writes it.
_SILENCE = re.compile(r"\b(lead|trail)=(\d{1,6})\b")

#: What ``audio.prepare.trim`` leaves of a clip's own silence.
_OWN_SILENCE = 0.04


class _Clip(NamedTuple):
    """What is kept of a line; those with the lowest hashes stay, which come from everywhere."""

    order: int
    spoken: str
    seconds: float


class SpeakingRates:
    """What voices take for what they say, each learned when somebody first asks for it.

    Every voice that is not known, at every speed and with every version of its engine, is one of
    its own. Nothing is learned from passages, from clips whose length was found wrong when they were
    made, nor from those of which nobody told how they were said.
    """

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        """Take in the lines of a ledger; 2,000 of a voice are kept at most."""
        self._clips: dict[tuple[str, str, float], list[_Clip]] = {}
        self._learned: dict[tuple[str, str, float], SpeakingRate | None] = {}
        for line in lines:
            if line.spoken and not line.cues and line.voice not in MEI:
                self._keep(line)

    def of(self, voice: str, engine: str, speed: float) -> SpeakingRate | None:
        """The pace of a voice, by provider and name, with its engine as the ledger has it.

        None where nothing could be learned.
        """
        key = (voice, engine, speed)
        if key not in self._learned:
            # Threads that ask at once learn the same.
            self._learned[key] = _learn(self._clips.get(key, []))
        return self._learned[key]

    def _keep(self, line: Line) -> None:
        silence = dict(_SILENCE.findall(line.sound))
        seconds = line.seconds - sum(map(int, silence.values())) / 1000 - _OWN_SILENCE
        # Somebody may have written into the ledger.
        if len(silence) != 2 or not 0 < seconds < math.inf:
            return
        if any(finding.rule in _OF_LENGTH for finding in line.findings):
            return
        kept = self._clips.setdefault((line.voice, line.engine, line.speed), [])
        clip = _Clip(-zlib.crc32(line.recipe.encode()), line.spoken, seconds)
        if len(kept) < _MOST_CLIPS:
            heapq.heappush(kept, clip)
        else:
            heapq.heappushpop(kept, clip)


def _learn(clips: list[_Clip]) -> SpeakingRate | None:
    from tts_assets.audio.speech_activity import LEAST_CLIPS, Example, learn_pace  # noqa: PLC0415 - heavy

    if len(clips) < LEAST_CLIPS:
        return None
    examples = [Example(_parse_pronunciation(clip.spoken), clip.seconds) for clip in clips]
    return learn_pace([each for each in examples if each.spoken.phrases])


def _parse_pronunciation(spoken: str) -> Pronunciation:
    return Pronunciation(
        phrases=parse_accent_phrases(spoken),
        basis=Basis.UNCHECKED,
        accent_basis=AccentBasis.GUESSED,
    )
