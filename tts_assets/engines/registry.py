"""Engines by name: built in, or registered by other packages; which one a run uses."""

from __future__ import annotations

import difflib
import importlib
import warnings
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.errors import FatalError, TtsAssetsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider


#: The entry-point group under which a package registers ``name = "module:factory"``.
GROUP = "tts_assets.providers"
_BUILT_IN = {
    "openjtalk": "tts_assets.engines.openjtalk:OpenJTalk",
    "kokoro": "tts_assets.engines.kokoro:Kokoro",
    "piper": "tts_assets.engines.piper:Piper",
    "say": "tts_assets.engines.say:MacOSSay",
    "voicevox": "tts_assets.engines.voicevox:Voicevox",
    "elevenlabs": "tts_assets.engines.elevenlabs:ElevenLabs",
    "openai": "tts_assets.engines.openai:openai",
}


class BrokenProviderWarning(UserWarning):
    """A registered engine of another package could not be loaded."""


def list_engine_names() -> tuple[str, ...]:
    """Every engine's name, the built-in ones first."""
    return (*_BUILT_IN, *sorted(_list_plugins().keys() - _BUILT_IN.keys()))


def load_engine(name: str, settings: Settings) -> Provider:
    """The engine of that name, loaded now.

    Args:
        name: what stands after ``--provider``.
        settings: what the engine may have to know.

    Raises:
        UsageError: there is none, or a plug-in's code is broken.
    """
    target = _BUILT_IN.get(name) or _list_plugins().get(name)
    if target is None:
        raise UsageError(describe_unknown_engine(name))
    module, _, factory = target.partition(":")
    try:
        provider: Provider = getattr(importlib.import_module(module), factory)(settings)
    except Exception as exc:
        if name in _BUILT_IN:
            raise
        message = (
            f"the provider {name!r} ({target}) could not be loaded: {type(exc).__name__}: {exc}"
        )
        warnings.warn(message, BrokenProviderWarning, stacklevel=2)
        raise UsageError(message) from exc
    return provider


def describe_unknown_engine(name: str) -> str:
    """What to say where there is no engine of that name."""
    near = difflib.get_close_matches(name, list_engine_names(), n=1)
    hint = f"did you mean {near[0]}? There are" if near else "there are"
    return f"there is no provider {name!r}; {hint}: {', '.join(list_engine_names())}"


def _list_plugins() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=GROUP)}


class AccentSupport:
    """Tells whether voices say the accents that they are given; each engine is asked once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, bool] = {}

    def has_accent_control(self, voice: str) -> bool:
        """Whether one does; ``voice``: its provider and its name."""
        if voice not in self._known:
            provider, _, name = voice.partition("/")
            try:
                said = load_engine(provider, self._settings).accents(name)
            except TtsAssetsError:
                # An engine that is not here now: nobody knows what it did with them.
                said = False
            self._known[voice] = said
        return self._known[voice]


# Which engine a run uses: the requested one, or the best that is ready.


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


def choose_engine(settings: Settings) -> Choice:
    """The engine that the settings name, or the best that is ready and has their voices.

    Raises:
        UsageError: there is no engine of that name, or none that is ready has the voices.
        FatalError: none is ready.
    """
    if settings.provider != AUTO:
        return Choice(load_engine(settings.provider, settings), None)
    wanted = {settings.voice, *(v for each in settings.sources for v in each.voices.values())}
    wanted |= {each.voice for each in settings.speakers}
    passed: list[str] = []
    ready = False
    for name, merit in _BEST_FIRST:
        try:
            provider = load_engine(name, settings)
            problem = provider.problem()
            lacks = None if problem else _describe_lacking(provider, settings, wanted - {None})
        except UsageError as exc:
            problem, lacks = str(exc), None
        else:
            if problem is None and lacks is None:
                return Choice(provider, "; ".join([f"{name}: {merit}", *passed]))
        ready = ready or problem is None
        passed.append(f"not {name}: {problem or lacks}")
    if ready:
        raise UsageError(f"no engine that is ready has what is asked for: {'; '.join(passed)}")
    raise FatalError(f"no engine can be used here: {'; '.join(passed)}")


def _describe_lacking(
    provider: Provider, settings: Settings, wanted: AbstractSet[str | None]
) -> str | None:
    """What an engine that is ready has not."""
    offered = provider.voices()
    if missing := wanted - {voice.name for voice in offered}:
        return f"it has no voice {', '.join(sorted(map(repr, missing)))}"
    japanese = settings.voice is not None or offered[0].language.startswith("ja")
    return None if japanese else "it has no Japanese voice"


# Which voices the settings name, for services that are not asked for theirs.


def list_named_voices(settings: Settings, own: tuple[str, ...]) -> tuple[str, ...]:
    """Each name once: the voice that is asked for, the service's own table, those of sources and speakers.

    Args:
        settings: of the run.
        own: the voices in the table of the service, the default one first.
    """
    of_sources = (name for each in settings.sources for name in each.voices.values())
    asked = () if settings.voice is None else (settings.voice,)
    of_speakers = (each.voice for each in settings.speakers if each.voice is not None)
    return tuple(dict.fromkeys((*asked, *own, *of_sources, *of_speakers)))
