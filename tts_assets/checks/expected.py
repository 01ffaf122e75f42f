"""What the sound of a clip is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_assets.checks.pace import Pace
    from tts_assets.domain import Pronunciation, Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a clip should be.

    Args:
        sound: how it was to sound and to be stored.
        pronunciation: what it should say; None where that is not known, as of a whole passage.
        speed: how fast it was to be said; 1.0 is the voice's own pace.
        voice: provider and name of the voice, as ``openjtalk/mei``.
        says_accents: whether the voice says the accents that it is told.
        is_segment: it is a part of a passage as the engine said it: not levelled, not padded and
            not encoded yet.
        pauses_ms: of a passage, the silences between its segments.
        pace: how long the voice takes at this speed, where that was learned; not asked for a voice
            that is known.
    """

    sound: Sound
    pronunciation: Pronunciation | None
    speed: float
    voice: str
    says_accents: bool
    is_segment: bool = False
    pauses_ms: tuple[int, ...] = ()
    pace: Pace | None = None
