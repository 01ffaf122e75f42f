"""Clips whose sounds somebody rejected: which of them are made again, and what is told of the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tts_assets.build.plan.planner import State
from tts_assets.build.survey import voices
from tts_assets.config.model import Only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.plan.planner import Planned
    from tts_assets.build.survey.found import Survey
    from tts_assets.config.model import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip, Voice


def leave_repeating(settings: Settings, provider: Provider, found: Survey) -> int:
    """Leave rejected clips out of a plan that would only be said as they were, unless asked for.

    Returns:
        How many that are.
    """
    if Only.REJECTED in settings.only:
        return 0
    repeating = _Repeating(settings, provider, found)
    kept = [item for item in found.planned if not repeating.has(item)]
    left = len(found.planned) - len(kept)
    found.planned = kept
    return left


def notes(left: int, repeated: int) -> Iterator[str]:
    """What people should know of rejected clips.

    Args:
        left: how many were not made again, as they would only sound the same.
        repeated: how many were, and have the very bytes that were rejected.
    """
    advice = "give them another reading, accent or voice"
    if left:
        clips = "1 rejected clip is" if left == 1 else f"{left} rejected clips are"
        yield (
            f"{clips} not made again, as the voice would only repeat itself: {advice}, or let "
            "--only rejected make them all the same"
        )
    if repeated:
        clips = "1 clip was" if repeated == 1 else f"{repeated} clips were"
        yield f"{clips} made again with the very bytes that were rejected, and stay so: {advice}"


class _Repeating:
    """Tells of rejected clips whether they would have the same bytes again."""

    def __init__(self, settings: Settings, provider: Provider, found: Survey) -> None:
        self._provider = provider
        self._recorded = found.recorded
        self._own = voices.find_voice(settings, provider)
        self._cast = voices.cast(settings, provider)

    def has(self, item: Planned) -> bool:
        if item.state is not State.REJECTED:
            return False
        record = self._recorded.get(item.asset)
        # What another engine made is made by this one for the first time.
        is_same = record is not None and record.recipe == item.recipe
        return is_same and all(
            self._provider.repeats(each.name) for each in self._voices(item.clip)
        )

    def _voices(self, clip: Clip) -> list[Voice]:
        own = self._own if clip.voice is None else replace(self._own, name=clip.voice)
        return [own, *self._cast(clip.form, own).values()] if clip.form.turns else [own]
