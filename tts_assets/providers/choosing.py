"""Which engine a run speaks with: the one that is asked for, or the best that is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets.errors import FatalError
from tts_assets.providers.registry import get

if TYPE_CHECKING:
    from tts_assets.providers.protocol import Provider
    from tts_assets.settings import Settings

#: The word after ``--provider`` that leaves the choice to us.
AUTO = "auto"

#: Natural voices with the accents of the data first, then natural ones with accents of their own,
#: then the embedded one, which is always right and never natural; the system's knows no readings.
_BEST_FIRST = (
    ("piper", "a natural voice that says the accents it is given"),
    ("kokoro", "a natural voice, with accents of its own"),
    ("openjtalk", "it is always there"),
    ("say", "the system's own voice"),
)


class Choice(NamedTuple):
    """The engine of a run.

    Args:
        provider: the engine.
        reason: why it was chosen, in words for people; None where it was asked for.
    """

    provider: Provider
    reason: str | None


def choose(settings: Settings) -> Choice:
    """The engine that the settings name, or the best that is ready and has the voice.

    Raises:
        UsageError: there is no engine of that name.
        FatalError: none is ready, or none that is has the voice.
    """
    if settings.provider != AUTO:
        return Choice(get(settings.provider, settings), None)
    passed: list[str] = []
    for name, merit in _BEST_FIRST:
        provider = get(name, settings)
        against = _against(provider, settings.voice)
        if against is None:
            return Choice(provider, "; ".join([f"{name}: {merit}", *passed]))
        passed.append(f"not {name}: {against}")
    raise FatalError(f"no engine can be used here: {'; '.join(passed)}")


def _against(provider: Provider, voice: str | None) -> str | None:
    """What speaks against an engine."""
    problem = provider.problem()
    if problem is not None:
        return problem
    offered = provider.voices()
    if voice is not None:
        return None if any(voice == each.name for each in offered) else f"it has no voice {voice!r}"
    if not offered or not offered[0].language.startswith("ja"):
        return "it has no Japanese voice"
    return None
