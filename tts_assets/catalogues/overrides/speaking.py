"""Who can speak in a run, and who of them is meant by what was typed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tts_assets.catalogues import casting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.casting import Candidate
    from tts_assets.catalogues.overrides.data import Say
    from tts_assets.config.model import SpeakerSettings
    from tts_assets.model import Clip, Voice


#: Voices named to who asks for one that is not there.
_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """Who can speak in a run.

    Args:
        voice: the run's own.
        voices: those of its provider.
        speakers: what the settings say of speakers of dialogues.
    """

    voice: Voice
    voices: Sequence[Candidate]
    speakers: Sequence[SpeakerSettings] = ()

    def applied(self, clip: Clip, say: Say) -> Clip:
        """The clip with the voice and the speed that were typed.

        A speed is one of the voice that it was typed with: neither means anything to another
        provider.

        Raises:
            ValueError: the provider has no such voice, or it does not take that speed.
        """
        provider, _, name = (say.voice or "").partition("/")
        if say.voice is not None and provider != self.voice.provider:
            return clip
        if name and name not in {each.name for each in self.voices}:
            raise ValueError(self._missing(say.voice or ""))
        clip = clip._replace(voice=name or clip.voice, speed=say.speed)
        self._check_speed(clip)
        return clip

    def is_of(self, say: Say) -> bool:
        """Whether the voice that was typed is one of this provider, or none was."""
        return say.voice is None or say.voice.partition("/")[0] == self.voice.provider

    def _check_speed(self, clip: Clip) -> None:
        if clip.speed is None:
            return
        own = replace(self.voice, name=clip.voice or self.voice.name, speed=clip.speed)
        speak = {own.name: own.speed}
        if clip.form.turns:
            cast = casting.cast(clip.form.turns, own, self.voices, self.speakers)
            speak = {each.name: each.speed for each in cast.values()}
        for info in self.voices:
            if info.name in speak and (wrong := casting.problem_with_speed(info, speak[info.name])):
                raise ValueError(wrong)

    def _missing(self, voice: str) -> str:
        provider = self.voice.provider
        names = [f"{provider}/{each.name}" for each in self.voices]
        near = difflib.get_close_matches(voice[:200], names, n=3, cutoff=0.0)
        rest = [name for name in names if name not in near]
        more = f" and {len(names) - _NAMED} more: tts-assets voices" if len(names) > _NAMED else ""
        return (
            f"{provider} has no voice {voice!r:.80}; it has: "
            f"{', '.join((near + rest)[:_NAMED])}{more}"
        )
