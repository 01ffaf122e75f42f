"""Engines by name: built in, or registered by other packages; which voices take accents."""

from __future__ import annotations

import difflib
import importlib
import warnings
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tts_assets.errors import TtsAssetsError, UsageError

if TYPE_CHECKING:
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


def names() -> tuple[str, ...]:
    """Every engine's name, the built-in ones first."""
    return (*_BUILT_IN, *sorted(_list_plugins().keys() - _BUILT_IN.keys()))


def get(name: str, settings: Settings) -> Provider:
    """The engine of that name, loaded now.

    Args:
        name: what stands after ``--provider``.
        settings: what the engine may have to know.

    Raises:
        UsageError: there is none, or a plug-in's code is broken.
    """
    target = _BUILT_IN.get(name) or _list_plugins().get(name)
    if target is None:
        raise UsageError(no_such(name))
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


def no_such(name: str) -> str:
    """What to say where there is no engine of that name."""
    near = difflib.get_close_matches(name, names(), n=1)
    hint = f"did you mean {near[0]}? There are" if near else "there are"
    return f"there is no provider {name!r}; {hint}: {', '.join(names())}"


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
                said = get(provider, self._settings).accents(name)
            except TtsAssetsError:
                # An engine that is not here now: nobody knows what it did with them.
                said = False
            self._known[voice] = said
        return self._known[voice]
